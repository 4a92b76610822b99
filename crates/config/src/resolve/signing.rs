//! Who signs for whom: from the entries of the file, or from the options of dk-filter.

use super::seals::{self, Seals};
use super::{missing, need};
use crate::files::Files;
use crate::lists::domains::{self, DomainList};
use crate::lists::keys::{self, Line};
use crate::lists::{ListFile, uncommented};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::pattern::Pattern;
use crate::raw::{Raw, RawKey, RawOptions, RawRule, RawSeals, Set};
use crate::rules::{KeySource, Rules, SigningDomain, SigningRule};
use crate::wrong::{Caution, Quoted, Wrong};
use std::path::Path;
use std::sync::Arc;

/// The rules. A rule with a mistake in it is reported and left out.
pub(super) fn rules(
    raw: &mut Raw,
    signs: bool,
    has_file: bool,
    files: &dyn Files,
    report: &mut Report,
) -> Rules {
    let defaults = seals::defaults(&raw.seals, report);
    let before = report.mistakes.count();
    let typed = raw.options.first_origin();
    let rules = match (typed, raw.signing.take()) {
        (Some(origin), Some(_)) => {
            report.warn(&origin, "", Caution::FileRulesReplaced);
            from_options(raw, signs, &defaults, files, report)
        }
        (None, Some(entries)) => from_entries(entries, raw, &defaults, files, report),
        (None, None) if has_file => Vec::new(),
        (_, None) => from_options(raw, signs, &defaults, files, report),
    };
    let explained = report.mistakes.count() > before || raw.spoilt.contains(&"signing");
    if signs && rules.is_empty() && !explained {
        let hint = "entries of \"signing\" in the file, or the options -d, -s and -S";
        report.mistake(&Origin::Default, "", Wrong::NothingToSignWith { hint });
    }
    if !report.mistakes.is_empty() {
        report.mistakes.name_keys(rules.iter().flat_map(|rule| &rule.keys));
    }
    Rules::new(rules)
}

impl RawOptions {
    /// Where the first signing option stands, if there is one.
    fn first_origin(&self) -> Option<Origin> {
        let domains = self.domains.as_ref().map(|set| &set.origin);
        let key = self.key.as_ref().map(|set| &set.origin);
        let selector = self.selector.as_ref().map(|set| &set.origin);
        let key_list = self.key_list.as_ref().map(|set| &set.origin);
        let subdomains = self.subdomains.as_ref().map(|set| &set.origin);
        domains.or(key).or(selector).or(key_list).or(subdomains).cloned()
    }
}

fn from_entries(
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
    let senders = senders.into_iter().map(|pattern| pattern.value).collect();
    let (dkim, domainkeys) = (seals.dkim.clone(), seals.domainkeys.clone());
    let rule = SigningRule { senders, within: None, domain, keys, dkim, domainkeys, origin };
    foreign(&rule, report);
    Some(rule)
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

/// Something has to be made.
fn check_any(seals: &Seals, entry: &Origin, report: &mut Report) {
    if !seals.any {
        report.mistake(entry, "signing", Wrong::NoSeal);
    }
}

/// RFC 6376 §3.5: the identity has to be in the signing domain.
fn check_identity(
    seals: &Seals,
    domain: Option<&SigningDomain>,
    entry: &Origin,
    report: &mut Report,
) {
    let (Some(identity), Some(SigningDomain::Fixed(domain))) = (&seals.identity, domain) else {
        return;
    };
    if !identity.value.domain().is_at_or_under(domain) {
        let (domain, entry) = (domain.to_string(), entry.to_string());
        let text = Quoted::new(&identity.value.to_string());
        let wrong = Wrong::IdentityOutside { identity: text, domain, entry };
        report.mistake(&identity.origin, "dkim.identity", wrong);
    }
}

/// Trap K3: DomainKeys needs the sender's domain or a parent of it.
fn foreign(rule: &SigningRule, report: &mut Report) {
    let SigningDomain::Fixed(domain) = &rule.domain else { return };
    let possible = |pattern: &Pattern| pattern.may_be_in(domain);
    if rule.domainkeys.is_some() && !rule.senders.iter().any(possible) {
        let domain = domain.clone();
        report.warn(&rule.origin, "signing.domain", Caution::ForeignDomain { domain });
    }
}

/// The rules of dk-filter's command line: one, or one for each line of a key list.
fn from_options(
    raw: &Raw,
    signs: bool,
    seals: &Seals,
    files: &dyn Files,
    report: &mut Report,
) -> Vec<SigningRule> {
    let options = &raw.options;
    let is_list = options.key_list.as_ref().is_some_and(|list| list.value);
    if signs {
        need(options.domains.as_ref(), "domains", &raw.spoilt, report);
        need(options.key.as_ref(), "key", &raw.spoilt, report);
        if !is_list {
            need(options.selector.as_ref(), "selector", &raw.spoilt, report);
        }
    }
    let within = options.domains.as_ref().and_then(|domains| {
        let subdomains = options.subdomains.as_ref().is_some_and(|on| on.value);
        domain_list(domains, subdomains, files, report)
    });
    let origin = options.first_origin().unwrap_or(Origin::Default);
    if signs {
        check_any(seals, &origin, report);
    }
    if let (Some(identity), Some(within)) = (&seals.identity, &within) {
        identity_within(identity, within, &origin, report);
    }
    let Some(key) = &options.key else { return Vec::new() };
    let shared = Shared { within, seals, files };
    match &options.selector {
        selector if is_list => {
            if let Some(selector) = selector {
                report.warn(&selector.origin, "selector", Caution::SelectorUnused);
            }
            shared.key_list(key, report)
        }
        Some(selector) => {
            let (path, place) = (Path::new(&key.value), (&key.origin, "key"));
            let name = Some(selector.value.clone());
            let source = keys::source(path, name, place, files, report);
            let domain = SigningDomain::Listed;
            let rule = |source| shared.rule(Pattern::any(), domain, source, key.origin.clone());
            source.map(rule).into_iter().collect()
        }
        None => {
            report.mistakes.name_key(Path::new(&key.value), &key.origin);
            Vec::new()
        }
    }
}

/// What all rules of a command line have in common.
struct Shared<'a> {
    within: Option<Arc<DomainList>>,
    seals: &'a Seals,
    files: &'a dyn Files,
}

