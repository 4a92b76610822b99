//! The new file, read as `twinseal serve` would read it on that host.

use super::old::rooted;
use super::root::Root;
use crate::rehearsal;
use crate::signing::keyring::Parse;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use twinseal_config::render::{ShownValue, pieces};
use twinseal_config::{Config, Door, Files, Request};

/// A file that is not there yet, and the host around it.
struct With<'a> {
    root: &'a Root,
    path: &'a Path,
    text: &'a str,
}

impl Files for With<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.root.read(path)
    }

    fn read_configuration(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path == self.path {
            return Ok(self.text.as_bytes().to_vec());
        }
        self.root.read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.root.exists(path)
    }
}

/// The configuration of that text, with the paths that its keys have for us.
///
/// # Errors
/// Every mistake, a line each.
pub(super) fn read(root: &Root, path: &Path, text: &str) -> Result<Config, Vec<String>> {
    root.begin_at(Path::new("/"));
    let words = [OsString::from("--config"), path.into()];
    match twinseal_config::serve(Door::Native, words, &With { root, path, text }) {
        Ok(Request::Serve(loaded)) => Ok(rooted(&loaded.config, root)),
        Ok(_) => Err(Vec::new()),
        Err(mistakes) => Err(mistakes.lines().collect()),
    }
}

/// Whether it could be served: all keys are tried.
///
/// # Errors
/// Every key that cannot be used, a line each.
pub(super) fn check(root: &Root, config: &Config) -> Result<(), Vec<String>> {
    let checked = rehearsal::service(config, Parse::Now, |_| {});
    let lines = |text: String| text.lines().map(|line| root.as_the_host_has_it(line)).collect();
    checked.map(drop).map_err(|mistakes| lines(mistakes.to_string()))
}

/// The values that our own file has without anything in it.
pub(super) fn defaults(root: &Root) -> Vec<ShownValue> {
    let path = Path::new("defaults");
    let text = With { root, path, text: "socket: /s\nmode: v\n" };
    let words = [OsString::from("--config"), path.into()];
    match twinseal_config::serve(Door::Native, words, &text) {
        Ok(Request::Serve(loaded)) => pieces(&loaded.config).values,
        _ => Vec::new(),
    }
}
