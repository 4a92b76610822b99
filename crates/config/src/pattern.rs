//! Patterns that sender addresses are held against.

use crate::glob::Glob;
use crate::wrong::Wrong;
use std::fmt;
use twinseal_message::{Domain, Mailbox};

/// What [`Wrong`] calls a pattern.
const WHAT: &str = "pattern of addresses";

/// A pattern for `local@domain`, in which only `*` is special.
///
/// It is anchored at both ends, does not regard the case of ASCII letters, and sees domains as
/// A-labels, so that a pattern in U-labels matches mail in either form (trap H21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The pattern as it was written, where that is another text than the glob's.
    written: Option<Box<str>>,
    glob: Glob,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`Wrong`] when no address can ever match it.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let several = "it has a comma or white space; several patterns are written as a list: \
                       [\"*@example.com\", \"*@example.org\"]";
        Self::read(text, several)
    }

    /// Reads the pattern of a key list's line.
    pub(crate) fn of_line(text: &str) -> Result<Self, Wrong> {
        Self::read(text, "it has a comma or white space; each pattern has a line of its own")
    }

    /// Reads a pattern. `several` says what is wrong with more than one of them.
    fn read(text: &str, several: &'static str) -> Result<Self, Wrong> {
        let bad = |why| Wrong::not(text, WHAT, why);
        if text.contains(|ch: char| ch == ',' || ch.is_whitespace()) {
            return Err(bad(several));
        }
        let ascii = match text.rsplit_once('@') {
            Some(("", _)) => {
                return Err(bad("nothing is before its at sign; a whole domain is written \
                                *@example.com"));
            }
            Some((local, domain)) => {
                let why = "no domain can match what follows its at sign";
                format!("{local}@{}", domain_part(domain).ok_or_else(|| bad(why))?)
            }
            // A star may stand for the at sign too.
            None if text.contains('*') => domain_part(text)
                .ok_or_else(|| bad("it has no at sign, and characters that no domain has"))?,
            None => return Err(bad("it has no at sign; a whole domain is written *@example.com")),
        };
        let glob = Glob::new(&ascii);
        Ok(Self { written: (text != glob.as_str()).then(|| text.into()), glob })
    }

    /// Matches every address.
    #[must_use]
    pub fn any() -> Self {
        Self { written: None, glob: Glob::new("*") }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.written.as_deref().unwrap_or_else(|| self.glob.as_str())
    }

    /// The pattern in lower case, with its domain as A-labels.
    pub(crate) fn in_lower_case(&self) -> &str {
        self.glob.as_str()
    }

    /// Whether that address matches.
    #[must_use]
    pub fn matches(&self, address: &Mailbox) -> bool {
        self.matches_address(&plain(address, address.domain()))
    }

    /// What every address that matches begins with, in the form of [`plain`].
    pub(crate) fn start(&self) -> &str {
        self.glob.start()
    }

    /// What every address that matches ends in, in the form of [`plain`].
    pub(crate) fn end(&self) -> &str {
        self.glob.end()
    }

    /// The same for an address in the form of [`plain`].
    pub(crate) fn matches_address(&self, plain: &[u8]) -> bool {
        self.glob.matches(plain)
    }

    /// The domain of all addresses that match, if it is but one.
    #[must_use]
    pub fn only_domain(&self) -> Option<Domain> {
        let (_, domain) = self.as_str().rsplit_once('@')?;
        if domain.contains('*') { None } else { Domain::parse(domain).ok() }
    }

    /// Whether an address that matches can be in that domain itself. The answer may be a yes too
    /// many, where a star may stand for the at sign.
    #[must_use]
    pub fn may_be_at(&self, domain: &Domain) -> bool {
        match self.as_str().rsplit_once('@').and_then(|(_, end)| domain_part(end)) {
            Some(end) => Glob::new(&end).matches(domain.as_str().as_bytes()),
            None => format!("@{domain}").ends_with(self.glob.end()),
        }
    }

    /// Whether the domain of an address that matches can be any.
    pub(crate) fn is_of_every_domain(&self) -> bool {
        let (_, end) = self.as_str().rsplit_once(['@', '*']).unwrap_or_default();
        end.is_empty() && self.as_str().ends_with('*')
    }

    /// A domain that a star lets in and nobody may have thought of; see [`stranger`].
    pub(crate) fn stranger(&self) -> Option<String> {
        let domain = match self.as_str().rsplit_once('@') {
            Some((_, domain)) => domain,
            // The first star may stand for the at sign.
            None => self.as_str().find('*').and_then(|star| self.as_str().get(star..))?,
        };
        stranger(domain)
    }

    /// Whether an address that matches can be in that domain or below.
    #[must_use]
    pub fn may_be_in(&self, domain: &Domain) -> bool {
        let end = self.glob.end();
        let (end, whole) = match end.rsplit_once('@') {
            Some((_, end)) => (end, true),
            None => (end, false),
        };
        let above = end.strip_suffix(domain.as_str());
        let inside = above.is_some_and(|above| above.is_empty() || above.ends_with('.'));
        inside || !whole && domain.as_str().ends_with(end)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The address as patterns see it, in that domain, which may be a parent of its own.
pub(crate) fn plain(address: &Mailbox, domain: &Domain) -> Vec<u8> {
    let mut plain = address.local().to_ascii_lowercase();
    plain.push(b'@');
    plain.extend_from_slice(domain.as_str().as_bytes());
    plain
}

/// What else a pattern of domains matches, if a star in it touches what else is in its label:
/// `*example.com` is meant for what is below `example.com`, and lets `evilexample.com` in.
pub(crate) fn stranger(pattern: &str) -> Option<String> {
    let whole = |label: &str| !label.is_empty() && label.bytes().all(|octet| octet == b'*');
    let touched = |label: &str| label.contains('*') && !whole(label);
    let example = |label| if whole(label) { "mail".to_owned() } else { label.replace('*', "evil") };
    let labels = || pattern.split('.');
    labels().any(touched).then(|| labels().map(example).collect::<Vec<_>>().join("."))
}

/// A domain in which `*` may stand, as A-labels in lower case; `None` when no domain can match.
pub(crate) fn domain_part(text: &str) -> Option<String> {
    if !text.contains('*') {
        return Domain::parse(text).ok().map(|domain| domain.as_str().to_owned());
    }
    let legal = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '*');
    let label = |label: &str| {
        if label.contains('*') || label.is_empty() {
            return label.chars().all(legal).then(|| label.to_ascii_lowercase());
        }
        Domain::parse(label).ok().map(|label| label.as_str().to_owned())
    };
    let labels: Option<Vec<String>> = text.split('.').map(label).collect();
    Some(labels?.join("."))
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use twinseal_message::{Domain, Mailbox};

    fn matches(pattern: &str, address: &str) -> bool {
        let address = Mailbox::first(address.as_bytes()).unwrap();
        Pattern::parse(pattern).unwrap().matches(&address)
    }

    #[test]
    fn the_whole_address_is_matched() {
        for (pattern, address, want) in [
            ("*@example.com", "joe@example.com", true),
            ("*@EXAMPLE.com", "Joe@Example.Com", true),
            ("*@example.com", "joe@mail.example.com", false),
            ("*@*.example.com", "joe@mail.example.com", true),
            ("*@*.example.com", "joe@example.com", false),
            ("*example.com", "joe@badexample.com", true),
            ("joe@*", "JOE@example.net", true),
            ("joe@*", "joes@example.net", false),
            ("user+tag@example.com", "user+tag@example.com", true),
            ("user+tag@example.com", "userrtag@example.com", false),
            ("*", "joe@example.com", true),
            ("*@b\u{fc}cher.example", "a@xn--bcher-kva.example", true),
            ("*@*.b\u{fc}cher.example", "a@mail.B\u{fc}cher.example", true),
            ("*@xn--bcher-kva.example", "a@b\u{fc}cher.example", true),
            ("j\u{fc}rgen@example.com", "j\u{fc}rgen@example.com", true),
        ] {
            assert_eq!(matches(pattern, address), want, "{pattern:?} against {address:?}");
        }
    }

    #[test]
    fn a_pattern_that_can_match_nothing_is_refused() {
        for (pattern, why) in [
            ("example.com", "written *@example.com"),
            ("", "written *@example.com"),
            ("*@", "at sign"),
            ("@example.com", "written *@example.com"),
            ("*@example.org, *@example.com", "written as a list"),
            ("*@example.org,*@example.com", "written as a list"),
            ("a b@example.com", "written as a list"),
            (" *@example.com", "written as a list"),
            ("*@exa_mple..com", "at sign"),
            ("*@exa mple.com", "white space"),
            ("*@[192.0.2.1]", "at sign"),
            ("*@b\u{fc}*.example", "at sign"),
            ("*!example.com", "no domain has"),
        ] {
            let error = Pattern::parse(pattern).unwrap_err().to_string();
            assert!(error.contains(why), "{pattern:?}: {error}");
        }
    }

    #[test]
    fn a_star_that_touches_a_label_lets_strangers_in() {
        for (pattern, want) in [
            ("*@*example.com", Some("evilexample.com")),
            ("*example.com", Some("evilexample.com")),
            ("joe*example.com", Some("evilexample.com")),
            ("*@*.ex*.com", Some("mail.exevil.com")),
            ("*@*.example.com", None),
            ("*@example.com", None),
            ("joe*@example.com", None),
            ("joe@*", None),
            ("joe*", None),
            ("**@**", None),
            ("*", None),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().stranger().as_deref(), want, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_knows_the_domains_that_it_can_be_of() {
        for (pattern, at, below, every) in [
            ("*@example.com", true, true, false),
            ("*@*.example.com", false, true, false),
            ("*@mail.example.com", false, true, false),
            ("*@m*.com", false, true, false),
            ("*@ex*.com", true, true, false),
            ("*.example.com", false, true, false),
            ("*example.com", true, true, false),
            ("*@example.net", false, false, false),
            ("*", true, true, true),
            ("joe@*", true, true, true),
            ("*@**", true, true, true),
        ] {
            let domain = Domain::parse("example.com").unwrap();
            let pattern = Pattern::parse(pattern).unwrap();
            let found = (pattern.may_be_at(&domain), pattern.may_be_in(&domain));
            assert_eq!((found, pattern.is_of_every_domain()), ((at, below), every), "{pattern}");
        }
    }
}
