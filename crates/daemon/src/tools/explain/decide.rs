//! The decision, taken by the daemon's own code over a header that has the addresses in it.

use super::answer::Answer;
use super::asked::Asked;
use super::origin::{entry, steps};
use super::seals::{Seals, Verdict};
use crate::event::Reason;
use crate::privileges::Account;
use crate::server;
use crate::serving::macros;
use crate::serving::service::{Client, Service};
use crate::serving::transaction::{Facts, Obstacle, unless_excluded, weigh};
use crate::signing::directory::{Directory, matching};
use crate::signing::keyfile::Exposure;
use crate::signing::keyring::{Looked, of_some};
use crate::signing::policy::{self, Addresses, Deciding, Fidelity, Origin, Outcomes, Plan};
use crate::signing::sender_keys::SenderKeys;
use nix::unistd::geteuid;
use std::io;
use twinseal_config::{Config, ExitCode, HostMatch, SenderKey};
use twinseal_keys::KeyError;
use twinseal_message::{HeaderBlock, HeaderTooLarge, text};
use twinseal_milter::Macros;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotExplain {
    /// The addresses are too long for a header.
    #[error(transparent)]
    TooLong(#[from] HeaderTooLarge),
    /// No key can be made to stand for one that cannot be read.
    #[error("no key to stand for one that cannot be read: {0}")]
    StandIn(#[from] KeyError),
    /// The system has no threads for us.
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
}

impl CannotExplain {
    pub(crate) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::TooLong(_) => ExitCode::Usage,
            Self::StandIn(_) | Self::System(_) => ExitCode::System,
        }
    }
}

/// Mail that is to be decided about.
#[derive(Clone, Copy)]
pub(crate) struct Mail<'m> {
    pub(crate) header: &'m HeaderBlock,
    pub(crate) client: &'m Client,
    pub(crate) macros: &'m Macros,
    pub(crate) recipients: &'m [String],
}

/// What the daemon makes of mail, and what it knows then.
pub(crate) struct Weighed<'c> {
    service: Service,
    /// The entry by which mail of the client is none of our business.
    peer: Option<HostMatch>,
    /// The header as it leaves.
    header: HeaderBlock,
    deciding: Deciding,
    addresses: Option<Addresses>,
    /// The keys that may be needed.
    pub(crate) looked: Vec<Looked<'c>>,
    origin: Origin,
    pub(crate) verdict: Verdict,
}

/// What would be done with that mail under that configuration.
pub(super) fn answer(asked: &Asked, config: &Config) -> Result<Answer, CannotExplain> {
    let (client, macros) = (&asked.client, &asked.macros);
    let header = header(asked)?;
    let mail = Mail { header: &header, client, macros, recipients: &asked.recipients };
    let Weighed { service, peer, header, deciding, addresses, looked, origin, verdict } =
        weighed(config, &mail)?;
    let verified = server::verifies(config) && verdict.is_verified();
    let seals = Seals { config, header: &header, deciding: &deciding, macros, addresses, looked };
    Ok(Answer {
        address: text::escaped(&asked.address),
        client: client.to_string(),
        peer: peer.map(Into::into),
        ours: origin.is_ours(),
        steps: steps(config, &service, (client, macros), &origin),
        seals: seals.answers(verdict),
        verified,
    })
}

