//! The keys that are made, under each name of what makes them: a name server takes their records as
//! they are printed, and verifiers that others wrote confirm what is signed with the keys.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use twinseal_e2e::judges::{Seal, ask_all};
use twinseal_e2e::message::with_crlf;
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::tools::{ours, run, theirs};

const DOMAIN: &str = "keys.example";
const MESSAGE: &[u8] = b"From: ann@keys.example\nTo: bob@example.net\nSubject: x\n\nHello.\n";

/// A way to make a key.
struct Form {
    program: &'static str,
    words: &'static str,
    selector: &'static str,
    algorithm: &'static str,
    /// Whether verifiers of DomainKeys take it.
    domainkeys: bool,
}

const fn rsa(program: &'static str, selector: &'static str, words: &'static str) -> Form {
    Form { program, words, selector, algorithm: "rsa-", domainkeys: true }
}

const FORMS: &[Form] = &[
    rsa("twinseal", "n1", "--bits 1024"),
    rsa("twinseal", "n2", "--test-mode"),
    Form { domainkeys: false, ..rsa("twinseal", "n4", "--bits 4096") },
    Form { algorithm: "ed25519-", domainkeys: false, ..rsa("twinseal", "ed", "--type ed25519") },
    rsa("dkim-genkey", "d1", "-r -t"),
    rsa("dkim-genkey", "d2", "-b 2048 -S -h sha1:sha256 -n note"),
    rsa("opendkim-genkey", "o1", "-b 1024 -tr"),
    rsa("opendkim-genkey", "o2", "--append-domain --note words"),
];

impl Form {
    /// Makes the key in that directory.
    fn make(&self, directory: &Path, scratch: &Scratch) {
        let place = directory.display().to_string();
        let words = self.words.split(' ').filter(|word| !word.is_empty());
        let mut all: Vec<&str> = match self.program {
            "twinseal" => {
                vec!["genkey", "--directory", &place, "--domain", DOMAIN, "--selector"]
            }
            _ => vec!["-D", &place, "-d", DOMAIN, "-s"],
        };
        all.push(self.selector);
        all.extend(words);
        let said = run(&ours(self.program, scratch), &all, b"");
        assert_eq!(said.code, Some(0), "{all:?}: {said:?}");
    }

    fn file(&self, directory: &Path, extension: &str) -> PathBuf {
        directory.join(format!("{}.{extension}", self.selector))
    }

    /// A message that is signed with it.
    fn signed(&self, directory: &Path) -> Vec<u8> {
        let key = self.file(directory, "private").display().to_string();
        let words = ["sign", "--domain", DOMAIN, "--selector", self.selector, "--key", &key];
        let signed = program::run(&words, MESSAGE);
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
        with_crlf(&signed.stdout)
    }
}

#[test]
fn every_record_is_taken_by_a_name_server_as_it_is_printed() {
    let scratch = Scratch::new("genkey-dns");
    let directory = scratch.dir("made");
    let mut lines = String::new();
    for form in FORMS {
        form.make(&directory, &scratch);
        lines += &fs::read_to_string(form.file(&directory, "txt")).unwrap();
        let mode = form.file(&directory, "private").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let server = Nameserver::start(&[Zone { name: DOMAIN.to_owned(), lines }], &scratch);
    let message =
        |form: &Form| scratch.write(&format!("{}.eml", form.selector), form.signed(&directory));
    let messages: Vec<PathBuf> = FORMS.iter().map(message).collect();
    for (judge, lists) in ask_all(&server, &messages, &scratch) {
        for (form, verdicts) in FORMS.iter().zip(&lists) {
            let said = |seal| verdicts.iter().find(|verdict| verdict.seal == seal);
            if judge.can_judge(Seal::Dkim, form.algorithm) {
                let verdict = said(Seal::Dkim);
                assert!(
                    verdict.is_some_and(|one| one.pass),
                    "{judge} {}: {verdict:?}",
                    form.selector
                );
            }
            if form.domainkeys && judge.can_judge(Seal::DomainKeys, form.algorithm) {
                let verdict = said(Seal::DomainKeys);
                assert!(
                    verdict.is_some_and(|one| one.pass),
                    "{judge} {}: {verdict:?}",
                    form.selector
                );
            }
        }
    }
    let server_word = format!("127.0.0.1:{}", server.port());
    for form in FORMS {
        let key = form.file(&directory, "private").display().to_string();
        let words = ["testkey", "-d", DOMAIN, "-s", form.selector, "-k", &key];
        let words = [&words[..], &["--nameserver", &server_word]].concat();
        let said = run(&program::path(), &words, b"");
        assert_eq!((said.code, said.output.as_str()), (Some(0), "twinseal: key OK\n"), "{said:?}");
        let words = ["testselector", "--nameserver", &server_word, form.selector, DOMAIN];
        let code = run(&program::path(), &words, b"").code;
        assert_eq!(code, Some(i32::from(!form.domainkeys)), "{}", form.selector);
    }
}

#[test]
fn keys_are_read_by_openssl() {
    let scratch = Scratch::new("genkey-pem");
    for form in FORMS {
        form.make(scratch.path(), &scratch);
        let checked = Command::new("openssl")
            .args(["pkey", "-noout", "-check", "-in"])
            .arg(form.file(scratch.path(), "private"))
            .output()
            .expect("openssl");
        let said = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success() && said.contains("valid"), "{said}");
    }
}

