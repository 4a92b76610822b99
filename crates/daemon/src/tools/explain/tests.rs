use super::run;
use crate::terminal::testing::called;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use tempfile::TempDir;
use twinseal_config::ExitCode;

/// A directory with keys and a configuration.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new(configuration: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Self { directory };
        for name in ["rsa2048", "ed25519"] {
            let from = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/keys/");
            place.write(name, &fs::read_to_string(format!("{from}{name}.pem")).unwrap());
        }
        place.write("broken", "no key\n");
        let keys = place.directory.path().display().to_string();
        place.write("t.yaml", &configuration.replace("KEYS", &keys));
        place
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// How the tool ends, and what it prints and complains of.
    fn explain(&self, words: &str) -> (ExitCode, String, String) {
        let place = self.directory.path().display().to_string();
        let words = words.replace("PLACE", &place);
        let words: Vec<&str> = words.split_whitespace().collect();
        let (code, output, errors) = called(run, &words);
        let shown = |text: String| text.replace(&place, "PLACE");
        (code, shown(output), shown(errors))
    }

    /// The same from the configuration; the last lines.
    fn verdict(&self, words: &str) -> (ExitCode, String) {
        let (code, output, errors) = self.explain(&format!("{words} --config PLACE/t.yaml"));
        let (_, last) = output.rsplit_once("\n\n").unwrap_or_else(|| panic!("{errors}"));
        (code, last.to_owned())
    }
}

