//! A judge that cannot say no is none, and one that cannot say yes neither: every judge is shown
//! what the other independents signed, as it is and with one octet altered.

use std::fs;
use std::path::PathBuf;
use std::slice;
use twinseal_e2e::here;
use twinseal_e2e::judges::{Keys, Seal, ask_all, require_peers};
use twinseal_e2e::message::find;
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::signers::{Script, by_script, every_way, sources};

#[test]
fn the_examples_of_the_standards_pass() {
    let scratch = Scratch::new("judges");
    for set in ["rfc6376", "rfc8463"] {
        let signed = here(&format!("data/{set}/appendix-a.signed.eml"));
        let records = here(&format!("data/{set}/records.txt"));
        expect(&scratch, &records, slice::from_ref(&signed), true);
        expect(&scratch, &records, &altered(&scratch, &[signed]), false);
    }
}

#[test]
fn what_one_independent_signs_the_others_accept() {
    require_peers();
    let scratch = Scratch::new("judges");
    let records = here("data/keys/records.txt");
    let sources = sources();
    let mut signed = Vec::new();
    for method in ["simple", "nofws"] {
        for key in ["rsa1024", "rsa2048"] {
            signed.extend(by_script(Script::MailDkim, key, method, &sources, &scratch));
        }
    }
    signed.extend(every_way(&sources, &scratch));
    expect(&scratch, &records, &signed, true);
    expect(&scratch, &records, &altered(&scratch, &signed), false);
}

/// All judges agree on all signatures that they can judge, and none of them overlooks one.
fn expect<'a>(scratch: &Scratch, keys: impl Into<Keys<'a>>, messages: &[PathBuf], pass: bool) {
    let mut wrong = Vec::new();
    for (judge, lists) in ask_all(keys, messages, scratch) {
        for (path, verdicts) in messages.iter().zip(lists) {
            let octets = fs::read(path).unwrap();
            for (seal, name) in
                [(Seal::Dkim, "DKIM-Signature:"), (Seal::DomainKeys, "DomainKey-Signature:")]
            {
                let there = octets.windows(name.len()).filter(|w| *w == name.as_bytes()).count();
                let seen = verdicts.iter().filter(|verdict| verdict.seal == seal).count();
                let able = judge.can_judge(seal, "rsa-");
                assert!(!able || seen == there, "{judge} saw {seen} of {there} in {path:?}");
            }
            for verdict in verdicts {
                let able = judge.can_judge(verdict.seal, &verdict.algorithm);
                if (able && verdict.pass != pass) || (!able && verdict.pass) {
                    wrong.push(format!("{judge} on {}: {}", path.display(), verdict.words));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "expected pass={pass}:\n{}", wrong.join("\n"));
}

/// Copies with one octet changed: of the body where there is a text, of Subject otherwise.
fn altered(scratch: &Scratch, messages: &[PathBuf]) -> Vec<PathBuf> {
    let directory = scratch.dir("altered");
    let copy = |path: &PathBuf| {
        let mut octets = fs::read(path).unwrap();
        let body = find(&octets, b"\r\n\r\n").unwrap() + 4;
        let text = octets[body..].iter().position(u8::is_ascii_alphabetic).map(|at| body + at);
        let at = text.unwrap_or_else(|| find(&octets, b"Subject:").unwrap() + 10);
        octets[at] ^= 1;
        let copy = directory.join(path.file_name().unwrap());
        fs::write(&copy, octets).unwrap();
        copy
    };
    messages.iter().map(copy).collect()
}

#[test]
fn a_missing_record_is_a_refusal() {
    let scratch = Scratch::new("judges");
    let records = scratch.write("records.txt", "elsewhere._domainkey.example.org v=DKIM1; p=\n");
    expect(&scratch, &records, &[here("data/rfc6376/appendix-a.signed.eml")], false);
}

#[test]
fn judges_ask_a_nameserver_as_well_as_a_file() {
    let scratch = Scratch::new("judges");
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let nameserver = Nameserver::start(&[Zone::of_keys("example.com", &records)], &scratch);
    let sources = sources();
    let mut signed = by_script(Script::MailDkim, "rsa2048", "nofws", &sources, &scratch);
    signed.extend(by_script(Script::MailDkim, "rsa1024", "relaxed/relaxed", &sources, &scratch));
    signed.extend(by_script(Script::Dkimpy, "ed25519", "relaxed/relaxed", &sources, &scratch));
    expect(&scratch, &nameserver, &signed, true);
    expect(&scratch, &nameserver, &altered(&scratch, &signed), false);
    // It says that there is no such name.
    let empty = [Zone { name: "example.com".to_owned(), lines: String::new() }];
    let elsewhere = Scratch::new("judges");
    expect(&elsewhere, &Nameserver::start(&empty, &elsewhere), &signed, false);
}
