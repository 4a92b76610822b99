//! Files that one process at a time has for its own.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// How often a file is opened again that was removed under our hands.
const ATTEMPTS: u32 = 10;

/// A file cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotHeld {
    /// Another process has it, or the same one has it already.
    #[error("another process has it")]
    Taken,
    /// It cannot be opened or locked.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Opens the file, makes it if it is not there, and locks it for as long as it is open.
///
/// It may lie where another user than us can write: what is a link, or has another name elsewhere,
/// is not touched.
///
/// The lock is one that only who may write to the file can have: with flock(2), whoever can read it
/// could keep us from starting. It belongs to the open file, so that no second opening and closing
/// of the same file loses it, and it is gone with the process, however that ends. What is no
/// regular file is not locked.
///
/// # Errors
/// [`NotHeld`], without any waiting.
pub(crate) fn hold(path: &Path, mode: u32) -> Result<File, NotHeld> {
    let mut options = OpenOptions::new();
    held(path, options.read(true).write(true).create(true).truncate(false).mode(mode))
}

/// The same for a file that is there; makes none.
///
/// # Errors
/// [`NotHeld`], also where there is none.
pub(crate) fn hold_existing(path: &Path) -> Result<File, NotHeld> {
    held(path, OpenOptions::new().read(true).write(true))
}

fn held(path: &Path, options: &mut OpenOptions) -> Result<File, NotHeld> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
    for _ in 0..ATTEMPTS {
        let file = options.custom_flags(flags.bits()).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            // /dev/null and its like are for everybody at the same time.
            return Ok(file);
        }
        // One that was removed meanwhile has no name left; it is opened again below.
        if metadata.nlink() > 1 {
            return Err(NotHeld::Io(io::Error::other("the file has another name elsewhere")));
        }
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&whole_file()?)) {
            Ok(_) => {}
            Err(Errno::EAGAIN | Errno::EACCES) => return Err(NotHeld::Taken),
            Err(error) => return Err(NotHeld::Io(error.into())),
        }
        // Who had it may have removed it between our opening and our locking.
        let ours = file.metadata()?;
        if fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (ours.dev(), ours.ino())) {
            return Ok(file);
        }
    }
    Err(NotHeld::Taken)
}

/// A lock for writing, from the first octet to whatever the last one is.
fn whole_file() -> io::Result<libc::flock> {
    let number = |constant: i32| libc::c_short::try_from(constant).map_err(io::Error::other);
    Ok(libc::flock {
        l_type: number(libc::F_WRLCK)?,
        l_whence: number(libc::SEEK_SET)?,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::{NotHeld, hold, hold_existing};
    use std::thread;

    #[test]
    fn one_at_a_time_has_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t");
        let first = hold(&path, 0o600).unwrap();
        assert!(matches!(hold(&path, 0o600), Err(NotHeld::Taken)));
        // Reading it elsewhere does not lose it.
        drop(std::fs::read(&path).unwrap());
        assert!(matches!(hold(&path, 0o600), Err(NotHeld::Taken)));
        drop(first);
        hold(&path, 0o600).unwrap();
    }

    #[test]
    fn a_link_to_another_file_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let [other, link, name, none] =
            ["other", "link", "name", "none"].map(|name| directory.path().join(name));
        std::fs::write(&other, "precious").unwrap();
        std::os::unix::fs::symlink(&other, &link).unwrap();
        assert!(matches!(hold(&link, 0o600), Err(NotHeld::Io(_))));
        std::fs::hard_link(&other, &name).unwrap();
        assert!(matches!(hold(&name, 0o600), Err(NotHeld::Io(_))));
        std::os::unix::fs::symlink(directory.path().join("nowhere"), &none).unwrap();
        assert!(matches!(hold(&none, 0o600), Err(NotHeld::Io(_))));
        assert!(!directory.path().join("nowhere").exists());
        assert!(matches!(hold_existing(&directory.path().join("new")), Err(NotHeld::Io(_))));
        assert!(!directory.path().join("new").exists());
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "precious");
    }

    #[test]
    fn a_file_that_its_holder_removes_is_not_had_twice() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        let try_it = || {
            for _ in 0..500 {
                let Ok(file) = hold(&path, 0o600) else { continue };
                assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                std::fs::remove_file(&path).unwrap();
                drop(file);
            }
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(try_it);
            }
        });
    }
}
