//! The signer: a header, body chunks, and out come fields.

use crate::FIELD;
use crate::body::{BodyDigests, BodyHash, Place};
use crate::copied::copied;
use crate::selection::{Entry, HeaderSelection, MAX_SIGNED_FIELDS};
use crate::settings::{BodyLength, Layout, Settings};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::sync::Arc;
use twinseal_canon::dkim::{Kind, header as canonical_field};
use twinseal_canon::sink::Sink;
use twinseal_keys::{KeyKind, Sha256, SignError, SigningKey};
use twinseal_message::{Domain, HeaderBlock, NewField, Selector, TagWriter};

/// One signature to be made.
#[derive(Debug, Clone)]
pub struct Request {
    /// The signing domain, `d=`.
    pub domain: Domain,
    /// Where its key is published, `s=`.
    pub selector: Selector,
    /// The key.
    pub key: Arc<SigningKey>,
    /// Everything else.
    pub settings: Arc<Settings>,
}

/// The message, or the request, is one that cannot be signed.
///
/// Exhaustive on purpose: whoever adds a reason has to give it its words in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// RFC 6376 §5.4: From has to be signed.
    #[error("the message has no From field")]
    NoFrom,
    /// RFC 5322 §3.6 allows one. Receivers disagree about which of several counts (trap H15).
    #[error("the message has {count} From fields")]
    SeveralFrom {
        /// How many.
        count: usize,
    },
    /// More fields than [`MAX_SIGNED_FIELDS`].
    #[error("more than {MAX_SIGNED_FIELDS} header fields would have to be signed")]
    TooManyFields,
    /// RFC 6376 §3.5: the domain of `i=` has to be `d=` or below it.
    #[error("the identity {identity} is not in the signing domain {domain}")]
    IdentityOutside {
        /// The identity asked for.
        identity: String,
        /// The signing domain.
        domain: Domain,
    },
}

/// Several signatures over one message, in one pass.
///
/// Signatures that need the same digest share it.
#[derive(Debug)]
pub struct Signer {
    bodies: BodyDigests,
    headers: Vec<HeaderDigest>,
    signatures: Vec<Signature>,
    now: u64,
}

/// The digest of the signed fields, to which each signature adds its own field.
#[derive(Debug)]
struct HeaderDigest {
    kind: Kind,
    selection: HeaderSelection,
    names: Vec<String>,
    /// What `z=` says, if a signature is to have one.
    copies: Option<Vec<String>>,
    digest: Digest,
}

#[derive(Debug)]
struct Signature {
    request: Request,
    header: usize,
    body: Place,
}

#[derive(Debug, Clone)]
struct Digest(Sha256);

impl Sink for Digest {
    fn put(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }
}

/// A signature of which everything is known but the private key's part.
#[derive(Debug)]
pub struct Pending {
    request: Request,
    field: twinseal_message::Unsigned,
    digest: [u8; 32],
}

impl Signer {
    /// Begins to sign a message. Its header is hashed at once and not needed any more afterwards.
    ///
    /// `now` is the time in seconds since 1970, for `t=` and `x=`.
    ///
    /// # Errors
    /// [`CannotSign`]; then no signature is made at all.
    pub fn new(header: &HeaderBlock, requests: Vec<Request>, now: u64) -> Result<Self, CannotSign> {
        match header.named("from").count() {
            0 => return Err(CannotSign::NoFrom),
            1 => {}
            count => return Err(CannotSign::SeveralFrom { count }),
        }
        let mut signer = Self {
            bodies: BodyDigests::default(),
            headers: Vec::new(),
            signatures: Vec::new(),
            now,
        };
        for request in requests {
            signer.add(header, request)?;
        }
        Ok(signer)
    }

    fn add(&mut self, header: &HeaderBlock, request: Request) -> Result<(), CannotSign> {
        let settings = &request.settings;
        if let Some(identity) = &settings.identity
            && !identity.domain().is_at_or_under(&request.domain)
        {
            let (identity, domain) = (identity.to_string(), request.domain.clone());
            return Err(CannotSign::IdentityOutside { identity, domain });
        }
        let limit = match settings.body_length {
            BodyLength::Unlimited | BodyLength::Whole => None,
            BodyLength::AtMost(octets) => Some(octets),
        };
        let kind = settings.canonicalization.body;
        let body = self.bodies.place_mended(kind, settings.mends_line_ends, limit);
        let header = self.header(header, settings)?;
        self.signatures.push(Signature { request, header, body });
        Ok(())
    }

