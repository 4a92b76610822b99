//! The signing rules of `opendkim`: two tables, or a list of domains with one key.

use super::options::listed_key;
use super::seals::Seals;
use super::signing::Found;
use crate::caution::Caution;
use crate::files::Files;
use crate::lists::domains::{self, DomainList};
use crate::lists::key_table::{self, KeyRow, KeyTable, RowKey};
use crate::lists::sets::{DataSet, Row};
use crate::lists::signing_table::{self, SigningRow};
use crate::lists::{Meant, keys};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::{Raw, Set};
use crate::rules::{
    DOMAIN_MARK, KeySource, NamedKey, NamedKeys, NamedPlace, SenderKey, SigningDomain, SigningRule,
    Tabled,
};
use crate::wrong::Wrong;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use twinseal_message::Domain;

/// The rules: those of the tables, of a key list of its predecessor, or the one of `Domain`.
pub(super) fn of_opendkim(
    raw: &Raw,
    signs: bool,
    seals: &Seals,
    files: &dyn Files,
    report: &mut Report,
) -> Found {
    // Init scripts start it like this when it cannot sign: then nothing of that may be in the way.
    // Mail that it would sign is left alone, as far as it can be said which that is.
    let mut aside = Report::default();
    let report = if signs { report } else { &mut aside };
    let tables = (&raw.opendkim.key_table, &raw.opendkim.signing_table);
    let rules = match tables {
        (Some(keys), Some(signing)) => {
            unused(raw, report);
            of_tables(keys, signing, seals, files, report)
        }
        (Some(keys), None) => {
            report.mistake(&keys.origin, "key-table", Wrong::Without { other: "SigningTable" });
            Vec::new()
        }
        (None, Some(signing)) => {
            let wrong = Wrong::Without { other: "KeyTable" };
            report.mistake(&signing.origin, "signing-table", wrong);
            Vec::new()
        }
        (None, None) => of_domain(raw, seals, files, report).into_iter().collect(),
    };
    if !signs && !report.mistakes.is_empty() {
        return Found::default();
    }
    if rules.is_empty() && report.mistakes.is_empty() {
        report.warn(&Origin::Default, "", Caution::SignsNothing);
    }
    Found { rules, ..Found::default() }
}

/// What the tables take the place of.
fn unused(raw: &Raw, report: &mut Report) {
    let options = &raw.options;
    let origins = [
        ("domains", options.domains.as_ref().map(|set| &set.origin)),
        ("key", options.key.as_ref().map(|set| &set.origin)),
        ("selector", options.selector.as_ref().map(|set| &set.origin)),
    ];
    for (name, origin) in origins {
        if let Some(origin) = origin {
            let reason = "KeyTable and SigningTable take its place";
            report.warn(origin, name, Caution::NoEffect { reason });
        }
    }
}

/// The rule of one key for a list of domains.
fn of_domain(
    raw: &Raw,
    seals: &Seals,
    files: &dyn Files,
    report: &mut Report,
) -> Option<SigningRule> {
    let options = &raw.options;
    let without = |origin: &Origin, name: &str, other, report: &mut Report| {
        report.mistake(origin, name, Wrong::Without { other });
        None
    };
    let (key, selector) = match (&options.key, &options.selector, &options.domains) {
        (Some(key), Some(selector), _) => (key, selector),
        (Some(key), None, _) => return without(&key.origin, "key", "Selector", report),
        (None, Some(one), _) => return without(&one.origin, "selector", "KeyFile", report),
        (None, None, Some(domains)) => {
            return without(&domains.origin, "domains", "KeyFile and Selector", report);
        }
        (None, None, None) => return None,
    };
    let place = (&key.origin, "key");
    let name = Some(selector.value.clone());
    let source = keys::source(Path::new(&key.value), name, place, files, report)?;
    let Some(domains) = &options.domains else {
        // As there: nobody is signed for.
        report.warn(&key.origin, "key", Caution::NoDomain);
        report.mistakes.name_key(&source.file, &source.origin);
        return None;
    };
    let subdomains = options.subdomains.as_ref().is_some_and(|on| on.value);
    let within = Arc::new(domain_list(domains, subdomains, files, report)?);
    Some(listed_key(seals, within, source, key.origin.clone()))
}

