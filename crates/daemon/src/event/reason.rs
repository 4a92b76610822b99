//! Why a message, or one seal of it, was left out.

use std::fmt;
use twinseal_message::{Domain, HeaderTooLarge};

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