    /// The place of the digest over those fields.
    fn header(&mut self, header: &HeaderBlock, settings: &Settings) -> Result<usize, CannotSign> {
        let (kind, selection) = (settings.canonicalization.header, &settings.headers);
        let same = |known: &HeaderDigest| {
            known.kind == kind
                && known.selection == *selection
                && known.copies.is_some() == settings.copies_header
        };
        if let Some(place) = self.headers.iter().position(same) {
            return Ok(place);
        }
        let entries = selection.entries(header);
        if entries.len() > MAX_SIGNED_FIELDS {
            return Err(CannotSign::TooManyFields);
        }
        let digest = hash_fields(kind, &entries);
        let name = |entry: &Entry<'_>| String::from_utf8_lossy(entry.name).into_owned();
        let names = entries.iter().map(name).collect();
        let copies = settings.copies_header.then(|| copied(&entries));
        let selection = selection.clone();
        self.headers.push(HeaderDigest { kind, selection, names, copies, digest });
        Ok(self.headers.len() - 1)
    }

    /// What is to be signed how, in the order of the fields.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.signatures.iter().map(|signature| &signature.request)
    }

    /// Takes the next octets of the body.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.bodies.feed(chunk);
    }

    /// Ends the body.
    #[must_use]
    pub fn finish(self) -> Vec<Pending> {
        let bodies = self.bodies.finish();
        let (headers, now) = (self.headers, self.now);
        let pending = |Signature { request, header, body }| {
            let (header, body) = (headers.get(header)?, bodies.get(body)?);
            Some(Pending::new(request, header, body, now))
        };
        self.signatures.into_iter().filter_map(pending).collect()
    }
}

/// The value of `l=`, which is never more than there is (RFC 6376 §3.5, trap H4).
fn signed_octets(length: BodyLength, octets: u64) -> Option<u64> {
    match length {
        BodyLength::Unlimited => None,
        BodyLength::Whole => Some(octets),
        BodyLength::AtMost(most) => Some(most.min(octets)),
    }
}

/// RFC 6376 §3.7: the signed fields in the order of `h=`, each closed by CRLF.
fn hash_fields(kind: Kind, entries: &[Entry<'_>]) -> Digest {
    let mut digest = Digest(Sha256::new());
    for field in entries.iter().filter_map(|entry| entry.field) {
        canonical_field(kind, field.octets(), &mut digest);
        digest.put(b"\r\n");
    }
    digest
}

impl Pending {
    fn new(request: Request, header: &HeaderDigest, body: BodyHash, now: u64) -> Self {
        let settings = &request.settings;
        let mut tags = match settings.layout {
            Layout::Own => TagWriter::new(FIELD),
            Layout::Opendkim => TagWriter::as_opendkim(FIELD),
        };
        let algorithm = match request.key.kind() {
            KeyKind::Rsa { .. } => "rsa-sha256",
            KeyKind::Ed25519 => "ed25519-sha256",
        };
        tags.tag("v", "1");
        tags.tag("a", algorithm);
        tags.tag("c", &settings.canonicalization.to_string());
        tags.tag("d", request.domain.as_str());
        tags.tag("s", request.selector.as_str());
        tags.tag("t", &now.to_string());
        if let Some(valid) = settings.expire_after {
            tags.tag("x", &now.saturating_add(valid.as_secs()).to_string());
        }
        if let Some(identity) = &settings.identity {
            tags.tag("i", &identity.encoded());
        }
        if settings.requests_reports {
            tags.tag("r", "y");
        }
        let names = || header.names.iter().map(String::as_str);
        if settings.layout == Layout::Own {
            tags.list("h", names());
        }
        tags.tag("bh", &STANDARD.encode(body.hash));
        if let Some(octets) = signed_octets(settings.body_length, body.octets) {
            tags.tag("l", &octets.to_string());
        }
        if settings.layout == Layout::Opendkim {
            tags.list("h", names());
        }
        if let Some(copies) = &header.copies {
            tags.pieces("z", copies.iter().map(String::as_str));
        }
        let field = tags.unsigned("b");
        let mut digest = header.digest.clone();
        canonical_field(header.kind, &field.octets(), &mut digest);
        Self { request, field, digest: digest.0.finish() }
    }

    /// What was asked for.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Makes the signature, which is the private key's one operation and may take its time.
    ///
    /// # Errors
    /// [`SignError`] when the key's library refuses.
    pub fn sign(self) -> Result<NewField, SignError> {
        let signature = self.request.key.sign_sha256(&self.digest)?;
        Ok(self.field.filled(&STANDARD.encode(signature)))
    }
}

#[cfg(test)]
mod tests;
