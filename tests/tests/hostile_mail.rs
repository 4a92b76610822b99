//! Mail that is made to cost: each piece of it gets its verdicts, for a bounded multiple of what an
//! honest message of the same size costs, in processor time and in memory.
//!
//! No clock decides: processor time of this thread and peak memory of this process, both from the
//! kernel, in proportion to what an honest message took in the same run. A process of its own, one
//! test after the other, so that nothing else is counted.

use std::fs;
use std::path::Path;
use twinseal_dkim::verify::MAX_SIGNATURES_READ;
use twinseal_dkim::{Demands, Outcome, Security, TxtAnswer, Verdict};
use twinseal_e2e::generator::Generator;
use twinseal_e2e::here;
use twinseal_e2e::message::Message;
use twinseal_e2e::verifier::{Records, verdicts};
use twinseal_message::{Claim, Claimants, Results};

/// How much more processor time than an honest message of the same size: what grows with the square
/// of the size would take a thousand times as much.
const COST: u64 = 20;
/// What a verdict may need beside the message itself, in KiB.
const MEMORY: u64 = 8 * 1024;
/// What the kernel can count, in nanoseconds: some of its ticks, which may be as long as 10 ms.
const MEASURABLE: u64 = 60_000_000;
/// As large as a header gets (1 MiB), with room for a few other fields.
const LARGE: usize = 1_000_000;
const AT: u64 = 1_700_000_000;

/// A message, and how many signatures are in it.
struct Case {
    name: &'static str,
    octets: Vec<u8>,
    signatures: usize,
}

