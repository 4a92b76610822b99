//! What a verifier says about a signature.

use crate::dns::{LookupFailure, Security};
use crate::record::RecordError;
use crate::signature::{BadSignature, Claims};
use std::fmt;
use twinseal_message::FieldName;

/// The result words of RFC 8601 §2.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResultWord {
    /// The message was not signed.
    None,
    /// A signature is valid and acceptable.
    Pass,
    /// A signature was tested and is not valid.
    Fail,
    /// A signature is not acceptable here.
    Policy,
    /// A signature could not be judged.
    Neutral,
    /// A later attempt may say more.
    TempError,
    /// No later attempt will say more.
    PermError,
}

impl ResultWord {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Policy => "policy",
            Self::Neutral => "neutral",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for ResultWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the signature says of itself, as far as it can be read.
    pub claims: Claims,
    /// Whether it is valid, and if not, why.
    pub outcome: Outcome,
    /// What its key is like, where a record was found.
    pub key: Option<KeyFacts>,
    /// How much of the body it covers, where the body was hashed for it.
    pub coverage: Option<Coverage>,
}

/// What is known of a published key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its size, in bits, where it can be used.
    pub bits: Option<usize>,
    /// Whether its owner is only testing (RFC 6376 §3.6.1, `t=y`): then a failure must not be held
    /// against the message.
    pub testing: bool,
    /// Whether DNS has proved it.
    pub security: Security,
}

/// How much of a canonical body a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// That many octets are covered.
    pub signed: u64,
    /// That many there are.
    pub octets: u64,
}

impl Coverage {
    /// Whether nothing was added behind what is covered.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.signed >= self.octets
    }
}

/// Whether a signature is valid, and if not, why.
///
/// Exhaustive on purpose: a new one needs its word, its code and its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is valid.
    Pass,
    /// The body is not the one that was signed.
    BodyChanged,
    /// The body is shorter than what was signed (RFC 6376 §3.5, `l=`; trap H4).
    BodyShorter {
        /// What was signed, in canonical octets.
        signed: u64,
        /// What there is.
        octets: u64,
    },
    /// The key did not make this signature over this header.
    SignatureWrong,
    /// It has expired (RFC 6376 §3.5, `x=`).
    Expired {
        /// When, in seconds since 1970.
        at: u64,
    },
    /// It was made in the future (RFC 6376 §3.5, `t=`).
    FromTheFuture {
        /// When, in seconds since 1970.
        at: u64,
    },
    /// It covers less of the body than is asked for here.
    BodyNotCovered(Coverage),
    /// A field that has to be signed here is there and is not.
    FieldNotSigned {
        /// The field's name.
        name: FieldName,
    },
    /// A From field stands in the header that it does not cover, so that nobody knows which author
    /// it vouches for (RFC 6376 §8.15).
    FromNotCovered {
        /// How many there are.
        fields: usize,
        /// How many of them are covered.
        covered: usize,
    },
    /// The key is smaller than is asked for here.
    KeyBelowMinimum {
        /// Its size.
        bits: usize,
        /// What is asked for.
        minimum: usize,
    },
    /// Its domain is neither the author's nor one that is trusted here.
    NotTrusted,
    /// There are more signatures than are looked at (RFC 6376 §6.1, trap H20).
    NotExamined {
        /// How many are looked at.
        limit: usize,
    },
    /// It cannot be read, or contradicts itself.
    Malformed(BadSignature),
    /// It is made with SHA-1 (RFC 8301 §3.1, trap H16).
    Sha1,
    /// Its key is an RSA key of less than 1024 bits (RFC 8301 §3.2, trap H16).
    KeyTooSmall {
        /// The key's size.
        bits: usize,
    },
    /// The name of its key does not exist.
    NoKey,
    /// The name of its key exists and has no TXT record.
    NoKeyRecord,
    /// Its key was withdrawn (RFC 6376 §3.6.1, empty `p=`).
    KeyRevoked,
    /// Its key cannot be used.
    BadKey(RecordError),
    /// Its key is of another kind than it says.
    KeyOfAnotherKind,
    /// Its key is not for SHA-256 (RFC 6376 §3.6.1, `h=`).
    HashNotAllowed,
    /// Its key is not for mail (RFC 6376 §3.6.1, `s=`).
    NotForMail,
    /// Its key is for the domain itself alone, and it speaks for a subdomain (RFC 6376 §3.6.1,
    /// `t=s`).
    SubdomainNotAllowed,
    /// Nobody can say now what its key is (trap H17).
    KeyUnavailable(LookupFailure),
}

impl Outcome {
    /// The codes of all of them, for scripts and tests.
    pub const CODES: [&'static str; 24] = [
        "pass",
        "body-changed",
        "body-shorter",
        "signature-wrong",
        "expired",
        "from-the-future",
        "body-not-covered",
        "field-not-signed",
        "from-not-covered",
        "key-below-minimum",
        "not-trusted",
        "not-examined",
        "malformed",
        "sha1",
        "key-too-small",
        "no-key",
        "no-key-record",
        "key-revoked",
        "bad-key",
        "key-of-another-kind",
        "hash-not-allowed",
        "not-for-mail",
        "subdomain-not-allowed",
        "key-unavailable",
    ];

