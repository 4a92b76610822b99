//! One message, from its first header field to its seals.

use super::service::{Client, Service};
use crate::VERSION;
use crate::event::{Event, Reason, What};
use crate::signing::directory::{Purpose, Unavailable};
use crate::signing::order::Order;
use crate::signing::policy::{self, Addresses, Fidelity, Known, Orders, Origin, Plan};
use crate::signing::seal::{BELOW_RECEIVED, Seal, SealedField};
use twinseal_keys::SignError;
use twinseal_message::{HeaderBlock, HeaderTooLarge};
use twinseal_milter::{MessageReply, ModificationError};

/// What stands for the queue id where the MTA has not given one (trap W17).
const UNKNOWN_ID: &str = "(unknown-jobid)";

/// What stands for the name of an MTA that does not tell it.
const UNKNOWN_HOST: &str = "unknown-host";

/// The field that says which program has seen a message.
const TRACE_FIELD: &str = "X-DomainKeys";

/// One message.
#[derive(Default)]
pub struct Transaction {
    header: HeaderBlock,
    overflow: Option<HeaderTooLarge>,
    seals: Vec<Box<dyn Seal>>,
    /// The product that the trace field names, if there is to be one.
    trace: Option<String>,
}

/// What the connection knows about a message when it is complete.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// The MTA's queue id. Some MTAs have it only now.
    pub queue_id: Option<&'a str>,
    /// The MTA's own name.
    pub host: Option<&'a str>,
}

/// What the connection knows about a message when its header is complete.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The MTA's queue id, if it has one by now.
    pub queue_id: Option<&'a str>,
    /// The SMTP client.
    pub client: &'a Client,
    /// Whether the client has authenticated itself.
    pub authenticated: bool,
    /// Whether header values are exact.
    pub fidelity: Fidelity,
}

impl Facts<'_> {
    fn log(&self, what: What<'_>) {
        Event { queue_id: self.queue_id.unwrap_or(UNKNOWN_ID), what }.log();
    }
}

impl Ending<'_> {
    /// The value of the trace field.
    fn trace(&self, product: &str) -> String {
        let (host, id) = (self.host.unwrap_or(UNKNOWN_HOST), self.queue_id.unwrap_or(UNKNOWN_ID));
        format!(" {product} {host} {id}")
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is being signed: what is still to come of it is wanted.
    Sealed,
    /// It is not signed, and gets a field nevertheless, which can be added at its end only.
    Marked,
    /// It passes as it is; nothing more of it is wanted.
    Passed,
    /// It should be signed and cannot be now: its sender is to try again.
    Deferred,
}

