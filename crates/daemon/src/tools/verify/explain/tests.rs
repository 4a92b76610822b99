//! Messages that are signed, damaged as the world damages them, and explained.

use super::super::tests::{data, verify};
use super::header::{Case, Target};
use super::sha256;
use crate::terminal::Terminal;
use crate::tools::sign;
use serde_json::Value;
use std::fs;
use twinseal_config::ExitCode;
use twinseal_dkim::{Kind, Signature};
use twinseal_message::{Field, HeaderBlock};

const HEADER: &str = "From: Ann <ann@example.com>\r\nTo: bob@example.net\r\nTo: cyn@example.net\r\n\
    Subject: Is dinner\r\n ready?\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
const BODY: &str = "Hi.\r\n\r\nFrom here to there.\r\n.\r\nGr\u{fc}\u{df}e\r\n";

fn signed(message: &str, canonicalization: &str, key: &str) -> String {
    let path = data(&format!("keys/{key}.pem"));
    let words = ["--domain", "example.com", "--selector", key, "--key", &path, "--at", "1"];
    let more = ["--dkim", canonicalization, "--domainkeys", "off"];
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut input = message.as_bytes();
    let mut terminal = Terminal {
        program: crate::PROGRAM,
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
    };
    let words = words.iter().chain(&more).map(Into::into).collect();
    assert_eq!(sign::run(words, &mut terminal), ExitCode::Ok);
    String::from_utf8(output).unwrap()
}

/// The findings about a message, as `code` or `code!` for a likely one.
fn findings(message: &str, keys: &str) -> Vec<String> {
    let words = ["--keys", keys, "--at", "2", "--json", "--explain"];
    let (_, output, errors) = verify(message.as_bytes(), &words);
    assert_eq!(errors, "");
    let value: Value = serde_json::from_str(&output).unwrap();
    let findings = value["signatures"][0]["explanation"]["findings"].as_array();
    let code = |finding: &Value| {
        let likely = if finding["likely"] == true { "!" } else { "" };
        format!("{}{likely}", finding["code"].as_str().unwrap())
    };
    findings.map_or_else(Vec::new, |findings| findings.iter().map(code).collect())
}

/// Signs, asserts that it passes, damages, and asserts what is found.
fn assert_found(
    message: &str,
    canonicalization: &str,
    damage: impl Fn(&str) -> String,
    want: [&str; 2],
) {
    let keys = data("keys/records.txt");
    let signed = signed(message, canonicalization, "rsa1024");
    assert_eq!(findings(&signed, &keys), [""; 0], "it passes before it is damaged: {want:?}");
    let damaged = damage(&signed);
    assert_ne!(damaged, signed, "{want:?}");
    assert_eq!(findings(&damaged, &keys), want, "{damaged}");
}

/// As Postfix breaks lines.
fn wrapped(text: &str) -> String {
    let lines = text.split_inclusive("\r\n").map(|line| {
        let chunks: Vec<&str> =
            line.as_bytes().chunks(998).map(|chunk| std::str::from_utf8(chunk).unwrap()).collect();
        if line.len() > 1_000 { chunks.join("\r\n ") } else { line.to_owned() }
    });
    lines.collect()
}

#[test]
fn damaged_bodies_are_explained() {
    type Damage = fn(&str) -> String;
    let message = format!("{HEADER}{BODY}");
    let cases: [(&str, Damage); 8] = [
        ("body-white-space!", |text| text.replace("Hi.\r\n", "Hi. \r\n")),
        ("footer-appended!", |text| format!("{text}-- \r\nA list\r\n")),
        ("body-line-ends!", |text| text.replace("there.\r\n", "there.\n")),
        ("mbox-quoted!", |text| text.replace("\r\nFrom here", "\r\n>From here")),
        ("dots-doubled!", |text| text.replace("\r\n.\r\n", "\r\n..\r\n")),
        ("text-inserted!", |text| text.replace("\r\n\r\nHi.", "\r\n\r\nCAUTION\r\nHi.")),
        ("text-inserted!", |text| text.replace("\r\nGr", "\r\nx\r\n\r\ny\r\nGr")),
        ("body-changed", |text| text.replace("Hi.", "Ho.")),
    ];
    for (cause, damage) in cases {
        assert_found(&message, "simple/simple", damage, ["header-fits", cause]);
    }
    let empty = |text: &str| format!("{text}A footer.\r\n");
    assert_found(HEADER, "relaxed/relaxed", empty, ["header-fits", "footer-appended!"]);
    let long = format!("{HEADER}{}\r\n{BODY}", "x".repeat(2_500));
    assert_found(&long, "relaxed/relaxed", wrapped, ["header-fits", "body-lines-wrapped!"]);
}

