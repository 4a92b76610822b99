//! A change of who owns a file or may do what with it: as the command that is shown, and done.

use nix::unistd::{Gid, Uid, chown};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use twinseal_keys::exposure::{Exposed, PathElement, Remedy, quoted};

/// One change of one file or directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) what: What,
}

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// Less is allowed to strangers.
    Less(Remedy),
    /// It is given to a group.
    Group { name: String, number: u32 },
    /// More is allowed to its owner or its group.
    More { bits: u32 },
    /// A user becomes a member of its group.
    Join { user: String, group: String, number: u32 },
}

impl Change {
    /// What mends an exposed key.
    pub(super) fn of_exposed(exposed: &Exposed) -> Self {
        Self { path: exposed.path.clone(), what: What::Less(exposed.remedy) }
    }

    /// What a path is like afterwards.
    pub(super) fn foresee(&self, elements: &mut [PathElement]) {
        let own = elements.iter_mut().filter(|element| element.path == self.path);
        own.for_each(|element| match &self.what {
            What::Less(Remedy::ToRoot) => element.owner = 0,
            What::Less(Remedy::Without(taken)) => element.mode &= !taken.bits(),
            What::Group { number, .. } => element.group = *number,
            What::More { bits } => element.mode |= bits,
            What::Join { .. } => {}
        });
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
            What::More { bits } => mode(&self.path, |mode| mode | bits),
            What::Join { user, group, .. } => {
                let joined = Command::new("gpasswd")
                    .args(["-a", user, group])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .status()?;
                let failed = || io::Error::other(format!("gpasswd: {joined}"));
                if joined.success() { Ok(()) } else { Err(failed()) }
            }
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Less(remedy) => write!(f, "{remedy}")?,
            What::Group { name, .. } => write!(f, "chgrp {name}")?,
            What::More { bits } => write!(f, "chmod {}", more(*bits))?,
            What::Join { user, group, .. } => {
                let word = |text: &str| quoted(Path::new(text));
                return write!(f, "gpasswd -a {} {}", word(user), word(group));
            }
        }
        write!(f, " {}", quoted(&self.path))
    }
}

/// The bits in the letters of chmod.
fn more(bits: u32) -> String {
    let all = [(0o400, "u+r"), (0o100, "u+x"), (0o040, "g+r"), (0o010, "g+x")];
    let set = all.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, letters)| letters);
    set.collect::<Vec<&str>>().join(",")
}

fn mode(path: &Path, new: impl FnOnce(u32) -> u32) -> io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_mode(new(permissions.mode() & 0o7777));
    fs::set_permissions(path, permissions)
}
