//! The log lines of our own door: the queue id, a colon, and a sentence.

use super::{Event, Tried, What, signers};
use crate::verifying::action::Why;
use crate::verifying::standing::Cause;
use std::fmt;
use twinseal_config::Action;
use twinseal_dkim::{Outcome, Verdict};

/// Writes the line.
pub(super) fn write(event: &Event<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}: ", event.queue_id)?;
    match &event.what {
        What::FieldAdded { field, selector, domain } => {
            write!(f, "{field} field added (s={selector}, d={domain})")
        }
        What::NotSigned(reason) => write!(f, "not signed: {reason} (reason={})", reason.code()),
        What::FieldNotAdded { field, reason } => {
            write!(f, "{field} not added: {reason} (reason={})", reason.code())
        }
        What::Obstructed { obstacle, action } => {
            let word = match action {
                Action::Accept if obstacle.is_of_signing() => "not signed",
                Action::Accept
                | Action::Reject
                | Action::TempFail
                | Action::Discard
                | Action::Quarantine => acted(*action),
            };
            write!(f, "{word}: {obstacle} (reason={})", obstacle.code())
        }
        What::Step(step) => f.write_str(step),
        What::Tried(tried) => write!(f, "why: {tried}"),
        What::Verified(verdict) | What::ResultOf(verdict) => verified(verdict, f),
        What::SeveralSignatures(verdicts) => {
            write!(f, "message has signatures from {}", signers(verdicts).join(", "))
        }
        What::SignaturesIgnored(count) => write!(f, "ignoring {count} signatures"),
        What::Unsigned => f.write_str(Why::Unsigned.text()),
        What::BadFormat => f.write_str("header requirement error"),
        What::HeaderTooLarge(limit) => write!(f, "too much header data: {limit}"),
        What::Reported { to } => write!(f, "report sent to {to}"),
        What::NotReported { to, error } => write!(f, "no report to {to}: {error}"),
        What::ForgedRemoved(count) => {
            write!(f, "Authentication-Results fields that claim to be ours removed: {count}")
        }
        What::Shadowed(shadowed) => {
            write!(f, "shadow: {shadowed} (reason={})", shadowed.code())
        }
        What::Forecast(foretold) => write!(f, "forecast: {foretold}"),
        What::Acted { action, why } => write!(f, "{}: {}", acted(*action), why.text()),
    }
}

/// One signature.
fn verified(verdict: &Verdict, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Verdict { claims, outcome, .. } = verdict;
    f.write_str(match Cause::of(outcome) {
        None if *outcome == Outcome::Pass => Why::Valid.text(),
        None => "ignoring signature",
        Some(cause) => failed(cause),
    })?;
    if let (Some(selector), Some(domain)) = (&claims.selector, &claims.domain) {
        write!(f, " (s={selector}, d={domain})")?;
    }
    if *outcome == Outcome::Pass {
        return Ok(());
    }
    write!(f, ": {outcome} (reason={})", outcome.code())
}

/// What is the matter with a signature.
pub(super) const fn failed(cause: Cause) -> &'static str {
    match cause {
        Cause::NoAnswer | Cause::NoKey => "key retrieval failed",
        Cause::Revoked => "key revoked",
        Cause::Syntax => "syntax error",
        Cause::Unusable => "signature verification failed",
        Cause::Mismatch => "bad signature data",
    }
}

/// What was done.
const fn acted(action: Action) -> &'static str {
    match action {
        Action::Accept => "accepted",
        Action::Reject => "rejected",
        Action::TempFail => "deferred",
        Action::Discard => "discarded",
        Action::Quarantine => "quarantined",
    }
}

impl fmt::Display for Tried<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDomain(address) => write!(f, "no signing domain match for `{}'", at(address)),
            Self::NoKeyLine(address) => write!(f, "no signing keylist match for `{address}'"),
            Self::NoDaemon => f.write_str("no MTA name match"),
            Self::NoMacro => f.write_str("no macros match"),
            Self::NotInternal => f.write_str("not internal"),
            Self::NotAuthenticated => f.write_str("not authenticated"),
            Self::Selected { signing: true } => f.write_str("mode select: signing"),
            Self::Selected { signing: false } => f.write_str("mode select: verifying"),
        }
    }
}

/// The domain of an address.
fn at(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}
