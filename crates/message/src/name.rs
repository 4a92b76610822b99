//! Names of header fields, in configuration and in lists of tags.

use crate::text::shown;
use std::fmt;

/// The longest name that is taken, in octets: it has to fit on a line of an `h=` list, where it
/// cannot be folded, and an MTA breaks lines that are too long (trap P9).
pub const MAX_NAME_OCTETS: usize = 70;

/// The name of a header field, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldName(Box<str>);

/// The text is no field name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no header field name")]
pub struct BadFieldName {
    /// What was given, made fit to be shown.
    pub text: String,
}

impl FieldName {
    /// Reads a name: printable ASCII without a colon (RFC 5322 §3.6.8), and without the semicolon
    /// that would end it in an `h=` tag (RFC 6376 §3.5).
    ///
    /// # Errors
    /// [`BadFieldName`] when it is empty, longer than [`MAX_NAME_OCTETS`], or holds anything else.
    pub fn parse(text: &str) -> Result<Self, BadFieldName> {
        let legal = |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b':' | b';');
        if text.is_empty() || text.len() > MAX_NAME_OCTETS || !text.bytes().all(legal) {
            return Err(BadFieldName { text: shown(text) });
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }

    /// The name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::FieldName;

    #[test]
    fn names_are_printable_and_fit_into_a_list() {
        assert_eq!(FieldName::parse("Message-ID").unwrap().as_str(), "message-id");
        let (longest, too_long) = ("a".repeat(70), "a".repeat(71));
        assert!(FieldName::parse(&longest).is_ok());
        for text in ["", "a b", "a:", "a;b", "\u{e4}", "a\r", &too_long] {
            assert!(FieldName::parse(text).is_err(), "{text:?}");
        }
    }
}
