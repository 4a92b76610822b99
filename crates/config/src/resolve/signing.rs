//! Who signs for whom: from the entries of the file, or from the options of dk-filter.

use super::coverage;
use super::seals::{self, Seals};
use super::{missing, need};
use crate::files::Files;
use crate::lists::domains::{self, DomainList};
use crate::lists::keys::{self, Line};
use crate::lists::{ListFile, Meant, uncommented};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::pattern::{self, Pattern};
use crate::raw::{Raw, RawKey, RawOptions, RawRule, RawSeals, Set};
use crate::rules::{KeySource, Rules, SigningDomain, SigningRule};
use crate::wrong::{Caution, Quoted, Wrong};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use twinseal_message::Domain;

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
    let spoilt =
        ["signing", "domains", "key", "selector"].iter().any(|name| raw.spoilt.contains(name));
    let explained = report.mistakes.count() > before || spoilt;
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

/// Trap K3: DomainKeys needs the sender's domain or a parent of it, and DMARC counts nothing else.
fn foreign(senders: &[Set<Pattern>], domain: &SigningDomain, entry: &Origin, report: &mut Report) {
    let SigningDomain::Fixed(domain) = domain else { return };
    let possible = |sender: &Set<Pattern>| sender.value.may_be_in(domain);
    if !senders.iter().any(possible) {
        let domain = domain.clone();
        return report.warn(entry, "signing.domain", Caution::ForeignDomain { domain });
    }
    for sender in senders {
        let (pattern, domain) = (Quoted::new(sender.value.as_str()), domain.clone());
        if !possible(sender) {
            let caution = Caution::ForeignSender { pattern, domain };
            report.warn(&sender.origin, "signing.senders", caution);
        } else if sender.value.is_of_every_domain() {
            let caution = Caution::EveryDomain { pattern, domain };
            report.warn(&sender.origin, "signing.senders", caution);
        }
    }
}

/// Patterns that match more than they seem to.
fn strangers(senders: &[Set<Pattern>], key: &str, report: &mut Report) {
    for Set { value: pattern, origin } in senders {
        if let Some(stranger) = pattern.stranger() {
            let pattern = Quoted::new(pattern.as_str());
            report.warn(origin, key, Caution::Stranger { pattern, stranger });
        }
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
    let subdomains = options.subdomains.as_ref().is_some_and(|on| on.value);
    let domains = options.domains.as_ref();
    let entries = domains.and_then(|domains| domain_list(domains, files, report));
    let listed: Vec<Set<Domain>> = entries.iter().flatten().filter_map(exact).collect();
    let entries = entries.map(|entries| entries.into_iter().map(|entry| entry.value));
    let within = entries.map(|entries| Arc::new(DomainList::new(entries, subdomains)));
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
            let before = report.mistakes.count();
            let rules = shared.key_list(key, report);
            if let (Some(within), true) = (&shared.within, report.mistakes.count() == before) {
                coverage::cautions(&listed, within, &rules, report);
            }
            rules
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
        let Some(file) = ListFile::read(&path.value, self.files, place, Meant::KEYS, report) else {
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
        let sender = [Set { value: pattern, origin: origin.clone() }];
        strangers(&sender, "", report);
        // With -d beside it, no line signs for every domain.
        let [Set { value: pattern, .. }] = sender;
        if let SigningDomain::Fixed(domain) = &domain
            && !pattern.may_be_in(domain)
        {
            let domain = domain.clone();
            report.warn(&origin, "signing.domain", Caution::ForeignDomain { domain });
        }
        Some(self.rule(pattern, domain, key, origin))
    }
}

/// The domains of `-d`: with commas between them, or in a file.
fn domain_list(
    given: &Set<String>,
    files: &dyn Files,
    report: &mut Report,
) -> Option<Vec<Set<domains::Entry>>> {
    let (text, origin) = (given.value.as_str(), &given.origin);
    let mut entries = Vec::new();
    if text.starts_with('/') {
        let file = ListFile::read(text, files, (origin, "domains"), Meant::DOMAINS, report)?;
        for (line, origin) in file.entries() {
            entries.push(domain_entry(uncommented(line), &origin, "", report));
        }
    } else {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        for word in words {
            entries.push(domain_entry(word, origin, "domains", report));
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
    Some(entries.into_iter().flatten().collect())
}

fn domain_entry(
    text: &str,
    origin: &Origin,
    key: &str,
    report: &mut Report,
) -> Option<Set<domains::Entry>> {
    let entry = report.take(origin, key, domains::Entry::parse(text))?;
    if let Some(stranger) = pattern::stranger(text) {
        let pattern = Quoted::new(text);
        report.warn(origin, key, Caution::Stranger { pattern, stranger });
    }
    Some(Set { value: entry, origin: origin.clone() })
}

/// The entry, if it is a domain and no pattern.
fn exact(entry: &Set<domains::Entry>) -> Option<Set<Domain>> {
    match &entry.value {
        domains::Entry::Exact(domain) => {
            Some(Set { value: domain.clone(), origin: entry.origin.clone() })
        }
        domains::Entry::Wild(_) => None,
    }
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
