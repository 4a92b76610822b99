//! The path of a unix socket, before one is bound there: what stands there already, and who else is
//! about to.

use crate::held_file::{self, NotHeld};
use nix::errno::Errno;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket};
use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;
use twinseal_message::text;

/// Nobody else has anything to do with a lock.
const LOCK_MODE: u32 = 0o600;

/// How often a lock is tried that somebody has, and how long to wait in between: longer than a start
/// takes to bind its sockets.
const LOCK_ATTEMPTS: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Keeps another start from a socket's path for the moment that it takes to bind one there.
///
/// It is a lock on a file beside the socket, which only its owner can open. The directory could be
/// locked as well, but by everybody who can read it, and then nothing would start any more.
pub(super) struct Lock {
    path: PathBuf,
    /// The lock goes with it.
    _held: File,
}

impl Lock {
    /// Where it lies.
    fn place(socket: &Path) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(socket.file_name().unwrap_or_default());
        name.push(".lock");
        socket.with_file_name(name)
    }

    /// Whether another start has it. Nothing is made for that: we may be root still, and what we
    /// left behind could not be opened by who we become.
    pub(super) fn is_held(socket: &Path) -> bool {
        matches!(held_file::hold_existing(&Self::place(socket)), Err(NotHeld::Taken))
    }

    pub(super) fn of(socket: &Path) -> io::Result<Self> {
        let path = Self::place(socket);
        let why = |what: &dyn Display| io::Error::other(format!("{}: {what}", text::path(&path)));
        for _ in 0..LOCK_ATTEMPTS {
            match held_file::hold(&path, LOCK_MODE) {
                Ok(held) => return Ok(Self { path, _held: held }),
                Err(NotHeld::Taken) => sleep(LOCK_PAUSE),
                Err(NotHeld::Io(error)) => {
                    return Err(io::Error::new(error.kind(), why(&error).to_string()));
                }
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, why(&"another start has it").to_string()))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is locked: whoever opens it now finds out that it is gone.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes a socket on which nobody answers: its owner was killed. Anything else is left alone.
pub(super) fn remove_stale(path: &Path) -> io::Result<()> {
    if is_stale(path)? { fs::remove_file(path) } else { Ok(()) }
}

/// Whether there is a socket on which nobody answers, and not merely nothing.
///
/// # Errors
/// When something else is there.
pub(super) fn is_stale(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
        Ok(status) if !status.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "there is a file that is no socket",
            ));
        }
        Ok(_) => {}
    }
    // Without waiting: whoever listens may have stopped to accept.
    let probe = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_NONBLOCK, None)?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        Ok(()) => Err(io::Error::new(io::ErrorKind::AddrInUse, who_listens(&probe))),
        Err(Errno::EAGAIN) => {
            Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens on it"))
        }
        Err(Errno::ECONNREFUSED) => Ok(true),
        // Its owner is just removing it.
        Err(Errno::ENOENT) => Ok(false),
        Err(Errno::EACCES) => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "there is a socket already, of another user",
        )),
        Err(error) => Err(error.into()),
    }
}

/// Who has answered that connection.
fn who_listens(probe: &OwnedFd) -> String {
    match getsockopt(probe, PeerCredentials) {
        Ok(peer) if peer.pid() > 0 => format!("somebody listens on it: process {}", peer.pid()),
        _ => "somebody listens on it".to_owned(),
    }
}
