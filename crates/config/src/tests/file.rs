mod mistakes;

use super::{Map, load, mistakes, signs, warnings};
use crate::{Origin, SocketSpec};
use std::path::{Path, PathBuf};
use std::time::Duration;
use twinseal_message::Domain;

/// What every file of these tests needs.
const HEAD: &str = "socket: inet:8891@localhost\nforeground: yes\n";
/// A rule, as one line.
const RULE: &str =
    "signing: [{senders: '*@example.com', domain: example.com, keys: [{file: /k/m}]}]\n";

fn wrong(text: &str) -> Vec<String> {
    mistakes("--config t.yaml", &Map::default().with("t.yaml", text))
}

fn loaded(text: &str) -> crate::Loaded {
    load("--config t.yaml", &Map::default().with("t.yaml", text))
}

/// The only mistake of a file that is otherwise in order.
fn only(text: &str) -> String {
    let lines = wrong(text);
    assert_eq!(lines.len(), 1, "{text}\n{lines:#?}");
    lines.into_iter().next().unwrap()
}

#[test]
fn the_file_of_the_design_is_what_it_says() {
    let text = r#"
socket: [unix:/var/spool/postfix/t.sock, "inet:8891@localhost"]
user: twinseal:postfix
umask: "007"
mode: s
internal-hosts: [127.0.0.1, "::1", 192.168.1.0/24, .example.com]
peers: []
require-safe-keys: true
signing:
  - senders: ["*@example.com", "*@*.example.com"]
    domain: example.com
    keys:
      - { file: /k/example.com/mail2 }
      - { file: /k/example.com/ed1.pem, selector: ed1 }
    dkim: { canonicalization: relaxed/relaxed, expire-after: 14d }
    domainkeys: { canonicalization: simple }
  - senders: "*"
    domain: "*"
    keys: [{ file: /k/all }]
    domainkeys: off
dkim: {}
domainkeys: {}
log: { to: syslog, format: text, facility: mail, why: false }
"#;
    let loaded = loaded(text);
    assert_eq!(warnings(&loaded), [""; 0]);
    let config = loaded.config;
    let unix = SocketSpec::Unix { path: PathBuf::from("/var/spool/postfix/t.sock") };
    assert_eq!(config.sockets, [unix, SocketSpec::parse("inet:8891@localhost").unwrap()]);
    assert_eq!(config.user.as_ref().unwrap().group.as_deref(), Some("postfix"));
    assert!(config.internal_hosts.contains(Some("a.example.com"), None));
    assert!(config.peers.is_empty() && config.require_safe_keys && config.mode.signs());
    assert_eq!(signs(&config, "a@example.com").unwrap(), "example.com mail2,ed1");
    assert_eq!(signs(&config, "a@b.example.com").unwrap(), "example.com mail2,ed1");
    assert_eq!(signs(&config, "a@other.example").unwrap(), "other.example all");
    let rules: Vec<_> = config.rules.iter().collect();
    let dkim = rules[0].dkim.as_ref().unwrap();
    assert_eq!(dkim.canonicalization.to_string(), "relaxed/relaxed");
    assert_eq!(dkim.expire_after, Some(Duration::from_secs(14 * 86_400)));
    assert_eq!(rules[0].domainkeys.as_ref().unwrap().canonicalization.name(), "simple");
    assert!(rules[1].domainkeys.is_none());
    assert_eq!(rules[1].dkim.as_ref().unwrap().canonicalization.to_string(), "relaxed/simple");
    let place = |line| Origin::line(&Path::new("t.yaml").into(), line);
    assert_eq!(rules[0].origin, place(10));
    assert_eq!(rules[0].keys[1].origin, place(14));
}

#[test]
fn a_umask_is_octal_with_and_without_quotes() {
    for (text, bits) in [("007", 0o007), ("'007'", 0o007), ("22", 0o022), ("0o27", 0o027)] {
        let config = loaded(&format!("{HEAD}{RULE}umask: {text}\n")).config;
        assert_eq!(config.umask, Some(bits), "{text}");
    }
}

#[test]
fn what_is_missing_in_entries_that_the_command_line_replaces_is_not_missed() {
    let text = format!("{HEAD}signing:\n- senders: '*@*a.example'\n");
    let files = Map::default().with("t.yaml", &text);
    let loaded = load("--config t.yaml -d b.example -s /k/m -S m", &files);
    assert_eq!(signs(&loaded.config, "a@b.example").unwrap(), "b.example m");
    let told = warnings(&loaded);
    assert!(told.iter().all(|line| !line.contains("t.yaml:4")), "{told:?}");
    assert_eq!(mistakes("--config t.yaml", &files).len(), 2);
}

