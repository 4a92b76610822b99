//! Keys, read from the file system.

use super::credentials::NotPassed;
use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};
use twinseal_config::Config;
use twinseal_keys::exposure::{self, Exposed, PathElement};
use twinseal_keys::{BadPem, KeyError, SigningKey, UnparsedKey};
use zeroize::Zeroizing;

/// A key file is never larger, in octets: an RSA key of 8192 bits with all its numbers, in base64,
/// takes a tenth of this.
const MAX_KEY_FILE_OCTETS: u64 = 64 * 1024;

/// How many symbolic links a path may hold, as Linux counts (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// What a key that strangers can get at leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// It is refused.
    Refused,
    /// It is used, with a warning.
    Warned,
}

impl Exposure {
    /// What that configuration says.
    #[must_use]
    pub const fn of(config: &Config) -> Self {
        if config.require_safe_keys { Self::Refused } else { Self::Warned }
    }
}

/// A file holds no key that may be used. The message does not name the file: who asked for it
/// knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("the key cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is larger than any key.
    #[error("it is larger than {MAX_KEY_FILE_OCTETS} octets, which no key is")]
    TooLarge,
    /// Somebody writes to it.
    #[error("it grew while it was read")]
    Growing,
    /// It is a directory, a device or the like.
    #[error("it is no regular file")]
    NotAFile,
    /// It has no frame of a key.
    #[error(transparent)]
    NoFrame(#[from] BadPem),
    /// It holds no key.
    #[error(transparent)]
    NoKey(#[from] KeyError),
    /// It should have been handed over, and was not.
    #[error(transparent)]
    NotPassed(#[from] NotPassed),
    /// Strangers can get at it.
    #[error("{0}, or set require-safe-keys to false")]
    Exposed(Box<Exposed>),
}

/// A key, and what there is to say about its file.
#[derive(Debug)]
pub struct KeyFile<K> {
    /// The key.
    pub key: K,
    /// Who else can get at it, where that is only warned about.
    pub exposed: Option<Exposed>,
    /// What the file was when it was read.
    pub stamp: Stamp,
}

/// What tells a file that has not changed from another one, or from what it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Device and inode.
    identity: (u64, u64),
    /// Its size in octets.
    size: u64,
    /// When it was last written to: seconds since 1970, and nanoseconds.
    written: (i64, i64),
}

impl Stamp {
    /// That of the file behind the path now.
    ///
    /// # Errors
    /// When a directory on the way cannot be searched, or nothing is there.
    pub fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|status| Self::from(&status))
    }

    /// When the file was last written to, in seconds since 1970; `None` where there is none.
    #[must_use]
    pub fn written(&self) -> Option<u64> {
        let is_file = *self != Self::default();
        u64::try_from(self.written.0).ok().filter(|_| is_file)
    }
}

impl From<&fs::Metadata> for Stamp {
    fn from(status: &fs::Metadata) -> Self {
        Self {
            identity: (status.dev(), status.ino()),
            size: status.size(),
            written: (status.mtime(), status.mtime_nsec()),
        }
    }
}

/// Reads and parses a key. Besides root and the user we are, `trusted` users may own what leads to
/// it.
///
/// # Errors
/// [`KeyFileError`].
pub fn load(
    path: &Path,
    exposure: Exposure,
    trusted: &[u32],
) -> Result<KeyFile<SigningKey>, KeyFileError> {
    let KeyFile { key, exposed, stamp } = read(path, exposure, trusted)?;
    Ok(KeyFile { key: key.parse()?, exposed, stamp })
}

/// Reads a key, and does not parse it: the file, its size, its frame and who can get at it are
/// looked at.
///
/// # Errors
/// [`KeyFileError`], but not that the frame holds no key.
pub fn read(
    path: &Path,
    exposure: Exposure,
    trusted: &[u32],
) -> Result<KeyFile<UnparsedKey>, KeyFileError> {
    // A pipe would keep us waiting for who writes to it.
    let nonblocking = OFlag::O_NONBLOCK.bits();
    let file = fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let status = file.metadata()?;
    if !status.is_file() {
        return Err(KeyFileError::NotAFile);
    }
    let key = UnparsedKey::from_pem(&octets(file, status.len())?)?;
    let trusted: Vec<u32> = trusted.iter().copied().chain([geteuid().as_raw()]).collect();
    match (exposure::find(&elements(path)?, &trusted), exposure) {
        (Some(exposed), Exposure::Refused) => Err(KeyFileError::Exposed(Box::new(exposed))),
        (exposed, _) => Ok(KeyFile { key, exposed, stamp: Stamp::from(&status) }),
    }
}

