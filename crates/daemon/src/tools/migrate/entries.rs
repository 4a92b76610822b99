//! The entries of two daemons, one of which made the one seal and the other the other, as one list.
//!
//! In each list the first entry that matches an address decides. So one list for both has, for each
//! entry of the first, what it has in common with each of the second, in their order, and then the
//! rest of each.

use super::patterns::{Addresses, Common, common, is_within};
use std::collections::{HashMap, HashSet};
use twinseal_config::KeySource;
use twinseal_config::render::{ShownEntry, ShownSeal};

/// An entry of the file that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) senders: Vec<String>,
    pub(super) domain: String,
    pub(super) keys: Vec<KeySource>,
    pub(super) dkim: Option<ShownSeal>,
    pub(super) domainkeys: Option<ShownSeal>,
    /// Where what it says was said.
    pub(super) places: Vec<String>,
}

/// Two lists of entries as one.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) entries: Vec<Entry>,
    /// Whether every entry that matches has to sign, and not the first one alone.
    pub(super) every: bool,
    /// What the one list cannot say.
    pub(super) lost: Vec<String>,
}

/// Whether two keys are the same one.
pub(super) type SameKey<'f> = &'f dyn Fn(&KeySource, &KeySource) -> bool;

/// A list of one daemon alone.
pub(super) fn alone(list: &[ShownEntry]) -> Vec<Entry> {
    list.iter().map(|entry| part(entry, entry.senders.clone())).collect()
}

/// The DKIM entries and the DomainKeys entries as one list. `every` is whether all DKIM entries that
/// match sign.
pub(super) fn join(
    dkim: &[ShownEntry],
    domainkeys: &[ShownEntry],
    every: bool,
    same_key: SameKey<'_>,
) -> Joined {
    let joined = product(dkim, domainkeys, same_key);
    if joined.split.is_empty() && !every {
        let Product { entries, lost, .. } = joined;
        let entries = reachable(entries.into_iter().flatten());
        return Joined { entries, every: false, lost };
    }
    let mut lost = joined.lost;
    if disjoint(dkim) && disjoint(domainkeys) {
        let entries = joined.entries.into_iter().flatten().collect();
        return Joined { entries, every: true, lost };
    }
    if every && !domainkeys.is_empty() {
        lost.push(
            "DomainKeys beside several DKIM entries for one address: each may sign".to_owned(),
        );
    }
    lost.extend(joined.split);
    // The DKIM seal is the one that is kept.
    let kept = |mut entries: Vec<Entry>| {
        entries.truncate(1);
        entries
    };
    Joined { entries: reachable(joined.entries.into_iter().flat_map(kept)), every, lost }
}

/// The entries without patterns that an earlier one has, where the first one that matches signs.
fn reachable(entries: impl Iterator<Item = Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    let first = |mut entry: Entry| {
        entry.senders.retain(|pattern| seen.insert(pattern.to_ascii_lowercase()));
        (!entry.senders.is_empty()).then_some(entry)
    };
    entries.filter_map(first).collect()
}

/// What the two lists have in common, and the rest of each.
struct Product {
    /// One entry for the same senders, or two where they have different keys.
    entries: Vec<Vec<Entry>>,
    /// Those of which there are two.
    split: Vec<String>,
    lost: Vec<String>,
}

fn product(dkim: &[ShownEntry], domainkeys: &[ShownEntry], same_key: SameKey<'_>) -> Product {
    let mut product = Product { entries: Vec::new(), split: Vec::new(), lost: Vec::new() };
    let (seconds, firsts) = (Index::new(domainkeys), Index::new(dkim));
    for first in dkim {
        let mut open = first.senders.clone();
        for second in seconds.near(first).into_iter().filter_map(|at| domainkeys.get(at)) {
            let senders = both(&open, second, first, &mut product.lost);
            if !senders.is_empty() {
                product.push(first, second, senders, same_key);
            }
            open.retain(|pattern| !is_covered(pattern, second));
            if open.is_empty() {
                break;
            }
        }
        if !open.is_empty() {
            product.entries.push(vec![part(first, open)]);
        }
    }
    for second in domainkeys {
        let near: Vec<&ShownEntry> =
            firsts.near(second).into_iter().filter_map(|at| dkim.get(at)).collect();
        let is_open = |pattern: &&String| !near.iter().any(|first| is_covered(pattern, first));
        let open: Vec<String> = second.senders.iter().filter(is_open).cloned().collect();
        if !open.is_empty() {
            product.entries.push(vec![part(second, open)]);
        }
    }
    product
}

