//! Whether mail is ours, step by step. The daemon says what decided; here is what was asked before.

use super::answer::{Asked, Place, Step};
use super::called::{called, place};
use crate::serving::service::{Client, Service};
use crate::signing::policy::Origin;
use twinseal_config::{Config, HostList, HostMatch};
use twinseal_milter::Macros;

/// The entry of a list that is about the client.
pub(super) fn entry(client: &Client, list: &HostList) -> Option<HostMatch> {
    list.deciding(client.host(), client.address())
}

impl From<HostMatch> for Place {
    fn from(found: HostMatch) -> Self {
        Self { entry: found.entry, origin: found.origin.to_string() }
    }
}

/// What was asked, up to what decided.
pub(super) fn steps(
    config: &Config,
    service: &Service,
    (client, macros): (&Client, &Macros),
    origin: &Origin,
) -> Vec<Step> {
    let step = |asked, ours, entry, text| Step { asked, ours, entry, text };
    let mut steps = Vec::new();
    let by_daemon = matches!(origin, Origin::Daemon(_));
    steps.push(step(Asked::DaemonName, by_daemon, None, daemon(config, service, macros, origin)));
    if by_daemon {
        return steps;
    }
    let by_macro = matches!(origin, Origin::Macro(_));
    steps.push(step(Asked::Macro, by_macro, None, tested(config, service, macros, origin)));
    if by_macro {
        return steps;
    }
    let found = entry(client, &service.internal_hosts);
    let internal = matches!(origin, Origin::Internal);
    let text = host(config, client, found.as_ref());
    steps.push(step(Asked::InternalHost, internal, found.map(Place::from), text));
    if internal {
        return steps;
    }
    let authenticated = matches!(origin, Origin::Authenticated);
    let word = if authenticated { "the client has authenticated" } else { "it has not" };
    steps.push(step(Asked::Authentication, authenticated, None, word.to_owned()));
    steps
}

fn value(macros: &Macros, name: &str) -> Option<String> {
    let value = macros.value(name).filter(|value| !value.is_empty())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn daemon(config: &Config, service: &Service, macros: &Macros, origin: &Origin) -> String {
    let name = called("internal-daemons", config.door);
    let known = &service.leaving.daemons;
    let whence = place("internal-daemons", config);
    match (origin, value(macros, "{daemon_name}")) {
        (Origin::Daemon(daemon), _) => format!("{daemon} is one of {name} ({whence})"),
        (_, _) if known.is_empty() => format!("no name counts: {name} is not set"),
        (_, None) => format!("none is told; {name} has {} ({whence})", known.join(", ")),
        (_, Some(told)) => {
            format!("{told:?} is not one of {name}, which has {} ({whence})", known.join(", "))
        }
    }
}

fn tested(config: &Config, service: &Service, macros: &Macros, origin: &Origin) -> String {
    let name = called("internal-macros", config.door);
    let whence = place("internal-macros", config);
    if let Origin::Macro(matched) = origin {
        let told = value(macros, matched).unwrap_or_default();
        return format!("{matched} is {told:?}, which counts by {name} ({whence})");
    }
    let tests = service.leaving.macros.iter().map(|test| match value(macros, test.name()) {
        Some(told) => format!("{} is {told:?}, which does not count", test.name()),
        None => format!("{} is not told", test.name()),
    });
    let tests: Vec<String> = tests.collect();
    if tests.is_empty() {
        return format!("none counts: {name} is not set");
    }
    format!("{} ({name}, {whence})", tests.join("; "))
}

fn host(config: &Config, client: &Client, found: Option<&HostMatch>) -> String {
    let name = called("internal-hosts", config.door);
    match found {
        Some(HostMatch { listed: true, entry, origin }) => {
            format!("{client} is in {name}: {entry} ({origin})")
        }
        Some(HostMatch { listed: false, entry, origin }) => {
            format!("{client} is kept out of {name} by {entry} ({origin})")
        }
        None => {
            let whence = place("internal-hosts", config);
            format!("{client} is in no entry of {name} ({whence})")
        }
    }
}
