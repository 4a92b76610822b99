//! Whose message is it, and which seals does it get?
//!
//! A plain function of what is known when the headers are complete. Looking up who signs for an
//! address may take time and fails in its own ways; that has happened before.

use super::order::Order;
use super::seal::Seal;
use crate::event::Reason;
use std::fmt;
use std::sync::Arc;
use twinseal_dkim::{Canonicalization, Identity, Kind};
use twinseal_domainkeys::signing_address;
use twinseal_message::{Domain, Field, FieldName, HeaderBlock, Mailbox};
use twinseal_milter::Macros;

/// Why a client's mail counts as ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The MTA's daemon of that name is one whose mail is ours.
    Daemon(String),
    /// The MTA's macro of that name says so.
    Macro(String),
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

impl Origin {
    /// Whether it does.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        match self {
            Self::Daemon(_) | Self::Macro(_) | Self::Internal | Self::Authenticated => true,
            Self::External { .. } => false,
        }
    }
}

/// What is asked whose message it is, and what follows from the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deciding {
    /// The fields that may say so for DKIM, in the order in which they are asked: the first one
    /// that is there decides, even if it cannot be read. From is asked last in any case.
    pub sender_headers: Vec<FieldName>,
    /// Whether a DKIM seal that a parent domain makes names that domain in `i=` too.
    pub parent_identity: bool,
    /// Whether no rule makes a DomainKeys seal: then nobody misses it.
    pub without_domainkeys: bool,
    /// The MTA's macro that says whose message it is, without braces: where it is set, no field
    /// does.
    pub sender_macro: Option<String>,
}

/// Whose address decides for each seal (trap K3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// For DKIM: the first address in the field that decides, which natively is From.
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

/// A seal, `None` where it is switched off, or why it cannot be made.
pub type Outcome = Result<Option<Box<dyn Seal>>, Reason>;

/// What comes of each seal, by the name of its field, in the order in which they are inserted.
pub type Outcomes = [(&'static str, Outcome); 2];

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
/// The [`Reason`] why there is no author; a sender that cannot be read leaves DKIM possible. From
/// has to be there once whatever decides (trap H15).
pub fn addresses(
    header: &HeaderBlock,
    deciding: &Deciding,
    macros: &Macros,
) -> Result<Addresses, Reason> {
    match header.named("from").count() {
        0 => return Err(Reason::NoFrom),
        1 => {}
        count => return Err(Reason::SeveralFrom { count }),
    }
    let author = author(header, deciding, macros)?;
    Ok(Addresses { author, sender: signing_address(header).map_err(Reason::from) })
}

/// The address that decides for DKIM.
///
/// # Errors
/// The [`Reason`] why there is none.
pub fn author(
    header: &HeaderBlock,
    deciding: &Deciding,
    macros: &Macros,
) -> Result<Mailbox, Reason> {
    let unparsable = |field: &[u8], error: &dyn fmt::Display| Reason::Unparsable {
        field: String::from_utf8_lossy(field).into_owned(),
        error: error.to_string(),
    };
    if let Some((name, value)) = author_by_macro(deciding, macros) {
        return Mailbox::first(value).map_err(|error| unparsable(name.as_bytes(), &error));
    }
    let field = author_field(header, deciding).ok_or(Reason::NoFrom)?;
    Mailbox::first(field.value()).map_err(|error| unparsable(field.name(), &error))
}

/// The macro whose address decides for DKIM, and its value.
#[must_use]
pub fn author_by_macro<'a>(
    deciding: &'a Deciding,
    macros: &'a Macros,
) -> Option<(&'a str, &'a [u8])> {
    let name = deciding.sender_macro.as_deref()?;
    macros.value(name).filter(|value| !value.is_empty()).map(|value| (name, value))
}

/// The field whose address decides for DKIM.
#[must_use]
pub fn author_field<'h>(header: &'h HeaderBlock, deciding: &'h Deciding) -> Option<Field<'h>> {
    let mut names = deciding.sender_headers.iter().map(FieldName::as_str).chain(["from"]);
    names.find_map(|name| header.named(name).next())
}

/// What is known of a message when its header is complete, beside the header.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Whose it is.
    pub addresses: &'a Addresses,
    /// Who signs for them.
    pub orders: &'a Orders,
    /// Why it counts as ours, or does not.
    pub origin: &'a Origin,
    /// Whether the header is exact.
    pub fidelity: Fidelity,
    /// Whether a seal that a parent domain makes names it in `i=`.
    pub parent_identity: bool,
    /// Whether no rule makes a DomainKeys seal.
    pub without_domainkeys: bool,
    /// The time, in seconds since 1970.
    pub now: u64,
}

