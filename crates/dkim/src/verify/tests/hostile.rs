//! Mail that wants to cost more than it is worth.

use super::{MESSAGE, NOW, RSA, TAGS, crlf, outcome, record, records, signed, verify};
use crate::dns::TxtAnswer;
use crate::signature::BadSignature;
use crate::verdict::{Outcome, ResultWord};
use crate::verify::{Demands, MAX_SIGNATURES, Verifier};
use twinseal_message::HeaderBlock;

#[test]
fn ten_thousand_signatures_are_ten() {
    let mut header = HeaderBlock::default();
    let field = format!(" {TAGS}; bh=AAAA; b=AAAA");
    header.push(b"From", b" a@example.com").unwrap();
    while header.push(b"DKIM-Signature", field.as_bytes()).is_ok() {}
    let count = header.len() - 1;
    assert!(count > 5_000, "{count}");
    let verifier = Verifier::new(header, Demands::default(), NOW);
    assert_eq!(verifier.queries().len(), 1);
    let verdicts = verifier.finish();
    assert_eq!(verdicts.len(), count);
    let looked_at = verdicts.iter().filter(|one| one.outcome.word() != ResultWord::Policy).count();
    assert_eq!(looked_at, MAX_SIGNATURES);
}

#[test]
fn a_long_list_of_names_over_a_long_header_is_walked_once() {
    let mut message = "x: y\n".repeat(9_000);
    message.push_str(MESSAGE);
    let tags = TAGS.replace("h=From", &format!("h=From{}", ":x".repeat(900)));
    let signed = signed(&tags, &crlf(&message), RSA);
    assert_eq!(outcome(&signed, &records(&[&record(RSA)])), Outcome::Pass);
}

#[test]
fn a_hundred_thousand_names_are_too_many() {
    let tags = TAGS.replace("h=From", &format!("h=From{}", ":x".repeat(100_000)));
    let message = format!("DKIM-Signature: {tags}; bh=AAAA; b=AAAA\n{MESSAGE}");
    let found = outcome(&crlf(&message), &TxtAnswer::NoName);
    assert_eq!(found, Outcome::Malformed(BadSignature::TooManyFields));
}

#[test]
fn a_megabyte_of_white_space_in_a_tag_is_white_space() {
    let space = " ".repeat(500_000);
    let message = format!("DKIM-Signature: {TAGS}; bh=AAAA; b={space}AAAA{space}\n{MESSAGE}");
    assert_eq!(outcome(&crlf(&message), &TxtAnswer::NoName), Outcome::NoKey);
}

#[test]
fn any_octet_anywhere_in_a_signature_has_a_verdict() {
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    let end = message.windows(2).position(|pair| pair == b"\r\n").unwrap();
    let answer = records(&[&record(RSA)]);
    for at in "DKIM-Signature:".len()..end {
        for octet in [0, b' ', b';', b'=', b'\t', 0x7f, 0x80, 0xff] {
            let mut damaged = message.clone();
            damaged[at] = octet;
            assert_eq!(verify(&damaged, &answer).len(), 1, "{octet:#x} at {at}");
        }
    }
}

#[test]
fn what_is_no_base64_and_what_is_far_too_much_of_it_is_refused() {
    let answer = records(&[&record(RSA)]);
    let bomb = "A".repeat(900_000);
    for (value, word) in [
        ("", "permerror"),
        ("=", "permerror"),
        ("A", "permerror"),
        ("ü", "permerror"),
        (&bomb, "fail"),
    ] {
        let message = format!("DKIM-Signature: {TAGS}; bh=AAAA; b={value}\n{MESSAGE}");
        assert_eq!(outcome(&crlf(&message), &answer).word().as_str(), word);
    }
}
