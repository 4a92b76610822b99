//! Whose message is it, and which seals does it get?
//!
//! A plain function of what is known when the headers are complete. Looking up who signs for an
//! address may take time and fails in its own ways; that has happened before.

use super::order::Order;
use super::seal::Seal;
use crate::event::Reason;
use std::sync::Arc;
use twinseal_dkim::{Canonicalization, Kind};
use twinseal_domainkeys::signing_address;
use twinseal_message::{HeaderBlock, Mailbox};

/// Why a client's mail counts as ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The client is one of the internal hosts.
    Internal,
    /// The client has authenticated itself.
    Authenticated,
    /// Neither.
    External {
        /// The client, as name and address.
        client: String,
        /// Whether it may send as one of our domains without a warning.
        expected: bool,
    },
}

/// Whose address decides for each seal (trap K3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The first address in From: for DKIM.
    pub author: Mailbox,
    /// The first address in Sender, else in From: for DomainKeys.
    pub sender: Result<Mailbox, Reason>,
}

/// What the lookup said for each of the two addresses.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// For the author.
    pub author: Option<Order>,
    /// For the sender.
    pub sender: Option<Order>,
}

/// What is to be done with the message.
pub enum Plan {
    /// Sign it.
    Sign {
        /// The seals, in the order in which their fields are inserted.
        seals: Vec<Box<dyn Seal>>,
        /// Seals that were wanted and are not possible.
        left_out: Vec<(&'static str, Reason)>,
    },
    /// Let it pass as it is.
    Ignore(Reason),
}

/// Whether header values arrive exactly as they were written (trap W1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fidelity {
    /// They do.
    Exact,
    /// White space after the colon may be another: only canonicalizations that do not see it can be
    /// used.
    Approximate,
}

/// The two addresses that decide.
///
/// # Errors
/// The [`Reason`] why there is no author; a sender that cannot be read leaves DKIM possible.
pub fn addresses(header: &HeaderBlock) -> Result<Addresses, Reason> {
    let mut from = header.named("from");
    let author = match (from.next(), from.count()) {
        (None, _) => return Err(Reason::NoFrom),
        (Some(field), 0) => Mailbox::first(field.value()),
        (Some(_), more) => return Err(Reason::SeveralFrom { count: 1 + more }),
    };
    let author =
        author.map_err(|error| Reason::Unparsable { field: "From", error: error.to_string() })?;
    Ok(Addresses { author, sender: signing_address(header).map_err(Reason::from) })
}

/// Decides which seals the message gets. `now` is the time in seconds since 1970.
#[must_use]
pub fn plan(
    header: &HeaderBlock,
    addresses: &Addresses,
    orders: &Orders,
    origin: &Origin,
    fidelity: Fidelity,
    now: u64,
) -> Plan {
    // DKIM's order first: its domain is the one that a warning should name.
    let Some(order) = orders.author.as_ref().or(orders.sender.as_ref()) else {
        return Plan::Ignore(Reason::NoSigningRule { address: addresses.author.to_string() });
    };
    if let Origin::External { client, expected } = origin {
        let (client, domain, expected) = (client.clone(), order.domain.clone(), *expected);
        return Plan::Ignore(Reason::ExternalHost { client, domain, expected });
    }
    let outcomes = [
        (
            twinseal_domainkeys::FIELD,
            domainkeys(header, addresses, orders.sender.as_ref(), fidelity),
        ),
        (twinseal_dkim::FIELD, dkim(header, addresses, orders.author.as_ref(), fidelity, now)),
    ];
    let (mut seals, mut left_out) = (Vec::new(), Vec::new());
    for (field, outcome) in outcomes {
        match outcome {
            Ok(Some(seal)) => seals.push(seal),
            Ok(None) => {}
            Err(reason) => left_out.push((field, reason)),
        }
    }
    if seals.is_empty() {
        // One line says why: DKIM's reason, which was looked at last.
        return Plan::Ignore(left_out.pop().map_or(Reason::SealsOff, |(_, reason)| reason));
    }
    Plan::Sign { seals, left_out }
}

/// A seal, `None` where it is switched off, or why it cannot be made.
type Outcome = Result<Option<Box<dyn Seal>>, Reason>;

fn dkim(
    header: &HeaderBlock,
    addresses: &Addresses,
    order: Option<&Order>,
    fidelity: Fidelity,
    now: u64,
) -> Outcome {
    let address = || addresses.author.to_string();
    let order = order.ok_or_else(|| Reason::NoSigningRule { address: address() })?;
    let mut requests = order.dkim_requests();
    if requests.is_empty() {
        return Ok(None);
    }
    if fidelity == Fidelity::Approximate {
        for request in &mut requests {
            let settings = Arc::make_mut(&mut request.settings);
            let body = settings.canonicalization.body;
            settings.canonicalization = Canonicalization { header: Kind::Relaxed, body };
        }
    }
    Ok(Some(Box::new(twinseal_dkim::Signer::new(header, requests, now)?)))
}

fn domainkeys(
    header: &HeaderBlock,
    addresses: &Addresses,
    order: Option<&Order>,
    fidelity: Fidelity,
) -> Outcome {
    let sender = addresses.sender.as_ref().map_err(Clone::clone)?;
    let order = order.ok_or_else(|| Reason::NoSigningRule { address: sender.to_string() })?;
    if order.domainkeys.is_none() {
        return Ok(None);
    }
    let mut requests = order.domainkeys_requests();
    if requests.is_empty() {
        return Err(Reason::KeyNotRsa);
    }
    if fidelity == Fidelity::Approximate {
        for request in &mut requests {
            let settings = Arc::make_mut(&mut request.settings);
            settings.canonicalization = twinseal_domainkeys::Canonicalization::Nofws;
        }
    }
    Ok(Some(Box::new(twinseal_domainkeys::Signer::new(header, requests)?)))
}

#[cfg(test)]
mod tests;
