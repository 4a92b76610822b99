//! Where configuration of this host hides, beside what the configuration itself names.

use super::finding::Sheet;
use nix::unistd::{Gid, Group, Uid, User};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use twinseal_config::{Config, SocketSpec};
use twinseal_message::text;

/// Places that packages and administrators of this kind of program use; what is there is listed.
const USUAL: &[(&str, &str)] = &[
    ("configuration", "/etc/twinseal/twinseal.yaml"),
    ("configuration", "/etc/dkim-filter.conf"),
    ("configuration", "/etc/opendkim.conf"),
    ("defaults", "/etc/default/twinseal"),
    ("defaults", "/etc/default/dk-filter"),
    ("defaults", "/etc/default/dkim-filter"),
    ("defaults", "/etc/default/opendkim"),
    ("start script", "/etc/init.d/twinseal"),
    ("start script", "/etc/init.d/dk-filter"),
    ("start script", "/etc/init.d/dkim-filter"),
    ("start script", "/etc/init.d/opendkim"),
    ("service unit", "/etc/systemd/system/twinseal.service"),
    ("service unit", "/etc/systemd/system/twinseal.service.d"),
    ("service unit", "/lib/systemd/system/twinseal.service"),
    ("service unit", "/etc/systemd/system/opendkim.service"),
    ("service unit", "/etc/systemd/system/opendkim.service.d"),
    ("service unit", "/lib/systemd/system/opendkim.service"),
    ("keys", "/etc/mail/domainkeys"),
    ("keys", "/etc/mail/dkim"),
    ("keys", "/etc/dkimkeys"),
    ("keys", "/etc/opendkim"),
    ("list", "/etc/dkim-keys.conf"),
    ("list", "/etc/dkim-internalhosts.conf"),
    ("name servers", "/etc/resolv.conf"),
];

/// Lists what is on this host.
pub(super) fn look(config: Option<&Config>, sheet: &mut Sheet) {
    for (kind, path) in USUAL {
        let listed = sheet.inventory.iter().any(|item| item.place == *path);
        if !listed && fs::symlink_metadata(path).is_ok() {
            file(kind, Path::new(path), "its usual place", sheet);
        }
    }
    let Some(config) = config else { return };
    for socket in &config.sockets {
        let named_by = config.settings.iter().find(|setting| setting.name == "socket");
        let named_by = named_by.map_or_else(String::new, |setting| setting.origin.to_string());
        match socket {
            SocketSpec::Unix { path } => sheet.list("socket", socket, named_by, State::of(path)),
            SocketSpec::Inet { .. } => sheet.list("socket", socket, named_by, "a port"),
        }
    }
    if let Some(path) = &config.pid_file {
        file("pid file", path, "the configuration", sheet);
    }
}

/// Lists one file.
pub(super) fn file(kind: &'static str, path: &Path, named_by: &str, sheet: &mut Sheet) {
    sheet.list(kind, text::path(path), named_by, State::of(path));
}

/// What is at a path, in a few words.
pub(super) struct State(io::Result<fs::Metadata>, Option<String>);

impl State {
    pub(super) fn of(path: &Path) -> Self {
        let leads_to = fs::read_link(path).ok().map(|target| text::path(&target));
        Self(fs::metadata(path), leads_to)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(target) = &self.1 {
            write!(f, "a link to {target}; ")?;
        }
        match &self.0 {
            Ok(status) => {
                let (user, group) = (user(status.uid()), group(status.gid()));
                write!(f, "{user}:{group} {:04o}", status.mode() & 0o7777)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => f.write_str("not there"),
            Err(error) => write!(f, "cannot be looked at: {error}"),
        }
    }
}

/// A user's name, or the number of one that has none.
pub(super) fn user(number: u32) -> String {
    let user = User::from_uid(Uid::from_raw(number)).ok().flatten();
    user.map_or_else(|| number.to_string(), |user| user.name)
}

/// A group's name, or the number of one that has none.
pub(super) fn group(number: u32) -> String {
    let group = Group::from_gid(Gid::from_raw(number)).ok().flatten();
    group.map_or_else(|| number.to_string(), |group| group.name)
}
