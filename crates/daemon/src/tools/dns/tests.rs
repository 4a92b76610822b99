use super::run;
use crate::terminal::testing::called;
use serde_json::Value;
use std::fs;
use tempfile::TempDir;
use twinseal_config::ExitCode;

const CONFIGURATION: &str = "\
socket: inet:8891@localhost
signing:
  - senders: [\"*@example.com\", \"*@*.example.com\"]
    domain: example.com
    keys:
      - { file: KEYS/rsa2048, selector: mail }
      - { file: KEYS/ed25519, selector: ed1 }
  - senders: [\"*@example.org\"]
    domain: example.org
    keys: [{ file: KEYS/rsa2048, selector: mail }]
    domainkeys: off
";

/// A directory with keys and that configuration.
fn place(configuration: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in ["rsa2048", "ed25519"] {
        let from = format!("{}/../../tests/data/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        fs::copy(from, directory.path().join(name)).unwrap();
    }
    let keys = directory.path().display().to_string();
    fs::write(directory.path().join("t.yaml"), configuration.replace("KEYS", &keys)).unwrap();
    directory
}

fn dns(place: &TempDir, words: &[&str]) -> (ExitCode, String, String) {
    let file = place.path().join("t.yaml").display().to_string();
    called(run, &[&["--config", &file], words].concat())
}

#[test]
fn a_zone_gets_a_line_for_each_key_and_each_policy() {
    let (code, output, errors) = dns(&place(CONFIGURATION), &[]);
    assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
    let names: Vec<&str> = output.lines().filter(|line| !line.starts_with(['\t', ';'])).collect();
    let names: Vec<&str> = names.iter().filter_map(|line| line.split('\t').next()).collect();
    let want = [
        "ed1._domainkey.example.com.",
        "mail._domainkey.example.com.",
        "_domainkey.example.com.",
        "",
        "mail._domainkey.example.org.",
    ];
    let mut sorted = names.clone();
    sorted[..2].sort_unstable();
    assert_eq!(sorted, want, "{output}");
    assert!(output.contains("_domainkey.example.com.\tIN\tTXT\t\"o=~\"\n"), "{output}");
    assert!(output.contains("; example.com.\tIN\tTXT\t\"v=spf1 mx ~all\"\n"), "{output}");
    // Trap K10
    assert!(!output.contains(" h=") && !output.contains(" g="), "{output}");
}

#[test]
fn what_is_asked_for_is_there_and_nothing_else() {
    let place = place(CONFIGURATION);
    let words = ["--format", "json", "--domain", "example.com", "--test-mode", "--policy", "all"];
    let more = ["--adsp", "all", "--no-suggestions"];
    let (code, output, errors) = dns(&place, &[&words[..], &more].concat());
    assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
    let records: Vec<Value> = serde_json::from_str(&output).unwrap();
    let text = |purpose: &str| -> Vec<&str> {
        let of = records.iter().filter(|record| record["purpose"] == purpose);
        of.map(|record| record["text"].as_str().unwrap()).collect()
    };
    assert!(text("key").iter().all(|text| text.contains(" t=y; p=")), "{output}");
    assert_eq!(text("key").len(), 2);
    assert_eq!(text("domainkeys-policy"), ["t=y; o=-"]);
    assert_eq!(text("adsp"), ["dkim=all"]);
    assert_eq!(records.len(), 4, "{output}");
    for record in &records {
        let strings = record["strings"].as_array().unwrap();
        let joined: String = strings.iter().map(|string| string.as_str().unwrap()).collect();
        assert_eq!(record["text"], joined.as_str());
        assert!(strings.iter().all(|string| string.as_str().unwrap().len() <= 255));
    }
}

#[test]
fn a_web_form_gets_the_name_and_the_whole_value() {
    let (_, output, _) = dns(&place(CONFIGURATION), &["--format", "plain"]);
    assert!(output.contains("name: mail._domainkey.example.com\ntype: TXT\nvalue: v=DKIM1; "));
    assert!(!output.contains('"') && !output.contains('('), "{output}");
}

#[test]
fn what_cannot_be_told_is_said_and_shows_in_the_end() {
    let open = CONFIGURATION.replace("domain: example.org", "domain: \"*\"");
    let open = open.replace("\"*@example.org\"", "\"*@*.example.org\"");
    let broken = CONFIGURATION.replace("KEYS/ed25519", "KEYS/nowhere");
    for (configuration, words, code, why) in [
        (open.as_str(), &[][..], ExitCode::No, "\"*@*.example.org\" sign as their own domain"),
        (broken.as_str(), &[][..], ExitCode::No, "nowhere"),
        (CONFIGURATION, &["--domain", "example.net"], ExitCode::No, "no rule signs as this domain"),
        (CONFIGURATION, &["--policy", "much"], ExitCode::Usage, "allowed: some, all, none"),
        (CONFIGURATION, &["--format", "xml"], ExitCode::Usage, "allowed: zone, plain, json"),
        (CONFIGURATION, &["--adsp", "maybe"], ExitCode::Usage, "maybe"),
    ] {
        let (found, _, errors) = dns(&place(configuration), words);
        assert_eq!(found, code, "{words:?}: {errors}");
        assert!(errors.contains(why), "{words:?}: {errors}");
    }
}
