//! What a seal is to the transaction that carries it.
//!
//! A seal listens to a message and ends in fields. How many keys, digests and fields are in it, and
//! what they mean, is its own business: a third kind of seal is a third implementation.

use std::sync::Arc;
use twinseal_keys::{KeyKind, SignError, SigningKey};
use twinseal_message::{Domain, NewField, Selector};

/// Where both seals are inserted: directly below the MTA's own Received field (traps W8, O2).
pub const BELOW_RECEIVED: u32 = 1;

/// Something that listens to a message and signs it.
pub trait Seal: Send {
    /// Takes the next octets of the body.
    fn feed(&mut self, chunk: &[u8]);

    /// The signatures that it will make, in the order in which their fields are to be inserted.
    fn requests(&self) -> Vec<Requested>;

    /// Ends the body and makes the fields, in the order in which they are to be inserted.
    ///
    /// # Errors
    /// [`SignError`] when a key's library refuses; then no field is inserted at all.
    fn finish(self: Box<Self>) -> Result<Vec<SealedField>, SignError>;
}

/// A signature that a seal will make.
#[derive(Debug, Clone)]
pub struct Requested {
    /// The signing domain.
    pub domain: Domain,
    /// The key's selector.
    pub selector: Selector,
    /// The key.
    pub key: Arc<SigningKey>,
    /// How it is made.
    pub how: How,
}

/// How a signature is made.
#[derive(Debug, Clone)]
pub enum How {
    /// As a DKIM signature.
    Dkim(Arc<twinseal_dkim::Settings>),
    /// As a DomainKeys signature.
    DomainKeys(Arc<twinseal_domainkeys::Settings>),
}

/// A field to be inserted.
#[derive(Debug)]
pub struct SealedField {
    /// The field.
    pub field: NewField,
    /// At which place of the header, as the milter protocol counts.
    pub index: u32,
    /// Whose seal it is.
    pub domain: Domain,
    /// Which key made it.
    pub selector: Selector,
    /// How it was made: `rsa-sha256`, `ed25519-sha256` or `rsa-sha1`.
    pub algorithm: &'static str,
}

impl Seal for twinseal_dkim::Signer {
    fn feed(&mut self, chunk: &[u8]) {
        Self::feed(self, chunk);
    }

    fn requests(&self) -> Vec<Requested> {
        let requested = |request: &twinseal_dkim::Request| Requested {
            domain: request.domain.clone(),
            selector: request.selector.clone(),
            key: Arc::clone(&request.key),
            how: How::Dkim(Arc::clone(&request.settings)),
        };
        Self::requests(self).map(requested).collect()
    }

    fn finish(self: Box<Self>) -> Result<Vec<SealedField>, SignError> {
        sign_all(Self::finish(*self), |pending| {
            let twinseal_dkim::Request { domain, selector, key, .. } = pending.request().clone();
            let algorithm = dkim_algorithm(key.kind());
            Ok(sealed(domain, selector, algorithm, pending.sign()?))
        })
    }
}

impl Seal for twinseal_domainkeys::Signer {
    fn feed(&mut self, chunk: &[u8]) {
        Self::feed(self, chunk);
    }

    fn requests(&self) -> Vec<Requested> {
        let requested = |request: &twinseal_domainkeys::Request| Requested {
            domain: request.domain.clone(),
            selector: request.selector.clone(),
            key: Arc::clone(&request.key),
            how: How::DomainKeys(Arc::clone(&request.settings)),
        };
        Self::requests(self).map(requested).collect()
    }

    fn finish(self: Box<Self>) -> Result<Vec<SealedField>, SignError> {
        sign_all(Self::finish(*self), |pending| {
            let twinseal_domainkeys::Request { domain, selector, .. } = pending.request().clone();
            // RFC 4870 §3.3: there is no other.
            Ok(sealed(domain, selector, "rsa-sha1", pending.sign()?))
        })
    }
}

/// The name of what makes a DKIM signature with a key of that kind.
const fn dkim_algorithm(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Rsa { .. } => "rsa-sha256",
        KeyKind::Ed25519 => "ed25519-sha256",
    }
}

fn sealed(
    domain: Domain,
    selector: Selector,
    algorithm: &'static str,
    field: NewField,
) -> SealedField {
    SealedField { field, index: BELOW_RECEIVED, domain, selector, algorithm }
}

/// Makes each of the signatures, or none when one cannot be made.
fn sign_all<P>(
    pending: Vec<P>,
    sign: impl Fn(P) -> Result<SealedField, SignError>,
) -> Result<Vec<SealedField>, SignError> {
    pending.into_iter().map(sign).collect()
}
