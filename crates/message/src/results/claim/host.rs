//! A name in the form in which names are compared.

use std::borrow::Cow;

/// An authserv-id, as it is compared: lower case, A-labels (trap H21), no dot at either end, blanks
/// collapsed.
///
/// Nearly always it is a host name; but any text can be configured, so any can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host(String);

impl Host {
    /// The name in that text; `None` when none is left of it.
    pub(super) fn new(text: &str) -> Option<Self> {
        let words: Vec<_> =
            text.split_whitespace().map(visible).filter(|word| !word.is_empty()).collect();
        let name = words.join(" ");
        let name = if name.is_ascii() { name.to_ascii_lowercase() } else { a_labels(&name) };
        let name = name.trim_matches('.');
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    /// The names that may be seen in those octets: where they are no UTF-8, a reader may take them
    /// for Latin-1, or pass over what it does not understand.
    pub(super) fn all(octets: &[u8]) -> impl Iterator<Item = Self> {
        let utf8 = String::from_utf8_lossy(octets);
        let latin1 = matches!(utf8, Cow::Owned(_))
            .then(|| octets.iter().map(|&octet| char::from(octet)).collect::<String>());
        let latin1 = latin1.and_then(|text| Self::new(&text));
        Self::new(&utf8).into_iter().chain(latin1)
    }

    /// Whether it is that name, with or without a job id behind it.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| {
            rest.is_empty() || rest.trim_start_matches([' ', '.']).starts_with('/')
        })
    }

    /// Whether it lies below that name, with or without a job id behind it.
    pub(super) fn is_under(&self, parent: &Self) -> bool {
        let name = self.0.split_once('/').map_or(&*self.0, |(name, _)| name);
        let name = name.trim_end_matches([' ', '.']);
        name.strip_suffix(&parent.0).is_some_and(|rest| rest.ends_with('.'))
    }
}

/// The word without what cannot be seen in it, or means nothing there.
fn visible(word: &str) -> String {
    let means_nothing =
        |ch: char| ch.is_control() || matches!(ch, '"' | '\\' | char::REPLACEMENT_CHARACTER);
    word.chars().filter(|&ch| !means_nothing(ch)).collect()
}

/// Compatibility forms, wide letters and invisible characters are what they stand for in a domain
/// name (RFC 5891 §5.2); what may not stand in one at all, such as what turns the direction of
/// text, is passed over.
fn a_labels(name: &str) -> String {
    let (host, job_id) = name.split_at(name.find('/').unwrap_or(name.len()));
    let lettered =
        || -> String { host.chars().filter(|ch| ch.is_ascii() || ch.is_alphanumeric()).collect() };
    let host = idna::domain_to_ascii(host)
        .or_else(|_| idna::domain_to_ascii(&lettered()))
        .unwrap_or_else(|_| host.to_lowercase());
    host + job_id
}
