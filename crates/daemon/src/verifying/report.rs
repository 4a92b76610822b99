//! What is written about a message: the Authentication-Results field (RFC 8601).

mod opendkim;

pub(crate) use opendkim::reason as opendkim_reason;

use super::standing::{Cause, Standing};
use twinseal_config::Door;
use twinseal_dkim::{AdspResult, Claims, Outcome, ResultWord, Security, Verdict};
use twinseal_message::NewField;
use twinseal_message::results::{Layout, MethodResult, ResultsWriter, is_bare, unique_prefixes};

/// The method's name (RFC 8601 §2.7.1).
const METHOD: &str = "dkim";

/// What the author's domain says (RFC 5617 §5.4), and the same as dkim-filter called it.
const ADSP: &str = "dkim-adsp";
const HISTORIC_ADSP: &str = "x-dkim-adsp";

/// The methods that dkim-filters have reported; the last is that of early ones.
pub const METHODS: &[&str] = &[METHOD, ADSP, HISTORIC_ADSP, "dkim-asp"];

/// The longest algorithm that is written, in octets; those that exist have at most 14.
const MAX_ALGORITHM_OCTETS: usize = 32;

/// The most octets of a field. A frame of the protocol has twice as many, and no MTA takes more.
const MAX_FIELD_OCTETS: usize = 32 * 1024;

/// So many results fit in any case.
const FEW_RESULTS: usize = 12;

/// What is known when a field is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// In whose place we stand: whose shape the field has.
    pub door: Door,
    /// Who says it.
    pub authserv_id: &'a str,
    /// The message's queue id, where it is to be told.
    pub job_id: Option<&'a str>,
    /// One for each signature.
    pub verdicts: &'a [Verdict],
    /// What the author's domain says about unsigned mail, where that was asked.
    pub adsp: Option<AdspResult>,
    /// Whether the header has the fields that RFC 5322 §3.6 wants, where that was asked.
    pub well_formed: bool,
    /// Whether a message without signatures gets a field too.
    pub always: bool,
    /// Whether the beginning of a signature tells which one is meant.
    pub with_signature: bool,
}

