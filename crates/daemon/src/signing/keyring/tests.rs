use super::{Former, Keyring, PARSED_AT_START, Parse, load, mistakes};
use crate::serve::FileSystem;
use crate::signing::directory::{Directory, Purpose};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use twinseal_config::mistake::MAX_KEPT;
use twinseal_config::{Config, Door, Loaded, Mistakes, Request};
use twinseal_message::Mailbox;

const PEM: &[u8] = include_bytes!("../../../../../tests/data/keys/rsa1024.pem");
/// A frame that holds no key.
const DAMAGED: &[u8] = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

/// A directory with so many keys, the last of which is damaged, and a rule for each of them.
fn scratch(count: usize, more: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut text =
        format!("socket: inet:8891@127.0.0.1\nmode: s\nrequire-safe-keys: no\n{more}signing:\n");
    for number in 0..count {
        let octets = if number + 1 == count { DAMAGED } else { PEM };
        let key = directory.path().join(format!("key{number}"));
        fs::write(&key, octets).unwrap();
        text.push_str(&format!(
            "- {{senders: '*@d{number}.example', domain: d{number}.example, keys: [{{file: {key:?}}}]}}\n"
        ));
    }
    fs::write(directory.path().join("twinseal.yaml"), text).unwrap();
    directory
}

fn read(directory: &Path) -> Result<Box<Loaded>, Mistakes> {
    let words = ["--config".into(), directory.join("twinseal.yaml").into()];
    let Request::Serve(loaded) = twinseal_config::serve(Door::Native, words, &FileSystem)? else {
        panic!("to serve was asked for");
    };
    Ok(loaded)
}

fn config(directory: &Path) -> Config {
    read(directory).unwrap().config
}

/// The selectors of the keys that sign for that rule, or why nothing does.
fn signs(keyring: &Keyring, config: &Config, index: usize) -> Result<Vec<String>, String> {
    let rule = config.rules.iter().nth(index).unwrap();
    let keys = keyring.of_rule(index, rule).map_err(|error| error.to_string())?;
    Ok(keys.iter().map(|key| key.selector.to_string()).collect())
}

#[test]
fn of_few_keys_a_damaged_one_stops_the_start() {
    let directory = scratch(PARSED_AT_START, "");
    let config = config(directory.path());
    let error = load(&config, &[], Parse::WhenNeeded, |_| {}).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("twinseal.yaml:104: ") && error.contains("/key99: the PEM"), "{error}");
}

#[test]
fn of_many_keys_each_is_parsed_when_it_is_needed() {
    let directory = scratch(PARSED_AT_START + 1, "");
    let config = config(directory.path());
    let keyring = load(&config, &[], Parse::WhenNeeded, |_| {}).unwrap();
    // The files are not needed again: they belong to the user who started us.
    for number in 0..=PARSED_AT_START {
        fs::remove_file(directory.path().join(format!("key{number}"))).unwrap();
    }
    assert_eq!(signs(&keyring, &config, 7).unwrap(), ["key7"]);
    let rule = config.rules.iter().nth(7).unwrap();
    let twice = [7, 7].map(|index| keyring.of_rule(index, rule).unwrap());
    assert!(Arc::ptr_eq(&twice[0][0].key, &twice[1][0].key), "it is parsed once");
    let error = signs(&keyring, &config, PARSED_AT_START).unwrap_err();
    assert!(error.contains("twinseal.yaml:105: ") && error.contains("/key100: the PEM"), "{error}");
}

#[test]
fn a_check_parses_all_keys_however_many_they_are() {
    let directory = scratch(PARSED_AT_START + 1, "");
    let config = config(directory.path());
    let error = load(&config, &[], Parse::Now, |_| {}).unwrap_err().to_string();
    assert!(error.contains("/key100: the PEM block holds no key"), "{error}");
}

