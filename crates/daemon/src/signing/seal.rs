//! What a seal is to the transaction that carries it.
//!
//! A seal listens to a message and ends in fields. How many keys, digests and fields are in it, and
//! what they mean, is its own business: a third kind of seal is a third implementation.

use twinseal_keys::SignError;
use twinseal_message::{Domain, NewField, Selector};

/// Where both seals are inserted: directly below the MTA's own Received field (traps W8, O2).
pub const BELOW_RECEIVED: u32 = 1;

/// Something that listens to a message and signs it.
pub trait Seal: Send {
    /// Takes the next octets of the body.
    fn feed(&mut self, chunk: &[u8]);

    /// Ends the body and makes the fields, in the order in which they are to be inserted.
    ///
    /// # Errors
    /// [`SignError`] when a key's library refuses; then no field is inserted at all.
    fn finish(self: Box<Self>) -> Result<Vec<SealedField>, SignError>;
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
}

impl Seal for twinseal_dkim::Signer {
    fn feed(&mut self, chunk: &[u8]) {
        Self::feed(self, chunk);
    }

    fn finish(self: Box<Self>) -> Result<Vec<SealedField>, SignError> {
        sign_all(Self::finish(*self), |pending| {
            let twinseal_dkim::Request { domain, selector, .. } = pending.request().clone();
            Ok((domain, selector, pending.sign()?))
        })
    }
}

impl Seal for twinseal_domainkeys::Signer {
    fn feed(&mut self, chunk: &[u8]) {
        Self::feed(self, chunk);
    }

    fn finish(self: Box<Self>) -> Result<Vec<SealedField>, SignError> {
        sign_all(Self::finish(*self), |pending| {
            let twinseal_domainkeys::Request { domain, selector, .. } = pending.request().clone();
            Ok((domain, selector, pending.sign()?))
        })
    }
}

/// Makes each of the signatures, or none when one cannot be made.
fn sign_all<P>(
    pending: Vec<P>,
    sign: impl Fn(P) -> Result<(Domain, Selector, NewField), SignError>,
) -> Result<Vec<SealedField>, SignError> {
    let sealed =
        |(domain, selector, field)| SealedField { field, index: BELOW_RECEIVED, domain, selector };
    pending.into_iter().map(|one| sign(one).map(sealed)).collect()
}
