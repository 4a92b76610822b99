//! A DKIM-Signature field, read (RFC 6376 §3.5).

use crate::instances::Instances;
use crate::settings::{BadIdentity, Identity};
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::ops::Range;
use twinseal_canon::dkim::{Canonicalization, Kind, header as canonical_field};
use twinseal_message::text::shown;
use twinseal_message::{
    BadDomain, Domain, Field, HeaderBlock, Selector, Tag, TagList, TagListError,
};

/// The most names an `h=` tag may list. Signers list what a message has, and over-sign some.
pub const MAX_LISTED_FIELDS: usize = 1_000;

/// RFC 6376 §3.5 lets the padding out of its grammar, and others count bits behind the last octet
/// for nothing. What is no base64 at all is refused.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `rsa-sha256`
    RsaSha256,
    /// `ed25519-sha256` (RFC 8463)
    Ed25519Sha256,
    /// `rsa-sha1`, which does not count any more (RFC 8301 §3.1).
    RsaSha1,
}

/// What a signature says of itself, as far as it can be read: even a broken one has a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// The signing domain, `d=`.
    pub domain: Option<Domain>,
    /// Where its key is published, `s=`.
    pub selector: Option<Selector>,
    /// The algorithm, `a=`, as written.
    pub algorithm: Option<String>,
    /// The canonicalization, `c=`, or what its absence means.
    pub canonicalization: Option<Canonicalization>,
    /// On whose behalf, `i=`, or what its absence means.
    pub identity: Option<Identity>,
    /// The signature, `b=`, in base64 without white space; its first characters are enough to tell
    /// signatures apart.
    pub signature: String,
    /// Whether the field has characters beyond ASCII, so that the message is an internationalized
    /// one (RFC 6532, RFC 8616) whatever is written into it.
    pub internationalized: bool,
}

/// How much of `b=` is kept to tell signatures apart, in characters.
const KEPT_SIGNATURE: usize = 64;

/// A signature that can be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `a=`
    pub algorithm: Algorithm,
    /// `c=`
    pub canonicalization: Canonicalization,
    /// `d=`
    pub domain: Domain,
    /// `s=`
    pub selector: Selector,
    /// `i=`
    pub identity: Identity,
    /// `h=`: the names of the signed fields, in lower case.
    pub fields: Vec<Box<[u8]>>,
    /// `bh=`
    pub body_hash: Vec<u8>,
    /// `l=`, in canonical octets.
    pub body_length: Option<u64>,
    /// `t=`, in seconds since 1970.
    pub signed_at: Option<u64>,
    /// `x=`, in seconds since 1970.
    pub expires: Option<u64>,
    /// `b=`
    pub signature: Vec<u8>,
    /// Where the value of `b=` lies in the value of the field.
    hole: Range<usize>,
}

/// The field is no signature that could be checked.
///
/// Exhaustive on purpose, as the outcomes are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// It is no list of tags.
    #[error("the signature is no tag list: {0}")]
    TagList(#[from] TagListError),
    /// A tag that every signature has is not there.
    #[error("the signature has no {tag}= tag")]
    Missing {
        /// The tag.
        tag: &'static str,
    },
    /// A tag has a value that means nothing.
    #[error("the signature's {tag}= tag cannot be read: \"{value}\"")]
    Value {
        /// The tag.
        tag: &'static str,
        /// What stands there, made fit to be shown.
        value: String,
    },
    /// It names no domain.
    #[error("the signature's d= tag: {0}")]
    Domain(BadDomain),
    /// It speaks for somebody outside its domain.
    #[error("the signature's identity {identity} is not in its domain")]
    IdentityOutside {
        /// The identity.
        identity: String,
    },
    /// It does not cover From (RFC 6376 §5.4, trap H13).
    #[error("the signature does not cover From")]
    FromNotListed,
    /// It lists more fields than anybody needs (trap H20).
    #[error("the signature lists more than {MAX_LISTED_FIELDS} fields")]
    TooManyFields,
    /// It expires before it is made.
    #[error("the signature expires before it was made")]
    ExpiresTooEarly,
    /// There is no From field in the message.
    #[error("the message has no From field")]
    NoFrom,
}

impl Algorithm {
    fn parse(text: &str) -> Option<Self> {
        let known = [
            ("rsa-sha256", Self::RsaSha256),
            ("ed25519-sha256", Self::Ed25519Sha256),
            ("rsa-sha1", Self::RsaSha1),
        ];
        known.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, found)| found)
    }
}

