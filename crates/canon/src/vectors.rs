//! The shared canonicalization vectors of `tests/data/canon`.

use crate::{dkim, domainkeys};

const BODIES: &str = include_str!("../../../tests/data/canon/body.txt");
const FIELDS: &str = include_str!("../../../tests/data/canon/header.txt");

/// Resolves the escapes of a word; its format is in the directory's README.
fn octets(word: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = word.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'\\' {
            out.push(octet);
            continue;
        }
        match rest.next().expect("an escape has a letter") {
            b's' => out.push(b' '),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'n' => out.push(b'\n'),
            b'e' => {}
            b'x' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"));
            }
            other => panic!("unknown escape {:?} in {word:?}", char::from(other)),
        }
    }
    out
}

fn cases(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(' ').collect())
}

fn body(algorithm: &str, chunks: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(kind) = dkim_kind(algorithm) {
        let mut body = dkim::Body::new(kind);
        chunks.iter().for_each(|chunk| body.feed(chunk, &mut out));
        body.finish(&mut out);
    } else {
        let mut body = domainkeys::Body::new(domainkeys_kind(algorithm));
        chunks.iter().for_each(|chunk| body.feed(chunk, &mut out));
        body.finish(&mut out);
    }
    out
}

fn dkim_kind(algorithm: &str) -> Option<dkim::Kind> {
    match algorithm {
        "dkim-simple" => Some(dkim::Kind::Simple),
        "dkim-relaxed" => Some(dkim::Kind::Relaxed),
        _ => None,
    }
}

fn domainkeys_kind(algorithm: &str) -> domainkeys::Canonicalization {
    let word = algorithm.strip_prefix("domainkeys-").expect("a known algorithm");
    domainkeys::Canonicalization::parse(word).expect("a known algorithm")
}

#[test]
fn bodies_are_those_of_the_vectors_at_every_cut() {
    let mut count = 0;
    for case in cases(BODIES) {
        let (algorithm, input, want) = (case[0], octets(case[1]), octets(case[2]));
        for cut in 0..=input.len() {
            let (a, b) = input.split_at(cut);
            assert_eq!(body(algorithm, &[a, b]), want, "{case:?} cut at byte {cut}");
        }
        count += 1;
    }
    assert!(count > 50, "only {count} cases were read");
}

#[test]
fn fields_are_those_of_the_vectors() {
    let mut count = 0;
    for case in cases(FIELDS) {
        let (algorithm, line, want) = (case[0], octets(case[1]), octets(case[2]));
        let field = line.strip_suffix(b"\r\n").expect("a field ends in CRLF");
        let mut out = Vec::new();
        if let Some(kind) = dkim_kind(algorithm) {
            dkim::header(kind, field, &mut out);
            out.extend(b"\r\n");
        } else {
            domainkeys::header(domainkeys_kind(algorithm), field, &mut out);
        }
        assert_eq!(out, want, "{case:?}");
        count += 1;
    }
    assert!(count > 20, "only {count} cases were read");
}
