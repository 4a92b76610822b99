//! One loaded private key, for both seals.

use crate::digest::Sha256;
use crate::pem::{BadPem, private_block};
use crate::public::{BadPublicKey, PublicKey};
use crate::record::KeyRecord;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::Signer;
use std::fmt;
use zeroize::Zeroizing;

/// The smallest RSA modulus that signs, in bits (RFC 8301 §3.2).
pub const MIN_RSA_BITS: u32 = 1024;
/// The largest RSA modulus that signs, in bits: what the verifier's library can check.
pub const MAX_RSA_BITS: u32 = 8192;

/// What the DER encoding of a SHA-1 DigestInfo begins with (RFC 8017 §9.2, note 1).
const SHA1_DIGEST_INFO: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
/// What the DER encoding of a SHA-256 DigestInfo begins with (RFC 8017 §9.2, note 1).
pub(crate) const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A private key that signs for DKIM, and for DomainKeys if it is an RSA key.
///
/// It is loaded once and shared; OpenSSL wipes it when it is dropped.
pub struct SigningKey(Inner);

enum Inner {
    Rsa { key: Rsa<Private>, bits: u32 },
    Ed25519(PKey<Private>),
}

/// What kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA; signs rsa-sha256 and, in DomainKeys, rsa-sha1.
    Rsa {
        /// The size of the modulus.
        bits: u32,
    },
    /// Ed25519 (RFC 8463); signs ed25519-sha256 and no DomainKeys.
    Ed25519,
}

