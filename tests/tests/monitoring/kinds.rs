//! All kinds of mail, and what each comes to.

use super::expected::Count;
use twinseal_e2e::incoming::{RESULTS, changed};
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;

/// Who sends and who receives: none of it may be seen in the figures.
pub(crate) const AUTHOR: &str = "secret.author";
/// The recipient.
pub(crate) const RECIPIENT: &str = "secret.recipient@friends.example.net";
/// A client from elsewhere.
pub(crate) const STRANGER: (&str, &str) = ("secret-host.example.org", "198.51.100.77");
/// A client of ours.
pub(crate) const OURS: (&str, &str) = ("secret-desk.example.com", "192.0.2.17");

/// How many domains sign with a key of their own, beside the special ones.
pub(crate) const DOMAINS: usize = 150;

/// Mail of one kind.
pub(crate) struct Kind {
    /// What is special about it.
    pub(crate) name: &'static str,
    /// How much of it there is.
    pub(crate) times: usize,
    /// The client's name and address.
    pub(crate) client: (&'static str, &'static str),
    /// To whom it goes.
    pub(crate) recipient: &'static str,
    /// Each message by its number.
    pub(crate) message: Box<dyn Fn(usize) -> Vec<u8>>,
    /// The letters of what comes back, with `+` for that the message goes on.
    pub(crate) answer: &'static str,
    /// What is counted of it beyond what its answers tell.
    pub(crate) counts: Vec<Count>,
}

/// The domain with that number.
pub(crate) fn domain(number: usize) -> String {
    format!("d{number:03}.example")
}

fn from(domain: &str) -> Vec<u8> {
    text(&format!("From: Ann <{AUTHOR}@{domain}>\r\n"), "Hello.\r\n")
}

fn text(top: &str, body: &str) -> Vec<u8> {
    format!(
        "{top}To: {RECIPIENT}\r\nSubject: a secret subject\r\nDate: Mon, 2 Mar 2026 09:00:00 \
         +0000\r\nMessage-ID: <secret.id@example.com>\r\n\r\n{body}"
    )
    .into_bytes()
}

fn outcome(name: &'static str) -> Count {
    ("messages_total", vec![("outcome", name)])
}

fn not_signed(reason: &'static str) -> Count {
    ("not_signed_total", vec![("reason", reason)])
}

fn left_out(reason: &'static str) -> Count {
    ("seals_left_out_total", vec![("seal", "domainkeys"), ("reason", reason)])
}

fn result(word: &'static str) -> Count {
    ("signatures_verified_total", vec![("result", word)])
}

fn action(action: &'static str, reason: &'static str) -> Count {
    ("actions_total", vec![("action", action), ("reason", reason)])
}

fn obstructed(reason: &'static str, action: &'static str) -> Count {
    ("obstructed_total", vec![("reason", reason), ("action", action)])
}

