use super::{CannotSign, Request, Settings, Signer};
use std::sync::Arc;
use twinseal_canon::domainkeys::Canonicalization;
use twinseal_keys::SigningKey;
use twinseal_message::{Domain, HeaderBlock, HeaderLines, Line, Selector};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data");

fn key(name: &str) -> Arc<SigningKey> {
    let pem = std::fs::read(format!("{DATA}/keys/{name}.pem")).unwrap();
    Arc::new(SigningKey::from_pem(&pem).unwrap())
}

fn request(key: Arc<SigningKey>, canonicalization: Canonicalization) -> Request {
    Request {
        domain: Domain::parse("example.com").unwrap(),
        selector: Selector::parse("mail2").unwrap(),
        key,
        settings: Arc::new(Settings { canonicalization, ..Settings::default() }),
    }
}

fn header(fields: &[(&str, &str)]) -> HeaderBlock {
    let mut header = HeaderBlock::default();
    for (name, value) in fields {
        header.push(name.as_bytes(), value.as_bytes()).unwrap();
    }
    header
}

fn refusal(fields: &[(&str, &str)], request: Request) -> CannotSign {
    Signer::new(&header(fields), vec![request]).unwrap_err()
}

/// A message in parts: header and body.
fn split(message: &[u8]) -> (HeaderBlock, &[u8]) {
    let mut lines = HeaderLines::default();
    let mut rest = message;
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        if lines.line(line).unwrap() == Line::Header {
            rest = &rest[line.len()..];
            continue;
        }
        return (lines.finish(), &rest[line.len()..]);
    }
    (lines.finish(), rest)
}

/// One line of an `.expect` file that this test can check; the format is in the directory's README.
struct Expected {
    canonicalization: Canonicalization,
    key: String,
    signature: String,
}

fn expected(text: &str) -> (Option<&str>, Vec<Expected>) {
    let names = text.lines().find_map(|line| line.strip_prefix("h "));
    let signatures = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.strip_prefix("b ")?.split(' ').collect();
        let canonicalization = Canonicalization::parse(words[0]).unwrap();
        let (key, signature) = (words[1].to_owned(), words[3].to_owned());
        Some(Expected { canonicalization, key, signature })
    });
    (names, signatures.collect())
}

fn check(name: &str, message: &[u8], names: &str, want: &Expected) {
    let (header, body) = split(message);
    for cut in [0, body.len() / 3, body.len()] {
        let requests = vec![request(key(&want.key), want.canonicalization)];
        let mut signer = Signer::new(&header, requests).unwrap();
        let (a, b) = body.split_at(cut);
        signer.feed(a);
        signer.feed(b);
        let field = signer.finish().swap_remove(0).sign().unwrap();
        let text: String = field.value.split_whitespace().collect();
        let canonicalization = want.canonicalization;
        let tags =
            format!("a=rsa-sha1;s=mail2;d=example.com;c={canonicalization};q=dns;h={names};b=");
        let signature = text.strip_prefix(&tags).unwrap_or_else(|| panic!("{name}: {text}"));
        assert_eq!(signature, want.signature, "{name} {canonicalization} cut at byte {cut}");
    }
}

#[test]
fn every_vector_comes_out_to_the_bit() {
    let mut checked = 0;
    for entry in std::fs::read_dir(format!("{DATA}/domainkeys")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let message = std::fs::read(&path).unwrap();
        let text = std::fs::read_to_string(path.with_extension("expect")).unwrap();
        let (names, signatures) = expected(&text);
        if text.contains("refused too-few-headers") {
            let request = request(key("rsa1024"), Canonicalization::Nofws);
            let error = Signer::new(&split(&message).0, vec![request]).unwrap_err();
            assert_eq!(error, CannotSign::TooFewFields, "{name}");
            checked += 1;
        }
        for want in &signatures {
            check(&name, &message, names.unwrap(), want);
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} signatures were checked");
}

#[test]
fn a_message_that_carries_a_seal_is_left_alone() {
    // Trap K13
    let fields = [("DomainKey-Signature", " a=rsa-sha1"), ("From", " a@example.com"), ("To", " b")];
    let error = refusal(&fields, request(key("rsa1024"), Canonicalization::Nofws));
    assert_eq!(error, CannotSign::AlreadySigned);
}

#[test]
fn the_domain_is_that_of_sender_or_a_parent_of_it() {
    // Trap K3
    let at = |sender: &'static str| [("From", " a@example.com"), ("Sender", sender)];
    let request = || request(key("rsa1024"), Canonicalization::Nofws);
    for sender in [" b@example.com", " b@mail.example.com"] {
        assert!(Signer::new(&header(&at(sender)), vec![request()]).is_ok(), "{sender}");
    }
    for sender in [" b@example.net", " b@badexample.com"] {
        let error = refusal(&at(sender), request());
        assert!(matches!(error, CannotSign::ForeignDomain { .. }), "{sender}: {error}");
    }
}

#[test]
fn an_ed25519_key_is_refused() {
    // Trap K5
    let fields = [("From", " a@example.com"), ("To", " b")];
    let error = refusal(&fields, request(key("ed25519"), Canonicalization::Nofws));
    assert!(matches!(error, CannotSign::NotRsa { .. }), "{error}");
}

#[test]
fn several_from_fields_are_refused() {
    let from = ("From", " a@example.com");
    let error = refusal(&[from, from], request(key("rsa1024"), Canonicalization::Simple));
    assert!(matches!(error, CannotSign::NoAddress(_)), "{error}");
}

#[test]
fn the_list_of_names_has_a_limit() {
    for (to, signs) in [(super::MAX_SIGNED_FIELDS - 1, true), (super::MAX_SIGNED_FIELDS, false)] {
        let mut fields = vec![("From", " a@example.com")];
        fields.extend(vec![("To", " b"); to]);
        let requests = vec![request(key("rsa1024"), Canonicalization::Nofws)];
        assert_eq!(Signer::new(&header(&fields), requests).is_ok(), signs, "{to} To fields");
    }
}

#[test]
fn signatures_that_need_the_same_digest_share_it() {
    let of = |name, canonicalization| request(key(name), canonicalization);
    let requests = vec![
        of("rsa1024", Canonicalization::Nofws),
        of("rsa2048", Canonicalization::Nofws),
        of("rsa2048", Canonicalization::Simple),
    ];
    let signer =
        Signer::new(&header(&[("From", " a@example.com"), ("To", " b")]), requests).unwrap();
    assert_eq!(signer.digests.len(), 2);
    assert_eq!(signer.finish().len(), 3);
}
