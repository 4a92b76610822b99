use super::{KeyError, KeyKind, SignError, SigningKey};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::Verifier;

fn rsa_pem(bits: u32) -> Vec<u8> {
    Rsa::generate(bits).unwrap().private_key_to_pem().unwrap()
}

/// The DER of an RSA key with one octet changed near the end, in the CRT coefficient or beside it.
fn damaged_pem() -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut der = Rsa::generate(1024).unwrap().private_key_to_der().unwrap();
    // The public exponent's place: version (3), modulus (2+1+1+129), then 02 03 01 00 01.
    let at = der.windows(5).position(|window| window == [2, 3, 1, 0, 1]).unwrap() + 4;
    der[at] = 3;
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let body = lines.join("\n");
    format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n").into_bytes()
}

#[test]
fn both_pem_forms_load_to_the_same_key() {
    let rsa = Rsa::generate(1024).unwrap();
    let pkcs1 = rsa.private_key_to_pem().unwrap();
    let pkcs8 = PKey::from_rsa(rsa).unwrap().private_key_to_pem_pkcs8().unwrap();
    let (one, two) = (SigningKey::from_pem(&pkcs1).unwrap(), SigningKey::from_pem(&pkcs8).unwrap());
    assert_eq!(one.kind(), KeyKind::Rsa { bits: 1024 });
    assert_eq!(one.record().unwrap(), two.record().unwrap());
    assert_eq!(one.sign_sha256(&[7; 32]).unwrap(), two.sign_sha256(&[7; 32]).unwrap());
}

#[test]
fn what_is_written_reads_back() {
    let keys = [SigningKey::generate_rsa(2048).unwrap(), SigningKey::generate_ed25519().unwrap()];
    for key in keys {
        let again = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(again.kind(), key.kind());
        assert_eq!(again.record().unwrap(), key.record().unwrap());
    }
}

#[test]
fn rsa_signatures_are_those_of_the_signature_interface() {
    let pem = rsa_pem(1024);
    let key = SigningKey::from_pem(&pem).unwrap();
    let stranger = PKey::private_key_from_pem(&pem).unwrap();
    let message = b"what both of them sign";
    let sha256 = openssl::sha::sha256(message);
    let sha1 = openssl::sha::sha1(message);
    for (signature, digest) in [
        (key.sign_sha256(&sha256).unwrap(), MessageDigest::sha256()),
        (key.sign_sha1(&sha1).unwrap(), MessageDigest::sha1()),
    ] {
        assert_eq!(signature.len(), key.signature_octets());
        let mut verifier = Verifier::new(digest, &stranger).unwrap();
        assert!(verifier.verify_oneshot(&signature, message).unwrap());
    }
}

#[test]
fn an_ed25519_key_makes_no_domainkeys_signature() {
    // Trap K5
    let key = SigningKey::generate_ed25519().unwrap();
    assert!(matches!(key.sign_sha1(&[0; 20]), Err(SignError::NotRsa)));
    assert_eq!(key.sign_sha256(&[0; 32]).unwrap().len(), key.signature_octets());
}

#[test]
fn rsa_sizes_are_our_own_check() {
    for bits in [512, 1016, 1023] {
        let error = SigningKey::from_pem(&rsa_pem(bits)).unwrap_err();
        assert!(matches!(error, KeyError::RsaSize { bits: found } if found == bits), "{error}");
    }
    assert!(matches!(SigningKey::generate_rsa(512), Err(KeyError::RsaSize { bits: 512 })));
    assert!(matches!(SigningKey::generate_rsa(16384), Err(KeyError::RsaSize { .. })));
    assert!(SigningKey::from_pem(&rsa_pem(1024)).is_ok());
}

#[test]
fn what_is_no_key_is_refused_with_a_reason_that_quotes_nothing() {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let ec = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let garbage = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n".to_vec();
    for (pem, want) in [
        (ec.private_key_to_pem_pkcs8().unwrap(), "neither RSA nor Ed25519"),
        (garbage, "no key that can be decoded"),
        (damaged_pem(), "damaged"),
        (b"not a key".to_vec(), "no PEM block"),
    ] {
        let error = SigningKey::from_pem(&pem).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
        assert!(!error.contains("c2VjcmV0"), "{error}");
    }
}

#[test]
fn a_passphrase_is_never_asked_for() {
    let cipher = openssl::symm::Cipher::aes_128_cbc();
    let rsa = Rsa::generate(1024).unwrap();
    let pkcs1 = rsa.private_key_to_pem_passphrase(cipher, b"secret").unwrap();
    let key = PKey::from_rsa(rsa).unwrap();
    let pkcs8 = key.private_key_to_pem_pkcs8_passphrase(cipher, b"secret").unwrap();
    for pem in [pkcs1, pkcs8] {
        let error = SigningKey::from_pem(&pem).unwrap_err().to_string();
        assert!(error.contains("passphrase"), "{error}");
    }
}
