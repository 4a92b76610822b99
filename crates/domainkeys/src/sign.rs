//! The signer: a header, body chunks, and out come fields.

use crate::FIELD;
use crate::address::{NoSigningAddress, signing_address, signing_field};
use crate::selection::{MAX_SIGNED_FIELDS, covers, signed_fields};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::sync::Arc;
use twinseal_canon::domainkeys::{Body, Canonicalization, header as canonical_field};
use twinseal_canon::sink::Sink;
use twinseal_keys::{KeyKind, Sha1, SignError, SigningKey};
use twinseal_message::{Domain, Field, FieldName, HeaderBlock, NewField, Selector, TagWriter};

/// How to sign. Many requests share one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The `c=` tag.
    pub canonicalization: Canonicalization,
    /// Fields to leave out of `h=`, beside those that are always left out.
    pub omitted: Vec<FieldName>,
}

impl Default for Settings {
    /// `nofws`, nothing left out.
    fn default() -> Self {
        Self { canonicalization: Canonicalization::Nofws, omitted: Vec::new() }
    }
}

impl Settings {
    /// Whether a field like that is signed. The one that supplies the address is signed in any
    /// case (RFC 4870 §3.3).
    #[must_use]
    pub fn covers(&self, field: Field<'_>) -> bool {
        covers(field, &self.omitted)
    }
}

/// One signature to be made.
#[derive(Debug, Clone)]
pub struct Request {
    /// The signing domain, `d=`.
    pub domain: Domain,
    /// Where its key is published, `s=`.
    pub selector: Selector,
    /// The key, an RSA key.
    pub key: Arc<SigningKey>,
    /// Everything else.
    pub settings: Arc<Settings>,
}

/// The message, or the request, is one that cannot be signed.
///
/// Exhaustive on purpose: whoever adds a reason has to give it its words in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// Nobody's domain could sign.
    #[error(transparent)]
    NoAddress(#[from] NoSigningAddress),
    /// Verifiers may look at the first signature only, and the historic signer left such a message
    /// alone (trap K13).
    #[error("it already carries a DomainKey-Signature")]
    AlreadySigned,
    /// RFC 4870 §3.3: `d=` has to be the address's domain or a parent of it (trap K3).
    #[error("the signing domain {domain} is neither {address} nor a parent of it")]
    ForeignDomain {
        /// The signing domain.
        domain: Domain,
        /// The domain of the address.
        address: Domain,
    },
    /// DomainKeys knows rsa-sha1 alone (trap K5).
    #[error("the key with the selector {selector} is no RSA key")]
    NotRsa {
        /// The key's selector.
        selector: Selector,
    },
    /// A list of one name fails in the original verifier, whatever the message (trap K14).
    #[error("only one header field could be signed, verifiers need two")]
    TooFewFields,
    /// More fields than [`MAX_SIGNED_FIELDS`].
    #[error("more than {MAX_SIGNED_FIELDS} header fields would have to be signed")]
    TooManyFields,
}

/// Several signatures over one message, in one pass. Signatures that need the same digest share it.
#[derive(Debug)]
pub struct Signer {
    digests: Vec<MessageDigest>,
    signatures: Vec<(Request, usize)>,
}

/// One stream of header, separator and body (trap K9).
#[derive(Debug)]
struct MessageDigest {
    settings: Arc<Settings>,
    names: Vec<String>,
    body: Body,
    digest: Digest,
}

#[derive(Debug)]
struct Digest(Sha1);

impl Sink for Digest {
    fn put(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }
}

/// A signature of which everything is known but the private key's part.
#[derive(Debug)]
pub struct Pending {
    request: Request,
    names: Arc<[String]>,
    digest: [u8; 20],
}

