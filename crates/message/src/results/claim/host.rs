//! A name in the form in which names are compared.

/// An authserv-id, as it is compared: lower case, A-labels (trap H21), no dot at either end, blanks
/// collapsed.
///
/// Nearly always it is a host name; but any text can be configured, so any can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host(String);

impl Host {
    /// The name in those octets; `None` when none is left of them.
    pub(super) fn new(octets: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(octets).map_or_else(
            |_| octets.iter().map(|&octet| char::from(octet)).collect(),
            str::to_owned,
        );
        let words: Vec<_> =
            text.split_whitespace().map(visible).filter(|word| !word.is_empty()).collect();
        let name = words.join(" ");
        let name = if name.is_ascii() { name.to_ascii_lowercase() } else { a_labels(&name) };
        let name = name.trim_matches('.');
        (!name.is_empty()).then(|| Self(name.to_owned()))
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
    word.chars().filter(|&ch| !ch.is_control() && !matches!(ch, '"' | '\\')).collect()
}

/// Compatibility forms, wide letters and invisible characters are what they stand for in a domain
/// name (RFC 5891 §5.2).
fn a_labels(name: &str) -> String {
    let (host, job_id) = name.split_at(name.find('/').unwrap_or(name.len()));
    let host = idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_lowercase());
    host + job_id
}
