//! The program's own verifier, called as a library: thousands of messages, at any time, with keys
//! from a file.

mod detail;

pub use detail::DETAILS;

use crate::judges::{Seal, Verdict};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use twinseal_dkim::{Demands, Outcome, Security, TxtAnswer, Verifier};
use twinseal_message::{HeaderBlock, HeaderLines, Line};

/// Key records, and what DNS would say that has none.
#[derive(Debug, Default)]
pub struct Records {
    answers: HashMap<String, TxtAnswer>,
}

impl Records {
    /// Reads lines of a name and a record; several for one name are several records. In place of a
    /// record, a word in capitals stands for what is none (`tests/data/verify/README.md`).
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut records = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, record) = line.split_once(' ').unwrap_or((line, ""));
            records.add(name, record);
        }
        records
    }

    fn add(&mut self, name: &str, record: &str) {
        use twinseal_dkim::LookupFailure::{AliasLoop, Refused, ServerFailure, Timeout, Unusable};
        let answer = match record {
            "NODATA" => TxtAnswer::NoRecord,
            "SERVFAIL" => TxtAnswer::Failed(ServerFailure),
            "TIMEOUT" => TxtAnswer::Failed(Timeout),
            "REFUSED" => TxtAnswer::Failed(Refused),
            "LOOP" => TxtAnswer::Failed(AliasLoop),
            "UNUSABLE" => TxtAnswer::Failed(Unusable),
            text => {
                let mut texts = vec![text.as_bytes().to_vec()];
                if let Some(TxtAnswer::Records { texts: before, .. }) = self.answers.get(name) {
                    texts.splice(0..0, before.iter().cloned());
                }
                TxtAnswer::Records { texts, security: Security::Unproved }
            }
        };
        self.set(name, answer);
    }

    /// Has DNS answer this to questions for that name.
    pub fn set(&mut self, name: &str, answer: TxtAnswer) {
        self.answers.insert(name.to_ascii_lowercase(), answer);
    }

    fn answer(&self, name: &str) -> &TxtAnswer {
        self.answers.get(name).unwrap_or(&TxtAnswer::NoName)
    }
}

/// What the library says of a message: one verdict for each signature.
pub fn verdicts(
    octets: &[u8],
    records: &Records,
    demands: Demands,
    at: u64,
) -> Vec<twinseal_dkim::Verdict> {
    let (header, body) = split(octets);
    let mut verifier = Verifier::new(header, demands, at);
    let names: Vec<String> = verifier.queries().iter().map(|query| query.name().into()).collect();
    for (number, name) in names.iter().enumerate() {
        verifier.answer(number, records.answer(name));
    }
    verifier.feed(body);
    verifier.finish()
}

/// The same for many files, in the form that the judges' verdicts have.
pub fn verify(records: &Path, at: u64, messages: &[PathBuf]) -> Vec<Vec<Verdict>> {
    let records = Records::read(records);
    let one = |path: &PathBuf| {
        let octets = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        verdicts(&octets, &records, Demands::default(), at).iter().map(as_judges_say).collect()
    };
    messages.iter().map(one).collect()
}

fn as_judges_say(verdict: &twinseal_dkim::Verdict) -> Verdict {
    let twinseal_dkim::Verdict { claims, outcome, .. } = verdict;
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    Verdict {
        seal: Seal::Dkim,
        pass: *outcome == Outcome::Pass,
        domain: or_dash(claims.domain.as_ref().map(ToString::to_string)),
        selector: or_dash(claims.selector.as_ref().map(ToString::to_string)),
        algorithm: or_dash(claims.algorithm.clone()),
        words: line(verdict),
    }
}

/// A verdict as the expectations in `tests/data/verify/` have it: the word of RFC 8601, the domain,
/// the selector, and the code of the reason, with what is behind it where that has many.
pub fn line(verdict: &twinseal_dkim::Verdict) -> String {
    let twinseal_dkim::Verdict { claims, outcome, .. } = verdict;
    let domain = claims.domain.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let selector = claims.selector.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let detail = detail::of(outcome).map_or_else(String::new, |detail| format!("/{detail}"));
    format!("{} d={domain} s={selector} {}{detail}", outcome.word().as_str(), outcome.code())
}

/// Header and body, as the program reads a file.
fn split(octets: &[u8]) -> (HeaderBlock, &[u8]) {
    let mut lines = HeaderLines::default();
    let mut rest = octets;
    while !rest.is_empty() {
        let end = rest.iter().position(|&octet| octet == b'\n').map_or(rest.len(), |at| at + 1);
        let (text, after) = rest.split_at(end);
        match lines.line(text).expect("a header of a size that a test has") {
            Line::Header => rest = after,
            Line::Separator => return (lines.finish(), after),
            Line::Body => return (lines.finish(), rest),
        }
    }
    (lines.finish(), rest)
}
