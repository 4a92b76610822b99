//! Key records and the keys in them: what is read and written again is the same key, and no key
//! takes a signature that nobody has made. An input is a record; it is tried as the DER of a key
//! too.
#![no_main]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use twinseal_dkim::dns::{MAX_RECORD_OCTETS, MAX_RECORDS};
use twinseal_dkim::{PublishedKey, RecordError};
use twinseal_keys::{KeyKind, PublicKey};

fuzz_target!(|input: &[u8]| {
    if let Ok(key) = PublicKey::rsa(input) {
        strict(&key, input);
    }
    let read = PublishedKey::parse(input);
    match &read {
        Ok(published) => accepted(published, input),
        Err(error) => refused(error, input),
    }
    among_others(&read, input);
});

fn accepted(published: &PublishedKey, input: &[u8]) {
    assert!(input.len() <= MAX_RECORD_OCTETS);
    let key = &published.key;
    match key.kind() {
        KeyKind::Rsa { bits } => assert!((1..=8192).contains(&bits), "{bits} bits"),
        KeyKind::Ed25519 => assert_eq!(key.bits(), 256),
    }
    let text = key.record().testing(published.testing).to_string();
    let again = PublishedKey::parse(text.as_bytes()).expect("what we write is a key record");
    assert_eq!(&again.key, key, "another key was read from {text}");
    assert_eq!((again.testing, again.strict), (published.testing, false), "{text}");
    assert!(again.accepts_sha256() && again.is_for_email(), "{text}");
    assert_eq!(again.key.record().testing(again.testing).to_string(), text);
    unsigned(key, input);
}

/// DER has one form for each key: writing it gives the octets that were read, in their envelope.
fn strict(key: &PublicKey, input: &[u8]) {
    let text = key.record().to_string();
    let (_, data) = text.rsplit_once("p=").expect("a record has a key");
    let der = STANDARD.decode(data).expect("in base64");
    assert!(der.ends_with(input), "{} was read from other octets", der.escape_ascii());
    assert_eq!(PublicKey::rsa(&der).as_ref(), Ok(key));
    unsigned(key, input);
}

fn unsigned(key: &PublicKey, input: &[u8]) {
    for octets in [key.bits().div_ceil(8), 64, input.len()] {
        let signature: Vec<u8> = input.iter().copied().cycle().take(octets).collect();
        assert!(!key.verifies(input, &signature), "{key:?} takes what nobody has signed");
    }
}

fn refused(error: &RecordError, input: &[u8]) {
    let said = error.to_string();
    assert!(said.len() < 2_000 && !said.chars().any(char::is_control), "{said:?}");
    assert_eq!(matches!(error, RecordError::TooLong { .. }), input.len() > MAX_RECORD_OCTETS);
}

/// Texts that are no key change nothing; the first of two decides what is wrong with both.
fn among_others(read: &Result<PublishedKey, RecordError>, input: &[u8]) {
    let (input, other) = (input.to_vec(), b"v=DKIM1; p=".to_vec());
    assert_eq!(&PublishedKey::first(&[input.clone(), other.clone()]), read);
    let after = PublishedKey::first(&[other.clone(), input.clone()]);
    assert_eq!(after.ok().as_ref(), read.as_ref().ok());
    let mut hidden = vec![other; MAX_RECORDS];
    hidden.push(input);
    assert_eq!(PublishedKey::first(&hidden), Err(RecordError::Revoked));
}
