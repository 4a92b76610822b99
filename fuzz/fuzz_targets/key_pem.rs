//! Key files: whatever is in them, no message quotes it, and what is a key stays the same key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::error::Error;
use twinseal_keys::{BadPem, KeyError, SigningKey};

/// A run of base64 that long would give a part of a key away; no message of ours or of the
/// library has a word like it.
const TELLING_OCTETS: usize = 24;

fuzz_target!(|input: &[u8]| {
    match SigningKey::from_pem(input) {
        Ok(key) => accepted(&key),
        Err(error) => refused(&error, input),
    }
});

fn accepted(key: &SigningKey) {
    let signature = key.sign_sha256(&[7; 32]).expect("a key signs");
    assert_eq!(signature.len(), key.signature_octets(), "{key:?}");
    let pem = key.to_pem().expect("a key can be written");
    let again = SigningKey::from_pem(&pem).expect("and read again");
    assert_eq!(again.kind(), key.kind());
    let record = |key: &SigningKey| key.record().expect("a key has a record").to_string();
    assert_eq!(record(&again), record(key), "another key was read");
}

fn refused(error: &KeyError, input: &[u8]) {
    let mut said = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(source) = cause {
        said.push_str(&format!(" {source} {source:?}"));
        cause = source.source();
    }
    // What a block calls itself is said, and is no part of a key.
    if let KeyError::Pem(BadPem::WrongLabel { label }) = error {
        said = said.replace(&format!("{label:?}"), "");
    }
    for run in input.split(|octet| !is_base64(*octet)).filter(|run| run.len() >= TELLING_OCTETS) {
        let run = String::from_utf8_lossy(run);
        assert!(!said.contains(&*run), "the input is quoted: {said}");
    }
}

fn is_base64(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=')
}
