//! What only `opendkim` could be told.

use super::arriving::{domains, values};
use crate::caution::Caution;
use crate::door::Door;
use crate::files::Files;
use crate::lists::{ListFile, Meant};
use crate::mistake::Report;
use crate::raw::{RawOpendkim, Set};
use crate::rewriting::{Rewriting, Rule};
use crate::settings::Further;
use std::mem;
use std::sync::Arc;

/// Checks all of it but the tables.
pub(super) fn further(
    raw: &mut RawOpendkim,
    door: Door,
    files: &dyn Files,
    report: &mut Report,
) -> Further {
    let raw = mem::take(raw);
    let on = |set: Option<Set<bool>>| set.is_some_and(|set| set.value);
    if let Some(Set { value: true, origin }) = &raw.keeps_results {
        report.warn(origin, "keep-results", Caution::ForgeriesStay);
    }
    let exempt = raw.exempt.map(|source| domains(source, "exempt-domains", door, files, report));
    let rewriting = raw.replace_rules.and_then(|named| rules(&named, files, report));
    let fields = raw.replace_headers.map(|list| values(Some(list)));
    Further {
        exempt,
        strict_headers: on(raw.strict_headers),
        ignores_malformed: on(raw.ignores_malformed),
        keeps_results: on(raw.keeps_results),
        without_signature: on(raw.without_signature),
        log_results: on(raw.log_results),
        rewriting: rewriting.map(|rules| Arc::new(Rewriting::new(rules, fields))),
        sender_macro: raw.sender_macro.map(|name| name.value),
        syslog_name: raw.syslog_name.map(|name| name.value),
    }
}

/// The rules of that file. One with a mistake in it is reported.
fn rules(named: &Set<String>, files: &dyn Files, report: &mut Report) -> Option<Vec<Rule>> {
    let place = (&named.origin, "replace-rules");
    let file = ListFile::read(&named.value, files, place, Meant::RULES, report)?;
    let read = |(line, origin)| report.take(&origin, "", Rule::parse(line));
    Some(file.entries().filter_map(read).collect())
}