impl Shared<'_> {
    fn rule(
        &self,
        sender: Pattern,
        domain: SigningDomain,
        key: KeySource,
        origin: Origin,
    ) -> SigningRule {
        SigningRule {
            senders: vec![sender],
            within: self.within.clone(),
            domain,
            keys: vec![key],
            dkim: self.seals.dkim.clone(),
            domainkeys: self.seals.domainkeys.clone(),
            origin,
        }
    }

    /// One rule for each line.
    fn key_list(&self, path: &Set<String>, report: &mut Report) -> Vec<SigningRule> {
        let place = (&path.origin, "key");
        let hint = "; -k says that -s names a key list, and takes no value itself";
        let Some(file) = ListFile::read(&path.value, self.files, place, hint, report) else {
            return Vec::new();
        };
        let mut rules = Vec::new();
        let mut lines = 0_usize;
        for (text, origin) in file.entries() {
            lines += 1;
            rules.extend(self.line(text, origin, report));
        }
        if lines == 0 {
            report.mistake(&path.origin, "key", Wrong::EmptyList);
        }
        rules
    }

    fn line(&self, text: &str, origin: Origin, report: &mut Report) -> Option<SigningRule> {
        let line = report.take(&origin, "", Line::parse(text))?;
        let own = SigningDomain::Listed;
        let domain = report.take(&origin, "", line.signing_domain(own))?;
        check_identity(self.seals, Some(&domain), &origin, report);
        // A line that never signed anything did not keep the old program from starting either.
        let pattern = match Pattern::parse(line.pattern) {
            Ok(pattern) => pattern,
            Err(wrong) => {
                report.warn(&origin, "", Caution::LineSkipped { wrong: Box::new(wrong) });
                return None;
            }
        };
        let place = (&origin, "");
        let key = keys::source(Path::new(line.path), None, place, self.files, report)?;
        let rule = self.rule(pattern, domain, key, origin);
        foreign(&rule, report);
        Some(rule)
    }
}

/// The domains of `-d`: with commas between them, or in a file.
fn domain_list(
    given: &Set<String>,
    subdomains: bool,
    files: &dyn Files,
    report: &mut Report,
) -> Option<Arc<DomainList>> {
    let (text, origin) = (given.value.as_str(), &given.origin);
    let mut entries = Vec::new();
    if text.starts_with('/') {
        let file = ListFile::read(text, files, (origin, "domains"), "", report)?;
        for (line, origin) in file.entries() {
            entries.push(report.take(&origin, "", domains::Entry::parse(uncommented(line))));
        }
    } else {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        for word in words {
            entries.push(report.take(origin, "domains", domains::Entry::parse(word)));
        }
        if files.exists(Path::new(text)) {
            let path = Quoted::new(text);
            report.warn(origin, "domains", Caution::DomainLikeFile { path });
        }
    }
    if entries.is_empty() {
        report.mistake(origin, "domains", Wrong::EmptyList);
        return None;
    }
    let entries = entries.into_iter().flatten();
    Some(Arc::new(DomainList::new(entries, subdomains)))
}

/// An identity that is in none of the domains could never be signed for.
fn identity_within(
    identity: &Set<twinseal_dkim::Identity>,
    within: &DomainList,
    entry: &Origin,
    report: &mut Report,
) {
    if !within.may_hold(identity.value.domain()) {
        let text = Quoted::new(&identity.value.to_string());
        let (domain, entry) = ("list".to_owned(), entry.to_string());
        let wrong = Wrong::IdentityOutside { identity: text, domain, entry };
        report.mistake(&identity.origin, "dkim.identity", wrong);
    }
}
