use super::{Algorithm, BadSignature, Signature};
use twinseal_message::Field;

fn parse(tags: &str) -> (super::Claims, Result<Signature, BadSignature>) {
    let field = format!("DKIM-Signature: {tags}");
    Signature::parse(Field::new(field.as_bytes()).unwrap())
}

const GOOD: &str = "v=1; a=rsa-sha256; d=example.com; s=s; h=from; bh=AAAA; b=AAAA";

#[test]
fn every_tag_is_read_as_it_is_meant() {
    let tags = "v=1; A=x; a=Ed25519-SHA256; c=Relaxed/SIMPLE; d=Example.COM; s=S.t; \
                i=joe=20x@a.example.com; h= From : to:; l=7; t=1; x=2; q=other:dns/txt; bh=AAAA; b=AA AA";
    let (claims, signature) = parse(tags);
    let signature = signature.unwrap();
    assert_eq!(signature.algorithm, Algorithm::Ed25519Sha256);
    assert_eq!(signature.canonicalization.to_string(), "relaxed/simple");
    assert_eq!((signature.domain.as_str(), signature.selector.as_str()), ("example.com", "S.t"));
    assert_eq!(signature.identity.to_string(), "joe x@a.example.com");
    assert_eq!(signature.fields, [Box::from(&b"from"[..]), Box::from(&b"to"[..])]);
    assert_eq!(signature.body_length, Some(7));
    assert_eq!((signature.signed_at, signature.expires), (Some(1), Some(2)));
    assert_eq!(claims.signature, "AAAA");
    assert_eq!(claims.algorithm.as_deref(), Some("Ed25519-SHA256"));
}

#[test]
fn an_octet_is_quoted_by_two_digits() {
    // RFC 6376 §2.11
    for (local, want) in [("=41=4b=4B", "AKK"), ("=+4", "=+4"), ("=-0", "=-0"), ("=4", "=4")] {
        let tags = format!("{GOOD}; i={local}@example.com");
        let (claims, _) = parse(&tags);
        assert_eq!(claims.identity.unwrap().to_string(), format!("{want}@example.com"));
    }
}

#[test]
fn a_signature_without_a_tag_that_it_needs_is_none() {
    for tag in ["v", "a", "d", "s", "h", "bh", "b"] {
        let left = GOOD.split("; ").filter(|one| !one.starts_with(&format!("{tag}=")));
        let found = parse(&left.collect::<Vec<_>>().join("; ")).1;
        assert_eq!(found, Err(BadSignature::Missing { tag }));
    }
}

#[test]
fn a_value_that_means_nothing_is_named() {
    for (tag, value) in [
        ("v", "2"),
        ("v", "1.0"),
        ("v", ""),
        ("a", "rsa-md5"),
        ("c", "nofws"),
        ("c", ""),
        ("q", "dns"),
        ("q", ""),
        ("s", "a b"),
        ("s", ""),
        ("i", "nobody"),
        ("i", ""),
        ("t", "-1"),
        ("t", "1 2"),
        ("x", "soon"),
        ("l", ""),
        ("l", "0x1"),
        ("bh", "?"),
        ("bh", ""),
        ("b", "A"),
        ("b", "=A"),
    ] {
        let left: Vec<&str> =
            GOOD.split("; ").filter(|one| !one.starts_with(&format!("{tag}="))).collect();
        let (_, found) = parse(&format!("{}; {tag}={value}", left.join("; ")));
        match found {
            Err(BadSignature::Value { tag: named, .. }) => assert_eq!(named, tag, "{value:?}"),
            found => panic!("{tag}={value:?}: {found:?}"),
        }
    }
}

#[test]
fn what_can_be_read_of_a_broken_signature_is_told() {
    let (claims, found) = parse("v=9; a=what; d=example.com; s=sel; b=QUJD");
    assert!(found.is_err());
    assert_eq!(claims.domain.unwrap().as_str(), "example.com");
    assert_eq!(claims.selector.unwrap().as_str(), "sel");
    assert_eq!(claims.identity.unwrap().to_string(), "@example.com");
    assert_eq!(claims.signature, "QUJD");
}

#[test]
fn a_number_of_any_length_is_a_number() {
    // RFC 6376 §3.5, l=: up to 76 digits.
    let with = |digits: usize| parse(&format!("{GOOD}; l={}", "9".repeat(digits))).1;
    assert_eq!(with(76).unwrap().body_length, Some(u64::MAX));
    assert!(with(77).is_err());
}
