//! What `twinseal check` says, as data.

pub mod host;

use crate::program;
use serde_json::Value;
use std::ffi::OsStr;

/// What one run found.
#[derive(Debug)]
pub struct Checked {
    /// How it ended.
    pub code: i32,
    /// Everything that it found.
    pub findings: Vec<Finding>,
    /// Where it found things in order.
    pub passed: Vec<String>,
    /// The whole answer.
    pub answer: Value,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: String,
    /// `wrong`, `risk` or `note`.
    pub grade: String,
    /// Where.
    pub place: String,
    /// What.
    pub what: String,
    /// The commands that mend it.
    pub commands: Vec<String>,
    /// The record that mends it.
    pub record: Option<String>,
}

impl Checked {
    /// Runs the check with these words, and `--json`.
    pub fn run<S: AsRef<OsStr>>(words: &[S]) -> Self {
        let mut all: Vec<&OsStr> = vec!["check".as_ref(), "--json".as_ref()];
        all.extend(words.iter().map(AsRef::as_ref));
        let output = program::run(&all, b"");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}\n{said}", String::from_utf8_lossy(&output.stdout)));
        let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
        Self {
            code: output.status.code().unwrap_or(-1),
            findings: list("findings").iter().map(Finding::of).collect(),
            passed: list("passed").iter().map(|one| text(&one["where"])).collect(),
            answer,
        }
    }

    /// What counts: all but notes.
    pub fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.grade != "note")
    }

    /// Fails unless nothing that counts was found.
    #[track_caller]
    pub fn assert_clean(&self) {
        let counted: Vec<&Finding> = self.counted().collect();
        assert!(self.code == 0 && counted.is_empty(), "code {}: {counted:#?}", self.code);
        assert_eq!(self.answer["result"], "clean");
    }
}

impl Finding {
    fn of(value: &Value) -> Self {
        let mend = &value["mend"];
        let commands = mend["commands"].as_array().cloned().unwrap_or_default();
        Self {
            code: text(&value["code"]),
            grade: text(&value["grade"]),
            place: text(&value["where"]),
            what: text(&value["what"]),
            commands: commands.iter().map(text).collect(),
            record: mend["record"].as_str().map(str::to_owned),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
