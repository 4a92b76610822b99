//! Domain names and selectors.

use crate::text::shown;
use std::fmt;

/// The longest domain name in presentation form, in octets (RFC 1035 §2.3.4).
const MAX_DOMAIN_OCTETS: usize = 253;
/// The longest label, in octets (RFC 1035 §2.3.4).
const MAX_LABEL_OCTETS: usize = 63;

/// A domain name, as A-labels in lower case, without a final dot.
///
/// A name written in U-labels becomes the same value as its A-label form (trap H21), so that
/// configuration and mail agree whichever form each of them uses, and so that what is signed is
/// what DNS will be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(Box<str>);

/// The text is no domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no domain name: {why}")]
pub struct BadDomain {
    /// What was given, made fit to be shown.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// A selector: one or more labels in front of `_domainkey` (RFC 6376 §3.1), in the spelling that
/// was configured.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector(Box<str>);

/// The text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no selector: {why}")]
pub struct BadSelector {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Domain {
    /// Reads a domain name in A-labels, U-labels or a mixture.
    ///
    /// The underscore is allowed: names that hold one are in use, and DNS does not mind.
    ///
    /// # Errors
    /// [`BadDomain`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, BadDomain> {
        let bad = |why| BadDomain { text: shown(text), why };
        let ascii = to_ascii(text).ok_or_else(|| bad("it is no valid internationalized name"))?;
        labels(&ascii).map_err(bad)?;
        Ok(Self(ascii.to_ascii_lowercase().into()))
    }

    /// The name as A-labels in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this name lies below `parent`; a name is not below itself.
    #[must_use]
    pub fn is_under(&self, parent: &Self) -> bool {
        self.0.strip_suffix(&*parent.0).is_some_and(|rest| rest.ends_with('.'))
    }

    /// Whether this name is `parent` or lies below it.
    #[must_use]
    pub fn is_at_or_under(&self, parent: &Self) -> bool {
        self == parent || self.is_under(parent)
    }

    /// The domains above this one, nearest first; none for a single label.
    pub fn parents(&self) -> impl Iterator<Item = Self> + '_ {
        self.0.match_indices('.').filter_map(|(at, _)| Some(Self(self.0.get(at + 1..)?.into())))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Selector {
    /// Reads a selector.
    ///
    /// Its capitalization is kept: DNS does not care, and log analysers may know the name as it was
    /// configured.
    ///
    /// # Errors
    /// [`BadSelector`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, BadSelector> {
        let bad = |why| BadSelector { text: text.to_owned(), why };
        let ascii = to_ascii(text).ok_or_else(|| bad("it is no valid internationalized name"))?;
        labels(&ascii).map_err(bad)?;
        Ok(Self(ascii.into()))
    }

    /// The selector's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name in A-labels; ASCII text is passed through, because most of it is, and this stands on
/// the path of every message.
fn to_ascii(text: &str) -> Option<String> {
    if text.is_ascii() { Some(text.to_owned()) } else { idna::domain_to_ascii(text).ok() }
}

fn labels(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.len() > MAX_DOMAIN_OCTETS {
        return Err("it is longer than 253 octets");
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err("it has an empty label");
        }
        if label.len() > MAX_LABEL_OCTETS {
            return Err("it has a label longer than 63 octets");
        }
        if !label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
        {
            return Err("only letters, digits, hyphens and underscores may stand between its dots");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("a label begins or ends with a hyphen");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Domain, Selector};

    fn domain(text: &str) -> Domain {
        Domain::parse(text).unwrap()
    }

    #[test]
    fn a_u_label_and_its_a_label_are_one_domain() {
        assert_eq!(domain("Bücher.example"), domain("XN--bcher-kva.Example"));
        assert_eq!(domain("bücher.example").as_str(), "xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_domain_is_refused_with_its_reason() {
        let label = "a".repeat(64);
        let name = ["a".repeat(63).as_str(); 4].join(".");
        for (text, why) in [
            ("", "empty"),
            ("example.com.", "empty label"),
            ("a..b", "empty label"),
            ("[192.0.2.1]", "letters"),
            ("exa mple.com", "letters"),
            ("-a.example", "hyphen"),
            (&label, "63"),
            (&name, "253"),
        ] {
            let error = Domain::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn under_means_at_a_label_boundary() {
        assert!(domain("mail.example.com").is_under(&domain("example.com")));
        assert!(!domain("badexample.com").is_under(&domain("example.com")));
        assert!(!domain("example.com").is_under(&domain("example.com")));
        assert!(domain("example.com").is_at_or_under(&domain("EXAMPLE.com")));
    }

    #[test]
    fn parents_come_nearest_first() {
        let name = domain("a.b.example");
        let parents: Vec<_> = name.parents().map(|parent| parent.to_string()).collect();
        assert_eq!(parents, ["b.example", "example"]);
        assert_eq!(domain("localhost").parents().count(), 0);
    }

    #[test]
    fn a_selector_keeps_its_spelling() {
        assert_eq!(Selector::parse("Mail2.private").unwrap().as_str(), "Mail2.private");
        for text in ["", "a b", "a/b", ".a", "a;b"] {
            assert!(Selector::parse(text).is_err(), "{text:?}");
        }
    }
}
