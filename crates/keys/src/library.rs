//! What the cryptography library does once, done when it is wanted.

use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::PKey;
use openssl::rsa::Rsa;

/// Has OpenSSL read its configuration, which may name modules and a policy, and look for its
/// algorithms. By itself it would do so when the first key is read, and go on without a word where
/// it cannot read it then.
pub fn prepare() {
    openssl::init();
    // A policy may have none of these; then there will be no keys either, and that is told.
    let _ = hash(MessageDigest::sha256(), b"");
    let _ = read_a_key();
}

/// Encodes and decodes a public key, of numbers that protect nothing.
fn read_a_key() -> Result<(), ErrorStack> {
    let (modulus, exponent) = (BigNum::from_slice(&[0xff; 128])?, BigNum::from_u32(65_537)?);
    let key = PKey::from_rsa(Rsa::from_public_components(modulus, exponent)?)?;
    PKey::public_key_from_der(&key.public_key_to_der()?).map(drop)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_tried_beforehand_works() {
        super::prepare();
        super::read_a_key().unwrap();
    }
}
