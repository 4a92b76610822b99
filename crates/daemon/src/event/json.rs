//! Events as JSON: the same in parts. `docs/log.md` promises them.

use super::{Event, Reason, UNKNOWN_ID, What, signers};
use crate::forecast::Foretold;
use crate::shadow::Shadowed;
use serde_json::Value;
use std::fmt;
use twinseal_dkim::{Outcome, Verdict};

/// What an event has as JSON, beside its name and the queue id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The event's name.
    pub name: &'static str,
    /// What it tells.
    pub about: &'static str,
    /// The names of its members. Of those, an event has the ones that say something.
    pub members: &'static [&'static str],
}

/// All events.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "field-added",
        about: "a seal was inserted",
        members: &["field", "selector", "domain"],
    },
    Kind {
        name: "not-signed",
        about: "the message goes on as it came",
        members: &[
            "reason",
            "client",
            "domain",
            "expected",
            "address",
            "count",
            "header",
            "error",
            "limit",
            "identity",
            "recipient",
        ],
    },
    Kind {
        name: "field-not-added",
        about: "one seal was left out, the other one was made",
        members: &["field", "reason"],
    },
    Kind {
        name: "obstructed",
        about: "something here keeps the message from being dealt with",
        members: &["reason", "error", "action"],
    },
    Kind { name: "step", about: "a step to a decision (`log.why`)", members: &["step"] },
    Kind {
        name: "tried",
        about: "the same in place of dkim-filter, in its words",
        members: &["step"],
    },
    Kind {
        name: "verified",
        about: "a signature was verified, with that result and reason of RFC 8601",
        members: &["result", "reason", "error", "selector", "domain"],
    },
    Kind {
        name: "result",
        about: "the same once more, in a line of its own that was asked for (`LogResults`)",
        members: &["result", "reason", "error", "selector", "domain"],
    },
    Kind {
        name: "several-signatures",
        about: "the message has more than one signature, by these domains",
        members: &["domains"],
    },
    Kind {
        name: "signatures-ignored",
        about: "so many signatures more are not looked at",
        members: &["count"],
    },
    Kind { name: "unsigned", about: "the message has no signature", members: &[] },
    Kind {
        name: "bad-format",
        about: "it has not the header fields that it has to have",
        members: &[],
    },
    Kind {
        name: "header-too-large",
        about: "its header is larger than what is looked at",
        members: &["error"],
    },
    Kind {
        name: "forged-removed",
        about: "so many fields that claimed to be ours were removed",
        members: &["count"],
    },
    Kind { name: "reported", about: "a report of it was sent there", members: &["to"] },
    Kind {
        name: "not-reported",
        about: "one that should have been was not",
        members: &["to", "error"],
    },
    Kind {
        name: "shadow",
        about: "in what another filter differs, or what would have been done (`shadow`)",
        members: &["reason", "field", "selector", "domain", "differences", "action", "error"],
    },
    Kind {
        name: "forecast",
        about: "a later hop is going to break its seals, or one of them (`forecast`)",
        members: &["cause", "field"],
    },
    Kind {
        name: "acted",
        about: "something was done with the message because of its signatures",
        members: &["action", "why"],
    },
];

/// The members of an event, as they stand in a JSON object.
pub(super) struct Members<'a>(pub(super) &'a Event<'a>);

type Member = (&'static str, Value);

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(event) = self;
        write!(f, "\"event\":\"{}\"", event.what.name())?;
        if event.queue_id != UNKNOWN_ID {
            write!(f, ",\"queue_id\":{}", Value::from(event.queue_id))?;
        }
        members(&event.what).iter().try_for_each(|(name, value)| write!(f, ",\"{name}\":{value}"))
    }
}