impl Report<'_> {
    /// The field; `None` where there is nothing to say.
    #[must_use]
    pub fn field(&self) -> Option<NewField> {
        let (layout, results) = match self.door {
            Door::Native | Door::DkFilter => (Layout::Lines, self.modern()),
            Door::DkimFilter => (Layout::Flowing, self.historic()),
            Door::Opendkim if self.verdicts.is_empty() => (Layout::OneLine, self.of_opendkim()),
            Door::Opendkim => (Layout::WholeLines, self.of_opendkim()),
        };
        if results.is_empty() {
            return None;
        }
        let results = within_a_frame(results, self.authserv_id, layout);
        let mut writer = match self.job_id {
            Some(job_id) => ResultsWriter::with_job_id(self.authserv_id, job_id, layout),
            None => ResultsWriter::new(self.authserv_id, layout),
        };
        results.iter().for_each(|result| writer.result(result));
        Some(writer.finish())
    }

    /// Every signature that was looked at has a result.
    fn modern(&self) -> Vec<MethodResult> {
        let examined = |verdict: &&Verdict| !matches!(verdict.outcome, Outcome::NotExamined { .. });
        let verdicts: Vec<&Verdict> = self.verdicts.iter().filter(examined).collect();
        let signatures: Vec<&str> =
            verdicts.iter().map(|verdict| verdict.claims.signature.as_str()).collect();
        let prefixes = unique_prefixes(&signatures);
        let results = verdicts.iter().zip(prefixes);
        let mut results: Vec<_> = results.map(|(one, prefix)| modern(one, prefix)).collect();
        if !self.well_formed {
            results = vec![MethodResult::new(METHOD, "permerror").comment("bad format")];
        } else if results.is_empty() && (self.always || self.tells_of_the_author()) {
            results.push(MethodResult::new(METHOD, ResultWord::None.as_str()));
        }
        // RFC 5617 §5.4
        let adsp = self.adsp.filter(|_| !results.is_empty());
        results.extend(adsp.map(|adsp| MethodResult::new(ADSP, adsp.as_str())));
        results
    }

    /// Every signature that was looked at has a result, in opendkim's words.
    fn of_opendkim(&self) -> Vec<MethodResult> {
        let examined = |verdict: &&Verdict| !matches!(verdict.outcome, Outcome::NotExamined { .. });
        let verdicts: Vec<&Verdict> = self.verdicts.iter().filter(examined).collect();
        let signatures: Vec<&str> =
            verdicts.iter().map(|verdict| verdict.claims.signature.as_str()).collect();
        let prefixes = unique_prefixes(&signatures);
        let prefixes = prefixes.into_iter().map(|prefix| self.with_signature.then_some(prefix));
        let results = verdicts.iter().zip(prefixes);
        let mut results: Vec<_> =
            results.map(|(one, prefix)| opendkim::result(one, prefix)).collect();
        if results.is_empty() && (self.always || self.tells_of_the_author()) {
            results.push(MethodResult::new(METHOD, ResultWord::None.as_str()));
        }
        // It knew nothing of this, and is told only where a parameter of its predecessor asks.
        let adsp = self.adsp.filter(|_| !results.is_empty());
        results.extend(adsp.map(|adsp| MethodResult::new(ADSP, adsp.as_str())));
        results
    }

    /// One result for all signatures, as dkim-filter had it. Its words are those of RFC 8601, which
    /// is younger; its comments are its own.
    fn historic(&self) -> Vec<MethodResult> {
        let result = if self.well_formed {
            self.historic_result()
        } else {
            Some(MethodResult::new(METHOD, "permerror").comment("bad format"))
        };
        let adsp = self.adsp.map(|adsp| MethodResult::new(HISTORIC_ADSP, adsp.as_str()));
        result.map_or_else(Vec::new, |result| std::iter::once(result).chain(adsp).collect())
    }

    fn historic_result(&self) -> Option<MethodResult> {
        let valid = || self.verdicts.iter().find(|verdict| verdict.outcome == Outcome::Pass);
        let verdict = match Standing::of(self.verdicts) {
            Standing::Valid => valid()?,
            Standing::Invalid(_, verdict) => verdict,
            Standing::Unsigned => {
                let none = MethodResult::new(METHOD, "none").comment("no signature");
                return (self.always || self.tells_of_the_author()).then_some(none);
            }
        };
        let mut result = MethodResult::new(METHOD, verdict.outcome.word().as_str());
        if let Some(comment) = historic_comment(verdict) {
            result = result.comment(comment);
        }
        Some(match identity(&verdict.claims) {
            Some(identity) => result.property("header", "i", identity),
            None => result,
        })
    }

    /// Whether there is something to say about a message only because its author's domain says
    /// something about unsigned mail.
    fn tells_of_the_author(&self) -> bool {
        match self.adsp {
            Some(AdspResult::Fail | AdspResult::Discard | AdspResult::NoDomain) => true,
            Some(
                AdspResult::NoRecord
                | AdspResult::Pass
                | AdspResult::Unknown
                | AdspResult::TempError
                | AdspResult::PermError,
            )
            | None => false,
        }
    }
}

/// As many of the results as an MTA takes in one field: what passes first, and then from the top.
fn within_a_frame(results: Vec<MethodResult>, id: &str, layout: Layout) -> Vec<MethodResult> {
    let octets = |result: &MethodResult| {
        let mut writer = ResultsWriter::new(id, layout);
        writer.result(result);
        writer.finish().value.len()
    };
    // Nearly always there are few.
    if results.len() <= FEW_RESULTS {
        return results;
    }
    let mut order: Vec<usize> = (0..results.len()).collect();
    order.sort_by_key(|&at| results.get(at).is_none_or(|one| one.result != "pass"));
    let mut room = MAX_FIELD_OCTETS;
    let mut kept = vec![false; results.len()];
    for at in order {
        let Some((result, kept)) = results.get(at).zip(kept.get_mut(at)) else { continue };
        let Some(left) = room.checked_sub(octets(result)) else { break };
        (room, *kept) = (left, true);
    }
    results.into_iter().zip(kept).filter_map(|(result, kept)| kept.then_some(result)).collect()
}

fn modern(verdict: &Verdict, prefix: &str) -> MethodResult {
    let Verdict { claims, outcome, .. } = verdict;
    let word = outcome.word();
    let mut result = MethodResult::new(METHOD, word.as_str());
    let remarks = remarks(verdict);
    if !remarks.is_empty() {
        result = result.comment(remarks.join(", "));
    }
    if *outcome != Outcome::Pass {
        result = result.reason(fitting(outcome.to_string(), claims));
    }
    let properties = [
        ("d", claims.domain.as_ref().map(ToString::to_string)),
        ("i", identity(claims)),
        ("s", claims.selector.as_ref().map(ToString::to_string)),
        ("a", claims.algorithm.clone().filter(|name| is_algorithm(name))),
        ("b", Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty())),
    ];
    for (name, value) in properties {
        if let Some(value) = value {
            result = result.property("header", name, value);
        }
    }
    if word == ResultWord::Policy {
        // RFC 8601 §2.3: what of a policy of ours decided.
        result = result.property("policy", "dkim-rules", outcome.code());
    }
    result
}

