//! DKIM: the signer.
//!
//! Makes `DKIM-Signature` fields with rsa-sha256 and ed25519-sha256, any number of them in one pass
//! over the message. What it refuses to do: sign with rsa-sha1 (RFC 8301 §3.1), sign a part of a
//! body, sign a message without exactly one From field (trap H15). It knows no clock, no file and
//! no socket.
//!
//! Standards: RFC 6376, RFC 8301, RFC 8463, RFC 8616.
//!
//! | module | what is in it |
//! |---|---|
//! | [`dns`] | [`KeyQuery`] and [`TxtAnswer`]: what DNS is asked, and what it may answer |
//! | [`record`] | [`PublishedKey`]: a key record, read |
//! | [`sign`] | [`Signer`]: a header, body chunks, and out come fields |
//! | [`selection`] | [`HeaderSelection`]: which fields are signed, and how often |
//! | [`settings`] | [`Settings`] and [`Identity`]: what a signature says beside its key |
#![forbid(unsafe_code)]

pub mod dns;
pub mod record;
pub mod selection;
pub mod settings;
pub mod sign;

pub use dns::{KeyQuery, LookupFailure, Security, TxtAnswer};
pub use record::{PublishedKey, RecordError};
pub use selection::{BadSelection, HeaderSelection, MAX_SIGNED_FIELDS};
pub use settings::{BadIdentity, Identity, Settings};
pub use sign::{CannotSign, Pending, Request, Signer};
pub use twinseal_canon::dkim::{BadCanonicalization, Canonicalization, Kind};

/// The name of the field that carries the signature.
pub const FIELD: &str = "DKIM-Signature";
