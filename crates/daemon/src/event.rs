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

mod dk_filter;
mod dkim_filter;
mod json;
mod native;
mod opendkim;

pub use json::{KINDS, Kind};

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

/// Why a message, or one seal of it, was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It comes from elsewhere.
    ExternalHost {
        /// The client, as name and address.
        client: String,
        /// The domain that it claims to send for.
        domain: Domain,
        /// Whether the administrator said that this client may do so.
        expected: bool,
    },
    /// No signing rule matches the address.
    NoSigningRule {
        /// The address.
        address: String,
    },
    /// There is no From field.
    NoFrom,
    /// There are several From fields (trap H15).
    SeveralFrom {
        /// How many.
        count: usize,
    },
    /// The address field cannot be read.
    Unparsable {
        /// The field's name, as the message has it.
        field: String,
        /// What is wrong with it.
        error: String,
    },
    /// Its header has not the fields that it has to have once, or at most once.
    BadFormat,
    /// The header is larger than what we hold.
    HeaderTooLarge(HeaderTooLarge),
    /// More fields would have to be signed than a signature can name.
    TooManyFields {
        /// The limit.
        limit: usize,
    },
    /// It already carries a DomainKey-Signature (trap K13).
    AlreadySealed,
    /// None of the keys is an RSA key (trap K5).
    KeyNotRsa,
    /// A DomainKeys signature has to name two fields (trap K14).
    TooFewHeaders,
    /// The signing domain is not that of the address, or a parent of it.
    ForeignDomain {
        /// The signing domain.
        domain: Domain,
        /// The address's domain.
        address: Domain,
    },
    /// The identity of the rule does not lie in the signing domain.
    IdentityOutside {
        /// The identity.
        identity: String,
        /// The signing domain.
        domain: Domain,
    },
    /// Mail to one of its recipients is not signed.
    RecipientExcluded {
        /// The recipient.
        recipient: String,
    },
    /// The rule that matches switches both seals off.
    SealsOff,
    /// Mail of its author's domain is none of our business.
    ExemptDomain {
        /// The domain.
        domain: Domain,
    },
    /// The mode leaves signing out.
    SigningOff,
}

impl Reason {
    /// The codes of all of them.
    pub const CODES: [&'static str; 21] = [
        "external-host",
        "no-signing-rule",
        "no-from-field",
        "bad-format",
        "several-from-fields",
        "unparsable-from",
        "unparsable-sender",
        "unparsable-resent-from",
        "unparsable-resent-sender",
        "unparsable-address",
        "header-too-large",
        "too-many-headers",
        "already-sealed",
        "key-not-rsa",
        "too-few-headers",
        "foreign-domain",
        "identity-outside",
        "recipient-excluded",
        "seals-off",
        "exempt-domain",
        "signing-off",
    ];

    /// Whether mail that is not signed for it is not verified either.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::BadFormat | Self::RecipientExcluded { .. } | Self::ExemptDomain { .. })
    }

    /// The stable code that scripts look for.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ExternalHost { .. } => "external-host",
            Self::NoSigningRule { .. } => "no-signing-rule",
            Self::NoFrom => "no-from-field",
            Self::BadFormat => "bad-format",
            Self::SeveralFrom { .. } => "several-from-fields",
            Self::Unparsable { field, .. } => unparsable(field),
            Self::HeaderTooLarge(_) => "header-too-large",
            Self::TooManyFields { .. } => "too-many-headers",
            Self::AlreadySealed => "already-sealed",
            Self::KeyNotRsa => "key-not-rsa",
            Self::TooFewHeaders => "too-few-headers",
            Self::ForeignDomain { .. } => "foreign-domain",
            Self::IdentityOutside { .. } => "identity-outside",
            Self::RecipientExcluded { .. } => "recipient-excluded",
            Self::SealsOff => "seals-off",
            Self::ExemptDomain { .. } => "exempt-domain",
            Self::SigningOff => "signing-off",
        }
    }
}

