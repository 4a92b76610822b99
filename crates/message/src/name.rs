//! Names of header fields, in configuration and in lists of tags.

use std::fmt;

/// The name of a header field, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldName(Box<str>);

/// The text is no field name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no header field name")]
pub struct BadFieldName {
    /// What was given.
    pub text: String,
}

impl FieldName {
    /// Reads a name: printable ASCII without a colon (RFC 5322 §3.6.8), and without the semicolon
    /// that would end it in an `h=` tag (RFC 6376 §3.5).
    ///
    /// # Errors
    /// [`BadFieldName`] when it is empty or holds anything else.
    pub fn parse(text: &str) -> Result<Self, BadFieldName> {
        let legal = |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b':' | b';');
        if text.is_empty() || !text.bytes().all(legal) {
            return Err(BadFieldName { text: text.to_owned() });
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
        for text in ["", "a b", "a:", "a;b", "\u{e4}", "a\r"] {
            assert!(FieldName::parse(text).is_err(), "{text:?}");
        }
    }
}
