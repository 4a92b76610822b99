//! A key record as a verifier of DomainKeys reads it (RFC 4870 §3.2.3).
//!
//! It is read for whoever publishes it, to say what would be made of it. No signature is ever
//! judged with it.

use crate::policy::{is_testing, word};
use base64::Engine as _;
use twinseal_keys::record::BASE64;
use twinseal_keys::signing::MIN_RSA_BITS;
use twinseal_keys::{BadPublicKey, KeyKind, PublicKey};
use twinseal_message::text::shown;
use twinseal_message::{Domain, Selector, Tag, TagList, TagListError};

/// The longest key record that is read, in octets, its strings joined (trap H20).
pub const MAX_RECORD_OCTETS: usize = 16 * 1024;

/// The largest key that every verifier of DomainKeys takes (RFC 4870 §3.2.4).
pub const MAX_BITS: u32 = 2048;

/// A key, and what its record says to a verifier of DomainKeys. `v=` and whatever else only DKIM
/// knows says nothing to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectorRecord {
    /// `p=`.
    pub key: PublicKey,
    /// `g=`: who may sign with it.
    pub granularity: Granularity,
    /// `n=`: a word to people, made fit to be shown.
    pub note: Option<String>,
    /// `t=y`: the domain is testing.
    pub testing: bool,
    /// `v=` is there: the record is shared with DKIM.
    pub shared: bool,
}

/// Which addresses of the domain a key signs for (RFC 4870 §3.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granularity {
    /// All: there is no `g=`.
    Everybody,
    /// All: `g=` is there, and empty. Old verifiers of DKIM read that as nobody (trap K10).
    Empty,
    /// All, as records for DKIM used to say it: `g=*`. RFC 4870 has no such word, and a verifier
    /// that goes by its letter looks for a local part of one star (trap K10).
    Star,
    /// Addresses with this local part alone, made fit to be shown.
    One(String),
}

