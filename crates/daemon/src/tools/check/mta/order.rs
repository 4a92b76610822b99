//! Who stands before and behind us in a list of filters (traps P11, W10).

use super::filters::{Filter, list};
use super::kinds;
use super::postfix::{Postfix, Service};
use super::sockets::{self, Whose};
use crate::tools::check::finding::{Kind, Mend, Sheet};
use std::collections::BTreeSet;
use std::ops::Range;
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

/// Filters that read what we write about arriving mail, likewise.
const READING: &[&str] = &["dmarc", "openarc"];

/// Where opendmarc's documentation has it listen.
const READING_PORT: &str = ":8893";

/// Other programs that sign, likewise.
const SIGNING: &[&str] = &["opendkim", "dkim-filter", "dk-filter", "dkimpy", "dkim-milter"];

/// What is known of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
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

/// One thing that is wrong with an order.
pub(super) struct Fault {
    pub(super) kind: &'static Kind,
    pub(super) what: String,
    pub(super) advice: &'static str,
    /// The list as it should be, where that is known.
    pub(super) mended: Option<Vec<Filter>>,
}

/// Looks at every list.
pub(super) fn look(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    for (service, parameter) in postfix.lists() {
        let filters = postfix.filters(service, parameter);
        let roles: Vec<Role> =
            filters.iter().map(|one| role(one, service, (postfix, config))).collect();
        let place = place(postfix, service, parameter);
        for Fault { kind, what, advice, mended } in faults(&filters, &roles, config) {
            // Two services that take the same list from main.cf have one mistake.
            if sheet.findings.iter().any(|one| one.kind == kind && one.place == place) {
                continue;
            }
            let mend = mended.map_or_else(Mend::default, |filters| {
                Mend::run([set(postfix, service, parameter, &list(&filters)), postfix.reload()])
            });
            sheet.find(kind, &place, what, mend.and_say(advice));
        }
    }
}

/// Everything that is wrong with an order. In shadow mode nothing is: another signer is the one
/// that counts then, and we change nothing.
pub(super) fn faults(filters: &[Filter], roles: &[Role], config: &Config) -> Vec<Fault> {
    let own = roles.iter().position(|role| *role == Role::Ours);
    let Some(at) = own.filter(|_| !config.shadow) else { return Vec::new() };
    let named = |wanted: Role, range: Range<usize>| -> Vec<&str> {
        let those = range.filter(|index| roles.get(*index) == Some(&wanted));
        those.filter_map(|index| filters.get(index).map(|filter| filter.socket.as_str())).collect()
    };
    let mut faults = Vec::new();
    let mut wrong = Vec::new();
    let changing = named(Role::Changes, at..roles.len());
    if config.mode.signs() && !changing.is_empty() {
        wrong.push(format!("{} changes mail and stands behind us", changing.join(", ")));
    }
    let reading = named(Role::Reads, 0..at);
    if config.mode.verifies() && !reading.is_empty() {
        wrong.push(format!("{} reads our results and stands before us", reading.join(", ")));
    }
    if !wrong.is_empty() {
        let (what, mended) = (wrong.join("; "), Some(ordered(filters, roles)));
        faults.push(Fault { kind: &kinds::ORDER, what, advice: "", mended });
    }
    if !config.mode.signs() {
        return faults;
    }
    let signing = named(Role::Signs, 0..roles.len());
    if !signing.is_empty() {
        let what = format!("{} signs too", signing.join(", "));
        let kept = filters.iter().zip(roles).filter(|(_, role)| **role != Role::Signs);
        let mended = Some(kept.map(|(filter, _)| filter.clone()).collect());
        let advice = "take it out, and stop it";
        faults.push(Fault { kind: &kinds::SIGNERS, what, advice, mended });
    }
    let unknown = named(Role::Unknown, at..roles.len());
    if !unknown.is_empty() {
        let what = format!("{} stands behind us", unknown.join(", "));
        let advice = "if it changes messages, put it in front of us";
        faults.push(Fault { kind: &kinds::BEHIND, what, advice, mended: None });
    }
    faults
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
    role_of(&filter.socket, config.door)
}

/// What is known of a filter by the name of its socket, or its own, where we stand in that place.
pub(super) fn role_of(name: &str, door: Door) -> Role {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(READING) || name.starts_with("inet") && name.ends_with(READING_PORT) {
        Role::Reads
    } else if has(SIGNING) && !stands_in(&name, door) {
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
    for (service, parameter) in postfix.lists() {
        for filter in postfix.filters(service, parameter) {
            let ours = sockets::whose(&filter.socket, service, postfix, config) == Whose::Ours;
            if ours && seen.insert((filter.socket.clone(), service.chrooted)) {
                found.push((filter, service.clone()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Role, role_of};
    use twinseal_config::Door;

    #[test]
    fn filters_are_known_by_their_sockets() {
        for (name, door, want) in [
            ("inet:localhost:8893", Door::Native, Role::Reads),
            ("inet:127.0.0.1:18893", Door::Native, Role::Unknown),
            ("unix:/run/x:8893", Door::Native, Role::Unknown),
            ("unix:openDMARC/opendmarc.sock", Door::Native, Role::Reads),
            ("local:/run/opendkim/opendkim.sock", Door::Native, Role::Signs),
            ("unix:/run/dk-filter/dk-filter.sock", Door::Native, Role::Signs),
            // Each makes one of the two seals.
            ("unix:/run/dk-filter/dk-filter.sock", Door::DkimFilter, Role::Unknown),
            ("unix:/run/dkim-filter/dkim-filter.sock", Door::DkFilter, Role::Unknown),
            ("unix:/run/dkim-filter/dkim-filter.sock", Door::DkimFilter, Role::Signs),
            ("unix:spamass/spamass.sock", Door::Native, Role::Changes),
            ("inet:127.0.0.1:8891", Door::Native, Role::Unknown),
        ] {
            assert_eq!(role_of(name, door), want, "{name} {door:?}");
        }
    }
}
