use super::run;
use crate::terminal::Terminal;
use std::path::PathBuf;
use twinseal_config::ExitCode;

fn key(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/../../tests/data/keys/{name}.pem", env!("CARGO_MANIFEST_DIR")))
}

fn sign(message: &[u8], words: &[&str]) -> (ExitCode, Vec<u8>, String) {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut input = message;
    let mut terminal = Terminal {
        program: crate::PROGRAM,
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
    };
    let code = run(words.iter().map(Into::into).collect(), &mut terminal);
    (code, output, String::from_utf8(errors).unwrap())
}

fn with_key<'w>(key: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    let base = ["--domain", "example.com", "--selector", "mail2", "--at", "1", "--key", key];
    base.into_iter().chain(more.iter().copied()).collect()
}

const MESSAGE: &[u8] = b"From: a@example.com\nTo: b@example.net\n\nHello.\n";

#[test]
fn line_ends_are_kept_and_make_no_difference_to_the_seals() {
    let key = key("rsa1024").display().to_string();
    let crlf = String::from_utf8(MESSAGE.to_vec()).unwrap().replace('\n', "\r\n");
    let (code, with_lf, errors) = sign(MESSAGE, &with_key(&key, &[]));
    assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
    let (_, with_crlf, _) = sign(crlf.as_bytes(), &with_key(&key, &[]));
    let with_lf = String::from_utf8(with_lf).unwrap();
    assert!(!with_lf.contains('\r') && with_lf.ends_with("\n\nHello.\n"), "{with_lf}");
    assert_eq!(with_lf.replace('\n', "\r\n").as_bytes(), with_crlf);
    assert!(with_lf.starts_with("DKIM-Signature:") && with_lf.contains("\nDomainKey-Signature:"));
}

#[test]
fn the_line_of_a_mailbox_stays_above_the_seals() {
    let key = key("rsa1024").display().to_string();
    let line = b"From a@example.com Mon Mar 10 10:00:00 2025\n";
    let (_, plain, _) = sign(MESSAGE, &with_key(&key, &[]));
    let (code, signed, errors) = sign(&[line, MESSAGE].concat(), &with_key(&key, &[]));
    assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
    assert_eq!(String::from_utf8(signed), String::from_utf8([line.to_vec(), plain].concat()));
}

#[test]
fn in_a_message_of_crlf_lines_a_bare_lf_is_data() {
    let key = key("rsa1024").display().to_string();
    let signed = |body: &str| {
        let message = format!("From: a@example.com\r\nTo: b@example.net\r\n\r\n{body}");
        let (_, output, _) =
            sign(message.as_bytes(), &with_key(&key, &["--dkim", "simple/simple"]));
        String::from_utf8(output).unwrap().split("\r\n\r\n").next().unwrap().to_owned()
    };
    assert_ne!(signed("a\nb\r\n"), signed("a\r\nb\r\n"));
}

#[test]
fn a_body_larger_than_memory_keeps_comes_through_whole() {
    let key = key("rsa1024").display().to_string();
    let mut message = MESSAGE.to_vec();
    message.extend(b"0123456789abcdef\r0123456789\n".repeat(100_000));
    let (code, output, _) = sign(&message, &with_key(&key, &[]));
    assert_eq!(code, ExitCode::Ok);
    assert!(output.ends_with(&message));
}

#[test]
fn several_keys_sign_in_one_pass_and_a_seal_can_be_left_out() {
    let (rsa, ed25519) =
        (key("rsa1024").display().to_string(), key("ed25519").display().to_string());
    let words = with_key(&rsa, &["--key", &ed25519, "--selector", "ed1", "--domainkeys", "off"]);
    let (code, output, _) = sign(MESSAGE, &words);
    let text = String::from_utf8(output).unwrap();
    assert_eq!(code, ExitCode::Ok);
    assert_eq!(text.matches("DKIM-Signature:").count(), 2, "{text}");
    assert!(text.contains("a=ed25519-sha256") && !text.contains("DomainKey-Signature"), "{text}");
}

#[test]
fn a_message_that_cannot_be_signed_does_not_come_out() {
    let key = key("rsa1024").display().to_string();
    for (message, reason) in [
        (&b"To: b@example.net\n\n"[..], "no-from-field"),
        (b"From: a@example.com\nFrom: b@example.com\n\n", "several-from-fields"),
        (b"", "no-from-field"),
    ] {
        let (code, output, errors) = sign(message, &with_key(&key, &[]));
        assert_eq!((code, output.len()), (ExitCode::Data, 0));
        assert!(errors.contains(reason), "{errors}");
    }
}

#[test]
fn every_mistake_is_named() {
    let (code, _, errors) = sign(MESSAGE, &["--domain", "a b", "--dkim", "nofws", "-x"]);
    assert_eq!(code, ExitCode::Usage);
    for mistake in ["--domain", "--dkim", "-x", "--selector is missing", "--key is missing"] {
        assert!(errors.contains(mistake), "{mistake}: {errors}");
    }
    let (code, _, errors) = sign(MESSAGE, &with_key("/nonexistent/key", &[]));
    assert_eq!(code, ExitCode::Configuration);
    assert!(errors.contains("/nonexistent/key") && errors.contains("cannot be read"), "{errors}");
}

#[test]
fn what_will_break_is_told_and_the_message_written_all_the_same() {
    let key = key("rsa1024").display().to_string();
    let long = [MESSAGE, "x".repeat(999).as_bytes(), b"\n"].concat();
    let (code, output, errors) = sign(&long, &with_key(&key, &["--forecast"]));
    assert!(code == ExitCode::No && output.ends_with(&long), "{code:?}");
    assert!(errors.contains("forecast: ") && errors.contains("(cause=long-line)"), "{errors}");
    assert_eq!(sign(&long, &with_key(&key, &[])), (ExitCode::Ok, output, String::new()));
    let (code, _, errors) = sign(MESSAGE, &with_key(&key, &["--forecast"]));
    assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
}