/// The domains, of which only the names themselves and a star alone are any.
fn domain_list(
    given: &Set<String>,
    subdomains: bool,
    files: &dyn Files,
    report: &mut Report,
) -> Option<DomainList> {
    let Set { value, origin } = given;
    let set = report.take(origin, "domains", DataSet::parse(value))?;
    let rows =
        set.rows(Meant::domains(crate::Door::Opendkim), files, (origin, "domains"), report)?;
    let are_patterns = matches!(set, DataSet::Patterns(_));
    let entries = rows.into_iter().filter_map(|Set { value: Row { key, .. }, origin }| {
        let read = domains::Entry::parse(&key).and_then(|entry| match &entry {
            domains::Entry::Wild(_) if key != "*" && !are_patterns => {
                let why = "a star stands for all domains here, or for nothing; SigningTable takes \
                           patterns, as refile:PATH";
                Err(Wrong::not(&key, "domain name", why))
            }
            domains::Entry::Wild(_) | domains::Entry::Exact(_) => Ok(entry),
        });
        read.map_err(|wrong| {
            let wrong = Box::new(wrong);
            report.warn(&origin, "domains", Caution::EntrySkipped { wrong });
        })
        .ok()
    });
    let entries: Vec<domains::Entry> = entries.collect();
    if entries.is_empty() {
        report.mistake(origin, "domains", Wrong::EmptyList);
        return None;
    }
    Some(DomainList::new(entries, subdomains))
}

fn of_tables(
    keys: &Set<String>,
    signing: &Set<String>,
    seals: &Seals,
    files: &dyn Files,
    report: &mut Report,
) -> Vec<SigningRule> {
    let table = key_table::read(keys, files, report);
    let rows = signing_table::read(signing, files, report);
    let none = KeyTable::new();
    let by_domain = rows.iter().any(|row| row.key == DOMAIN_MARK);
    let (named, pool) = named_keys(if by_domain { &table } else { &none }, rows.len());
    let mut rules = Vec::with_capacity(rows.len() + 1);
    for row in rows {
        if row.key == DOMAIN_MARK {
            let key = RowKey::OfSender(SenderKey::Named(Arc::clone(&named)));
            let row_key = KeyRow { domain: SigningDomain::Sender, key };
            rules.push(rule(row, &row_key, seals));
            continue;
        }
        match key_table::named(&table, &row.key) {
            Ok(key) => rules.push(rule(row, key, seals)),
            // A row with a mistake in it has said so.
            Err(_) if !report.mistakes.is_empty() => {}
            Err(wrong) => report.mistake(&row.origin, "signing-table", wrong),
        }
    }
    if by_domain {
        rules.push(SigningRule {
            senders: Vec::new(),
            within: None,
            domain: SigningDomain::Sender,
            keys: pool,
            dkim: seals.dkim.clone(),
            domainkeys: seals.domainkeys.clone(),
            origin: keys.origin.clone(),
            tabled: None,
        });
    }
    rules
}

/// The keys that have the name of a domain, and those of them that are the same for every sender.
fn named_keys(table: &KeyTable, pool: usize) -> (Arc<NamedKeys>, Vec<KeySource>) {
    let mut named: Vec<(Domain, &KeyRow)> =
        table.iter().filter_map(|(name, key)| Some((Domain::parse(name).ok()?, key))).collect();
    named.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
    let (mut rows, mut keys) = (HashMap::new(), Vec::new());
    for (name, KeyRow { domain, key }) in named {
        let place = match key {
            RowKey::Fixed(source) => {
                keys.push(source.clone());
                NamedPlace::Pool(keys.len() - 1)
            }
            RowKey::OfSender(key) => NamedPlace::File(key.clone()),
        };
        rows.insert(name, NamedKey { domain: domain.clone(), place });
    }
    (Arc::new(NamedKeys { rows, pool }), keys)
}

fn rule(row: SigningRow, key: &KeyRow, seals: &Seals) -> SigningRule {
    let SigningRow { pattern, signer, origin, .. } = row;
    let (keys, of_sender) = match &key.key {
        RowKey::Fixed(source) => (vec![source.clone()], None),
        RowKey::OfSender(key) => (Vec::new(), Some(key.clone())),
    };
    let tabled = Tabled { signer: signer.map(Into::into), key: of_sender };
    SigningRule {
        senders: vec![pattern],
        within: None,
        domain: key.domain.clone(),
        keys,
        dkim: seals.dkim.clone(),
        domainkeys: seals.domainkeys.clone(),
        origin,
        tabled: Some(tabled).filter(|tabled| *tabled != Tabled::default()).map(Box::new),
    }
}
