//! The list of domains whose mail is signed: `-d` and `-D`.

use crate::glob::Glob;
use crate::pattern::domain_part;
use crate::wrong::Wrong;
use std::cmp::Reverse;
use std::collections::HashSet;
use twinseal_message::Domain;

/// Domains to sign for, with or without those below them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DomainList {
    exact: HashSet<Domain>,
    wild: Vec<Glob>,
    subdomains: bool,
}

impl twinseal_dkim::Trust for DomainList {
    fn trusts(&self, domain: &Domain) -> bool {
        self.signing_domain(domain).is_some()
    }
}

/// One entry of a list.
pub(crate) enum Entry {
    Exact(Domain),
    Wild(Glob),
}

impl DomainList {
    pub(crate) fn new(entries: impl IntoIterator<Item = Entry>, subdomains: bool) -> Self {
        let mut list = Self { subdomains, ..Self::default() };
        for entry in entries {
            match entry {
                Entry::Exact(domain) => {
                    list.exact.insert(domain);
                }
                Entry::Wild(glob) => list.wild.push(glob),
            }
        }
        list
    }

    /// The domain that signs for mail of that domain: itself if it is listed or matches a pattern,
    /// else, where sub-domains count, the nearest of its parents of which that is true.
    #[must_use]
    pub fn signing_domain(&self, domain: &Domain) -> Option<Domain> {
        if self.lists(domain) {
            return Some(domain.clone());
        }
        self.subdomains.then(|| domain.parents().find(|parent| self.lists(parent))).flatten()
    }

    /// The domains in it that are no patterns, those below others before them.
    #[must_use]
    pub fn exact(&self) -> Vec<&Domain> {
        let mut domains: Vec<&Domain> = self.exact.iter().collect();
        let labels = |domain: &Domain| domain.as_str().matches('.').count();
        domains.sort_by_key(|domain| (Reverse(labels(domain)), domain.as_str().to_owned()));
        domains
    }

    /// The patterns in it.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.wild.iter().map(Glob::as_str)
    }

    /// Whether what is below a listed domain is meant too.
    pub(crate) const fn subdomains(&self) -> bool {
        self.subdomains
    }

    /// Whether it has patterns in it.
    pub(crate) const fn has_patterns(&self) -> bool {
        !self.wild.is_empty()
    }

    /// Whether a domain of the list can be that domain or a parent of it.
    pub(crate) fn may_hold(&self, domain: &Domain) -> bool {
        !self.wild.is_empty() || self.exact.iter().any(|listed| domain.is_at_or_under(listed))
    }

    /// Whether that domain itself is listed, or matches a pattern.
    #[must_use]
    pub fn lists(&self, domain: &Domain) -> bool {
        let name = domain.as_str().as_bytes();
        self.exact.contains(domain) || self.wild.iter().any(|glob| glob.matches(name))
    }
}

impl Entry {
    /// Reads a domain, or a pattern of domains in which `*` stands for any characters.
    pub(crate) fn parse(text: &str) -> Result<Self, Wrong> {
        if text.contains('*') {
            let pattern = domain_part(text)
                .ok_or_else(|| Wrong::not(text, "pattern of domains", "no domain can match it"))?;
            return Ok(Self::Wild(Glob::new(&pattern)));
        }
        if text.contains('/') {
            let why = "the path of a list begins with /, and nothing else has a / in it";
            return Err(Wrong::not(text, "domain name", why));
        }
        let domain = Domain::parse(text);
        domain.map(Self::Exact).map_err(|bad| Wrong::not(text, "domain name", bad.why))
    }
}

#[cfg(test)]
mod tests {
    use super::{DomainList, Entry};
    use twinseal_message::Domain;

    fn signing(list: &[&str], subdomains: bool, domain: &str) -> Option<String> {
        let entries: Vec<Entry> = list.iter().map(|text| Entry::parse(text).unwrap()).collect();
        let list = DomainList::new(entries, subdomains);
        let domain = Domain::parse(domain).unwrap();
        list.signing_domain(&domain).map(|domain| domain.to_string())
    }

    #[test]
    fn the_listed_domain_or_its_nearest_listed_parent_signs() {
        for (list, subdomains, domain, want) in [
            (&["Example.com"][..], false, "example.COM", Some("example.com")),
            (&["example.com"], false, "mail.example.com", None),
            (&["example.com"], true, "a.mail.example.com", Some("example.com")),
            (&["com", "example.com"], true, "mail.example.com", Some("example.com")),
            (&["example.com"], true, "badexample.com", None),
            (&["*.example.com"], false, "mail.example.com", Some("mail.example.com")),
            (&["*.example.com"], false, "example.com", None),
            (&["*"], false, "anything.example", Some("anything.example")),
            (&["ex*.com"], true, "mail.example.com", Some("example.com")),
            (
                &["b\u{fc}cher.example"],
                true,
                "a.xn--bcher-kva.example",
                Some("xn--bcher-kva.example"),
            ),
            (
                &["*.b\u{fc}cher.example"],
                false,
                "a.xn--bcher-kva.example",
                Some("a.xn--bcher-kva.example"),
            ),
            (&[], true, "example.com", None),
        ] {
            assert_eq!(signing(list, subdomains, domain).as_deref(), want, "{list:?} {domain}");
        }
    }

    #[test]
    fn what_is_no_domain_and_no_pattern_is_refused() {
        for (text, why) in [
            ("exa mple.com", "only letters"),
            ("etc/domains", "begins with /"),
            ("*.exa mple.com", "no domain can match"),
        ] {
            let error = Entry::parse(text).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }
}
