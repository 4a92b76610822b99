//! DKIM: the signer and the verifier.
//!
//! Makes `DKIM-Signature` fields with rsa-sha256 and ed25519-sha256, any number of them in one pass
//! over the message, and checks those of others likewise. What it refuses to do: sign with rsa-sha1
//! or count such a signature (RFC 8301 §3.1), count a key of less than 1024 bits (RFC 8301 §3.2),
//! sign a part of a body without being told to, sign a message without exactly one From field (trap
//! H15). It knows no clock, no file and no socket: a verifier names the records that it needs and is
//! handed the answers.
//!
//! Standards: RFC 6376, RFC 8301, RFC 8463, RFC 8616; RFC 8601 for the words of results.
//!
//! | module | what is in it |
//! |---|---|
//! | [`adsp`] | [`AdspResult`]: what the author's domain says about mail without its signature |
//! | [`sign`] | [`Signer`]: a header, body chunks, and out come fields |
//! | [`selection`] | [`HeaderSelection`]: which fields are signed, and how often |
//! | [`settings`] | [`Settings`] and [`Identity`]: what a signature says beside its key |
//! | [`verify`] | [`Verifier`]: a header, body chunks, answers, and out come verdicts |
//! | [`signature`] | [`Signature`]: a field, read |
//! | [`verdict`] | [`Verdict`] and [`Outcome`]: what became of a signature |
//! | [`dns`] | [`KeyQuery`] and [`TxtAnswer`]: what DNS is asked, and what it may answer |
//! | [`record`] | [`PublishedKey`]: a key record, read |
#![forbid(unsafe_code)]

pub mod adsp;
mod body;
mod copied;
pub mod dns;
mod instances;
pub mod record;
pub mod selection;
pub mod settings;
pub mod sign;
pub mod signature;
pub mod verdict;
pub mod verify;

pub use adsp::{AdspQuery, AdspResult, AuthorSignature, Practice};
pub use copied::MAX_COPIED_OCTETS;
pub use dns::{KeyQuery, LookupFailure, Security, TxtAnswer};
pub use record::{PublishedKey, RecordError};
pub use selection::{BadSelection, HeaderSelection, MAX_SIGNED_FIELDS};
pub use settings::{BadIdentity, BodyLength, Identity, Layout, Settings};
pub use sign::{CannotSign, Pending, Request, Signer};
pub use signature::{Algorithm, BadSignature, Claims, Signature};
pub use twinseal_canon::dkim::{BadCanonicalization, Canonicalization, Kind};
pub use verdict::{Coverage, KeyFacts, Outcome, ResultWord, Verdict};
pub use verify::{BodyDemand, Demands, Trust, Verifier};

/// The name of the field that carries the signature.
pub const FIELD: &str = "DKIM-Signature";
