//! What a reload may name.
//!
//! The kernel answers who opens a file outside as it answers who has no right to it, which says too
//! little to an administrator. So a reload looks beforehand, in the way in which the kernel will: by
//! what the directories are, not by what they are called.

use super::needs::{Needs, keys, ports};
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

/// What to do about it.
const REMEDY: &str = "outside of the sandbox, which was made at the start: restart to let it in";

/// Device and inode.
type Identity = (u64, u64);

/// What is inside.
#[derive(Debug)]
pub(crate) struct Boundary {
    inside: HashSet<Identity>,
    ports: BTreeSet<u16>,
    /// The directories that were looked at, for one reload: very many keys may lie in one.
    known: Mutex<HashMap<PathBuf, bool>>,
}

/// Something that a new configuration needs is outside; a line for each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(crate) struct Outside(Vec<String>);

impl Boundary {
    /// The one around those needs.
    pub(super) fn around(needs: &Needs) -> Self {
        let inside = needs.readable.iter().filter_map(|path| identity(path).ok()).collect();
        Self { inside, ports: needs.ports.clone(), known: Mutex::default() }
    }

    /// Why that file cannot be read, if it is outside.
    ///
    /// # Errors
    /// With what to do.
    pub(crate) fn hold(&self, file: &Path) -> io::Result<()> {
        if self.holds(file) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("it is {REMEDY}")))
    }

    /// Whether that file is inside. Where a directory on the way is closed to our user, nothing is
    /// said: reading it will tell.
    fn holds(&self, file: &Path) -> bool {
        let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let parent = path.parent().map(Path::to_owned).unwrap_or_default();
        if path.is_symlink() || identity(&path).is_ok_and(|own| self.inside.contains(&own)) {
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
            // A file that is yet to come, or a path that is not whole.
            Err(_) => path.to_owned(),
        };
        let inside = |path: &Path| identity(path).is_ok_and(|own| self.inside.contains(&own));
        real.ancestors().any(inside)
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
        lock(&self.known).clear();
        let own = config.dns.servers.is_empty() && config.dns != *dns;
        let servers = own.then_some(Path::new(CONFIGURATION)).filter(|file| file.exists());
        let files = keys(config).chain(config.dns.test_keys.as_deref()).chain(servers);
        let files: BTreeSet<&Path> = files.filter(|file| !self.holds(file)).collect();
        let mut lines: Vec<String> =
            files.iter().map(|file| format!("{}: it is {REMEDY}", text::path(file))).collect();
        lines.extend(
            ports(&config.dns)
                .filter(|port| !self.ports.contains(port))
                .map(|port| format!("dns.servers: port {port} is {REMEDY}")),
        );
        let command = |reports: &Reports| reports.command.clone();
        if let Some(new) = config.reports.as_ref().map(command)
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

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|status| (status.dev(), status.ino()))
}
