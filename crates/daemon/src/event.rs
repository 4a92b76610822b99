//! What is worth a log line.
//!
//! Each event is a value; its text is one way to show it. The wording is an interface: log
//! analysers match it, and so each door has its own.
//!
//! | module | what is in it |
//! |---|---|
//! | `native` | the lines of our own door |
//! | `dkim_filter` | those of `dkim-filter` |
//! | `dk_filter` | those of `dk-filter` |
//! | `json` | the members of an event as JSON |
//! | `reason` | why a message, or one seal of it, was left out |

mod dk_filter;
mod dkim_filter;
mod json;
mod native;
mod opendkim;
mod reason;

pub use json::{KINDS, Kind};
pub use reason::Reason;

use crate::forecast::Foretold;
use crate::serving::transaction::Obstacle;
use crate::shadow::Shadowed;
use crate::verifying::action::Why;
use std::fmt;
use twinseal_config::{Action, Door};
use twinseal_dkim::Verdict;
use twinseal_message::{Domain, HeaderTooLarge, Selector};

/// What stands for the queue id where the MTA has not given one (trap W17).
pub const UNKNOWN_ID: &str = "(unknown-jobid)";

/// One log line about a message.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// In whose place we stand: whose words are spoken.
    pub door: Door,
    /// The MTA's queue id, as far as it is known.
    pub queue_id: &'a str,
    /// What happened.
    pub what: What<'a>,
}

/// What happened to a message.
#[derive(Debug, Clone)]
pub enum What<'a> {
    /// A seal was inserted.
    FieldAdded {
        /// The name of the field.
        field: &'static str,
        /// The key's selector.
        selector: &'a Selector,
        /// The signing domain.
        domain: &'a Domain,
    },
    /// The message goes on as it came.
    NotSigned(&'a Reason),
    /// One seal was left out; the other one was made.
    FieldNotAdded {
        /// The name of the field.
        field: &'static str,
        /// Why.
        reason: &'a Reason,
    },
    /// The message should be signed, or told what was found about it, and that cannot be done until
    /// something is mended.
    Obstructed {
        /// What stands in the way.
        obstacle: &'a Obstacle,
        /// What becomes of the message.
        action: Action,
    },
    /// A step on the way to a decision; shown when the administrator asks why.
    Step(&'a str),
    /// A step as `dkim-filter` told it; shown in its place when the administrator asks why.
    Tried(Tried<'a>),
    /// A signature was verified.
    Verified(&'a Verdict),
    /// What came of a signature, in a line of its own that somebody asked for.
    ResultOf(&'a Verdict),
    /// A message has more than one signature.
    SeveralSignatures(&'a [&'a Verdict]),
    /// A message has more signatures than are looked at.
    SignaturesIgnored(usize),
    /// A message has no signature.
    Unsigned,
    /// Its header has not the fields that it has to have once, or at most once.
    BadFormat,
    /// Its header is larger than what is looked at.
    HeaderTooLarge(HeaderTooLarge),
    /// That many fields claimed to be ours, and were removed.
    ForgedRemoved(usize),
    /// A report about it was sent there.
    Reported {
        /// The address.
        to: &'a str,
    },
    /// None was sent there that should have been.
    NotReported {
        /// The address.
        to: &'a str,
        /// Why not.
        error: &'a str,
    },
    /// In what another filter, in whose shadow we stand, differs; or what would have been done.
    Shadowed(&'a Shadowed),
    /// A later hop is going to break its seals.
    Forecast(&'a Foretold),
    /// Something was done with a message because of what its signatures came to.
    Acted {
        /// What.
        action: Action,
        /// Why.
        why: Why,
    },
}

/// What `dkim-filter` tried on the way to a decision, and told when it was asked why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried<'a> {
    /// The domain of that address is none that signs.
    NoDomain(&'a str),
    /// No line of the key list is for that address.
    NoKeyLine(&'a str),
    /// The MTA's daemon is none of those whose mail is ours.
    NoDaemon,
    /// None of the MTA's macros says that the mail is ours.
    NoMacro,
    /// The client is none of the internal hosts.
    NotInternal,
    /// It has not authenticated itself.
    NotAuthenticated,
    /// What is done with the message: it is signed, or verified.
    Selected {
        /// Whether it is signed.
        signing: bool,
    },
}

impl What<'_> {
    /// The stable name of the event.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::FieldAdded { .. } => "field-added",
            Self::NotSigned(_) => "not-signed",
            Self::FieldNotAdded { .. } => "field-not-added",
            Self::Obstructed { .. } => "obstructed",
            Self::Step(_) => "step",
            Self::Tried(_) => "tried",
            Self::Verified(_) => "verified",
            Self::ResultOf(_) => "result",
            Self::SeveralSignatures(_) => "several-signatures",
            Self::SignaturesIgnored(_) => "signatures-ignored",
            Self::Unsigned => "unsigned",
            Self::BadFormat => "bad-format",
            Self::HeaderTooLarge(_) => "header-too-large",
            Self::ForgedRemoved(_) => "forged-removed",
            Self::Reported { .. } => "reported",
            Self::NotReported { .. } => "not-reported",
            Self::Shadowed(_) => "shadow",
            Self::Forecast(_) => "forecast",
            Self::Acted { .. } => "acted",
        }
    }
}

impl Event<'_> {
    /// Writes the line to the log, at the level that it deserves.
    pub fn log(&self) {
        // Either is only written out where the log has that form.
        let event = json::Members(self);
        match &self.what {
            What::Obstructed { .. } => tracing::error!(?event, "{self}"),
            What::NotSigned(Reason::ExternalHost { expected: false, .. })
            | What::NotReported { .. }
            | What::Forecast(_) => {
                tracing::warn!(?event, "{self}");
            }
            What::Shadowed(shadowed) if shadowed.is_worth_a_look() => {
                tracing::warn!(?event, "{self}");
            }
            What::FieldAdded { .. }
            | What::Shadowed(_)
            | What::NotSigned(_)
            | What::FieldNotAdded { .. }
            | What::Step(_)
            | What::Tried(_)
            | What::Verified(_)
            | What::ResultOf(_)
            | What::SeveralSignatures(_)
            | What::SignaturesIgnored(_)
            | What::Unsigned
            | What::BadFormat
            | What::HeaderTooLarge(_)
            | What::ForgedRemoved(_)
            | What::Reported { .. }
            | What::Acted { .. } => tracing::info!(?event, "{self}"),
        }
    }
}

/// The line, in the words of its door.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.door {
            Door::Native => native::write(self, f),
            Door::DkFilter => dk_filter::write(self, f),
            Door::DkimFilter => dkim_filter::write(self, f),
            Door::Opendkim => opendkim::write(self, f),
        }
    }
}

/// A domain of each signature that names one.
fn signers<'v>(verdicts: &[&'v Verdict]) -> Vec<&'v str> {
    let domains = verdicts.iter().filter_map(|one| one.claims.domain.as_ref());
    domains.map(Domain::as_str).collect()
}

#[cfg(test)]
mod tests;
