//! One name's TXT records held against the key that signs. Nothing here asks DNS.

use super::kinds;
use crate::tools::check::finding::Kind;
use crate::tools::signers::Seals;
use twinseal_dkim::record::{PublishedKey, RecordError};
use twinseal_domainkeys::record::{BadSelectorRecord, Granularity, SelectorRecord};
use twinseal_keys::{KeyKind, PublicKey};
use twinseal_message::TagList;
use twinseal_message::text::shown;

/// One thing that is wrong with the records at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: &'static Kind,
    pub(crate) what: String,
}

/// What the records have to agree with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'k> {
    pub(crate) key: &'k PublicKey,
    pub(crate) seals: Seals,
    /// Whether identities below the domain are signed.
    pub(crate) below: bool,
}

/// Of so many records at most every order is tried, to see whether they are one that was split.
const MOST_ORDERED: usize = 4;

/// What is wrong with these records, each with its strings joined.
pub(crate) fn faults(texts: &[Vec<u8>], wanted: &Wanted<'_>) -> Vec<Fault> {
    if texts.is_empty() {
        return vec![fault(&kinds::MISSING, "there is no TXT record")];
    }
    let mut faults = Vec::new();
    match PublishedKey::first(texts) {
        Ok(found) => {
            if texts.len() > 1 {
                let what = format!("there are {} TXT records, and one is enough", texts.len());
                faults.push(fault(&kinds::SEVERAL, what));
            }
            if found.key == *wanted.key {
                faults.extend(of_tags(texts, &found, wanted));
            } else if in_another_case(texts, wanted) {
                faults.push(fault(&kinds::LETTERS, CASE));
            } else {
                let (theirs, ours) = (found.key.kind(), wanted.key.kind());
                let theirs =
                    if theirs == ours { "another one".to_owned() } else { theirs.to_string() };
                let what = format!("the key there is {theirs}, not the {ours} on disk");
                faults.push(fault(&kinds::OTHER_KEY, what));
            }
        }
        Err(error) => faults.push(unreadable(texts, &error, wanted)),
    }
    faults
}

fn fault(kind: &'static Kind, what: impl Into<String>) -> Fault {
    Fault { kind, what: what.into() }
}

/// What is wrong beside the key, which is the right one.
fn of_tags(texts: &[Vec<u8>], found: &PublishedKey, wanted: &Wanted<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if found.testing {
        faults.push(fault(&kinds::TEST_MODE, "it is in test mode (t=y)"));
    }
    if wanted.seals.dkim && !found.accepts_sha256() {
        faults.push(fault(&kinds::HASH, "h= does not list sha256"));
    }
    if !found.is_for_email() {
        faults.push(fault(&kinds::SERVICE, "s= lists neither email nor *"));
    }
    if found.strict && wanted.below {
        faults.push(fault(&kinds::STRICT, "it has t=s"));
    }
    let is_rsa = matches!(wanted.key.kind(), KeyKind::Rsa { .. });
    if !wanted.seals.domainkeys || !is_rsa {
        return faults;
    }
    // The first that can be read, as above.
    let read = texts.iter().find(|text| PublishedKey::parse(text).is_ok());
    match read.map(|text| SelectorRecord::parse(text)) {
        Some(Ok(record)) => faults.extend(of_granularity(&record.granularity)),
        Some(Err(BadSelectorRecord::NoSha1 { list })) => {
            faults.push(fault(&kinds::DOMAINKEYS_HASH, format!("h={list} does not list sha1")));
        }
        // Its size is said of the key itself; the rest, DKIM could not read either.
        Some(Err(_)) | None => {}
    }
    faults
}

fn of_granularity(granularity: &Granularity) -> Option<Fault> {
    match granularity {
        Granularity::Everybody => None,
        Granularity::Star => Some(fault(&kinds::STAR, "it has g=*")),
        Granularity::Empty => Some(fault(&kinds::GRANULARITY, "it has an empty g=")),
        Granularity::One(local) => Some(fault(&kinds::GRANULARITY, format!("it has g={local}"))),
    }
}

/// Why no record can be read as a key, as exactly as can be said.
fn unreadable(texts: &[Vec<u8>], error: &RecordError, wanted: &Wanted<'_>) -> Fault {
    if *error == RecordError::Revoked {
        return fault(&kinds::REVOKED, "its p= is empty");
    }
    let is_ours =
        |text: &[u8]| PublishedKey::parse(text).is_ok_and(|found| found.key == *wanted.key);
    if (2..=MOST_ORDERED).contains(&texts.len()) && any_order(texts, &is_ours) {
        let what = format!("the key is split over {} records", texts.len());
        return fault(&kinds::SPLIT, what);
    }
    let text = texts.first().map(Vec::as_slice).unwrap_or_default();
    if text.iter().any(|octet| matches!(octet, b'"' | b'\\')) {
        let what = format!("it holds quotes or backslashes: {}", start(text));
        return fault(&kinds::QUOTES, what);
    }
    let ours = base64_of(wanted.key.record().to_string().as_bytes());
    let theirs = base64_of(text);
    if let (Some(ours), Some(theirs)) = (ours, theirs)
        && theirs.len() < ours.len()
        && ours.starts_with(&theirs)
    {
        let what = format!(
            "its key ends after {} of {} characters; the record has {} octets",
            theirs.len(),
            ours.len(),
            text.len()
        );
        return fault(&kinds::CUT, what);
    }
    if in_another_case(texts, wanted) {
        return fault(&kinds::LETTERS, CASE);
    }
    fault(&kinds::UNREADABLE, format!("{error}: {}", start(text)))
}

/// What [`in_another_case`] finds, in words.
const CASE: &str = "its key has the right letters in another case";