/// What stands behind the name and the queue id.
fn members(what: &What<'_>) -> Vec<Member> {
    match what {
        What::FieldAdded { field, selector, domain } => vec![
            ("field", Value::from(*field)),
            ("selector", selector.as_str().into()),
            ("domain", domain.as_str().into()),
        ],
        What::NotSigned(reason) => {
            let mut members = vec![("reason", Value::from(reason.code()))];
            members.extend(details(reason));
            members
        }
        What::FieldNotAdded { field, reason } => {
            vec![("field", Value::from(*field)), ("reason", reason.code().into())]
        }
        What::Obstructed { obstacle, action } => vec![
            ("reason", obstacle.code().into()),
            ("error", obstacle.to_string().into()),
            ("action", action.name().into()),
        ],
        What::Step(step) => vec![("step", Value::from(*step))],
        What::Tried(tried) => vec![("step", tried.to_string().into())],
        What::Verified(verdict) | What::ResultOf(verdict) => verified(verdict),
        What::SeveralSignatures(verdicts) => vec![("domains", signers(verdicts).into())],
        What::SignaturesIgnored(count) | What::ForgedRemoved(count) => {
            vec![("count", Value::from(*count))]
        }
        What::Reported { to } => vec![("to", Value::from(*to))],
        What::NotReported { to, error } => {
            vec![("to", Value::from(*to)), ("error", Value::from(*error))]
        }
        What::Unsigned | What::BadFormat => Vec::new(),
        What::HeaderTooLarge(limit) => vec![("error", limit.to_string().into())],
        What::Shadowed(shadowed) => shadow(shadowed),
        What::Forecast(Foretold { cause, only }) => {
            let mut members = vec![("cause", Value::from(cause.code()))];
            members.extend(only.map(|field| ("field", Value::from(field))));
            members
        }
        What::Acted { action, why } => {
            vec![("action", action.name().into()), ("why", why.text().into())]
        }
    }
}

/// What a reason is about.
fn details(reason: &Reason) -> Vec<Member> {
    match reason {
        Reason::ExternalHost { client, domain, expected } => vec![
            ("client", client.as_str().into()),
            ("domain", domain.as_str().into()),
            ("expected", (*expected).into()),
        ],
        Reason::NoSigningRule { address } => vec![("address", address.as_str().into())],
        Reason::SeveralFrom { count } => vec![("count", (*count).into())],
        Reason::Unparsable { field, error } => {
            vec![("header", field.as_str().into()), ("error", error.as_str().into())]
        }
        Reason::HeaderTooLarge(limit) => vec![("error", limit.to_string().into())],
        Reason::TooManyFields { limit } => vec![("limit", (*limit).into())],
        Reason::ForeignDomain { domain, address } => {
            vec![("domain", domain.as_str().into()), ("address", address.as_str().into())]
        }
        Reason::IdentityOutside { identity, domain } => {
            vec![("identity", identity.as_str().into()), ("domain", domain.as_str().into())]
        }
        Reason::RecipientExcluded { recipient } => vec![("recipient", recipient.as_str().into())],
        Reason::ExemptDomain { domain } => vec![("domain", domain.as_str().into())],
        Reason::NoFrom
        | Reason::BadFormat
        | Reason::AlreadySealed
        | Reason::KeyNotRsa
        | Reason::TooFewHeaders
        | Reason::SealsOff
        | Reason::SigningOff => Vec::new(),
    }
}

/// What another filter does otherwise.
fn shadow(shadowed: &Shadowed) -> Vec<Member> {
    let mut members = vec![("reason", Value::from(shadowed.code()))];
    if let Some(mark) = shadowed.mark() {
        members.push(("field", mark.field.into()));
        members.push(("selector", mark.selector.as_str().into()));
        members.push(("domain", mark.domain.as_str().into()));
    }
    match shadowed {
        Shadowed::Differs { differences, .. } => {
            let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
            members.push(("differences", texts.into()));
        }
        Shadowed::WouldAct { action, error } => {
            members.push(("action", action.name().into()));
            members.push(("error", error.as_str().into()));
        }
        Shadowed::Agrees { .. }
        | Shadowed::OnlyTheirs { .. }
        | Shadowed::OnlyOurs { .. }
        | Shadowed::Added { .. } => {}
    }
    members
}

/// What became of a signature.
fn verified(verdict: &Verdict) -> Vec<Member> {
    let Verdict { claims, outcome, .. } = verdict;
    let mut members = vec![("result", Value::from(outcome.word().as_str()))];
    if *outcome != Outcome::Pass {
        members.push(("reason", outcome.code().into()));
        members.push(("error", outcome.to_string().into()));
    }
    members.extend(claims.selector.iter().map(|selector| ("selector", selector.as_str().into())));
    members.extend(claims.domain.iter().map(|domain| ("domain", domain.as_str().into())));
    members
}
