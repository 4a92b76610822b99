//! Fields of the header: where those go that are inserted, and what becomes of others.

use super::Ending;
use crate::serving::service::Service;
use crate::signing::seal::BELOW_RECEIVED;
use twinseal_config::Door;
use twinseal_dkim::FIELD as DKIM_FIELD;
use twinseal_milter::{MessageReply, ModificationError};

/// Inserts the field that says who has seen the message, if there is to be one.
pub(super) fn insert_trace(
    product: Option<&str>,
    (service, ending): (&Service, &Ending<'_>),
    reply: &mut MessageReply,
) -> Result<(), ModificationError> {
    let Some(product) = product else { return Ok(()) };
    let (name, value) = (trace_field(service.door), ending.trace(product));
    reply.insert_header(place(BELOW_RECEIVED, service.door), name, value.as_bytes())
}

/// Where a field goes that belongs below the MTA's own: opendkim puts all of its fields on top.
pub(super) const fn place(index: u32, door: Door) -> u32 {
    match door {
        Door::Opendkim => 0,
        Door::Native | Door::DkFilter | Door::DkimFilter => index,
    }
}

/// Removes so many DKIM signatures, from the highest down: the MTA may count anew after each (trap
/// W11).
pub(super) fn remove_old(count: u32, reply: &mut MessageReply) -> Result<(), ModificationError> {
    (1..=count).rev().try_for_each(|instance| reply.delete_header(instance, DKIM_FIELD))
}

/// The field that says which program has seen a message.
const fn trace_field(door: Door) -> &'static str {
    match door {
        Door::DkFilter => "X-DomainKeys",
        Door::Native | Door::DkimFilter => "X-DKIM",
        Door::Opendkim => "DKIM-Filter",
    }
}
