//! A public key, as others publish it.

use crate::der::{self, BadDer, Reader};
use crate::record::KeyRecord;
use crate::signing::{KeyKind, MAX_RSA_BITS, MIN_RSA_BITS};
use ring::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use std::fmt;

/// The smallest public exponent of an RSA key (RFC 8017 §3.1).
pub const MIN_RSA_EXPONENT: u64 = 3;
/// The largest public exponent of an RSA key: what the library takes. Judging a signature costs in
/// proportion to its bits, and a stranger chooses it (trap H20); nearly all have 65537.
pub const MAX_RSA_EXPONENT: u64 = (1 << 33) - 1;

/// How long an Ed25519 key is, in octets (RFC 8032 §5.1.5).
const ED25519_OCTETS: usize = 32;

/// rsaEncryption with its parameters, which are NULL: what the AlgorithmIdentifier of an RSA key
/// holds (RFC 8017 §A.1).
const RSA_ENCRYPTION: [u8; 13] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A public key: what judges a signature.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Inner);

#[derive(Clone, PartialEq, Eq)]
enum Inner {
    /// Both numbers big-endian, without zeros in front.
    Rsa {
        modulus: Box<[u8]>,
        exponent: Box<[u8]>,
        bits: u32,
    },
    Ed25519([u8; ED25519_OCTETS]),
}

/// The octets are no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPublicKey {
    /// They are not encoded as an RSA key is.
    #[error(transparent)]
    Der(#[from] BadDer),
    /// The envelope says that it holds a key of another algorithm.
    #[error("it holds a key of another algorithm than RSA")]
    WrongAlgorithm,
    /// The modulus is larger than what can be judged with.
    #[error("an RSA key of {bits} bits is too large: at most {MAX_RSA_BITS}")]
    TooLarge {
        /// The size of the modulus.
        bits: u32,
    },
    /// The modulus is even: it is no product of two large primes.
    #[error("its modulus is even, so it is no RSA key")]
    EvenModulus,
    /// The exponent is even, too small or too large.
    #[error(
        "its exponent is not an odd number from {MIN_RSA_EXPONENT} to {MAX_RSA_EXPONENT}, so nothing \
         can be judged with it"
    )]
    Exponent,
    /// An Ed25519 key has 32 octets.
    #[error("an Ed25519 key has {ED25519_OCTETS} octets, this has {octets}")]
    Ed25519Length {
        /// How many these are.
        octets: usize,
    },
}

impl PublicKey {
    /// Reads an RSA key from DER: a SubjectPublicKeyInfo, as everybody publishes it, or the bare
    /// RSAPublicKey that RFC 6376 §3.6.1 asks for (trap H10).
    ///
    /// A modulus too small to be trusted is no error: its size is what there is to say about it.
    ///
    /// # Errors
    /// [`BadPublicKey`]; anything but DER in its one form is an error, octets behind it too.
    pub fn rsa(octets: &[u8]) -> Result<Self, BadPublicKey> {
        let mut outer = Reader::new(octets);
        let mut key = outer.element(der::SEQUENCE, "a sequence")?;
        outer.end()?;
        if key.is_at(der::SEQUENCE) {
            key = unwrapped(key)?;
        }
        let modulus = key.positive("a modulus")?;
        let exponent = key.positive("an exponent")?;
        key.end()?;
        Self::from_numbers(modulus, exponent)
    }

    /// An RSA key from its two numbers, big-endian and without zeros in front.
    pub(crate) fn from_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, BadPublicKey> {
        let bits = bits(modulus);
        if bits > MAX_RSA_BITS {
            return Err(BadPublicKey::TooLarge { bits });
        }
        if !is_odd(modulus) {
            return Err(BadPublicKey::EvenModulus);
        }
        if !is_odd(exponent) || !exponent_is_in_bounds(exponent) {
            return Err(BadPublicKey::Exponent);
        }
        Ok(Self(Inner::Rsa { modulus: modulus.into(), exponent: exponent.into(), bits }))
    }

