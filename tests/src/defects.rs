//! Where judges are known to be wrong: `judges/known-defects/`, one entry for each.
//!
//! An entry is `NAME.eml`, a minimal message whose signature is right and which that judge refuses,
//! and `NAME.about`, five lines: `judge`, `seal`, `when` (words of `Defect::applies`),
//! `convicted-by` (the section that the judge breaks) and `says` (how).

use crate::here;
use crate::judges::{Judge, Seal};
use crate::message::{Field, Message};
use std::fs;
use std::path::{Path, PathBuf};

/// More entries than this mean that the judges, or we, have gone astray.
pub const MOST: usize = 10;

/// One entry.
#[derive(Debug, Clone)]
pub struct Defect {
    /// The judge that is wrong.
    pub judge: Judge,
    /// About which seal.
    pub seal: Seal,
    /// On which messages: all of these words must hold.
    pub when: Vec<String>,
    /// The section that convicts it.
    pub convicted_by: String,
    /// The minimal message.
    pub message: PathBuf,
}

/// Reads all entries.
pub fn known_defects() -> Vec<Defect> {
    let directory = here("judges/known-defects");
    let mut abouts: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap_or_else(|e| panic!("{}: {e}", directory.display()))
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "about"))
        .collect();
    abouts.sort();
    abouts.iter().map(|path| Defect::read(path)).collect()
}

impl Defect {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{}: no {key:?}", path.display()))
        };
        let judge = Judge::ALL.into_iter().find(|judge| judge.name() == value("judge"));
        let seal = if value("seal") == "dkim" { Seal::Dkim } else { Seal::DomainKeys };
        assert!(!value("says").is_empty(), "{}: says nothing", path.display());
        Self {
            judge: judge.unwrap_or_else(|| panic!("{}: which judge?", path.display())),
            seal,
            when: value("when").split(' ').map(str::to_owned).collect(),
            convicted_by: value("convicted-by").to_owned(),
            message: path.with_extension("eml"),
        }
    }

    /// Whether this judge's "no" to this signature is explained by the entry.
    pub fn excuses(&self, judge: Judge, seal: Seal, canonicalization: &str, octets: &[u8]) -> bool {
        let message = Message::parse(octets);
        self.judge == judge
            && self.seal == seal
            && self.when.iter().all(|word| Self::applies(word, canonicalization, &message))
    }

    /// What the words of `when` mean.
    fn applies(word: &str, canonicalization: &str, message: &Message) -> bool {
        let body = message.body.as_slice();
        match word {
            "simple-body" => canonicalization.ends_with("/simple"),
            "relaxed-body" => canonicalization.ends_with("/relaxed"),
            "nofws" => canonicalization == "nofws",
            "body-unterminated" => !body.is_empty() && !body.ends_with(b"\r\n"),
            "body-unterminated-blanks" => body.ends_with(b" ") || body.ends_with(b"\t"),
            "bare-cr" => alone(body, b'\r'),
            "bare-lf" => alone(body, b'\n'),
            "folded-sender" => {
                let folded = |field: &Field| field.value().contains(&b'\n');
                message.all("From").any(folded) || message.all("Sender").any(folded)
            }
            "u-label-sender" => {
                let domain = |field: &Field| {
                    let at = field.value().iter().rposition(|&b| b == b'@').unwrap_or_default();
                    !field.value()[at..].is_ascii()
                };
                message.all("From").any(domain) || message.all("Sender").any(domain)
            }
            _ => panic!("{word:?} is no word of `when`"),
        }
    }
}

/// Whether a CR or LF stands there that is no part of CRLF.
fn alone(body: &[u8], octet: u8) -> bool {
    body.iter().enumerate().any(|(at, &b)| {
        b == octet
            && match octet {
                b'\r' => body.get(at + 1) != Some(&b'\n'),
                _ => at == 0 || body[at - 1] != b'\r',
            }
    })
}
