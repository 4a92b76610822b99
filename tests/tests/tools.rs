//! The tools around the daemon, judged like what the daemon does: their keys, their records and
//! their messages go to the verifiers that others wrote.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use twinseal_e2e::judges::{Judge, Seal, ask_all};
use twinseal_e2e::message::with_crlf;
use twinseal_e2e::net::Address;
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;

const MESSAGE: &[u8] = b"From: ann@example.com\nTo: bob@example.net\nSubject: x\n\nHello.\n";

/// Runs it, and gives what it prints; it has to succeed.
fn twinseal(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = program::run(arguments, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output.stdout
}

/// A line of a zone file as a line of the judges' file: the owner, and the strings joined.
fn record(zone_line: &str) -> String {
    let owner = zone_line.split_whitespace().next().expect("an owner").trim_end_matches('.');
    let strings: Vec<&str> = zone_line.split('"').skip(1).step_by(2).collect();
    assert!(strings.iter().all(|string| string.len() <= 255), "{zone_line}");
    format!("{owner} {}\n", strings.concat())
}

/// Every judge that can judge such a seal confirms it, and at least one can.
fn assert_confirmed(
    scratch: &Scratch,
    records: &str,
    message: &[u8],
    algorithm: &str,
    seals: &[Seal],
) {
    let records = scratch.write("records", records);
    let message = scratch.write("message.eml", message);
    for (judge, lists) in ask_all(&records, &[message], scratch) {
        for &seal in seals {
            if judge.can_judge(seal, algorithm) {
                let said: Vec<_> = lists[0].iter().filter(|one| one.seal == seal).collect();
                assert!(said.len() == 1 && said[0].pass, "{judge} {seal:?}: {said:?}");
            }
        }
    }
    let can = |seal| Judge::ALL.iter().any(|judge| judge.can_judge(seal, algorithm));
    assert!(seals.iter().all(|seal| can(*seal)));
}

#[test]
fn keys_that_genkey_makes_are_confirmed_by_the_records_that_it_writes() {
    for (kind, algorithm, seals) in [
        ("rsa", "rsa-", &[Seal::Dkim, Seal::DomainKeys][..]),
        ("ed25519", "ed25519-", &[Seal::Dkim][..]),
    ] {
        let scratch = Scratch::new("genkey");
        let directory = scratch.path().display().to_string();
        let name = ["--domain", "example.com", "--selector", "new"];
        let more = ["--type", kind, "--directory", &directory];
        twinseal(&[&["genkey"], &name[..], &more].concat(), b"");
        let key = scratch.join("new.private");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        let key = key.display().to_string();
        let signed = twinseal(&[&["sign"], &name[..], &["--key", &key]].concat(), MESSAGE);
        let records = record(&fs::read_to_string(scratch.join("new.txt")).unwrap());
        assert_confirmed(&scratch, &records, &with_crlf(&signed), algorithm, seals);
    }
}

#[test]
fn what_the_demonstration_shows_is_true() {
    let scratch = Scratch::new("demo");
    let directory = scratch.path().display().to_string();
    let port = Address::free_port().to_string();
    let arguments = ["demo", "--once", "--directory", &directory, "--port", &port];
    // A second run takes the key that the first one made.
    for _ in 0..2 {
        let shown = String::from_utf8(twinseal(&arguments, b"")).unwrap();
        let message = between(&shown, "\n\nReceived:", "\nPublish in DNS");
        let message = format!("Received:{message}");
        let records = record(between(&shown, "one record for both seals:\n\n", "\n\nand, "));
        let seals = [Seal::Dkim, Seal::DomainKeys];
        assert_confirmed(&scratch, &records, &with_crlf(message.as_bytes()), "rsa-", &seals);
        let first_lines = message.lines().filter(|line| !line.starts_with('\t'));
        let names: Vec<_> =
            first_lines.filter_map(|line| Some(line.split_once(':')?.0)).take(3).collect();
        assert_eq!(names, ["Received", "DKIM-Signature", "DomainKey-Signature"]);
        assert!(shown.contains(&format!("smtpd_milters = inet:127.0.0.1:{port}")), "{shown}");
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} in {text}")).0
}

#[test]
fn the_configuration_of_the_demonstration_serves() {
    let scratch = Scratch::new("demo-file");
    let directory = scratch.path().display().to_string();
    let port = Address::free_port().to_string();
    twinseal(&["demo", "--once", "--directory", &directory, "--port", &port], b"");
    let file = scratch.join("twinseal.yaml");
    let checked = twinseal(&["serve", "--check", "--config", &file.display().to_string()], b"");
    assert_eq!(String::from_utf8(checked).unwrap(), "the configuration is valid\n");
}

#[test]
fn the_sample_file_is_read_up_to_the_key_that_is_not_there() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc/twinseal.yaml");
    let sample: PathBuf = sample.canonicalize().unwrap();
    let sample = sample.to_string_lossy();
    let output = program::run(&["serve", "--check", "--config", &sample], b"");
    let errors = String::from_utf8(output.stderr).unwrap();
    let text = fs::read_to_string(&*sample).unwrap();
    let key = "- file: /etc/mail/dkim/keys/example.com/mail2";
    let number = 1 + text.lines().position(|line| line.trim() == key).unwrap();
    let path = key.trim_start_matches("- file: ");
    let no_key = format!("{sample}:{number}: {path}: the key cannot be read: ");
    let without_reason = |line: &str| {
        let line = line.strip_prefix("twinseal: ").unwrap_or(line);
        let reason = line.strip_prefix(&no_key).is_some_and(|reason| !reason.is_empty());
        if reason { no_key.clone() } else { line.to_owned() }
    };
    // What is only warned about keeps nothing from starting.
    let refusals = errors.lines().filter(|line| !line.starts_with("twinseal: warning: "));
    let complaints: Vec<String> = refusals.map(without_reason).collect();
    // The user may be there, where the package is installed.
    let user = 1 + text.lines().position(|line| line.starts_with("user: twinseal")).unwrap();
    let no_user = format!("{sample}:{user}: no such user \"twinseal\"");
    let (expected, code) = if complaints.len() == 1 {
        (vec![no_key.as_str()], 78)
    } else {
        (vec![no_user.as_str(), &no_key], 65)
    };
    assert_eq!(complaints, expected, "{errors}");
    assert_eq!(output.status.code(), Some(code), "{errors}");
}
