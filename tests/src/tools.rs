//! The tools that came with the old daemons: ours under their names, and those of opendkim.

use crate::program;
use crate::scratch::Scratch;
use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What a tool says, and how it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its exit code.
    pub code: Option<i32>,
    /// On standard output.
    pub output: String,
    /// On standard error.
    pub errors: String,
}

/// The program under test, under that name.
pub fn ours(name: &str, scratch: &Scratch) -> PathBuf {
    let link = scratch.dir("tools").join(name);
    if link.symlink_metadata().is_err() {
        symlink(program::path(), &link).unwrap_or_else(|e| panic!("{}: {e}", link.display()));
    }
    link
}

/// The tool of opendkim.
pub fn theirs(name: &str) -> PathBuf {
    let path = Path::new("/usr/sbin").join(name);
    assert!(path.exists(), "{} is missing: apt-get install opendkim-tools", path.display());
    path
}

/// Runs it with these words, and this to read.
pub fn run<S: AsRef<OsStr>>(tool: &Path, words: &[S], input: &[u8]) -> Said {
    let done = program::run_as(tool, words, input);
    let text = |octets| String::from_utf8(octets).expect("it speaks UTF-8");
    Said { code: done.status.code(), output: text(done.stdout), errors: text(done.stderr) }
}