/// Decides which seals the message gets.
#[must_use]
pub fn plan(header: &HeaderBlock, known: &Known<'_>) -> Plan {
    outcomes(header, known).map_or_else(Plan::Ignore, Plan::of)
}

/// What comes of each seal.
///
/// # Errors
/// The [`Reason`] why the message gets neither.
pub fn outcomes(header: &HeaderBlock, known: &Known<'_>) -> Result<Outcomes, Reason> {
    let Known { addresses, orders, origin, .. } = known;
    // DKIM's order first: its domain is the one that a warning should name.
    let Some(order) = orders.author.as_ref().or(orders.sender.as_ref()) else {
        return Err(Reason::NoSigningRule { address: addresses.author.to_string() });
    };
    if let Origin::External { client, expected } = origin {
        let (client, domain, expected) = (client.clone(), order.domain.clone(), *expected);
        return Err(Reason::ExternalHost { client, domain, expected });
    }
    Ok([
        (twinseal_domainkeys::FIELD, domainkeys(header, addresses, orders.sender.as_ref(), known)),
        (twinseal_dkim::FIELD, dkim(header, known)),
    ])
}

impl Plan {
    /// What follows from what comes of each seal.
    #[must_use]
    pub fn of(outcomes: Outcomes) -> Self {
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
            return Self::Ignore(left_out.pop().map_or(Reason::SealsOff, |(_, reason)| reason));
        }
        Self::Sign { seals, left_out }
    }
}

fn dkim(header: &HeaderBlock, known: &Known<'_>) -> Outcome {
    let author = &known.addresses.author;
    let address = || author.to_string();
    let order = known.orders.author.as_ref();
    let order = order.ok_or_else(|| Reason::NoSigningRule { address: address() })?;
    let mut requests = order.dkim_requests();
    if requests.is_empty() {
        return Ok(None);
    }
    let by_parent =
        |domain: &Domain| author.domain() != domain && author.domain().is_at_or_under(domain);
    for request in requests.iter_mut().filter(|_| known.parent_identity) {
        if by_parent(&request.domain) {
            let identity = Identity::of_domain(request.domain.clone());
            Arc::make_mut(&mut request.settings).identity.get_or_insert(identity);
        }
    }
    if known.fidelity == Fidelity::Approximate {
        for request in &mut requests {
            let settings = Arc::make_mut(&mut request.settings);
            let body = settings.canonicalization.body;
            settings.canonicalization = Canonicalization { header: Kind::Relaxed, body };
        }
    }
    Ok(Some(Box::new(twinseal_dkim::Signer::new(header, requests, known.now)?)))
}

fn domainkeys(
    header: &HeaderBlock,
    addresses: &Addresses,
    order: Option<&Order>,
    known: &Known<'_>,
) -> Outcome {
    if known.without_domainkeys {
        return Ok(None);
    }
    let sender = addresses.sender.as_ref().map_err(Clone::clone)?;
    let order = order.ok_or_else(|| Reason::NoSigningRule { address: sender.to_string() })?;
    if order.all().all(|one| one.domainkeys.is_none()) {
        return Ok(None);
    }
    let mut requests = order.domainkeys_requests();
    if requests.is_empty() {
        return Err(Reason::KeyNotRsa);
    }
    // Where several rules sign, a domain that may not does not keep the others from it.
    if !order.also.is_empty()
        && requests.iter().any(|one| sender.domain().is_at_or_under(&one.domain))
    {
        requests.retain(|one| sender.domain().is_at_or_under(&one.domain));
    }
    if known.fidelity == Fidelity::Approximate {
        for request in &mut requests {
            let settings = Arc::make_mut(&mut request.settings);
            settings.canonicalization = twinseal_domainkeys::Canonicalization::Nofws;
        }
    }
    Ok(Some(Box::new(twinseal_domainkeys::Signer::new(header, requests)?)))
}

#[cfg(test)]
mod tests;
