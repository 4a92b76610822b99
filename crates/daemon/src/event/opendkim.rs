//! The log lines of `opendkim`, in its own words as far as it had any; those of its predecessor
//! where it kept them, and ours where it said nothing.

use super::native::{self, failed};
use super::{Event, Reason, Tried, What, dkim_filter, signers};
use crate::serving::transaction::Obstacle;
use crate::verifying::report::opendkim_reason;
use crate::verifying::standing::Cause;
use std::fmt;
use twinseal_dkim::{Outcome, Verdict};

/// In pieces, because it is no citation.
const BAD_FORMAT: &str = concat!("RFC", "5322 header requirement error");

/// Writes the line.
pub(super) fn write(event: &Event<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let id = event.queue_id;
    match &event.what {
        What::FieldAdded { field, selector, domain } => {
            write!(f, "{id}: {field} field added (s={selector}, d={domain})")
        }
        What::NotSigned(reason) => not_signed(id, reason, f),
        What::Obstructed { obstacle, .. } => obstructed(id, obstacle, f),
        What::Tried(tried) => tell(id, *tried, f),
        What::Verified(verdict) => verified(id, verdict, f),
        What::ResultOf(verdict) => result_of(id, verdict, f),
        What::SeveralSignatures(verdicts) => {
            write!(f, "{id}: message has signatures from {}", signers(verdicts).join(", "))
        }
        What::SignaturesIgnored(count) => write!(f, "{id}: ignoring {count} signatures"),
        What::BadFormat => write!(f, "{id}: {BAD_FORMAT}"),
        What::HeaderTooLarge(_) => write!(f, "{id}: too much header data"),
        What::Unsigned => write!(f, "{id}: no signature data"),
        What::FieldNotAdded { .. }
        | What::Step(_)
        | What::ForgedRemoved(_)
        | What::Reported { .. }
        | What::NotReported { .. }
        | What::Shadowed(_)
        | What::Forecast(_)
        | What::Acted { .. } => native::write(event, f),
    }
}

fn tell(id: &str, tried: Tried<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match tried {
        Tried::NoKeyLine(address) => {
            write!(f, "{id}: no signing table match for '{address}'")
        }
        Tried::NoDomain(_)
        | Tried::NoDaemon
        | Tried::NoMacro
        | Tried::NotInternal
        | Tried::NotAuthenticated
        | Tried::Selected { .. } => write!(f, "{id}: {tried}"),
    }
}

/// Why a message goes on as it came. That program told it of some reasons only; every one is told
/// here.
fn not_signed(id: &str, reason: &Reason, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match reason {
        Reason::ExternalHost { expected: false, .. } => write!(f, "{id}: {reason}"),
        Reason::NoSigningRule { address } => {
            write!(f, "{id}: no signing table match for '{address}'")
        }
        Reason::NoFrom => write!(f, "{id}: can't determine message sender; accepting"),
        Reason::RecipientExcluded { recipient } => {
            write!(f, "{id}: skipping signing of mail to '{recipient}'")
        }
        Reason::BadFormat => write!(f, "{id}: {BAD_FORMAT}"),
        Reason::Unparsable { .. }
        | Reason::HeaderTooLarge(_)
        | Reason::ExternalHost { expected: true, .. }
        | Reason::SeveralFrom { .. }
        | Reason::TooManyFields { .. }
        | Reason::AlreadySealed
        | Reason::KeyNotRsa
        | Reason::TooFewHeaders
        | Reason::ForeignDomain { .. }
        | Reason::IdentityOutside { .. }
        | Reason::SealsOff
        | Reason::ExemptDomain { .. }
        | Reason::SigningOff => return dkim_filter::not_signed(id, reason, f),
    }?;
    write!(f, " (reason={})", reason.code())
}

fn obstructed(id: &str, obstacle: &Obstacle, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match obstacle {
        Obstacle::NoKey => write!(f, "{id}: {obstacle}"),
        Obstacle::Rules(_) => write!(f, "{id}: error reading signing table: {obstacle}"),
        Obstacle::Key(_) => write!(f, "{id}: signature generation error: {obstacle}"),
        Obstacle::Field(_) => write!(f, "{id}: DKIM-Signature header add failed: {obstacle}"),
        Obstacle::Result(_) => {
            write!(f, "{id}: Authentication-Results header add failed: {obstacle}")
        }
    }?;
    write!(f, " (reason={})", obstacle.code())
}

/// One signature.
fn verified(id: &str, verdict: &Verdict, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Verdict { claims, outcome, .. } = verdict;
    let Some(cause) = Cause::of(outcome) else {
        if *outcome == Outcome::Pass {
            return write!(f, "{id}: DKIM verification successful");
        }
        let domain = claims.domain.as_ref().map(ToString::to_string).unwrap_or_default();
        return write!(f, "{id}: ignoring signature from {domain} (reason={})", outcome.code());
    };
    write!(f, "{id}: {}", failed(cause))?;
    if let (Some(selector), Some(domain)) = (&claims.selector, &claims.domain) {
        write!(f, " (s={selector}, d={domain})")?;
    }
    write!(f, ": {outcome} (reason={})", outcome.code())
}

/// The line that `LogResults` asks for.
fn result_of(id: &str, verdict: &Verdict, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    /// How much of a signature tells which one it is, in characters.
    const PREFIX: usize = 8;
    let Verdict { claims, outcome, .. } = verdict;
    let text = |value: Option<String>| value.unwrap_or_default();
    let start: String = claims.signature.chars().take(PREFIX).collect();
    let (domain, selector) = (
        text(claims.domain.as_ref().map(ToString::to_string)),
        text(claims.selector.as_ref().map(ToString::to_string)),
    );
    let result = match opendkim_reason(outcome) {
        Some(reason) => reason,
        None if *outcome == Outcome::Pass => "no signature error".to_owned(),
        None => "key DNS query failed".to_owned(),
    };
    write!(f, "{id}: signature={start} domain={domain} selector={selector} result={result:?}")
}
