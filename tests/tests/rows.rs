//! Every option and parameter of the programs that are replaced: it is taken, what it does is seen
//! in an answer, a log line, a file or an exit code, and what it does not allow is refused.
//!
//! Each case is run with and without what it is about; the difference is what is looked at.

#[path = "rows/case.rs"]
mod case;
#[path = "rows/dk_filter.rs"]
mod dk_filter;
#[path = "rows/dkim_filter_letters.rs"]
mod dkim_filter_letters;
#[path = "rows/dkim_filter_parameters.rs"]
mod dkim_filter_parameters;
#[path = "rows/opendkim.rs"]
mod opendkim;
#[path = "rows/opendkim_signing.rs"]
mod opendkim_signing;
#[path = "rows/opendkim_verifying.rs"]
mod opendkim_verifying;

use case::{Case, Elsewhere, NONE};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use twinseal_config::Door;
use twinseal_config::params::{Acts, Kind, PARAMS, Param};
use twinseal_e2e::here;

/// All cases of a program.
struct Program {
    door: Door,
    cases: Vec<Case>,
    elsewhere: Vec<Elsewhere>,
    /// What it starts with.
    base: Case,
}

fn programs() -> [Program; 3] {
    [
        Program {
            door: Door::DkFilter,
            cases: dk_filter::CASES.to_vec(),
            elsewhere: dk_filter::ELSEWHERE.to_vec(),
            base: dk_filter::USUAL,
        },
        Program {
            door: Door::DkimFilter,
            cases: [dkim_filter_letters::CASES, dkim_filter_parameters::CASES].concat(),
            elsewhere: dkim_filter_letters::ELSEWHERE.to_vec(),
            base: dkim_filter_letters::VERIFIES,
        },
        Program {
            door: Door::Opendkim,
            cases: opendkim::cases(),
            elsewhere: opendkim::elsewhere(),
            base: opendkim::base(),
        },
    ]
}

/// The names that the program had: letters with their dash, and parameters.
fn names(door: Door) -> Vec<(String, &'static Param)> {
    let mut names = Vec::new();
    for param in PARAMS {
        let letter = param.letter_in(door).map(|known| format!("-{}", known.letter));
        let parameter = param.parameter_in(door).map(|known| known.name.to_owned());
        let both = letter.into_iter().chain(parameter);
        names.extend(both.map(|name| (name, param)));
    }
    names
}

#[test]
fn every_name_has_a_case() {
    let mut missing = Vec::new();
    for Program { door, cases, elsewhere, .. } in programs() {
        let known: BTreeSet<&str> = cases
            .iter()
            .map(|case| case.name)
            .chain(elsewhere.iter().map(|other| other.name))
            .collect();
        let names = names(door);
        let lost = names
            .iter()
            .filter(|(_, param)| param.acts == Acts::Yes)
            .filter(|(name, _)| !known.contains(name.as_str()));
        missing.extend(lost.map(|(name, _)| format!("{door:?} {name}")));
        let all: BTreeSet<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        missing.extend(known.difference(&all).map(|name| format!("{door:?} has no {name}")));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn what_is_seen_elsewhere_is_tested_there() {
    for Program { elsewhere, .. } in programs() {
        for Elsewhere { name, file, test, .. } in &elsewhere {
            let path = here(&format!("../{file}"));
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {file}: {e}"));
            assert!(text.contains(&format!("fn {test}(")), "{name}: {file} has no {test}");
        }
    }
}

#[test]
fn what_each_of_them_does_is_seen() {
    let mut wrong = Vec::new();
    for Program { door, cases, .. } in programs() {
        let mut without = BTreeMap::new();
        for case in cases {
            let plain = without.entry(case.base_key()).or_insert_with(|| case.without(door));
            wrong.extend(case.objection(door, plain));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn what_is_not_allowed_is_refused_with_what_is() {
    let mut wrong = Vec::new();
    for Program { door, cases, elsewhere, base } in programs() {
        wrong.extend(cases.iter().flat_map(|case| case.taken_wrongly(door)));
        let others =
            elsewhere.iter().map(|other| Case { name: other.name, bad: other.bad, ..base });
        wrong.extend(others.flat_map(|case| case.taken_wrongly(door)));
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What has no effect says so, with the reason; what is refused does, too.
#[test]
fn what_does_nothing_is_taken_and_named_with_its_reason() {
    let mut wrong = Vec::new();
    for Program { door, base, cases, .. } in programs() {
        let mut idle = 0;
        // What others have a case for is taken without a word.
        let has_no_case = |(name, _): &(String, _)| !cases.iter().any(|case| case.name == name);
        for (name, param) in names(door).into_iter().filter(has_no_case) {
            let (reason, taken) = match param.acts {
                Acts::No(reason) => (reason, true),
                Acts::Refused(reason) => (reason, false),
                Acts::Yes => continue,
            };
            idle += usize::from(taken);
            let value = if name.starts_with('-') && param.kind == Kind::Switch {
                NONE
            } else {
                any_value(param.kind)
            };
            let name: &'static str = name.leak();
            let bad = bad_values(param, name);
            let case = Case { name, value, seen: reason, bad, ..base };
            if !taken {
                let refused = Case { bad: Vec::leak(vec![(value, reason)]), ..case };
                wrong.extend(refused.taken_wrongly(door));
                continue;
            }
            wrong.extend(case.objection(door, ""));
            wrong.extend(case.taken_wrongly(door));
        }
        println!("{}: {idle} names are taken and have no effect", door.program());
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// A value that a parameter of that kind takes.
const fn any_value(kind: Kind) -> &'static str {
    match kind {
        Kind::Switch => "yes",
        Kind::Number => "5",
        Kind::Choice([first, ..]) => first,
        Kind::Path => "/nowhere",
        Kind::Choice([])
        | Kind::Text(_)
        | Kind::Octal
        | Kind::Duration
        | Kind::Size
        | Kind::List(_)
        | Kind::Hosts
        | Kind::Domains
        | Kind::Entries(_)
        | Kind::Command => "word",
    }
}

/// Values that it does not take, as far as there are any.
fn bad_values(param: &Param, name: &str) -> &'static [(&'static str, &'static str)] {
    // Nobody ever looked at the value of this one.
    if name == "On-SignatureMissing" || (name.starts_with('-') && param.kind == Kind::Switch) {
        return &[];
    }
    if matches!(param.kind, Kind::Switch | Kind::Number | Kind::Choice(_)) {
        &[("sometimes", "sometimes")]
    } else {
        &[]
    }
}
