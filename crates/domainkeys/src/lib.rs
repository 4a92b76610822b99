//! DomainKeys: the signer of RFC 4870.
//!
//! Makes `DomainKey-Signature` fields, rsa-sha1, one digest over header, separator and body. There
//! is no verifier, on purpose: verifying the historic standard would keep it alive. Every signature
//! names its headers in `h=`: without it, a seal would cover the `Received` field that the MTA
//! writes below it after us, and fail (traps O1, O2, O6).
//!
//! Standard: RFC 4870, read with the decisions of `docs/architecture.md`.
//!
//! | module | what is in it |
//! |---|---|
//! | [`address`] | whose domain signs: Sender, else From |
//! | [`selection`] | which fields are signed |
//! | [`sign`] | [`Signer`]: a header, body chunks, and out come fields |
#![forbid(unsafe_code)]

pub mod address;
pub mod selection;
pub mod sign;

pub use address::{NoSigningAddress, signing_address};
pub use selection::MAX_SIGNED_FIELDS;
pub use sign::{CannotSign, Pending, Request, Settings, Signer};
pub use twinseal_canon::domainkeys::{BadCanonicalization, Canonicalization};

/// The name of the field that carries the signature.
pub const FIELD: &str = "DomainKey-Signature";
