//! What is worth a log line.
//!
//! Each event is a value; its text is one way to show it. The wording is an interface: log
//! analysers match it.

use crate::verifying::action::Why;
use crate::verifying::standing::Cause;
use std::fmt;
use twinseal_config::Action;
use twinseal_dkim::{Outcome, Verdict};
use twinseal_message::{Domain, HeaderTooLarge, Selector};

/// One log line about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// The MTA's queue id, as far as it is known.
    pub queue_id: &'a str,
    /// What happened.
    pub what: What<'a>,
}

/// What happened to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The message was deferred: it should be signed, and cannot be until something is mended.
    Deferred {
        /// What stood in the way.
        error: &'a str,
    },
    /// A step on the way to a decision; shown when the administrator asks why.
    Step(&'a str),
    /// A signature was verified.
    Verified(&'a Verdict),
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
    /// Something was done with a message because of what its signatures came to.
    Acted {
        /// What.
        action: Action,
        /// Why.
        why: Why,
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
    /// The rule that matches switches both seals off.
    SealsOff,
    /// The mode leaves signing out.
    SigningOff,
}

impl Reason {
    /// The stable code that scripts look for.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ExternalHost { .. } => "external-host",
            Self::NoSigningRule { .. } => "no-signing-rule",
            Self::NoFrom => "no-from-field",
            Self::SeveralFrom { .. } => "several-from-fields",
            Self::Unparsable { field, .. } => unparsable(field),
            Self::HeaderTooLarge(_) => "header-too-large",
            Self::TooManyFields { .. } => "too-many-headers",
            Self::AlreadySealed => "already-sealed",
            Self::KeyNotRsa => "key-not-rsa",
            Self::TooFewHeaders => "too-few-headers",
            Self::ForeignDomain { .. } => "foreign-domain",
            Self::IdentityOutside { .. } => "identity-outside",
            Self::SealsOff => "seals-off",
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
            Self::SealsOff => f.write_str("the signing rule switches both seals off"),
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

impl Event<'_> {
    /// Writes the line to the log, at the level that it deserves.
    pub fn log(&self) {
        match &self.what {
            What::Deferred { .. } => tracing::error!("{self}"),
            What::NotSigned(Reason::ExternalHost { expected: false, .. }) => {
                tracing::warn!("{self}");
            }
            What::FieldAdded { .. }
            | What::NotSigned(_)
            | What::FieldNotAdded { .. }
            | What::Step(_)
            | What::Verified(_)
            | What::SeveralSignatures(_)
            | What::SignaturesIgnored(_)
            | What::Unsigned
            | What::BadFormat
            | What::HeaderTooLarge(_)
            | What::ForgedRemoved(_)
            | What::Acted { .. } => tracing::info!("{self}"),
        }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.queue_id)?;
        match &self.what {
            What::FieldAdded { field, selector, domain } => {
                write!(f, "{field} field added (s={selector}, d={domain})")
            }
            What::NotSigned(reason) => write!(f, "not signed: {reason} (reason={})", reason.code()),
            What::FieldNotAdded { field, reason } => {
                write!(f, "{field} not added: {reason} (reason={})", reason.code())
            }
            What::Deferred { error } => write!(f, "deferred: {error}"),
            What::Step(step) => f.write_str(step),
            What::Verified(verdict) => verified(verdict, f),
            What::SeveralSignatures(verdicts) => {
                let domains = verdicts.iter().filter_map(|one| one.claims.domain.as_ref());
                let domains: Vec<&str> = domains.map(Domain::as_str).collect();
                write!(f, "message has signatures from {}", domains.join(", "))
            }
            What::SignaturesIgnored(count) => write!(f, "ignoring {count} signatures"),
            What::Unsigned => f.write_str(Why::Unsigned.text()),
            What::BadFormat => f.write_str("header requirement error"),
            What::HeaderTooLarge(limit) => write!(f, "too much header data: {limit}"),
            What::ForgedRemoved(count) => {
                write!(f, "Authentication-Results fields that claim to be ours removed: {count}")
            }
            What::Acted { action, why } => write!(f, "{}: {}", acted(*action), why.text()),
        }
    }
}

/// One signature, in words that analysers of dkim-filter's log know.
fn verified(verdict: &Verdict, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Verdict { claims, outcome, .. } = verdict;
    f.write_str(match Cause::of(outcome) {
        None if *outcome == Outcome::Pass => Why::Valid.text(),
        None => "ignoring signature",
        Some(Cause::NoAnswer | Cause::NoKey) => "key retrieval failed",
        Some(Cause::Revoked) => "key revoked",
        Some(Cause::Syntax) => "syntax error",
        Some(Cause::Unusable) => "signature verification failed",
        Some(Cause::Mismatch) => "bad signature data",
    })?;
    if let (Some(selector), Some(domain)) = (&claims.selector, &claims.domain) {
        write!(f, " (s={selector}, d={domain})")?;
    }
    if *outcome == Outcome::Pass {
        return Ok(());
    }
    write!(f, ": {outcome} (reason={})", outcome.code())
}

const fn acted(action: Action) -> &'static str {
    match action {
        Action::Accept => "accepted",
        Action::Reject => "rejected",
        Action::TempFail => "deferred",
        Action::Discard => "discarded",
        Action::Quarantine => "quarantined",
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Reason, What};
    use twinseal_message::{Domain, Selector};

    fn text(what: What<'_>) -> String {
        Event { queue_id: "4AB12", what }.to_string()
    }

    #[test]
    fn the_wording_is_the_one_that_analysers_know() {
        let (selector, domain) =
            (Selector::parse("mail2").unwrap(), Domain::parse("example.com").unwrap());
        let added =
            What::FieldAdded { field: "DKIM-Signature", selector: &selector, domain: &domain };
        assert_eq!(text(added), "4AB12: DKIM-Signature field added (s=mail2, d=example.com)");
        let client = "mx.example.net [192.0.2.1]".to_owned();
        let external = Reason::ExternalHost { client, domain, expected: false };
        assert_eq!(
            text(What::NotSigned(&external)),
            "4AB12: not signed: external host mx.example.net [192.0.2.1] attempted to send as \
             example.com (reason=external-host)"
        );
        let seal = What::FieldNotAdded { field: "DomainKey-Signature", reason: &Reason::KeyNotRsa };
        assert_eq!(
            text(seal),
            "4AB12: DomainKey-Signature not added: DomainKeys needs an RSA key, and the rule has \
             none (reason=key-not-rsa)"
        );
    }
}
