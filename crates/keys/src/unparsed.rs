//! A private key that has not been looked into yet.

use crate::pem::{BadPem, private_block};
use crate::signing::{KeyError, SigningKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fmt;
use zeroize::Zeroizing;

/// How long a line of base64 is (RFC 7468 §2), in characters.
const LINE: usize = 64;

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

    /// Takes a private key that stands by itself, in base64, as `opendkim` has it in its tables.
    ///
    /// # Errors
    /// [`BadPem`] when it is no base64, or no structure that a private key begins with.
    pub fn from_base64(text: &str) -> Result<Self, BadPem> {
        let bare: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
        let der = Zeroizing::new(STANDARD.decode(bare.as_bytes()).map_err(|_| BadPem::NoBlock)?);
        // Both begin with a sequence and a version; the algorithm, a sequence, follows in PKCS#8
        // and a number in PKCS#1.
        let behind = der.windows(4).take(8).find(|octets| octets.starts_with(&[0x02, 0x01, 0x00]));
        let label = match behind.and_then(|octets| octets.last()) {
            Some(0x30) => "PRIVATE KEY",
            Some(0x02) => "RSA PRIVATE KEY",
            _ => return Err(BadPem::NoBlock),
        };
        let mut block = Zeroizing::new(String::with_capacity(2 * bare.len() + 128));
        block.push_str("-----BEGIN ");
        block.push_str(label);
        block.push_str("-----\n");
        let mut rest = bare.as_str();
        while let Some((line, more)) = rest.split_at_checked(LINE.min(rest.len()))
            && !line.is_empty()
        {
            block.push_str(line);
            block.push('\n');
            rest = more;
        }
        block.push_str("-----END ");
        block.push_str(label);
        block.push_str("-----\n");
        Self::from_pem(block.as_bytes())
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
    fn a_key_may_stand_there_in_base64_alone() {
        for key in [SigningKey::generate_rsa(1024), SigningKey::generate_ed25519()] {
            let key = key.unwrap();
            let pem = String::from_utf8(key.to_pem().unwrap().to_vec()).unwrap();
            let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let unparsed = UnparsedKey::from_base64(&base64).unwrap();
            assert_eq!(unparsed.parse().unwrap().record().unwrap(), key.record().unwrap());
        }
        let historic = include_str!("../../../tests/data/keys/rsa1024.pem");
        let base64: String = historic.lines().filter(|line| !line.starts_with('-')).collect();
        assert!(UnparsedKey::from_base64(&base64).unwrap().parse().is_ok());
        for text in ["", "c2VjcmV0", "no base64!"] {
            assert_eq!(UnparsedKey::from_base64(text).unwrap_err(), BadPem::NoBlock, "{text:?}");
        }
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