/// On whose behalf a signature is, where that can be written so that every reader sees the same in
/// it: without quotes, in which a careless one may find other results, and beyond ASCII in
/// internationalized mail alone (RFC 6532). Hardly any honest signer needs either.
fn identity(claims: &Claims) -> Option<String> {
    let text = claims.identity.as_ref()?.to_string();
    let is_plain = text.is_ascii() || claims.internationalized;
    (is_plain && is_bare(&text)).then_some(text)
}

/// A text that may quote mail or DNS, without what plain mail must not have in it.
fn fitting(text: String, claims: &Claims) -> String {
    if text.is_ascii() || claims.internationalized {
        return text;
    }
    text.chars().map(|ch| if ch.is_ascii() { ch } else { '?' }).collect()
}

/// Words with hyphens (RFC 6376 §3.5). Anything may stand where the tag is malformed, and the name
/// of no algorithm tells nothing.
fn is_algorithm(name: &str) -> bool {
    name.len() <= MAX_ALGORITHM_OCTETS
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

/// What is worth knowing of a signature beside its result.
fn remarks(verdict: &Verdict) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(key) = verdict.key {
        remarks.extend(key.bits.map(|bits| format!("{bits}-bit key")));
        if key.testing {
            remarks.push("testing".to_owned());
        }
        match key.security {
            Security::Secure => remarks.push("secure".to_owned()),
            Security::Unproved => {}
        }
    }
    if let Some(coverage) = verdict.coverage.filter(|coverage| !coverage.is_whole()) {
        let (signed, octets) = (coverage.signed, coverage.octets);
        remarks.push(format!("{signed} of {octets} octets of the body are signed"));
    }
    remarks
}

