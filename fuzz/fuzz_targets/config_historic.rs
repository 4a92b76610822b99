//! The file of dkim-filter: whatever is in it, it is a configuration or there are mistakes, each of
//! which is one line.
//!
//! What follows the first NUL of an input is the content of every other file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io;
use std::path::Path;
use twinseal_config::mistake::MAX_KEPT;
use twinseal_config::{Door, ExitCode, Files, Loaded, Mistakes, Request, render, serve};

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|&octet| octet == 0).unwrap_or(input.len());
    let (file, others) = input.split_at(end);
    let others = others.get(1..).unwrap_or_default();
    let first = load(&Disk { file, others });
    match &first {
        Ok(loaded) => accepted(loaded),
        Err(mistakes) => refused(mistakes),
    }
    // A comment takes nothing from a line and adds nothing to it, in whatever alphabet it is.
    let commented = with_line_ends(file, b" #\xfc\r\n");
    if !input.contains(&b'\r') {
        assert_eq!(
            told(&load(&Disk { file: &commented, others })),
            told(&first),
            "comments matter"
        );
    }
});

const FILE: &str = "/etc/dkim-filter.conf";

/// The configuration, and all other files, which are there and alike.
struct Disk<'a> {
    file: &'a [u8],
    others: &'a [u8],
}

impl Files for Disk<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Ok(if path == Path::new(FILE) { self.file } else { self.others }.to_vec())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }
}

type Outcome = Result<Box<Loaded>, Mistakes>;

fn load(files: &dyn Files) -> Outcome {
    match serve(Door::DkimFilter, ["-x".into(), FILE.into()], files)? {
        Request::Serve(loaded) => Ok(loaded),
        other => panic!("to serve was asked for, not {other:?}"),
    }
}

fn accepted(loaded: &Loaded) {
    let config = &loaded.config;
    assert!(!config.sockets.is_empty(), "nowhere to listen");
    assert!(!config.mode.signs() || !config.rules.is_empty(), "nobody signs");
    for rule in config.rules.iter() {
        let dkim = rule.dkim.as_ref().expect("that door always makes it");
        assert!(dkim.headers.oversigned().is_empty(), "From alone is over-signed");
    }
    for warning in &loaded.warnings {
        one_line(&warning.to_string());
    }
    render::in_force(config).lines().for_each(one_line);
}

fn refused(mistakes: &Mistakes) {
    let lines: Vec<String> = mistakes.lines().collect();
    assert!((1..=MAX_KEPT + 1).contains(&lines.len()), "{} mistakes are told", lines.len());
    lines.iter().for_each(|line| one_line(line));
    assert_eq!(mistakes.exit_code(), ExitCode::Configuration, "the command line is right");
}

fn one_line(line: &str) {
    assert!(!line.trim().is_empty(), "nothing is said");
    assert!(!line.contains(char::is_control), "{line:?} would break a log line");
}

/// All that a reader of the outcome can see.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Ok(loaded) => format!("{}{:?}", render::in_force(&loaded.config), loaded.warnings),
        Err(mistakes) => mistakes.to_string(),
    }
}

fn with_line_ends(text: &[u8], end: &[u8]) -> Vec<u8> {
    text.split(|&octet| octet == b'\n').collect::<Vec<_>>().join(end)
}
