//! What came out, in lines for people and scripts.

use super::Judged;
use super::explain::Explanation;
use std::fmt::Display;
use twinseal_dkim::{Outcome, Verdict};

pub(super) fn render(judged: &Judged) -> String {
    let mut text = String::new();
    if judged.verdicts.is_empty() {
        text.push_str("none\n");
    }
    for verdict in &judged.verdicts {
        text.push_str(&line(verdict));
        text.push('\n');
    }
    if let Some(field) = &judged.field {
        text.push_str(&format!("\n{}:{}\n", field.name, field.value.replace("\r\n", "\n")));
    }
    for (number, explanation) in (1..).zip(&judged.explanations) {
        if let Some(explanation) = explanation {
            text.push_str(&format!("\nSignature {number}:\n{}", explained(explanation)));
        }
    }
    text
}

fn line(verdict: &Verdict) -> String {
    let Verdict { claims, outcome, key, .. } = verdict;
    let mut line = format!(
        "{} d={} s={} a={} c={} bits={}",
        outcome.word(),
        word(claims.domain.as_ref()),
        word(claims.selector.as_ref()),
        word(claims.algorithm.as_ref()),
        word(claims.canonicalization.as_ref()),
        word(key.and_then(|key| key.bits)),
    );
    if *outcome != Outcome::Pass {
        line.push_str(&format!(" {outcome} (reason={})", outcome.code()));
    }
    line
}

/// The value as one word; a stranger may have put blanks into it.
fn word(value: Option<impl Display>) -> String {
    let text = value.map(|value| value.to_string()).unwrap_or_default();
    if text.is_empty() {
        "-".to_owned()
    } else if text.contains(char::is_whitespace) {
        format!("{text:?}").replace(char::is_whitespace, "_")
    } else {
        text
    }
}

fn explained(explanation: &Explanation) -> String {
    let mut text = String::new();
    let mut put = |line: String| {
        text.push_str("  ");
        text.push_str(&line);
        text.push('\n');
    };
    put("fields that h= takes, numbered from the top of the message:".into());
    for taken in &explanation.fields {
        let found = taken.number.map_or("none left".into(), |number| format!("field {number}"));
        put(format!("  {}: {found}", taken.name));
    }
    put(format!("header as it was hashed ({} octets):", explanation.header_octets));
    explanation.header.iter().for_each(|line| put(format!("| {line}")));
    put(format!("header hash: {}", explanation.header_hash));
    put(format!("body as it was hashed ({} octets):", explanation.body_octets));
    explanation.body.iter().for_each(|line| put(format!("| {line}")));
    if let Some(note) = &explanation.body_note {
        put(note.clone());
    }
    let hash = explanation.body_hash.as_deref().unwrap_or("unknown");
    put(format!("body hash: {hash}; bh={}", explanation.claimed_body_hash));
    explanation.findings.iter().for_each(|finding| put(finding.to_string()));
    text
}
