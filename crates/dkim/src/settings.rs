//! What a signature says beside its key.

use crate::selection::HeaderSelection;
use std::fmt;
use std::time::Duration;
use twinseal_canon::dkim::{Canonicalization, Kind};
use twinseal_message::Domain;

/// How to sign. Many requests share one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The `c=` tag.
    pub canonicalization: Canonicalization,
    /// What goes into the `h=` tag.
    pub headers: HeaderSelection,
    /// How long the signature is valid, in whole seconds; the `x=` tag. `None` leaves it out.
    pub expire_after: Option<Duration>,
    /// The `i=` tag. `None` leaves it out, which says `@` and the signing domain.
    pub identity: Option<Identity>,
    /// How much of the body is signed; the `l=` tag.
    pub body_length: BodyLength,
    /// Whether the signed header fields are copied into the `z=` tag, up to
    /// [`MAX_COPIED_OCTETS`](crate::MAX_COPIED_OCTETS).
    pub copies_header: bool,
    /// Whether the body is hashed as if each bare CR and LF in it were CRLF: the signature fails
    /// unless something behind the signer makes them CRLF.
    pub mends_line_ends: bool,
    /// Whether reports are asked for where the signature fails (RFC 6651); the `r=` tag.
    pub requests_reports: bool,
    /// How the field is written.
    pub layout: Layout,
}

/// How the field is written: in which order its tags stand, and where it is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    /// As we do.
    #[default]
    Own,
    /// As `opendkim` does.
    Opendkim,
}

/// How much of a body is signed (RFC 6376 §3.5, `l=`). Whatever is added behind it is covered by
/// nothing (RFC 6376 §8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BodyLength {
    /// All of it, and nothing may be added.
    #[default]
    Unlimited,
    /// All of it, and more may be added.
    Whole,
    /// As many canonical octets at most, and more may be added.
    AtMost(u64),
}

impl Default for Settings {
    /// `relaxed/simple`, the fields of trap H14, no expiry, no identity, all of the body.
    fn default() -> Self {
        Self {
            canonicalization: Canonicalization { header: Kind::Relaxed, body: Kind::Simple },
            headers: HeaderSelection::default(),
            expire_after: None,
            identity: None,
            body_length: BodyLength::default(),
            copies_header: false,
            mends_line_ends: false,
            requests_reports: false,
            layout: Layout::default(),
        }
    }
}

/// On whose behalf the domain signs (RFC 6376 §3.5, `i=`): a local part, which may be empty, and a
/// domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    local: String,
    domain: Domain,
}

/// The text is no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no identity: it is written @example.com or user@example.com")]
pub struct BadIdentity {
    /// What was given.
    pub text: String,
}

impl Identity {
    /// Reads `@domain` or `local@domain`.
    ///
    /// # Errors
    /// [`BadIdentity`] when there is no at sign, or no domain behind it.
    pub fn parse(text: &str) -> Result<Self, BadIdentity> {
        let bad = || BadIdentity { text: text.to_owned() };
        let (local, domain) = text.rsplit_once('@').ok_or_else(bad)?;
        let domain = Domain::parse(domain).map_err(|_| bad())?;
        Ok(Self { local: local.to_owned(), domain })
    }

    /// Everybody in that domain: `@domain`.
    #[must_use]
    pub const fn of_domain(domain: Domain) -> Self {
        Self { local: String::new(), domain }
    }

    /// Its domain, which has to be the signing domain or to lie below it (RFC 6376 §3.5).
    #[must_use]
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The value of the `i=` tag: dkim-quoted-printable (RFC 6376 §2.11).
    #[must_use]
    pub fn encoded(&self) -> String {
        let mut out = String::new();
        for octet in self.local.bytes() {
            // RFC 6376 §2.10: everything printable but the semicolon and the equals sign is safe.
            if octet.is_ascii_graphic() && !matches!(octet, b';' | b'=') {
                out.push(char::from(octet));
            } else {
                out.push_str(&format!("={octet:02X}"));
            }
        }
        format!("{out}@{}", self.domain)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::Identity;

    #[test]
    fn an_identity_is_encoded_so_that_it_cannot_end_its_tag() {
        for (text, want) in [
            ("@example.com", "@example.com"),
            ("a=b;c@Mail.example.com", "a=3Db=3Bc@mail.example.com"),
            ("\"a b\"@example.com", "\"a=20b\"@example.com"),
            ("j\u{fc}@example.com", "j=C3=BC@example.com"),
        ] {
            assert_eq!(Identity::parse(text).unwrap().encoded(), want);
        }
    }

    #[test]
    fn what_is_no_identity_is_refused() {
        for text in ["", "example.com", "a@", "a@b c"] {
            assert!(Identity::parse(text).is_err(), "{text:?}");
        }
    }
}
