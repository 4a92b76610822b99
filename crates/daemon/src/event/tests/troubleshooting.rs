//! What `docs/troubleshooting.md` has to have an entry for: every event, every code, and every line
//! that is written to the log anywhere in this crate.

use crate::event::{KINDS, Reason};
use crate::forecast::Cause;
use crate::serving::transaction::Obstacle;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use twinseal_dkim::Outcome;

const PAGE: &str = include_str!("../../../../../docs/troubleshooting.md");

/// The codes in the first column of the tables below a heading.
fn codes(heading: &str) -> BTreeSet<&'static str> {
    let (_, rest) = PAGE.split_once(&format!("\n{heading}\n")).unwrap();
    let section = rest.split("\n#").next().unwrap_or_default();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|at| at.0)
        .collect()
}

#[test]
fn every_code_has_an_entry_that_says_what_to_do() {
    let reasons = codes("## Mail leaves without a seal");
    assert_eq!(reasons, BTreeSet::from(Reason::CODES));
    let here = codes("## Mail is put off or refused here");
    assert!(Obstacle::CODES.iter().all(|code| here.contains(code)), "{here:?}");
    assert_eq!(codes("### What will break on the way"), Cause::ALL.map(Cause::code).into());
    assert_eq!(codes("## What arrives does not verify"), BTreeSet::from(Outcome::CODES));
    let events = codes("## Lines of the log about a message");
    assert_eq!(events, KINDS.iter().map(|kind| kind.name).collect());
    for (number, row) in PAGE.lines().enumerate().filter(|(_, line)| line.starts_with("| ")) {
        let empty = row.trim_matches('|').split('|').any(|cell| cell.trim().is_empty());
        assert!(!empty || row.chars().all(|c| "| -".contains(c)), "line {}: {row}", number + 1);
    }
}

#[test]
fn every_line_of_the_log_has_an_entry() {
    let mut missing = Vec::new();
    let mut seen = 0;
    let shown: String = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    for path in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let text = fs::read_to_string(&path).unwrap();
        // What tests log is no line of ours.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for call in ["error!(", "warn!(", "info!("] {
            for rest in text.split(&format!("tracing::{call}")).skip(1) {
                let literal =
                    rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
                let Some((literal, _)) = literal else { continue };
                let Some(words) = longest_words(literal) else { continue };
                seen += 1;
                if !shown.contains(&words) {
                    missing.push(format!("{}: {literal:?} ({words:?})", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "docs/troubleshooting.md lacks\n{}", missing.join("\n"));
    assert!(seen > 20, "{seen}");
}

/// The longest part of a format between what is put into it, if it says anything.
fn longest_words(format: &str) -> Option<String> {
    let parts = format.split('{').map(|part| part.rsplit('}').next().unwrap_or_default().trim());
    let longest = parts.max_by_key(|part| part.len())?;
    (longest.len() > 3).then(|| longest.to_owned())
}

/// All files of ours that are no tests.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if path.is_dir() && !is_test {
            found.extend(sources(&path));
        } else if !is_test && path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found
}
