use super::{CannotSign, Digest, Request, Signer, hash_fields};
use crate::selection::{Entry, MAX_SIGNED_FIELDS};
use crate::settings::{BodyLength, Identity, Settings};
use crate::{Canonicalization, HeaderSelection, Kind};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::sync::Arc;
use std::time::Duration;
use twinseal_canon::dkim::header as canonical_field;
use twinseal_keys::SigningKey;
use twinseal_message::{Domain, Field, FieldName, HeaderBlock, HeaderLines, Line, Selector};

const NOW: u64 = 1_528_637_909;

/// A message in parts: header and body.
fn split(message: &[u8]) -> (HeaderBlock, &[u8]) {
    let mut lines = HeaderLines::default();
    let mut rest = message;
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        rest = &rest[line.len()..];
        if lines.line(line).unwrap() == Line::Separator {
            break;
        }
    }
    (lines.finish(), rest)
}

fn key(pem: &[u8]) -> Arc<SigningKey> {
    Arc::new(SigningKey::from_pem(pem).unwrap())
}

fn ed25519() -> Arc<SigningKey> {
    key(include_bytes!("../../../../tests/data/keys/ed25519.pem"))
}

fn rsa() -> Arc<SigningKey> {
    key(include_bytes!("../../../../tests/data/keys/rsa2048.pem"))
}

fn request(key: Arc<SigningKey>, settings: Settings) -> Request {
    Request {
        domain: Domain::parse("example.com").unwrap(),
        selector: Selector::parse("mail2").unwrap(),
        key,
        settings: Arc::new(settings),
    }
}

fn header(fields: &[(&str, &str)]) -> HeaderBlock {
    let mut header = HeaderBlock::default();
    for (name, value) in fields {
        header.push(name.as_bytes(), value.as_bytes()).unwrap();
    }
    header
}

/// The fields that come out, unfolded.
fn sign(header: &HeaderBlock, requests: Vec<Request>, chunks: &[&[u8]]) -> Vec<String> {
    let mut signer = Signer::new(header, requests, NOW).unwrap();
    chunks.iter().for_each(|chunk| signer.feed(chunk));
    let sign = |pending: super::Pending| {
        let octets = pending.sign().unwrap().octets();
        String::from_utf8(octets).unwrap().split_whitespace().collect::<Vec<_>>().join("")
    };
    signer.finish().into_iter().map(sign).collect()
}

fn tag<'f>(field: &'f str, name: &str) -> Option<&'f str> {
    let tags = field.split_once(':')?.1;
    tags.split(';').find_map(|tag| tag.strip_prefix(name)?.strip_prefix('='))
}

/// A value of an `.expect` file.
fn expected<'e>(text: &'e str, name: &str) -> &'e str {
    let value = |line: &'e str| line.strip_prefix(name)?.strip_prefix(' ');
    text.lines().find_map(value).unwrap_or_else(|| panic!("no {name:?} in {text}"))
}

/// The signature field as it was before it was filled in.
fn emptied(field: Field<'_>) -> Vec<u8> {
    let text = String::from_utf8(field.octets().to_vec()).unwrap();
    let (before, after) = text.split_once(" b=").unwrap();
    let rest = after.split_once(';').map_or(String::new(), |(_, rest)| format!(";{rest}"));
    format!("{before} b={rest}").into_bytes()
}

/// Makes the signature of a standard's example again, with its own field and list of names.
fn example_signature(
    signed: &[u8],
    field: usize,
    names: &str,
    kind: Kind,
    key: &SigningKey,
) -> String {
    let (header, _) = split(signed);
    let signature = header.named(crate::FIELD).nth(field).unwrap();
    let names: Vec<String> = names.split(':').map(|name| name.trim().to_lowercase()).collect();
    let mut left: Vec<Field<'_>> = header.fields().collect();
    let entries: Vec<Entry<'_>> = names
        .iter()
        .map(|name| {
            let at = left.iter().rposition(|field| field.is_named(name));
            Entry { name: name.as_bytes(), field: at.map(|at| left.remove(at)) }
        })
        .collect();
    let mut digest: Digest = hash_fields(kind, &entries);
    canonical_field(kind, &emptied(signature), &mut digest);
    STANDARD.encode(key.sign_sha256(&digest.0.finish()).unwrap())
}

#[test]
fn the_example_of_rfc_6376_comes_out_to_the_bit() {
    let signed = include_bytes!("../../../../tests/data/rfc6376/appendix-a.signed.eml");
    let expect = include_str!("../../../../tests/data/rfc6376/appendix-a.expect");
    let key = key(include_bytes!("../../../../tests/data/rfc6376/appendix-c.pem"));
    let b = example_signature(signed, 0, expected(expect, "h"), Kind::Simple, &key);
    assert_eq!(b, expected(expect, "b"));
}

