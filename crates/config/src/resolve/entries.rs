//! The signing entries of the file.

use super::checks::{check_any, check_identity, foreign, strangers};
use super::missing;
use super::seals::{self, Seals};
use crate::files::Files;
use crate::lists::keys;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::{Raw, RawKey, RawRule, RawSeals, Set};
use crate::rules::{KeySource, SigningRule};
use crate::wrong::Wrong;
use std::collections::HashSet;

pub(super) fn from_entries(
    entries: Set<Vec<RawRule>>,
    raw: &Raw,
    defaults: &Seals,
    files: &dyn Files,
    report: &mut Report,
) -> Vec<SigningRule> {
    let rule = |entry| from_entry(entry, &raw.seals, defaults, files, report);
    entries.value.into_iter().filter_map(rule).collect()
}

fn from_entry(
    entry: RawRule,
    raw: &RawSeals,
    defaults: &Seals,
    files: &dyn Files,
    report: &mut Report,
) -> Option<SigningRule> {
    let origin = entry.origin;
    let own = entry.seals.map(|own| seals::of_entry(&own, raw, defaults, report));
    let seals = own.as_ref().unwrap_or(defaults);
    let domain = at(&origin, entry.domain, "signing.domain", &entry.spoilt, report);
    let domain = domain.map(|domain| domain.value);
    check_any(seals, &origin, report);
    check_identity(seals, domain.as_ref(), &origin, report);
    let senders = at(&origin, entry.senders, "signing.senders", &entry.spoilt, report);
    let senders = senders.and_then(|list| filled(list, "signing.senders", report));
    let keys = at(&origin, entry.keys, "signing.keys", &entry.spoilt, report);
    let keys = keys.and_then(|list| filled(list, "signing.keys", report)).unwrap_or_default();
    let count = keys.len();
    let keys: Vec<KeySource> =
        keys.into_iter().filter_map(|key| from_key(key, files, report)).collect();
    let complete = !keys.is_empty() && keys.len() == count;
    let (Some(senders), Some(domain), true) = (senders, domain, complete) else {
        report.mistakes.name_keys(&keys);
        return None;
    };
    key_twice(&keys, report);
    strangers(&senders, "signing.senders", report);
    foreign(&senders, &domain, &origin, report);
    let senders = senders.into_iter().map(|pattern| pattern.value).collect();
    let (dkim, domainkeys) = (seals.dkim.clone(), seals.domainkeys.clone());
    Some(SigningRule { senders, within: None, domain, keys, dkim, domainkeys, origin })
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
    let mut seen = HashSet::new();
    for KeySource { file, selector, origin } in keys {
        if !seen.insert((file, selector.to_string())) {
            let wrong = Wrong::KeyTwice { selector: selector.clone() };
            report.mistake(origin, "signing.keys", wrong);
        }
    }
}
