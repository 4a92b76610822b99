//! What the targets of configurations share: a file system of one input, and what has to be true of
//! whatever comes out.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use twinseal_config::mistake::MAX_KEPT;
use twinseal_config::render::{self, Origins};
use twinseal_config::{Config, Door, ExitCode, Files, Loaded, Mistakes, Request, serve};

/// A configuration file, and all other files, which are there and alike.
#[derive(Debug, Clone, Copy)]
pub struct Disk<'a> {
    /// The path of the configuration file.
    pub path: &'a str,
    /// Its content.
    pub file: &'a [u8],
    /// The content of every other file.
    pub others: &'a [u8],
}

impl<'a> Disk<'a> {
    /// What follows the first NUL of an input is the content of every other file.
    #[must_use]
    pub fn new(path: &'a str, input: &'a [u8]) -> Self {
        let end = input.iter().position(|&octet| octet == 0).unwrap_or(input.len());
        let (file, others) = input.split_at(end);
        Self { path, file, others: others.get(1..).unwrap_or_default() }
    }
}

impl Files for Disk<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Ok(if path == Path::new(self.path) { self.file } else { self.others }.to_vec())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }
}

/// A configuration, or the mistakes in it.
pub type Outcome = Result<Box<Loaded>, Mistakes>;

/// What that door makes of the file, which that option names.
///
/// # Errors
/// The mistakes in it.
///
/// # Panics
/// When something else than serving comes of it.
pub fn load(door: Door, option: &str, disk: Disk<'_>) -> Outcome {
    let words = [option, disk.path].map(OsString::from);
    match serve(door, words, &disk)? {
        Request::Serve(loaded) => Ok(loaded),
        other => panic!("to serve was asked for, not {other:?}"),
    }
}

/// Holds the outcome against what has to be true of each.
///
/// # Panics
/// When it is not.
pub fn check(outcome: &Outcome, accepted: impl FnOnce(&Config)) {
    match outcome {
        Ok(loaded) => {
            let config = &loaded.config;
            assert!(!config.sockets.is_empty(), "nowhere to listen");
            assert!(!config.mode.signs() || !config.rules.is_empty(), "nobody signs");
            assert!(!config.settings.is_empty(), "nothing is in force");
            accepted(config);
            loaded.warnings.iter().for_each(|warning| one_line(&warning.to_string()));
            let shown = render::shown(config, Origins::Shown);
            // A blank line stands between two sections.
            shown.lines().filter(|line| !line.is_empty()).for_each(one_line);
        }
        Err(mistakes) => {
            let lines: Vec<String> = mistakes.lines().collect();
            assert!((1..=MAX_KEPT + 1).contains(&lines.len()), "{} mistakes", lines.len());
            lines.iter().for_each(|line| one_line(line));
            assert_eq!(mistakes.exit_code(), ExitCode::Configuration, "the command line is right");
        }
    }
}

fn one_line(line: &str) {
    assert!(!line.trim().is_empty(), "nothing is said");
    assert!(!line.contains(char::is_control), "{line:?} would break a log line");
}

/// All that a reader of the outcome can see.
#[must_use]
pub fn told(outcome: &Outcome) -> String {
    match outcome {
        Ok(loaded) => {
            format!("{}{:?}", render::shown(&loaded.config, Origins::Shown), loaded.warnings)
        }
        Err(mistakes) => mistakes.to_string(),
    }
}

/// The text with other line ends.
#[must_use]
pub fn with_line_ends(text: &[u8], end: &[u8]) -> Vec<u8> {
    text.split(|&octet| octet == b'\n').collect::<Vec<_>>().join(end)
}
