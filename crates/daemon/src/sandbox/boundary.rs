//! What a reload may name.
//!
//! The kernel answers who opens a file outside as it answers who has no right to it, which says too
//! little to an administrator. So a reload looks beforehand, in the way in which the kernel will: by
//! what the directories are, not by what they are called.

use super::InForce;
use super::needs::{DOMAIN_MARK, Needs, keys, ports};
use crate::locks::lock;
use crate::resolver::system::CONFIGURATION;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use twinseal_config::{Config, Dns, Reports};
use twinseal_message::text;

/// So many lines of what is outside are told.
const MOST_TOLD: usize = 20;

/// What to do about it. A start that fails leaves nobody who serves, so it is tried beforehand.
const REMEDY: &str = "outside of the sandbox, which was made at the start: restart to let it in, \
                      once --check finds nothing wrong";

/// Device and inode.
type Identity = (u64, u64);

/// What is inside, as far as anything is kept from us.
#[derive(Debug)]
pub(crate) struct Boundary {
    /// What files lie below; `None` where all can be read that our user can.
    inside: Option<HashSet<Identity>>,
    /// What TCP goes to; `None` where it is not limited.
    ports: Option<BTreeSet<u16>>,
    /// Whether no program can be started.
    no_programs: bool,
    /// The directories that were looked at, for one reload: very many keys may lie in one.
    known: Mutex<HashMap<PathBuf, bool>>,
}

/// Something that a new configuration needs is outside; a line for each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(crate) struct Outside(Vec<String>);

impl Boundary {
    /// The one around those needs, with what is in force.
    pub(super) fn around(needs: &Needs, in_force: InForce) -> Self {
        let paths = needs.readable.iter();
        let inside = in_force.files.then(|| paths.filter_map(|path| identity(path).ok()).collect());
        let ports = in_force.tcp.then(|| needs.ports.clone());
        Self { inside, ports, no_programs: in_force.programs, known: Mutex::default() }
    }

    /// A reload begins: directories may be others than they were.
    pub(crate) fn look_anew(&self) {
        lock(&self.known).clear();
    }

    /// Why that file cannot be read, if it is outside. Of one that does not exist, reading it says
    /// more: no restart would help.
    ///
    /// # Errors
    /// With what to do.
    pub(crate) fn hold(&self, file: &Path) -> io::Result<()> {
        if self.holds(file) || is_missing(file) { Ok(()) } else { Err(outside()) }
    }

    /// The error with which that file was not opened, in our words if it is the sandbox that keeps
    /// it from us.
    pub(crate) fn explain(&self, file: &Path, error: io::Error) -> io::Error {
        let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let denied = error.kind() == io::ErrorKind::PermissionDenied;
        if denied && !self.holds_really(&path) { outside() } else { error }
    }

    /// Whether that file is inside. Where a directory on the way is closed to our user, nothing is
    /// said: reading it will tell.
    fn holds(&self, file: &Path) -> bool {
        let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let parent = path.parent().map(Path::to_owned).unwrap_or_default();
        if path.is_symlink() || self.is_root_of(&path) {
            return self.holds_really(&path);
        }
        if let Some(held) = lock(&self.known).get(&parent) {
            return *held;
        }
        let held = self.holds_really(&path);
        lock(&self.known).insert(parent, held);
        held
    }

    fn holds_really(&self, path: &Path) -> bool {
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return true,
            // A file that is yet to come, in a directory that may have other names, or a path that is
            // not whole.
            Err(_) => match path.parent().map(fs::canonicalize) {
                Some(Ok(parent)) => parent,
                Some(Err(_)) | None => path.to_owned(),
            },
        };
        real.ancestors().any(|path| self.is_root_of(path))
    }

    /// Whether all below that is inside.
    fn is_root_of(&self, path: &Path) -> bool {
        let Some(inside) = &self.inside else { return true };
        identity(path).is_ok_and(|own| inside.contains(&own))
    }

    /// Looks at all that a new configuration needs. Reports are sent by a process that was started
    /// with the program in `reports`, and the servers of this host are read anew where `dns` is
    /// asked in another way from now on.
    ///
    /// # Errors
    /// [`Outside`], with everything that is.
    pub(crate) fn around_all(
        &self,
        config: &Config,
        reports: Option<&Reports>,
        dns: &Dns,
    ) -> Result<(), Outside> {
        let own = config.dns.servers.is_empty() && config.dns != *dns;
        let servers = own.then_some(Path::new(CONFIGURATION)).filter(|file| file.exists());
        let files = keys(config).chain(config.dns.test_keys.as_deref()).chain(servers);
        let files: BTreeSet<&Path> =
            files.filter(|file| !self.holds(file) && !is_missing(file)).collect();
        let mut lines: Vec<String> =
            files.iter().map(|file| format!("{}: it is {REMEDY}", text::path(file))).collect();
        lines.extend(
            ports(&config.dns)
                .filter(|port| self.ports.as_ref().is_some_and(|ports| !ports.contains(port)))
                .map(|port| format!("dns.servers: port {port} is {REMEDY}")),
        );
        let command = |reports: &Reports| reports.command.clone();
        if let Some(new) = config.reports.as_ref().map(command)
            && self.no_programs
            && Some(&new) != reports.map(command).as_ref()
        {
            lines.push(format!("reports: to run {} is {REMEDY}", text::path(&new)));
        }
        let more = lines.len().saturating_sub(MOST_TOLD);
        lines.truncate(MOST_TOLD);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        if lines.is_empty() { Ok(()) } else { Err(Outside(lines)) }
    }
}

fn outside() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, format!("it is {REMEDY}"))
}

/// Whether there is no such file; of one that depends on the sender, no such directory.
fn is_missing(file: &Path) -> bool {
    let depends = file.as_os_str().as_encoded_bytes().ends_with(DOMAIN_MARK.as_bytes());
    let looked_at = if depends { file.parent().unwrap_or(file) } else { file };
    fs::metadata(looked_at).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|status| (status.dev(), status.ino()))
}
