//! Which signatures are looked at.

use super::{MESSAGE, NOW, RSA, TAGS, crlf, record, records, signed, verify_at};
use crate::verdict::Outcome;
use crate::verify::{Demands, MAX_SIGNATURES_READ, Trust};
use std::sync::Arc;
use twinseal_message::Domain;

/// The codes of all outcomes, from the top, where so many signatures are looked at.
fn codes(message: &[u8], signatures: usize, trusted: Option<Arc<dyn Trust>>) -> Vec<&'static str> {
    let demands = Demands { signatures, trusted, ..Demands::default() };
    let verdicts = verify_at(message, &demands, NOW, &records(&[&record(RSA)]));
    verdicts.iter().map(|verdict| verdict.outcome.code()).collect()
}

/// The message with so many of that field on top.
fn below(field: &str, count: usize, message: &[u8]) -> Vec<u8> {
    [crlf(&format!("DKIM-Signature: {field}\n")).repeat(count), message.to_vec()].concat()
}

#[test]
fn what_cannot_pass_hides_nothing_that_does() {
    let good = signed(TAGS, &crlf(MESSAGE), RSA);
    let sha1 = format!("{}; bh=AAAA; b=AAAA", TAGS.replace("rsa-sha256", "rsa-sha1"));
    for field in ["v=1", "no tag", &sha1] {
        for count in [3, 4, 20, MAX_SIGNATURES_READ - 1] {
            let found = codes(&below(field, count, &good), 3, None);
            assert_eq!(found.len(), count + 1);
            assert_eq!(found.last(), Some(&"pass"), "{count} times {field}");
            // What is told about them is limited as well.
            let told = found.iter().filter(|code| **code != "not-examined").count();
            assert_eq!(told, 4, "{count} times {field}");
        }
    }
    let found = codes(&below("v=1", MAX_SIGNATURES_READ, &good), 3, None);
    assert_eq!(found.last(), Some(&"not-examined"), "there is an end to what is read");
}

/// One domain is trusted, and no other.
#[derive(Debug)]
struct Only(Domain);

impl Trust for Only {
    fn trusts(&self, domain: &Domain) -> bool {
        self.0 == *domain
    }
}

#[test]
fn the_author_s_domain_and_trusted_ones_come_first() {
    let of = |domain: &str| TAGS.replace("d=example.com", &format!("d={domain}"));
    let foreign = format!("{}; bh=AAAA; b=AAAA", of("list.example"));
    let by_author = below(&foreign, 5, &signed(TAGS, &crlf(MESSAGE), RSA));
    let found = codes(&by_author, 2, None);
    let rest = ["not-examined"; 4];
    assert_eq!(found, [&["signature-wrong"][..], &rest, &["pass"]].concat());
    // Of those that are trusted as much as each other, the topmost come first.
    let domain = Domain::parse("list.example").unwrap();
    let trusted: Arc<dyn Trust> = Arc::new(Only(domain));
    let by_trusted = below(&foreign, 2, &signed(&of("list.example"), &by_author, RSA));
    let found = codes(&by_trusted, 3, Some(trusted));
    assert_eq!(found[..3], ["signature-wrong", "signature-wrong", "pass"]);
    assert!(found[3..].iter().all(|code| *code == "not-examined"), "{found:?}");
}

#[test]
fn what_does_not_count_here_hides_no_reason() {
    let foreign = format!("{}; bh=AAAA; b=AAAA", TAGS.replace("d=example.com", "d=x.example"));
    let expired = TAGS.replace("v=1;", "v=1; x=1000;");
    let message = below(&foreign, 10, &signed(&expired, &crlf(MESSAGE), RSA));
    let domain = Domain::parse("list.example").unwrap();
    let found = codes(&message, 2, Some(Arc::new(Only(domain))));
    assert_eq!(found.last(), Some(&"expired"), "{found:?}");
}

#[test]
fn what_is_not_looked_at_costs_no_question() {
    let of = |number: usize| {
        let tags = TAGS.replace("d=example.com", &format!("d=d{number}.example"));
        format!("DKIM-Signature: {tags}; bh=AAAA; b=AAAA\n")
    };
    let fields: String = (0..50).map(of).collect();
    let (header, _) = super::split(&crlf(&format!("{fields}{MESSAGE}")));
    let verifier = super::Verifier::new(header, Demands::default(), NOW);
    assert_eq!(verifier.queries().len(), Demands::default().signatures);
    let outcomes: Vec<Outcome> = verifier.finish().into_iter().map(|one| one.outcome).collect();
    let limit = Demands::default().signatures;
    assert!(outcomes[limit..].iter().all(|one| *one == Outcome::NotExamined { limit }));
}