#[test]
fn verifying_alone_needs_no_key() {
    let loaded = loaded("socket: /s\nforeground: yes\nmode: v\n");
    assert!(loaded.config.rules.is_empty() && !loaded.config.mode.signs());
    assert_eq!(warnings(&loaded), [""; 0]);
}

#[test]
fn a_seal_can_be_off_for_all_and_on_for_one() {
    let entry =
        |seals: &str| format!("- {{senders: '*', domain: '*', keys: [{{file: /k/m}}], {seals}}}\n");
    let text = format!(
        "{HEAD}domainkeys: off\nsigning:\n{}{}{}",
        entry("domainkeys: on"),
        entry("domainkeys: {canonicalization: simple}"),
        entry("dkim: on")
    );
    let config = loaded(&text).config;
    let made: Vec<_> = config.rules.iter().map(|rule| rule.domainkeys.is_some()).collect();
    assert_eq!(made, [true, true, false]);
}

#[test]
fn an_entry_overrides_single_settings_of_a_section() {
    let text = format!(
        "{HEAD}dkim: {{canonicalization: simple/simple, expire-after: 1h}}\nsigning:\n\
         - {{senders: '*', domain: '*', keys: [{{file: /k/m}}], dkim: {{expire-after: 2h}}}}\n\
         - {{senders: '*', domain: '*', keys: [{{file: /k/m}}]}}\n\
         - {{senders: '*', domain: '*', keys: [{{file: /k/m}}],\n   \
           dkim: {{signed-headers: [subject]}}}}\n"
    );
    let config = loaded(&text).config;
    let dkim: Vec<_> = config.rules.iter().map(|rule| rule.dkim.clone().unwrap()).collect();
    let hours: Vec<_> =
        dkim.iter().map(|dkim| dkim.expire_after.unwrap().as_secs() / 3600).collect();
    assert_eq!(hours, [2, 1, 1]);
    assert!(dkim.iter().all(|dkim| dkim.canonicalization.to_string() == "simple/simple"));
    // Whoever signs the subject alone does not over-sign what is not signed.
    assert_eq!(dkim[2].headers.oversigned().len(), 1);
    assert_eq!(dkim[1].headers, twinseal_dkim::HeaderSelection::default());
}

#[test]
fn entries_that_override_the_same_share_what_comes_of_it() {
    let entry = |hours| {
        format!(
            "- {{senders: '*', domain: '*', keys: [{{file: /k/m}}], \
             dkim: {{expire-after: {hours}h}}}}\n"
        )
    };
    let entries = [1, 1, 2, 2].map(entry).concat();
    let config = loaded(&format!("{HEAD}signing:\n{entries}")).config;
    let dkim: Vec<_> = config.rules.iter().map(|rule| rule.dkim.clone().unwrap()).collect();
    let same = |one: usize, other: usize| std::sync::Arc::ptr_eq(&dkim[one], &dkim[other]);
    assert_eq!([same(0, 1), same(1, 2), same(2, 3)], [true, false, true]);
    assert_eq!(dkim[2].expire_after, Some(Duration::from_secs(7200)));
}

#[test]
fn the_first_entry_that_matches_signs() {
    let text = format!(
        "{HEAD}signing:\n\
         - {{senders: boss@example.com, domain: example.com, keys: [{{file: /k/boss}}]}}\n\
         - {{senders: '*@example.com', domain: example.com, keys: [{{file: /k/all}}]}}\n\
         - {{senders: '*@bücher.example', domain: bücher.example, keys: [{{file: /k/b}}]}}\n"
    );
    let config = loaded(&text).config;
    assert_eq!(signs(&config, "Boss@Example.com").unwrap(), "example.com boss");
    assert_eq!(signs(&config, "a@example.com").unwrap(), "example.com all");
    assert_eq!(signs(&config, "a@xn--bcher-kva.example").unwrap(), "xn--bcher-kva.example b");
    assert_eq!(signs(&config, "a@example.net"), None);
    let fixed = Domain::parse("example.com").unwrap();
    let rule = config.rules.iter().next().unwrap();
    assert_eq!(rule.domain, crate::SigningDomain::Fixed(fixed));
}

