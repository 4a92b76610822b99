//! What an RSA signature says it was made over: for whoever looks for the reason why one fails.
//!
//! This is for people and their tools. Strangers' signatures are judged by [`PublicKey::verifies`],
//! which needs nothing of this.

use crate::public::PublicKey;
use crate::signing::SHA256_DIGEST_INFO;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::rsa::{Padding, Rsa};

/// What comes out of a signature under a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// The SHA-256 digest that was signed: this key made the signature.
    Sha256([u8; 32]),
    /// This key made the signature, over something else than a SHA-256 digest.
    Otherwise,
    /// Nothing that was ever signed: another key made it, or the signature itself was damaged.
    Nothing,
    /// Signatures of this kind of key do not tell (Ed25519).
    Untold,
}

impl PublicKey {
    /// Takes a signature apart (RFC 8017 §9.2). It judges nothing: that is
    /// [`verifies`](Self::verifies) alone.
    #[must_use]
    pub fn recover(&self, signature: &[u8]) -> Recovered {
        let Some((modulus, exponent)) = self.numbers() else { return Recovered::Untold };
        let Ok(encoded) = unpadded(modulus, exponent, signature) else { return Recovered::Nothing };
        let digest = encoded.strip_prefix(&SHA256_DIGEST_INFO);
        digest
            .and_then(|digest| digest.try_into().ok())
            .map_or(Recovered::Otherwise, Recovered::Sha256)
    }
}

fn unpadded(modulus: &[u8], exponent: &[u8], signature: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let (modulus, exponent) = (BigNum::from_slice(modulus)?, BigNum::from_slice(exponent)?);
    let key = Rsa::from_public_components(modulus, exponent)?;
    // The library panics over a buffer that is smaller than the modulus.
    let mut encoded = vec![0; key.size() as usize];
    let octets = key.public_decrypt(signature, &mut encoded, Padding::PKCS1)?;
    encoded.truncate(octets);
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use super::Recovered;
    use crate::{PublicKey, SigningKey};

    fn key(name: &str) -> SigningKey {
        let path = format!("{}/../../tests/data/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        SigningKey::from_pem(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn the_digest_comes_out_under_the_key_that_signed_it_alone() {
        let (signer, other) = (key("rsa1024"), key("rsa2048"));
        let digest = [7; 32];
        let mut signature = signer.sign_sha256(&digest).unwrap();
        let public = signer.public().unwrap();
        assert_eq!(public.recover(&signature), Recovered::Sha256(digest));
        assert_eq!(other.public().unwrap().recover(&signature), Recovered::Nothing);
        let sha1 = signer.sign_sha1(&[7; 20]).unwrap();
        assert_eq!(public.recover(&sha1), Recovered::Otherwise);
        signature[5] ^= 1;
        assert_eq!(public.recover(&signature), Recovered::Nothing);
    }

    #[test]
    fn octets_that_are_no_signature_hold_nothing() {
        let public = key("rsa1024").public().unwrap();
        for octets in [&[][..], &[0], &[0xff; 128], &[1; 127], &[1; 129], &[0; 10_000]] {
            assert_eq!(public.recover(octets), Recovered::Nothing, "{} octets", octets.len());
        }
    }

    #[test]
    fn an_ed25519_signature_does_not_tell() {
        let public = key("ed25519").public().unwrap();
        assert_eq!(public.recover(&[1; 64]), Recovered::Untold);
    }

    #[test]
    fn keys_at_the_limits_stop_nothing() {
        for octets in [1, 2, 64, 1024] {
            let numbers = (vec![0xff; octets], [3]);
            let public = PublicKey::from_numbers(&numbers.0, &numbers.1).unwrap();
            assert_eq!(public.recover(&vec![1; octets]), Recovered::Nothing, "{octets} octets");
        }
    }
}
