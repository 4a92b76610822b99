//! A change of who owns a file or may do what with it: as the command that is shown, and done.

use nix::unistd::{Gid, Uid, chown};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use twinseal_keys::exposure::{Exposed, Remedy, quoted};

/// One change of one file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) what: What,
}

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Less is allowed to strangers.
    Less(Remedy),
    /// It is given to a group.
    Group { name: String, number: u32 },
    /// Its group may read it, or what is in it.
    GroupReads { bits: u32 },
}

impl Change {
    /// What mends an exposed key.
    pub(super) fn of_exposed(exposed: &Exposed) -> Self {
        Self { path: exposed.path.clone(), what: What::Less(exposed.remedy) }
    }

    /// Does it.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn apply(&self) -> io::Result<()> {
        match &self.what {
            What::Less(Remedy::ToRoot) => Ok(chown(&self.path, Some(Uid::from_raw(0)), None)?),
            What::Less(Remedy::Without(taken)) => mode(&self.path, |mode| mode & !taken.bits()),
            What::Group { number, .. } => {
                Ok(chown(&self.path, None, Some(Gid::from_raw(*number)))?)
            }
            What::GroupReads { bits } => mode(&self.path, |mode| mode | bits),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Less(remedy) => write!(f, "{remedy}")?,
            What::Group { name, .. } => write!(f, "chgrp {name}")?,
            What::GroupReads { bits } if bits & 0o040 == 0 => f.write_str("chmod g+x")?,
            What::GroupReads { .. } => f.write_str("chmod g+r")?,
        }
        write!(f, " {}", quoted(&self.path))
    }
}

fn mode(path: &Path, new: impl FnOnce(u32) -> u32) -> io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_mode(new(permissions.mode() & 0o7777));
    fs::set_permissions(path, permissions)
}
