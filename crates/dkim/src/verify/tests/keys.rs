//! What a key record says about its own use.

use super::{ED25519, MESSAGE, RSA, TAGS, crlf, outcome, record, records, signed, verify};
use crate::dns::{Security, TxtAnswer};
use crate::verdict::Outcome;

#[test]
fn a_key_is_good_for_what_its_record_says() {
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    let record = String::from_utf8(record(RSA)).unwrap();
    for (tag, want) in [
        ("h=sha256", Outcome::Pass),
        ("h=sha1:sha256", Outcome::Pass),
        ("h=sha1", Outcome::HashNotAllowed),
        ("s=email", Outcome::Pass),
        ("s=*", Outcome::Pass),
        ("s=other:email", Outcome::Pass),
        ("s=other", Outcome::NotForMail),
        ("t=y", Outcome::Pass),
        ("t=s", Outcome::Pass),
        ("t=unknown", Outcome::Pass),
        ("g=*", Outcome::Pass),
        ("k=ed25519", Outcome::KeyOfAnotherKind),
    ] {
        let with = record.replace("k=rsa", tag);
        let found = outcome(&message, &records(&[with.as_bytes()]));
        // An RSA key is not 32 octets long: as an Ed25519 key it is none.
        let want = if tag.starts_with("k=") { "bad-key" } else { want.code() };
        assert_eq!(found.code(), want, "{tag}");
    }
}

#[test]
fn what_is_known_of_the_key_is_told_whatever_the_outcome() {
    let message = String::from_utf8(signed(TAGS, &crlf(MESSAGE), RSA)).unwrap();
    let testing = String::from_utf8(record(RSA)).unwrap().replace("k=rsa;", "t=y;");
    let answer = TxtAnswer::Records { texts: vec![testing.into()], security: Security::Secure };
    for (message, outcome) in [
        (message.clone(), Outcome::Pass),
        (message.replace("you", "me"), Outcome::BodyChanged),
        (message.replace("Subject: x", "Subject: y"), Outcome::SignatureWrong),
    ] {
        let verdict = verify(message.as_bytes(), &answer).remove(0);
        assert_eq!(verdict.outcome, outcome);
        let key = verdict.key.unwrap();
        assert_eq!((key.bits, key.testing, key.security), (Some(2048), true, Security::Secure));
    }
}

#[test]
fn who_is_testing_is_known_even_where_the_key_is_of_no_use() {
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    for (texts, testing) in [
        (&["v=DKIM1; t=y; p="][..], true),
        (&["v=DKIM1; p=; t=s:y"], true),
        (&["v=DKIM1; t=y; k=rsa; p=AAAA"], true),
        (&["v=DKIM1; k=later; t=y; p=AAAA"], true),
        (&["v=spf1 -all", "v=DKIM1; t=y; p="], true),
        (&["v=DKIM1; p="], false),
        (&["v=DKIM1; t=s; p="], false),
        (&["v=later; t=y; p="], false),
    ] {
        let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        let verdict = verify(&message, &records(&texts)).remove(0);
        let key = verdict.key.unwrap();
        assert_eq!((key.bits, key.testing), (None, testing), "{texts:?}");
    }
    assert_eq!(verify(&message, &TxtAnswer::NoName).remove(0).key, None);
}

#[test]
fn an_ed25519_key_of_another_length_is_none() {
    let tags = TAGS.replace("rsa-sha256", "ed25519-sha256");
    let message = signed(&tags, &crlf(MESSAGE), ED25519);
    for key in ["AAAA", "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="] {
        let record = format!("v=DKIM1; k=ed25519; p={key}");
        let code = if key.is_empty() { "key-revoked" } else { "bad-key" };
        assert_eq!(outcome(&message, &records(&[record.as_bytes()])).code(), code, "{key}");
    }
}
