//! What is told of a record that a domain publishes for DomainKeys: lines, or JSON.

use crate::terminal::Terminal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use twinseal_config::ExitCode;
use twinseal_dkim::LookupFailure;

/// What is told of one record. Its names in JSON are promises: they are in `--help`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    name: String,
    /// Nothing when DNS did not say.
    good: Option<bool>,
    why: Option<String>,
    tags: BTreeMap<&'static str, String>,
    #[serde(skip)]
    lines: Vec<String>,
}

impl Report {
    /// The record is in order.
    pub(super) fn good(name: &str) -> Self {
        let name = name.to_owned();
        Self { name, good: Some(true), why: None, tags: BTreeMap::new(), lines: Vec::new() }
    }

    /// It is not.
    pub(super) fn bad(name: &str, why: String) -> Self {
        Self { good: Some(false), why: Some(why), ..Self::good(name) }
    }

    /// DNS did not say.
    pub(super) fn unanswered(name: &str, failure: LookupFailure) -> Self {
        Self { good: None, why: Some(failure.to_string()), ..Self::good(name) }
    }

    /// One of its tags, fit to be shown, and what it means.
    pub(super) fn tag(&mut self, name: &'static str, value: &str, meaning: &str) {
        self.tags.insert(name, value.to_owned());
        self.lines.push(format!("{name}={value} {meaning}"));
    }

    /// Something else to be told.
    pub(super) fn line(&mut self, text: impl Into<String>) {
        self.lines.push(text.into());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.why.as_deref().unwrap_or_default();
        match self.good {
            Some(true) => writeln!(f, "{}: good", self.name)?,
            Some(false) => writeln!(f, "{}: not good: {why}", self.name)?,
            None => writeln!(f, "{}: nobody can say now: {why}", self.name)?,
        }
        self.lines.iter().try_for_each(|line| writeln!(f, "\t{line}"))
    }
}

/// Prints them. One that DNS may still give weighs more than one that is not good.
pub(super) fn finish(reports: &[Report], json: bool, terminal: &mut Terminal<'_>) -> ExitCode {
    let text = if json {
        serde_json::to_string_pretty(reports).map(|text| text + "\n")
    } else {
        Ok(reports.iter().map(Report::to_string).collect())
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            terminal.complain(format_args!("JSON: {error}"));
            return ExitCode::Internal;
        }
    };
    if let Err(error) = terminal.print(text) {
        terminal.complain(format_args!("standard output: {error}"));
        return ExitCode::System;
    }
    let any = |good| reports.iter().any(|report| report.good == good);
    if any(None) {
        ExitCode::Temporary
    } else if any(Some(false)) {
        ExitCode::No
    } else {
        ExitCode::Ok
    }
}
