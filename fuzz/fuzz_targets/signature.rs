//! Whole messages into the verifier: every signature has one verdict, however the body is cut and
//! whenever the answer comes; a field that can be read takes each field of the header once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;
use twinseal_dkim::{Demands, FIELD, Security, Signature, TxtAnswer, Verdict, Verifier};
use twinseal_message::{Field, HeaderBlock, HeaderLines, Line};

/// The key of the test messages.
const RECORD: &str = include_str!("../../tests/data/rfc6376/records.txt");

fuzz_target!(|input: &[u8]| {
    let (header, body) = split(input);
    for (own, field) in header.fields().enumerate().filter(|(_, field)| field.is_named(FIELD)) {
        readable(&header, own, field);
    }
    let record = RECORD.split_once(' ').map_or("", |(_, record)| record.trim());
    let texts = vec![record.as_bytes().to_vec()];
    let answer = TxtAnswer::Records { texts, security: Security::Unproved };
    let whole = verify(&header, &[body], &answer, true);
    assert_eq!(whole.len(), header.named(FIELD).count());
    for verdict in &whole {
        let said = verdict.outcome.to_string();
        assert!(!said.chars().any(char::is_control) && said.len() < 2_000, "{said:?}");
    }
    let cut = usize::from(input.first().copied().unwrap_or_default()).min(body.len());
    let (first, rest) = body.split_at(cut);
    assert_eq!(verify(&header, &[first, rest], &answer, false), whole, "cut at {cut}");
});

fn readable(header: &HeaderBlock, own: usize, field: Field<'_>) {
    let Ok(signature) = Signature::parse(field).1 else { return };
    let taken = signature.taken(header, own);
    assert_eq!(taken.len(), signature.fields.len());
    let numbers: Vec<usize> = taken.into_iter().flatten().collect();
    assert!(!numbers.contains(&own), "a signature covers itself");
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len(), "one field twice");
    assert!(
        signature.lists("from") > 0
            && signature.identity.domain().is_at_or_under(&signature.domain)
    );
}

fn verify(header: &HeaderBlock, body: &[&[u8]], answer: &TxtAnswer, early: bool) -> Vec<Verdict> {
    let mut verifier = Verifier::new(header.clone(), Demands::default(), 1_117_574_938);
    let answer_all = |verifier: &mut Verifier| {
        (0..verifier.queries().len()).for_each(|query| verifier.answer(query, answer));
    };
    if early {
        answer_all(&mut verifier);
    }
    body.iter().for_each(|chunk| verifier.feed(chunk));
    if !early {
        answer_all(&mut verifier);
    }
    verifier.finish()
}

/// A message in parts; what is too large for a header ends it.
fn split(message: &[u8]) -> (HeaderBlock, &[u8]) {
    let mut lines = HeaderLines::default();
    let mut rest = message;
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        let after = &rest[line.len()..];
        match lines.line(line) {
            Ok(Line::Header) => rest = after,
            Ok(Line::Separator) => return (lines.finish(), after),
            Ok(Line::Body) | Err(_) => break,
        }
    }
    (lines.finish(), rest)
}
