//! What is left of a process that dies.

use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Lets the system keep our memory when we die: a change of user forbids it, and the usual limit is
/// a size of zero. Whether and where it is kept is for the system to say (core(5)).
///
/// # Errors
/// What the system says that refuses it.
pub(crate) fn allow() -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    setrlimit(Resource::RLIMIT_CORE, hard, hard)?;
    set_dumpable(true)
}
