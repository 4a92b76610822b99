//! From what was typed to what is in force.

mod arriving;
mod checks;
mod coverage;
mod entries;
mod further;
mod leaving;
mod life;
mod options;
mod reports;
mod seals;
mod signing;
mod tables;
mod trial;

use crate::caution::Caution;
use crate::command_line::{shown, shown_in};
use crate::door::Door;
use crate::files::Files;
use crate::lists::hosts::{Entry, HostList};
use crate::lists::{ListFile, Meant, uncommented};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::params::{PARAMS, Place, named};
use crate::raw::{Raw, RawLimits, RawLog, RawMetrics, Set, SetList, Source};
use crate::settings::{Config, Limits, Log, LogTo, Metrics, Mode, Setting};
use crate::socket::SocketSpec;
use crate::wrong::{Quoted, Wrong};
use arriving::Arriving;
use signing::Signing;
use std::net::{IpAddr, Ipv4Addr};

pub(crate) use entries::Entries;
pub(crate) use life::enter;

/// The longest list of hosts in which each exception is held against each entry behind it.
const MAX_SEARCHED_HOSTS: usize = 10_000;

/// Checks everything and builds the configuration. Every mistake goes into the report; there is no
/// configuration when it has one.
pub(crate) fn resolve(
    mut raw: Raw,
    door: Door,
    has_file: bool,
    files: &dyn Files,
    report: &mut Report,
) -> Option<Config> {
    let trial = trial::trial(&mut raw, report);
    cautions(&raw, door, report);
    let mode = need(raw.mode.clone(), "mode", (door, &raw.spoilt), report).map(|mode| mode.value);
    let signs = mode.is_some_and(Mode::signs);
    let sockets = match trial {
        Some(_) => Some(Vec::new()),
        None => sockets(raw.sockets.take(), (door, &raw.spoilt), report),
    };
    let internal_hosts = hosts(raw.internal_hosts.take(), "internal-hosts", door, files, report);
    let peers = hosts(raw.peers.take(), "peers", door, files, report);
    let external_ignore = hosts(raw.external_ignore.take(), "external-ignore", door, files, report);
    loopback(internal_hosts.as_ref().filter(|_| signs), report);
    let Signing { rules, must_sign, seals } =
        signing::rules(&mut raw, door, signs, has_file, files, report);
    loopback_is_peer(peers.as_ref().filter(|_| signs), report);
    let leaving = leaving::leaving(&mut raw.leaving, door, report);
    let reports = reports::reports(&mut raw, files, report);
    let arriving = arriving::arriving(&mut raw, door, files, report);
    let further = further::further(&mut raw.opendkim, door, files, report);
    let Arriving { actions, verify, results, dns, adsp } = arriving?;
    let sender_headers = raw.sender_headers?.value.into_iter().map(|name| name.value).collect();
    Some(Config {
        door,
        sockets: sockets?,
        user: raw.user.map(|user| user.value),
        umask: raw.umask.map(|umask| umask.value),
        socket_mode: raw.socket_mode.map(|mode| mode.value),
        socket_group: raw.socket_group.map(|group| group.value),
        mode: mode?,
        internal_hosts: list(internal_hosts)?,
        peers: list(peers)?,
        external_ignore: list(external_ignore)?,
        require_safe_keys: raw.require_safe_keys?.value,
        pid_file: raw.pid_file.map(|path| path.value),
        foreground: raw.foreground?.value,
        limits: limits(&raw.limits)?,
        rules,
        sender_headers,
        must_sign,
        parent_identity: parent_identity(raw.options.subdomains.as_ref(), door),
        trace_header: raw.trace_header?.value,
        shadow: raw.shadow?.value,
        forecast: raw.forecast?.value,
        actions,
        quarantine: raw.quarantine?.value,
        verify,
        results,
        dns,
        adsp,
        log: log(&raw.log)?,
        seals,
        settings: in_order(raw.settings),
        leaving: leaving?,
        trial,
        reports,
        metrics: metrics(raw.metrics),
        life: life::life(&raw.life)?,
        credentials: raw.credentials.map(|credentials| credentials.value),
        further,
    })
}

/// Whether a seal that a parent domain makes says so: both programs wrote that where they signed
/// below their domains.
fn parent_identity(below: Option<&Set<bool>>, door: Door) -> bool {
    matches!(door, Door::DkimFilter | Door::Opendkim) && below.is_some_and(|on| on.value)
}

