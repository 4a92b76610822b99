//! What domains publish for DomainKeys: a policy that is written and read again is the same, a key
//! that both standards take is the same key, and what is told of either is fit to be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_dkim::PublishedKey;
use twinseal_domainkeys::{Granularity, Policy, SelectorRecord};

fuzz_target!(|input: &[u8]| {
    policy(input);
    key(input);
});

fn policy(input: &[u8]) {
    match Policy::parse(input) {
        Ok(read) => {
            read.note.iter().chain(&read.report).for_each(|text| shown(text));
            // Notes are escaped and cut once, and would be once more.
            let bare = Policy { note: None, report: None, ..read };
            let again = Policy::parse(bare.to_string().as_bytes());
            assert_eq!(again.as_ref(), Ok(&bare), "{bare}");
        }
        Err(error) => shown(&error.to_string()),
    }
}

fn key(input: &[u8]) {
    match SelectorRecord::parse(input) {
        Ok(read) => {
            assert!((1024..=2048).contains(&read.key.bits()), "{:?}", read.key);
            if let Granularity::One(local) = &read.granularity {
                shown(local);
            }
            read.note.iter().for_each(|text| shown(text));
            if let Ok(published) = PublishedKey::parse(input) {
                assert_eq!(published.key, read.key);
                assert_eq!(published.testing, read.testing);
            }
        }
        Err(error) => shown(&error.to_string()),
    }
}

fn shown(text: &str) {
    assert!(text.len() < 8_000 && !text.chars().any(char::is_control), "{text:?}");
}
