use super::{BodyDemand, Demands, Trust, Verifier};
use crate::dns::{Security, TxtAnswer};
use crate::signature::Signature;
use crate::verdict::{Outcome, ResultWord, Verdict};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::sync::Arc;
use twinseal_canon::dkim::Body;
use twinseal_keys::{Sha256, SigningKey};
use twinseal_message::{Domain, Field, HeaderBlock, HeaderLines, Line};

mod chosen;
mod hostile;
mod keys;
mod traps;
mod vectors;

/// The time of every test that does not say another.
const NOW: u64 = 1_700_000_000;

const RSA: &[u8] = include_bytes!("../../../../tests/data/keys/rsa2048.pem");
const RSA_1024: &[u8] = include_bytes!("../../../../tests/data/keys/rsa1024.pem");
const ED25519: &[u8] = include_bytes!("../../../../tests/data/keys/ed25519.pem");

/// Some text, with lines that end in CRLF.
fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

/// A message in parts: header and body.
fn split(message: &[u8]) -> (HeaderBlock, &[u8]) {
    let mut lines = HeaderLines::default();
    let mut rest = message;
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        match lines.line(line).unwrap() {
            Line::Header => rest = &rest[line.len()..],
            Line::Separator => {
                rest = &rest[line.len()..];
                break;
            }
            Line::Body => break,
        }
    }
    (lines.finish(), rest)
}

fn key(pem: &[u8]) -> SigningKey {
    SigningKey::from_pem(pem).unwrap()
}

/// The record of that key.
fn record(pem: &[u8]) -> Vec<u8> {
    key(pem).record().unwrap().to_string().into_bytes()
}

fn records(texts: &[&[u8]]) -> TxtAnswer {
    let texts = texts.iter().map(|text| text.to_vec()).collect();
    TxtAnswer::Records { texts, security: Security::Unproved }
}

/// The message with a signature on top, made by that key over exactly these tags: `bh=` and `b=`
/// are filled in, everything else is as the test has it.
fn signed(tags: &str, message: &[u8], pem: &[u8]) -> Vec<u8> {
    let (header, body) = split(message);
    let hash = body_hash(tags, body);
    let unfilled = format!("DKIM-Signature: {tags}; bh={hash}; b=AAAA");
    let own = Field::new(unfilled.as_bytes()).unwrap();
    let signature = Signature::parse(own).1.unwrap();
    let mut left: Vec<Field<'_>> = header.fields().collect();
    let taken = signature.fields.iter().filter_map(|name| {
        let at = left.iter().rposition(|field| field.name().eq_ignore_ascii_case(name))?;
        Some(left.remove(at))
    });
    let mut digest = Sha256::new();
    digest.update(&signature.signed_octets(taken.collect::<Vec<_>>(), own));
    let made = STANDARD.encode(key(pem).sign_sha256(&digest.finish()).unwrap());
    let field = format!("DKIM-Signature: {tags}; bh={hash}; b={made}\r\n");
    [field.as_bytes(), message].concat()
}

/// The hash that `bh=` has to have with these tags.
fn body_hash(tags: &str, body: &[u8]) -> String {
    let field = format!("DKIM-Signature: {tags}; bh=AAAA; b=AAAA");
    let signature = Signature::parse(Field::new(field.as_bytes()).unwrap()).1.unwrap();
    let mut canonical = Vec::new();
    let mut form = Body::new(signature.canonicalization.body);
    form.feed(body, &mut canonical);
    form.finish(&mut canonical);
    let length = signature.body_length.and_then(|octets| usize::try_from(octets).ok());
    let end = length.map_or(canonical.len(), |length| length.min(canonical.len()));
    let mut digest = Sha256::new();
    digest.update(&canonical[..end]);
    STANDARD.encode(digest.finish())
}

/// What all queries are answered with, and the verdicts.
fn verify_at(message: &[u8], demands: &Demands, now: u64, answer: &TxtAnswer) -> Vec<Verdict> {
    let (header, body) = split(message);
    let mut verifier = Verifier::new(header, demands.clone(), now);
    for query in 0..verifier.queries().len() {
        verifier.answer(query, answer);
    }
    verifier.feed(body);
    verifier.finish()
}

fn verify(message: &[u8], answer: &TxtAnswer) -> Vec<Verdict> {
    verify_at(message, &Demands::default(), NOW, answer)
}

/// The only outcome.
fn outcome(message: &[u8], answer: &TxtAnswer) -> Outcome {
    let mut verdicts = verify(message, answer);
    assert_eq!(verdicts.len(), 1, "{verdicts:?}");
    verdicts.remove(0).outcome
}

/// A message that is signed with these tags, and what comes of it.
fn outcome_of(tags: &str, message: &str) -> Outcome {
    outcome(&signed(tags, &crlf(message), RSA), &records(&[&record(RSA)]))
}

