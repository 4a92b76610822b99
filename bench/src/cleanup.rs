//! Nothing is left behind, whatever ends us: no peer, no file.
//!
//! Peers and scratch directories are cleared away by their owners' `Drop`. A signal runs no `Drop`;
//! so a thread waits for those that ask us to end, and clears away what is listed here.

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static LEFT: Mutex<Left> = Mutex::new(Left { processes: Vec::new(), directories: Vec::new() });

struct Left {
    processes: Vec<Pid>,
    directories: Vec<PathBuf>,
}

fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes SIGINT, SIGTERM and SIGHUP out of the hands of all threads that are started from now on,
/// and waits for them. To be called before any other thread is started.
///
/// # Errors
/// When the system refuses.
pub fn watch_signals() -> nix::Result<()> {
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    signals.thread_block()?;
    std::thread::spawn(move || {
        let signal = signals.wait();
        clear();
        // As shells count it.
        std::process::exit(128 + signal.map_or(0, |signal| signal as i32));
    });
    Ok(())
}

fn clear() {
    // The lock stays taken: who is about to list something more ends with us.
    let left = left();
    for process in &left.processes {
        let _ = kill(*process, Signal::SIGKILL);
    }
    for directory in &left.directories {
        let _ = std::fs::remove_dir_all(directory);
    }
    std::mem::forget(left);
}

/// Lists a process that we have started, until [`forget_process`].
pub fn note_process(process: Pid) {
    left().processes.push(process);
}

/// The process has ended, and its number may soon be another's.
pub fn forget_process(process: Pid) {
    left().processes.retain(|listed| *listed != process);
}

/// Lists a directory that is ours alone.
pub fn note_directory(directory: &Path) {
    left().directories.push(directory.to_owned());
}
