//! The files that a configuration names, without a file system.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

/// Where the bytes of named files come from.
///
/// This crate opens nothing itself: the daemon gives it the file system, a test gives it a map.
pub trait Files {
    /// The content of that file.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The content of a file of the configuration itself, whose path begins where it was typed, even
    /// where other relative paths begin elsewhere.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn read_configuration(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read(path)
    }

    /// Whether there is such a file. Only "there is none" counts as no: a file that cannot be
    /// looked at is there, and reading it will tell why it cannot be used.
    fn exists(&self, path: &Path) -> bool;

    /// Makes that directory the one in which relative paths begin. Where there is no file system,
    /// there is none.
    ///
    /// # Errors
    /// When it cannot be entered.
    fn enter(&self, directory: &Path) -> io::Result<()> {
        let _ = directory;
        Ok(())
    }
}

/// Files of which the last one that was asked for is remembered: entry after entry may name the
/// same key.
pub(crate) struct Remembering<'f> {
    files: &'f dyn Files,
    last: RefCell<Option<(PathBuf, bool)>>,
}

impl<'f> Remembering<'f> {
    pub(crate) const fn new(files: &'f dyn Files) -> Self {
        Self { files, last: RefCell::new(None) }
    }
}

impl Files for Remembering<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.read(path)
    }

    fn read_configuration(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.read_configuration(path)
    }

    fn exists(&self, path: &Path) -> bool {
        let mut last = self.last.borrow_mut();
        match &*last {
            Some((same, exists)) if same.as_os_str() == path.as_os_str() => *exists,
            _ => {
                let exists = self.files.exists(path);
                *last = Some((path.to_owned(), exists));
                exists
            }
        }
    }
}