/// Whether the key has the right letters, small where they should be capitals or the reverse.
fn in_another_case(texts: &[Vec<u8>], wanted: &Wanted<'_>) -> bool {
    let ours = base64_of(wanted.key.record().to_string().as_bytes()).unwrap_or_default();
    texts
        .iter()
        .filter_map(|text| base64_of(text))
        .any(|theirs| theirs != ours && theirs.eq_ignore_ascii_case(&ours))
}

/// The text of `p=`, without white space.
fn base64_of(text: &[u8]) -> Option<Vec<u8>> {
    Some(TagList::parse(text).ok()?.get("p")?.compact())
}

/// How a record begins, fit to be shown.
fn start(text: &[u8]) -> String {
    const OCTETS: usize = 40;
    let more = if text.len() > OCTETS { "…" } else { "" };
    let text = String::from_utf8_lossy(text.get(..OCTETS).unwrap_or(text));
    format!("{}{more}", shown(&text))
}

/// Whether the texts, joined in some order, are what is looked for.
fn any_order(texts: &[Vec<u8>], is_it: &impl Fn(&[u8]) -> bool) -> bool {
    fn with(front: &[u8], rest: &[&Vec<u8>], is_it: &impl Fn(&[u8]) -> bool) -> bool {
        if rest.is_empty() {
            return is_it(front);
        }
        (0..rest.len()).any(|at| {
            let mut rest = rest.to_vec();
            let next = rest.remove(at);
            with(&[front, next].concat(), &rest, is_it)
        })
    }
    with(&[], &texts.iter().collect::<Vec<_>>(), is_it)
}

#[cfg(test)]
mod tests {
    use super::{Wanted, faults};
    use crate::tools::signers::Seals;
    use twinseal_keys::{PublicKey, SigningKey};

    const BOTH: Seals = Seals { dkim: true, domainkeys: true };

    fn codes(texts: &[String], key: &PublicKey, seals: Seals) -> Vec<&'static str> {
        let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
        let found = faults(&texts, &Wanted { key, seals, below: true });
        found.into_iter().map(|fault| fault.kind.code).collect()
    }

    fn pem(name: &str) -> PublicKey {
        let file = format!("{}/../../tests/data/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        SigningKey::from_pem(&std::fs::read(file).unwrap()).unwrap().public().unwrap()
    }

    #[test]
    fn each_fault_of_a_record_is_told_from_the_others() {
        let key = pem("rsa2048");
        let right = key.record().to_string();
        let tagged = |tags: &str| right.replace("k=rsa;", tags);
        let other = pem("rsa1024").record().to_string();
        let (front, back) = right.split_at(255);
        for (texts, want) in [
            (vec![], &["dns-no-record"][..]),
            (vec![right.clone()], &[]),
            (vec![right.replace("p=", "p= ")], &[]),
            (vec![right.replace("v=DKIM1; ", "")], &[]),
            (vec![other.clone()], &["dns-other-key"]),
            (vec![other, right.clone()], &["dns-several-records", "dns-other-key"]),
            (vec!["v=spf1 -all".into(), right.clone()], &["dns-several-records"]),
            (vec![front.into()], &["dns-cut"]),
            (vec![front.into(), back.into()], &["dns-split-records"]),
            (vec![back.into(), front.into()], &["dns-split-records"]),
            (vec![format!("\"{right}\"")], &["dns-quotes"]),
            (vec![right.replace(';', "\\;")], &["dns-quotes"]),
            (vec![format!("{front}\" \"{back}")], &["dns-quotes"]),
            (vec!["v=DKIM1; k=rsa; p=".into()], &["dns-revoked"]),
            (vec!["hello".into()], &["dns-unreadable"]),
            (vec![tagged("k=rsa; t=y;")], &["dns-test-mode"]),
            (vec![tagged("k=rsa; t=s;")], &["dns-strict"]),
            (vec![tagged("k=rsa; t=y:s;")], &["dns-test-mode", "dns-strict"]),
            (vec![tagged("k=rsa; h=sha256;")], &["dns-domainkeys-hash"]),
            (vec![tagged("k=rsa; h=sha1;")], &["dns-hash"]),
            (vec![tagged("k=rsa; h=sha1:sha256;")], &[]),
            (vec![tagged("k=rsa; s=tlsrpt;")], &["dns-service"]),
            (vec![tagged("g=*; k=rsa;")], &["dns-star"]),
            (vec![tagged("g=; k=rsa;")], &["dns-granularity"]),
            (vec![tagged("g=joe; k=rsa;")], &["dns-granularity"]),
        ] {
            assert_eq!(codes(&texts, &key, BOTH), want, "{texts:?}");
        }
        let small = right.to_ascii_lowercase().replace("v=dkim1", "v=DKIM1");
        assert_eq!(codes(&[small], &key, BOTH), ["dns-letters"]);
        let ed25519 = pem("ed25519");
        let small = ed25519.record().to_string().to_ascii_lowercase().replace("dkim1", "DKIM1");
        assert_eq!(codes(&[small], &ed25519, BOTH), ["dns-letters"]);
    }

    #[test]
    fn what_only_domainkeys_minds_counts_for_its_seal_alone() {
        let key = pem("rsa2048");
        let record = key.record().to_string().replace("k=rsa;", "g=; k=rsa; h=sha256;");
        let dkim = Seals { dkim: true, domainkeys: false };
        assert!(codes(std::slice::from_ref(&record), &key, dkim).is_empty());
        let ed25519 = pem("ed25519");
        let record = ed25519.record().to_string().replace("k=", "h=sha256; k=");
        assert!(codes(&[record], &ed25519, BOTH).is_empty());
    }
}