#[test]
fn what_is_probably_not_meant_is_said() {
    for (text, want) in [
        (
            "signing: [{senders: '*@example.com', domain: other.example, keys: [{file: /k/m}]}]\n",
            "t.yaml:3: signing.domain: no sender of this entry can be in other.example or below",
        ),
        (
            "signing: [{senders: '*@a.example', domain: a.example, \
             keys: [{file: /k/m.private}]}]\n",
            "t.yaml:3: signing.keys.file: the selector m.private is the name of the key's file",
        ),
        (
            "signing: [{senders: '*@a.example', domain: a.example, keys: [{file: /k/m}]}]\n\
             internal-hosts: [10.0.0.0/8]\n",
            "t.yaml:4: internal-hosts: 127.0.0.1 is not in the list",
        ),
    ] {
        let found = warnings(&loaded(&format!("{HEAD}{text}")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(want), "{}\nis not\n{want}", found[0]);
    }
    let parent =
        "signing: [{senders: '*@mail.example.com', domain: example.com, keys: [{file: /k/m}]}]\n";
    assert_eq!(warnings(&loaded(&format!("{HEAD}{parent}"))), [""; 0]);
    let background = warnings(&loaded(&format!("socket: /s\nforeground: no\n{RULE}")));
    assert!(background[0].contains("the log goes nowhere"), "{background:?}");
    let to_syslog = format!("socket: /s\nforeground: no\nlog: {{to: syslog}}\n{RULE}");
    assert_eq!(warnings(&loaded(&to_syslog)).len(), background.len() - 1);
}

#[test]
fn an_entry_or_a_list_that_holds_more_than_is_meant_is_noticed() {
    let entry = |senders: &str, domain: &str| {
        format!("signing: [{{senders: [{senders}], domain: {domain}, keys: [{{file: /k/m}}]}}]\n")
    };
    for (text, want) in [
        (
            entry("'*@example.com',\n '*@b.example'", "example.com"),
            "t.yaml:4: signing.senders: no sender that \"*@b.example\" matches can be in \
             example.com",
        ),
        (
            entry("'*'", "example.com"),
            "t.yaml:3: signing.senders: \"*\" matches senders of every domain, and example.com \
             signs",
        ),
        (
            entry("'*@*example.com'", "example.com"),
            "t.yaml:3: signing.senders: \"*@*example.com\" also matches evilexample.com: a star",
        ),
        (
            format!("{RULE}peers: [127.0.0.0/8]\n"),
            "t.yaml:4: peers: 127.0.0.1 is in the list: mail that this host itself submits",
        ),
        (
            format!("{RULE}external-ignore: [0.0.0.0/0]\n"),
            "t.yaml:4: external-ignore: \"0.0.0.0/0\" is every address that there is",
        ),
        (
            format!("{RULE}external-ignore: [a, 192.168.1.5/24]\n"),
            "t.yaml:4: external-ignore: \"192.168.1.5/24\" is the whole network 192.168.1.0/24",
        ),
        (
            format!("{RULE}external-ignore: ['!10.1.2.3', 10.0.0.0/8, '!10.1.1.1']\n"),
            "t.yaml:4: external-ignore: without effect: 10.0.0.0/8 stands behind it, and the last",
        ),
        (
            format!("{RULE}external-ignore: ['!.b.a', '!a', .a]\n"),
            "t.yaml:4: external-ignore: without effect: .a stands behind it, and the last",
        ),
    ] {
        let found = warnings(&loaded(&format!("{HEAD}{text}")));
        assert_eq!(found.len(), 1, "{text}{found:?}");
        assert!(found[0].starts_with(want), "{}\nis not\n{want}", found[0]);
    }
    for text in ["10.0.0.0/255.255.0.0", "::ffff:10.0.0.0/104", "[2001:db8::]/32", "!0.0.0.0/0"] {
        let found = warnings(&loaded(&format!("{HEAD}{RULE}external-ignore: ['{text}']\n")));
        assert_eq!(found, [""; 0], "{text}");
    }
}

#[test]
fn many_entries_are_read_in_little_time() {
    let mut text = HEAD.to_owned() + "signing:\n";
    for number in 0..20_000 {
        text.push_str(&format!(
            "- senders: ['*@d{number}.example']\n  domain: d{number}.example\n  \
             keys: [{{file: /k/m}}]\n"
        ));
    }
    let config = loaded(&text).config;
    assert_eq!(signs(&config, "a@d19999.example").unwrap(), "d19999.example m");
}