impl Signer {
    /// Begins to sign a message. Its header is hashed at once and not needed any more afterwards.
    ///
    /// # Errors
    /// [`CannotSign`]; then no signature is made at all.
    pub fn new(header: &HeaderBlock, requests: Vec<Request>) -> Result<Self, CannotSign> {
        if header.named(FIELD).next().is_some() {
            return Err(CannotSign::AlreadySigned);
        }
        let address = signing_address(header)?;
        let mut signer = Self { digests: Vec::new(), signatures: Vec::new() };
        for request in requests {
            check(&request, address.domain())?;
            let digest = signer.digest(header, &request.settings)?;
            signer.signatures.push((request, digest));
        }
        Ok(signer)
    }

    /// The place of the digest with those settings.
    fn digest(
        &mut self,
        header: &HeaderBlock,
        settings: &Arc<Settings>,
    ) -> Result<usize, CannotSign> {
        let same = |known: &MessageDigest| known.settings == *settings;
        if let Some(place) = self.digests.iter().position(same) {
            return Ok(place);
        }
        self.digests.push(MessageDigest::new(header, Arc::clone(settings))?);
        Ok(self.digests.len() - 1)
    }

    /// What is to be signed how, in the order of the fields.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.signatures.iter().map(|(request, _)| request)
    }

    /// Takes the next octets of the body.
    pub fn feed(&mut self, chunk: &[u8]) {
        for MessageDigest { body, digest, .. } in &mut self.digests {
            body.feed(chunk, digest);
        }
    }

    /// Ends the body.
    #[must_use]
    pub fn finish(self) -> Vec<Pending> {
        let digests: Vec<_> = self.digests.into_iter().map(MessageDigest::finish).collect();
        let pending = |(request, place): (Request, usize)| {
            let (names, digest) = digests.get(place)?.clone();
            Some(Pending { request, names, digest })
        };
        self.signatures.into_iter().filter_map(pending).collect()
    }
}

fn check(request: &Request, address: &Domain) -> Result<(), CannotSign> {
    if matches!(request.key.kind(), KeyKind::Ed25519) {
        return Err(CannotSign::NotRsa { selector: request.selector.clone() });
    }
    if !address.is_at_or_under(&request.domain) {
        let (domain, address) = (request.domain.clone(), address.clone());
        return Err(CannotSign::ForeignDomain { domain, address });
    }
    Ok(())
}

impl MessageDigest {
    fn new(header: &HeaderBlock, settings: Arc<Settings>) -> Result<Self, CannotSign> {
        let (_, signing_field) = signing_field(header).ok_or(NoSigningAddress::NoField)?;
        let fields = signed_fields(header, &settings.omitted, signing_field);
        match fields.len() {
            0 | 1 => return Err(CannotSign::TooFewFields),
            2..=MAX_SIGNED_FIELDS => {}
            _ => return Err(CannotSign::TooManyFields),
        }
        let canonicalization = settings.canonicalization;
        let mut digest = Digest(Sha1::new());
        for field in &fields {
            canonical_field(canonicalization, field.octets(), &mut digest);
        }
        let name = |field: &Field<'_>| String::from_utf8_lossy(field.name()).to_ascii_lowercase();
        let names = fields.iter().map(name).collect();
        Ok(Self { settings, names, body: Body::new(canonicalization), digest })
    }

    fn finish(mut self) -> (Arc<[String]>, [u8; 20]) {
        self.body.finish(&mut self.digest);
        (self.names.into(), self.digest.0.finish())
    }
}

impl Pending {
    /// What was asked for.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Makes the signature, which is the private key's one operation and may take its time.
    ///
    /// The tags stand in the order that the historic signer wrote (trap K6).
    ///
    /// # Errors
    /// [`SignError`] when the key's library refuses.
    pub fn sign(self) -> Result<NewField, SignError> {
        let signature = self.request.key.sign_sha1(&self.digest)?;
        let mut tags = TagWriter::new(FIELD);
        tags.tag("a", "rsa-sha1");
        tags.tag("s", self.request.selector.as_str());
        tags.tag("d", self.request.domain.as_str());
        tags.tag("c", self.request.settings.canonicalization.name());
        tags.tag("q", "dns");
        tags.list("h", self.names.iter().map(String::as_str));
        Ok(tags.unsigned("b").filled(&STANDARD.encode(signature)))
    }
}

#[cfg(test)]
mod tests;