#[test]
fn hostile_mail_costs_hardly_more_than_honest_mail() {
    let records = hostile_records();
    let mut wrong = Vec::new();
    for case in cases() {
        let honest = honest(case.octets.len());
        let (rounds, usual) = long_enough(&honest, &records);
        let before = peak_memory_since_now();
        let found = verdicts(&case.octets, &records, Demands::default(), AT);
        let memory = peak_memory() - before;
        let spent = time_of(rounds, &case.octets, &records);
        eprintln!(
            "{}: {spent} ns, honest {usual} ns ({}%), {memory} KiB",
            case.name,
            spent * 100 / usual
        );
        if found.len() != case.signatures {
            wrong.push(format!("{}: {} verdicts", case.name, found.len()));
        }
        if let Some(passed) = found.iter().find(|verdict| verdict.outcome == Outcome::Pass) {
            wrong.push(format!("{}: {passed:?}", case.name));
        }
        if spent > COST * usual {
            wrong.push(format!("{}: {spent} ns, an honest message {usual} ns", case.name));
        }
        let size = u64::try_from(case.octets.len() / 1024).expect("a size");
        if memory > MEMORY + 4 * size {
            wrong.push(format!("{}: {memory} KiB for a message of {size} KiB", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    strange_octets_anywhere_pass_nowhere();
    nested_comments_are_read_without_recursion();
}

/// Signed by others and valid, with a body that makes it as large as that, and another body than
/// was signed: what every verifier has to hash.
fn honest(size: usize) -> Vec<u8> {
    let mut octets = fs::read(here("data/verify/pass-relaxed-relaxed.eml")).expect("the corpus");
    while octets.len() < size {
        octets.extend_from_slice(b"a line of  some length, as it may stand in any message\r\n");
    }
    octets
}

fn cases() -> Vec<Case> {
    let tags = "v=1; a=rsa-sha256; d=example.com; s=rsa2048; h=from; bh=AAAA; b=AAAA";
    let one = |name, field: String| Case { name, octets: message(&[field]), signatures: 1 };
    let signature = |more: &str| format!("DKIM-Signature: {more}{tags}\r\n");
    let listed = |list: String| signature("").replace("h=from", &format!("h=from:{list}"));
    let many: Vec<String> = vec![signature(""); 10_000];
    let distinct: Vec<String> = (0..10_000).map(|n| signature(&format!("l={n}; "))).collect();
    let fields = vec!["X:\r\n".to_owned(); 9_900];
    let lists = vec![listed("x:".repeat(998) + "x"); MAX_SIGNATURES_READ];
    vec![
        Case { name: "10,000 signatures", octets: message(&many), signatures: 10_000 },
        Case { name: "10,000 lengths", octets: message(&distinct), signatures: 10_000 },
        one("h= of 100,000 names", listed("a:".repeat(99_999) + "a")),
        Case {
            name: "long lists of a name that is there ten thousand times",
            octets: message(&[fields, lists].concat()),
            signatures: MAX_SIGNATURES_READ,
        },
        one("white space in a tag", signature(&format!("i={}@example.com; ", " ".repeat(LARGE)))),
        one("folds in a tag", signature(&format!("i={}@example.com; ", "\r\n ".repeat(LARGE / 3)))),
        one("many tags", signature(&"x=1;".repeat(LARGE / 4))),
        one("many semicolons", signature(&";".repeat(LARGE))),
        one("a long tag name", signature(&format!("{}=1;", "n".repeat(LARGE)))),
        one(
            "base64 in b=",
            signature("").replace("b=AAAA\r", &format!("b={}\r", "A".repeat(LARGE))),
        ),
        one(
            "base64 in bh=",
            signature("").replace("bh=AAAA", &format!("bh={}", "A".repeat(LARGE))),
        ),
        one("a long domain", signature("").replace("example", &"a.".repeat(LARGE / 2))),
        one(
            "a long selector",
            signature("").replace("s=rsa2048", &format!("s={}", "s".repeat(LARGE))),
        ),
        one("a long length", signature(&format!("l={}; ", "9".repeat(LARGE)))),
        one("a long time", signature(&format!("t={}; ", "9".repeat(LARGE)))),
        one(
            "comments in From",
            format!("{}From: {}ann@example.com\r\n", signature(""), "(".repeat(LARGE)),
        ),
        one("a large key", signature("").replace("s=rsa2048", "s=large")),
        one("a large exponent", signature("").replace("s=rsa2048", "s=exponent")),
        one("many records", signature("").replace("s=rsa2048", "s=many")),
        one("a key without end", signature("").replace("s=rsa2048", "s=endless")),
    ]
}

fn message(fields: &[String]) -> Vec<u8> {
    let rest = "From: ann@example.com\r\nSubject: hostile\r\n\r\nbody\r\n";
    [fields.concat().as_bytes(), rest.as_bytes()].concat()
}

/// The usual keys, and some that are none.
fn hostile_records() -> Records {
    let mut records = Records::read(&here("data/keys/records.txt"));
    let mut publish = |selector: &str, texts: Vec<Vec<u8>>| {
        let name = format!("{selector}._domainkey.example.com");
        records.set(&name, TxtAnswer::Records { texts, security: Security::Unproved });
    };
    // SubjectPublicKeyInfo of an RSA key, its modulus or exponent of 11,000 octets.
    publish(
        "large",
        vec![format!("p=MIIrAzANBgkqhkiG9w0BAQEFAAOCKvAA{}", "/".repeat(15_000)).into()],
    );
    publish("exponent", vec![format!("p=MIIrAzCCKvwCAQMCgir1{}", "f".repeat(15_000)).into()]);
    publish("many", vec![b"v=DKIM1; p=AAAA".to_vec(); 60_000]);
    publish("endless", vec![vec![b'A'; 10_000_000]]);
    records
}

/// How many rounds take long enough to be measured, and how long.
fn long_enough(octets: &[u8], records: &Records) -> (u32, u64) {
    let mut rounds = 1;
    loop {
        let spent = time_of(rounds, octets, records);
        if spent >= MEASURABLE {
            return (rounds, spent);
        }
        rounds *= 2;
    }
}

/// Processor time of this thread for that many rounds, in nanoseconds.
fn time_of(rounds: u32, octets: &[u8], records: &Records) -> u64 {
    let before = processor_time();
    for _ in 0..rounds {
        let found: Vec<Verdict> = verdicts(octets, records, Demands::default(), AT);
        drop(found);
    }
    processor_time() - before
}

fn processor_time() -> u64 {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel's count");
    let spent = spent.split(' ').next().and_then(|number| number.parse().ok());
    spent.expect("nanoseconds")
}

fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the state of this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    number.expect("VmHWM in kB")
}

/// Lets the peak begin anew (5: proc(5), clear_refs), and tells where it does.
fn peak_memory_since_now() -> u64 {
    assert!(Path::new("/proc/self/clear_refs").exists());
    fs::write("/proc/self/clear_refs", "5").expect("a peak that can be set back");
    peak_memory()
}

/// In a field that is signed with all that is in it, no octet is too many without being noticed.
fn strange_octets_anywhere_pass_nowhere() {
    let octets = fs::read(here("data/verify/pass-simple-simple.eml")).expect("the corpus");
    let records = Records::read(&here("data/verify/keys.txt"));
    let field = Message::parse(&octets).fields.first().expect("a signature").octets.len();
    assert_eq!(verdicts(&octets, &records, Demands::default(), AT)[0].outcome, Outcome::Pass);
    let mut chance = Generator::new(1);
    for at in 0..field - 2 {
        for strange in [b'\0', 0x80, 0xff, 0x7f, 0x0b, b'\r', b'\n', b'(', b'"', b'\\'] {
            let mut hostile = octets.clone();
            hostile.insert(at, strange);
            if chance.one_in(2) {
                hostile.remove(at + 1);
            }
            if hostile == octets {
                continue;
            }
            let found = verdicts(&hostile, &records, Demands::default(), AT);
            let passed = found.iter().any(|verdict| verdict.outcome == Outcome::Pass);
            assert!(!passed, "{strange:#x} at {at}: {found:?}");
        }
    }
}

fn nested_comments_are_read_without_recursion() {
    let ours = Claimants::new(["mx.example.org"]);
    let deep = "(".repeat(LARGE / 2);
    let closed = format!(" {deep}{} mx.example.org; dkim=pass", ")".repeat(LARGE / 2));
    let open = format!(" mx.example.org {deep}; dkim=pass");
    let before = peak_memory_since_now();
    assert_eq!(ours.claim(closed.as_bytes()), Claim::Ours, "closed");
    assert_eq!(ours.claim(open.as_bytes()), Claim::Ours, "open");
    let _ = Results::parse(closed.as_bytes());
    let _ = Results::parse(open.as_bytes());
    let memory = peak_memory() - before;
    assert!(memory < MEMORY, "{memory} KiB");
}
