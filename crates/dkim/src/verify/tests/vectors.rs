//! Messages of the standards, signed by others.

use super::{records, split};
use crate::verdict::Outcome;
use crate::verify::{Demands, Verifier};

/// The record of that name in a file of lines `name record`.
fn find<'r>(file: &'r str, name: &str) -> &'r str {
    let line = file.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name} has no record")).trim()
}

fn pass(message: &[u8], file: &str, now: u64) {
    let (header, body) = split(message);
    let mut verifier = Verifier::new(header, Demands::default(), now);
    for (query, name) in verifier.queries().to_vec().iter().enumerate() {
        verifier.answer(query, &records(&[find(file, name.name()).as_bytes()]));
    }
    verifier.feed(body);
    let verdicts = verifier.finish();
    assert!(!verdicts.is_empty());
    for verdict in verdicts {
        assert_eq!(verdict.outcome, Outcome::Pass, "{:?}", verdict.claims);
    }
}

#[test]
fn the_message_of_rfc_6376_passes() {
    pass(
        include_bytes!("../../../../../tests/data/rfc6376/appendix-a.signed.eml"),
        include_str!("../../../../../tests/data/rfc6376/records.txt"),
        1_117_574_938,
    );
}

#[test]
fn both_signatures_of_rfc_8463_pass() {
    pass(
        include_bytes!("../../../../../tests/data/rfc8463/appendix-a.signed.eml"),
        include_str!("../../../../../tests/data/rfc8463/records.txt"),
        1_528_637_909,
    );
}
