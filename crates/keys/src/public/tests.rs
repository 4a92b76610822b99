use super::{BadPublicKey, MAX_RSA_EXPONENT, PublicKey};
use crate::der::{BIT_STRING, BadDer, INTEGER, SEQUENCE, element, positive};
use crate::{KeyKind, SigningKey};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;

const SIGNED: &[u8] = b"what was signed";

/// OpenSSL's own signature, by its own signature interface.
fn rsa_signature(rsa: &Rsa<Private>) -> Vec<u8> {
    let key = PKey::from_rsa(rsa.clone()).unwrap();
    Signer::new(MessageDigest::sha256(), &key).unwrap().sign_oneshot_to_vec(SIGNED).unwrap()
}

fn bare(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[positive(modulus), positive(exponent)].concat())
}

/// A key of that many bits that has never had a private half.
fn made_up(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= bits.div_ceil(8) * 8 - bits;
    bare(&modulus, &[1, 0, 1])
}

fn judges(key: &PublicKey, signature: &[u8]) {
    assert!(key.verifies(SIGNED, signature), "{key:?}");
    assert!(!key.verifies(b"what was not signed", signature), "{key:?}");
    for at in [0, signature.len() / 2, signature.len() - 1] {
        let mut changed = signature.to_vec();
        changed[at] ^= 1;
        assert!(!key.verifies(SIGNED, &changed), "{key:?}: octet {at} does not matter");
    }
    let longer = [signature, &[0]].concat();
    for other in [&[][..], &signature[1..], &signature[..signature.len() - 1], &longer] {
        assert!(!key.verifies(SIGNED, other), "{key:?}: a signature of {} octets", other.len());
    }
}

#[test]
fn signatures_of_openssl_are_judged_whatever_the_size_of_the_modulus() {
    for bits in [1024, 1025, 1031, 1032, 1536, 2048, 3072, 4096] {
        let rsa = Rsa::generate(bits).unwrap();
        let envelope = PublicKey::rsa(&rsa.public_key_to_der().unwrap()).unwrap();
        let naked = PublicKey::rsa(&rsa.public_key_to_der_pkcs1().unwrap()).unwrap();
        assert_eq!(envelope, naked, "both forms are one key (trap H10)");
        assert_eq!(envelope.kind(), KeyKind::Rsa { bits });
        assert_eq!(envelope.bits(), bits as usize);
        judges(&envelope, &rsa_signature(&rsa));
    }
}

#[test]
fn small_keys_are_read_and_never_say_yes() {
    // Trap H16. ring counts octets, so that it takes a modulus of 1017 bits for one of 1024.
    for bits in [512, 768, 1016, 1017, 1023] {
        let rsa = Rsa::generate(bits).unwrap();
        let key = PublicKey::rsa(&rsa.public_key_to_der().unwrap()).unwrap();
        assert_eq!(key.bits(), bits as usize);
        assert!(!key.verifies(SIGNED, &rsa_signature(&rsa)), "{bits} bits");
    }
    let one = PublicKey::rsa(&bare(&[1], &[3])).unwrap();
    assert_eq!(one.bits(), 1);
    assert!(!one.verifies(SIGNED, &[1]));
}

#[test]
fn the_largest_modulus_is_read_and_no_larger_one() {
    // Trap H20
    assert_eq!(PublicKey::rsa(&made_up(8192)).unwrap().bits(), 8192);
    let too_large = |bits| Err(BadPublicKey::TooLarge { bits });
    assert_eq!(PublicKey::rsa(&made_up(8193)), too_large(8193));
    assert_eq!(PublicKey::rsa(&made_up(400_000)), too_large(400_000));
}

#[test]
fn odd_exponents_within_the_limits_judge() {
    for exponent in [3, 17, 65537, u32::MAX] {
        let rsa = Rsa::generate_with_e(1024, &BigNum::from_u32(exponent).unwrap()).unwrap();
        let key = PublicKey::rsa(&rsa.public_key_to_der().unwrap()).unwrap();
        judges(&key, &rsa_signature(&rsa));
    }
    let modulus = [0xff; 128];
    let read = |exponent: u64| {
        let octets = exponent.to_be_bytes();
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        PublicKey::rsa(&bare(&modulus, &octets[zeros..])).map(|_| ())
    };
    assert_eq!(read(MAX_RSA_EXPONENT), Ok(()));
    for exponent in [0, 1, 2, 4, 65536, MAX_RSA_EXPONENT + 2, u64::MAX] {
        assert_eq!(read(exponent), Err(BadPublicKey::Exponent), "{exponent}");
    }
    for octets in [8, 9, 128, 1024] {
        let key = bare(&modulus, &vec![0xff; octets]);
        assert_eq!(PublicKey::rsa(&key), Err(BadPublicKey::Exponent), "{octets} octets");
    }
}

#[test]
fn an_even_modulus_is_no_key() {
    for modulus in [&[][..], &[2], &[0xfe; 128]] {
        assert_eq!(PublicKey::rsa(&bare(modulus, &[3])), Err(BadPublicKey::EvenModulus));
    }
}

