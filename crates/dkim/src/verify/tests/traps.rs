//! One test for each of the traps H1 to H21.

use super::{
    ED25519, MESSAGE, NOW, RSA, RSA_1024, TAGS, crlf, outcome, outcome_of, record, records, signed,
    verify, verify_at,
};
use crate::dns::{LookupFailure, TxtAnswer};
use crate::signature::BadSignature;
use crate::verdict::{Outcome, ResultWord};
use crate::verify::Demands;

const HEADER: &str = "From: A <a@example.com>\nTo: b@example.org\nSubject: x\n\n";

/// The tags with another canonicalization.
fn with(canonicalization: &str) -> String {
    TAGS.replace("relaxed/relaxed", canonicalization)
}

/// What comes of a message whose text was changed after it was signed.
fn changed(tags: &str, message: &str, from: &str, to: &str) -> Outcome {
    let before = String::from_utf8(signed(tags, &crlf(message), RSA)).unwrap();
    let (from, to) = (from.replace('\n', "\r\n"), to.replace('\n', "\r\n"));
    assert!(before.contains(&from), "{before}");
    outcome(before.replacen(&from, &to, 1).as_bytes(), &records(&[&record(RSA)]))
}

#[test]
fn h1_the_hashes_of_empty_bodies_are_the_known_ones() {
    for (kind, hash) in [
        ("simple", "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="),
        ("relaxed", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    ] {
        let tags = with(&format!("simple/{kind}"));
        let message = signed(&tags, &crlf(HEADER), RSA);
        assert!(String::from_utf8_lossy(&message).contains(&format!("bh={hash}")), "{kind}");
        assert_eq!(outcome(&message, &records(&[&record(RSA)])), Outcome::Pass, "{kind}");
    }
}

#[test]
fn h2_a_last_line_of_blanks_counts_for_simple_alone() {
    let message = format!("{HEADER}text\n");
    let blank = format!("{HEADER}text\n \n");
    for (kind, want) in [("simple", Outcome::BodyChanged), ("relaxed", Outcome::Pass)] {
        let tags = with(&format!("relaxed/{kind}"));
        assert_eq!(changed(&tags, &message, "text\n", "text\n \n"), want, "{kind}");
        assert_eq!(outcome_of(&tags, &blank), Outcome::Pass, "{kind}");
    }
}

#[test]
fn h3_a_last_line_without_its_end_gets_one() {
    for kind in ["simple", "relaxed"] {
        let (tags, message) = (with(&format!("simple/{kind}")), format!("{HEADER}a\nend\n"));
        assert_eq!(changed(&tags, &message, "\nend\n", "\nend"), Outcome::Pass, "{kind}");
    }
}

#[test]
fn h4_a_length_counts_canonical_octets_and_may_not_be_too_large() {
    let message = format!("{HEADER}a  b \nend\n");
    for (length, want) in [
        (0, Outcome::Pass),
        // Cut in the middle of a line: it gets no line end.
        (2, Outcome::Pass),
        (10, Outcome::Pass),
        (11, Outcome::BodyShorter { signed: 11, octets: 10 }),
        (u64::MAX, Outcome::BodyShorter { signed: u64::MAX, octets: 10 }),
    ] {
        assert_eq!(outcome_of(&format!("{TAGS}; l={length}"), &message), want, "{length}");
    }
    let appended = changed(&format!("{TAGS}; l=10"), &message, "end\n", "end\nmore\n");
    assert_eq!(appended, Outcome::Pass);
}

#[test]
fn h5_repeated_names_walk_upward_and_have_no_case() {
    let message = "To: 1\nTO: 2\nFrom: a@example.com\nto: 3\n\n";
    let tags = TAGS.replace("h=From:To:Subject", "h=to:From:TO");
    // The topmost one is not covered; the one in the middle is.
    assert_eq!(changed(&tags, message, "To: 1", "To: 4"), Outcome::Pass);
    assert_eq!(changed(&tags, message, "TO: 2", "TO: 4"), Outcome::SignatureWrong);
    let both = TAGS.replace("h=From:To", "h=From:from:To");
    assert_eq!(changed(&both, MESSAGE, "Subject: x", "Subject: x\nFrom: c@d.example"), {
        Outcome::SignatureWrong
    });
}

#[test]
fn h6_names_without_a_field_add_nothing() {
    let tags = TAGS.replace("h=From", "h=X-None:From:X-None");
    assert_eq!(outcome_of(&tags, MESSAGE), Outcome::Pass);
    assert_eq!(changed(&tags, MESSAGE, "\nTo:", "\nX-None:\nTo:"), Outcome::SignatureWrong);
}

#[test]
fn h7_only_the_value_of_b_is_emptied() {
    // Neither the b= in bh= nor the one in z= is meant; white space around the value goes with it.
    for tags in [format!("{TAGS}; z=Subject:b=3Dx"), format!("{TAGS}; xb=AAAA")] {
        assert_eq!(outcome_of(&tags, MESSAGE), Outcome::Pass, "{tags}");
    }
    let simple = with("simple/simple");
    assert_eq!(changed(&simple, MESSAGE, "; b=", "; b= \n\t "), Outcome::Pass);
    assert_eq!(changed(&simple, MESSAGE, "; b=", ";  b="), Outcome::SignatureWrong);
    let dkim = changed(&simple, MESSAGE, "\nFrom:", "\n \nFrom:");
    assert_eq!(dkim, Outcome::Pass, "white space behind the value of b= is part of what goes");
}

#[test]
fn h8_relaxed_forgives_white_space_and_the_case_of_names_in_fields() {
    let relaxed = with("relaxed/simple");
    for to in ["SUBJECT: x", "Subject :x", "Subject:\n x", "Subject:\t x  ", "Subject: x\n "] {
        assert_eq!(changed(&relaxed, MESSAGE, "Subject: x", to), Outcome::Pass, "{to:?}");
        let simple = changed(&with("simple/simple"), MESSAGE, "Subject: x", to);
        assert_eq!(simple, Outcome::SignatureWrong, "{to:?}");
    }
    assert_eq!(changed(&relaxed, MESSAGE, "Subject: x", "Subject: X"), Outcome::SignatureWrong);
}

#[test]
fn h9_an_absent_canonicalization_is_simple() {
    let none = TAGS.replace(" c=relaxed/relaxed;", "");
    assert_eq!(outcome_of(&none, MESSAGE), Outcome::Pass);
    assert_eq!(changed(&none, MESSAGE, "Subject: x", "Subject:  x"), Outcome::SignatureWrong);
    assert_eq!(changed(&none, MESSAGE, "you.", "you. "), Outcome::BodyChanged);
    let half = with("relaxed");
    assert_eq!(changed(&half, MESSAGE, "Subject: x", "Subject:  x"), Outcome::Pass);
    assert_eq!(changed(&half, MESSAGE, "you.", "you. "), Outcome::BodyChanged);
}

#[test]
fn h10_ed25519_signs_the_digest_and_both_forms_of_an_rsa_key_are_taken() {
    let tags = TAGS.replace("rsa-sha256", "ed25519-sha256");
    let message = signed(&tags, &crlf(MESSAGE), ED25519);
    assert_eq!(outcome(&message, &records(&[&record(ED25519)])), Outcome::Pass);
    // The message of RFC 6376 has a SubjectPublicKeyInfo; bare RSAPublicKeys are held by `keys`.
    assert_eq!(outcome(&message, &records(&[&record(RSA)])), Outcome::KeyOfAnotherKind);
}

#[test]
fn h11_white_space_in_base64_and_around_colons_means_nothing() {
    let tags = TAGS.replace("h=From:To:Subject", "h = From :\r\n\tTo\r\n :Subject");
    let message = signed(&tags, &crlf(MESSAGE), RSA);
    let key = String::from_utf8(record(RSA)).unwrap().replace("p=MII", "p= M\r\n I I");
    assert_eq!(outcome(&message, &records(&[key.as_bytes()])), Outcome::Pass);
    let text = String::from_utf8(message).unwrap();
    let (before, value) = text.split_once("; b=").unwrap();
    let (first, rest) = value.split_at(20);
    let folded = format!("{before}; b={first}\r\n\t {rest}");
    assert_eq!(outcome(folded.as_bytes(), &records(&[&record(RSA)])), Outcome::Pass);
}

#[test]
fn h12_unknown_tags_are_ignored_and_repeated_ones_refused() {
    for tags in [format!("{TAGS}; unknown=1"), format!("{TAGS}; D=other.example")] {
        assert_eq!(outcome_of(&tags, MESSAGE), Outcome::Pass, "{tags}");
    }
    let twice = changed(TAGS, MESSAGE, "s=s;", "s=s; s=s;");
    assert!(matches!(twice, Outcome::Malformed(BadSignature::TagList(_))), "{twice:?}");
    let last = changed(TAGS, MESSAGE, "\nFrom:", ";\nFrom:");
    assert_eq!(last, Outcome::SignatureWrong, "a last semicolon is legal, and is signed");
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    let record = String::from_utf8(record(RSA)).unwrap();
    for (record, code) in [
        (record.replace("v=DKIM1; ", ""), "pass"),
        (record.replace("DKIM1", "dkim1"), "bad-key"),
        (record.replace("v=DKIM1; k=rsa;", "k=rsa; v=DKIM1;"), "bad-key"),
        (format!("{record}; n=note; x=unknown;"), "pass"),
    ] {
        assert_eq!(outcome(&message, &records(&[record.as_bytes()])).code(), code, "{record}");
    }
}

#[test]
fn h13_from_is_signed_and_the_identity_lies_in_the_domain() {
    let bare = |tags: &str| {
        let message = crlf(&format!("DKIM-Signature: {tags}; bh=AAAA; b=AAAA\n{MESSAGE}"));
        outcome(&message, &records(&[&record(RSA)]))
    };
    let none = bare(&TAGS.replace("h=From:", "h="));
    assert_eq!(none, Outcome::Malformed(BadSignature::FromNotListed));
    for identity in ["@other.example", "a@badexample.com"] {
        let outside = bare(&format!("{TAGS}; i={identity}"));
        assert!(matches!(outside, Outcome::Malformed(BadSignature::IdentityOutside { .. })));
    }
    let below = signed(&format!("{TAGS}; i=joe=3Da@sub.example.com"), &crlf(MESSAGE), RSA);
    let strict = [&b"t=s; "[..], &record(RSA)["v=DKIM1; ".len()..]].concat();
    assert_eq!(outcome(&below, &records(&[&record(RSA)])), Outcome::Pass);
    assert_eq!(outcome(&below, &records(&[&strict])), Outcome::SubdomainNotAllowed);
}

#[test]
fn h14_an_added_from_breaks_what_is_signed_once_more_and_counts_against_what_is_not() {
    let over = TAGS.replace("h=From", "h=From:From");
    let added = "\nFrom: c@evil.example\nTo:";
    assert_eq!(changed(&over, MESSAGE, "\nTo:", added), Outcome::SignatureWrong);
    let found = changed(TAGS, MESSAGE, "\nTo:", added);
    assert_eq!(found, Outcome::FromNotCovered { fields: 2, covered: 1 });
}

#[test]
fn h15_a_message_without_from_is_nobodys() {
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    let text = String::from_utf8(message).unwrap().replace("From: A <a@example.com>\r\n", "");
    let found = outcome(text.as_bytes(), &records(&[&record(RSA)]));
    assert_eq!(found, Outcome::Malformed(BadSignature::NoFrom));
}

#[test]
fn h16_sha1_and_small_keys_are_permanent_errors_whatever_the_mathematics_say() {
    let sha1 = format!("DKIM-Signature: {}; bh=AAAA; b=AAAA\n", TAGS.replace("sha256", "sha1"));
    let found = outcome(&crlf(&format!("{sha1}{MESSAGE}")), &records(&[&record(RSA)]));
    assert_eq!((found.word(), &found), (ResultWord::PermError, &Outcome::Sha1));
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    // 512 bits, made by OpenSSL.
    let small =
        b"p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKIgkLrTc/wo2HJldfr4UGT5TJYA3uzW3c3m4NG75dh65JVs\
        ZkN2m2Iz8QNKcg+B5+dbLtukTi7svaPJRkfXR8MCAwEAAQ==";
    let found = outcome(&message, &records(&[small]));
    assert_eq!(found, Outcome::KeyTooSmall { bits: 512 });
    assert_eq!(found.word(), ResultWord::PermError);
    let enough = signed(TAGS, &crlf(MESSAGE), RSA_1024);
    assert_eq!(outcome(&enough, &records(&[&record(RSA_1024)])), Outcome::Pass);
}

#[test]
fn h17_what_dns_says_is_told_apart_to_the_end() {
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    for (answer, word, code) in [
        (TxtAnswer::NoName, ResultWord::PermError, "no-key"),
        (TxtAnswer::NoRecord, ResultWord::PermError, "no-key-record"),
        (records(&[b"v=DKIM1; p="]), ResultWord::PermError, "key-revoked"),
        (records(&[b"v=spf1 -all"]), ResultWord::PermError, "bad-key"),
        (TxtAnswer::Failed(LookupFailure::Timeout), ResultWord::TempError, "key-unavailable"),
        (TxtAnswer::Failed(LookupFailure::ServerFailure), ResultWord::TempError, "key-unavailable"),
    ] {
        let found = outcome(&message, &answer);
        assert_eq!((found.word(), found.code()), (word, code), "{answer:?}");
    }
    let at = |tags: &str, now| {
        let message = signed(&format!("{TAGS}; {tags}"), &crlf(MESSAGE), RSA);
        let answer = records(&[&record(RSA)]);
        verify_at(&message, &Demands::default(), now, &answer).remove(0).outcome
    };
    assert_eq!(at("t=1000; x=2000", 2300), Outcome::Pass);
    assert_eq!(at("t=1000; x=2000", 2301), Outcome::Expired { at: 2000 });
    assert_eq!(at("t=1301", 1001), Outcome::Pass);
    assert_eq!(at("t=1301", 1000), Outcome::FromTheFuture { at: 1301 });
    let twisted = "t=2000; x=1000";
    let field = format!("DKIM-Signature: {TAGS}; {twisted}; bh=AAAA; b=AAAA\n{MESSAGE}");
    let found = outcome(&crlf(&field), &records(&[&record(RSA)]));
    assert_eq!(found, Outcome::Malformed(BadSignature::ExpiresTooEarly));
}

#[test]
fn h18_a_broken_signature_has_a_verdict_too() {
    for broken in ["", "garbage", "v=1", "v=2; a=rsa-sha256", "v=1; a=b; c", "=;=;"] {
        let message = crlf(&format!("DKIM-Signature: {broken}\n{MESSAGE}"));
        let verdicts = verify(&message, &TxtAnswer::NoName);
        assert_eq!(verdicts.len(), 1, "{broken:?}");
        assert_eq!(verdicts[0].outcome.word(), ResultWord::PermError, "{broken:?}");
    }
}

#[test]
fn h19_the_first_record_that_is_a_key_counts() {
    let message = signed(TAGS, &crlf(MESSAGE), RSA);
    let (good, other) = (record(RSA), record(RSA_1024));
    for (texts, code) in [
        ([&b"v=spf1 -all"[..], &good], "pass"),
        ([&good, &other], "pass"),
        ([&other, &good], "signature-wrong"),
    ] {
        assert_eq!(outcome(&message, &records(&texts)).code(), code);
    }
}

#[test]
fn h20_no_more_is_looked_at_than_the_limits_say() {
    let many = (0..12).fold(crlf(MESSAGE), |message, _| signed(TAGS, &message, RSA));
    let outcomes: Vec<Outcome> =
        verify(&many, &records(&[&record(RSA)])).into_iter().map(|one| one.outcome).collect();
    assert!(outcomes[..10].iter().all(|outcome| *outcome == Outcome::Pass), "{outcomes:?}");
    assert!(outcomes[10..].iter().all(|outcome| *outcome == Outcome::NotExamined { limit: 10 }));
    let list = |names: usize| TAGS.replace("h=From", &format!("h=From{}", ":x".repeat(names - 3)));
    assert_eq!(outcome_of(&list(1_000), MESSAGE), Outcome::Pass);
    let field = format!("DKIM-Signature: {}; bh=AAAA; b=AAAA\n{MESSAGE}", list(1_001));
    let found = outcome(&crlf(&field), &TxtAnswer::NoName);
    assert_eq!(found, Outcome::Malformed(BadSignature::TooManyFields));
}

#[test]
fn h21_names_in_utf_8_are_asked_for_in_a_labels_and_hashed_as_they_are() {
    let tags = "v=1; a=rsa-sha256; d=bücher.example; s=schlüssel; i=käthe@post.bücher.example; \
                h=From:Subject";
    let message = "From: Käthe <käthe@bücher.example>\nSubject: Grüße\n\n\u{fc}\n";
    let message = signed(tags, &crlf(message), RSA);
    let verifier = super::Verifier::new(super::split(&message).0, Demands::default(), NOW);
    let name = "xn--schlssel-95a._domainkey.xn--bcher-kva.example";
    assert_eq!(verifier.queries()[0].name(), name);
    assert_eq!(outcome(&message, &records(&[&record(RSA)])), Outcome::Pass);
}
