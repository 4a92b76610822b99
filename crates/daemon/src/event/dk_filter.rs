//! The log lines of `dk-filter`, in the style of its time: that of its descendant `dkim-filter`,
//! from which those of it that are known do not differ. It never verifies here.

use super::dkim_filter::{not_signed, obstructed};
use super::{Event, Reason, Tried, What, native};
use std::fmt;

/// Writes the line.
pub(super) fn write(event: &Event<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let id = event.queue_id;
    match &event.what {
        What::FieldAdded { field, .. } => write!(f, "{id} \"{field}\" header added"),
        // Where it signs, there is a list of domains, and it has to name the sender's.
        What::NotSigned(reason @ Reason::NoSigningRule { address }) => {
            write!(f, "{id} {} (reason={})", Tried::NoDomain(address), reason.code())
        }
        What::NotSigned(reason) => not_signed(id, reason, f),
        What::FieldNotAdded { field, reason } => {
            write!(f, "{id} \"{field}\" header not added: {reason} (reason={})", reason.code())
        }
        What::Obstructed { obstacle, .. } => obstructed((id, "dk_eom()"), obstacle, f),
        What::Tried(tried) => write!(f, "{id} {tried}"),
        What::Step(_)
        | What::Verified(_)
        | What::ResultOf(_)
        | What::SeveralSignatures(_)
        | What::SignaturesIgnored(_)
        | What::Unsigned
        | What::BadFormat
        | What::HeaderTooLarge(_)
        | What::ForgedRemoved(_)
        | What::Reported { .. }
        | What::NotReported { .. }
        | What::Shadowed(_)
        | What::Forecast(_)
        | What::Acted { .. } => native::write(event, f),
    }
}
