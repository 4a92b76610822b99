//! What can be the matter with a published key, in the words of each program.

use super::Manner;
use super::private::Private;
use twinseal_dkim::{KeyQuery, LookupFailure, PublishedKey, RecordError, Security, TxtAnswer};
use twinseal_domainkeys::SelectorRecord;
use twinseal_keys::KeyKind;
use twinseal_keys::signing::MIN_RSA_BITS;
use twinseal_message::TagListError;

/// What is the matter with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The name does not exist.
    NoName,
    /// The name has no TXT record.
    NoRecord,
    /// It has several, and nobody knows which of them counts (RFC 6376 §3.6.2.2).
    Several,
    /// DNS did not say.
    Failed(LookupFailure),
    /// The record is no key.
    Record(RecordError),
    /// It is one that nothing verifies with.
    Useless(String),
    /// The private half is no key.
    Private(String),
    /// The two halves do not belong together.
    Differ,
}

/// What came out for one key.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) trouble: Option<Trouble>,
    /// Whether the record is proved, where there is one that can be read.
    pub(super) security: Option<Security>,
    /// What keeps a verifier of DomainKeys from using an RSA key.
    pub(super) domainkeys: Option<String>,
    /// The record has `t=y`.
    pub(super) testing: bool,
}

/// Looks at the answer, and whether it belongs to the private half.
pub(super) fn check(answer: &TxtAnswer, private: Option<&Private>) -> Checked {
    let without = |trouble| Checked {
        trouble: Some(trouble),
        security: None,
        domainkeys: None,
        testing: false,
    };
    let (texts, security) = match answer {
        TxtAnswer::Records { texts, security } => (texts, *security),
        TxtAnswer::NoRecord => return without(Trouble::NoRecord),
        TxtAnswer::NoName => return without(Trouble::NoName),
        TxtAnswer::Failed(failure) => return without(Trouble::Failed(*failure)),
    };
    let [text] = texts.as_slice() else { return without(Trouble::Several) };
    let published = match PublishedKey::parse(text) {
        Ok(published) => published,
        Err(error) => return without(Trouble::Record(error)),
    };
    if let Some(why) = useless(&published) {
        return without(Trouble::Useless(why));
    }
    let trouble = private.and_then(|private| match &private.public {
        Ok(public) if *public == published.key => None,
        Ok(_) => Some(Trouble::Differ),
        Err(why) => Some(Trouble::Private(why.clone())),
    });
    let is_rsa = matches!(published.key.kind(), KeyKind::Rsa { .. });
    let domainkeys = SelectorRecord::parse(text).err().filter(|_| is_rsa);
    let domainkeys = domainkeys.map(|error| error.to_string());
    let testing = published.testing;
    Checked { trouble, security: Some(security), domainkeys, testing }
}

/// Why no verifier of today says yes to anything with that key.
fn useless(published: &PublishedKey) -> Option<String> {
    match published.key.kind() {
        KeyKind::Rsa { bits } if bits < MIN_RSA_BITS => {
            // RFC 8301 §3.2
            return Some(format!("an RSA key of {bits} bits counts nowhere: {MIN_RSA_BITS} do"));
        }
        KeyKind::Rsa { .. } | KeyKind::Ed25519 => {}
    }
    if !published.accepts_sha256() {
        return Some("h= leaves out sha256, by which DKIM signs".to_owned());
    }
    if !published.is_for_email() {
        return Some("s= leaves out email".to_owned());
    }
    None
}

impl Trouble {
    /// How that program says it.
    pub(super) fn words(&self, manner: Manner, query: &KeyQuery) -> String {
        match self {
            // Both programs have the words of one library for these.
            Self::Differ => "keys do not match".to_owned(),
            Self::Private(why) => format!("PEM_read_bio_PrivateKey() failed: {why}"),
            Self::Useless(why) => why.clone(),
            Self::NoRecord => "No key".to_owned(),
            Self::Record(RecordError::Revoked) => "Revoked key".to_owned(),
            Self::NoName | Self::Several | Self::Failed(_) | Self::Record(_) => match manner {
                Manner::Dkim => self.words_of_dkim(),
                Manner::Native | Manner::Opendkim => self.words_of_opendkim(query),
            },
        }
    }

    fn words_of_dkim(&self) -> String {
        match self {
            Self::Several => "Multiple DNS replies".to_owned(),
            Self::Failed(failure) => format!("Key retrieval failed: {failure}"),
            Self::Record(error) => format!("Syntax error: {error}"),
            Self::NoName | Self::NoRecord | Self::Useless(_) | Self::Private(_) | Self::Differ => {
                "No key".to_owned()
            }
        }
    }

    fn words_of_opendkim(&self, query: &KeyQuery) -> String {
        match self {
            Self::Several => format!("multiple DNS replies for '{query}'"),
            Self::Failed(LookupFailure::Timeout) => format!("'{query}' query timed out"),
            Self::Failed(failure) => format!("'{query}' query failed: {failure}"),
            Self::Record(RecordError::Tags(TagListError::Empty)) => "empty key record".to_owned(),
            Self::Record(RecordError::Version { version }) => {
                format!("invalid key version '{version}'")
            }
            Self::Record(RecordError::KeyType { name }) => format!("unknown key type '{name}'"),
            Self::Record(RecordError::NoKey) => "key missing".to_owned(),
            Self::Record(error) => error.to_string(),
            Self::NoName | Self::NoRecord | Self::Useless(_) | Self::Private(_) | Self::Differ => {
                format!("'{query}' record not found")
            }
        }
    }
}
