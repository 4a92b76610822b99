use super::{BASE64, PublishedKey, RecordError};
use crate::dns::{MAX_RECORD_OCTETS, MAX_RECORDS};
use base64::Engine as _;
use std::sync::LazyLock;
use twinseal_keys::{BadPublicKey, KeyKind, SigningKey};

/// The `p=` of a key of each type; both were published to be examples.
static RSA: LazyLock<String> = LazyLock::new(|| published("rsa1024"));
static ED25519: LazyLock<String> = LazyLock::new(|| published("ed25519"));

fn published(name: &str) -> String {
    let records = include_str!("../../../../tests/data/keys/records.txt");
    let line = records.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_once("p=").unwrap().1.to_owned()
}

fn read(text: &str) -> PublishedKey {
    PublishedKey::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refused(text: &str) -> RecordError {
    PublishedKey::parse(text.as_bytes()).expect_err(text)
}

#[test]
fn what_we_write_is_read_back() {
    for signing in [SigningKey::generate_rsa(1024), SigningKey::generate_ed25519()] {
        let signing = signing.unwrap();
        for testing in [false, true] {
            let text = signing.record().unwrap().testing(testing).to_string();
            let published = read(&text);
            assert_eq!(published.key, signing.public().unwrap());
            assert_eq!((published.testing, published.strict), (testing, false), "{text}");
            assert!(published.accepts_sha256() && published.is_for_email(), "{text}");
            assert_eq!(published.key.record().testing(testing).to_string(), text);
        }
    }
}

#[test]
fn the_type_of_a_key_is_rsa_unless_it_says_otherwise() {
    let (rsa, ed25519) = (&*RSA, &*ED25519);
    assert_eq!(read(&format!("p={rsa}")).key.kind(), KeyKind::Rsa { bits: 1024 });
    assert_eq!(read(&format!("k=rsa; p={rsa}")).key.kind(), KeyKind::Rsa { bits: 1024 });
    assert_eq!(read(&format!("k=ed25519;p={ed25519}")).key.kind(), KeyKind::Ed25519);
    for name in ["", "RSA", "dsa", "rsa:ed25519", "ed448"] {
        let want = RecordError::KeyType { name: name.to_owned() };
        assert_eq!(refused(&format!("k={name}; p={rsa}")), want);
    }
    let length = RecordError::Key(BadPublicKey::Ed25519Length { octets: 162 });
    assert_eq!(refused(&format!("k=ed25519; p={rsa}")), length);
    let mixed = refused(&format!("k=rsa; p={ed25519}"));
    assert!(matches!(mixed, RecordError::Key(BadPublicKey::Der(_))), "{mixed}");
}

#[test]
fn the_version_comes_first_and_is_exact() {
    // Trap H12
    let rsa = &*RSA;
    for text in ["v=DKIM1;", "v=DKIM1 ;", " v = DKIM1; ", ""] {
        read(&format!("{text}k=rsa; p={rsa}"));
    }
    for version in ["", "DKIM1.0", "dkim1", "DKIM2", "DKIM1\\", "spf1 -all"] {
        let want = RecordError::Version { version: version.to_owned() };
        assert_eq!(refused(&format!("v={version}; p={rsa}")), want);
        assert_eq!(refused(&format!("p={rsa}; v={version}")), want);
    }
    assert_eq!(refused(&format!("k=rsa; v=DKIM1; p={rsa}")), RecordError::VersionNotFirst);
}

#[test]
fn a_key_that_is_empty_is_revoked_and_a_record_without_one_is_none() {
    for text in ["p=", "v=DKIM1; p=", "v=DKIM1; k=rsa; p= ; t=y", "k=later; p=;"] {
        assert_eq!(refused(text), RecordError::Revoked, "{text}");
    }
    for text in ["v=DKIM1", "v=DKIM1; k=rsa;", "P=x"] {
        assert_eq!(refused(text), RecordError::NoKey, "{text}");
    }
    assert!(matches!(refused(""), RecordError::Tags(_)));
    assert!(matches!(refused("v=DKIM1; p=x; p=y"), RecordError::Tags(_)));
}

#[test]
fn white_space_in_the_key_does_no_harm() {
    // Trap H11
    for key in [&*RSA, &*ED25519] {
        let kind = if key.len() > 100 { "rsa" } else { "ed25519" };
        let want = read(&format!("k={kind}; p={key}"));
        for space in [" ", "\t", "\r\n ", "\n\t "] {
            let apart: Vec<String> = key.chars().map(String::from).collect();
            let apart = apart.join(space);
            assert_eq!(read(&format!("k={kind};p={space}{apart}{space}; n=note")), want);
        }
    }
}

#[test]
fn padding_may_be_missing_and_nothing_else_is_forgiven() {
    let padded = &*ED25519;
    let bare = padded.trim_end_matches('=');
    assert_ne!(bare, padded);
    let record = |key: &str| format!("k=ed25519; p={key}");
    assert_eq!(read(&record(bare)), read(&record(padded)));
    // The last character but one carries four bits, and two that have to be zero.
    let trailing_bits = format!("{}h=", bare.strip_suffix('g').unwrap());
    for key in [
        format!("{bare}=="),
        format!("{padded}="),
        format!("={bare}"),
        format!("{bare}!"),
        format!("\"{padded}\""),
        format!("{bare}-_"),
        padded.replacen('+', "-", 1),
        padded.replacen('+', "\u{e9}", 1),
        trailing_bits,
    ] {
        assert_eq!(refused(&record(&key)), RecordError::Base64, "{key}");
    }
    assert_eq!(BASE64.encode([0]), "AA==", "what is written has its padding");
}

#[test]
fn flags_and_lists_are_read_and_unknown_names_ignored() {
    let rsa = &*RSA;
    for (tags, testing, strict, sha256, email) in [
        ("", false, false, true, true),
        ("t=y;", true, false, true, true),
        ("t=s;", false, true, true, true),
        ("t= y : s ;", true, true, true, true),
        ("t=x:yes:\r\n s;", false, true, true, true),
        ("t=Y;", false, false, true, true),
        ("t=;", false, false, true, true),
        ("h=sha256;", false, false, true, true),
        ("h=sha1 : sha256;", false, false, true, true),
        ("h=sha1;", false, false, false, true),
        ("h=sha512;", false, false, false, true),
        ("h=;", false, false, true, true),
        ("s=email;", false, false, true, true),
        ("s=*;", false, false, true, true),
        ("s=tlsrpt:*;", false, false, true, true),
        ("s=tlsrpt : email;", false, false, true, true),
        ("s=tlsrpt;", false, false, true, false),
        ("s=;", false, false, true, true),
        ("n=a=b: note;", false, false, true, true),
        ("later=1;", false, false, true, true),
    ] {
        for text in [format!("{tags}p={rsa}"), format!("v=DKIM1; p={rsa};{tags}")] {
            let key = read(&text);
            assert_eq!((key.testing, key.strict), (testing, strict), "{tags}");
            assert_eq!((key.accepts_sha256(), key.is_for_email()), (sha256, email), "{tags}");
        }
    }
}

#[test]
fn records_for_domainkeys_are_keys() {
    // Trap K10: `g=` has opposite meanings in two standards, and none in this one.
    let rsa = &*RSA;
    let want = read(&format!("p={rsa}")).key;
    for tags in ["g=; k=rsa; ", "g=*; k=rsa;", "k=rsa; g=other; ", "k=rsa; n=a note; g=b*;"] {
        assert_eq!(read(&format!("{tags}p={rsa}")).key, want, "{tags}");
    }
    assert!(read(&format!("k=rsa; t=y; p={rsa};")).testing);
}

#[test]
fn of_several_records_the_first_key_counts() {
    // Trap H19
    let (spf, revoked) = (b"v=spf1 -all".to_vec(), b"v=DKIM1; p=".to_vec());
    let key = |tags: &str| format!("{tags}p={}", *RSA).into_bytes();
    let first = |texts: &[Vec<u8>]| PublishedKey::first(texts);
    assert!(first(&[spf.clone(), key("t=y;"), key("t=s;")]).unwrap().testing);
    assert!(first(&[key("t=s;"), key("t=y;"), spf.clone()]).unwrap().strict);
    assert!(first(&[revoked.clone(), key("t=y;")]).unwrap().testing);
    assert_eq!(first(&[revoked.clone(), spf.clone()]), Err(RecordError::Revoked));
    let version = RecordError::Version { version: "spf1 -all".to_owned() };
    assert_eq!(first(&[spf.clone(), revoked.clone()]), Err(version.clone()));
    assert_eq!(first(&[]), Err(RecordError::Missing));

    let mut many = vec![spf; MAX_RECORDS - 1];
    many.push(key(""));
    assert!(first(&many).is_ok(), "the last that is looked at (trap H20)");
    many.insert(0, revoked);
    assert_eq!(first(&many), Err(RecordError::Revoked), "one more");
}

#[test]
fn the_length_of_a_record_has_a_limit() {
    // Trap H20
    let record = |octets: usize| {
        let text = format!("p={}; n=", *RSA);
        format!("{text}{}", "n".repeat(octets - text.len()))
    };
    read(&record(MAX_RECORD_OCTETS));
    let octets = MAX_RECORD_OCTETS + 1;
    assert_eq!(refused(&record(octets)), RecordError::TooLong { octets });
}

#[test]
fn messages_do_not_carry_what_could_harm_a_log() {
    for text in [&b"v=a\xff\xe2\x80\xa8\r\n b; p=x"[..], b"k=\xe2\x80\xae\xff; p=x"] {
        let error = PublishedKey::parse(text).unwrap_err().to_string();
        assert!(error.chars().all(|ch| !ch.is_control() && ch != '\u{2028}' && ch != '\u{202e}'));
    }
}

#[test]
fn the_keys_of_the_standards_are_read() {
    for records in [
        include_str!("../../../../tests/data/rfc6376/records.txt"),
        include_str!("../../../../tests/data/rfc8463/records.txt"),
        include_str!("../../../../tests/data/keys/records.txt"),
    ] {
        for line in records.lines().filter(|line| !line.is_empty()) {
            read(line.split_once(' ').unwrap().1);
        }
    }
}