#[test]
fn a_key_that_is_cut_or_followed_by_anything_is_refused() {
    let rsa = Rsa::generate(1024).unwrap();
    for der in [rsa.public_key_to_der().unwrap(), rsa.public_key_to_der_pkcs1().unwrap()] {
        for len in 0..der.len() {
            assert!(PublicKey::rsa(&der[..len]).is_err(), "cut to {len} octets");
        }
        let longer = [der.as_slice(), &[0]].concat();
        let trailing = BadPublicKey::Der(BadDer::Trailing { at: der.len() });
        assert_eq!(PublicKey::rsa(&longer), Err(trailing));
    }
}

#[test]
fn no_octet_of_the_encoding_can_be_changed_without_changing_the_key() {
    let der = Rsa::generate(1024).unwrap().public_key_to_der().unwrap();
    let key = PublicKey::rsa(&der).unwrap();
    for at in 0..der.len() {
        for bit in 0..8 {
            let mut changed = der.clone();
            changed[at] ^= 1 << bit;
            assert_ne!(PublicKey::rsa(&changed).as_ref(), Ok(&key), "bit {bit} of octet {at}");
        }
    }
}

#[test]
fn inner_elements_may_not_be_followed_by_anything_either() {
    let numbers = [positive(&[0xff; 128]), positive(&[3])].concat();
    let algorithm = element(SEQUENCE, &super::RSA_ENCRYPTION);
    let envelope = |algorithm: &[u8], key: &[u8], more: &[u8]| {
        PublicKey::rsa(&element(SEQUENCE, &[algorithm, &element(BIT_STRING, key), more].concat()))
    };
    let inner = element(SEQUENCE, &numbers);
    let whole = [&[0], inner.as_slice()].concat();
    assert!(envelope(&algorithm, &whole, &[]).is_ok());
    let more = element(INTEGER, &[1]);
    let trailing = |result| matches!(result, Err(BadPublicKey::Der(BadDer::Trailing { .. })));
    assert!(trailing(envelope(&algorithm, &whole, &more)));
    assert!(trailing(envelope(&algorithm, &[whole.as_slice(), &more].concat(), &[])));
    assert!(trailing(PublicKey::rsa(&element(SEQUENCE, &[numbers, more].concat()))));
    let unused = [&[1], inner.as_slice()].concat();
    assert!(matches!(envelope(&algorithm, &unused, &[]), Err(BadPublicKey::Der(_))));
    let with_more = element(SEQUENCE, &[&super::RSA_ENCRYPTION[..], &[5, 0]].concat());
    assert_eq!(envelope(&with_more, &whole, &[]), Err(BadPublicKey::WrongAlgorithm));
}

#[test]
fn keys_of_other_algorithms_are_told_apart() {
    let ed25519 = PKey::generate_ed25519().unwrap().public_key_to_der().unwrap();
    assert_eq!(PublicKey::rsa(&ed25519), Err(BadPublicKey::WrongAlgorithm));
    let ed25519 = PKey::generate_ed25519().unwrap().raw_public_key().unwrap();
    assert!(matches!(PublicKey::rsa(&ed25519), Err(BadPublicKey::Der(_))));
}

#[test]
fn ed25519_signs_the_digest() {
    // RFC 8463 §3, trap H10
    let private = PKey::generate_ed25519().unwrap();
    let key = PublicKey::ed25519(&private.raw_public_key().unwrap()).unwrap();
    assert_eq!((key.kind(), key.bits()), (KeyKind::Ed25519, 256));
    let sign = |octets: &[u8]| {
        Signer::new_without_digest(&private).unwrap().sign_oneshot_to_vec(octets).unwrap()
    };
    judges(&key, &sign(&openssl::sha::sha256(SIGNED)));
    assert!(!key.verifies(SIGNED, &sign(SIGNED)), "a signature of the message itself");
}

#[test]
fn ed25519_keys_have_one_length() {
    let spki = PKey::generate_ed25519().unwrap().public_key_to_der().unwrap();
    for octets in [&[][..], &[7; 31], &[7; 33], &spki] {
        let want = Err(BadPublicKey::Ed25519Length { octets: octets.len() });
        assert_eq!(PublicKey::ed25519(octets), want);
    }
    // Not every 32 octets are a point: those judge nothing, and stop nothing.
    assert!(!PublicKey::ed25519(&[0xff; 32]).unwrap().verifies(SIGNED, &[0; 64]));
}

#[test]
fn what_is_published_is_what_openssl_encodes() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let pem =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/keys/rsa2048.pem"));
    let pem = pem.unwrap();
    let der = Rsa::private_key_from_pem(&pem).unwrap().public_key_to_der().unwrap();
    let record = SigningKey::from_pem(&pem).unwrap().record().unwrap().to_string();
    assert_eq!(record, format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(&der)));
    assert_eq!(PublicKey::rsa(&der).unwrap().record().to_string(), record);
}