/// The message of a stranger, signed here with the key that is published at that selector.
fn signed(selector: &str, more: &[&str], scratch: &Scratch) -> Vec<u8> {
    let key = scratch.key("rsa2048").display().to_string();
    let words = ["sign", "--domain", "example.org", "--selector", selector, "--key", &key];
    let words = [&words[..], &["--domainkeys", "off"], more].concat();
    let message = text(&format!("From: {AUTHOR}@example.org\r\n"), "Hello, you.\r\n");
    let output = program::run(&words, &message);
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn always(message: Vec<u8>) -> Box<dyn Fn(usize) -> Vec<u8>> {
    Box::new(move |_| message.clone())
}

fn ours(times: usize, name: &'static str, message: Vec<u8>, answer: &'static str) -> Kind {
    Kind {
        name,
        times,
        client: OURS,
        recipient: RECIPIENT,
        message: always(message),
        answer,
        counts: Vec::new(),
    }
}

fn stranger(times: usize, name: &'static str, message: Vec<u8>, answer: &'static str) -> Kind {
    Kind { client: STRANGER, ..ours(times, name, message, answer) }
}

impl Kind {
    fn counting(self, counts: impl IntoIterator<Item = Count>) -> Self {
        Self { counts: counts.into_iter().collect(), ..self }
    }
}

/// Its seal would break on the way, or somebody would add what it lacks.
fn refused(cause: &'static str) -> [Count; 3] {
    let told = ("forecast_total", vec![("cause", cause)]);
    [outcome("refused"), told, action("reject", "forecast")]
}

/// A message is sealed: its seals are told by what comes back.
fn seals() -> [Count; 2] {
    [outcome("signed"), ("signing_duration_seconds_count", Vec::new())]
}

/// All of them, in the order in which they are sent: 1,000 messages.
pub(crate) fn all(scratch: &Scratch) -> Vec<Kind> {
    let mut kinds = leaving();
    kinds.extend(unsigned());
    kinds.extend(arriving(scratch));
    kinds
}

fn leaving() -> Vec<Kind> {
    let old =
        "DomainKey-Signature: a=rsa-sha1; s=x; d=x.example; c=nofws; q=dns; h=from:to; b=AA==\r\n";
    let sealed = [old.as_bytes(), &from("both.example")].concat();
    let long = format!("{}\r\n", "x".repeat(1200));
    let from_both = format!("From: {AUTHOR}@both.example\r\n");
    let [one, two] = seals();
    let more = |reason| [one.clone(), two.clone(), left_out(reason)];
    vec![
        ours(60, "two keys", from("both.example"), "iii+").counting(seals()),
        ours(40, "no key of RSA", from("ed.example"), "i+").counting(more("key-not-rsa")),
        ours(40, "sealed before", sealed, "ii+").counting(more("already-sealed")),
        Kind {
            message: Box::new(|number| from(&domain(number % DOMAINS))),
            ..ours(250, "many domains", Vec::new(), "ii+").counting(seals())
        },
        ours(30, "a line that is too long", text(&from_both, &long), "y")
            .counting(refused("long-line")),
        ours(30, "a key that is none", from("broken.example"), "y")
            .counting([outcome("obstructed"), obstructed("key-unusable", "tempfail")]),
    ]
}

/// Mail of ours that is not signed. What could still be looked at is, and has no signature.
fn unsigned() -> Vec<Kind> {
    let twice = format!("From: {AUTHOR}@both.example\r\n").repeat(2);
    let looked_at = |reason| [outcome("verified"), not_signed(reason)];
    let left = |reason| [outcome("not-signed"), not_signed(reason)];
    vec![
        ours(50, "no rule", from("unknown.example"), "i+").counting(looked_at("no-signing-rule")),
        ours(30, "several authors", text(&twice, "x\r\n"), "i+")
            .counting(looked_at("several-from-fields")),
        ours(20, "no author", text("", "x\r\n"), "y").counting(refused("missing-from")),
        ours(20, "an author that is none", text("From: @@\r\n", "x\r\n"), "i+")
            .counting(looked_at("unparsable-from")),
        Kind {
            recipient: "secret.reader@quiet.example.net",
            ..ours(40, "a recipient that wants none", from("both.example"), "+")
                .counting(left("recipient-excluded"))
        },
        ours(30, "a domain that is exempt", from("exempt.example"), "+")
            .counting(left("exempt-domain")),
        stranger(40, "a stranger who uses our domain", from("both.example"), "i+")
            .counting([outcome("verified"), not_signed("external-host")]),
    ]
}

fn arriving(scratch: &Scratch) -> Vec<Kind> {
    let good = signed("good", &[], scratch);
    let of = |selector: &str| signed(selector, &[], scratch);
    let malformed = String::from_utf8_lossy(&good).replacen("v=1;", "v=7;", 1).into_bytes();
    let forged = format!("{RESULTS}: mx.example.net; dkim=pass\r\n").repeat(3);
    let forged = [forged.as_bytes(), &good].concat();
    let verified = || outcome("verified");
    let plain = text(&format!("From: {AUTHOR}@example.org\r\n"), "x\r\n");
    vec![
        stranger(80, "good", good.clone(), "i+").counting([verified()]),
        stranger(40, "changed", changed(&good), "y").counting([
            verified(),
            result("fail"),
            action("reject", "mismatch"),
        ]),
        stranger(30, "no key", of("missing"), "iq+")
            .counting([verified(), action("quarantine", "no-key")]),
        stranger(20, "no signature of DKIM", malformed, "y").counting([
            verified(),
            result("permerror"),
            action("reject", "syntax"),
        ]),
        stranger(30, "DNS fails", of("failing"), "y").counting([
            verified(),
            result("temperror"),
            action("tempfail", "no-answer"),
        ]),
        stranger(20, "of the future", signed("good", &["--at", "4102444800"], scratch), "y")
            .counting([verified(), result("policy"), action("reject", "unusable")]),
        stranger(60, "nobody signed", plain, "i+").counting([verified()]),
        stranger(40, "forged", forged, "mmmi+").counting([verified()]),
    ]
}
