//! The files that a configuration names, without a file system.

use std::io;
use std::path::Path;

/// Where the bytes of named files come from.
///
/// This crate opens nothing itself: the daemon gives it the file system, a test gives it a map.
pub trait Files {
    /// The content of that file.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether there is such a file. Only "there is none" counts as no: a file that cannot be
    /// looked at is there, and reading it will tell why it cannot be used.
    fn exists(&self, path: &Path) -> bool;
}