#[test]
fn a_message_that_was_re_encoded_is_explained_in_both_parts() {
    // Trap P10
    let damage = |text: &str| {
        let text = text.replace("Content-Transfer-Encoding: 8bit\r\n", "");
        let text = text
            .replace("\r\n\r\nHi.", "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHi.");
        text.replace("Gr\u{fc}\u{df}e", "Gr=C3=BC=\r\n=C3=9Fe")
    };
    let message = format!("{HEADER}{BODY}");
    assert_found(&message, "relaxed/simple", damage, ["encoding-relabelled!", "re-encoded!"]);
}

#[test]
fn lengths_that_do_not_fit_are_explained() {
    let message = format!("{HEADER}{BODY}");
    for (length, cause) in [("l=3; bh=", "length-ignored!"), ("l=9999; bh=", "body-cut")] {
        let damage = |text: &str| text.replacen("bh=", length, 1);
        assert_found(&message, "relaxed/simple", damage, ["header-changed", cause]);
    }
}

#[test]
fn damaged_headers_are_explained() {
    type Damage = fn(&str) -> String;
    let message = format!("{HEADER}{BODY}");
    let relaxed: [(&str, Damage); 7] = [
        ("field-added!", |text| format!("Subject: another\r\n{text}")),
        ("subject-tagged!", |text| text.replace("Subject: Is", "Subject: [the list] Is")),
        ("subject-tagged!", |text| text.replace(" ready?", " ready? (was: x)")),
        ("from-rewritten!", |text| {
            text.replace("From: Ann <ann@example.com>", "From: list@example.org").replacen(
                "\r\nTo:",
                "\r\nX-Original-From: Ann <ann@example.com>\r\nTo:",
                1,
            )
        }),
        ("fields-reordered!", |text| {
            text.replace("bob@", "?@").replace("cyn@", "bob@").replace("?@", "cyn@")
        }),
        ("header-changed", |text| text.replace("<1@example.com>", "<2@example.com>")),
        ("key-changed", |text| {
            // One character of b= is another one.
            let at = text.find(" b=").or_else(|| text.find("\tb=")).unwrap() + 12;
            let (before, rest) = text.split_at(at);
            let (one, after) = rest.split_at(1);
            format!("{before}{}{after}", if one == "A" { "B" } else { "A" })
        }),
    ];
    for (cause, damage) in relaxed {
        assert_found(&message, "relaxed/simple", damage, [cause, "body-fits"]);
    }
    let simple: [(&str, Damage); 4] = [
        ("header-white-space!", |text| text.replace("dinner\r\n ready", "dinner\r\n\tready")),
        ("header-white-space!", |text| text.replace("dinner\r\n ready", "dinner ready")),
        ("header-white-space!", |text| text.replace("To: bob", "To:  bob")),
        ("name-respelled!", |text| text.replace("\r\nMessage-ID:", "\r\nMessage-Id:")),
    ];
    for (cause, damage) in simple {
        assert_found(&message, "simple/simple", damage, [cause, "body-fits"]);
    }
    let long = message.replace("ready?", &"x".repeat(1_500));
    assert_found(&long, "relaxed/simple", wrapped, ["header-lines-wrapped!", "body-fits"]);
}

#[test]
fn a_signer_that_canonicalizes_otherwise_than_it_says_is_found() {
    for (said, other) in [("simple", Kind::Relaxed), ("relaxed", Kind::Simple)] {
        let value =
            format!(" v=1; a=rsa-sha256; c={said}; d=a.example; s=s; h=from; bh=AA==; b=AA==");
        let mut header = HeaderBlock::default();
        header.push(b"DKIM-Signature", value.as_bytes()).unwrap();
        header.push(b"From", b" A  <a@a.example>").unwrap();
        let fields: Vec<Field<'_>> = header.fields().collect();
        let signature = Signature::parse(fields[0]).1.unwrap();
        let mut hashed = signature.clone();
        hashed.canonicalization.header = other;
        let digest = sha256(&hashed.signed_octets([fields[1]], fields[0]));
        let cause = Case::new(&header, 0, &signature, Target::Digest(digest)).cause().unwrap();
        assert_eq!((cause.code, cause.likely), ("header-canonicalization", true));
        assert!(cause.text.contains(&format!("c= says {said}")), "{}", cause.text);
        let unknown = Case::new(&header, 0, &signature, Target::Digest([0; 32]));
        assert_eq!(unknown.cause(), None);
    }
}

