use super::run;
use crate::terminal::Terminal;
use crate::tools::{genkey, sign};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use twinseal_config::ExitCode;

pub(super) fn data(path: &str) -> String {
    format!("{}/../../tests/data/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// Runs the tool on a message.
pub(super) fn verify(message: &[u8], words: &[&str]) -> (ExitCode, String, String) {
    tool(run, message, words)
}

type Tool = fn(Vec<OsString>, &mut Terminal<'_>) -> ExitCode;

fn tool(run: Tool, message: &[u8], words: &[&str]) -> (ExitCode, String, String) {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut input = message;
    let mut terminal = Terminal {
        program: crate::PROGRAM,
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
    };
    let code = run(words.iter().map(Into::into).collect(), &mut terminal);
    (code, String::from_utf8(output).unwrap(), String::from_utf8(errors).unwrap())
}

#[test]
fn the_vectors_of_the_standards_pass() {
    for (set, signatures) in [("rfc6376", 1), ("rfc8463", 2)] {
        let message = fs::read(data(&format!("{set}/appendix-a.signed.eml"))).unwrap();
        let keys = data(&format!("{set}/records.txt"));
        let words = ["--keys", &keys, "--at", "1528637910", "--authserv-id", "mx.example.org"];
        let (code, output, errors) = verify(&message, &words);
        assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""), "{set}");
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(lines.iter().filter(|line| line.starts_with("pass d=")).count(), signatures);
        assert_eq!(lines[signatures], "");
        assert_eq!(lines[signatures + 1], "Authentication-Results: mx.example.org;");
        assert_eq!(output.matches("dkim=pass (").count(), signatures, "{output}");
    }
}

#[test]
fn a_message_without_signatures_prints_none() {
    let (code, output, _) = verify(b"From: a@example.com\n\nx\n", &["--authserv-id", "mx"]);
    let want = "none\n\nAuthentication-Results: mx;\n\tdkim=none\n";
    assert_eq!((code, output.as_str()), (ExitCode::No, want));
}

#[test]
fn the_line_that_a_mailbox_has_in_front_of_a_message_is_no_part_of_it() {
    let message = fs::read(data("verify/pass-simple-simple.eml")).unwrap();
    let stored =
        [b"From ann@example.com Mon Mar  2 09:00:00 2026\r\n", message.as_slice()].concat();
    let (code, output, errors) = verify(&stored, &["--keys", &data("keys/records.txt")]);
    assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
    assert!(output.starts_with("pass d=example.com s=rsa2048"), "{output}");
    // It is the first line, or none.
    let later = [b"X: y\r\n".as_slice(), &stored].concat();
    assert_eq!(verify(&later, &["--keys", &data("keys/records.txt")]).0, ExitCode::No);
    let (code, _, errors) = verify(b"From ann@example.com\n\nx\n", &[]);
    assert_eq!(code, ExitCode::Data, "{errors}");
    // A field, as it was written of old.
    let (code, _, errors) = verify(b"From : ann@example.com\n\nx\n", &[]);
    assert_eq!(code, ExitCode::No, "{errors}");
}

/// A pipe that nobody reads.
struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_has_enough_is_no_failure_and_a_full_disk_is_one() {
    let key = data("keys/rsa1024.pem");
    let signing = ["--domain", "example.com", "--selector", "s", "--key", &key];
    // The message that is signed is not whole where it was to go: that is for scripts to know.
    for (run, words, code) in [
        (run as Tool, &[][..], ExitCode::No),
        (run, &["--help"], ExitCode::Ok),
        (sign::run, &signing, ExitCode::System),
    ] {
        let broken = written_to(io::ErrorKind::BrokenPipe, run, words);
        assert_eq!(broken, (code, String::new()), "{words:?}");
        let (code, errors) = written_to(io::ErrorKind::StorageFull, run, words);
        assert_eq!(code, ExitCode::System, "{words:?}");
        assert!(errors.contains("standard output: "), "{errors}");
    }
}

fn written_to(error: io::ErrorKind, run: Tool, words: &[&str]) -> (ExitCode, String) {
    let mut errors = Vec::new();
    let mut terminal = Terminal {
        program: crate::PROGRAM,
        input: &mut &b"From: a@example.com\nTo: b@example.com\n\nx\n"[..],
        output: &mut Broken(error),
        errors: &mut errors,
    };
    let code = run(words.iter().map(Into::into).collect(), &mut terminal);
    (code, String::from_utf8(errors).unwrap())
}

#[test]
fn what_is_unknown_is_a_hyphen_and_blanks_from_mail_make_no_words() {
    let message =
        b"DKIM-Signature: v=1; a=rsa\n\tbits=9; c=x\nDKIM-Signature: ;;\nFrom: a@b.example\n\n";
    let (code, output, _) = verify(message, &["--authserv-id", "mx"]);
    assert_eq!(code, ExitCode::No);
    for line in output.lines().take(2) {
        assert!(line.starts_with("permerror d=- s=- a="), "{line}");
        assert!(
            line.contains(" c=- bits=- ") || line.contains(" c=simple/simple bits=- "),
            "{line}"
        );
        assert!(line.ends_with(" (reason=malformed)"), "{line}");
        assert_eq!(line.split(' ').filter(|word| word.starts_with("bits=")).count(), 1, "{line}");
    }
}

#[test]
fn a_key_is_checked_with_the_record_that_was_made_with_it() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().to_str().unwrap();
    for kind in ["rsa", "ed25519"] {
        let name = ["--domain", "example.com", "--selector", kind];
        let words = [&name[..], &["--type", kind, "--directory", directory]].concat();
        assert_eq!(tool(genkey::run, b"", &words).0, ExitCode::Ok);
        let [key, record] = ["private", "txt"].map(|end| format!("{directory}/{kind}.{end}"));
        let words = [&name[..], &["--key", &key]].concat();
        let (code, signed, _) = tool(sign::run, b"From: ann@example.com\n\nHi.\n", &words);
        assert_eq!(code, ExitCode::Ok);
        let (code, output, errors) = verify(signed.as_bytes(), &["--keys", &record]);
        assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""), "{output}");
    }
}

