//! What the daemon gives up once its sockets are open, its keys are read and root is gone.
//!
//! What comes later comes from strangers: mail, and answers of DNS. So from then on the kernel lets
//! this process read only below the directories that its configuration names, connect by TCP only to
//! the ports of its DNS servers, and call only what a daemon that runs already calls; nothing can
//! be executed and no other process started. Files are Landlock's business (landlock(7)), calls are
//! seccomp's (seccomp(2)); neither can be taken back, by nobody.
//!
//! It is entered before there is a second thread: Landlock binds the one that asks for it and those
//! that it makes.

mod boundary;
mod calls;
mod needs;
mod rules;

pub(crate) use boundary::{Boundary, Outside};
pub(crate) use needs::{CREDENTIALS, Needs};

use std::fmt::Display;
use twinseal_config::Sandbox;

/// What is in force, thing by thing: a kernel may have one without the other.
#[derive(Debug, Clone, Copy)]
struct InForce {
    /// Files outside cannot be read.
    files: bool,
    /// TCP goes to known ports alone.
    tcp: bool,
    /// No program can be started.
    programs: bool,
}

impl InForce {
    /// `None` where nothing is.
    fn of(files: Option<&rules::InForce>, calls: bool) -> Option<Self> {
        let tcp = files.is_some_and(rules::InForce::limits_tcp);
        // Landlock keeps files from being executed too.
        let programs = files.is_some() || calls;
        programs.then_some(Self { files: files.is_some(), tcp, programs })
    }
}

/// What was given up.
#[derive(Debug)]
pub(crate) struct Entered {
    /// Which version of Landlock, or why there is none.
    files: Result<rules::InForce, String>,
    /// Whether system calls are filtered, or why they are not.
    calls: Result<(), String>,
    /// What a reload may name.
    pub(crate) boundary: Option<Boundary>,
}

/// The configuration asks for what this kernel does not have.
#[derive(Debug, thiserror::Error)]
#[error("sandbox: it is \"required\", and {0}")]
pub struct Lacking(String);

/// Gives up what is not needed; `None` where that is not wanted.
///
/// # Errors
/// [`Lacking`], where it has to be and cannot.
pub(crate) fn enter(wanted: Sandbox, needs: &Needs) -> Result<Option<Entered>, Lacking> {
    if wanted == Sandbox::Off {
        return Ok(None);
    }
    // What the library reads once, its configuration and what that loads, is outside later.
    twinseal_keys::prepare();
    let files = rules::restrict(needs);
    let calls = calls::filter();
    let in_force = InForce::of(files.as_ref().ok(), calls.is_ok());
    let boundary = in_force.map(|in_force| Boundary::around(needs, in_force));
    let entered = Entered { files, calls, boundary };
    let lacks: Vec<String> = entered.lacks().collect();
    if wanted == Sandbox::Required && !lacks.is_empty() {
        return Err(Lacking(lacks.join("; ")));
    }
    Ok(Some(entered))
}

impl Entered {
    /// Says what is in force, and what this kernel does not have.
    pub(crate) fn tell(&self) {
        match (&self.files, &self.calls) {
            (Ok(files), Ok(())) => tracing::info!("sandboxed: {files}, system calls filtered"),
            (Ok(files), Err(_)) => tracing::info!("sandboxed: {files}"),
            (Err(_), Ok(())) => tracing::info!("sandboxed: system calls filtered"),
            (Err(_), Err(_)) => tracing::warn!("not sandboxed"),
        }
        self.lacks().for_each(|lack| tracing::warn!("sandbox: {lack}"));
    }

    /// What it has not got, and what follows.
    fn lacks(&self) -> impl Iterator<Item = String> {
        let because = |what: &str, why: &dyn Display| format!("{what} ({why})");
        let files = self.files.as_ref().err().map(|why| {
            because("the kernel has no Landlock: what its user can read, the daemon can read", why)
        });
        let calls = self.calls.as_ref().err().map(|why| {
            because("system calls cannot be filtered: it can call whatever its user can", why)
        });
        files.into_iter().chain(calls)
    }
}

#[cfg(test)]
mod tests;
