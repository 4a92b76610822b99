//! What `opendkim` says of a signature in Authentication-Results.

use super::{METHOD, identity, is_algorithm};
use crate::verifying::standing::Cause;
use twinseal_dkim::{Outcome, RecordError, Security, Verdict};
use twinseal_message::results::MethodResult;

/// The result of one signature. Its word is that of RFC 8601, as everywhere here.
pub(super) fn result(verdict: &Verdict, prefix: Option<&str>) -> MethodResult {
    let Verdict { claims, outcome, .. } = verdict;
    let mut result = MethodResult::new(METHOD, outcome.word().as_str());
    if let Some(reason) = reason(outcome) {
        result = result.reason(super::fitting(reason, claims));
    }
    // It told the size of a key that it had used, and of no Ed25519 key.
    let is_told = !matches!(outcome, Outcome::HashNotAllowed | Outcome::NotForMail)
        && claims.algorithm.as_deref() != Some("ed25519-sha256");
    if let Some(key) = verdict.key.filter(|_| is_told)
        && let Some(bits) = key.bits
    {
        let secure = match key.security {
            Security::Secure => "; secure",
            Security::Unproved => "",
        };
        result = result.comment(format!("{bits}-bit key{secure}"));
    }
    let properties = [
        ("d", claims.domain.as_ref().map(ToString::to_string)),
        ("i", identity(claims)),
        ("a", claims.algorithm.clone().filter(|name| is_algorithm(name))),
        ("s", claims.selector.as_ref().map(ToString::to_string)),
        ("b", prefix.filter(|prefix| !prefix.is_empty()).map(ToOwned::to_owned)),
    ];
    for (name, value) in properties {
        if let Some(value) = value {
            result = result.property("header", name, value);
        }
    }
    result
}

/// Why a signature does not pass, in its words as far as it had any; `None` where it said nothing.
pub(crate) fn reason(outcome: &Outcome) -> Option<String> {
    let text = match (Cause::of(outcome), outcome) {
        (Some(Cause::NoAnswer), _) | (_, Outcome::Pass) => return None,
        (Some(Cause::Revoked), _) => "key revoked",
        (Some(Cause::Mismatch), _) => "signature verification failed",
        (Some(Cause::NoKey), _) => "key not found in DNS",
        (_, Outcome::SubdomainNotAllowed) => "unauthorized subdomain",
        (_, Outcome::BadKey(RecordError::Version { .. })) => "unknown key version",
        (_, Outcome::BadKey(RecordError::KeyType { .. })) => "unknown key type",
        (_, Outcome::KeyTooSmall { .. } | Outcome::KeyBelowMinimum { .. }) => {
            "signing key too small"
        }
        (_, Outcome::HashNotAllowed) => "signature-key hash mismatch",
        (_, Outcome::NotForMail) => "not an e-mail key",
        (_, outcome) => return Some(outcome.to_string()),
    };
    Some(text.to_owned())
}