/// Decides as the daemon does.
///
/// # Errors
/// [`CannotExplain`], when there is nothing to decide with.
pub(crate) fn weighed<'c>(
    config: &'c Config,
    mail: &Mail<'_>,
) -> Result<Weighed<'c>, CannotExplain> {
    let Mail { header, client, macros, recipients } = *mail;
    let rewriting = config.further.rewriting.as_ref();
    let header = rewriting.map_or_else(|| header.clone(), |rules| rules.header(header));
    let (rules, every) = (&config.rules, config.leaving.multiple_signatures);
    let deciding = Service::deciding(config);
    let addresses = policy::addresses(&header, &deciding, macros).ok();
    let mut wanted = Vec::new();
    if let Some(Addresses { author, sender }) = &addresses {
        for address in std::iter::once(author).chain(sender.as_ref().ok()) {
            for found in matching(rules, every, address) {
                wanted.push(found.index);
                let key = found.rule.tabled.as_ref().and_then(|tabled| tabled.key.as_ref());
                if let Some(SenderKey::Named(named)) = key {
                    wanted.push(named.pool());
                }
            }
        }
    }
    let account = server::account(config).ok().flatten();
    let trusted: Vec<u32> = account.iter().map(Account::uid).collect();
    let (keyring, looked) = of_some(config, &wanted, &trusted, geteuid().is_root())?;
    let directory = Directory::from_files(rules.clone(), keyring)
        .with_every_match(every)
        .with_sender_keys(SenderKeys::new(Exposure::of(config)));
    let mut service = Service::new(config, directory, None);
    // The steps are told here, and better.
    service.log_why = false;
    let authenticated = macros::tell_of_a_login(macros, config.door);
    let origin = service.origin(client, macros, authenticated);
    let facts = Facts {
        queue_id: None,
        client,
        authenticated,
        fidelity: Fidelity::Exact,
        door: config.door,
        macros,
        tally: &service.tally,
    };
    let peer = entry(client, &service.peers).filter(|found| found.listed);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let told = runtime.block_on(weigh(&service, &facts, &header, None, &origin));
    let exempt = addresses.as_ref().and_then(|addresses| exempt(addresses, config));
    let verdict = match (peer.is_some(), exempt) {
        (true, _) => Verdict::Peer,
        (false, Some(reason)) => Verdict::Neither(reason),
        (false, None) => verdict(told, recipients, &service),
    };
    Ok(Weighed { service, peer, header, deciding, addresses, looked, origin, verdict })
}

/// Why its author's mail is none of our business, if it is not.
fn exempt(addresses: &Addresses, config: &Config) -> Option<Reason> {
    let domain = addresses.author.domain();
    let list = config.further.exempt.as_ref()?;
    list.lists(domain).then(|| Reason::ExemptDomain { domain: domain.clone() })
}

/// What the transaction makes of it.
fn verdict(
    weighed: Result<Result<Outcomes, Reason>, Obstacle>,
    recipients: &[String],
    service: &Service,
) -> Verdict {
    let mut excluded = recipients.iter();
    let excluded = excluded.find(|address| service.leaving.leaves_unsigned(address.as_bytes()));
    match weighed {
        Err(obstacle) => Verdict::Obstructed(obstacle, service.actions),
        Ok(Err(reason)) => Verdict::Neither(reason),
        Ok(Ok(outcomes)) => {
            let makes_any = outcomes.iter().any(|(_, outcome)| matches!(outcome, Ok(Some(_))));
            let plan = Plan::Sign { seals: Vec::new(), left_out: Vec::new() };
            let recipient = excluded.filter(|_| makes_any).map(|address| text::shown(address));
            match unless_excluded(plan, recipient) {
                Plan::Ignore(reason) => Verdict::Neither(reason),
                Plan::Sign { .. } => Verdict::Each(outcomes),
            }
        }
    }
}

/// The header of such a message, as an MTA would show it.
fn header(asked: &Asked) -> Result<HeaderBlock, HeaderTooLarge> {
    let mut header = HeaderBlock::default();
    let mut push =
        |name: &str, value: &str| header.push(name.as_bytes(), format!(" {value}").as_bytes());
    push("From", &asked.address)?;
    if let Some(sender) = &asked.sender {
        push("Sender", sender)?;
    }
    push("To", "somebody@example.net")?;
    push("Subject", "a question")?;
    push("Date", "Thu, 01 Jan 1970 00:00:00 +0000")?;
    push("Message-ID", "<1@example.net>")?;
    Ok(header)
}
