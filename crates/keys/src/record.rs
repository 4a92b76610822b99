//! What DNS has to say about a key.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;

/// The longest character-string of a TXT record, in octets (RFC 1035 §3.3).
const MAX_STRING_OCTETS: usize = 255;

/// The base64 of published keys: nothing between its characters, and one form for each value.
///
/// The padding may be missing: RFC 6376 §2.10 makes it optional, and web forms for DNS eat it
/// (dkimpy refuses such a key). Nothing else is forgiven. dkimpy skips what is no base64,
/// Mail::DKIM and opendkim each have a way of their own; a key that some editor has damaged gets
/// one verdict here, which says so.
pub const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key record of RFC 6376 §3.6.1, in the one form that DomainKeys verifiers take as well.
///
/// It never carries `h=`, `g=` or `s=` (trap K10): `h=sha256` makes the key useless for DomainKeys,
/// an empty `g=` means opposite things in the two standards, and `g=*` says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    key_type: &'static str,
    public: String,
    testing: bool,
}

impl KeyRecord {
    pub(crate) fn new(key_type: &'static str, public: &[u8]) -> Self {
        Self { key_type, public: STANDARD.encode(public), testing: false }
    }

    /// The same record with `t=y`, which puts both seals into test mode (trap K11).
    #[must_use]
    pub fn testing(self, testing: bool) -> Self {
        Self { testing, ..self }
    }

    /// What kind of key it is, in the word of the record (`k=`).
    #[must_use]
    pub const fn key_type(&self) -> &'static str {
        self.key_type
    }

    /// The key itself, in base64 (`p=`).
    #[must_use]
    pub fn key_data(&self) -> &str {
        &self.public
    }

    /// The record in the character-strings that DNS keeps it in.
    #[must_use]
    pub fn strings(&self) -> Vec<String> {
        txt_strings(&self.to_string())
    }

    /// The record as a line of a zone file, for the owner name `owner`.
    #[must_use]
    pub fn zone_line(&self, owner: &str) -> String {
        txt_line(owner, &self.to_string())
    }
}

/// A text in character-strings of at most 255 octets, no character cut in two.
#[must_use]
pub fn txt_strings(text: &str) -> Vec<String> {
    let mut strings = vec![String::new()];
    for character in text.chars() {
        match strings.last_mut() {
            Some(last) if last.len() + character.len_utf8() <= MAX_STRING_OCTETS => {
                last.push(character);
            }
            _ => strings.push(character.into()),
        }
    }
    strings
}

/// A TXT record as a line of a zone file, for the owner name `owner`: its strings in quotes, and in
/// parentheses where there are several.
#[must_use]
pub fn txt_line(owner: &str, text: &str) -> String {
    let strings: Vec<String> = txt_strings(text).iter().map(|one| zone_string(one)).collect();
    match strings.as_slice() {
        [one] => format!("{owner}\tIN\tTXT\t{one}\n"),
        many => format!("{owner}\tIN\tTXT\t( {} )\n", many.join("\n\t\t\t  ")),
    }
}

/// One character-string as a zone file has it: in quotes, and what would end it or stand for
/// something else escaped (RFC 1035 §5.1).
#[must_use]
pub fn zone_string(string: &str) -> String {
    let escaped = |octet: &u8| match octet {
        b'"' | b'\\' => format!("\\{}", char::from(*octet)),
        b' '..=b'~' => char::from(*octet).to_string(),
        other => format!("\\{other:03}"),
    };
    format!("\"{}\"", string.as_bytes().iter().map(escaped).collect::<String>())
}

impl fmt::Display for KeyRecord {
    /// The record as one string, as web forms want it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let testing = if self.testing { " t=y;" } else { "" };
        write!(f, "v=DKIM1; k={};{testing} p={}", self.key_type, self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyRecord, txt_line, txt_strings, zone_string};

    #[test]
    fn a_record_holds_no_tag_that_spoils_it_for_either_standard() {
        let record = KeyRecord::new("rsa", b"abc");
        assert_eq!(record.to_string(), "v=DKIM1; k=rsa; p=YWJj");
        assert_eq!(record.testing(true).to_string(), "v=DKIM1; k=rsa; t=y; p=YWJj");
    }

    #[test]
    fn a_short_record_is_one_string_in_the_zone() {
        let line = KeyRecord::new("ed25519", &[7; 32]).zone_line("ed1._domainkey.example.com.");
        let want = "ed1._domainkey.example.com.\tIN\tTXT\t\"v=DKIM1; k=ed25519; p=";
        assert!(line.starts_with(want), "{line}");
        assert!(line.ends_with("\"\n") && !line.contains('('), "{line}");
    }

    #[test]
    fn a_long_record_is_split_and_joins_to_the_same_text() {
        let record = KeyRecord::new("rsa", &[7; 550]);
        let line = record.zone_line("s._domainkey.example.com.");
        let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        assert!(strings.iter().all(|string| string.len() <= 255), "{line}");
        assert_eq!(strings.concat(), record.to_string());
    }

    #[test]
    fn the_strings_of_a_record_join_to_it() {
        let record = KeyRecord::new("rsa", &[7; 550]);
        let strings = record.strings();
        assert!(strings.len() > 2 && strings.iter().all(|string| string.len() <= 255));
        assert_eq!(strings.concat(), record.to_string());
        assert_eq!((record.key_type(), record.key_data().len()), ("rsa", 736));
        // One octet more is another string, and no character is cut in two.
        assert_eq!(txt_strings(&"x".repeat(255)).len(), 1);
        assert_eq!(txt_strings(&"x".repeat(256)).len(), 2);
        let umlauts = txt_strings(&"ü".repeat(128));
        assert_eq!(umlauts, ["ü".repeat(127), "ü".to_owned()]);
        assert_eq!(txt_strings(""), [""]);
    }

    #[test]
    fn what_would_end_a_string_of_a_zone_is_escaped() {
        // RFC 1035 §5.1
        assert_eq!(zone_string("n=\"a\\b\"; c"), "\"n=\\\"a\\\\b\\\"; c\"");
        assert_eq!(zone_string("ü\n"), "\"\\195\\188\\010\"");
        assert_eq!(txt_line("_domainkey.a.", "t=y; o=~"), "_domainkey.a.\tIN\tTXT\t\"t=y; o=~\"\n");
    }
}
