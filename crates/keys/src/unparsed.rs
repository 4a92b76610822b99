//! A private key that has not been looked into yet.

use crate::pem::{BadPem, private_block};
use crate::signing::{KeyError, SigningKey};
use std::fmt;
use zeroize::Zeroizing;

/// The text of a private key: its frame is right, what is in it is not known.
///
/// To decode a key and to try it out takes about a millisecond, and it grows in memory: whoever has
/// a hundred thousand of them keeps this, and parses those that are needed. It is wiped when it is
/// dropped.
pub struct UnparsedKey(Zeroizing<Box<[u8]>>);

impl UnparsedKey {
    /// Takes the private key's block out of a PEM file.
    ///
    /// # Errors
    /// [`BadPem`] when there is none.
    pub fn from_pem(octets: &[u8]) -> Result<Self, BadPem> {
        // One copy, of the block's own size: nothing that has to grow leaves a piece behind.
        private_block(octets).map(|block| Self(Zeroizing::new(block.into())))
    }

    /// Decodes the key and tries it out, as [`SigningKey::from_pem`] does.
    ///
    /// # Errors
    /// [`KeyError`] says why this is no key; it never quotes the key's text.
    pub fn parse(&self) -> Result<SigningKey, KeyError> {
        SigningKey::from_pem(&self.0)
    }
}

impl fmt::Debug for UnparsedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnparsedKey")
    }
}

#[cfg(test)]
mod tests {
    use super::UnparsedKey;
    use crate::{BadPem, KeyError, SigningKey};

    #[test]
    fn a_key_is_parsed_when_it_is_asked_for() {
        let key = SigningKey::generate_rsa(1024).unwrap();
        let file = [b"comment\n", key.to_pem().unwrap().as_slice(), b"more\n"].concat();
        let unparsed = UnparsedKey::from_pem(&file).unwrap();
        assert_eq!(unparsed.parse().unwrap().record().unwrap(), key.record().unwrap());
        assert_eq!(format!("{unparsed:?}"), "UnparsedKey");
    }

    #[test]
    fn the_frame_is_checked_at_once_and_the_content_later() {
        let garbage = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
        let unparsed = UnparsedKey::from_pem(garbage).unwrap();
        assert!(matches!(unparsed.parse(), Err(KeyError::Undecodable(_))));
        let cut = &garbage[..40];
        let label = "PRIVATE KEY";
        assert_eq!(UnparsedKey::from_pem(cut).unwrap_err(), BadPem::Unterminated { label });
    }
}
