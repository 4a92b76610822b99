//! Giving root up.

use nix::errno::Errno;
use nix::unistd::{
    Gid, Group, Uid, chdir, chroot, getegid, geteuid, getgrouplist, getgroups, initgroups, setgid,
    setgroups, setuid,
};
use std::ffi::CString;
use std::path::Path;
use twinseal_config::{ExitCode, User};

/// A user that was looked up.
#[derive(Debug, Clone)]
pub struct Account {
    name: Option<String>,
    uid: Uid,
    gid: Gid,
    /// Whether the group was asked for, and is not merely the user's own.
    group_is_named: bool,
}

/// The user cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotBecome {
    /// No user of that name or number.
    #[error("no such user {0:?}")]
    NoUser(String),
    /// No group of that name or number.
    #[error("no such group {0:?}")]
    NoGroup(String),
    /// The user database cannot be asked.
    #[error("user {name:?} cannot be looked up: {error}")]
    Lookup {
        /// The user or group.
        name: String,
        /// Why not.
        error: Errno,
    },
    /// A number without an account says nothing about the group.
    #[error("user {0:?} has no account, so its group has to be named: {0}:GROUP")]
    NoPrimaryGroup(String),
    /// Who is not root stays who it is.
    #[error(
        "it runs as user {ours:?}, and only root can become {wanted:?}: start it as root, or leave \
         the user out of the configuration"
    )]
    NotRoot {
        /// Who we are.
        ours: String,
        /// Whom to become.
        wanted: String,
    },
    /// The change is refused.
    #[error("{call}(): {error}")]
    Refused {
        /// What was tried.
        call: &'static str,
        /// Why not.
        error: Errno,
    },
}

impl CannotBecome {
    /// How the program ends (`compat`: 65 for who is unknown, 77 for what is refused).
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoUser(_) | Self::NoGroup(_) | Self::NoPrimaryGroup(_) => ExitCode::Data,
            Self::Lookup { .. } => ExitCode::System,
            Self::NotRoot { .. } | Self::Refused { .. } => ExitCode::Permission,
        }
    }
}

impl Account {
    /// Looks a user up, by name or by number.
    ///
    /// # Errors
    /// [`CannotBecome`] when there is none.
    pub fn find(spec: &User) -> Result<Self, CannotBecome> {
        let (name, uid, primary) = find_user(&spec.name)?;
        let gid = match &spec.group {
            Some(group) => find_group(group)?,
            None => primary.ok_or_else(|| CannotBecome::NoPrimaryGroup(spec.name.clone()))?,
        };
        Ok(Self { name, uid, gid, group_is_named: spec.group.is_some() })
    }

    /// Its number.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// The user's name, or its number.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.uid.to_string())
    }

    /// The number of its group: that of the user, or the one that was asked for.
    #[must_use]
    pub fn gid(&self) -> u32 {
        self.gid.as_raw()
    }

    /// The numbers of all groups that it would be in.
    #[must_use]
    pub fn groups(&self) -> Vec<u32> {
        let name = self.name.as_deref().and_then(|name| CString::new(name).ok());
        let groups = name.and_then(|name| getgrouplist(&name, self.gid).ok());
        groups.unwrap_or_else(|| vec![self.gid]).into_iter().map(Gid::as_raw).collect()
    }

    /// Becomes that user, with its groups and one more, for good. Nothing happens for who is that
    /// user already, and in the group if one is asked for: a service manager has done it.
    ///
    /// # Errors
    /// [`CannotBecome::Refused`], where we are not root.
    pub fn assume(&self, one_more: Option<u32>) -> Result<(), CannotBecome> {
        let refused = |call| move |error| CannotBecome::Refused { call, error };
        let is_in_group = || getgroups().is_ok_and(|groups| groups.contains(&self.gid));
        let group_is_right = || !self.group_is_named || getegid() == self.gid || is_in_group();
        if !self.uid.is_root() && geteuid() == self.uid && group_is_right() {
            return Ok(());
        }
        // Supplementary groups first: they cannot be changed any more afterwards.
        let changed = match self.name.as_deref().map(CString::new) {
            Some(Ok(name)) => initgroups(&name, self.gid).map_err(refused("initgroups")),
            _ => setgroups(&[self.gid]).map_err(refused("setgroups")),
        };
        changed.map_err(|error| if geteuid().is_root() { error } else { self.not_root() })?;
        if let Some(group) = one_more.map(Gid::from_raw) {
            let mut groups = getgroups().map_err(refused("getgroups"))?;
            groups.push(group);
            setgroups(&groups).map_err(refused("setgroups"))?;
        }
        setgid(self.gid).map_err(refused("setgid"))?;
        setuid(self.uid).map_err(refused("setuid"))
    }
}

