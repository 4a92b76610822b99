//! What others sign is valid here, and with one octet changed it is not.

use std::fs;
use std::path::{Path, PathBuf};
use twinseal_dkim::{Demands, Outcome, ResultWord, Verdict};
use twinseal_e2e::here;
use twinseal_e2e::judges::{self, require_peers, verdicts_of_filter};
use twinseal_e2e::message::{Message, find};
use twinseal_e2e::net::Address;
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::signers::{every_way, sources};
use twinseal_e2e::verifier::{Records, verdicts, verify};

/// When the messages are verified: long after all of them say that they were signed.
const AT: u64 = 4_000_000_000;

#[test]
fn what_every_independent_signs_is_valid_here() {
    require_peers();
    let scratch = Scratch::new("verified");
    let signed = every_way(&sources(), &scratch);
    expect(&signed, &here("data/keys/records.txt"));
}

#[test]
fn the_examples_of_the_standards_are_valid_here() {
    for set in ["rfc6376", "rfc8463"] {
        let signed = here(&format!("data/{set}/appendix-a.signed.eml"));
        expect(&[signed], &here(&format!("data/{set}/records.txt")));
    }
}

/// Every signature passes; with an octet of the body changed none does, nor with one of a signed
/// field.
fn expect(signed: &[PathBuf], records: &Path) {
    let records = Records::read(records);
    let judge = |octets: &[u8]| verdicts(octets, &records, Demands::default(), AT);
    let mut wrong = Vec::new();
    let mut bodies = 0;
    for path in signed {
        let octets = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let there = Message::parse(&octets).all("DKIM-Signature").count();
        let mut check = |what: &str, octets: &[u8], fits: fn(&Verdict) -> bool| {
            let found = judge(octets);
            if found.len() != there || there == 0 || !found.iter().all(fits) {
                wrong.push(format!("{}, {what}: {found:?}", path.display()));
            }
        };
        check("as it is", &octets, |verdict| verdict.outcome == Outcome::Pass);
        if let Some(changed) = with_another_body(&octets) {
            bodies += 1;
            check("another body", &changed, |verdict| verdict.outcome == Outcome::BodyChanged);
        }
        let changed = with_another_subject(&octets);
        check("another subject", &changed, |verdict| verdict.outcome == Outcome::SignatureWrong);
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), signed.len(), wrong.join("\n"));
    assert!(bodies > 0, "none of them has a text");
}

fn with_another_body(octets: &[u8]) -> Option<Vec<u8>> {
    let body = find(octets, b"\r\n\r\n")? + 4;
    let at = body + octets[body..].iter().position(u8::is_ascii_alphabetic)?;
    let mut changed = octets.to_vec();
    changed[at] ^= 1;
    Some(changed)
}

fn with_another_subject(octets: &[u8]) -> Vec<u8> {
    let at = find(octets, b"\r\nSubject:").expect("a subject") + 12;
    let mut changed = octets.to_vec();
    let letter = changed[at..].iter().position(u8::is_ascii_alphabetic).expect("a text in it");
    changed[at + letter] ^= 1;
    changed
}

#[test]
fn the_milter_says_what_the_library_says() {
    require_peers();
    let scratch = Scratch::new("verified");
    let records = here("data/keys/records.txt");
    let mut messages: Vec<PathBuf> =
        every_way(&sources(), &scratch).into_iter().step_by(5).collect();
    for path in messages.clone() {
        let octets = fs::read(&path).expect("a message just signed");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let changed = with_another_subject(&octets);
        messages.push(scratch.write(&format!("changed/{name}"), changed));
    }
    let address = Address::Unix(scratch.join("t.sock"));
    let configuration = format!(
        "socket: {}\nmode: v\nlog: {{ to: stderr }}\nresults: {{ authserv-id: mx.example.org }}\n\
         dns: {{ test-keys: {} }}\n",
        address.for_filter(),
        records.display()
    );
    let file = scratch.write("twinseal.yaml", configuration);
    let arguments = ["serve".as_ref(), "--config".as_ref(), file.as_os_str()];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    let said = verdicts_of_filter(&address, &messages);
    assert!(daemon.stop().success());
    let library = verify(&records, AT, &messages);
    let passes = |lists: &[Vec<judges::Verdict>]| -> Vec<Vec<bool>> {
        lists.iter().map(|list| list.iter().map(|verdict| verdict.pass).collect()).collect()
    };
    assert_eq!(passes(&said), passes(&library), "{said:?}");
    assert!(messages.len() > 40, "{}", messages.len());
}

#[test]
fn a_missing_record_makes_nothing_valid() {
    let signed = here("data/rfc6376/appendix-a.signed.eml");
    let octets = fs::read(signed).expect("the example");
    let found = verdicts(&octets, &Records::default(), Demands::default(), AT);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].outcome.word(), ResultWord::PermError);
}