/// A tag's value, as text. White space around it has no meaning; inside, nothing that is read this
/// way may hold any.
fn text(tag: Tag<'_>) -> String {
    String::from_utf8_lossy(tag.value()).into_owned()
}

fn bad_value(name: &'static str, tag: Tag<'_>) -> BadSignature {
    BadSignature::Value { tag: name, value: shown(&text(tag)) }
}

impl Claims {
    /// Reads what can be read.
    fn read(tags: &TagList<'_>) -> Self {
        let get = |name| tags.get(name).map(text);
        let domain = get("d").and_then(|text| Domain::parse(&text).ok());
        let identity = match tags.get("i") {
            Some(tag) => identity(tag).ok(),
            None => domain.clone().map(Identity::of_domain),
        };
        let canonicalization = match get("c") {
            Some(text) => Canonicalization::parse(&text.to_ascii_lowercase()).ok(),
            None => Some(SIMPLE),
        };
        let signature = tags.get("b").map(|tag| tag.compact()).unwrap_or_default();
        Self {
            selector: get("s").and_then(|text| Selector::parse(&text).ok()),
            algorithm: get("a").map(|text| shown(&text)),
            canonicalization,
            identity,
            domain,
            signature: String::from_utf8_lossy(&signature).chars().take(KEPT_SIGNATURE).collect(),
            internationalized: false,
        }
    }
}

/// Trap H9: what the absence of `c=` means.
const SIMPLE: Canonicalization = Canonicalization { header: Kind::Simple, body: Kind::Simple };

/// RFC 6376 §3.5, `i=`: quoted as RFC 6376 §2.11 says.
fn identity(tag: Tag<'_>) -> Result<Identity, BadIdentity> {
    let octets = tag.compact();
    let mut decoded = Vec::with_capacity(octets.len());
    let mut rest = octets.as_slice();
    while let Some((&octet, after)) = rest.split_first() {
        let quoted = (octet == b'=').then(|| after.split_first_chunk::<2>()).flatten();
        let value = quoted.and_then(|(digits, after)| Some((hexadecimal(*digits)?, after)));
        let (octet, after) = value.unwrap_or((octet, after));
        decoded.push(octet);
        rest = after;
    }
    Identity::parse(&String::from_utf8_lossy(&decoded))
}

fn hexadecimal(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

impl Signature {
    /// Reads the field; and in any case what it says of itself.
    pub fn parse(field: Field<'_>) -> (Claims, Result<Self, BadSignature>) {
        match TagList::parse(field.value()) {
            Ok(tags) => {
                let internationalized = !field.value().is_ascii();
                let claims = Claims { internationalized, ..Claims::read(&tags) };
                (claims, Self::read(&tags))
            }
            Err(error) => (Claims::default(), Err(error.into())),
        }
    }

    fn read(tags: &TagList<'_>) -> Result<Self, BadSignature> {
        let need = |tag| tags.get(tag).ok_or(BadSignature::Missing { tag });
        let version = need("v")?;
        if version.value() != b"1" {
            return Err(bad_value("v", version));
        }
        let algorithm = need("a")?;
        let algorithm =
            Algorithm::parse(&text(algorithm)).ok_or_else(|| bad_value("a", algorithm))?;
        let signature = need("b")?;
        let (signed_at, expires) = (number(tags, "t")?, number(tags, "x")?);
        // RFC 6376 §3.5: x= has to be greater than t=.
        if let (Some(signed_at), Some(expires)) = (signed_at, expires)
            && expires <= signed_at
        {
            return Err(BadSignature::ExpiresTooEarly);
        }
        let domain = Domain::parse(&text(need("d")?)).map_err(BadSignature::Domain)?;
        let selector = need("s")?;
        query_method(tags)?;
        Ok(Self {
            algorithm,
            canonicalization: canonicalization(tags)?,
            selector: Selector::parse(&text(selector)).map_err(|_| bad_value("s", selector))?,
            identity: identity_in(tags, &domain)?,
            fields: fields(need("h")?)?,
            body_hash: base64("bh", need("bh")?)?,
            body_length: number(tags, "l")?,
            signed_at,
            expires,
            hole: signature.place(),
            signature: base64("b", signature)?,
            domain,
        })
    }

    /// The field as it was hashed when it was made: without the value of `b=` (RFC 6376 §3.7, trap
    /// H7).
    fn emptied(&self, field: Field<'_>) -> Vec<u8> {
        let octets = field.octets();
        let value = octets.len() - field.value().len();
        let before = octets.get(..value + self.hole.start).unwrap_or_default();
        let after = octets.get(value + self.hole.end..).unwrap_or_default();
        [before, after].concat()
    }

    /// What the private key has signed (RFC 6376 §3.7): the fields that `h=` takes, and last this
    /// field, `own`, itself.
    #[must_use]
    pub fn signed_octets<'h>(
        &self,
        taken: impl IntoIterator<Item = Field<'h>>,
        own: Field<'_>,
    ) -> Vec<u8> {
        let mut octets = Vec::new();
        let kind = self.canonicalization.header;
        for field in taken {
            canonical_field(kind, field.octets(), &mut octets);
            octets.extend_from_slice(b"\r\n");
        }
        canonical_field(kind, &self.emptied(own), &mut octets);
        octets
    }

    /// Which fields of the header the entries of `h=` take, counted from the top and from 0; `None`
    /// for an entry that finds none left. `own` is this signature's field.
    #[must_use]
    pub fn taken(&self, header: &HeaderBlock, own: usize) -> Vec<Option<usize>> {
        Instances::of(header).numbers(&self.fields, own)
    }

    /// How many of the entries of `h=` have that name.
    #[must_use]
    pub fn lists(&self, name: &str) -> usize {
        self.fields.iter().filter(|listed| listed.eq_ignore_ascii_case(name.as_bytes())).count()
    }
}

