//! What the configuration promises: decided by the daemon's own code.

use super::probe::Probe;
use super::step::{Code, Step};
use crate::event::Reason;
use crate::signing::keyring::{KeyState, Looked};
use crate::signing::seal::{How, Requested};
use crate::tools::explain::asked::shown_by_an_mta;
use crate::tools::explain::decide::{CannotExplain, Mail, Weighed, weighed};
use crate::tools::explain::seals::Verdict;
use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;
use twinseal_config::{Config, Door};
use twinseal_dkim::FIELD as DKIM;
use twinseal_keys::SigningKey;
use twinseal_message::{Domain, HeaderBlock, HeaderLines, HeaderTooLarge, Selector, text};
use twinseal_milter::Macros;

/// A seal that should be there.
#[derive(Debug, Clone)]
pub(super) struct Seal {
    pub(super) domain: Domain,
    pub(super) selector: Selector,
    /// The key on disk, or why it cannot be had.
    pub(super) key: Result<Arc<SigningKey>, String>,
}

/// What should be there.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) dkim: Vec<Seal>,
    pub(super) domainkeys: Vec<Seal>,
    /// Where they are put: in the place of opendkim it is another one.
    pub(super) door: Door,
    pub(super) step: Step,
}

/// What becomes of that message when the MTA says that it comes from there. `ask` is what asks for
/// more, as a command line.
///
/// # Errors
/// [`CannotExplain`], when there is nothing to decide with.
pub(super) fn of(
    config: &Config,
    probe: &Probe,
    (client, macros): (IpAddr, &Macros),
    ask: &str,
) -> Result<Expected, CannotExplain> {
    let header = header(probe)?;
    let mail = Mail {
        header: &header,
        client: &shown_by_an_mta(client, None),
        macros,
        recipients: std::slice::from_ref(&probe.to),
    };
    let Weighed { verdict, looked, .. } = weighed(config, &mail)?;
    let (mut seals, mut said, mut wrong) = ([Vec::new(), Vec::new()], Vec::new(), Vec::new());
    match verdict {
        Verdict::Peer => wrong.push(format!("mail of {client} is none of our business")),
        Verdict::Neither(reason) => wrong.push(reason.to_string()),
        Verdict::Obstructed(obstacle, _) => wrong.push(obstacle.to_string()),
        // The seal that is inserted last stands on top, and is told first.
        Verdict::Each(outcomes) => {
            for (field, outcome) in outcomes.into_iter().rev() {
                match outcome {
                    Ok(Some(seal)) => {
                        for one in seal.requests() {
                            wrong.extend(unusable(&one, &looked));
                            let form = shown(&one);
                            let seal = sought(one, &looked);
                            let hidden =
                                if seal.key.is_err() { " (its key is hidden)" } else { "" };
                            said.push(form + hidden);
                            let [dkim, domainkeys] = &mut seals;
                            let kind = if field == DKIM { dkim } else { domainkeys };
                            kind.push(seal);
                        }
                    }
                    Ok(None) => {}
                    // Trap K5: such a key makes one seal, and that is no fault.
                    Err(Reason::KeyNotRsa) => {
                        said.push("no DomainKeys, by an Ed25519 key".to_owned())
                    }
                    Err(reason) => wrong.push(format!("no {field}: {reason}")),
                }
            }
        }
    }
    let step = if !wrong.is_empty() {
        let what = format!("{} is not sealed as it should be", probe.from);
        Step::failed(Code::Expected, what).because(wrong.join("\n")).mend(ask)
    } else if said.is_empty() {
        let what = format!("the configuration makes no seal for {}", probe.from);
        Step::failed(Code::Expected, what).mend(ask)
    } else {
        let what = format!("{} is to be sealed: {}", probe.from, said.join("; "));
        Step::ok(Code::Expected, what)
    };
    let [dkim, domainkeys] = seals;
    Ok(Expected { dkim, domainkeys, door: config.door, step })
}

/// The header of the message, as the MTA would show it.
fn header(probe: &Probe) -> Result<HeaderBlock, HeaderTooLarge> {
    let mut lines = HeaderLines::default();
    for line in probe.octets.split_inclusive(|&octet| octet == b'\n') {
        if line == b"\r\n" {
            break;
        }
        lines.line(line)?;
    }
    Ok(lines.finish())
}

fn shown(one: &Requested) -> String {
    let (kind, form): (_, &dyn Display) = match &one.how {
        How::Dkim(settings) => ("DKIM", &settings.canonicalization),
        How::DomainKeys(settings) => ("DomainKeys", &settings.canonicalization),
    };
    format!("{kind} d={} s={} c={form}", one.domain, one.selector)
}

/// The file of that key, if it is one of those that were looked at.
fn file<'l, 'c>(one: &Requested, looked: &'l [Looked<'c>]) -> Option<&'l Looked<'c>> {
    looked
        .iter()
        .find(|looked| Arc::ptr_eq(&looked.key, &one.key) && looked.source.selector == one.selector)
}

fn unusable(one: &Requested, looked: &[Looked<'_>]) -> Option<String> {
    let found = file(one, looked)?;
    match &found.state {
        KeyState::Unusable(error) => Some(format!("{}: {error}", text::path(&found.source.file))),
        KeyState::Usable { .. } | KeyState::Denied(_) => None,
    }
}

fn sought(one: Requested, looked: &[Looked<'_>]) -> Seal {
    let hidden = file(&one, looked).and_then(|found| match &found.state {
        KeyState::Denied(error) | KeyState::Unusable(error) => {
            Some(format!("{}: {error}", text::path(&found.source.file)))
        }
        KeyState::Usable { .. } => None,
    });
    let key = hidden.map_or(Ok(one.key), Err);
    Seal { domain: one.domain, selector: one.selector, key }
}