#[test]
fn the_examples_of_rfc_8463_come_out_to_the_bit() {
    let signed = include_bytes!("../../../../tests/data/rfc8463/appendix-a.signed.eml");
    let expect = include_str!("../../../../tests/data/rfc8463/appendix-a.expect");
    let ed25519 = key(include_bytes!("../../../../tests/data/rfc8463/ed25519.pem"));
    let rsa = key(include_bytes!("../../../../tests/data/rfc8463/rsa.pem"));
    let names = expected(expect, "h");
    let b = example_signature(signed, 0, names, Kind::Relaxed, &ed25519);
    assert_eq!(b, expected(expect, "ed25519-b"));
    let b = example_signature(signed, 1, names, Kind::Relaxed, &rsa);
    assert_eq!(b, expected(expect, "rsa-b"));
}

#[test]
fn body_hashes_are_those_of_the_examples_however_the_body_is_cut() {
    let message = include_bytes!("../../../../tests/data/rfc8463/appendix-a.eml");
    let expect = include_str!("../../../../tests/data/rfc8463/appendix-a.expect");
    let (header, body) = split(message);
    let canonicalization = Canonicalization { header: Kind::Relaxed, body: Kind::Relaxed };
    let settings = Settings { canonicalization, ..Settings::default() };
    for cut in 0..=body.len() {
        let (a, b) = body.split_at(cut);
        let fields = sign(&header, vec![request(ed25519(), settings.clone())], &[a, b]);
        assert_eq!(tag(&fields[0], "bh"), Some(expected(expect, "bh")), "cut at byte {cut}");
    }
}

#[test]
fn an_empty_body_needs_no_feeding() {
    // Trap W5: no body frame at all; trap H1 has the hash.
    let fields = sign(
        &header(&[("From", " a@example.com")]),
        vec![request(rsa(), Settings::default())],
        &[],
    );
    assert_eq!(tag(&fields[0], "bh"), Some("frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="));
}

#[test]
fn every_tag_says_what_was_asked_for() {
    let settings = Settings {
        canonicalization: Canonicalization::parse("simple/relaxed").unwrap(),
        headers: HeaderSelection::new(vec![FieldName::parse("subject").unwrap()], Vec::new())
            .unwrap(),
        expire_after: Some(Duration::from_secs(14 * 86_400)),
        identity: Some(Identity::parse("list@mail.example.com").unwrap()),
        ..Settings::default()
    };
    let header = header(&[("From", " a@example.com"), ("Subject", " s"), ("To", " t")]);
    let field = &sign(&header, vec![request(rsa(), settings)], &[b"x\r\n"])[0];
    for (name, want) in [
        ("v", "1"),
        ("a", "rsa-sha256"),
        ("c", "simple/relaxed"),
        ("d", "example.com"),
        ("s", "mail2"),
        ("t", "1528637909"),
        ("x", "1529847509"),
        ("i", "list@mail.example.com"),
        ("h", "From:Subject:From"),
    ] {
        assert_eq!(tag(field, name), Some(want), "{name} in {field}");
    }
    for absent in ["l", "q", "z"] {
        assert_eq!(tag(field, absent), None, "{absent} in {field}");
    }
}

#[test]
fn rsa_and_ed25519_sign_side_by_side_from_one_digest() {
    let requests =
        vec![request(rsa(), Settings::default()), request(ed25519(), Settings::default())];
    let header = header(&[("From", " a@example.com")]);
    let signer = Signer::new(&header, requests.clone(), NOW).unwrap();
    assert_eq!((signer.bodies.count(), signer.headers.len()), (1, 1));
    let fields = sign(&header, requests, &[b"x\r\n"]);
    assert_eq!(tag(&fields[0], "a"), Some("rsa-sha256"));
    assert_eq!(tag(&fields[1], "a"), Some("ed25519-sha256"));
    assert_eq!(tag(&fields[0], "bh"), tag(&fields[1], "bh"));
}

#[test]
fn signatures_that_need_different_digests_get_them() {
    let with = |pair: &str| {
        let canonicalization = Canonicalization::parse(pair).unwrap();
        request(ed25519(), Settings { canonicalization, ..Settings::default() })
    };
    let header = header(&[("From", " a@example.com")]);
    let fields = sign(&header, vec![with("relaxed/simple"), with("relaxed/relaxed")], &[b"a  b"]);
    assert_ne!(tag(&fields[0], "bh"), tag(&fields[1], "bh"));
}

