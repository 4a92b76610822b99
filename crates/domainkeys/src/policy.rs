//! What a domain says about its outbound mail, in the TXT record at `_domainkey.DOMAIN`
//! (RFC 4870 §3.6, trap K12).
//!
//! Read and written for whoever publishes one. Nothing is ever judged by it: that would be
//! verifying DomainKeys.

use std::fmt;
use twinseal_message::text::shown;
use twinseal_message::{Domain, Tag, TagList, TagListError};

/// The longest policy record that is read, in octets, its strings joined (trap H20).
pub const MAX_POLICY_OCTETS: usize = 4 * 1024;

/// The policy of a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// `t=y`: the domain is testing.
    pub testing: bool,
    /// `o=`: how much of its mail it signs.
    pub outbound: Outbound,
    /// `n=`: a word to people, made fit to be shown.
    pub note: Option<String>,
    /// `r=`: who is told of mail that does not verify, made fit to be shown.
    pub report: Option<String>,
}

/// How much of its mail a domain signs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Outbound {
    /// `o=~`: some, or none; what the lack of a policy means too.
    #[default]
    Some,
    /// `o=-`: all of it.
    All,
}

/// The text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPolicy {
    /// It is longer than [`MAX_POLICY_OCTETS`].
    #[error("a record of {octets} octets is no policy: at most {MAX_POLICY_OCTETS}")]
    TooLong {
        /// How long it is.
        octets: usize,
    },
    /// It is no list of tags.
    #[error(transparent)]
    Tags(#[from] TagListError),
    /// `o=` says something else.
    #[error("o= is \"{value}\": allowed are ~ (some mail is signed) and - (all mail is signed)")]
    Outbound {
        /// What it says, made fit to be shown.
        value: String,
    },
    /// It has `p=`: it is the record of a key, whose name lacks its selector.
    #[error("it is the record of a key (p=), which belongs to SELECTOR._domainkey")]
    Key,
    /// None of its tags belongs to a policy: it is another record.
    #[error("the record has none of the tags of a policy: t=, o=, n=, r=")]
    NoTag,
}

impl Policy {
    /// Where the policy of that domain is published, without a final dot (trap K12).
    #[must_use]
    pub fn name(domain: &Domain) -> String {
        format!("_domainkey.{domain}")
    }

    /// Reads a record, its strings joined. Tags that nobody knows say nothing (RFC 4870 §A).
    ///
    /// # Errors
    /// [`BadPolicy`] says why it is none.
    pub fn parse(text: &[u8]) -> Result<Self, BadPolicy> {
        if text.len() > MAX_POLICY_OCTETS {
            return Err(BadPolicy::TooLong { octets: text.len() });
        }
        let tags = TagList::parse(text)?;
        if tags.get("p").is_some() {
            return Err(BadPolicy::Key);
        }
        if !["t", "o", "n", "r"].iter().any(|name| tags.get(name).is_some()) {
            return Err(BadPolicy::NoTag);
        }
        let outbound = match tags.get("o").map(Tag::value) {
            None | Some(b"~") => Outbound::Some,
            Some(b"-") => Outbound::All,
            Some(other) => return Err(BadPolicy::Outbound { value: word(other) }),
        };
        let words = |name| {
            let value = tags.get(name).map(Tag::value);
            value.filter(|value| !value.is_empty()).map(word)
        };
        Ok(Self {
            testing: tags.get("t").is_some_and(is_testing),
            outbound,
            note: words("n"),
            report: words("r"),
        })
    }
}

/// Whether the flags of a policy or a key name `y`. Colons separate flags in DKIM; RFC 4870 §3.6
/// knows but one, and its records say `t=y`.
pub(crate) fn is_testing(flags: Tag<'_>) -> bool {
    flags.compact().split(|octet| *octet == b':').any(|flag| flag == b"y")
}

/// Text of strangers, as it can be shown.
pub(crate) fn word(octets: &[u8]) -> String {
    shown(&String::from_utf8_lossy(octets))
}

impl Outbound {
    /// The character for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Some => "~",
            Self::All => "-",
        }
    }
}

impl fmt::Display for Policy {
    /// The record: `o=~`, `t=y; o=-`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.testing {
            f.write_str("t=y; ")?;
        }
        write!(f, "o={}", self.outbound.as_str())?;
        let named = [("n", &self.note), ("r", &self.report)];
        named.into_iter().try_for_each(|(name, value)| {
            value.as_ref().map_or(Ok(()), |value| write!(f, "; {name}={value}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{BadPolicy, MAX_POLICY_OCTETS, Outbound, Policy};
    use twinseal_message::Domain;

    #[test]
    fn a_key_without_its_selector_is_no_policy() {
        let text = b"v=DKIM1; k=rsa; t=y; p=MIGf";
        assert_eq!(Policy::parse(text), Err(BadPolicy::Key));
    }

    #[test]
    fn a_policy_says_how_much_is_signed_and_whether_it_is_a_test() {
        // Trap K12
        for (text, testing, outbound) in [
            ("t=y;o=~", true, Outbound::Some),
            ("t=y; o=-", true, Outbound::All),
            ("o=-;", false, Outbound::All),
            (" o = - ", false, Outbound::All),
            ("n=nothing is said", false, Outbound::Some),
            ("t=y:s", true, Outbound::Some),
            ("t=; o=~", false, Outbound::Some),
            ("o=-; later=1", false, Outbound::All),
        ] {
            let policy = Policy::parse(text.as_bytes()).unwrap();
            assert_eq!((policy.testing, policy.outbound), (testing, outbound), "{text:?}");
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for text in ["o=~", "t=y; o=-", "t=y; o=~; n=a b; r=postmaster@example.com"] {
            assert_eq!(Policy::parse(text.as_bytes()).unwrap().to_string(), text);
        }
        assert_eq!(Policy::default().to_string(), "o=~");
    }

    #[test]
    fn words_of_strangers_are_escaped() {
        let policy = Policy::parse("o=~; n=a\u{202e}b; r=\r\n x".as_bytes()).unwrap();
        assert_eq!(policy.note.as_deref(), Some("a\\u{202e}b"));
        assert_eq!(policy.report.as_deref(), Some("x"));
    }

    #[test]
    fn what_is_no_policy_says_why() {
        for (text, why) in [
            ("", "the list of tags is empty"),
            ("v=spf1 -all", "the record has none of the tags of a policy: t=, o=, n=, r="),
            ("o=+", "o= is \"+\": allowed are ~ (some mail is signed) and - (all mail is signed)"),
            ("o=~; o=-", "byte 7: tag \"o\" appears twice"),
        ] {
            assert_eq!(Policy::parse(text.as_bytes()).unwrap_err().to_string(), why, "{text:?}");
        }
    }

    #[test]
    fn the_length_of_a_policy_has_a_limit() {
        // Trap H20
        let read =
            |octets: usize| Policy::parse(format!("n={}", "n".repeat(octets - 2)).as_bytes());
        assert!(read(MAX_POLICY_OCTETS).is_ok());
        let octets = MAX_POLICY_OCTETS + 1;
        assert_eq!(read(octets), Err(BadPolicy::TooLong { octets }));
    }

    #[test]
    fn it_is_published_below_the_domain_without_a_selector() {
        let domain = Domain::parse("Bücher.example").unwrap();
        assert_eq!(Policy::name(&domain), "_domainkey.xn--bcher-kva.example");
    }
}