fn limits(raw: &RawLimits) -> Option<Limits> {
    Some(Limits {
        connections: raw.connections.as_ref()?.value,
        idle: raw.idle.as_ref()?.value,
        read: raw.read.as_ref()?.value,
        write: raw.write.as_ref()?.value,
    })
}

fn log(raw: &RawLog) -> Option<Log> {
    Some(Log {
        to: raw.to.as_ref()?.value,
        format: raw.format.as_ref()?.value,
        facility: raw.facility.as_ref()?.value,
        why: raw.why.as_ref()?.value,
        success: raw.success.as_ref()?.value,
    })
}

fn list(hosts: Option<(HostList, Origin)>) -> Option<HostList> {
    hosts.map(|(list, _)| list)
}

fn metrics(raw: RawMetrics) -> Option<Metrics> {
    let interval = raw.dns_interval.map(|interval| interval.value);
    let dns_interval = interval.filter(|interval| !interval.is_zero());
    Some(Metrics { socket: raw.socket?.value, dns_interval })
}

/// The settings, in the order of the table.
fn in_order(mut settings: Vec<Setting>) -> Vec<Setting> {
    let place = |name: &str| PARAMS.iter().position(|param| param.name == name);
    settings.sort_by_key(|setting| place(setting.name));
    settings
}

/// The value of a parameter that cannot be left out. Those with a mistake in them are `spoilt`.
fn need<T>(
    value: Option<T>,
    name: &str,
    (door, spoilt): (Door, &[&str]),
    report: &mut Report,
) -> Option<T> {
    if value.is_none() && !spoilt.contains(&name) {
        match door {
            Door::Native => report.mistake(&Origin::Default, name, missing(name)),
            // The text says where to give it.
            Door::DkFilter | Door::DkimFilter | Door::Opendkim => {
                report.mistake(&Origin::Default, "", missing_in(name, door));
            }
        }
    }
    value
}

/// What is missing, what it has to be, and where to give it.
fn missing(name: &str) -> Wrong {
    let Some(param) = named(name) else { return Wrong::Missing { wanted: String::new() } };
    let place = match param.place {
        Place::Both => format!(" ({}, or {:?} in the file)", shown(param), param.name),
        Place::CommandLine => format!(" ({})", shown(param)),
        Place::File | Place::Historic => String::new(),
    };
    Wrong::Missing { wanted: param.wanted() + &place }
}

/// The same in a historic door, whose file has names of its own.
fn missing_in(name: &str, door: Door) -> Wrong {
    let Some(param) = named(name) else { return Wrong::Missing { wanted: String::new() } };
    let parameter = param.parameter_in(door);
    let place = match (shown_in(param, door), parameter) {
        (Some(letter), Some(parameter)) => {
            format!(" ({letter}, or {} in the file)", parameter.name)
        }
        (Some(letter), None) => format!(" ({letter})"),
        (None, Some(parameter)) => format!(" ({} in the file)", parameter.name),
        (None, None) => String::new(),
    };
    let wanted = param.wanted_behind(param.letter_in(door)) + &place;
    if name == "socket" { Wrong::NoSocket { wanted } } else { Wrong::Missing { wanted } }
}

fn sockets(
    sockets: Option<SetList<SocketSpec>>,
    spoilt: (Door, &[&str]),
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
    door: Door,
    files: &dyn Files,
    report: &mut Report,
) -> Option<(HostList, Origin)> {
    let Set { value, origin } = source?;
    let mut entries = Vec::new();
    let is_file = matches!(value, Source::File(_));
    match value {
        Source::Inline(items) => {
            for Set { value, origin } in items {
                entries.extend(host(value.trim(), (&origin, key), door, report));
            }
        }
        Source::File(path) => {
            let meant = Meant::hosts(door);
            let file = ListFile::read(&path, files, (&origin, key), meant, report)?;
            for (line, origin) in file.entries() {
                entries.extend(host(uncommented(line), (&origin, ""), door, report));
            }
        }
        Source::Patterns(path) => {
            let meant = Meant::hosts(door);
            let file = ListFile::read(&path, files, (&origin, key), meant, report)?;
            for (line, origin) in file.entries() {
                let read = Entry::pattern(uncommented(line));
                entries
                    .extend(kept(read, (&origin, ""), report).map(|value| Set { value, origin }));
            }
        }
    }
    if door == Door::Opendkim {
        // There, the closest entry decides, wherever it stands, and an exception before its like.
        entries.sort_by_key(|entry| entry.value.closeness());
    } else {
        dead_exceptions(&entries, if is_file { "" } else { key }, report);
    }
    Some((entries.into_iter().map(|entry| (entry.value, entry.origin)).collect(), origin))
}