impl Product {
    fn push(
        &mut self,
        first: &ShownEntry,
        second: &ShownEntry,
        senders: Vec<String>,
        same_key: SameKey<'_>,
    ) {
        let (mut one, other) = (part(first, senders.clone()), part(second, senders));
        let same = one.keys.len() == other.keys.len()
            && one.keys.iter().zip(&other.keys).all(|(a, b)| same_key(a, b));
        if same && one.domain.eq_ignore_ascii_case(&other.domain) {
            one.domainkeys = other.domainkeys;
            one.places.extend(other.places);
            self.entries.push(vec![one]);
            return;
        }
        let key = |entry: &Entry| {
            let files = entry.keys.iter().map(|key| key.file.display().to_string());
            format!("{} with {}", entry.domain, files.collect::<Vec<_>>().join(" and "))
        };
        self.split.push(format!(
            "DomainKeys for {}: {} ({}), where DKIM has {} ({}); an entry has one domain and one \
             set of keys",
            one.senders.join(", "),
            key(&other),
            second.origin,
            key(&one),
            first.origin
        ));
        self.entries.push(vec![one, other]);
    }
}

/// What of those patterns the entry has as well.
fn both(
    open: &[String],
    entry: &ShownEntry,
    other: &ShownEntry,
    lost: &mut Vec<String>,
) -> Vec<String> {
    let mut senders: Vec<String> = Vec::new();
    for pattern in open {
        for own in &entry.senders {
            match common(pattern, own) {
                Common::None => {}
                Common::Pattern(common) if senders.contains(&common) => {}
                Common::Pattern(common) => senders.push(common),
                Common::Unknown => lost.push(format!(
                    "both seals for senders that {pattern} ({}) and {own} ({}) match: no pattern \
                     says that",
                    other.origin, entry.origin
                )),
            }
        }
    }
    senders
}

fn is_covered(pattern: &str, entry: &ShownEntry) -> bool {
    entry.senders.iter().any(|own| is_within(pattern, own))
}

/// The entry for those of its senders.
fn part(entry: &ShownEntry, senders: Vec<String>) -> Entry {
    // The sender's own domain is a domain where it is but one.
    let mut domains = senders.iter().map(|pattern| Addresses::read(pattern));
    let first = domains.next().flatten();
    let same = domains.all(|one| {
        one.as_ref().and_then(Addresses::domain) == first.as_ref().and_then(Addresses::domain)
    });
    let only = first.as_ref().and_then(Addresses::domain).filter(|_| same);
    let domain = match (entry.domain.as_str(), only) {
        ("*", Some(only)) => only.to_owned(),
        (domain, _) => domain.to_owned(),
    };
    Entry {
        senders,
        domain,
        keys: entry.keys.clone(),
        dkim: entry.dkim.clone(),
        domainkeys: entry.domainkeys.clone(),
        places: vec![entry.origin.to_string()],
    }
}

/// Whether no address matches two of the entries.
fn disjoint(list: &[ShownEntry]) -> bool {
    let index = Index::new(list);
    list.iter().enumerate().all(|(at, entry)| {
        let others = index.near(entry).into_iter().filter(|other| *other != at);
        let mut others = others.filter_map(|other| list.get(other));
        others.all(|other| {
            let mut pairs = entry
                .senders
                .iter()
                .flat_map(|one| other.senders.iter().map(move |two| (one, two)));
            pairs.all(|(one, two)| common(one, two) == Common::None)
        })
    })
}

/// Finds the entries that may have an address in common with another one.
struct Index {
    count: usize,
    domains: HashMap<String, Vec<usize>>,
    below: HashMap<String, Vec<usize>>,
    /// Those of which nothing is known.
    others: Vec<usize>,
}

impl Index {
    fn new(list: &[ShownEntry]) -> Self {
        let mut index = Self {
            count: list.len(),
            domains: HashMap::new(),
            below: HashMap::new(),
            others: Vec::new(),
        };
        for (at, entry) in list.iter().enumerate() {
            for pattern in &entry.senders {
                let addresses = Addresses::read(pattern);
                let addresses = addresses.as_ref();
                let places = match (
                    addresses.and_then(Addresses::domain),
                    addresses.and_then(Addresses::below),
                ) {
                    (Some(domain), _) => index.domains.entry(domain.to_owned()).or_default(),
                    (None, Some(domain)) => index.below.entry(domain.to_owned()).or_default(),
                    (None, None) => &mut index.others,
                };
                places.push(at);
            }
        }
        index
    }

    /// The places of such entries, in their order.
    fn near(&self, entry: &ShownEntry) -> Vec<usize> {
        let mut places = self.others.clone();
        for pattern in &entry.senders {
            let addresses = Addresses::read(pattern);
            let Some(domain) = addresses.as_ref().and_then(Addresses::domain) else {
                return (0..self.count).collect();
            };
            places.extend(self.domains.get(domain).into_iter().flatten());
            let above = domain.match_indices('.').filter_map(|(dot, _)| domain.get(dot + 1..));
            for above in above {
                places.extend(self.below.get(above).into_iter().flatten());
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests;
