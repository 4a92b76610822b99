//! Directories for one test each.
//!
//! Postfix runs as a user of its own and has to enter them, so every directory above must be open
//! to others; and a path of a Unix socket may hold about a hundred octets, so they have to be
//! short.

use crate::here;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that is removed when the test passes, and named when it fails.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// The directory that it is in, if that is to go with the last one.
    base: Option<PathBuf>,
}

impl Scratch {
    /// Makes a new one; `name` helps to recognize it.
    pub fn new(name: &str) -> Self {
        Self::in_base(&base(), name)
    }

    /// The same, in a directory of the caller's choice. That is made if it is not there, and
    /// removed if nothing else is in it: no two threads may do so at the same time.
    pub fn below(base: &Path, name: &str) -> Self {
        let mut scratch = Self::in_base(base, name);
        scratch.base = Some(base.to_owned());
        scratch
    }

    fn in_base(base: &Path, name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        set_mode(&path, 0o755);
        Self { path, base: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside.
    pub fn join(&self, relative: &str) -> PathBuf {
        self.path.join(relative)
    }

    /// Makes a directory inside, open to all.
    pub fn dir(&self, relative: &str) -> PathBuf {
        let path = self.join(relative);
        fs::create_dir_all(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        set_mode(&path, 0o755);
        path
    }

    /// Writes a file that all can read.
    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        self.write_with_mode(relative, content, 0o644)
    }

    /// Writes a file with these permissions.
    pub fn write_with_mode(&self, relative: &str, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.join(relative);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).unwrap_or_else(|e| panic!("{}: {e}", parent.display()));
        }
        fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        set_mode(&path, mode);
        path
    }

    /// Copies a test key from `tests/data/keys`, readable by its owner alone; its name without
    /// `.pem`.
    pub fn key(&self, name: &str) -> PathBuf {
        let from = here("data/keys").join(format!("{name}.pem"));
        let pem = fs::read(&from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
        self.write_with_mode(&format!("keys/{name}"), pem, 0o600)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.path.display());
        } else {
            let _ = fs::remove_dir_all(&self.path);
            let _ = self.base.as_ref().map(fs::remove_dir);
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

fn base() -> PathBuf {
    let beside_the_build = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.ancestors().nth(3).map(|target| target.join("e2e")));
    beside_the_build
        .filter(|path| path.as_os_str().len() < 50 && open_to_others(path))
        .unwrap_or_else(|| std::env::temp_dir().join("twinseal-e2e"))
}

fn open_to_others(path: &Path) -> bool {
    path.ancestors()
        .skip(1)
        .all(|dir| fs::metadata(dir).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0))
}