/// One entry of a host list.
fn host(
    text: &str,
    (origin, key): (&Origin, &str),
    door: Door,
    report: &mut Report,
) -> Option<Set<Entry>> {
    if door == Door::Opendkim {
        let entry = kept(Entry::parse_exactly(text), (origin, key), report)?;
        return Some(Set { value: entry, origin: origin.clone() });
    }
    let entry = match Entry::parse(text) {
        // An exception that is passed over would let in whom it keeps out.
        Err(wrong) if door.is_historic() && !text.starts_with('!') => {
            report.warn(origin, key, Caution::EntrySkipped { wrong: Box::new(wrong) });
            return None;
        }
        read => report.take(origin, key, read)?,
    };
    if entry.is_everybody() {
        report.warn(origin, key, Caution::EveryAddress { entry: Quoted::new(text) });
    } else if let Some(network) = entry.network_around(text) {
        let (entry, network) = (Quoted::new(text), network.to_string());
        report.warn(origin, key, Caution::HostBits { entry, network });
    }
    Some(Set { value: entry, origin: origin.clone() })
}

/// The entry, unless it is one that nobody matches.
fn kept(
    read: Result<Entry, Wrong>,
    (origin, key): (&Origin, &str),
    report: &mut Report,
) -> Option<Entry> {
    read.map_err(|wrong| {
        report.warn(origin, key, Caution::EntrySkipped { wrong: Box::new(wrong) });
    })
    .ok()
}

/// The last entry that matches decides: an exception stands behind what it is an exception from.
fn dead_exceptions(entries: &[Set<Entry>], key: &str, report: &mut Report) {
    // LIMIT: in a longer list, dead exceptions are not looked for.
    if entries.len() > MAX_SEARCHED_HOSTS {
        return;
    }
    for (index, Set { value: exception, origin }) in entries.iter().enumerate() {
        let behind = || entries.iter().skip(index + 1).map(|entry| &entry.value);
        let takes_back = |entry: &&Entry| entry.takes_back(exception);
        if let Some(wider) = behind().find(takes_back).map(ToString::to_string) {
            report.warn(origin, key, Caution::DeadException { wider });
        }
    }
}

/// Trap F6: a list of one's own replaces the default, which is easily forgotten.
fn loopback(internal: Option<&(HostList, Origin)>, report: &mut Report) {
    let Some((list, origin)) = internal else { return };
    if list.is_empty() {
        report.warn(origin, "internal-hosts", Caution::NobodyInternal);
    } else if !list.contains(None, Some(IpAddr::V4(Ipv4Addr::LOCALHOST))) {
        report.warn(origin, "internal-hosts", Caution::LoopbackMissing);
    }
}

/// Mail of this host itself would pass unsigned.
fn loopback_is_peer(peers: Option<&(HostList, Origin)>, report: &mut Report) {
    if let Some((list, origin)) = peers
        && list.contains(None, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)))
    {
        report.warn(origin, "peers", Caution::LoopbackIsPeer);
    }
}

/// What works and is probably not what was meant.
fn cautions(raw: &Raw, door: Door, report: &mut Report) {
    if let Some(Set { value, origin }) = &raw.mode {
        match (door, value) {
            (_, Mode::Sign) | (Door::Native | Door::DkimFilter | Door::Opendkim, _) => {}
            (Door::DkFilter, Mode::Both) => report.warn(origin, "mode", Caution::OnlySigns),
            (Door::DkFilter, Mode::Verify) => report.mistake(origin, "mode", Wrong::OnlyVerifies),
        }
    }
    if door == Door::DkFilter && raw.options.list_headers.is_none() {
        report.warn(&Origin::Default, "", Caution::NamesHeaders);
    }
    let silent = raw.log.to.as_ref().is_some_and(|to| to.value == LogTo::Stderr);
    if let (Some(Set { value: false, origin }), true) = (&raw.foreground, silent) {
        report.warn(origin, "foreground", Caution::NobodyListens);
    }
}
