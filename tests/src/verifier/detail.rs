//! What is behind the reasons that have many.

use twinseal_dkim::{BadSignature, LookupFailure, Outcome, RecordError};
use twinseal_keys::BadPublicKey;
use twinseal_message::TagListError;

/// All of them; an outcome that is not among them has one meaning only.
pub const DETAILS: &[&str] = &[
    "malformed/tags-empty",
    "malformed/tags-no-name",
    "malformed/tags-no-value",
    "malformed/tags-bad-octet",
    "malformed/tags-duplicate",
    "malformed/tags-too-many",
    "malformed/missing",
    "malformed/value",
    "malformed/domain",
    "malformed/identity-outside",
    "malformed/from-not-listed",
    "malformed/too-many-fields",
    "malformed/expires-too-early",
    "malformed/no-from",
    "bad-key/too-long",
    "bad-key/tags",
    "bad-key/version",
    "bad-key/version-not-first",
    "bad-key/type",
    "bad-key/no-key",
    "bad-key/base64",
    "bad-key/der",
    "bad-key/algorithm",
    "bad-key/too-large",
    "bad-key/even-modulus",
    "bad-key/exponent",
    "bad-key/ed25519-length",
    "key-unavailable/timeout",
    "key-unavailable/server-failure",
    "key-unavailable/refused",
    "key-unavailable/alias-loop",
    "key-unavailable/unusable",
];

/// What is behind the outcome's code; `None` where that says it all.
pub(super) const fn of(outcome: &Outcome) -> Option<&'static str> {
    if let Outcome::Malformed(error) = outcome {
        Some(malformed(error))
    } else if let Outcome::BadKey(error) = outcome {
        bad_key(error)
    } else if let Outcome::KeyUnavailable(failure) = outcome {
        Some(unavailable(*failure))
    } else {
        None
    }
}

const fn malformed(error: &BadSignature) -> &'static str {
    match error {
        BadSignature::TagList(TagListError::Empty) => "tags-empty",
        BadSignature::TagList(TagListError::NoName { .. }) => "tags-no-name",
        BadSignature::TagList(TagListError::NoValue { .. }) => "tags-no-value",
        BadSignature::TagList(TagListError::BadOctet { .. }) => "tags-bad-octet",
        BadSignature::TagList(TagListError::Duplicate { .. }) => "tags-duplicate",
        BadSignature::TagList(TagListError::TooMany { .. }) => "tags-too-many",
        // One that this list does not know yet; no file of the corpus can be about it.
        BadSignature::TagList(_) => "tags",
        BadSignature::Missing { .. } => "missing",
        BadSignature::Value { .. } => "value",
        BadSignature::Domain(_) => "domain",
        BadSignature::IdentityOutside { .. } => "identity-outside",
        BadSignature::FromNotListed => "from-not-listed",
        BadSignature::TooManyFields => "too-many-fields",
        BadSignature::ExpiresTooEarly => "expires-too-early",
        BadSignature::NoFrom => "no-from",
    }
}

/// A key that was taken back has a code of its own, and DNS has no answer of records without one.
const fn bad_key(error: &RecordError) -> Option<&'static str> {
    Some(match error {
        RecordError::Revoked | RecordError::Missing => return None,
        RecordError::TooLong { .. } => "too-long",
        RecordError::Tags(_) => "tags",
        RecordError::Version { .. } => "version",
        RecordError::VersionNotFirst => "version-not-first",
        RecordError::KeyType { .. } => "type",
        RecordError::NoKey => "no-key",
        RecordError::Base64 => "base64",
        RecordError::Key(BadPublicKey::Der(_)) => "der",
        RecordError::Key(BadPublicKey::WrongAlgorithm) => "algorithm",
        RecordError::Key(BadPublicKey::TooLarge { .. }) => "too-large",
        RecordError::Key(BadPublicKey::EvenModulus) => "even-modulus",
        RecordError::Key(BadPublicKey::Exponent) => "exponent",
        RecordError::Key(BadPublicKey::Ed25519Length { .. }) => "ed25519-length",
        // As above.
        RecordError::Key(_) | _ => "other",
    })
}

const fn unavailable(failure: LookupFailure) -> &'static str {
    match failure {
        LookupFailure::Timeout => "timeout",
        LookupFailure::ServerFailure => "server-failure",
        LookupFailure::Refused => "refused",
        LookupFailure::AliasLoop => "alias-loop",
        LookupFailure::Unusable => "unusable",
    }
}
