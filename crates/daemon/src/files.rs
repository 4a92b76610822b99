//! The file system, with a memory of what was read.

use crate::serve::FileSystem;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use twinseal_config::Files;

/// The file system, and which files of it were asked for.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    read: RefCell<BTreeSet<PathBuf>>,
}

impl Recording {
    /// The files that were asked for, from the root on.
    pub(crate) fn into_files(self) -> BTreeSet<PathBuf> {
        self.read.into_inner()
    }
}

impl Files for Recording {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // Now: the directory in which it begins may be left.
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.read.borrow_mut().insert(whole);
        FileSystem.read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        FileSystem.exists(path)
    }

    fn enter(&self, directory: &Path) -> io::Result<()> {
        FileSystem.enter(directory)
    }
}