    /// Its word (RFC 8601 §2.7.1). The reasons for the choices that this leaves open: a later
    /// attempt can only change what DNS says; what we alone ask for is policy; what the standards
    /// refuse is permanent.
    #[must_use]
    pub const fn word(&self) -> ResultWord {
        match self {
            Self::Pass => ResultWord::Pass,
            Self::BodyChanged | Self::BodyShorter { .. } | Self::SignatureWrong => ResultWord::Fail,
            Self::Expired { .. }
            | Self::FromTheFuture { .. }
            | Self::BodyNotCovered(_)
            | Self::FieldNotSigned { .. }
            | Self::FromNotCovered { .. }
            | Self::KeyBelowMinimum { .. }
            | Self::NotTrusted
            | Self::NotExamined { .. } => ResultWord::Policy,
            Self::Malformed(_)
            | Self::Sha1
            | Self::KeyTooSmall { .. }
            | Self::NoKey
            | Self::NoKeyRecord
            | Self::KeyRevoked
            | Self::BadKey(_)
            | Self::KeyOfAnotherKind
            | Self::HashNotAllowed
            | Self::NotForMail
            | Self::SubdomainNotAllowed => ResultWord::PermError,
            Self::KeyUnavailable(_) => ResultWord::TempError,
        }
    }

    /// The stable code that scripts look for.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::BodyChanged => "body-changed",
            Self::BodyShorter { .. } => "body-shorter",
            Self::SignatureWrong => "signature-wrong",
            Self::Expired { .. } => "expired",
            Self::FromTheFuture { .. } => "from-the-future",
            Self::BodyNotCovered(_) => "body-not-covered",
            Self::FieldNotSigned { .. } => "field-not-signed",
            Self::FromNotCovered { .. } => "from-not-covered",
            Self::KeyBelowMinimum { .. } => "key-below-minimum",
            Self::NotTrusted => "not-trusted",
            Self::NotExamined { .. } => "not-examined",
            Self::Malformed(_) => "malformed",
            Self::Sha1 => "sha1",
            Self::KeyTooSmall { .. } => "key-too-small",
            Self::NoKey => "no-key",
            Self::NoKeyRecord => "no-key-record",
            Self::KeyRevoked => "key-revoked",
            Self::BadKey(_) => "bad-key",
            Self::KeyOfAnotherKind => "key-of-another-kind",
            Self::HashNotAllowed => "hash-not-allowed",
            Self::NotForMail => "not-for-mail",
            Self::SubdomainNotAllowed => "subdomain-not-allowed",
            Self::KeyUnavailable(_) => "key-unavailable",
        }
    }
}

impl fmt::Display for Outcome {
    /// The reason in plain words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("the signature is valid"),
            Self::BodyChanged => f.write_str("the body is not the one that was signed"),
            Self::BodyShorter { signed, octets } => {
                write!(f, "{signed} octets of the body were signed, and it has {octets}")
            }
            Self::SignatureWrong => {
                f.write_str("the signature does not fit the header and the published key")
            }
            Self::Expired { at } => write!(f, "the signature expired at {at}"),
            Self::FromTheFuture { at } => write!(f, "the signature is from the future, {at}"),
            Self::BodyNotCovered(Coverage { signed, octets }) => {
                write!(f, "only {signed} of the body's {octets} octets are signed")
            }
            Self::FieldNotSigned { name } => write!(f, "the field {name} is not signed"),
            Self::FromNotCovered { fields, covered } => {
                write!(f, "{covered} of {fields} From fields are signed")
            }
            Self::KeyBelowMinimum { bits, minimum } => {
                write!(f, "the key has {bits} bits, and {minimum} are asked for")
            }
            Self::NotTrusted => f.write_str("the signing domain is not trusted here"),
            Self::NotExamined { limit } => {
                write!(f, "no more than {limit} signatures are looked at")
            }
            Self::Malformed(error) => error.fmt(f),
            Self::Sha1 => f.write_str("rsa-sha1 does not count any more"),
            Self::KeyTooSmall { bits } => write!(f, "a key of {bits} bits does not count"),
            Self::NoKey => f.write_str("the key's name does not exist in DNS"),
            Self::NoKeyRecord => f.write_str("there is no key record at the key's name"),
            Self::KeyRevoked => f.write_str("the key was revoked"),
            Self::BadKey(error) => write!(f, "the key record cannot be used: {error}"),
            Self::KeyOfAnotherKind => f.write_str("the key is of another kind than the signature"),
            Self::HashNotAllowed => f.write_str("the key is not for sha256"),
            Self::NotForMail => f.write_str("the key is not for mail"),
            Self::SubdomainNotAllowed => f.write_str("the key is not for subdomains"),
            Self::KeyUnavailable(failure) => failure.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_outcomes_have_the_same_code() {
        assert_eq!(BTreeSet::from(Outcome::CODES).len(), Outcome::CODES.len());
    }
}
