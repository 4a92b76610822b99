//! Whether a user can read what a path leads to, by owners and permissions.
//!
//! LIMIT: access control lists beyond the mode are not looked at. Where one grants more than the
//! mode says, the finding is wrong, and is left out with `--ignore key-not-for-user`.

use crate::privileges::Account;
use crate::tools::check::change::{Change, What};
use crate::tools::check::inventory;
use std::fmt;
use twinseal_keys::exposure::PathElement;

/// Whom a file is read by.
pub(in crate::tools::check) struct Reader {
    user: u32,
    groups: Vec<u32>,
}

/// The first element of a path that stops a reader.
pub(super) struct Barrier<'p> {
    pub(super) element: &'p PathElement,
    pub(super) needs: Needs,
}

/// What a reader has to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tools::check) enum Needs {
    /// To reach what is in a directory.
    Search,
    /// To read a file.
    Read,
    /// To connect to a socket.
    Write,
}

impl Needs {
    /// Whether the members of an element's group have it.
    pub(in crate::tools::check) const fn of_group(self, element: &PathElement) -> bool {
        element.mode >> 3 & self.bit() != 0
    }

    /// The bit of those that are neither the owner nor in the group.
    const fn bit(self) -> u32 {
        match self {
            Self::Search => 0o001,
            Self::Read => 0o004,
            Self::Write => 0o002,
        }
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Search => "search",
            Self::Read => "read",
            Self::Write => "write to",
        })
    }
}

impl Reader {
    pub(in crate::tools::check) fn of(account: &Account) -> Self {
        Self { user: account.uid(), groups: account.groups() }
    }

    /// Makes it a member of that group; whether it was none before.
    pub(in crate::tools::check) fn join(&mut self, group: u32) -> bool {
        let joins = !self.groups.contains(&group);
        if joins {
            self.groups.push(group);
        }
        joins
    }

    /// What stops it first, if anything does.
    pub(super) fn stopped_by<'p>(&self, path: &'p [PathElement]) -> Option<Barrier<'p>> {
        path.iter().find_map(|element| {
            let needs = if element.is_directory { Needs::Search } else { Needs::Read };
            (!self.may(element, needs)).then_some(Barrier { element, needs })
        })
    }

    /// The owner's bits count for the owner alone, the group's for its members alone: whoever is
    /// one of them has none of the rest.
    pub(in crate::tools::check) fn may(&self, element: &PathElement, needs: Needs) -> bool {
        if self.user == 0 {
            return true;
        }
        let shift = if element.owner == self.user {
            6
        } else if self.groups.contains(&element.group) {
            3
        } else {
            0
        };
        element.mode >> shift & needs.bit() != 0
    }
}

impl Barrier<'_> {
    /// What lets that user pass, and nobody else that could not before; `None` where that is not
    /// ours to say: a folder that holds more than the key (`own` is false), and that others use.
    pub(super) fn changes(
        &self,
        account: &Account,
        reader: &Reader,
        own: bool,
    ) -> Option<Vec<Change>> {
        let PathElement { path, owner, group, .. } = self.element;
        let change = |what| Change { path: path.clone(), what };
        if *owner == reader.user {
            return Some(vec![change(What::More { bits: self.needs.bit() << 6 })]);
        }
        let mut changes = Vec::new();
        let has_bit = self.needs.of_group(self.element);
        if !reader.groups.contains(group) {
            if *group != 0 {
                let (user, number) = (account.name(), *group);
                let group = inventory::group(number);
                changes.push(change(What::Join { user, group, number }));
            } else if own {
                let number = account.gid();
                changes.push(change(What::Group { name: inventory::group(number), number }));
            } else {
                return None;
            }
        }
        if !has_bit {
            if !own {
                return None;
            }
            changes.push(change(What::More { bits: self.needs.bit() << 3 }));
        }
        Some(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Needs, Reader};
    use std::path::PathBuf;
    use twinseal_keys::exposure::PathElement;

    fn element(is_directory: bool, mode: u32, owner: u32, group: u32) -> PathElement {
        PathElement { path: PathBuf::from("/k"), is_directory, mode, owner, group }
    }

    #[test]
    fn the_first_element_that_stops_the_user_is_found() {
        let reader = Reader { user: 107, groups: vec![107, 200] };
        for (directory, file, want) in [
            ((0o755, 0, 0), (0o640, 0, 107), None),
            ((0o750, 0, 200), (0o640, 0, 200), None),
            ((0o700, 107, 0), (0o400, 107, 0), None),
            ((0o700, 0, 0), (0o644, 0, 0), Some(Needs::Search)),
            ((0o755, 0, 0), (0o600, 0, 107), Some(Needs::Read)),
            ((0o755, 0, 0), (0o640, 0, 0), Some(Needs::Read)),
            // Who owns it, or is in its group, has none of the bits of the rest.
            ((0o755, 0, 0), (0o044, 107, 0), Some(Needs::Read)),
            ((0o705, 0, 200), (0o644, 0, 0), Some(Needs::Search)),
        ] {
            let (d, f) = (directory, file);
            let path = [element(true, d.0, d.1, d.2), element(false, f.0, f.1, f.2)];
            let found = reader.stopped_by(&path).map(|barrier| barrier.needs);
            assert_eq!(found, want, "{directory:?} {file:?}");
        }
        let root = Reader { user: 0, groups: vec![0] };
        assert!(root.stopped_by(&[element(false, 0o000, 5, 5)]).is_none());
    }
}