const TAGS: &str = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s; h=From:To:Subject";
const MESSAGE: &str = "From: A <a@example.com>\nTo: b@example.org\nSubject: x\n\nHello,\n\nyou.\n";

#[test]
fn what_was_signed_passes_however_the_body_is_cut_and_whenever_the_answer_comes() {
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    let answer = records(&[&record(RSA)]);
    let (header, body) = split(&message);
    for cut in 0..=body.len() {
        for early in [true, false] {
            let mut verifier = Verifier::new(header.clone(), Demands::default(), NOW);
            assert_eq!(verifier.queries()[0].name(), "s._domainkey.example.com");
            if early {
                verifier.answer(0, &answer);
            }
            verifier.feed(&body[..cut]);
            verifier.feed(&body[cut..]);
            if !early {
                verifier.answer(0, &answer);
            }
            assert_eq!(verifier.finish()[0].outcome, Outcome::Pass, "cut at {cut}, {early}");
        }
    }
}

#[test]
fn a_message_without_a_signature_has_no_verdict() {
    assert!(verify(&crlf(MESSAGE), &TxtAnswer::NoName).is_empty());
}

#[test]
fn nothing_is_hashed_for_what_cannot_pass_any_more() {
    // Trap H20
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    for answer in [TxtAnswer::NoName, records(&[&record(RSA_1024)])] {
        let mut verifier = Verifier::new(split(&message).0, Demands::default(), NOW);
        assert!(verifier.needs_body());
        verifier.answer(0, &answer);
        assert!(!verifier.needs_body(), "{answer:?}");
    }
    let expired = signed(&format!("{TAGS}; t=1; x=2"), &crlf(MESSAGE), RSA);
    let verifier = Verifier::new(split(&expired).0, Demands::default(), NOW);
    assert!(!verifier.needs_body() && verifier.queries().is_empty());
}

#[test]
fn signatures_with_one_key_ask_once_and_each_has_its_verdict() {
    let once = signed(&TAGS.replace("h=From:To", "h=from"), &crlf(MESSAGE), RSA);
    let twice = signed(TAGS, &once, RSA);
    let text = String::from_utf8(twice).unwrap().replace("\nTo: b", "\nTo: c");
    let (header, body) = split(text.as_bytes());
    let mut verifier = Verifier::new(header, Demands::default(), NOW);
    assert_eq!(verifier.queries().len(), 1);
    verifier.answer(0, &records(&[&record(RSA)]));
    verifier.feed(body);
    let outcomes: Vec<Outcome> = verifier.finish().into_iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::SignatureWrong, Outcome::Pass]);
}

/// Trusts nobody.
#[derive(Debug)]
struct Nobody;

impl Trust for Nobody {
    fn trusts(&self, _: &Domain) -> bool {
        false
    }
}

#[test]
fn signatures_of_strangers_count_where_they_are_trusted() {
    let tags = TAGS.replace("d=example.com", "d=list.example");
    let (message, answer) = (signed(&tags, &crlf(MESSAGE), RSA), records(&[&record(RSA)]));
    assert_eq!(outcome(&message, &answer), Outcome::Pass);
    let demands = Demands { trusted: Some(Arc::new(Nobody)), ..Demands::default() };
    assert_eq!(verify_at(&message, &demands, NOW, &answer)[0].outcome, Outcome::NotTrusted);
}

#[test]
fn what_is_asked_for_beyond_the_standards_is_policy() {
    let later = format!("{TAGS}; l=8");
    let longer = format!("{MESSAGE}appended\n");
    let message = signed(&later, &crlf(&longer), RSA);
    let answer = records(&[&record(RSA)]);
    let demands = Demands::default();
    for (demands, code) in [
        (demands.clone(), "pass"),
        (Demands { body: BodyDemand::Percent(100), ..demands.clone() }, "body-not-covered"),
        (Demands { body: BodyDemand::Octets(9), ..demands.clone() }, "body-not-covered"),
        (Demands { body: BodyDemand::AllBut(100), ..demands.clone() }, "pass"),
        (Demands { key_bits: 4096, ..demands.clone() }, "key-below-minimum"),
        (Demands { trusted: Some(Arc::new(Nobody)), ..demands.clone() }, "pass"),
        (Demands { signatures: 0, ..demands.clone() }, "not-examined"),
    ] {
        let verdict = verify_at(&message, &demands, NOW, &answer).remove(0);
        assert_eq!(verdict.outcome.code(), code, "{demands:?}");
        let word = if code == "pass" { ResultWord::Pass } else { ResultWord::Policy };
        assert_eq!(verdict.outcome.word(), word);
    }
}
