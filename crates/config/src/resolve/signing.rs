//! Who signs for whom: from the entries of the file, or from the options of a historic program.

use super::options::from_options;
use super::{leaving, seals, tables};
use crate::caution::Caution;
use crate::door::Door;
use crate::files::Files;
use crate::lists::domains::DomainList;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::Raw;
use crate::rules::{Rules, SigningRule};
use crate::settings::DefaultSeals;
use crate::wrong::Wrong;
use std::sync::Arc;

/// Who signs for whom.
pub(super) struct Signing {
    pub(super) rules: Rules,
    /// Domains whose mail is deferred when no rule signs for it.
    pub(super) must_sign: Option<Arc<DomainList>>,
    /// The seals of a rule that says nothing about them.
    pub(super) seals: DefaultSeals,
}

/// What becomes [`Signing`].
#[derive(Default)]
pub(super) struct Found {
    pub(super) rules: Vec<SigningRule>,
    /// The list in whose domains senders below them count as they are.
    pub(super) parents: Option<Arc<DomainList>>,
    pub(super) must_sign: Option<Arc<DomainList>>,
}

/// The rules. A rule with a mistake in it is reported and left out.
pub(super) fn rules(
    raw: &mut Raw,
    door: Door,
    signs: bool,
    has_file: bool,
    files: &dyn Files,
    report: &mut Report,
) -> Signing {
    if door.is_historic() {
        leaving::drop_unsignable(&mut raw.seals, report);
    }
    if door == Door::Opendkim {
        leaving::oversign_what_is_missing(&mut raw.seals);
    }
    leaving::cautions(&raw.seals, report);
    let defaults = seals::defaults(&raw.seals, door, report);
    let before = report.mistakes.count();
    let typed = raw.options.first_origin();
    let mut signs_nothing = false;
    let plain = |rules| Found { rules, ..Found::default() };
    let found = match (door, typed, raw.signing.take()) {
        (Door::Native, Some(origin), Some(_)) => {
            report.warn(&origin, "", Caution::FileRulesReplaced);
            from_options(raw, door, signs, &defaults, files, report)
        }
        (Door::Native, None, Some(entries)) => {
            plain(entries.value.into_rules(&raw.seals, &defaults, report))
        }
        (Door::Native, None, None) if has_file => Found::default(),
        // As it was shipped: it verified then, and what it would have signed passes as it is.
        (Door::DkFilter, None, _) if raw.spoilt.is_empty() => {
            report.warn(&Origin::Default, "", Caution::NothingSigned);
            signs_nothing = true;
            Found::default()
        }
        (Door::Opendkim, _, _) if raw.options.list.is_none() => {
            signs_nothing = true;
            tables::of_opendkim(raw, signs, &defaults, files, report)
        }
        (Door::Native | Door::DkFilter | Door::DkimFilter, _, _) => {
            from_options(raw, door, signs, &defaults, files, report)
        }
        // A key list of its predecessor means what it meant there.
        (Door::Opendkim, _, _) => {
            from_options(raw, Door::DkimFilter, signs, &defaults, files, report)
        }
    };
    let Found { rules, parents, must_sign } = found;
    let spoilt = ["signing", "domains", "key", "key-list-file", "selector"]
        .iter()
        .any(|name| raw.spoilt.contains(name));
    let explained = report.mistakes.count() > before || spoilt;
    if signs && rules.is_empty() && !explained && !signs_nothing {
        let hint = match door {
            Door::Native => "entries of \"signing\" in the file, or the options -d, -s and -S",
            Door::DkFilter => "-s and -S, or -k and -s",
            Door::DkimFilter | Door::Opendkim => "KeyFile (-k) and Selector (-s), or KeyList",
        };
        report.mistake(&Origin::Default, "", Wrong::NothingToSignWith { hint });
    }
    if !report.mistakes.is_empty() {
        report.mistakes.name_keys(rules.iter().flat_map(|rule| &rule.keys));
    }
    let rules = match parents {
        Some(parents) => Rules::counting_as_parents(rules, parents),
        None => Rules::new(rules),
    };
    let seals = DefaultSeals { dkim: defaults.dkim, domainkeys: defaults.domainkeys };
    Signing { rules, must_sign, seals }
}