#[test]
fn only_dns_in_the_way_is_temporary() {
    let message = fs::read(data("rfc6376/appendix-a.signed.eml")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let keys = scratch.path().join("keys");
    for (mark, want, code) in [
        ("SERVFAIL", ExitCode::Temporary, "key-unavailable"),
        ("NXDOMAIN", ExitCode::No, "no-key"),
        ("v=DKIM1; p=", ExitCode::No, "key-revoked"),
    ] {
        fs::write(&keys, format!("brisbane._domainkey.example.com {mark}\n")).unwrap();
        let (got, output, _) = verify(&message, &["--keys", keys.to_str().unwrap()]);
        assert_eq!(got, want, "{mark}");
        assert!(output.lines().next().unwrap().ends_with(&format!("(reason={code})")), "{output}");
    }
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let mistakes =
        ["--at", "x", "--nameserver", "mx", "--authserv-id", "", "--whole-body", "a", "b"];
    let (code, _, errors) = verify(b"", &mistakes);
    assert_eq!(code, ExitCode::Usage);
    for mistake in
        ["--at: ", "--nameserver: ", "--authserv-id: ", "--whole-body needs", "word \"b\""]
    {
        assert!(errors.contains(mistake), "{mistake}: {errors}");
    }
    let scratch = tempfile::tempdir().unwrap();
    let keys: PathBuf = scratch.path().join("keys");
    fs::write(&keys, "# keys\na..b v=DKIM1\nmail._domainkey.example.com\n").unwrap();
    let (code, _, errors) = verify(b"", &["--keys", keys.to_str().unwrap()]);
    assert_eq!(code, ExitCode::Configuration);
    for line in [2, 3] {
        assert!(errors.contains(&format!("{}:{line}: ", keys.display())), "{errors}");
    }
    let (code, _, errors) = verify(b"", &["--keys", "/nonexistent/keys"]);
    assert_eq!(code, ExitCode::NoInput);
    assert!(errors.contains("/nonexistent/keys: "), "{errors}");
}

#[test]
fn what_is_no_message_or_not_there_is_told_apart() {
    let large = [b"A: ".as_slice(), &vec![b'x'; 2 * 1024 * 1024], b"\n\n"].concat();
    for (message, words, want, said) in [
        (&b""[..], &[][..], ExitCode::Data, "standard input: there is no header field"),
        (b"\nbody\n", &["-"], ExitCode::Data, "standard input: there is no header field"),
        (&large, &[], ExitCode::Data, "standard input: its header is larger"),
        (b"", &["/nonexistent/message"], ExitCode::NoInput, "/nonexistent/message: "),
    ] {
        let (code, output, errors) = verify(message, words);
        assert_eq!((code, output.as_str()), (want, ""), "{said}");
        assert!(errors.contains(said), "{errors}");
    }
}

#[test]
fn nul_and_8bit_octets_stop_nothing() {
    let octets: Vec<u8> = (0..=255).collect();
    let message = [b"From: a@\xff\0\nX-\x80: 1\n\n", octets.as_slice()].concat();
    let (code, output, _) = verify(&message, &["--explain", "--json"]);
    assert_eq!(code, ExitCode::No);
    let value: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(value["result"], "none");
    assert_eq!(value["signatures"], serde_json::json!([]));
}
