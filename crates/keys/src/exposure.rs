//! Who else can get at a key's file.
//!
//! A judgement over facts that the caller read from the file system: the key's file and every
//! directory and link that was walked through to reach it.

use std::fmt;
use std::path::{Path, PathBuf};

/// One step of the path to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathElement {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is a directory; the last element of a path is the key's file.
    pub is_directory: bool,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner's number.
    pub owner: u32,
    /// Its group's number.
    pub group: u32,
}

/// Why a key's file is not safe, and what to type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not safe: {why} (mode {mode:04o}, owner {owner}); run: {remedy} {}",
    path.display(), quoted(path)
)]
pub struct Exposed {
    /// The element at fault.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: &'static str,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner's number.
    pub owner: u32,
    /// What mends it.
    pub remedy: Remedy,
}

/// What is to be done to an element; shown as the command for it, without the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Give it to root.
    ToRoot,
    /// Take permissions from it.
    Without(Taken),
}

/// Permissions that are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Taken {
    /// All that strangers have.
    OfOthers,
    /// That strangers may write.
    WriteOfOthers,
    /// That the group may write.
    WriteOfGroup,
}

impl Taken {
    /// The bits of the mode.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::OfOthers => 0o007,
            Self::WriteOfOthers => OTHER_WRITE,
            Self::WriteOfGroup => GROUP_WRITE,
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToRoot => "chown root",
            Self::Without(Taken::OfOthers) => "chmod o-rwx",
            Self::Without(Taken::WriteOfOthers) => "chmod o-w",
            Self::Without(Taken::WriteOfGroup) => "chmod g-w",
        })
    }
}

const GROUP_WRITE: u32 = 0o020;
const OTHER_READ: u32 = 0o004;
const OTHER_WRITE: u32 = 0o002;
const OTHER_SEARCH: u32 = 0o001;
const STICKY: u32 = 0o1000;

/// Finds the first element that lets a stranger read or replace the key; `None` when there is none.
///
/// `trusted` are the users who may own an element beside root: who reads the key, and whom the
/// daemon becomes. A file that its group may *read* is safe: the historic set-up shares keys that
/// way between two daemons. A world-readable file counts only if the world can reach it.
#[must_use]
pub fn find(path: &[PathElement], trusted: &[u32]) -> Option<Exposed> {
    let reachable = path.iter().all(|step| !step.is_directory || step.mode & OTHER_SEARCH != 0);
    path.iter().find_map(|step| {
        let (why, remedy) = fault(step, trusted, reachable)?;
        let (path, mode, owner) = (step.path.clone(), step.mode & 0o7777, step.owner);
        Some(Exposed { path, why, mode, owner, remedy })
    })
}

fn fault(step: &PathElement, trusted: &[u32], reachable: bool) -> Option<(&'static str, Remedy)> {
    let can = |bits| step.mode & bits != 0;
    if step.owner != 0 && !trusted.contains(&step.owner) {
        return Some(("it belongs to a user who is neither root nor the daemon's", Remedy::ToRoot));
    }
    if step.is_directory {
        // In a sticky directory only the owner of a file can replace it.
        let replaceable = can(OTHER_WRITE) && !can(STICKY);
        return replaceable.then_some((
            "every user can replace what is in it",
            Remedy::Without(Taken::WriteOfOthers),
        ));
    }
    if can(OTHER_WRITE) {
        return Some(("every user can write it", Remedy::Without(Taken::OfOthers)));
    }
    if can(GROUP_WRITE) {
        return Some(("its group can write it", Remedy::Without(Taken::WriteOfGroup)));
    }
    (can(OTHER_READ) && reachable)
        .then_some(("every user can read it", Remedy::Without(Taken::OfOthers)))
}

/// The path as a shell takes it.
#[must_use]
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |ch: char| ch.is_ascii_alphanumeric() || "/._-+@%=:,".contains(ch);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::{PathElement, find};
    use std::path::PathBuf;

    const DAEMON: u32 = 107;

    /// A key at /k/mail2 whose directory and file have these modes and owners.
    fn key(directory: (u32, u32), file: (u32, u32)) -> Vec<PathElement> {
        let element = |path: &str, is_directory, (mode, owner)| PathElement {
            path: PathBuf::from(path),
            is_directory,
            mode,
            owner,
            group: 0,
        };
        vec![
            element("/", true, (0o755, 0)),
            element("/k", true, directory),
            element("/k/mail 2", false, file),
        ]
    }

    #[test]
    fn the_historic_and_the_private_set_ups_are_safe() {
        for (directory, file) in [
            ((0o755, 0), (0o600, 0)),
            ((0o755, 0), (0o640, 0)),
            ((0o755, 0), (0o440, DAEMON)),
            ((0o775, 0), (0o640, 0)),
            ((0o1777, 0), (0o600, DAEMON)),
            ((0o700, 0), (0o644, 0)),
        ] {
            assert_eq!(find(&key(directory, file), &[DAEMON]), None, "{directory:?} {file:?}");
        }
    }

    #[test]
    fn an_exposed_key_names_the_element_and_the_command() {
        for (directory, file, at, command) in [
            ((0o755, 0), (0o644, 0), "/k/mail 2", "chmod o-rwx '/k/mail 2'"),
            ((0o755, 0), (0o602, 0), "/k/mail 2", "chmod o-rwx '/k/mail 2'"),
            ((0o700, 0), (0o660, 0), "/k/mail 2", "chmod g-w '/k/mail 2'"),
            ((0o777, 0), (0o600, 0), "/k", "chmod o-w /k"),
            ((0o755, 1000), (0o600, 0), "/k", "chown root /k"),
            ((0o755, 0), (0o600, 1000), "/k/mail 2", "chown root '/k/mail 2'"),
        ] {
            let exposed = find(&key(directory, file), &[DAEMON]).unwrap();
            assert_eq!(exposed.path, PathBuf::from(at), "{exposed}");
            assert!(exposed.to_string().ends_with(command), "{exposed}");
        }
    }
}
