//! From what was typed to what is in force.

mod seals;
mod signing;

use crate::command_line::shown;
use crate::files::Files;
use crate::lists::ListFile;
use crate::lists::hosts::{Entry, HostList};
use crate::lists::uncommented;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::params::{PARAMS, Place, named};
use crate::raw::{Raw, Set, SetList, Source};
use crate::settings::{Config, Log};
use crate::socket::SocketSpec;
use crate::wrong::{Caution, Quoted, Wrong};
use std::net::{IpAddr, Ipv4Addr};

/// What was perhaps meant when a host list cannot be read.
const HOSTS_HINT: &str = "; hosts themselves are written as a list in the file: [127.0.0.1, ...]";

/// Checks everything and builds the configuration. Every mistake goes into the report; there is no
/// configuration when it has one.
pub(crate) fn resolve(
    mut raw: Raw,
    has_file: bool,
    files: &dyn Files,
    report: &mut Report,
) -> Option<Config> {
    let mut settings = std::mem::take(&mut raw.settings);
    let place = |name: &str| PARAMS.iter().position(|param| param.name == name);
    settings.sort_by_key(|setting| place(setting.name));
    cautions(&raw, report);
    let mode = need(raw.mode.clone(), "mode", &raw.spoilt, report).map(|mode| mode.value);
    let signs = mode.is_some_and(crate::settings::Mode::signs);
    let sockets = sockets(raw.sockets.take(), &raw.spoilt, report);
    let internal_hosts = hosts(raw.internal_hosts.take(), "internal-hosts", files, report);
    let peers = hosts(raw.peers.take(), "peers", files, report);
    let external_ignore = hosts(raw.external_ignore.take(), "external-ignore", files, report);
    if let (Some((list, origin)), true) = (&internal_hosts, signs) {
        loopback(list, origin, report);
    }
    let rules = signing::rules(&mut raw, signs, has_file, files, report);
    let list = |hosts: Option<(HostList, Origin)>| hosts.map(|(list, _)| list);
    Some(Config {
        sockets: sockets?,
        user: raw.user.map(|user| user.value),
        umask: raw.umask?.value,
        mode: mode?,
        internal_hosts: list(internal_hosts)?,
        peers: list(peers)?,
        external_ignore: list(external_ignore)?,
        require_safe_keys: raw.require_safe_keys?.value,
        pid_file: raw.pid_file.map(|path| path.value),
        foreground: raw.foreground?.value,
        rules,
        log: Log {
            to: raw.log.to?.value,
            format: raw.log.format?.value,
            facility: raw.log.facility?.value,
            why: raw.log.why?.value,
        },
        settings,
    })
}

/// The value of a parameter that cannot be left out.
fn need<T>(value: Option<T>, name: &str, spoilt: &[&str], report: &mut Report) -> Option<T> {
    if value.is_none() && !spoilt.contains(&name) {
        report.mistake(&Origin::Default, name, missing(name));
    }
    value
}

/// What is missing, what it has to be, and where to give it.
fn missing(name: &str) -> Wrong {
    let Some(param) = named(name) else { return Wrong::Missing { wanted: String::new() } };
    let place = match param.place {
        Place::Both => format!(" ({}, or {:?} in the file)", shown(param), param.name),
        Place::CommandLine => format!(" ({})", shown(param)),
        Place::File => String::new(),
    };
    Wrong::Missing { wanted: param.wanted() + &place }
}

fn sockets(
    sockets: Option<SetList<SocketSpec>>,
    spoilt: &[&str],
    report: &mut Report,
) -> Option<Vec<SocketSpec>> {
    let Set { value, origin } = need(sockets, "socket", spoilt, report)?;
    if value.is_empty() {
        report.mistake(&origin, "socket", Wrong::EmptyList);
        return None;
    }
    let mut sockets: Vec<SocketSpec> = Vec::with_capacity(value.len());
    for Set { value: socket, origin } in value {
        if sockets.contains(&socket) {
            let socket = Quoted::new(&socket.to_string());
            report.mistake(&origin, "socket", Wrong::SocketTwice { socket });
        } else {
            sockets.push(socket);
        }
    }
    Some(sockets)
}

/// A host list with its origin.
fn hosts(
    source: Option<Set<Source>>,
    key: &str,
    files: &dyn Files,
    report: &mut Report,
) -> Option<(HostList, Origin)> {
    let Set { value, origin } = source?;
    let mut entries = Vec::new();
    match value {
        Source::Inline(items) => {
            for Set { value, origin } in items {
                entries.extend(report.take(&origin, key, Entry::parse(value.trim())));
            }
        }
        Source::File(path) => {
            let file = ListFile::read(&path, files, (&origin, key), HOSTS_HINT, report)?;
            for (line, origin) in file.entries() {
                entries.extend(report.take(&origin, "", Entry::parse(uncommented(line))));
            }
        }
    }
    Some((entries.into_iter().collect(), origin))
}

/// Trap F6: a list of one's own replaces the default, which is easily forgotten.
fn loopback(list: &HostList, origin: &Origin, report: &mut Report) {
    if !list.contains(None, Some(IpAddr::V4(Ipv4Addr::LOCALHOST))) {
        report.warn(origin, "internal-hosts", Caution::LoopbackMissing);
    }
}

/// What works and is probably not what was meant.
fn cautions(raw: &Raw, report: &mut Report) {
    if let Some(Set { value, origin }) = &raw.mode
        && value.verifies()
        && *origin != Origin::Default
    {
        report.warn(origin, "mode", Caution::NoVerifier);
    }
    if let Some(Set { value: false, origin }) = &raw.foreground {
        report.warn(origin, "foreground", Caution::NoBackground);
    }
}