#[test]
fn a_message_without_exactly_one_from_is_not_signed() {
    // Trap H15
    let from = ("From", " a@example.com");
    for (fields, want) in [
        (&[("To", " b")][..], CannotSign::NoFrom),
        (&[from, from, ("FROM", " c")][..], CannotSign::SeveralFrom { count: 3 }),
    ] {
        let requests = vec![request(ed25519(), Settings::default())];
        assert_eq!(Signer::new(&header(fields), requests, NOW).unwrap_err(), want);
    }
}

#[test]
fn an_identity_outside_of_the_domain_is_refused() {
    let identity = Some(Identity::parse("@example.net").unwrap());
    let requests = vec![request(ed25519(), Settings { identity, ..Settings::default() })];
    let error = Signer::new(&header(&[("From", " a@example.com")]), requests, NOW).unwrap_err();
    assert!(matches!(error, CannotSign::IdentityOutside { .. }), "{error}");
}

#[test]
fn the_list_of_names_has_a_limit() {
    for (to, signs) in [(MAX_SIGNED_FIELDS - 3, true), (MAX_SIGNED_FIELDS - 2, false)] {
        // One From, and one more of From and of To.
        let mut fields = vec![("From", " a@example.com")];
        fields.extend(vec![("To", " b"); to]);
        let requests = vec![request(ed25519(), Settings::default())];
        let signer = Signer::new(&header(&fields), requests, NOW);
        assert_eq!(signer.is_ok(), signs, "{to} To fields: {:?}", signer.err());
    }
}

#[test]
fn a_length_says_how_much_of_the_canonical_body_is_signed() {
    // Trap H4
    let header = header(&[("From", " a@example.com")]);
    let signed = |body_length, body: &[u8]| {
        let canonicalization = Canonicalization::parse("relaxed/relaxed").unwrap();
        let settings = Settings { canonicalization, body_length, ..Settings::default() };
        let field = sign(&header, vec![request(ed25519(), settings)], &[body]).remove(0);
        ["l", "bh"].map(|name| tag(&field, name).map(ToOwned::to_owned))
    };
    let [none, whole] = signed(BodyLength::Unlimited, b"a  b \r\n\r\n");
    assert_eq!(none, None);
    for (length, body, l) in [
        (BodyLength::Whole, &b"a  b \r\n\r\n"[..], "5"),
        (BodyLength::AtMost(5), b"a  b \r\n\r\nmore", "5"),
        (BodyLength::AtMost(6), b"a b\r\n", "5"),
        (BodyLength::AtMost(u64::MAX), b"a b\r\n", "5"),
    ] {
        assert_eq!(signed(length, body), [Some(l.to_owned()), whole.clone()], "{length:?}");
    }
    let [l, nothing] = signed(BodyLength::AtMost(0), b"a b\r\n");
    assert_eq!((l.as_deref(), nothing), (Some("0"), signed(BodyLength::Whole, b"")[1].clone()));
}

#[test]
fn line_ends_are_mended_for_who_asks_for_it_alone() {
    let header = header(&[("From", " a@example.com")]);
    let with =
        |mends_line_ends| request(ed25519(), Settings { mends_line_ends, ..Settings::default() });
    let hashes = |chunks: &[&[u8]]| {
        let fields = sign(&header, vec![with(true), with(false)], chunks);
        fields.iter().map(|field| tag(field, "bh").unwrap().to_owned()).collect::<Vec<_>>()
    };
    let right = hashes(&[b"a\r\nb\r\n\r\nc\r\n"]);
    assert_eq!(right[0], right[1]);
    let broken = hashes(&[b"a\nb\r", b"\n\rc\n"]);
    assert_eq!(broken[0], right[0]);
    assert_ne!(broken[1], right[0]);
}

#[test]
fn copies_of_the_signed_fields_are_made_for_who_asks_for_them() {
    let header = header(&[("From", " a@example.com"), ("Subject", " b=1; bh=|2"), ("X", " x")]);
    let with =
        |copies_header| request(ed25519(), Settings { copies_header, ..Settings::default() });
    let fields = sign(&header, vec![with(true), with(false)], &[b"x\r\n"]);
    let copies = "From:=20a@example.com|Subject:=20b=3D1=3B=20bh=3D=7C2";
    assert_eq!(tag(&fields[0], "z"), Some(copies));
    assert_eq!(tag(&fields[1], "z"), None);
}