/// The octets of a file of that size, in one buffer that is wiped: one that grows would leave
/// copies of the key behind.
fn octets(file: fs::File, size: u64) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    if size > MAX_KEY_FILE_OCTETS {
        return Err(KeyFileError::TooLarge);
    }
    // One more, to see whether the file grows while it is read.
    let room = size + 1;
    let mut octets = Zeroizing::new(Vec::with_capacity(usize::try_from(room).unwrap_or_default()));
    file.take(room).read_to_end(&mut octets)?;
    if octets.len() as u64 == room {
        return Err(KeyFileError::Growing);
    }
    Ok(octets)
}

/// Every directory that is walked through to the file behind `path`, links resolved, and the file
/// (trap F4). The links themselves do not count, the directories that hold them do.
pub(crate) fn elements(path: &Path) -> io::Result<Vec<PathElement>> {
    let mut elements = Vec::new();
    let mut at = std::env::current_dir()?;
    let mut left: VecDeque<OsString> = parts(path);
    if path.is_relative() {
        left = parts(&at).into_iter().chain(left).collect();
    }
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        if part == "/" {
            at = PathBuf::from("/");
        } else if part == ".." {
            at.pop();
            continue;
        } else {
            at.push(&part);
        }
        let status = fs::symlink_metadata(&at)?;
        if status.is_symlink() {
            links += 1;
            if links > MAX_LINKS {
                return Err(io::Error::other("too many symbolic links"));
            }
            let target = fs::read_link(&at)?;
            at.pop();
            left = parts(&target).into_iter().chain(left).collect();
            continue;
        }
        elements.push(PathElement {
            path: at.clone(),
            is_directory: status.is_dir(),
            mode: status.mode(),
            owner: status.uid(),
            group: status.gid(),
        });
    }
    Ok(elements)
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let meant = path.components().filter(|component| *component != Component::CurDir);
    meant.map(|component| component.as_os_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Exposure, KeyFileError, elements, load};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::{Path, PathBuf};

    const PEM: &[u8] = include_bytes!("../../../../tests/data/keys/rsa1024.pem");

    fn write(path: &Path, octets: &[u8], mode: u32) {
        fs::write(path, octets).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A directory under which everything is private to us.
    fn scratch() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_owned();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        (directory, path)
    }

    #[test]
    fn a_link_leads_to_the_directories_behind_it() {
        // Trap F4: mail2 -> keys/default.private
        let (_guard, root) = scratch();
        fs::create_dir(root.join("keys")).unwrap();
        write(&root.join("keys/default.private"), PEM, 0o640);
        symlink("./keys/../keys/default.private", root.join("mail2")).unwrap();
        let found = elements(&root.join("mail2")).unwrap();
        let paths: Vec<_> = found.iter().map(|element| element.path.clone()).collect();
        assert_eq!(paths[0], PathBuf::from("/"));
        assert_eq!(paths.last(), Some(&root.join("keys/default.private")));
        assert!(paths.contains(&root) && paths.contains(&root.join("keys")), "{paths:?}");
        assert!(load(&root.join("mail2"), Exposure::Refused, &[]).unwrap().exposed.is_none());
    }

    #[test]
    fn an_exposed_key_is_refused_or_warned_about() {
        let (_guard, root) = scratch();
        write(&root.join("key"), PEM, 0o644);
        let error = load(&root.join("key"), Exposure::Refused, &[]).unwrap_err().to_string();
        assert!(error.contains("chmod o-rwx") && error.contains("every user can read"), "{error}");
        let warned = load(&root.join("key"), Exposure::Warned, &[]).unwrap();
        assert_eq!(warned.exposed.unwrap().path, root.join("key"));
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let (_guard, root) = scratch();
        write(&root.join("large"), &vec![b'x'; 65 * 1024], 0o600);
        write(&root.join("text"), b"hello", 0o600);
        symlink("loop", root.join("loop")).unwrap();
        nix::unistd::mkfifo(&root.join("pipe"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        let load = |name: &str| load(&root.join(name), Exposure::Refused, &[]).unwrap_err();
        assert!(matches!(load("large"), KeyFileError::TooLarge));
        assert!(matches!(load("text"), KeyFileError::NoFrame(_)));
        assert!(matches!(load("."), KeyFileError::NotAFile));
        assert!(matches!(load("pipe"), KeyFileError::NotAFile));
        assert!(matches!(load("missing"), KeyFileError::Unreadable(_)));
        assert!(matches!(load("loop"), KeyFileError::Unreadable(_)));
    }
}
