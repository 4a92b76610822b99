use super::{Claim, Claimants, Removal};
use crate::header::HeaderBlock;

fn claim(names: &[&str], value: &[u8]) -> Claim {
    Claimants::new(names.iter().copied()).claim(value)
}

fn indices(names: &[&str], values: &[&[u8]], removal: Removal<'_>) -> Vec<u32> {
    let mut header = HeaderBlock::default();
    for value in values {
        header.push(b"Authentication-Results", value).unwrap();
    }
    Claimants::new(names.iter().copied()).indices(header.fields(), removal)
}

#[test]
fn an_internationalized_name_is_known_in_every_form() {
    for name in ["b\u{fc}cher.example", "xn--bcher-kva.example", "B\u{dc}CHER.example."] {
        for value in [
            &b" xn--bcher-kva.example; none"[..],
            b" XN--BCHER-KVA.EXAMPLE; none",
            " b\u{fc}cher.example; none".as_bytes(),
            " bu\u{308}cher.example/job; none".as_bytes(),
            " \"B\u{dc}CHER.example\" 1; none".as_bytes(),
            b" b\xfccher.example; none",
        ] {
            assert_eq!(claim(&[name], value), Claim::Ours, "{name}: {}", value.escape_ascii());
        }
        assert_eq!(claim(&[name], b" bucher.example; none"), Claim::Foreign, "{name}");
    }
}

#[test]
fn a_name_may_be_any_text() {
    for (name, value, want) in [
        ("my host", &b" \"My  Host\"; none"[..], Claim::Ours),
        ("my host", b" my host; none", Claim::Ours),
        ("my host", b" myhost; none", Claim::Foreign),
        ("a/b", b" a/b; none", Claim::Ours),
        ("a/b", b" \"a/b/4AbC\"; none", Claim::Ours),
        ("a/b", b" a/c; none", Claim::Foreign),
        ("mx1", b" mx 1; none", Claim::Foreign),
        ("localhost", b" localhost; none", Claim::Ours),
        ("dkim", b" dkim=pass", Claim::Nobody),
        ("dkim", b" dkim; spf=pass", Claim::Ours),
    ] {
        assert_eq!(claim(&[name], value), want, "{name}: {}", value.escape_ascii());
    }
}

#[test]
fn a_pattern_with_a_dot_takes_what_is_below() {
    let names = ["relay.example.net", ".example.org"];
    for (value, want) in [
        (&b" relay.example.net; none"[..], Claim::Ours),
        (b" a.relay.example.net; none", Claim::Foreign),
        (b" MX.Example.ORG./4AbC 1; none", Claim::Ours),
        (b" \"a.b.example.org\"; none", Claim::Ours),
        (b" example.org; none", Claim::Foreign),
        (b" badexample.org; none", Claim::Foreign),
    ] {
        assert_eq!(claim(&names, value), want, "{}", value.escape_ascii());
    }
}

#[test]
fn where_no_name_is_given_nothing_is_ours() {
    for names in [&[][..], &[""], &[" . "]] {
        for value in [&b" mx.example.org; none"[..], b" (unclosed", b" =?utf-8?q?a?=; none", b""] {
            assert_eq!(claim(names, value), Claim::Foreign, "{names:?}: {}", value.escape_ascii());
        }
    }
}

#[test]
fn fields_are_removed_from_the_highest_down() {
    let mut header = HeaderBlock::default();
    for (name, value) in [
        (&b"authentication-results"[..], &b" MX.example.org; dkim=pass"[..]),
        (b"Authentication-Results", b" relay.example.net; dkim=pass"),
        (b"Subject", b" mx.example.org; dkim=pass"),
        (b"AUTHENTICATION-RESULTS ", b"\n (c) \"mx.example.org\" 1; dkim=pass"),
        (b"Authentication-Results", b" dkim=pass"),
        (b"ARC-Authentication-Results", b" i=1; mx.example.org; dkim=pass"),
        (b"Authentication-Results", b" mx.example.org; none"),
    ] {
        header.push(name, value).unwrap();
    }
    let ours = Claimants::new(["mx.example.org"]);
    assert_eq!(ours.indices(header.fields(), Removal::All), [5, 3, 1]);
    assert_eq!(ours.indices(header.fields(), Removal::Reporting(&["dkim"])), [3, 1]);
    assert_eq!(Claimants::default().indices(header.fields(), Removal::All), [0_u32; 0]);
}

#[test]
fn results_of_other_methods_may_stay() {
    let stays = |rest: &[u8]| {
        let value = [b" mx.example.org", rest].concat();
        indices(&["mx.example.org"], &[&value], Removal::Reporting(&["dkim"])).is_empty()
    };
    for rest in [
        &b"; none"[..],
        b"; spf=pass (ok) smtp.mailfrom=dkim.example.com",
        b"; x-dkim=pass; dkim-atps=pass header.dkim=1",
        b"; spf=pass (dkim) reason=\"no dkim here\"",
    ] {
        assert!(stays(rest), "{}", rest.escape_ascii());
    }
    for rest in [
        &b"; dkim=pass"[..],
        b"; spf=pass; DKIM (c) / 1 = pass",
        b"; spf=pass (; dkim=pass)",
        b"; spf=pass reason=\"; dkim =pass\"",
        b"; spf=pass; dk(c)im=pass",
        b"; spf=pass (=?utf-8?q?=29=3B_dkim=3Dpass_=28?=)",
        b"; spf=pass (unclosed",
        b"; spf=pass\0",
    ] {
        assert!(!stays(rest), "{}", rest.escape_ascii());
    }
}

/// Fields of a mebibyte, each of one thing over and over. Were anything read again and again, this
/// would not end.
#[test]
fn hostile_fields_are_read_once() {
    const OCTETS: usize = 1 << 20;
    let repeated = |unit: &[u8], tail: &[u8]| {
        let count = OCTETS / unit.len();
        [unit.repeat(count), tail.to_vec()].concat()
    };
    let nested =
        ["(".repeat(OCTETS / 2), ")".repeat(OCTETS / 2), "mx.example.org;".into()].concat();
    for (value, want) in [
        (nested.into_bytes(), Claim::Ours),
        (repeated(b"(", b""), Claim::Ours),
        (repeated(b" ", b"mx.example.org; none"), Claim::Ours),
        (repeated(b"()", b"mx.example.org; none"), Claim::Ours),
        (repeated(b"\"", b"mx.example.org"), Claim::Ours),
        (repeated(b"\\\"", b""), Claim::Ours),
        (repeated(b"a(b)", b"; none"), Claim::Ours),
        (repeated(b"a.\r\n ", b"; none"), Claim::Ours),
        (repeated(b"\0", b"mx.example.org"), Claim::Ours),
        (repeated("\u{ad}".as_bytes(), b"mx.example.org;"), Claim::Ours),
        (repeated(b"a", b"; none"), Claim::Foreign),
        (repeated(b"=?", b""), Claim::Foreign),
        (repeated(b";", b""), Claim::Foreign),
        (repeated(b"dkim(", b""), Claim::Foreign),
        (repeated(b"dkim=pass;", b""), Claim::Nobody),
    ] {
        let start = value.get(..8).unwrap().escape_ascii().to_string();
        assert_eq!(claim(&["mx.example.org"], &value), want, "{start}");
        super::may_report(&value, &["dkim"]);
    }
}
