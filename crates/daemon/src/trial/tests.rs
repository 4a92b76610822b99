use crate::command;
use crate::terminal::Terminal;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use twinseal_config::ExitCode;

fn data(path: &str) -> String {
    format!("{}/../../tests/data/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// A directory with a configuration that takes keys from a file.
struct Place(TempDir);

impl Place {
    fn new(more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = data("keys/records.txt");
        let text = format!("TestPublicKeys {keys}\n{more}");
        fs::write(directory.path().join("c"), text).unwrap();
        Self(directory)
    }

    fn file(&self, name: &str, octets: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.0.path().join(name);
        fs::write(&path, octets).unwrap();
        path.display().to_string()
    }

    /// The program's end, and what it printed.
    fn run(&self, words: &[&str], input: &[u8]) -> (ExitCode, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let mut input = input;
        let mut terminal = Terminal {
            program: crate::PROGRAM,
            input: &mut input,
            output: &mut output,
            errors: &mut errors,
        };
        let configuration = self.0.path().join("c").display().to_string();
        let words = ["-x", &configuration].into_iter().chain(words.iter().copied());
        let words = words.map(Into::into).collect();
        let code = command::run(OsStr::new("dkim-filter"), words, &mut terminal);
        (code, String::from_utf8(output).unwrap(), String::from_utf8(errors).unwrap())
    }
}

/// A signed message, with lines that end in LF.
fn signed() -> Vec<u8> {
    let octets = fs::read(data("verify/pass-simple-simple.eml")).unwrap();
    String::from_utf8(octets).unwrap().replace("\r\n", "\n").into_bytes()
}

#[test]
fn what_arrives_is_verified_and_the_result_told_as_it_always_was() {
    let place = Place::new("");
    let path = place.file("m", signed());
    let (code, output, errors) = place.run(&["-t", &path], b"");
    assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
    let want = "verification (s=rsa2048, d=example.com, 2048-bit key) succeeded";
    assert_eq!(output, format!("dkim-filter: {path}: {want}\n"));

    let changed = [signed().as_slice(), b"more\n"].concat();
    let (code, output, _) = place.run(&["-t", "-"], &changed);
    assert_eq!(code, ExitCode::Ok);
    let want = "dkim-filter: -: verification (s=rsa2048 d=example.com, 2048-bit key) failed: ";
    assert!(output.starts_with(want), "{output}");

    let unknown = String::from_utf8(signed()).unwrap().replace("s=rsa2048", "s=nobody");
    let (_, output, _) = place.run(&["-t", "-"], unknown.as_bytes());
    let want = "dkim-filter: -: verification (s=nobody d=example.com) failed: ";
    assert!(output.starts_with(want), "{output}");

    let (code, output, _) = place.run(&["-t", "-"], b"From: a@example.com\n\nx\n");
    assert_eq!((code, output.as_str()), (ExitCode::Ok, "dkim-filter: -: message not signed\n"));
}

#[test]
fn the_decision_is_the_one_of_the_daemon() {
    let place = Place::new("On-BadSignature reject\nOn-NoSignature tempfail\n");
    let changed = [signed().as_slice(), b"more\n"].concat();
    let (code, output, _) = place.run(&["-v", "-t", "-"], &changed);
    assert_eq!(code, ExitCode::Ok);
    assert!(output.contains("-: the message is refused: 550 5.7.0 "), "{output}");
    let (_, output, _) = place.run(&["-v", "-t", "-"], b"From: a@example.com\n\nx\n");
    assert!(output.contains("-: message not signed\n"), "{output}");
    assert!(output.contains("-: the message is refused: 451 4.7.0 "), "{output}");
    // A result in our name is forged.
    let forged = [b"Authentication-Results: DEBUG-j; dkim=pass\n".as_slice(), &signed()].concat();
    let (_, output, _) = place.run(&["-v", "-t", "-"], &forged);
    assert!(output.contains("-: removed: Authentication-Results number 1\n"), "{output}");
    assert!(output.contains(" added at 0: Authentication-Results: DEBUG-j; dkim=pass"), "{output}");
    assert!(output.contains("-: the message is accepted\n"), "{output}");
}

#[test]
fn what_leaves_is_signed_at_the_time_that_is_given() {
    let place = Place::new("Mode s\nDomain example.com\nSelector rsa2048\n");
    let key = data("keys/rsa2048.pem");
    let message = b"From: a@example.com\nSubject: x\n\nHello.\n";
    let words = ["-k", &key, "-F", "1700000000", "-t", "-"];
    let (code, output, errors) = place.run(&words, message);
    assert_eq!(code, ExitCode::Ok, "{errors}");
    assert!(output.starts_with("dkim-filter: -:\nDKIM-Signature: v=1; "), "{output}");
    assert!(output.contains("t=1700000000;") && !output.contains('\r'), "{output}");
    // What was signed is what is verified.
    let field = output.split_once('\n').unwrap().1;
    let whole = [field.as_bytes(), message].concat();
    let (_, output, _) = Place::new("").run(&["-t", "-"], &whole);
    assert!(output.ends_with("(s=rsa2048, d=example.com, 2048-bit key) succeeded\n"), "{output}");
    // Of another domain, nothing follows.
    let (_, output, _) = place.run(&words, b"From: a@example.net\n\nx\n");
    assert_eq!(output, "dkim-filter: -: no action\n");
}

#[test]
fn what_cannot_be_tried_has_its_exit_code_and_the_others_are_tried() {
    let place = Place::new("");
    let strict = Place::new("StrictTestMode yes\n");
    let good = place.file("good", signed());
    let (code, output, errors) = place.run(&["-t", &format!("/none,{good}")], b"");
    assert_eq!(code, ExitCode::Unavailable);
    assert!(errors.starts_with("dkim-filter: /none: "), "{errors}");
    assert!(output.ends_with("succeeded\n"), "{output}");
    for (place, input, code, why) in [
        (&place, b"no field\n".as_slice(), ExitCode::Data, "there is no header field in it"),
        (&place, b"A: b\nno field\n", ExitCode::Data, "line 2 is no header field"),
        (&strict, b"A: b\r\n\nx\r\n", ExitCode::Data, "line 2 does not end in CRLF"),
        (&strict, b"A: b\r\n\r\nx\r\n", ExitCode::Ok, ""),
    ] {
        let (found, _, errors) = place.run(&["-t", "-"], input);
        assert_eq!(found, code, "{errors}");
        assert!(errors.contains(why), "{errors}");
    }
    let (code, _, errors) = place.run(&["-t", "-", "-F", "now"], b"");
    assert_eq!(code, ExitCode::Usage, "{errors}");
    let (code, _, errors) = place.run(&["-t", "-", "-b", "s"], b"");
    assert_eq!(code, ExitCode::Configuration, "{errors}");
}