impl Account {
    fn not_root(&self) -> CannotBecome {
        let ours = geteuid();
        let known = nix::unistd::User::from_uid(ours).ok().flatten();
        let group = Group::from_gid(self.gid).ok().flatten().map(|group| group.name);
        let group = group.unwrap_or_else(|| self.gid.to_string());
        let wanted =
            if self.group_is_named { format!("{}:{group}", self.name()) } else { self.name() };
        CannotBecome::NotRoot {
            ours: known.map_or_else(|| ours.to_string(), |user| user.name),
            wanted,
        }
    }

    /// Becomes that user, with its groups, in the directory `root` as if it were the root of all, as
    /// Postfix's programs do; root alone can.
    ///
    /// # Errors
    /// [`CannotBecome::Refused`].
    pub fn assume_within(&self, root: Option<&Path>) -> Result<(), CannotBecome> {
        let refused = |call| move |error| CannotBecome::Refused { call, error };
        // The database of groups is outside of that directory.
        match self.name.as_deref().map(CString::new) {
            Some(Ok(name)) => initgroups(&name, self.gid).map_err(refused("initgroups"))?,
            _ => setgroups(&[self.gid]).map_err(refused("setgroups"))?,
        }
        if let Some(root) = root {
            chroot(root).map_err(refused("chroot"))?;
            chdir("/").map_err(refused("chdir"))?;
        }
        setgid(self.gid).map_err(refused("setgid"))?;
        setuid(self.uid).map_err(refused("setuid"))
    }
}

fn find_user(text: &str) -> Result<(Option<String>, Uid, Option<Gid>), CannotBecome> {
    let lookup = |error| CannotBecome::Lookup { name: text.to_owned(), error };
    let user = match nix::unistd::User::from_name(text).map_err(lookup)? {
        Some(user) => Some(user),
        None => match text.parse() {
            Ok(number) => nix::unistd::User::from_uid(Uid::from_raw(number)).map_err(lookup)?,
            Err(_) => None,
        },
    };
    match (user, text.parse()) {
        (Some(user), _) => Ok((Some(user.name), user.uid, Some(user.gid))),
        (None, Ok(number)) => Ok((None, Uid::from_raw(number), None)),
        (None, Err(_)) => Err(CannotBecome::NoUser(text.to_owned())),
    }
}

/// The number of a group.
///
/// # Errors
/// [`CannotBecome::NoGroup`] when there is none of that name or number.
pub fn group(text: &str) -> Result<u32, CannotBecome> {
    find_group(text).map(Gid::as_raw)
}

fn find_group(text: &str) -> Result<Gid, CannotBecome> {
    let lookup = |error| CannotBecome::Lookup { name: text.to_owned(), error };
    match (Group::from_name(text).map_err(lookup)?, text.parse()) {
        (Some(group), _) => Ok(group.gid),
        (None, Ok(number)) => Ok(Gid::from_raw(number)),
        (None, Err(_)) => Err(CannotBecome::NoGroup(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::Account;
    use twinseal_config::{ExitCode, User};

    fn find(user: &str, group: Option<&str>) -> Result<Account, super::CannotBecome> {
        Account::find(&User { name: user.to_owned(), group: group.map(str::to_owned) })
    }

    #[test]
    fn users_and_groups_are_found_by_name_and_by_number() {
        let root = find("root", None).unwrap();
        assert_eq!((root.uid(), root.gid.as_raw()), (0, 0));
        assert_eq!(find("0", Some("0")).unwrap().uid(), 0);
        assert_eq!(find("4000000", Some("4000001")).unwrap().gid.as_raw(), 4_000_001);
    }

    #[test]
    fn who_is_unknown_is_said_with_the_historic_code() {
        for (user, group) in
            [("no-such-user", None), ("root", Some("no-such-group")), ("4000000", None)]
        {
            let error = find(user, group).unwrap_err();
            assert_eq!(error.exit_code(), ExitCode::Data, "{error}");
        }
    }
}
