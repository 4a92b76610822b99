//! Who stands before and behind us in a list of filters (traps P11, W10).

use super::filters::{Filter, list};
use super::kinds;
use super::postfix::{Postfix, Service};
use super::sockets::{self, Whose};
use crate::tools::check::finding::{Kind, Mend, Sheet};
use std::collections::BTreeSet;
use twinseal_config::{Config, Door};

/// Filters that change messages or hand them on, by words in the names of their sockets.
const CHANGING: &[&str] = &[
    "amavis",
    "rspamd",
    "spamass",
    "clamav",
    "mimedefang",
    "milter-regex",
    "altermime",
    "mailmunge",
    "disclaimer",
    "headerfix",
];

/// Filters that read what we write about arriving mail, likewise; 8893 is where opendmarc's
/// documentation has it listen.
const READING: &[&str] = &["dmarc", ":8893"];

/// Other programs that sign, likewise.
const SIGNING: &[&str] = &["opendkim", "dkim-filter", "dk-filter", "dkimpy", "dkim-milter"];

/// What is known of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// It changes mail: it belongs in front of us.
    Changes,
    /// It signs too.
    Signs,
    /// Ourselves.
    Ours,
    /// Nothing is known.
    Unknown,
    /// It reads our results: it belongs behind us.
    Reads,
}

/// Looks at every list.
pub(super) fn look(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    for (service, parameter) in lists(postfix) {
        let filters = postfix.filters(service, parameter);
        let roles: Vec<Role> =
            filters.iter().map(|one| role(one, service, (postfix, config))).collect();
        if !roles.contains(&Role::Ours) {
            continue;
        }
        let place = place(postfix, service, parameter);
        let mut tell = |kind: &'static Kind, what: String, mend: Mend| {
            // Two services that take the same list from main.cf have one mistake.
            if !sheet.findings.iter().any(|one| one.kind == kind && one.place == place) {
                sheet.find(kind, &place, what, mend);
            }
        };
        let set = |filters: &[Filter]| {
            Mend::run([set(postfix, service, parameter, &list(filters)), postfix.reload()])
        };
        let at = roles.iter().position(|role| *role == Role::Ours).unwrap_or_default();
        let named = |wanted: Role, range: &mut dyn Iterator<Item = usize>| -> Vec<&str> {
            range
                .filter(|index| roles.get(*index) == Some(&wanted))
                .filter_map(|index| filters.get(index).map(|filter| filter.socket.as_str()))
                .collect()
        };
        let changing = named(Role::Changes, &mut (at..roles.len()));
        let reading = named(Role::Reads, &mut (0..at));
        if config.mode.signs() && !changing.is_empty() || !reading.is_empty() {
            let what = match (changing.is_empty(), reading.is_empty()) {
                (false, _) => format!("{} changes mail and stands behind us", changing.join(", ")),
                (true, _) => {
                    format!("{} reads our results and stands before us", reading.join(", "))
                }
            };
            tell(&kinds::ORDER, what, set(&ordered(&filters, &roles)));
        }
        let signing = named(Role::Signs, &mut (0..roles.len()));
        if config.mode.signs() && !signing.is_empty() {
            let what = format!("{} signs too", signing.join(", "));
            let kept = filters.iter().zip(&roles).filter(|(_, role)| **role != Role::Signs);
            let kept: Vec<Filter> = kept.map(|(filter, _)| filter.clone()).collect();
            let mend = set(&kept).and_say("take it out, and stop it");
            tell(&kinds::SIGNERS, what, mend);
        }
        let unknown = named(Role::Unknown, &mut (at..roles.len()));
        if config.mode.signs() && !unknown.is_empty() {
            let what = format!("{} stands behind us", unknown.join(", "));
            let advice = "if it changes messages, put it in front of us";
            tell(&kinds::BEHIND, what, Mend::say(advice));
        }
    }
}

/// Every list of filters that is in use.
fn lists(postfix: &Postfix) -> impl Iterator<Item = (&Service, &'static str)> {
    let servers = postfix.servers().map(|service| (service, "smtpd_milters"));
    servers.chain(postfix.cleanup().map(|service| (service, "non_smtpd_milters")))
}

/// Where the list of a service stands.
pub(super) fn place(postfix: &Postfix, service: &Service, parameter: &str) -> String {
    match service.overridden(parameter) {
        Some(_) => format!("{}: {}/{parameter}", postfix.file("master.cf"), service.name),
        None => format!("{}: {parameter}", postfix.file("main.cf")),
    }
}

/// The command that gives a service another list, where it has it from.
pub(super) fn set(postfix: &Postfix, service: &Service, parameter: &str, value: &str) -> String {
    match service.overridden(parameter) {
        Some(_) => postfix.set_for(service, parameter, value),
        None => postfix.set(parameter, value),
    }
}

fn role(filter: &Filter, service: &Service, (postfix, config): (&Postfix, &Config)) -> Role {
    match sockets::whose(&filter.socket, service, postfix, config) {
        Whose::Ours | Whose::Misnamed => return Role::Ours,
        Whose::Theirs => {}
    }
    let socket = filter.socket.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| socket.contains(word));
    if has(READING) {
        Role::Reads
    } else if has(SIGNING) && !stands_in(&socket, config.door) {
        Role::Signs
    } else if has(CHANGING) {
        Role::Changes
    } else {
        Role::Unknown
    }
}

/// dk-filter and dkim-filter make different seals, and stand side by side in the set-ups of old.
fn stands_in(socket: &str, door: Door) -> bool {
    match door {
        Door::DkFilter => !socket.contains("dk-filter"),
        Door::DkimFilter | Door::Opendkim => socket.contains("dk-filter"),
        Door::Native => false,
    }
}

/// The filters in an order that is right: those that change mail first, then everybody else as they
/// stand, and those that read what we write last.
fn ordered(filters: &[Filter], roles: &[Role]) -> Vec<Filter> {
    let group = |role: Role| match role {
        Role::Changes => 0,
        Role::Signs | Role::Ours | Role::Unknown => 1,
        Role::Reads => 2,
    };
    let mut order: Vec<(usize, usize)> =
        roles.iter().enumerate().map(|(index, role)| (group(*role), index)).collect();
    order.sort_unstable();
    order.into_iter().filter_map(|(_, index)| filters.get(index).cloned()).collect()
}

/// The list with us in it, where we belong.
pub(super) fn with_ours(
    filters: &[Filter],
    socket: &str,
    service: &Service,
    (postfix, config): (&Postfix, &Config),
) -> String {
    let mut all: Vec<Filter> = filters.to_vec();
    all.push(Filter::new(socket));
    let mut roles: Vec<Role> =
        filters.iter().map(|one| role(one, service, (postfix, config))).collect();
    roles.push(Role::Ours);
    list(&ordered(&all, &roles))
}

/// Every name of ours among the filters of all services, once.
pub(super) fn ours(postfix: &Postfix, config: &Config) -> Vec<(Filter, Service)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (service, parameter) in lists(postfix) {
        for filter in postfix.filters(service, parameter) {
            let ours = sockets::whose(&filter.socket, service, postfix, config) == Whose::Ours;
            if ours && seen.insert((filter.socket.clone(), service.chrooted)) {
                found.push((filter, service.clone()));
            }
        }
    }
    found
}
