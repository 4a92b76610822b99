//! DomainKeys: the signer of RFC 4870.
//!
//! Makes `DomainKey-Signature` fields, rsa-sha1, one digest over header, separator and body. There
//! is no verifier, on purpose: verifying the historic standard would keep it alive. Every signature
//! names its headers in `h=`: without it, a seal would cover the `Received` field that the MTA
//! writes below it after us, and fail (traps O1, O2, O6).
//!
//! What a domain publishes, its key and its policy, is read here too, for whoever publishes it and
//! wants to know what others make of it. Neither of them is a verifier.
//!
//! Standard: RFC 4870, read with the decisions of `docs/architecture.md`.
//!
//! | module | what is in it |
//! |---|---|
//! | [`address`] | whose domain signs: Sender, else From |
//! | [`policy`] | what a domain says about its mail: [`Policy`] |
//! | [`record`] | a published key, as a verifier of DomainKeys reads it: [`SelectorRecord`] |
//! | [`selection`] | which fields are signed |
//! | [`sign`] | [`Signer`]: a header, body chunks, and out come fields |
#![forbid(unsafe_code)]

pub mod address;
pub mod policy;
pub mod record;
pub mod selection;
pub mod sign;

pub use address::{NoSigningAddress, signing_address};
pub use policy::{BadPolicy, MAX_POLICY_OCTETS, Outbound, Policy};
pub use record::{BadSelectorRecord, Granularity, MAX_RECORD_OCTETS, SelectorRecord};
pub use selection::MAX_SIGNED_FIELDS;
pub use sign::{CannotSign, Pending, Request, Settings, Signer};
pub use twinseal_canon::domainkeys::{BadCanonicalization, Canonicalization};

/// The name of the field that carries the signature.
pub const FIELD: &str = "DomainKey-Signature";
