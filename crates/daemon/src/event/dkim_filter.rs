//! The log lines of `dkim-filter`, in its own words as far as it had any: with a colon behind the
//! queue id, without one, or without the id, as that program wrote each of them. What it did not
//! tell is told in our words.
//!
//! A reason code follows where there is one; what stands in front of it is what was there.

use super::native::{self, failed};
use super::{Event, Reason, What, signers};
use crate::serving::transaction::Obstacle;
use crate::verifying::action::Why;
use crate::verifying::standing::Cause;
use std::fmt;
use twinseal_config::Action;
use twinseal_dkim::{Outcome, Verdict};

/// In pieces, because it is no citation.
pub(super) const BAD_FORMAT: &str = concat!("RFC", "2822 header requirement error");

/// Writes the line.
pub(super) fn write(event: &Event<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let id = event.queue_id;
    match &event.what {
        What::FieldAdded { field, .. } => write!(f, "{id} \"{field}\" header added"),
        What::NotSigned(reason) => not_signed(id, reason, f),
        What::FieldNotAdded { field, reason } => {
            write!(f, "{id} \"{field}\" header not added: {reason} (reason={})", reason.code())
        }
        What::Obstructed { obstacle, .. } => obstructed((id, "dkim_eom()"), obstacle, f),
        What::Tried(tried) => write!(f, "{id} {tried}"),
        What::Verified(verdict) => verified(id, verdict, f),
        What::SeveralSignatures(verdicts) => {
            write!(f, "message has signatures from {}", signers(verdicts).join(", "))
        }
        What::Unsigned => write!(f, "{id}: no signature data"),
        What::BadFormat => write!(f, "{id} {BAD_FORMAT}"),
        What::HeaderTooLarge(_) => f.write_str("too much header data"),
        What::Acted { action: Action::Reject, why: Why::Adsp } => {
            write!(f, "{id} rejected per sender domain policy")
        }
        What::Step(_)
        | What::ResultOf(_)
        | What::SignaturesIgnored(_)
        | What::ForgedRemoved(_)
        | What::Reported { .. }
        | What::NotReported { .. }
        | What::Shadowed(_)
        | What::Forecast(_)
        | What::Acted { .. } => native::write(event, f),
    }
}

/// Why a message goes on as it came. That program told it of some reasons only; every one is told
/// here.
pub(super) fn not_signed(id: &str, reason: &Reason, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match reason {
        Reason::ExternalHost { expected: false, .. } => write!(f, "{id} {reason}"),
        Reason::NoSigningRule { address } => {
            write!(f, "{id} no signing keylist match for `{address}'")
        }
        Reason::NoFrom => write!(f, "{id}: no sender header found; accepting"),
        Reason::Unparsable { field, error } => {
            write!(f, "{id}: can't parse {field}: header value: {error}")
        }
        Reason::RecipientExcluded { recipient } => {
            write!(f, "{id} skipping signing of mail to `{recipient}'")
        }
        Reason::BadFormat => write!(f, "{id} {BAD_FORMAT}"),
        Reason::HeaderTooLarge(limit) => write!(f, "{id}: too much header data: {limit}"),
        Reason::ExternalHost { expected: true, .. }
        | Reason::SeveralFrom { .. }
        | Reason::TooManyFields { .. }
        | Reason::AlreadySealed
        | Reason::KeyNotRsa
        | Reason::TooFewHeaders
        | Reason::ForeignDomain { .. }
        | Reason::IdentityOutside { .. }
        | Reason::SealsOff
        | Reason::ExemptDomain { .. }
        | Reason::SigningOff => write!(f, "{id}: not signed: {reason}"),
    }?;
    write!(f, " (reason={})", reason.code())
}

/// What stands in the way. Both programs named the function of their library in which it did.
pub(super) fn obstructed(
    (id, function): (&str, &str),
    obstacle: &Obstacle,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match obstacle {
        Obstacle::NoKey => write!(f, "{id} {obstacle}"),
        Obstacle::Rules(_) | Obstacle::Key(_) => {
            write!(f, "{id}: {function}: resource unavailable: {obstacle}")
        }
        Obstacle::Field(_) | Obstacle::Result(_) => {
            write!(f, "{id}: {function}: internal error: {obstacle}")
        }
    }?;
    write!(f, " (reason={})", obstacle.code())
}

/// One signature.
fn verified(id: &str, verdict: &Verdict, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Verdict { claims, outcome, .. } = verdict;
    let Some(cause) = Cause::of(outcome) else {
        if *outcome == Outcome::Pass {
            return write!(f, "{id} DKIM verification successful");
        }
        let domain = claims.domain.as_ref().map(ToString::to_string).unwrap_or_default();
        return write!(f, "{id} ignoring signature from {domain} (reason={})", outcome.code());
    };
    write!(f, "{id}: {}", failed(cause))?;
    let names = |f: &mut fmt::Formatter<'_>| match (&claims.selector, &claims.domain) {
        (Some(selector), Some(domain)) => write!(f, " (s={selector}, d={domain})"),
        _ => Ok(()),
    };
    // Behind these two words it wrote what was wrong at once.
    let at_once = matches!(cause, Cause::Syntax | Cause::Unusable);
    if !at_once {
        names(f)?;
    }
    write!(f, ": {outcome}")?;
    if at_once {
        names(f)?;
    }
    write!(f, " (reason={})", outcome.code())
}