/// What stands in the way of signing a message that should be signed.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// Nobody can say now who signs, or the key is none.
    #[error(transparent)]
    Rules(#[from] Unavailable),
    /// Its domain is one that signs, and none of its keys is for this sender.
    #[error("no key selected for signing")]
    NoKey,
    /// A private key does not do its work.
    #[error(transparent)]
    Key(#[from] SignError),
    /// The MTA cannot be told to add the field.
    #[error("the MTA does not take the field: {0}")]
    Field(#[from] ModificationError),
}

impl Obstacle {
    /// The one place that says what an error of ours means for the message. Unsigned mail is never
    /// the answer: it would look forged.
    #[must_use]
    pub const fn fate(&self) -> Fate {
        match self {
            Self::Rules(_) | Self::NoKey | Self::Key(_) | Self::Field(_) => Fate::Deferred,
        }
    }
}

impl Transaction {
    /// Takes a header field as the MTA shows it.
    pub fn header(&mut self, name: &[u8], value: &[u8]) {
        if self.overflow.is_none() {
            self.overflow = self.header.push(name, value).err();
        }
    }

    /// Decides what becomes of the message, and says so in the log unless it is signed.
    pub async fn end_of_headers(&mut self, service: &Service, facts: &Facts<'_>) -> Fate {
        let header = std::mem::take(&mut self.header);
        self.trace = service.trace_header.then(|| service.door.product(VERSION));
        match plan(service, facts, &header, self.overflow).await {
            Ok(Plan::Sign { seals, left_out }) => {
                for (field, reason) in &left_out {
                    facts.log(What::FieldNotAdded { field, reason });
                }
                self.seals = seals;
                Fate::Sealed
            }
            Ok(Plan::Ignore(reason)) => {
                facts.log(What::NotSigned(&reason));
                if self.trace.is_some() { Fate::Marked } else { Fate::Passed }
            }
            Err(obstacle) => {
                facts.log(What::Deferred { error: &obstacle.to_string() });
                obstacle.fate()
            }
        }
    }

    /// Takes the next octets of the body.
    pub fn body(&mut self, chunk: &[u8]) {
        for seal in &mut self.seals {
            seal.feed(chunk);
        }
    }

    /// Makes the fields and puts them into the answer, in their order: all of them, or none.
    ///
    /// # Errors
    /// The first [`Obstacle`].
    pub fn end_of_message(
        self,
        reply: &mut MessageReply,
        ending: &Ending<'_>,
    ) -> Result<Vec<SealedField>, Obstacle> {
        let mut fields = Vec::new();
        for seal in self.seals {
            fields.append(&mut seal.finish()?);
        }
        for SealedField { field, index, .. } in &fields {
            reply.insert_header(*index, field.name, field.value.as_bytes())?;
        }
        // Last, and so above the seals (trap W8), which do not cover it.
        if let Some(product) = &self.trace {
            let value = ending.trace(product);
            reply.insert_header(BELOW_RECEIVED, TRACE_FIELD, value.as_bytes())?;
        }
        Ok(fields)
    }
}

async fn plan(
    service: &Service,
    facts: &Facts<'_>,
    header: &HeaderBlock,
    overflow: Option<HeaderTooLarge>,
) -> Result<Plan, Obstacle> {
    if !service.signs {
        return Ok(Plan::Ignore(Reason::SigningOff));
    }
    if let Some(limit) = overflow {
        return Ok(Plan::Ignore(Reason::HeaderTooLarge(limit)));
    }
    let addresses = match policy::addresses(header, &service.deciding) {
        Ok(addresses) => addresses,
        Err(reason) => return Ok(Plan::Ignore(reason)),
    };
    let origin = service.origin(facts.client, facts.authenticated);
    let purpose = match origin {
        Origin::Internal | Origin::Authenticated => Purpose::Sign,
        Origin::External { .. } => Purpose::Tell,
    };
    let orders = look_up(service, &addresses, purpose).await?;
    if service.log_why {
        explain(facts, &addresses, &orders, &origin);
    }
    if orders.author.is_none()
        && let Some(domain) = service.claimed(&addresses.author)
    {
        return match origin {
            Origin::Internal | Origin::Authenticated => Err(Obstacle::NoKey),
            Origin::External { client, expected } => {
                Ok(Plan::Ignore(Reason::ExternalHost { client, domain, expected }))
            }
        };
    }
    let known = Known {
        addresses: &addresses,
        orders: &orders,
        origin: &origin,
        fidelity: facts.fidelity,
        parent_identity: service.deciding.parent_identity,
        now: (service.clock)(),
    };
    Ok(policy::plan(header, &known))
}

async fn look_up(
    service: &Service,
    addresses: &Addresses,
    purpose: Purpose,
) -> Result<Orders, Unavailable> {
    let author = service.directory.order(&addresses.author, purpose).await?;
    let sender = match &addresses.sender {
        Ok(sender) if *sender == addresses.author => author.clone(),
        Ok(sender) => service.directory.order(sender, purpose).await?,
        Err(_) => None,
    };
    Ok(Orders { author, sender })
}

/// The steps that led to the decision, for `log.why`.
fn explain(facts: &Facts<'_>, addresses: &Addresses, orders: &Orders, origin: &Origin) {
    let client = facts.client;
    facts.log(What::Step(&match origin {
        Origin::Internal => format!("why: {client} is an internal host"),
        Origin::Authenticated => format!("why: {client} is not internal, and has authenticated"),
        Origin::External { .. } => format!("why: {client} is not internal and not authenticated"),
    }));
    let found = |order: &Option<Order>| match order {
        Some(order) => format!("signs as {}", order.domain),
        None => "matches no signing rule".to_owned(),
    };
    // A seal that is switched off leads nowhere.
    let made = |order: &Option<Order>, is_on: fn(&Order) -> bool| order.as_ref().is_none_or(is_on);
    let author = &addresses.author;
    if made(&orders.author, |order| order.dkim.is_some()) {
        facts.log(What::Step(&format!("why: for DKIM, {author} {}", found(&orders.author))));
    }
    if made(&orders.sender, |order| order.domainkeys.is_some()) {
        facts.log(What::Step(&match &addresses.sender {
            Ok(sender) => format!("why: for DomainKeys, {sender} {}", found(&orders.sender)),
            Err(reason) => format!("why: for DomainKeys, {reason}"),
        }));
    }
}

/// The log lines of the fields that were inserted.
pub fn log_added(queue_id: Option<&str>, fields: &[SealedField]) {
    for SealedField { field, selector, domain, .. } in fields {
        let what = What::FieldAdded { field: field.name, selector, domain };
        Event { queue_id: queue_id.unwrap_or(UNKNOWN_ID), what }.log();
    }
}

/// The log line of a message that could not be signed at its end.
pub fn log_deferred(queue_id: Option<&str>, error: &str) {
    Event { queue_id: queue_id.unwrap_or(UNKNOWN_ID), what: What::Deferred { error } }.log();
}

#[cfg(test)]
mod tests {
    use super::{Fate, Obstacle};
    use crate::signing::directory::Unavailable;
    use twinseal_keys::SignError;
    use twinseal_milter::ModificationError;

    #[test]
    fn no_error_of_ours_lets_a_message_pass_unsigned() {
        let name = "a b".to_owned();
        for obstacle in [
            Obstacle::Rules(Unavailable::Rules("the store does not answer".to_owned())),
            Obstacle::NoKey,
            Obstacle::Key(SignError::NotRsa),
            Obstacle::Field(ModificationError::BadName { name }),
        ] {
            assert_eq!(obstacle.fate(), Fate::Deferred, "{obstacle}");
        }
    }
}