fn canonicalization(tags: &TagList<'_>) -> Result<Canonicalization, BadSignature> {
    let Some(tag) = tags.get("c") else { return Ok(SIMPLE) };
    // RFC 6376 §3.5: the grammar's literals, which have no case (RFC 5234 §2.3).
    let found = Canonicalization::parse(&text(tag).to_ascii_lowercase());
    found.map_err(|_| bad_value("c", tag))
}

fn identity_in(tags: &TagList<'_>, domain: &Domain) -> Result<Identity, BadSignature> {
    let Some(tag) = tags.get("i") else { return Ok(Identity::of_domain(domain.clone())) };
    let identity = identity(tag).map_err(|_| bad_value("i", tag))?;
    // Trap H13
    if identity.domain().is_at_or_under(domain) {
        Ok(identity)
    } else {
        Err(BadSignature::IdentityOutside { identity: shown(&identity.to_string()) })
    }
}

/// The names in `h=`. An empty place between colons takes no field and does no harm.
fn fields(tag: Tag<'_>) -> Result<Vec<Box<[u8]>>, BadSignature> {
    let names = tag.value().split(|&octet| octet == b':').map(<[u8]>::trim_ascii);
    let names = names.filter(|name| !name.is_empty());
    let fields: Vec<Box<[u8]>> =
        names.take(MAX_LISTED_FIELDS + 1).map(|name| name.to_ascii_lowercase().into()).collect();
    if fields.len() > MAX_LISTED_FIELDS {
        return Err(BadSignature::TooManyFields);
    }
    if !fields.iter().any(|name| **name == *b"from") {
        return Err(BadSignature::FromNotListed);
    }
    Ok(fields)
}

fn base64(name: &'static str, tag: Tag<'_>) -> Result<Vec<u8>, BadSignature> {
    let decoded = BASE64.decode(tag.compact()).ok().filter(|octets| !octets.is_empty());
    decoded.ok_or_else(|| bad_value(name, tag))
}

/// RFC 6376 §3.5, `l=`, `t=`, `x=`: digits, of which the standard allows more than make sense. A
/// number past our largest one is as good as that.
fn number(tags: &TagList<'_>, name: &'static str) -> Result<Option<u64>, BadSignature> {
    let Some(tag) = tags.get(name) else { return Ok(None) };
    let digits = tag.value();
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return Err(bad_value(name, tag));
    }
    Ok(Some(text(tag).parse().unwrap_or(u64::MAX)))
}

/// The most digits of a number (RFC 6376 §3.5, `l=`).
const MAX_DIGITS: usize = 76;

/// RFC 6376 §3.5, `q=`: one of the methods has to be ours.
fn query_method(tags: &TagList<'_>) -> Result<(), BadSignature> {
    let Some(tag) = tags.get("q") else { return Ok(()) };
    let known = text(tag).split(':').any(|method| method.trim().eq_ignore_ascii_case("dns/txt"));
    if known { Ok(()) } else { Err(bad_value("q", tag)) }
}

#[cfg(test)]
mod tests;
