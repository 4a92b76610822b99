//! What DNS has to say about a key.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fmt;

/// The longest character-string of a TXT record, in octets (RFC 1035 §3.3).
const MAX_STRING_OCTETS: usize = 255;

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

    /// The record as a line of a zone file, for the owner name `owner`, split into
    /// character-strings of at most 255 octets.
    #[must_use]
    pub fn zone_line(&self, owner: &str) -> String {
        let text = self.to_string();
        let strings: Vec<String> = text
            .as_bytes()
            .chunks(MAX_STRING_OCTETS)
            .map(|part| format!("\"{}\"", String::from_utf8_lossy(part)))
            .collect();
        match strings.as_slice() {
            [one] => format!("{owner}\tIN\tTXT\t{one}\n"),
            many => format!("{owner}\tIN\tTXT\t( {} )\n", many.join("\n\t\t\t  ")),
        }
    }
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
    use super::KeyRecord;

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
}
