use super::{run, sender};
use crate::serve::FileSystem;
use crate::terminal::testing::called;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use twinseal_config::{Config, Door, ExitCode, Request};

/// A configuration with those rules, in a directory with a key.
fn place(rules: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("k");
    fs::write(&key, include_bytes!("../../../../../tests/data/keys/rsa1024.pem")).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let rules = rules.replace("KEYS", &format!("keys: [{{ file: {key:?}, selector: k }}]"));
    let text = format!("socket: inet:8891@127.0.0.1\nrequire-safe-keys: no\nsigning:\n{rules}");
    let file = directory.path().join("t.yaml");
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    (directory, file)
}

fn config(file: &str) -> Config {
    let words = ["--config".into(), file.into()];
    match twinseal_config::serve(Door::Native, words, &FileSystem) {
        Ok(Request::Serve(loaded)) => loaded.config,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_sender_is_one_whom_the_first_rule_signs_for() {
    for (rules, want) in [
        ("- { senders: '*@b.example', domain: b.example, KEYS }\n", Some("postmaster@b.example")),
        (
            "- { senders: ann@b.example, domain: b.example, KEYS }\n\
             - { senders: '*@a.example', domain: a.example, KEYS }\n",
            Some("ann@b.example"),
        ),
        ("- { senders: '*', domain: b.example, KEYS }\n", Some("postmaster@b.example")),
        ("- { senders: '*@*.c.example', domain: c.example, KEYS }\n", None),
    ] {
        let (_directory, file) = place(rules);
        assert_eq!(sender(&config(&file)).as_deref(), want, "{rules}");
    }
}

#[test]
fn it_ends_as_its_help_says() {
    let (directory, file) = place("- { senders: '*@*.c.example', domain: c.example, KEYS }\n");
    let nowhere = directory.path().join("postfix").display().to_string();
    let maildir = directory.path().display().to_string();
    for (words, code, said) in [
        (vec!["--via", "mail"], ExitCode::Usage, "allowed: smtp, sendmail, both"),
        (vec!["--config", "/nowhere"], ExitCode::Configuration, "/nowhere"),
        (vec!["--config", &file], ExitCode::Usage, "name an address with --from"),
        (
            vec!["--config", &file, "--from", "a@b.c.example", "--postfix", &nowhere],
            ExitCode::Unavailable,
            "no Postfix says how it routes selftest.twinseal.invalid",
        ),
        (
            vec![
                "--config",
                &file,
                "--from",
                "a@b.c.example",
                "--to",
                "a@b.c.example",
                "--mailbox",
                &maildir,
            ],
            ExitCode::NoInput,
            "it is a directory, and no Maildir",
        ),
        (
            vec![
                "--config",
                &file,
                "--from",
                "a@b.c.example",
                "--to",
                "a@b.c.example",
                "--via",
                "smtp",
                "--smtp",
                "127.0.0.1:1",
                "--no-dns",
            ],
            ExitCode::Unavailable,
            "",
        ),
    ] {
        let (found, output, errors) = called(run, &words);
        assert_eq!(found, code, "{words:?}: {output}{errors}");
        assert!(errors.contains(said), "{words:?}: {errors}");
        assert_eq!(errors.is_empty(), said.is_empty(), "{words:?}: {errors}");
        if said.is_empty() {
            assert!(output.contains("FAIL") && output.contains("nothing was sent"), "{output}");
        }
    }
    let (code, output, _) = called(run, &["--help"]);
    assert_eq!(code, ExitCode::Ok);
    assert!(output.contains("--sink-port PORT"), "{output}");
}