/// The text of a record with nothing where the key stands, line ends and all.
fn without_key(record: &str) -> String {
    let (before, rest) = record.split_once("\"p=").expect("a key");
    let (_, after) = rest.split_once("\" )").expect("its end");
    let lines = rest.matches("\n\t  \"").count();
    format!("{before}\"p={lines}\" ){after}")
}

#[test]
fn records_have_the_shape_that_opendkim_genkey_gives_them() {
    let scratch = Scratch::new("genkey-shape");
    let cases: &[&[&str]] = &[
        &[],
        &["-b", "1024", "-d", "a.example"],
        &["-a", "-d", "a.example", "-s", "default"],
        &["-tr", "-h", "sha1:sha256"],
        &["--testmode", "--nosubdomains", "--restrict", "--note=a note"],
        &["-S", "-b4096"],
        &["--notestmode", "--subdomains", "-d", ""],
    ];
    for (number, words) in cases.iter().enumerate() {
        let made = |tool: &Path, name: &str| {
            let directory = scratch.dir(&format!("{name}{number}"));
            let said = run(tool, &[&["-D", directory.to_str().unwrap()], *words].concat(), b"");
            assert_eq!((said.code, said.output.as_str()), (Some(0), ""), "{words:?}: {said:?}");
            let file = directory.join("default.txt");
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            without_key(&fs::read_to_string(file).unwrap())
        };
        let real = made(&theirs("opendkim-genkey"), "theirs");
        // Debian's build limits a key to SHA-256 unless told otherwise, which spoils it for
        // DomainKeys (trap K10).
        let real = real.replace(" h=sha256;", "");
        assert_eq!(made(&ours("opendkim-genkey", &scratch), "ours"), real, "{words:?}");
    }
}

#[test]
fn no_door_overwrites_a_key() {
    let scratch = Scratch::new("genkey-twice");
    for (program, words) in [
        ("twinseal", &["genkey", "--domain", DOMAIN, "--selector", "default", "--directory"][..]),
        ("dkim-genkey", &["-D"]),
        ("opendkim-genkey", &["-D"]),
    ] {
        let directory = scratch.dir(program);
        let words = [words, &[directory.to_str().unwrap()]].concat();
        let tool = ours(program, &scratch);
        assert_eq!(run(&tool, &words, b"").code, Some(0));
        let before = fs::read(directory.join("default.private")).unwrap();
        fs::remove_file(directory.join("default.txt")).unwrap();
        let said = run(&tool, &words, b"");
        let want = if program == "twinseal" { 69 } else { 1 };
        assert_eq!(said.code, Some(want), "{said:?}");
        let told = if program == "dkim-genkey" { said.output } else { said.errors };
        assert!(told.contains("default.private: the file exists"), "{program}: {told}");
        assert_eq!(fs::read(directory.join("default.private")).unwrap(), before);
        assert!(!directory.join("default.txt").exists());
    }
}

#[test]
fn the_old_names_are_commands_too() {
    let said = run(&program::path(), &["dkim-genkey", "-z"], b"");
    assert_eq!((said.code, said.output.as_str()), (Some(1), "dkim-genkey: unknown flag -z\n"));
    let said = run(&program::path(), &["opendkim-genkey", "--what"], b"");
    assert_eq!(said.code, Some(1));
    assert!(said.errors.starts_with("opendkim-genkey: unknown option: what\n"), "{said:?}");
    assert_eq!(run(&program::path(), &["opendkim-atpszone"], b"").code, Some(64));
}
