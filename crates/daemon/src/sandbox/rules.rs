//! Files, TCP and other processes: rules for Landlock.

use super::Needs;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, Scope, make_bitflags,
};
use std::fmt;
use std::path::Path;

/// The version whose rights are given up: older kernels have fewer, and those of newer ones have
/// not been tried. The ninth would keep us from the socket of syslog.
const TRIED: ABI = ABI::V7;

/// The first version that knows TCP.
const WITH_TCP: ABI = ABI::V4;

/// What a directory is read with. A file has no list.
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});

/// What is in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct InForce(ABI);

impl InForce {
    /// Whether TCP is limited.
    pub(super) fn limits_tcp(&self) -> bool {
        self.0 >= WITH_TCP
    }
}

impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Landlock ABI {}", self.0)?;
        if self.limits_tcp() { Ok(()) } else { write!(f, " (which leaves TCP alone)") }
    }
}

/// Gives up what is not needed, for this thread and those that it makes.
///
/// # Errors
/// Why that cannot be done.
pub(super) fn restrict(needs: &Needs) -> Result<InForce, String> {
    let why = |error: RulesetError| error.to_string();
    let status = ruleset(needs).and_then(RulesetCreated::restrict_self).map_err(why)?;
    match (status.landlock, status.ruleset) {
        (LandlockStatus::NotEnabled, _) => Err("it is not enabled".to_owned()),
        (LandlockStatus::NotImplemented, _) => Err("it is not built in".to_owned()),
        (LandlockStatus::Available { .. }, RulesetStatus::NotEnforced) => {
            Err("it takes none of our rules".to_owned())
        }
        (LandlockStatus::Available { effective_abi, .. }, _) => {
            Ok(InForce(effective_abi.min(TRIED)))
        }
    }
}

fn ruleset(needs: &Needs) -> Result<RulesetCreated, RulesetError> {
    // Its kernel's best: what an older one does not know is left out.
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(TRIED))?
        .handle_access(AccessNet::from_all(TRIED))?
        .scope(Scope::Signal)?;
    if !needs.abstract_sockets {
        ruleset = ruleset.scope(Scope::AbstractUnixSocket)?;
    }
    let mut created = ruleset.create()?;
    let write = AccessFs::ReadFile | AccessFs::WriteFile;
    let tidy = AccessFs::RemoveFile.into();
    for (paths, access) in
        [(&needs.readable, READ), (&needs.writable, write), (&needs.tidied, tidy)]
    {
        for path in paths {
            created = with(created, path, access)?;
        }
    }
    for port in &needs.ports {
        created = created.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(created)
}

/// One more path. What is not there, or not to be had by our user, cannot be read either way.
fn with(
    created: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(opened) = PathFd::new(path) else { return Ok(created) };
    // A file has no entries to be listed or removed.
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(TRIED) };
    created.add_rule(PathBeneath::new(opened, access))
}
