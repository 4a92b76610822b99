//! A DomainKeys seal made once more from what arrived, and held against the one that is there.
//!
//! This is no verifier, and there is none on purpose: it takes the private key, so that nobody can
//! judge the mail of others with it. An RSA signature of this kind has no randomness in it: the
//! same key over the same octets gives the same `b=` (RFC 8017 §8.2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use twinseal_canon::Sink;
use twinseal_canon::domainkeys::{Body, Canonicalization, header as canonical_field};
use twinseal_domainkeys::MAX_SIGNED_FIELDS;
use twinseal_keys::{Sha1, SignError, SigningKey};
use twinseal_message::text::shown;
use twinseal_message::{Field, HeaderBlock, Tag, TagList, TagListError};

/// Why a seal cannot be made again.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotRecompute {
    /// The field is no list of tags.
    #[error("the field cannot be read: {0}")]
    Tags(#[from] TagListError),
    /// A tag that has to be there is not.
    #[error("it has no {0}=")]
    Missing(&'static str),
    /// A tag has a value that no DomainKeys seal has.
    #[error("its {name}= is {value:?}")]
    Value { name: &'static str, value: String },
    /// It lists more fields than any signer of ours.
    #[error("it lists more than {MAX_SIGNED_FIELDS} fields")]
    TooManyFields,
    /// The key cannot make one.
    #[error(transparent)]
    Key(#[from] SignError),
}

/// What a seal says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seal {
    canonicalization: Canonicalization,
    /// The names that it lists; without a list, it covers all that is below it.
    names: Option<Vec<Vec<u8>>>,
    signature: Vec<u8>,
}

struct Digest(Sha1);

impl Sink for Digest {
    fn put(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }
}

impl Seal {
    /// Reads the field.
    ///
    /// # Errors
    /// [`CannotRecompute`], when it is not what RFC 4870 §3.4 describes.
    pub(super) fn parse(field: Field<'_>) -> Result<Self, CannotRecompute> {
        let tags = TagList::parse(field.value())?;
        let get = |name: &'static str| tags.get(name).ok_or(CannotRecompute::Missing(name));
        let is = |name: &'static str, want: &str| match tags.get(name) {
            // Trap K6: q= is there, and one of an early draft may do without; a= says rsa-sha1 then.
            Some(tag) if !tag.value().eq_ignore_ascii_case(want.as_bytes()) => {
                Err(value(name, &tag))
            }
            _ => Ok(()),
        };
        is("a", "rsa-sha1")?;
        is("q", "dns")?;
        let kind = get("c")?;
        let text = String::from_utf8_lossy(kind.value()).into_owned();
        let canonicalization = Canonicalization::parse(&text).map_err(|_| value("c", &kind))?;
        let list = tags.get("h").map(|tag| tag.compact());
        let names: Option<Vec<Vec<u8>>> =
            list.map(|list| list.split(|&octet| octet == b':').map(<[u8]>::to_vec).collect());
        if names.as_ref().is_some_and(|names| names.len() > MAX_SIGNED_FIELDS) {
            return Err(CannotRecompute::TooManyFields);
        }
        let signature = get("b")?;
        let octets = STANDARD.decode(signature.compact()).map_err(|_| value("b", &signature))?;
        Ok(Self { canonicalization, names, signature: octets })
    }

    /// Whether that key makes this seal over what is below the field of that number, and that body.
    ///
    /// # Errors
    /// [`SignError`], when the key makes none.
    pub(super) fn is_made_by(
        &self,
        key: &SigningKey,
        (header, number): (&HeaderBlock, usize),
        body: &[u8],
    ) -> Result<bool, SignError> {
        let mut digest = Digest(Sha1::new());
        // Trap K2: the order is that of the message, not that of the list.
        for field in header.fields().skip(number + 1).filter(|field| self.covers(*field)) {
            canonical_field(self.canonicalization, field.octets(), &mut digest);
        }
        let mut lines = Body::new(self.canonicalization);
        lines.feed(body, &mut digest);
        lines.finish(&mut digest);
        Ok(key.sign_sha1(&digest.0.finish())? == self.signature)
    }

    fn covers(&self, field: Field<'_>) -> bool {
        let name = field.name();
        let listed = |names: &Vec<Vec<u8>>| names.iter().any(|one| one.eq_ignore_ascii_case(name));
        self.names.as_ref().is_none_or(listed)
    }
}

/// A tag with a value that it cannot have.
fn value(name: &'static str, tag: &Tag<'_>) -> CannotRecompute {
    CannotRecompute::Value { name, value: shown(&String::from_utf8_lossy(tag.value())) }
}

#[cfg(test)]
mod tests {
    use super::Seal;
    use crate::tools::selftest::arrived::Arrived;
    use std::sync::Arc;
    use twinseal_domainkeys::{Canonicalization, Request, Settings, Signer};
    use twinseal_keys::SigningKey;
    use twinseal_message::{Domain, Selector};

    const PEM: &[u8] = include_bytes!("../../../../../tests/data/keys/rsa1024.pem");
    const OTHER: &[u8] = include_bytes!("../../../../../tests/data/keys/rsa2048.pem");
    const MESSAGE: &str = "To: b@example.net\r\nFrom: a@example.com\r\nCc: c@example.net\r\n\
                           to: d@example.net\r\nSubject: a\r\n  fold\r\n\r\n\
                           one  two \r\n\r\n.three\r\n \t\r\n\r\n";

    fn key(pem: &[u8]) -> Arc<SigningKey> {
        Arc::new(SigningKey::from_pem(pem).unwrap())
    }

    /// The message as our signer seals it, below what an MTA puts on top.
    fn sealed(canonicalization: Canonicalization) -> String {
        let arrived = Arrived::read(MESSAGE.as_bytes()).unwrap();
        let request = Request {
            domain: Domain::parse("example.com").unwrap(),
            selector: Selector::parse("s").unwrap(),
            key: key(PEM),
            settings: Arc::new(Settings { canonicalization, omitted: Vec::new() }),
        };
        let mut signer = Signer::new(&arrived.header, vec![request]).unwrap();
        signer.feed(&arrived.body);
        let field = signer.finish().remove(0).sign().unwrap();
        format!("Received: from x\r\n{}:{}\r\n{MESSAGE}", field.name, field.value)
    }

    fn holds(message: &str, pem: &[u8]) -> bool {
        holds_of(message.as_bytes(), pem)
    }

    fn holds_of(message: &[u8], pem: &[u8]) -> bool {
        let arrived = Arrived::read(message).unwrap();
        let number =
            arrived.header.fields().position(|field| field.is_named(twinseal_domainkeys::FIELD));
        let number = number.unwrap();
        let seal = Seal::parse(arrived.header.fields().nth(number).unwrap());
        let place = (&arrived.header, number);
        seal.is_ok_and(|seal| seal.is_made_by(&key(pem), place, &arrived.body).unwrap())
    }

    #[test]
    fn what_our_signer_made_is_made_again_and_nothing_else() {
        for canonicalization in Canonicalization::ALL {
            let message = sealed(canonicalization);
            assert!(holds(&message, PEM), "{message}");
            assert!(holds(&format!("Received: y\r\nTo: z\r\n{message}"), PEM), "above it");
            assert!(!holds(&message, OTHER), "{canonicalization}: another key");
            for (part, changed) in [
                ("one  two", "one  twO"),
                (".three", "..three"),
                ("a\r\n  fold", "b\r\n  fold"),
                ("Cc: c@example.net\r\nto: d@", "to: d@"),
                (
                    "Cc: c@example.net\r\nto: d@example.net",
                    "to: d@example.net\r\nCc: c@example.net",
                ),
                ("From: a@", "FROM: a@"),
                ("To: b@example.net\r\n", ""),
                ("c=simple", "c=nofws"),
                ("c=nofws", "c=simple"),
                ("a=rsa-sha1", "a=rsa-sha256"),
                ("q=dns", "q=http"),
                (":subject;", ";"),
            ] {
                if message.contains(part) {
                    let changed = message.replacen(part, changed, 1);
                    assert!(!holds(&changed, PEM), "{canonicalization}: {changed}");
                }
            }
        }
    }

    /// Seals that Mail::DKIM and the second reference made; the format is in the directory's README.
    #[test]
    fn what_others_made_with_the_key_is_made_again() {
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/domainkeys");
        let mut made = 0;
        for entry in std::fs::read_dir(data).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "eml") {
                continue;
            }
            let text = std::fs::read_to_string(path.with_extension("expect")).unwrap();
            let names = text.lines().find_map(|line| line.strip_prefix("h ")).unwrap();
            let message = std::fs::read(&path).unwrap();
            for line in text.lines().filter_map(|line| line.strip_prefix("b ")) {
                let words: Vec<&str> = line.split(' ').collect();
                let [method, "rsa1024", _, signature] = words[..] else { continue };
                let field = format!("a=rsa-sha1; c={method}; q=dns; h={names}; b={signature}");
                let field = format!("DomainKey-Signature: {field}\r\n");
                let sealed = [field.as_bytes(), &message].concat();
                assert!(holds_of(&sealed, PEM), "{}: {method}", path.display());
                assert!(!holds_of(&sealed, OTHER), "{}: {method}", path.display());
                made += 1;
            }
        }
        assert!(made >= 40, "{made}");
    }

    #[test]
    fn every_octet_that_is_lost_from_a_simple_seal_is_missed() {
        let message = sealed(Canonicalization::Simple);
        let start = message.find("To: b@").unwrap();
        // What ends the body are empty lines, which do not count (trap K7).
        let end = message.len() - "\r\n\r\n".len();
        let header = message.find("\r\n\r\n").unwrap() + 2;
        for at in start..end {
            let mut octets = message.clone().into_bytes();
            // A line of a header, and the empty one below it, may end in LF, as in a file.
            if octets.remove(at) == b'\r' && at <= header {
                continue;
            }
            assert!(!holds(&String::from_utf8(octets).unwrap(), PEM), "octet {at}");
        }
    }

    #[test]
    fn a_field_without_a_list_covers_all_below_it() {
        let text = "a=rsa-sha1; c=nofws; d=example.com; s=s; q=dns; b=AAAA";
        let message = format!("DomainKey-Signature: {text}\r\nFrom: a@example.com\r\n\r\nx\r\n");
        let arrived = Arrived::read(message.as_bytes()).unwrap();
        let seal = Seal::parse(arrived.header.fields().next().unwrap()).unwrap();
        assert!(arrived.header.fields().all(|field| seal.covers(field)));
        for (part, said) in [("c=nofws; ", "it has no c="), ("; b=AAAA", "it has no b=")] {
            let arrived = Arrived::read(message.replace(part, "").as_bytes()).unwrap();
            let error = Seal::parse(arrived.header.fields().next().unwrap()).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
    }
}