#[test]
fn a_header_of_ten_thousand_fields_is_not_searched_for_ever() {
    let value = " v=1; a=rsa-sha256; d=a.example; s=s; h=from:to:subject; bh=AA==; b=AA==";
    for (name, text) in [("To", " b@b.example".to_owned()), ("Subject", " a b".repeat(4))] {
        let mut header = HeaderBlock::default();
        header.push(b"DKIM-Signature", value.as_bytes()).unwrap();
        header.push(b"From", b" a@a.example").unwrap();
        for _ in 0..10_000 {
            header.push(name.as_bytes(), text.as_bytes()).unwrap();
        }
        let signature = Signature::parse(header.fields().next().unwrap()).1.unwrap();
        let case = Case::new(&header, 0, &signature, Target::Digest([0; 32]));
        assert_eq!(case.cause(), None);
        assert!(case.tries() < 30, "{}", case.tries());
    }
}

#[test]
fn a_field_full_of_blanks_is_not_unfolded_at_each_of_them() {
    let mut header = HeaderBlock::default();
    let value = " v=1; a=rsa-sha256; d=a.example; s=s; h=from:subject; bh=AA==; b=AA==";
    header.push(b"DKIM-Signature", value.as_bytes()).unwrap();
    header.push(b"From", b" a@a.example").unwrap();
    header.push(b"Subject", " a".repeat(250_000).as_bytes()).unwrap();
    let signature = Signature::parse(header.fields().next().unwrap()).1.unwrap();
    let case = Case::new(&header, 0, &signature, Target::Digest([0; 32]));
    assert_eq!(case.cause(), None);
    assert!(case.tries() < 150, "{}", case.tries());
}

#[test]
fn another_key_is_told_from_another_header_where_signatures_tell() {
    let records = fs::read_to_string(data("keys/records.txt")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let keys = scratch.path().join("keys");
    let renamed = records.replace("rsa1024.", "old.").replace("rsa2048.", "rsa1024.");
    fs::write(&keys, renamed).unwrap();
    let message = format!("{HEADER}{BODY}");
    let rsa = signed(&message, "relaxed/relaxed", "rsa1024");
    assert_eq!(findings(&rsa, keys.to_str().unwrap()), ["key-changed", "body-fits"]);
    let keys = data("keys/records.txt");
    let ed25519 = signed(&message, "relaxed/relaxed", "ed25519");
    assert_eq!(findings(&ed25519, &keys), [""; 0]);
    let tagged = ed25519.replace("Subject: ", "Subject: [list] ");
    assert_eq!(findings(&tagged, &keys), ["subject-tagged!", "body-fits"]);
    let changed = ed25519.replace("<1@", "<2@");
    assert_eq!(findings(&changed, &keys), ["header-or-key-changed", "body-fits"]);
}

#[test]
fn the_fields_that_were_taken_are_numbered_from_the_top() {
    let signed = signed(&format!("{HEADER}{BODY}"), "relaxed/relaxed", "rsa1024");
    let words = ["--keys", &data("keys/records.txt"), "--at", "2", "--explain"];
    let (code, output, _) = verify(format!("{signed}footer\r\n").as_bytes(), &words);
    assert_eq!(code, ExitCode::No);
    // The signature is field 1.
    for line in ["    from: field 2", "    from: none left", "    to: field 4", "    to: field 3"] {
        assert!(output.lines().any(|found| found == line), "{line}: {output}");
    }
    assert!(output.contains("  | from:Ann <ann@example.com>\\r\\n\n"), "{output}");
    assert!(output.contains("  | Gr\\xc3\\xbc\\xc3\\x9fe\\r\\n\n"), "{output}");
}

#[test]
fn a_long_body_is_shown_in_part_unless_asked_for_and_a_huge_one_is_not_held() {
    let keys = data("keys/records.txt");
    let long = format!("{HEADER}{}", "0123456789\r\n".repeat(1_000));
    let damaged = signed(&long, "simple/simple", "rsa1024") + "footer\r\n";
    let words = ["--keys", &keys, "--at", "2", "--explain", "--whole-body"];
    let lines = |words: &[&str]| verify(damaged.as_bytes(), words).1.matches("| 0123").count();
    assert_eq!(lines(&words[..5]), 342);
    assert_eq!(lines(&words), 1_000);
    let mut held = super::HeldBody::default();
    held.feed(&vec![b'x'; super::MAX_HELD_OCTETS]);
    assert_eq!(held.octets().map(<[u8]>::len), Some(super::MAX_HELD_OCTETS));
    held.feed(b"x");
    assert_eq!(held.octets(), None);
}
