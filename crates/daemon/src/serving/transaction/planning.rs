//! Who signs a message, if anybody does.

use super::{Facts, Obstacle};
use crate::event::{Reason, What};
use crate::serving::service::Service;
use crate::signing::directory::{Purpose, Unavailable};
use crate::signing::order::Order;
use crate::signing::policy::{self, Addresses, Known, Orders, Origin, Outcomes, Plan};
use crate::verifying::verification::is_well_formed;
use twinseal_message::{HeaderBlock, HeaderTooLarge};

/// Whether a message that is not signed could have been: mail from elsewhere could not, unless
/// it claims to come from here.
pub(super) const fn is_ours_to_sign(reason: &Reason, origin: &Origin) -> bool {
    match (reason, origin) {
        (Reason::SigningOff, _) => false,
        (Reason::ExternalHost { .. }, _) => true,
        (_, origin) => origin.is_ours(),
    }
}

pub(super) async fn plan(
    service: &Service,
    facts: &Facts<'_>,
    header: &HeaderBlock,
    overflow: Option<HeaderTooLarge>,
    origin: &Origin,
) -> Result<Plan, Obstacle> {
    let weighed = weigh(service, facts, header, overflow, origin).await?;
    Ok(weighed.map_or_else(Plan::Ignore, Plan::of))
}

/// A message that gets seals does not, if mail to that recipient is left unsigned.
pub(crate) fn unless_excluded(plan: Plan, recipient: Option<String>) -> Plan {
    match (plan, recipient) {
        (Plan::Sign { .. }, Some(recipient)) => {
            Plan::Ignore(Reason::RecipientExcluded { recipient })
        }
        (plan, _) => plan,
    }
}

/// What comes of each seal, or why the message gets neither.
pub(crate) async fn weigh(
    service: &Service,
    facts: &Facts<'_>,
    header: &HeaderBlock,
    overflow: Option<HeaderTooLarge>,
    origin: &Origin,
) -> Result<Result<Outcomes, Reason>, Obstacle> {
    if !service.signs {
        return Ok(Err(Reason::SigningOff));
    }
    if service.log_why {
        explain_origin(service, facts, origin);
    }
    if let Some(limit) = overflow {
        return Ok(Err(Reason::HeaderTooLarge(limit)));
    }
    if service.required_headers
        && !service.is_opendkim()
        && origin.is_ours()
        && !is_well_formed(header)
    {
        return Ok(Err(Reason::BadFormat));
    }
    let addresses = match policy::addresses(header, &service.deciding, facts.macros) {
        Ok(addresses) => addresses,
        Err(reason) => {
            if service.log_why {
                facts.log(What::Step(&format!("why: no address decides: {reason}")));
            }
            return Ok(Err(reason));
        }
    };
    let purpose = if origin.is_ours() { Purpose::Sign } else { Purpose::Tell };
    let orders = look_up(service, &addresses, purpose).await?;
    if service.log_why {
        explain_orders(facts, &addresses, &orders);
    }
    if orders.author.is_none()
        && let Some(domain) = service.claimed(&addresses.author)
    {
        return match origin {
            Origin::Daemon(_) | Origin::Macro(_) | Origin::Internal | Origin::Authenticated => {
                Err(Obstacle::NoKey)
            }
            Origin::External { client, expected } => {
                let (client, expected) = (client.clone(), *expected);
                Ok(Err(Reason::ExternalHost { client, domain, expected }))
            }
        };
    }
    let known = Known {
        addresses: &addresses,
        orders: &orders,
        origin,
        fidelity: facts.fidelity,
        parent_identity: service.deciding.parent_identity,
        without_domainkeys: service.deciding.without_domainkeys,
        now: service.clock.now(),
    };
    Ok(policy::outcomes(header, &known))
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

/// Why the mail counts as ours, for `log.why`: everything that was asked, until something said so.
fn explain_origin(service: &Service, facts: &Facts<'_>, origin: &Origin) {
    let (client, leaving) = (facts.client, &service.leaving);
    let step = |text: &str| facts.log(What::Step(text));
    if let Origin::Daemon(name) = origin {
        return step(&format!("why: the MTA's daemon {name} is an internal one"));
    }
    if !leaving.daemons.is_empty() {
        step("why: no MTA name match");
    }
    if let Origin::Macro(name) = origin {
        return step(&format!("why: the MTA's macro {name} says that the mail is internal"));
    }
    if !leaving.macros.is_empty() {
        step("why: no macros match");
    }
    step(&match origin {
        Origin::Daemon(_) | Origin::Macro(_) | Origin::Internal => {
            format!("why: {client} is an internal host")
        }
        Origin::Authenticated => format!("why: {client} is not internal, and has authenticated"),
        Origin::External { .. } => format!("why: {client} is not internal and not authenticated"),
    });
}

/// Who signs for whose address, for `log.why`.
fn explain_orders(facts: &Facts<'_>, addresses: &Addresses, orders: &Orders) {
    let found = |order: &Option<Order>| match order {
        Some(order) => {
            let domains: Vec<&str> = order.all().map(|one| one.domain.as_str()).collect();
            format!("signs as {}", domains.join(", "))
        }
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
