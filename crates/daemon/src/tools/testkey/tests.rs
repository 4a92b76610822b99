use super::asked::{Asked, Named};
use super::private::Private;
use super::trouble::{Trouble, check};
use super::{Manner, run, run_as};
use crate::terminal::Terminal;
use crate::terminal::testing::called;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use twinseal_config::{ExitCode, TestedKeys};
use twinseal_dkim::{KeyQuery, LookupFailure, Security, TxtAnswer};
use twinseal_keys::SigningKey;
use twinseal_message::{Domain, Selector};

fn dkim(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    run_as(Manner::Dkim, words, terminal)
}

fn opendkim(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    run_as(Manner::Opendkim, words, terminal)
}

/// A server that nobody runs.
const NOBODY: &str = "--nameserver=127.0.0.1:9";

fn query() -> KeyQuery {
    let (selector, domain) = (Selector::parse("s").unwrap(), Domain::parse("example.com").unwrap());
    KeyQuery::new(&selector, &domain)
}

fn records(texts: &[&str]) -> TxtAnswer {
    let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    TxtAnswer::Records { texts, security: Security::Unproved }
}

/// A key in a file of that mode, and its record.
fn key_file(directory: &Path, name: &str, mode: u32) -> (PathBuf, String) {
    let key = SigningKey::generate_rsa(1024).unwrap();
    let path = directory.join(name);
    fs::write(&path, key.to_pem().unwrap()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (path, key.record().unwrap().to_string())
}

#[test]
fn each_trouble_has_the_words_of_each_program() {
    let opendkim = |name: &str| format!("'s._domainkey.example.com' {name}");
    for (answer, dkim, newer) in [
        (TxtAnswer::NoRecord, "No key", "No key".to_owned()),
        (TxtAnswer::NoName, "No key", opendkim("record not found")),
        (
            TxtAnswer::Failed(LookupFailure::Timeout),
            "Key retrieval failed: no answer from DNS in time",
            opendkim("query timed out"),
        ),
        (
            TxtAnswer::Failed(LookupFailure::ServerFailure),
            "Key retrieval failed: the DNS server failed",
            opendkim("query failed: the DNS server failed"),
        ),
        (
            records(&["p=", "p="]),
            "Multiple DNS replies",
            "multiple DNS replies for 's._domainkey.example.com'".to_owned(),
        ),
        (records(&["v=DKIM1; p="]), "Revoked key", "Revoked key".to_owned()),
        (
            records(&["v=DKIM2; p=AAAA"]),
            "Syntax error: the record's version is \"DKIM2\", not DKIM1",
            "invalid key version 'DKIM2'".to_owned(),
        ),
        (
            records(&["k=dsa; p=AAAA"]),
            "Syntax error: keys of the type \"dsa\" are unknown",
            "unknown key type 'dsa'".to_owned(),
        ),
        (records(&["v=DKIM1"]), "Syntax error: the record holds no key", "key missing".to_owned()),
        (records(&[""]), "Syntax error: the list of tags is empty", "empty key record".to_owned()),
    ] {
        let trouble = check(&answer, None).trouble.unwrap();
        assert_eq!(trouble.words(Manner::Dkim, &query()), dkim);
        assert_eq!(trouble.words(Manner::Opendkim, &query()), newer);
        assert_eq!(trouble.words(Manner::Native, &query()), newer);
    }
}

#[test]
fn a_key_that_nothing_verifies_with_is_not_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let (_, record) = key_file(directory.path(), "key", 0o600);
    for (tags, want) in [("h=sha1; ", "h= leaves out sha256"), ("s=tlsrpt; ", "s= leaves out")] {
        let text = record.replace("k=rsa; ", tags);
        match check(&records(&[&text]), None).trouble {
            Some(Trouble::Useless(why)) => assert!(why.starts_with(want), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    let spoilt = check(&records(&[&record.replace("k=rsa; ", "h=sha256; ")]), None);
    assert_eq!(spoilt.trouble, None);
    assert!(spoilt.domainkeys.unwrap().contains("without sha1"));
    let ed25519 = SigningKey::generate_ed25519().unwrap().record().unwrap().to_string();
    assert_eq!(check(&records(&[&ed25519]), None).domainkeys, None);
}

#[test]
fn the_halves_have_to_belong_together() {
    let directory = tempfile::tempdir().unwrap();
    let (path, record) = key_file(directory.path(), "key", 0o600);
    let (other, _) = key_file(directory.path(), "other", 0o640);
    let junk = directory.path().join("junk");
    fs::write(&junk, "junk").unwrap();
    let look = |path: &Path| {
        let private = Private::load(path).unwrap();
        (check(&records(&[&record]), Some(&private)).trouble, private.is_open_to_others)
    };
    assert_eq!(look(&path), (None, false));
    assert_eq!(look(&other), (Some(Trouble::Differ), true));
    assert!(matches!(look(&junk).0, Some(Trouble::Private(_))));
    let missing = directory.path().join("missing");
    let why = Private::load(&missing).unwrap_err();
    assert_eq!(why, format!("{}: stat(): No such file or directory", missing.display()));
    let why = Private::load(directory.path()).unwrap_err();
    assert!(why.ends_with(": stat(): not a regular file"), "{why}");
}

#[test]
fn the_command_line_decides_before_the_file() {
    let words = ["-d", "example.com", "-vv", "-sone"].iter().map(Into::into).collect();
    let asked = Asked::read(Manner::Opendkim, words).unwrap().unwrap();
    assert_eq!(asked.verbosity, 2);
    let file = TestedKeys {
        domain: Some("file.example".to_owned()),
        key: Some("/k".into()),
        ..TestedKeys::default()
    };
    match asked.named(&file) {
        Named::Key { domain, selector, key } => {
            assert_eq!((domain.as_str(), selector.as_str()), ("example.com", "one"));
            assert_eq!(key, Some(PathBuf::from("/k")));
        }
        Named::Wrong(_) | Named::Nothing => panic!("it is named"),
    }
}

#[test]
fn mistakes_of_the_command_line_end_as_they_did() {
    let (code, output, errors) = called(dkim, &["-d", "example.com"]);
    assert_eq!((code, output.as_str()), (ExitCode::Configuration, ""));
    assert!(errors.starts_with("twinseal: usage: twinseal [options]\n\t-d domain"), "{errors}");
    assert_eq!(errors.lines().count(), 4);
    for (words, want) in [
        (&["-v", "-d", "example.com"][..], "invalid option -- 'v'"),
        (&["-d"], "option requires an argument -- 'd'"),
        (&["--domain", "x"], "unrecognized option '--domain'"),
        (&["-d", "a b", "-s", "x"], "\"a b\" is no domain name: "),
    ] {
        let (code, _, errors) = called(dkim, words);
        assert_eq!(code, ExitCode::Configuration, "{words:?}");
        assert!(errors.starts_with(&format!("twinseal: {want}")), "{words:?}: {errors}");
    }
    for words in [&[][..], &["word"], &["--domain", "example.com"], &["--nameserver", "x"]] {
        assert_eq!(called(run, words).0, ExitCode::Usage, "{words:?}");
    }
    assert!(called(run, &["--help"]).1.starts_with("usage: twinseal testkey"));
}

#[test]
fn what_keeps_a_key_from_being_read_is_told_before_dns_is_asked() {
    let words = ["-d", "example.com", "-s", "s", "-k", "/nonexistent", NOBODY];
    let (code, output, errors) = called(opendkim, &words);
    assert_eq!((code, output.as_str()), (ExitCode::System, ""));
    assert_eq!(errors, "twinseal: /nonexistent: stat(): No such file or directory\n");
    let (code, _, errors) = called(opendkim, &["-x", "/nonexistent", NOBODY]);
    assert_eq!(code, ExitCode::Configuration);
    assert!(errors.contains("/nonexistent"), "{errors}");
}
