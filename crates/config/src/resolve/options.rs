//! The signing rules of dk-filter's command line, which is ours too, and of dkim-filter.

use super::checks::{check_any, check_identity, strangers};
use super::coverage;
use super::need;
use super::seals::Seals;
use super::signing::Found;
use crate::caution::Caution;
use crate::door::Door;
use crate::files::Files;
use crate::lists::domains::{self, DomainList};
use crate::lists::keys::{self, Line};
use crate::lists::{ListFile, Meant, uncommented};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::pattern::{self, Pattern};
use crate::raw::{Raw, RawOptions, Set};
use crate::rules::{KeySource, SigningDomain, SigningRule};
use crate::wrong::{Quoted, Wrong};
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
        let list = self.list.as_ref().map(|set| &set.origin);
        domains.or(key).or(list).or(selector).or(key_list).or(subdomains).cloned()
    }

    /// The key, or the list of keys. A file's key list takes the place of its key; what is typed
    /// takes the place of both.
    fn key(&self, report: &mut Report) -> Option<Key<'_>> {
        let says_list = self.key_list.as_ref().is_some_and(|list| list.value);
        let typed = |key: &&Set<String>| matches!(key.origin, Origin::Option(_));
        let named = |path| Key { path, is_list: says_list, name: "key" };
        match (&self.list, &self.key) {
            (None, key) => key.as_ref().map(named),
            (Some(_), Some(key)) if typed(&key) => Some(named(key)),
            (Some(path), key) => {
                if let Some(key) = key {
                    report.warn(&key.origin, "key", Caution::KeyUnused);
                }
                Some(Key { path, is_list: true, name: "key-list-file" })
            }
        }
    }

    /// Says what is missing to sign with.
    fn needs(&self, key: Option<bool>, door: Door, spoilt: &[&str], report: &mut Report) {
        let place = (door, spoilt);
        let is_list = match (key, door) {
            // It is the key and its selector together that are missing: that has its own words.
            (None, Door::DkimFilter) if self.selector.is_none() => return,
            (None, _) => self.key_list.as_ref().is_some_and(|list| list.value),
            (Some(is_list), _) => is_list,
        };
        // dkim-filter's key list stands without a list of domains.
        if !(is_list && door == Door::DkimFilter) {
            need(self.domains.as_ref(), "domains", place, report);
        }
        need(key, "key", place, report);
        if !is_list {
            need(self.selector.as_ref(), "selector", place, report);
        }
    }
}

/// What is to sign.
#[derive(Clone, Copy)]
struct Key<'o> {
    /// The path of the key, or of the list of keys.
    path: &'o Set<String>,
    is_list: bool,
    /// The parameter that names it.
    name: &'static str,
}

/// The rules of the options: one, or those of the lines of a key list.
pub(super) fn from_options(
    raw: &Raw,
    door: Door,
    signs: bool,
    seals: &Seals,
    files: &dyn Files,
    report: &mut Report,
) -> Found {
    if !signs && door == Door::DkimFilter {
        // Init scripts start it like this when it cannot sign: then nothing of that may be in the
        // way.
        return Found::default();
    }
    let options = &raw.options;
    let key = options.key(report);
    if signs {
        options.needs(key.map(|key| key.is_list), door, &raw.spoilt, report);
    }
    let subdomains = options.subdomains.as_ref().is_some_and(|on| on.value);
    let domains = options.domains.as_ref();
    // dkim-filter's key list signs for more than the domains beside it.
    let alone = !(door == Door::DkimFilter && key.is_some_and(|key| key.is_list));
    let entries = domains.and_then(|domains| domain_list(domains, door, files, report));
    let empty = entries.as_ref().is_some_and(Vec::is_empty);
    if let (Some(domains), true) = (domains, empty && alone) {
        report.mistake(&domains.origin, "domains", Wrong::EmptyList);
    }
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
    let Some(key) = key else { return Found::default() };
    let shared = Shared { within, door, seals, files };
    if key.is_list {
        if let Some(selector) = &options.selector {
            report.warn(&selector.origin, "selector", Caution::SelectorUnused);
        }
        return shared.of_list(key, &listed, report);
    }
    let rule = options.selector.as_ref().and_then(|selector| {
        let (path, place) = (Path::new(&key.path.value), (&key.path.origin, key.name));
        let name = Some(selector.value.clone());
        let source = keys::source(path, name, place, files, report)?;
        let (sender, within) = (Pattern::any(), shared.within.clone());
        Some(shared.rule(sender, within, SigningDomain::Listed, source, key.path.origin.clone()))
    });
    if options.selector.is_none() {
        report.mistakes.name_key(Path::new(&key.path.value), &key.path.origin);
    }
    Found { rules: rule.into_iter().collect(), ..Found::default() }
}

/// The rule of one key that signs for all who are in a list of domains.
pub(super) fn listed_key(
    seals: &Seals,
    within: Arc<DomainList>,
    source: KeySource,
    origin: Origin,
) -> SigningRule {
    SigningRule {
        senders: vec![Pattern::any()],
        within: Some(within),
        domain: SigningDomain::Listed,
        keys: vec![source],
        dkim: seals.dkim.clone(),
        domainkeys: seals.domainkeys.clone(),
        origin,
        tabled: None,
    }
}

/// What all rules of a command line have in common.
struct Shared<'a> {
    within: Option<Arc<DomainList>>,
    door: Door,
    seals: &'a Seals,
    files: &'a dyn Files,
}