/// A verifier of DomainKeys has no use for the record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSelectorRecord {
    /// It is longer than [`MAX_RECORD_OCTETS`].
    #[error("a record of {octets} octets is no key: at most {MAX_RECORD_OCTETS}")]
    TooLong {
        /// How long it is.
        octets: usize,
    },
    /// It is no list of tags.
    #[error(transparent)]
    Tags(#[from] TagListError),
    /// `k=` names another type than RSA, which is the only one here.
    #[error("k= is \"{name}\": DomainKeys knows rsa alone")]
    KeyType {
        /// What it says, made fit to be shown.
        name: String,
    },
    /// `h=` leaves out SHA-1, by which every DomainKeys signature is made (trap K10).
    #[error("h= is \"{list}\", without sha1, which is what DomainKeys signs with: leave h= out")]
    NoSha1 {
        /// What it lists, made fit to be shown.
        list: String,
    },
    /// There is no `p=`.
    #[error("the record holds no key: p= is missing")]
    NoKey,
    /// `p=` is empty: the domain takes the key back.
    #[error("the key is revoked: p= is empty")]
    Revoked,
    /// `p=` is no base64.
    #[error("the key (p=) is not encoded as base64")]
    Base64,
    /// What `p=` holds is no RSA key.
    #[error("the key (p=) is of no use: {0}")]
    Key(#[from] BadPublicKey),
    /// The key is too small or too large.
    #[error("an RSA key of {bits} bits: DomainKeys verifiers take {MIN_RSA_BITS} to {MAX_BITS}")]
    Size {
        /// The size of its modulus.
        bits: u32,
    },
}

impl SelectorRecord {
    /// Where that key is published, without a final dot (RFC 4870 §3.2.1).
    #[must_use]
    pub fn name(selector: &Selector, domain: &Domain) -> String {
        format!("{selector}._domainkey.{domain}")
    }

    /// Reads a record, its strings joined.
    ///
    /// # Errors
    /// [`BadSelectorRecord`] says why a verifier of DomainKeys could not use it.
    pub fn parse(text: &[u8]) -> Result<Self, BadSelectorRecord> {
        if text.len() > MAX_RECORD_OCTETS {
            return Err(BadSelectorRecord::TooLong { octets: text.len() });
        }
        let tags = TagList::parse(text)?;
        let data = tags.get("p").ok_or(BadSelectorRecord::NoKey)?;
        if data.value().is_empty() {
            return Err(BadSelectorRecord::Revoked);
        }
        check_type(&tags)?;
        check_hashes(&tags)?;
        let octets = BASE64.decode(data.compact()).map_err(|_| BadSelectorRecord::Base64)?;
        let key = PublicKey::rsa(&octets)?;
        // RFC 4870 §3.2.4 warns of anything less, and verifiers of today count nothing below.
        if let KeyKind::Rsa { bits } = key.kind()
            && !(MIN_RSA_BITS..=MAX_BITS).contains(&bits)
        {
            return Err(BadSelectorRecord::Size { bits });
        }
        let note = tags.get("n").map(Tag::value).filter(|note| !note.is_empty());
        Ok(Self {
            key,
            granularity: Granularity::of(tags.get("g")),
            note: note.map(word),
            testing: tags.get("t").is_some_and(is_testing),
            shared: tags.get("v").is_some(),
        })
    }
}

impl Granularity {
    fn of(tag: Option<Tag<'_>>) -> Self {
        match tag.map(Tag::value) {
            None => Self::Everybody,
            Some(b"") => Self::Empty,
            Some(b"*") => Self::Star,
            Some(local) => Self::One(word(local)),
        }
    }
}

fn check_type(tags: &TagList<'_>) -> Result<(), BadSelectorRecord> {
    match tags.get("k").map(Tag::value) {
        None | Some(b"rsa") => Ok(()),
        Some(other) => Err(BadSelectorRecord::KeyType { name: word(other) }),
    }
}

/// RFC 4870 has no `h=`, but verifiers that do both standards with one reader of records go by it
/// in both (trap K10).
fn check_hashes(tags: &TagList<'_>) -> Result<(), BadSelectorRecord> {
    let Some(list) = tags.get("h").map(Tag::compact).filter(|list| !list.is_empty()) else {
        return Ok(());
    };
    if list.split(|octet| *octet == b':').any(|name| name == b"sha1") {
        return Ok(());
    }
    Err(BadSelectorRecord::NoSha1 { list: shown(&String::from_utf8_lossy(&list)) })
}

#[cfg(test)]
mod tests {
    use super::{BadSelectorRecord, Granularity, MAX_RECORD_OCTETS, SelectorRecord};
    use twinseal_keys::SigningKey;
    use twinseal_message::{Domain, Selector};

    /// `p=` of a key of so many bits.
    fn data(bits: u32) -> String {
        let record = SigningKey::generate_rsa(bits).unwrap().record().unwrap().to_string();
        record.split_once("p=").unwrap().1.to_owned()
    }

    fn why(text: &str) -> String {
        SelectorRecord::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn the_record_for_both_seals_is_of_use() {
        let data = data(1024);
        for tags in ["v=DKIM1; k=rsa; ", "k=rsa; ", "", "h=sha1:sha256; ", "h=; ", "s=email; "] {
            let record = SelectorRecord::parse(format!("{tags}p={data}").as_bytes()).unwrap();
            assert_eq!(record.key.bits(), 1024, "{tags}");
            assert_eq!(record.granularity, Granularity::Everybody);
            assert_eq!(record.shared, tags.contains("v="));
            assert!(!record.testing && record.note.is_none());
        }
    }

    #[test]
    fn what_a_record_says_beside_the_key_is_told() {
        let data = data(1024);
        let read = |tags: &str| SelectorRecord::parse(format!("{tags}; p={data}").as_bytes());
        for (tags, want) in [
            ("g=", Granularity::Empty),
            ("g=*", Granularity::Star),
            ("g=sales", Granularity::One("sales".to_owned())),
        ] {
            assert_eq!(read(tags).unwrap().granularity, want);
        }
        let record = read("t=y; n=for \u{7f}tests").unwrap_err();
        assert!(matches!(record, BadSelectorRecord::Tags(_)), "{record}");
        let record = read("t=y; n=for tests").unwrap();
        assert!(record.testing);
        assert_eq!(record.note.as_deref(), Some("for tests"));
    }

    #[test]
    fn what_makes_a_key_useless_for_domainkeys_is_named() {
        // Trap K10
        let data = data(1024);
        let no_sha1 = "h= is \"sha256\", without sha1, which is what DomainKeys signs with: \
                       leave h= out";
        for (text, want) in [
            (format!("v=DKIM1; h=sha256; k=rsa; p={data}"), no_sha1),
            (format!("k=ed25519; p={data}"), "k= is \"ed25519\": DomainKeys knows rsa alone"),
            ("v=DKIM1; k=rsa; p=".to_owned(), "the key is revoked: p= is empty"),
            ("v=DKIM1; k=rsa".to_owned(), "the record holds no key: p= is missing"),
            ("p=?".to_owned(), "the key (p=) is not encoded as base64"),
            ("v=spf1 -all".to_owned(), "the record holds no key: p= is missing"),
        ] {
            assert_eq!(why(&text), want, "{text}");
        }
        assert!(why("p=AAAA").starts_with("the key (p=) is of no use: "));
    }

    #[test]
    fn the_size_of_a_key_has_bounds() {
        let read = |bits| SelectorRecord::parse(format!("p={}", data(bits)).as_bytes());
        assert!(read(2048).is_ok());
        assert_eq!(read(2056), Err(BadSelectorRecord::Size { bits: 2056 }));
    }

    #[test]
    fn the_length_of_a_record_has_a_limit() {
        // Trap H20
        let octets = MAX_RECORD_OCTETS + 1;
        let text = format!("n={}", "n".repeat(octets - 2));
        let read = SelectorRecord::parse(text.as_bytes());
        assert_eq!(read, Err(BadSelectorRecord::TooLong { octets }));
    }

    #[test]
    fn a_key_is_published_at_its_selector() {
        let (selector, domain) =
            (Selector::parse("mail2").unwrap(), Domain::parse("example.com").unwrap());
        let name = SelectorRecord::name(&selector, &domain);
        assert_eq!(name, "mail2._domainkey.example.com");
    }
}