const CONFIGURATION: &str = "\
socket: inet:8891@127.0.0.1
internal-hosts: [127.0.0.1, 10.0.0.0/8, \"!10.1.0.0/16\"]
internal-daemons: [MSA]
internal-macros: [\"client_ok=yes\"]
peers: [192.0.2.99]
unsigned-recipients: [\"*@lists.example\"]
signing:
  - senders: [\"*@*.example.com\"]
    domain: example.com
    keys: [{ file: KEYS/rsa2048, selector: mail2 }]
  - senders: [\"ann@example.com\"]
    domain: example.com
    keys: [{ file: KEYS/rsa2048, selector: mail2 }, { file: KEYS/ed25519, selector: ed }]
  - senders: [\"*@ed.example\"]
    domain: ed.example
    keys: [{ file: KEYS/ed25519, selector: ed }]
  - senders: [\"*@broken.example\"]
    domain: broken.example
    keys: [{ file: KEYS/broken, selector: b }]
  - senders: [\"*@one.example\"]
    domain: one.example
    keys: [{ file: KEYS/rsa2048, selector: one }]
    domainkeys: off
";

#[test]
fn the_last_line_of_each_seal_says_what_becomes_of_it() {
    let place = Place::new(CONFIGURATION);
    let made = "DKIM: signed as d=example.com s=mail2";
    let verified = "the message is verified: signatures that it has are checked\n";
    for (words, code, want) in [
        (
            "ann@m.example.com",
            ExitCode::Ok,
            format!("{made}\nDomainKeys: signed as d=example.com s=mail2\n"),
        ),
        (
            "ann@example.com --client 192.0.2.1 --auth ann",
            ExitCode::Ok,
            format!("{made}, d=example.com s=ed\nDomainKeys: signed as d=example.com s=mail2\n"),
        ),
        (
            "x@ed.example --client 192.0.2.1 --daemon-name msa",
            ExitCode::No,
            "DKIM: signed as d=ed.example s=ed\nDomainKeys: not signed (reason=key-not-rsa): \
             DomainKeys needs an RSA key, and the rule has none\n"
                .to_owned(),
        ),
        (
            "x@one.example --client 192.0.2.1 --macro {client_ok}=yes",
            ExitCode::Ok,
            "DKIM: signed as d=one.example s=one\nDomainKeys: off\n".to_owned(),
        ),
        (
            "x@one.example --client 10.1.2.3 --host pc.example.net",
            ExitCode::No,
            format!(
                "{verified}DKIM: not signed (reason=external-host): external host pc.example.net \
                 [10.1.2.3] attempted to send as one.example\nDomainKeys: off\n"
            ),
        ),
        (
            "ann@m.example.com --sender x@other.example",
            ExitCode::No,
            format!(
                "{made}\nDomainKeys: not signed (reason=no-signing-rule): no signing rule matches \
                 x@other.example\n"
            ),
        ),
    ] {
        assert_eq!(place.verdict(words), (code, want), "{words}");
    }
}

#[test]
fn what_keeps_both_seals_from_being_made_is_said_of_both() {
    let place = Place::new(CONFIGURATION);
    for (words, want) in [
        (
            "x@broken.example",
            "(reason=key-unusable): PLACE/t.yaml:19: PLACE/broken: no PEM block in it: it begins \
             with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----",
        ),
        (
            "ann@m.example.com --recipient a@b.example --recipient x@lists.example",
            "(reason=recipient-excluded): mail to x@lists.example is left unsigned",
        ),
        (
            "ann@m.example.com --client 192.0.2.99 --auth ann",
            "(reason=peer): mail of this client is none of our business",
        ),
    ] {
        let want = format!("DKIM: not signed {want}\nDomainKeys: not signed {want}\n");
        assert_eq!(place.verdict(words), (ExitCode::No, want), "{words}");
    }
}

#[test]
fn each_step_and_what_would_have_to_differ_is_told() {
    let place = Place::new(CONFIGURATION);
    for (words, want) in [
        (
            "a@example.com",
            "PLACE/t.yaml:11 comes nearest of those that do not match: ann@example.com; the domain",
        ),
        (
            "a@exmaple.com",
            "nearest of those that do not match: ann@example.com; its domain is spelled with 2 other",
        ),
        (
            "a@ed.example",
            "ours by internal host: yes, localhost [127.0.0.1] is in internal-hosts: 127.0.0.1 (PLACE/t.yaml:2)",
        ),
        (
            "a@ed.example --client 10.1.0.1",
            "unknown [10.1.0.1] is kept out of internal-hosts by !10.1.0.0/16 (PLACE/t.yaml:2)",
        ),
        (
            "a@ed.example --client 192.0.2.1",
            "list the client in internal-hosts, or have it authenticate",
        ),
        ("a@ed.example --client 192.0.2.1", "ours by authentication: no, it has not"),
        (
            "a@ed.example --daemon-name MTA",
            "ours by daemon name: no, \"MTA\" is not one of internal-daemons, which has MSA (PLACE/t.yaml:3)",
        ),
        (
            "a@ed.example --daemon-name MSA",
            "ours by daemon name: yes, MSA is one of internal-daemons (PLACE/t.yaml:3)",
        ),
        (
            "a@ed.example --macro client_ok=no",
            "ours by macros: no, client_ok is \"no\", which does not count (internal-macros, PLACE/t.yaml:4)",
        ),
        (
            "a@ed.example --client 192.0.2.99",
            "peer: yes, by 192.0.2.99 (PLACE/t.yaml:5): it is let through",
        ),
        ("a@ed.example", "DKIM: key ed of PLACE/t.yaml:16, PLACE/ed25519: it can be used: Ed25519"),
        (
            "a@m.example.com",
            "DKIM: key mail2 of PLACE/t.yaml:10, PLACE/rsa2048: it can be used: RSA, 2048 bits",
        ),
        ("a@m.example.com", "DKIM: a=rsa-sha256, c=relaxed/simple, d=example.com, s=mail2\n"),
        ("a@m.example.com", "DKIM: signs, where they are there: from sender reply-to"),
        (
            "a@m.example.com",
            "DomainKeys: rules and keys are those of DKIM\nDomainKeys: a=rsa-sha1, c=nofws",
        ),
        ("a@m.example.com --sender b@one.example", "DomainKeys: this seal is switched off"),
    ] {
        let (_, output, errors) = place.explain(&format!("{words} --config PLACE/t.yaml"));
        assert!(output.contains(want), "{words}: {want:?} is not in\n{output}{errors}");
    }
}

#[test]
fn json_has_the_members_that_are_promised() {
    let place = Place::new(CONFIGURATION);
    let (code, output, errors) = place.explain("ann@example.com --json --config PLACE/t.yaml");
    assert_eq!(code, ExitCode::Ok, "{errors}");
    let answer: Value = serde_json::from_str(&output).unwrap();
    let page = include_str!("../../../../../docs/explain.md");
    let mut names = Vec::new();
    members(&answer, &mut names);
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "docs/explain.md lacks {name}");
    }
    assert_eq!(answer["seals"][0]["rules"][0]["pattern"], "ann@example.com");
    assert_eq!(answer["seals"][0]["signatures"][1]["algorithm"], "ed25519-sha256");
    assert_eq!(answer["seals"][1]["keys"][0]["bits"], 2048);
    assert_eq!(answer["steps"][2]["entry"]["entry"], "127.0.0.1");
}

/// The names of all members.
fn members(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            names.push(name.clone());
            members(value, names);
        }),
        Value::Array(list) => list.iter().for_each(|value| members(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_program_whose_configuration_it_is_has_its_own_words() {
    let place = Place::new("");
    place.write("hosts", "192.0.2.0/24\n");
    place.write(
        "f.conf",
        &format!(
            "Socket inet:8891@127.0.0.1\nDomain example.com\nSelector s\nKeyFile {}\nInternalHosts \
             {}\n",
            place.path("rsa2048").display(),
            place.path("hosts").display()
        ),
    );
    let (code, output, errors) = place.explain("a@example.com -- dkim-filter -x PLACE/f.conf");
    assert_eq!(code, ExitCode::No, "{errors}");
    for want in [
        "is in no entry of InternalHosts (",
        "the client in InternalHosts, or",
        "DomainKeys: off\n",
        "no name counts: MTA is not set",
    ] {
        assert!(output.contains(want), "{want:?} is not in\n{output}");
    }
    let key = place.path("rsa2048").display().to_string();
    let words = format!("a@m.example.com -- dk-filter -p /s -d example.com -s {key} -S s");
    let (code, output, errors) = place.explain(&words);
    assert_eq!(code, ExitCode::No, "{errors}");
    let want = "m.example.com is not in the list of domains beside it: example.com is, and what";
    assert!(output.contains(want), "{output}");
}

#[test]
fn a_wrong_command_line_and_a_wrong_configuration_have_their_codes() {
    let place = Place::new("mode: x\n");
    for (words, code) in [
        ("", ExitCode::Usage),
        ("a@b.example --config PLACE/t.yaml", ExitCode::Configuration),
        ("a@b.example --config PLACE/nothing.yaml", ExitCode::Configuration),
        ("--help", ExitCode::Ok),
    ] {
        let (found, output, errors) = place.explain(words);
        assert_eq!(found, code, "{words}: {output}{errors}");
    }
}

/// The blocks of a page that are set off.
fn blocks(page: &str) -> Vec<&str> {
    let parts: Vec<&str> = page.split("```").collect();
    parts.chunks(2).filter_map(|pair| pair.get(1)?.split_once('\n').map(|(_, text)| text)).collect()
}

#[test]
fn the_example_of_the_page_is_what_is_printed() {
    let page = include_str!("../../../../../docs/explain.md");
    let blocks = blocks(page);
    let place = Place::new("");
    fs::create_dir(place.path("keys")).unwrap();
    place.write("keys/mail2", &fs::read_to_string(place.path("rsa2048")).unwrap());
    let key = place.path("keys/mail2").display().to_string();
    place.write("twinseal.yaml", &blocks[1].replace("keys/mail2", &key));
    let (_, output, errors) = place.explain("ann@example.com --config PLACE/twinseal.yaml");
    assert_eq!(output.replace("PLACE/", ""), blocks[2], "{errors}");
}
