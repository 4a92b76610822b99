//! The letters of opendkim, and what it has from its predecessor: there, the same cases hold.

use super::case::{CUT, Case, Elsewhere, NO_DATE};
use super::{dkim_filter_letters, dkim_filter_parameters, opendkim_signing, opendkim_verifying};
use std::collections::BTreeSet;

/// Enough to verify with, by letters.
const VERIFIES: Case = Case {
    lines: "RequireSafeKeys no\nTestDNSData @DATA@/verify/keys.txt\nAuthservID mx.example.net\n",
    ..dkim_filter_letters::VERIFIES
};

/// Keys of the tests may be read by anybody. With it, there is a file, and not that of the host.
const SAFE: &str = "RequireSafeKeys no\n";

/// The letters that it has alone, or means otherwise.
const LETTERS: &[Case] = &[
    Case {
        name: "-e",
        value: "AuthservID",
        seen: "said: mx.example.net",
        gone: "listening on",
        ..VERIFIES
    },
    Case {
        name: "-L",
        value: "100%",
        mail: &[CUT],
        seen: "dkim=policy",
        gone: "dkim=pass",
        bad: &[("half", "half"), ("101%", "101%")],
        ..VERIFIES
    },
    Case {
        name: "-r",
        mail: &[NO_DATE],
        seen: "answers 550 5.0.0 message does not have exactly one Date field",
        ..VERIFIES
    },
];

/// What it starts with.
pub(super) const fn base() -> Case {
    VERIFIES
}

/// Its own cases, and those of its predecessor for all other names.
pub(super) fn cases() -> Vec<Case> {
    let own = [LETTERS, opendkim_signing::CASES, opendkim_verifying::CASES].concat();
    let names: BTreeSet<&str> = own.iter().map(|case| case.name).collect();
    let known = known();
    let theirs = [dkim_filter_letters::CASES, dkim_filter_parameters::CASES].concat();
    let same = theirs
        .into_iter()
        .filter(|case| known.contains(case.name) && !names.contains(case.name))
        .map(same);
    own.iter().copied().chain(same).collect()
}

/// The names that it has.
fn known() -> BTreeSet<String> {
    super::names(twinseal_config::Door::Opendkim).into_iter().map(|(name, _)| name).collect()
}

/// A case of its predecessor in its words: it inserts on top, looks at who may read keys, and has
/// another name for the file of keys.
fn same(case: Case) -> Case {
    let lines = format!("{SAFE}{}", case.lines).replace("TestPublicKeys", "TestDNSData");
    let seen = |text: &str| {
        text.replace("inserts 1: ", "inserts 0: ").replace("dkim-filter: ", "opendkim: ")
    };
    Case { lines: lines.leak(), seen: seen(case.seen).leak(), gone: seen(case.gone).leak(), ..case }
}

/// What other tests see.
pub(super) fn elsewhere() -> Vec<Elsewhere> {
    let known = known();
    let theirs = dkim_filter_letters::ELSEWHERE.iter();
    theirs.filter(|one| known.contains(one.name)).copied().chain([QUERY]).collect()
}

/// What standard input asks.
const QUERY: Elsewhere = Elsewhere {
    name: "-Q",
    file: "crates/daemon/src/asked.rs",
    test: "a_data_set_is_asked_on_standard_input",
    bad: &[],
};
