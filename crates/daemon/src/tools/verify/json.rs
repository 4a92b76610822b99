//! What came out, as one JSON object. Its names are promises: they are in `--help`.

use super::Judged;
use super::explain::Explanation;
use super::failure::Failure;
use serde::Serialize;
use twinseal_dkim::{Outcome, ResultWord, Security, Verdict};

#[derive(Serialize)]
struct Answer<'a> {
    /// A word for all signatures: what stands for the message.
    result: &'static str,
    authentication_results: Option<String>,
    signatures: Vec<Signature<'a>>,
}

#[derive(Serialize)]
struct Signature<'a> {
    result: &'static str,
    code: &'static str,
    reason: Option<String>,
    domain: Option<String>,
    selector: Option<String>,
    identity: Option<String>,
    algorithm: Option<&'a str>,
    canonicalization: Option<String>,
    bits: Option<usize>,
    testing: Option<bool>,
    secure: Option<bool>,
    signed_octets: Option<u64>,
    body_octets: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'a Explanation>,
}

pub(super) fn render(judged: &Judged) -> Result<String, Failure> {
    let explanations = judged.explanations.iter().map(Option::as_ref);
    let explanations = explanations.chain(std::iter::repeat(None));
    let signatures = judged.verdicts.iter().zip(explanations);
    let value = judged.field.as_ref().map(|field| field.value.replace("\r\n\t", " "));
    let answer = Answer {
        result: overall(&judged.verdicts).as_str(),
        authentication_results: value.map(|value| value.trim().to_owned()),
        signatures: signatures.map(|(verdict, why)| signature(verdict, why)).collect(),
    };
    let text = serde_json::to_string_pretty(&answer).map_err(Failure::Json)?;
    Ok(text + "\n")
}

/// One that passes is enough; otherwise one that DNS may still decide, and else the topmost.
fn overall(verdicts: &[Verdict]) -> ResultWord {
    let words = || verdicts.iter().map(|verdict| verdict.outcome.word());
    let decisive = [ResultWord::Pass, ResultWord::TempError];
    let decisive = decisive.into_iter().find(|decisive| words().any(|word| word == *decisive));
    decisive.or_else(|| words().next()).unwrap_or(ResultWord::None)
}

fn signature<'a>(verdict: &'a Verdict, explanation: Option<&'a Explanation>) -> Signature<'a> {
    let Verdict { claims, outcome, key, coverage } = verdict;
    Signature {
        result: outcome.word().as_str(),
        code: outcome.code(),
        reason: (*outcome != Outcome::Pass).then(|| outcome.to_string()),
        domain: claims.domain.as_ref().map(ToString::to_string),
        selector: claims.selector.as_ref().map(ToString::to_string),
        identity: claims.identity.as_ref().map(ToString::to_string),
        algorithm: claims.algorithm.as_deref(),
        canonicalization: claims.canonicalization.map(|found| found.to_string()),
        bits: key.and_then(|key| key.bits),
        testing: key.map(|key| key.testing),
        secure: key.map(|key| key.security == Security::Secure),
        signed_octets: coverage.map(|coverage| coverage.signed),
        body_octets: coverage.map(|coverage| coverage.octets),
        explanation,
    }
}