/// The comments that dkim-filter had.
fn historic_comment(verdict: &Verdict) -> Option<String> {
    let outcome = &verdict.outcome;
    if *outcome == Outcome::Pass {
        return Some(format!("{}-bit key", verdict.key?.bits?));
    }
    if let Outcome::BodyNotCovered(_) = outcome {
        return Some("partial verification".to_owned());
    }
    match Cause::of(outcome) {
        Some(Cause::Mismatch) => Some("verification failed".to_owned()),
        Some(Cause::Revoked) => Some("revoked".to_owned()),
        Some(Cause::NoKey) => None,
        Some(Cause::NoAnswer | Cause::Syntax | Cause::Unusable) | None => {
            Some(fitting(format!("verification error: {outcome}"), &verdict.claims))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Report;
    use twinseal_config::Door;
    use twinseal_dkim::{
        AdspResult, BadSignature, Claims, Coverage, Identity, KeyFacts, LookupFailure, Outcome,
        RecordError, Security, Verdict,
    };
    use twinseal_message::{Domain, Selector};

    fn verdict(outcome: Outcome) -> Verdict {
        let domain = Domain::parse("example.com").unwrap();
        Verdict {
            claims: Claims {
                domain: Some(domain.clone()),
                selector: Selector::parse("mail2").ok(),
                algorithm: Some("rsa-sha256".to_owned()),
                canonicalization: None,
                identity: Some(Identity::of_domain(domain)),
                signature: "AbC/dEfGhIjK".to_owned(),
                internationalized: false,
            },
            outcome,
            key: Some(KeyFacts { bits: Some(2048), testing: false, security: Security::Unproved }),
            coverage: None,
        }
    }

    /// The field's value, unfolded; empty where there is none.
    fn field(report: Report<'_>) -> String {
        let field = report.field().map(|field| field.value).unwrap_or_default();
        field.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn report(door: Door, verdicts: &[Verdict]) -> Report<'_> {
        Report {
            door,
            authserv_id: "mx.example.org",
            job_id: None,
            verdicts,
            adsp: None,
            well_formed: true,
            always: false,
            with_signature: true,
        }
    }

    #[test]
    fn an_identity_that_readers_may_misread_is_left_out() {
        for (text, internationalized, told) in [
            ("joe@example.com", false, true),
            ("joe+tag.x@example.com", false, true),
            ("joe header.i=@bank.example x@example.com", false, false),
            ("joe=bank.example@example.com", false, false),
            ("x;dkim=pass@example.com", false, false),
            ("k\u{e4}the@example.com", false, false),
            ("k\u{e4}the@example.com", true, true),
        ] {
            let mut verdict = verdict(Outcome::Pass);
            verdict.claims.identity = Identity::parse(text).ok();
            verdict.claims.internationalized = internationalized;
            for door in Door::ALL {
                let field = field(report(door, std::slice::from_ref(&verdict)));
                assert_eq!(field.contains("header.i="), told, "{text}: {field}");
            }
        }
    }

    #[test]
    fn what_strangers_write_makes_no_second_result() {
        let identity = "x;dkim=pass header.d=bank.example;@evil.example".to_owned();
        let type_ = "\u{e4};dkim=pass".to_owned();
        for outcome in [
            Outcome::Malformed(BadSignature::IdentityOutside { identity }),
            Outcome::BadKey(RecordError::KeyType { name: type_ }),
        ] {
            let verdict = verdict(outcome);
            for door in Door::ALL {
                let field = field(report(door, std::slice::from_ref(&verdict)));
                assert_eq!(field.matches(';').count(), 1, "{field}");
                assert!(field.is_ascii(), "{field}");
            }
        }
    }

    #[test]
    fn what_passes_is_told_first_where_there_is_too_much() {
        let long = Selector::parse(&vec!["s".repeat(60); 4].join(".")).unwrap();
        let mut verdicts = vec![verdict(Outcome::SignatureWrong); 199];
        verdicts.push(verdict(Outcome::Pass));
        for verdict in &mut verdicts {
            verdict.claims.selector = Some(long.clone());
        }
        let field = field(report(Door::Native, &verdicts));
        assert!(field.len() <= super::MAX_FIELD_OCTETS, "{}", field.len());
        assert_eq!(field.matches("dkim=pass").count(), 1);
        assert!(field.matches("dkim=fail").count() > 50, "{field}");
    }

    #[test]
    fn each_signature_has_a_result_that_says_what_it_is_about() {
        let mut cut = verdict(Outcome::Pass);
        cut.coverage = Some(Coverage { signed: 3, octets: 9 });
        cut.key = cut.key.map(|key| KeyFacts { testing: true, security: Security::Secure, ..key });
        let gone = Outcome::NotExamined { limit: 3 };
        let verdicts = [verdict(Outcome::Expired { at: 7 }), cut, verdict(gone)];
        let about = "header.d=example.com header.i=@example.com header.s=mail2 \
                     header.a=rsa-sha256 header.b=";
        assert_eq!(
            field(report(Door::Native, &verdicts)),
            format!(
                "mx.example.org; dkim=policy (2048-bit key) reason=\"the signature expired at 7\" \
                 {about}\"AbC/dEfG\" policy.dkim-rules=expired; dkim=pass (2048-bit key, \
                 testing, secure, 3 of 9 octets of the body are signed) {about}\"AbC/dEfG\""
            )
        );
    }

    #[test]
    fn what_is_no_algorithm_is_not_repeated() {
        let long = "z".repeat(30_000);
        for name in [long.as_str(), "é", "rsa sha256", "a;b", "…"] {
            let mut verdict = verdict(Outcome::Pass);
            verdict.claims.algorithm = Some(name.to_owned());
            let field = field(report(Door::Native, &[verdict]));
            assert!(field.is_ascii() && !field.contains("header.a"), "{field}");
            assert!(field.contains("header.s=mail2 header.b="), "{field}");
        }
    }

    #[test]
    fn a_message_without_a_signature_has_a_field_where_that_is_asked_for() {
        for door in [Door::Native, Door::DkimFilter] {
            assert_eq!(field(report(door, &[])), "");
            let always = Report { always: true, ..report(door, &[]) };
            assert!(field(always).starts_with("mx.example.org; dkim=none"), "{door:?}");
            let unsigned = Report { adsp: Some(AdspResult::Fail), ..report(door, &[]) };
            assert!(field(unsigned).ends_with("dkim-adsp=fail"), "{door:?}");
        }
    }

    #[test]
    fn dkim_filter_had_one_result_with_comments_of_its_own() {
        let timeout = Outcome::KeyUnavailable(LookupFailure::Timeout);
        for (outcomes, want) in [
            (vec![Outcome::BodyChanged, Outcome::Pass], "dkim=pass (2048-bit key)"),
            (vec![Outcome::BodyChanged], "dkim=fail (verification failed)"),
            (vec![Outcome::KeyRevoked], "dkim=permerror (revoked)"),
            (vec![Outcome::NoKey], "dkim=permerror"),
            (vec![timeout], "dkim=temperror (verification error: no answer from DNS in time)"),
        ] {
            let verdicts: Vec<Verdict> = outcomes.into_iter().map(verdict).collect();
            let adsp = Some(AdspResult::Unknown);
            let report = Report { adsp, job_id: Some("4A"), ..report(Door::DkimFilter, &verdicts) };
            let want =
                format!("\"mx.example.org/4A\"; {want} header.i=@example.com; x-dkim-adsp=unknown");
            assert_eq!(field(report), want);
        }
    }
}
