//! The signing entries of the file.

use super::checks::{check_any, check_identity, foreign, strangers};
use super::missing;
use super::seals::{self, Seals};
use crate::files::Files;
use crate::lists::keys;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::{RawKey, RawRule, RawSeals, Set};
use crate::rules::{KeySource, SigningDomain, SigningRule};
use crate::wrong::Wrong;
use std::collections::{HashMap, HashSet};

/// The entries of `signing`, each made into its rule as it is read: there may be hundreds of
/// thousands, and what was typed takes several times the room of what it means. Only the seals have
/// to wait for the rest of the file.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// The entries without a mistake. Their seals are still missing.
    rules: Vec<SigningRule>,
    /// What some of them say about their seals, by their index.
    own: HashMap<usize, Box<RawSeals>>,
    /// The others, as far as their seals can be wrong too.
    broken: Vec<Broken>,
    /// What was found in them, which does not count where the command line takes their place.
    report: Report,
}

/// An entry with a mistake in it.
#[derive(Debug)]
struct Broken {
    origin: Origin,
    domain: Option<SigningDomain>,
    own: Option<Box<RawSeals>>,
}

impl Entries {
    /// Takes the next entry.
    pub(crate) fn push(&mut self, entry: RawRule, files: &dyn Files) {
        let report = &mut self.report;
        let RawRule { origin, seals: own, spoilt, .. } = entry;
        let domain = at(&origin, entry.domain, "signing.domain", &spoilt, report);
        let domain = domain.map(|domain| domain.value);
        let senders = at(&origin, entry.senders, "signing.senders", &spoilt, report);
        let senders = senders.and_then(|list| filled(list, "signing.senders", report));
        let keys = at(&origin, entry.keys, "signing.keys", &spoilt, report);
        let keys = keys.and_then(|list| filled(list, "signing.keys", report)).unwrap_or_default();
        let count = keys.len();
        let keys = fitting(keys, |key| from_key(key, files, report));
        let complete = !keys.is_empty() && keys.len() == count;
        let (Some(senders), Some(domain), true) = (senders, &domain, complete) else {
            report.mistakes.name_keys(&keys);
            self.broken.push(Broken { origin, domain, own });
            return;
        };
        key_twice(&keys, report);
        strangers(&senders, "signing.senders", report);
        foreign(&senders, domain, &origin, report);
        if let Some(own) = own {
            self.own.insert(self.rules.len(), own);
        }
        let (domain, senders) = (domain.clone(), fitting(senders, |sender| Some(sender.value)));
        let (within, dkim, domainkeys) = (None, None, None);
        let tabled = None;
        let rule = SigningRule { senders, within, domain, keys, dkim, domainkeys, origin, tabled };
        self.rules.push(rule);
    }

    /// The rules, complete.
    pub(super) fn into_rules(
        mut self,
        raw: &RawSeals,
        defaults: &Seals,
        report: &mut Report,
    ) -> Vec<SigningRule> {
        report.absorb(self.report);
        let mut last = defaults.clone();
        let mut check =
            |own: Option<&RawSeals>, domain: Option<&SigningDomain>, origin: &Origin| {
                if let Some(own) = own {
                    last = seals::of_entry(own, raw, defaults, report).sharing(&last);
                }
                let seals = if own.is_some() { &last } else { defaults };
                check_any(seals, origin, report);
                check_identity(seals, domain, origin, report);
                (seals.dkim.clone(), seals.domainkeys.clone())
            };
        for (index, rule) in self.rules.iter_mut().enumerate() {
            let own = self.own.remove(&index);
            (rule.dkim, rule.domainkeys) = check(own.as_deref(), Some(&rule.domain), &rule.origin);
        }
        for Broken { origin, domain, own } in self.broken {
            check(own.as_deref(), domain.as_ref(), &origin);
        }
        self.rules
    }
}

/// What is made of the items, in no more room than it needs: collecting would keep that of the
/// items.
fn fitting<T, U>(items: Vec<T>, make: impl FnMut(T) -> Option<U>) -> Vec<U> {
    let mut made = Vec::with_capacity(items.len());
    made.extend(items.into_iter().filter_map(make));
    made
}

fn from_key(key: RawKey, files: &dyn Files, report: &mut Report) -> Option<KeySource> {
    let file = at(&key.origin, key.file, "signing.keys.file", &key.spoilt, report)?;
    if key.spoilt.contains(&"signing.keys.selector") {
        return None;
    }
    let selector = key.selector.map(|selector| selector.value);
    keys::source(&file.value, selector, (&file.origin, "signing.keys.file"), files, report)
}

/// A value that an entry cannot do without.
fn at<T>(
    origin: &Origin,
    value: Option<T>,
    name: &'static str,
    spoilt: &[&'static str],
    report: &mut Report,
) -> Option<T> {
    if value.is_none() && !spoilt.contains(&name) {
        report.mistake(origin, name, missing(name));
    }
    value
}

fn filled<T>(list: Set<Vec<T>>, key: &str, report: &mut Report) -> Option<Vec<T>> {
    if list.value.is_empty() {
        report.mistake(&list.origin, key, Wrong::EmptyList);
        return None;
    }
    Some(list.value)
}

/// Two seals with one key would say the same.
fn key_twice(keys: &[KeySource], report: &mut Report) {
    if keys.len() < 2 {
        return;
    }
    let mut seen = HashSet::new();
    for KeySource { file, selector, origin, .. } in keys {
        if !seen.insert((file, selector.to_string())) {
            let wrong = Wrong::KeyTwice { selector: selector.clone() };
            report.mistake(origin, "signing.keys", wrong);
        }
    }
}