impl Shared<'_> {
    fn rule(
        &self,
        sender: Pattern,
        within: Option<Arc<DomainList>>,
        domain: SigningDomain,
        key: KeySource,
        origin: Origin,
    ) -> SigningRule {
        SigningRule {
            senders: vec![sender],
            within,
            domain,
            keys: vec![key],
            dkim: self.seals.dkim.clone(),
            domainkeys: self.seals.domainkeys.clone(),
            origin,
            tabled: None,
        }
    }

    /// The rules of a key list, held against the list of domains beside it.
    fn of_list(&self, key: Key<'_>, listed: &[Set<Domain>], report: &mut Report) -> Found {
        let before = report.mistakes.count();
        let rules = self.key_list(key, report);
        if let (Some(within), true) = (&self.within, report.mistakes.count() == before) {
            coverage::cautions(self.door, listed, within, &rules, report);
        }
        // There, the list of domains says as which parent a sender counts, and what has to be
        // signed.
        let listed = self.within.clone().filter(|_| self.door == Door::DkimFilter);
        Found { rules, parents: listed.clone(), must_sign: listed }
    }

    fn key_list(&self, key: Key<'_>, report: &mut Report) -> Vec<SigningRule> {
        let Key { path, name, .. } = key;
        let place = (&path.origin, name);
        let meant = Meant::keys(self.door);
        let Some(file) = ListFile::read(&path.value, self.files, place, meant, report) else {
            return Vec::new();
        };
        let mut rules = Vec::new();
        let mut lines = 0_usize;
        for (text, origin) in file.entries() {
            lines += 1;
            rules.extend(self.line(text, &origin, report));
        }
        if lines == 0 {
            report.mistake(&path.origin, name, Wrong::EmptyList);
        }
        rules
    }

    /// The rule of one line.
    fn line(&self, text: &str, origin: &Origin, report: &mut Report) -> Option<SigningRule> {
        let line = report.take(origin, "", Line::parse(text))?;
        let domain = report.take(origin, "", line.signing_domain())?;
        let fixed = domain.clone().map(SigningDomain::Fixed);
        check_identity(self.seals, fixed.as_ref(), origin, report);
        // A line that never signed anything did not keep the old program from starting either.
        let pattern = match Pattern::of_line(line.pattern) {
            Ok(pattern) => pattern,
            Err(wrong) => {
                report.warn(origin, "", Caution::LineSkipped { wrong: Box::new(wrong) });
                return None;
            }
        };
        let (path, place) = (self.key_path(&line, origin, report), (origin, ""));
        let key = keys::source(Path::new(path), None, place, self.files, report)?;
        let sender = [Set { value: pattern, origin: origin.clone() }];
        strangers(&sender, "", report);
        let [Set { value: pattern, .. }] = sender;
        match domain {
            Some(domain) if !pattern.may_be_in(&domain) => {
                report.warn(origin, "signing.domain", Caution::ForeignDomain { domain });
            }
            // With dk-filter's -d beside it, no line signs for every domain.
            Some(domain) if self.door == Door::DkimFilter && pattern.is_of_every_domain() => {
                let pattern = Quoted::new(pattern.as_str());
                report.warn(origin, "", Caution::EveryDomain { pattern, domain });
            }
            _ => {}
        }
        // dk-filter's key list signs within the list of domains, dkim-filter's wherever a line
        // matches.
        let (within, own) = match self.door {
            Door::Native | Door::DkFilter => (self.within.clone(), SigningDomain::Listed),
            Door::DkimFilter | Door::Opendkim => (None, SigningDomain::Sender),
        };
        Some(self.rule(pattern, within, fixed.unwrap_or(own), key, origin.clone()))
    }

    /// The key's path. The historic programs did not look at a fourth field; a colon may stand in a
    /// path as well.
    fn key_path<'t>(&self, line: &Line<'t>, origin: &Origin, report: &mut Report) -> &'t str {
        let Some((path, fields)) =
            line.fourth_field(self.files).filter(|_| self.door.is_historic())
        else {
            return line.path;
        };
        report.warn(origin, "", Caution::FieldsUnused { fields: Quoted::new(fields) });
        path
    }
}

/// The domains of `-d`: with commas between them, or in a file.
fn domain_list(
    given: &Set<String>,
    door: Door,
    files: &dyn Files,
    report: &mut Report,
) -> Option<Vec<Set<domains::Entry>>> {
    let (text, origin) = (given.value.as_str(), &given.origin);
    let before = report.mistakes.count();
    let mut entries = Vec::new();
    if text.starts_with('/') {
        let file = ListFile::read(text, files, (origin, "domains"), Meant::domains(door), report)?;
        for (line, origin) in file.entries() {
            entries.extend(domain_entry(uncommented(line), (&origin, ""), door, report));
        }
    } else {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        for word in words {
            entries.extend(domain_entry(word, (origin, "domains"), door, report));
        }
        if files.exists(Path::new(text)) {
            let path = Quoted::new(text);
            report.warn(origin, "domains", Caution::DomainLikeFile { path });
        }
    }
    let wrong = report.mistakes.count() > before;
    (!wrong).then_some(entries)
}

pub(super) fn domain_entry(
    text: &str,
    (origin, key): (&Origin, &str),
    door: Door,
    report: &mut Report,
) -> Option<Set<domains::Entry>> {
    let entry = match domains::Entry::parse(text) {
        // What matched nobody did not keep the old programs from starting.
        Err(wrong) if door.is_historic() => {
            report.warn(origin, key, Caution::EntrySkipped { wrong: Box::new(wrong) });
            return None;
        }
        read => report.take(origin, key, read)?,
    };
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