/// The octets are no key that can sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The frame is not that of a private key.
    #[error(transparent)]
    Pem(#[from] BadPem),
    /// The frame is right, what it holds cannot be decoded.
    #[error("the PEM block holds no key that can be decoded")]
    Undecodable(#[source] ErrorStack),
    /// A key of another algorithm.
    #[error("it holds a key that is neither RSA nor Ed25519")]
    WrongAlgorithm,
    /// The modulus is too small or too large.
    #[error("an RSA key of {bits} bits cannot sign: {MIN_RSA_BITS} to {MAX_RSA_BITS} bits can")]
    RsaSize {
        /// The size of its modulus.
        bits: u32,
    },
    /// What the key signs does not verify with its own public half.
    #[error("the key is damaged: its private and public halves do not belong together")]
    Inconsistent,
}

/// A signature could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// Only RSA signs for DomainKeys (trap K5).
    #[error("an Ed25519 key cannot make an rsa-sha1 signature")]
    NotRsa,
    /// The library refused.
    #[error("the private key operation was refused")]
    Library(#[from] ErrorStack),
    /// The public half is nothing that verifiers take.
    #[error("the public half of the key is of no use")]
    Unusual(#[from] BadPublicKey),
}

impl SigningKey {
    /// Reads a key from PEM: PKCS#8, or PKCS#1 for RSA. Other blocks around it do no harm.
    ///
    /// # Errors
    /// [`KeyError`] says why this is no key; it never quotes the key's text.
    pub fn from_pem(octets: &[u8]) -> Result<Self, KeyError> {
        let block = private_block(octets)?;
        // Never let the library ask a terminal for a passphrase.
        let key =
            PKey::private_key_from_pem_callback(block, |_| Ok(0)).map_err(KeyError::Undecodable)?;
        let key = Self::from_key(key)?;
        if key.agrees_with_itself() { Ok(key) } else { Err(KeyError::Inconsistent) }
    }

    fn from_key(key: PKey<Private>) -> Result<Self, KeyError> {
        if key.id() == Id::ED25519 {
            return Ok(Self(Inner::Ed25519(key)));
        }
        let rsa = key.rsa().map_err(|_| KeyError::WrongAlgorithm)?;
        let bits = u32::try_from(rsa.n().num_bits()).unwrap_or_default();
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(KeyError::RsaSize { bits });
        }
        Ok(Self(Inner::Rsa { key: rsa, bits }))
    }

    /// Makes a new RSA key of that many bits.
    ///
    /// # Errors
    /// [`KeyError::RsaSize`], or [`KeyError::Undecodable`] when the library cannot.
    pub fn generate_rsa(bits: u32) -> Result<Self, KeyError> {
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(KeyError::RsaSize { bits });
        }
        let key = Rsa::generate(bits).map_err(KeyError::Undecodable)?;
        Ok(Self(Inner::Rsa { key, bits }))
    }

    /// Makes a new Ed25519 key.
    ///
    /// # Errors
    /// [`KeyError::Undecodable`] when the library cannot.
    pub fn generate_ed25519() -> Result<Self, KeyError> {
        PKey::generate_ed25519().map(|key| Self(Inner::Ed25519(key))).map_err(KeyError::Undecodable)
    }

    /// The key as PKCS#8 PEM, which every program that reads keys today understands, the historic
    /// ones on their last OpenSSL included.
    ///
    /// # Errors
    /// [`SignError::Library`] when the library cannot encode it.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, SignError> {
        let pem = match &self.0 {
            Inner::Rsa { key, .. } => PKey::from_rsa(key.clone())?.private_key_to_pem_pkcs8()?,
            Inner::Ed25519(key) => key.private_key_to_pem_pkcs8()?,
        };
        Ok(Zeroizing::new(pem))
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match &self.0 {
            Inner::Rsa { bits, .. } => KeyKind::Rsa { bits: *bits },
            Inner::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// How long a signature will be, in octets.
    #[must_use]
    pub fn signature_octets(&self) -> usize {
        match &self.0 {
            Inner::Rsa { bits, .. } => bits.div_ceil(8) as usize,
            Inner::Ed25519(_) => 64,
        }
    }

    /// Signs a SHA-256 digest: rsa-sha256 (RFC 6376 §3.3.2), or ed25519-sha256, which signs the
    /// digest as if it were the message (RFC 8463 §3, trap H10).
    ///
    /// # Errors
    /// [`SignError::Library`] when the library refuses.
    pub fn sign_sha256(&self, digest: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        match &self.0 {
            Inner::Rsa { key, .. } => sign_pkcs1(key, &SHA256_DIGEST_INFO, digest),
            Inner::Ed25519(key) => {
                Ok(Signer::new_without_digest(key)?.sign_oneshot_to_vec(digest)?)
            }
        }
    }

    /// Signs a SHA-1 digest: the rsa-sha1 of DomainKeys (RFC 4870 §3.2.2). No DKIM signature is
    /// ever made this way (RFC 8301 §3.1).
    ///
    /// # Errors
    /// [`SignError::NotRsa`] for an Ed25519 key, [`SignError::Library`] when the library refuses.
    pub fn sign_sha1(&self, digest: &[u8; 20]) -> Result<Vec<u8>, SignError> {
        match &self.0 {
            Inner::Rsa { key, .. } => sign_pkcs1(key, &SHA1_DIGEST_INFO, digest),
            Inner::Ed25519(_) => Err(SignError::NotRsa),
        }
    }

    /// Its public half.
    ///
    /// # Errors
    /// [`SignError::Library`] when the library does not give it out, [`SignError::Unusual`] when
    /// nobody could judge with it.
    pub fn public(&self) -> Result<PublicKey, SignError> {
        Ok(match &self.0 {
            Inner::Rsa { key, .. } => {
                PublicKey::from_numbers(&key.n().to_vec(), &key.e().to_vec())?
            }
            Inner::Ed25519(key) => PublicKey::ed25519(&key.raw_public_key()?)?,
        })
    }

    /// What DNS has to publish for this key.
    ///
    /// # Errors
    /// Those of [`SigningKey::public`].
    pub fn record(&self) -> Result<KeyRecord, SignError> {
        self.public().map(|public| public.record())
    }

    /// Signs once and lets ring judge the result by the public half, so that a damaged file is
    /// found at start and not by the receivers of a day's mail.
    fn agrees_with_itself(&self) -> bool {
        let probe = b"twinseal";
        let mut digest = Sha256::new();
        digest.update(probe);
        self.sign_sha256(&digest.finish()).is_ok_and(|signature| {
            self.public().is_ok_and(|public| public.verifies(probe, &signature))
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.kind())
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA, {bits} bits"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// PKCS#1 v1.5 over a DigestInfo that is written here (RFC 8017 §9.2): the signature is the same,
/// and no policy of the library's signature interface stands in its way.
fn sign_pkcs1(key: &Rsa<Private>, prefix: &[u8], digest: &[u8]) -> Result<Vec<u8>, SignError> {
    let info = [prefix, digest].concat();
    let mut signature = vec![0; key.size() as usize];
    let len = key.private_encrypt(&info, &mut signature, Padding::PKCS1)?;
    signature.truncate(len);
    Ok(signature)
}

#[cfg(test)]
mod tests;
