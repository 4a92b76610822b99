//! The record at which a key is published, read (RFC 6376 §3.6.1). What writes one is
//! [`KeyRecord`](twinseal_keys::KeyRecord).

use crate::dns::{MAX_RECORD_OCTETS, MAX_RECORDS};
use base64::Engine as _;
use twinseal_keys::record::BASE64;
use twinseal_keys::{BadPublicKey, PublicKey};
use twinseal_message::text::shown;
use twinseal_message::{Tag, TagList, TagListError};

/// A key that a domain publishes, and what it says about it.
///
/// `n=` is for people and `g=` was given up (RFC 6376 §C.2); neither is looked at, so that records
/// which were written for DomainKeys mean what they say (trap K10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key (`p=`, of the type `k=`).
    pub key: PublicKey,
    /// `t=y`: the domain is testing, and no failure may count against the message.
    pub testing: bool,
    /// `t=s`: the identity's domain has to be the signing domain itself, none below it (trap H13).
    pub strict: bool,
    sha256: bool,
    email: bool,
}

/// The text publishes no key that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is no text.
    #[error("no key record")]
    Missing,
    /// It is longer than [`MAX_RECORD_OCTETS`] (trap H20).
    #[error("a record of {octets} octets is no key: at most {MAX_RECORD_OCTETS}")]
    TooLong {
        /// How long it is.
        octets: usize,
    },
    /// It is no list of tags.
    #[error(transparent)]
    Tags(#[from] TagListError),
    /// `v=` says that it is something else (trap H12).
    #[error("the record's version is \"{version}\", not DKIM1")]
    Version {
        /// What it says, made fit to be shown.
        version: String,
    },
    /// `v=` stands behind another tag (trap H12).
    #[error("the record's version is not its first tag")]
    VersionNotFirst,
    /// `k=` names another type of key than RSA and Ed25519.
    #[error("keys of the type \"{name}\" are unknown")]
    KeyType {
        /// What it says, made fit to be shown.
        name: String,
    },
    /// There is no `p=`.
    #[error("the record holds no key")]
    NoKey,
    /// `p=` is empty: the domain takes the key back.
    #[error("the key is revoked")]
    Revoked,
    /// `p=` is no base64.
    #[error("the key is not encoded as base64")]
    Base64,
    /// What `p=` holds is no key of that type.
    #[error(transparent)]
    Key(#[from] BadPublicKey),
}

impl PublishedKey {
    /// The key among the texts of all the records at one name: the first that can be used, never
    /// the last (trap H19). RFC 6376 §3.6.2.2 leaves it open which one counts; texts that are no
    /// key, like the SPF record of a wildcard, are common beside one.
    ///
    /// # Errors
    /// What is wrong with the first text, if none of the first [`MAX_RECORDS`] is a key.
    pub fn first(texts: &[Vec<u8>]) -> Result<Self, RecordError> {
        let mut read = texts.iter().take(MAX_RECORDS).map(|text| Self::parse(text));
        let first = read.next().unwrap_or(Err(RecordError::Missing));
        first.or_else(|error| read.find_map(Result::ok).ok_or(error))
    }

    /// Whether one of these texts, none of which needs to hold a key, says that the domain is
    /// testing (`t=y`).
    pub(crate) fn is_testing(texts: &[Vec<u8>]) -> bool {
        let says = |text: &Vec<u8>| {
            let tags = TagList::parse(text).ok().filter(|tags| check_version(tags).is_ok());
            tags.and_then(|tags| listed(tags.get("t"), "y")) == Some(true)
        };
        let short = |text: &&Vec<u8>| text.len() <= MAX_RECORD_OCTETS;
        texts.iter().take(MAX_RECORDS).filter(short).any(says)
    }

    /// Reads the text of one record, its strings joined.
    ///
    /// # Errors
    /// [`RecordError`] says why it is no key.
    pub fn parse(text: &[u8]) -> Result<Self, RecordError> {
        if text.len() > MAX_RECORD_OCTETS {
            return Err(RecordError::TooLong { octets: text.len() });
        }
        let tags = TagList::parse(text)?;
        check_version(&tags)?;
        let data = tags.get("p").ok_or(RecordError::NoKey)?;
        if data.value().is_empty() {
            return Err(RecordError::Revoked);
        }
        let names = |tag, name| listed(tags.get(tag), name);
        Ok(Self {
            key: key(&tags, data)?,
            testing: names("t", "y") == Some(true),
            strict: names("t", "s") == Some(true),
            sha256: names("h", "sha256") != Some(false),
            email: names("s", "email") != Some(false) || names("s", "*") == Some(true),
        })
    }

    /// Whether signatures over SHA-256 count: `h=` names it, or nothing (RFC 6376 §3.6.1).
    #[must_use]
    pub const fn accepts_sha256(&self) -> bool {
        self.sha256
    }

    /// Whether the key is for mail: `s=` names it or everything, or nothing (RFC 6376 §3.6.1).
    #[must_use]
    pub const fn is_for_email(&self) -> bool {
        self.email
    }
}

/// RFC 6376 §3.6.1: exactly `DKIM1`, and in front of everything else, if it is there at all;
/// records for DomainKeys have none (trap H12).
fn check_version(tags: &TagList<'_>) -> Result<(), RecordError> {
    match tags.get("v") {
        Some(tag) if tag.value() != b"DKIM1" => {
            Err(RecordError::Version { version: shown(&String::from_utf8_lossy(tag.value())) })
        }
        Some(tag) if tags.tags().next() != Some(tag) => Err(RecordError::VersionNotFirst),
        _ => Ok(()),
    }
}

fn key(tags: &TagList<'_>, data: Tag<'_>) -> Result<PublicKey, RecordError> {
    let read = match tags.get("k").map(Tag::value) {
        None | Some(b"rsa") => PublicKey::rsa,
        Some(b"ed25519") => PublicKey::ed25519,
        Some(other) => {
            return Err(RecordError::KeyType { name: shown(&String::from_utf8_lossy(other)) });
        }
    };
    // Trap H11: white space may stand anywhere in it.
    let octets = BASE64.decode(data.compact()).map_err(|_| RecordError::Base64)?;
    Ok(read(&octets)?)
}

/// Whether the list joined by colons names `name`; nothing if there is no list, or an empty one,
/// which the grammar does not have and Mail::DKIM takes for none. Names that nobody knows say
/// nothing (RFC 6376 §3.6.1), and capitals count (RFC 6376 §3.2).
fn listed(list: Option<Tag<'_>>, name: &str) -> Option<bool> {
    let list = list?.compact();
    (!list.is_empty()).then(|| list.split(|octet| *octet == b':').any(|one| one == name.as_bytes()))
}

#[cfg(test)]
mod tests;