/// The code for a field that cannot be read.
fn unparsable(field: &str) -> &'static str {
    let codes = [
        ("from", "unparsable-from"),
        ("sender", "unparsable-sender"),
        ("resent-from", "unparsable-resent-from"),
        ("resent-sender", "unparsable-resent-sender"),
    ];
    let known = codes.into_iter().find(|(name, _)| field.eq_ignore_ascii_case(name));
    known.map_or("unparsable-address", |(_, code)| code)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExternalHost { client, domain, expected: false } => {
                write!(f, "external host {client} attempted to send as {domain}")
            }
            Self::ExternalHost { client, domain, expected: true } => {
                write!(f, "{client} is external and may send as {domain}")
            }
            Self::NoSigningRule { address } => write!(f, "no signing rule matches {address}"),
            Self::NoFrom => f.write_str("it has no From field"),
            Self::BadFormat => {
                f.write_str("its header has a field too many, or lacks one (RFC 5322 §3.6)")
            }
            Self::SeveralFrom { count } => write!(f, "it has {count} From fields"),
            Self::Unparsable { field, error } => {
                write!(f, "its {field} field cannot be read: {error}")
            }
            Self::HeaderTooLarge(limit) => limit.fmt(f),
            Self::TooManyFields { limit } => {
                write!(f, "more than {limit} header fields would have to be signed")
            }
            Self::AlreadySealed => f.write_str("it already carries a DomainKey-Signature"),
            Self::KeyNotRsa => f.write_str("DomainKeys needs an RSA key, and the rule has none"),
            Self::TooFewHeaders => {
                f.write_str("only one header field could be signed, and verifiers need two")
            }
            Self::ForeignDomain { domain, address } => {
                write!(f, "the signing domain {domain} is neither {address} nor a parent of it")
            }
            Self::IdentityOutside { identity, domain } => {
                write!(f, "the identity {identity} is not in the signing domain {domain}")
            }
            Self::RecipientExcluded { recipient } => {
                write!(f, "mail to {recipient} is left unsigned")
            }
            Self::SealsOff => f.write_str("the signing rule switches both seals off"),
            Self::ExemptDomain { domain } => {
                write!(f, "mail from {domain} is none of our business")
            }
            Self::SigningOff => f.write_str("the mode leaves signing out"),
        }
    }
}

impl From<twinseal_dkim::CannotSign> for Reason {
    fn from(error: twinseal_dkim::CannotSign) -> Self {
        use twinseal_dkim::CannotSign;
        match error {
            CannotSign::NoFrom => Self::NoFrom,
            CannotSign::SeveralFrom { count } => Self::SeveralFrom { count },
            CannotSign::TooManyFields => {
                Self::TooManyFields { limit: twinseal_dkim::MAX_SIGNED_FIELDS }
            }
            CannotSign::IdentityOutside { identity, domain } => {
                Self::IdentityOutside { identity, domain }
            }
        }
    }
}

impl From<twinseal_domainkeys::CannotSign> for Reason {
    fn from(error: twinseal_domainkeys::CannotSign) -> Self {
        use twinseal_domainkeys::CannotSign;
        match error {
            CannotSign::NoAddress(error) => error.into(),
            CannotSign::AlreadySigned => Self::AlreadySealed,
            CannotSign::ForeignDomain { domain, address } => {
                Self::ForeignDomain { domain, address }
            }
            CannotSign::TooFewFields => Self::TooFewHeaders,
            CannotSign::TooManyFields => {
                Self::TooManyFields { limit: twinseal_domainkeys::MAX_SIGNED_FIELDS }
            }
            CannotSign::NotRsa { .. } => Self::KeyNotRsa,
        }
    }
}

impl From<twinseal_domainkeys::NoSigningAddress> for Reason {
    fn from(error: twinseal_domainkeys::NoSigningAddress) -> Self {
        use twinseal_domainkeys::NoSigningAddress;
        match error {
            NoSigningAddress::SeveralFrom { count } => Self::SeveralFrom { count },
            NoSigningAddress::Unreadable { field, error } => {
                Self::Unparsable { field: field.to_owned(), error: error.to_string() }
            }
            NoSigningAddress::NoField => Self::NoFrom,
        }
    }
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
