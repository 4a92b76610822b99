use super::{Body, Canonicalization, Kind, header};

fn field(kind: Kind, field: &[u8]) -> String {
    let mut out = Vec::new();
    header(kind, field, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn body(kind: Kind, chunks: &[&[u8]]) -> String {
    let (mut body, mut out) = (Body::new(kind), Vec::new());
    for chunk in chunks {
        body.feed(chunk, &mut out);
    }
    body.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// (body, simple, relaxed)
const BODIES: &[(&str, &str, &str)] = &[
    ("", "\r\n", ""),
    ("\r\n", "\r\n", ""),
    ("\r\n\r\n\r\n", "\r\n", ""),
    ("a", "a\r\n", "a\r\n"),
    ("a\r\n", "a\r\n", "a\r\n"),
    ("a\r\n\r\n\r\n", "a\r\n", "a\r\n"),
    ("\r\n\r\na", "\r\n\r\na\r\n", "\r\n\r\na\r\n"),
    ("a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
    // RFC 6376 §3.4.5
    (" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"),
    // Trap H2: lines of blanks are empty for relaxed alone.
    (" \t\r\n", " \t\r\n", ""),
    ("a\r\n \r\n\t\r\n", "a\r\n \r\n\t\r\n", "a\r\n"),
    ("a\r\n \r\nb", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"),
    ("a\r\n ", "a\r\n \r\n", "a\r\n"),
    // Only CRLF ends a line.
    ("a\rb\nc", "a\rb\nc\r\n", "a\rb\nc\r\n"),
    ("a\r", "a\r\r\n", "a\r\r\n"),
    ("a \r", "a \r\r\n", "a \r\r\n"),
    ("\r", "\r\r\n", "\r\r\n"),
    ("\r\r\n", "\r\r\n", "\r\r\n"),
    ("a\r\r\n\r\n", "a\r\r\n", "a\r\r\n"),
    ("a \r \r\n", "a \r \r\n", "a \r\r\n"),
    ("\n\n", "\n\n\r\n", "\n\n\r\n"),
    ("a\r\n\n", "a\r\n\n\r\n", "a\r\n\n\r\n"),
    ("a\0 \0\x7f", "a\0 \0\x7f\r\n", "a\0 \0\x7f\r\n"),
];

#[test]
fn bodies_canonicalize_as_the_table_says() {
    for (input, simple, relaxed) in BODIES {
        assert_eq!(body(Kind::Simple, &[input.as_bytes()]), *simple, "simple {input:?}");
        assert_eq!(body(Kind::Relaxed, &[input.as_bytes()]), *relaxed, "relaxed {input:?}");
    }
}

#[test]
fn bodies_do_not_depend_on_chunking() {
    for (input, simple, relaxed) in BODIES {
        for cut in 0..=input.len() {
            let (a, b) = input.as_bytes().split_at(cut);
            assert_eq!(body(Kind::Simple, &[a, b]), *simple, "{input:?} cut at byte {cut}");
            assert_eq!(body(Kind::Relaxed, &[a, b]), *relaxed, "{input:?} cut at byte {cut}");
        }
        let octets: Vec<_> = input.as_bytes().chunks(1).collect();
        assert_eq!(body(Kind::Simple, &octets), *simple, "{input:?} octet by octet");
        assert_eq!(body(Kind::Relaxed, &octets), *relaxed, "{input:?} octet by octet");
    }
}

#[test]
fn a_body_longer_than_the_gathering_buffer_comes_out_whole() {
    let input = "word  and more\t\r\n".repeat(1000);
    assert_eq!(body(Kind::Simple, &[input.as_bytes()]), input);
    let want = "word and more\r\n".repeat(1000);
    assert_eq!(body(Kind::Relaxed, &[input.as_bytes()]), want);
}

#[test]
fn relaxed_fields_lose_case_folds_and_runs_of_white_space() {
    for (input, want) in [
        // RFC 6376 §3.4.5
        ("A: X", "a:X"),
        ("B : Y\t\r\n\tZ  ", "b:Y Z"),
        // Trap H8
        ("Subject:", "subject:"),
        ("Subject: \r\n \r\n\t", "subject:"),
        ("Subject:\r\n first\r\n\t \r\n second", "subject:first second"),
        ("SUBJECT \t :x:y ", "subject:x:y"),
        ("X: a\rb\nc", "x:a\rb\nc"),
    ] {
        assert_eq!(field(Kind::Relaxed, input.as_bytes()), want, "{input:?}");
    }
}

#[test]
fn simple_fields_stay_as_they_are() {
    let input = "SUBJect : \r\n\t a  b ";
    assert_eq!(field(Kind::Simple, input.as_bytes()), input);
}

#[test]
fn every_pair_parses_from_its_own_text() {
    for pair in Canonicalization::ALL {
        assert_eq!(Canonicalization::parse(&pair.to_string()), Ok(pair));
    }
}

#[test]
fn the_body_part_defaults_to_simple() {
    // Trap H9
    let relaxed = Canonicalization { header: Kind::Relaxed, body: Kind::Simple };
    assert_eq!(Canonicalization::parse("Relaxed"), Ok(relaxed));
    for text in ["", "nofws", "simple/", "simple/simple/simple", "simple/nofws"] {
        assert!(Canonicalization::parse(text).is_err(), "{text:?}");
    }
}