#[test]
fn a_file_that_is_no_key_file_stops_the_start_among_many_too() {
    let directory = scratch(PARSED_AT_START + 300, "");
    fs::write(directory.path().join("key3"), "no key").unwrap();
    fs::remove_file(directory.path().join("key5")).unwrap();
    let config = config(directory.path());
    let error = load(&config, &[], Parse::WhenNeeded, |_| {}).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 2, "{error}");
    assert!(error.contains("/key3: no PEM block") && error.contains("/key5: the key cannot be"));
    for number in 0..PARSED_AT_START + 200 {
        fs::write(directory.path().join(format!("key{number}")), "no key").unwrap();
    }
    let error = load(&config, &[], Parse::WhenNeeded, |_| {}).unwrap_err().to_string();
    assert_eq!(error.lines().count(), MAX_KEPT + 1, "{error}");
    assert!(error.ends_with("and 200 mistakes more"), "{error}");
}

#[test]
fn keys_of_a_wrong_configuration_are_looked_at() {
    let directory = scratch(3, "umask: 9\n");
    let named = read(directory.path()).unwrap_err();
    let lines = mistakes(named.keys(), &Former::default());
    assert!(lines.len() == 1 && lines[0].contains("/key2: the PEM block holds no"), "{lines:?}");
    // Of many, only the frame.
    let directory = scratch(PARSED_AT_START + 1, "umask: 9\n");
    fs::write(directory.path().join("key3"), "no key").unwrap();
    let lines = mistakes(read(directory.path()).unwrap_err().keys(), &Former::default());
    assert!(lines.len() == 1 && lines[0].contains("/key3: no PEM block"), "{lines:?}");
}

#[test]
fn what_is_said_about_kinds_of_keys_is_said_where_they_are_known() {
    let directory = scratch(2, "");
    let ed25519 = twinseal_keys::SigningKey::generate_ed25519().unwrap().to_pem().unwrap();
    fs::write(directory.path().join("key1"), ed25519).unwrap();
    let config = config(directory.path());
    let mut warnings = Vec::new();
    load(&config, &[], Parse::WhenNeeded, |warning| warnings.push(warning)).unwrap();
    warnings.retain(|warning| !warning.contains("not safe"));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("twinseal.yaml:6: none of its keys is an RSA key"),
        "{warnings:?}"
    );
}

#[test]
fn without_any_key_that_can_make_a_seal_nothing_starts() {
    let ed25519 = twinseal_keys::SigningKey::generate_ed25519().unwrap().to_pem().unwrap();
    for (more, rsa, starts) in [
        ("dkim: off\n", None, false),
        ("dkim: off\n", Some(1), true),
        ("domainkeys: off\n", None, true),
        ("", None, true),
    ] {
        let directory = scratch(3, more);
        for number in 0..3 {
            let octets = if rsa == Some(number) { PEM } else { &ed25519 };
            fs::write(directory.path().join(format!("key{number}")), octets).unwrap();
        }
        let config = config(directory.path());
        let loaded = load(&config, &[], Parse::WhenNeeded, |_| {});
        assert_eq!(loaded.is_ok(), starts, "{more:?} {rsa:?}");
        if let Err(error) = loaded {
            let want = "twinseal.yaml:6: no key here is an RSA key, and DomainKeys takes no other";
            assert!(error.to_string().contains(want), "{error}");
        }
    }
    // What is not known is no mistake; a check knows.
    let directory = scratch(PARSED_AT_START + 1, "dkim: off\n");
    for number in 0..=PARSED_AT_START {
        fs::write(directory.path().join(format!("key{number}")), &ed25519).unwrap();
    }
    let config = config(directory.path());
    load(&config, &[], Parse::WhenNeeded, |_| {}).unwrap();
    let error = load(&config, &[], Parse::Now, |_| {}).unwrap_err().to_string();
    assert!(error.contains("nothing could be signed"), "{error}");
}

#[tokio::test]
async fn who_only_wants_to_tell_does_not_touch_a_key() {
    let directory = scratch(PARSED_AT_START + 1, "");
    let config = config(directory.path());
    let keyring = load(&config, &[], Parse::WhenNeeded, |_| {}).unwrap();
    let directory = Directory::from_files(config.rules.clone(), keyring);
    let address = Mailbox::first(b"a@d100.example").unwrap();
    let order = directory.order(&address, Purpose::Tell).await.unwrap().unwrap();
    assert!(order.keys.is_empty() && order.domain.as_str() == "d100.example");
    let error = directory.order(&address, Purpose::Sign).await.unwrap_err().to_string();
    assert!(error.contains("/key100: the PEM block holds no key"), "{error}");
}