    /// An Ed25519 key: its octets, with nothing around them (RFC 8463 §4, trap H10).
    ///
    /// # Errors
    /// [`BadPublicKey::Ed25519Length`]. Whether they are a point on the curve is seen when a
    /// signature is judged.
    pub fn ed25519(octets: &[u8]) -> Result<Self, BadPublicKey> {
        let key =
            octets.try_into().map_err(|_| BadPublicKey::Ed25519Length { octets: octets.len() })?;
        Ok(Self(Inner::Ed25519(key)))
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match &self.0 {
            Inner::Rsa { bits, .. } => KeyKind::Rsa { bits: *bits },
            Inner::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// The size of the key in bits: of the modulus, by our own count (the library rounds up to
    /// whole octets); 256 for Ed25519.
    #[must_use]
    pub const fn bits(&self) -> usize {
        match &self.0 {
            Inner::Rsa { bits, .. } => *bits as usize,
            Inner::Ed25519(_) => ED25519_OCTETS * 8,
        }
    }

    /// Whether `signature` was made over `signed` with this key's private half, by rsa-sha256
    /// (RFC 6376 §3.3.2) or ed25519-sha256, where the SHA-256 digest of `signed` stands for it
    /// (RFC 8463 §3, trap H10).
    ///
    /// No RSA key below [`MIN_RSA_BITS`] ever says yes (RFC 8301 §3.2, trap H16).
    #[must_use]
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Inner::Rsa { bits, .. } if *bits < MIN_RSA_BITS => false,
            Inner::Rsa { modulus, exponent, .. } => {
                let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(algorithm, signed, signature).is_ok()
            }
            Inner::Ed25519(key) => {
                let digest = ring::digest::digest(&ring::digest::SHA256, signed);
                UnparsedPublicKey::new(&ED25519, key).verify(digest.as_ref(), signature).is_ok()
            }
        }
    }

    /// Modulus and exponent of an RSA key.
    pub(crate) fn numbers(&self) -> Option<(&[u8], &[u8])> {
        match &self.0 {
            Inner::Rsa { modulus, exponent, .. } => Some((modulus, exponent)),
            Inner::Ed25519(_) => None,
        }
    }

    /// What DNS has to publish for this key.
    #[must_use]
    pub fn record(&self) -> KeyRecord {
        match &self.0 {
            Inner::Rsa { modulus, exponent, .. } => {
                KeyRecord::new("rsa", &wrapped(modulus, exponent))
            }
            // RFC 8463 §4: the bare key, without the ASN.1 around it (trap H10).
            Inner::Ed25519(key) => KeyRecord::new("ed25519", key),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.kind())
    }
}

/// What is in the RSAPublicKey inside a SubjectPublicKeyInfo (RFC 8017 §A.1), from what is in the
/// latter.
fn unwrapped(mut envelope: Reader<'_>) -> Result<Reader<'_>, BadPublicKey> {
    let mut algorithm = envelope.element(der::SEQUENCE, "an algorithm")?;
    let is_rsa = algorithm.exactly(&RSA_ENCRYPTION, "rsaEncryption").is_ok();
    if !is_rsa || algorithm.end().is_err() {
        return Err(BadPublicKey::WrongAlgorithm);
    }
    let mut key = envelope.element(der::BIT_STRING, "a bit string")?;
    envelope.end()?;
    key.exactly(&[0], "a number of unused bits, which is 0")?;
    let numbers = key.element(der::SEQUENCE, "a sequence")?;
    key.end()?;
    Ok(numbers)
}

/// The SubjectPublicKeyInfo of an RSA key.
fn wrapped(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = [der::positive(modulus), der::positive(exponent)].concat();
    let key = [&[0], der::element(der::SEQUENCE, &numbers).as_slice()].concat();
    let algorithm = der::element(der::SEQUENCE, &RSA_ENCRYPTION);
    let envelope = [algorithm, der::element(der::BIT_STRING, &key)].concat();
    der::element(der::SEQUENCE, &envelope)
}

fn bits(number: &[u8]) -> u32 {
    let zeros = number.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(number.len()).unwrap_or(u32::MAX).saturating_mul(8) - zeros
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}

fn exponent_is_in_bounds(exponent: &[u8]) -> bool {
    // Eight octets are more than the largest has, so that the sum does not overflow.
    let small = exponent.len() <= 8;
    let value = exponent.iter().take(8).fold(0, |value, octet| value << 8 | u64::from(*octet));
    small && (MIN_RSA_EXPONENT..=MAX_RSA_EXPONENT).contains(&value)
}

#[cfg(test)]
mod tests;
