//! The signing rules of dk-filter's command line.

use super::checks::{check_any, check_identity, strangers};
use super::coverage;
use super::need;
use super::seals::Seals;
use crate::files::Files;
use crate::lists::domains::{self, DomainList};
use crate::lists::keys::{self, Line};
use crate::lists::{ListFile, Meant, uncommented};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::pattern::{self, Pattern};
use crate::raw::{Raw, RawOptions, Set};
use crate::rules::{KeySource, SigningDomain, SigningRule};
use crate::wrong::{Caution, Quoted, Wrong};
use std::path::Path;
use std::sync::Arc;
use twinseal_message::Domain;

impl RawOptions {
    /// Where the first signing option stands, if there is one.
    pub(super) fn first_origin(&self) -> Option<Origin> {
        let domains = self.domains.as_ref().map(|set| &set.origin);
        let key = self.key.as_ref().map(|set| &set.origin);
        let selector = self.selector.as_ref().map(|set| &set.origin);
        let key_list = self.key_list.as_ref().map(|set| &set.origin);
        let subdomains = self.subdomains.as_ref().map(|set| &set.origin);
        domains.or(key).or(selector).or(key_list).or(subdomains).cloned()
    }
}

/// The rules of dk-filter's command line: one, or one for each line of a key list.
pub(super) fn from_options(
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
