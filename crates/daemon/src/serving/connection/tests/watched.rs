//! What is counted, and what the forecast refuses.

use super::{MESSAGE, Mta, deliver, mta, open, service, serving, start};
use std::sync::Arc;
use twinseal_milter::client::{Header, Message, Outcome, Verdict};

/// A message that says 8bit, from that sender in the envelope.
fn declared(mta: &mut Mta, sender: &[u8]) -> Outcome {
    let text = b"From: a@example.com\r\nMIME-Version: 1.0\r\n\
                 Content-Transfer-Encoding: 8bit\r\n\r\nHello.\r\n";
    let (header, body) = Header::parse(text);
    let recipients: &[&[u8]] = &[b"<b@example.net>"];
    let message = Message { sender, sender_arguments: &[], recipients, header: &header, body };
    mta.deliver(&message).unwrap()
}

/// How often each thing has happened, without what has not.
fn happened(counts: Vec<(&'static str, u64)>) -> Vec<(&'static str, u64)> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn a_bounce_is_told_of_and_never_refused() {
    let service = service("forecast: reject");
    let (_running, stream) = start(Arc::clone(&service));
    let verdicts = mta(move || {
        let mut mta = open(stream, "127.0.0.1");
        [&b"<a@example.com>"[..], b"<>", b""].map(|sender| declared(&mut mta, sender).verdict)
    })
    .await;
    let [Verdict::Refuse(refused), bracketed, bare] = verdicts else { panic!("{verdicts:?}") };
    let refused = String::from_utf8_lossy(&refused).into_owned();
    assert!(refused.starts_with("550-5.6.0 "), "{refused}");
    assert!(refused.contains("quoted-printable or base64"), "{refused}");
    assert_eq!([bracketed, bare], [Verdict::Accept, Verdict::Accept]);
    let counts = service.tally.counts();
    assert_eq!(happened(counts.forecast), [("eight-bit", 3)]);
    assert_eq!(happened(counts.messages), [("signed", 2), ("refused", 1)]);
}

#[tokio::test]
async fn mail_of_strangers_is_none_that_could_have_been_signed() {
    for (mode, want) in [
        ("s", vec![("signed", 1), ("not-signed", 2), ("passed", 2)]),
        ("sv", vec![("signed", 1), ("verified", 4)]),
    ] {
        let key = format!("{}/../../tests/data/keys/rsa1024.pem", env!("CARGO_MANIFEST_DIR"));
        let service = serving(&format!(
            "mode: {mode}\nsigning:\n  - senders: [\"*@example.com\"]\n    domain: example.com\n    \
             keys: [{{ file: {key:?}, selector: mail2 }}]\n"
        ));
        let (_running, stream) = start(Arc::clone(&service));
        let (_other, elsewhere) = start(Arc::clone(&service));
        mta(move || {
            let mut ours = open(stream, "127.0.0.1");
            deliver(&mut ours, MESSAGE);
            deliver(&mut ours, b"From: a@example.org\r\n\r\nHello.\r\n");
            let mut theirs = open(elsewhere, "192.0.2.7");
            deliver(&mut theirs, b"From: a@example.org\r\n\r\nHello.\r\n");
            deliver(&mut theirs, b"To: a@example.com\r\n\r\nHello.\r\n");
            // It claims to be ours.
            deliver(&mut theirs, MESSAGE);
        })
        .await;
        let counts = service.tally.counts();
        let reasons = [("external-host", 1), ("no-signing-rule", 1)];
        assert_eq!(happened(counts.not_signed), reasons, "{mode}");
        assert_eq!(happened(counts.messages), want, "{mode}");
    }
}
