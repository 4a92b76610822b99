use super::{Map, load, mistakes, signs, warnings};
use crate::{Door, ExitCode, Origin, SocketSpec, Wrong, serve};
use std::ffi::OsString;
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
fn all_mistakes_are_reported_in_one_go() {
    let text = r#"socket: tcp:8891
umask: 9
intrenal-hosts: []
mode: x
signing:
  - senders: [example.com]
    domain: exa mple.com
    keys:
      - { selector: a }
mode: s
log:
  to: nowhere
"#;
    let files = Map::default().with("etc/x.yaml", text);
    let words = ["--config", "etc/x.yaml"].map(OsString::from);
    let mistakes = serve(Door::Native, words, &files).unwrap_err();
    let lines: Vec<String> = mistakes.lines().collect();
    let starts = [
        "etc/x.yaml:1: socket: \"tcp:8891\" is no socket: ",
        "etc/x.yaml:2: umask: found \"9\", allowed: octal digits",
        "etc/x.yaml:3: intrenal-hosts: there is no such key, did you mean internal-hosts?; known",
        "etc/x.yaml:4: mode: found \"x\", allowed: s (sign), v (verify) or sv",
        "etc/x.yaml:6: signing.senders: \"example.com\" is no pattern of addresses: it has no at",
        "etc/x.yaml:7: signing.domain: \"exa mple.com\" is no domain name: only letters",
        "etc/x.yaml:9: signing.keys.file: missing: the path of a file",
        "etc/x.yaml:10: mode: it is given a second time, first in line 4",
        "etc/x.yaml:12: log.to: found \"nowhere\", allowed: stderr, syslog",
    ];
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}\nis not\n{start}");
    }
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    assert_eq!(mistakes.exit_code(), ExitCode::Configuration);
}

/// Lines behind [`HEAD`] and [`RULE`], the first of which is line 4.
const MISTAKES: &[(&str, &str)] = &[
    ("umask: [7]\n", "t.yaml:4: umask: found a list, allowed: octal digits"),
    ("umask:\n", "t.yaml:4: umask: it has no value; allowed: octal"),
    ("umask: {a: 1}\n", "t.yaml:4: umask: found a section, allowed"),
    ("user: a b\n", "t.yaml:4: user: found \"a b\", allowed: a user, or"),
    ("pid-file: ''\n", "t.yaml:4: pid-file: found \"\", allowed: the path of a file"),
    ("peers: [a, 300.1.1.1,\n b]\n", "t.yaml:4: peers: \"300.1.1.1\" is no host"),
    ("peers:\n  - a\n  - [b]\n", "t.yaml:6: peers: found a list, allowed: a list of hosts"),
    ("peers: {a: b}\n", "t.yaml:4: peers: found a section, allowed: a list of hosts"),
    ("peers: /none\n", "t.yaml:4: peers: \"/none\" cannot be read: entity not found; hosts"),
    ("foreground: no\n", "t.yaml:4: foreground: it is given a second time, first in line 2"),
    ("require-safe-keys: 2\n", "t.yaml:4: require-safe-keys: found \"2\", allowed: yes or no"),
    ("dkim: 5\n", "t.yaml:4: dkim: found \"5\", allowed: yes or no"),
    ("dkim: [a]\n", "t.yaml:4: dkim: found a list, allowed: a section with the keys canon"),
    ("dkim:\n  expire-after: 14\n", "t.yaml:5: dkim.expire-after: found \"14\", allowed: a whole"),
    ("dkim:\n  canonicalization: nofws\n", "t.yaml:5: dkim.canonicalization: found \"nofws\", all"),
    ("dkim:\n  identity: me\n", "t.yaml:5: dkim.identity: found \"me\", allowed: @example.com"),
    (
        "dkim:\n  identity: '@b.example'\n",
        "t.yaml:5: dkim.identity: \"@b.example\" is not in the s",
    ),
    ("dkim:\n  signed-headers: [a b]\n", "t.yaml:5: dkim.signed-headers: \"a b\" is no header"),
    ("dkim:\n  signed-headers: [to,\n bcc]\n", "t.yaml:6: dkim.signed-headers: bcc cannot be sig"),
    ("dkim:\n  oversigned-headers: [received]\n", "t.yaml:5: dkim.oversigned-headers: received"),
    ("domainkeys:\n  omitted-headers: [From]\n", "t.yaml:5: domainkeys.omitted-headers: from ca"),
    (
        "domainkeys:\n  canonicalisation: x\n",
        "t.yaml:5: domainkeys.canonicalisation: there is no su",
    ),
    ("dkim.identity: '@a'\n", "t.yaml:4: dkim.identity: there is no such key"),
    (
        "InternalHosts: a\n",
        "t.yaml:4: InternalHosts: there is no such key, did you mean internal-hosts",
    ),
    ("KeyList: a\n", "t.yaml:4: KeyList: there is no such key; known here: socket, user"),
    ("domains: a\n", "t.yaml:4: domains: it belongs on the command line (-d)"),
    ("authserv-id: a\n", "t.yaml:4: authserv-id: there is no such key; known here: socket, user"),
    ("[a]: b\n", "t.yaml:4: a key has to be one word, this is a list"),
    ("<<: {mode: v}\n", "t.yaml:4: <<: there is no such key"),
    (
        "log: syslog\n",
        "t.yaml:4: log: found \"syslog\", allowed: a section with the keys to, format",
    ),
    (
        "log:\n  to: stderr\n  to: stderr\n",
        "t.yaml:6: log.to: it is given a second time, first in line 5",
    ),
    (
        "log: {facility: x}\n",
        "t.yaml:4: log.facility: found \"x\", allowed: kern, user, mail, daemon",
    ),
];

#[test]
fn every_mistake_has_its_line_and_says_what_is_allowed() {
    for (text, want) in MISTAKES {
        let line = only(&format!("{HEAD}{RULE}{text}"));
        assert!(line.starts_with(want), "{text:?}:\n{line}\nis not\n{want}");
    }
}

#[test]
fn entries_are_a_list_in_whatever_else_they_are_found() {
    let wanted = "allowed: a list of entries, each with senders, domain and keys";
    for (text, want) in [
        ("signing: x\n", format!("t.yaml:3: signing: found \"x\", {wanted}")),
        ("signing: 5\n", format!("t.yaml:3: signing: found a single value, {wanted}")),
        ("signing: {a: b}\n", format!("t.yaml:3: signing: found a section, {wanted}")),
        ("signing:\n", "t.yaml:3: signing: it has no value".to_owned()),
        ("x: [&x y]\nsigning: *x\n", "t.yaml:3: x: there is no such key".to_owned()),
    ] {
        let lines = wrong(&format!("{HEAD}{text}"));
        assert!(lines[0].starts_with(&want), "{text}:\n{lines:#?}");
    }
    let twice = format!("{HEAD}{RULE}{RULE}");
    assert_eq!(only(&twice), "t.yaml:4: signing: it is given a second time, first in line 3");
    assert!(wrong("- a\n- b\n")[0].starts_with("t.yaml:1: found a list, allowed: a section with"));
}

#[test]
fn mistakes_that_broken_yaml_may_have_caused_are_not_told() {
    let text = format!("{HEAD}signing:\n- senders: x\n  nonsense: y\n- {{\n");
    assert!(only(&text).starts_with("t.yaml:6:"), "{}", only(&text));
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

/// An entry whose keys and seals are still to come, in line 6 and on.
const ENTRY: &str = "signing:\n- senders: '*'\n  domain: a.example\n";

/// What is wrong with an entry, behind [`HEAD`].
const BAD_ENTRIES: &[(&str, &str)] = &[
    ("- 5\n", "4: signing: found \"5\", allowed: a section with the keys senders, domain, keys"),
    ("- domain: a.example\n  keys: [{file: /k/m}]\n", "4: signing.senders: missing: a pattern"),
    ("- senders: '*'\n  keys: [{file: /k/m}]\n", "4: signing.domain: missing: a domain"),
    ("- senders: '*'\n  domain: a.example\n", "4: signing.keys: missing: a list of entries"),
    (
        "- senders: []\n  domain: a.example\n  keys: [{file: /k/m}]\n",
        "4: signing.senders: the list is empty",
    ),
];

/// The same, behind [`HEAD`] and [`ENTRY`].
const BAD_ENDS: &[(&str, &str)] = &[
    ("keys: []", "6: signing.keys: the list is empty"),
    ("keys: /k/m", "6: signing.keys: found \"/k/m\", allowed: a list of entries"),
    ("keys: [/k/m]", "6: signing.keys: found \"/k/m\", allowed: a section with the keys file"),
    (
        "keys:\n  - {file: /k/m, seletcor: b}",
        "7: signing.keys.seletcor: there is no such key, did you mean selector?; known here: file,",
    ),
    ("keys:\n  - {file: /k/m, selector: a b}", "7: signing.keys.selector: \"a b\" is no selector"),
    (
        "keys:\n  - {file: /k/m}\n  - {file: /k/m, selector: m}",
        "8: signing.keys: this key is listed twice, with the selector m both times",
    ),
    ("keys:\n  - {file: '/k/a b'}", "7: signing.keys.file: \"a b\" is no selector"),
    (
        "keys: [{file: /k/m}]\n  dkim: off\n  domainkeys: off",
        "4: signing: dkim and domainkeys are both off",
    ),
    (
        "keys: [{file: /k/m}]\n  dkim:\n    identity: '@b.example'",
        "8: dkim.identity: \"@b.example\" is not in the signing domain a.example of the entry at",
    ),
    (
        "keys: [{file: /k/m}]\n  mode: s",
        "7: signing.mode: there is no such key; known here: senders, domain, keys, dkim, domainke",
    ),
];

#[test]
fn every_mistake_of_an_entry_has_its_line() {
    let entries = BAD_ENTRIES.iter().map(|(entry, want)| (format!("signing:\n{entry}"), want));
    let ends = BAD_ENDS.iter().map(|(end, want)| (format!("{ENTRY}  {end}\n"), want));
    for (text, want) in entries.chain(ends) {
        let line = only(&format!("{HEAD}{text}"));
        assert!(line.starts_with(&format!("t.yaml:{want}")), "{text}:\n{line}\nis not\n{want}");
    }
    let lines = wrong(&format!("{HEAD}signing:\n- {{}}\n"));
    assert_eq!(lines.len(), 3, "{lines:#?}");
}

#[test]
fn what_is_no_yaml_has_line_and_column() {
    assert_eq!(wrong("socket: [a\nuser: b\n"), ["t.yaml:2:5: illegal placement of ':' indicator"]);
    assert_eq!(
        wrong("a: 1\n---\nb: 2\n"),
        ["t.yaml:3:1: a second document begins, one is allowed"]
    );
    let mut files = Map::default();
    files.0.insert("t.yaml".into(), Some(b"a: 1\nb: \xff\n".to_vec()));
    assert_eq!(mistakes("--config t.yaml", &files), ["t.yaml:2: not UTF-8 from here on"]);
}

#[test]
fn a_file_that_cannot_be_read_is_the_only_mistake() {
    let files = Map::default().unreadable("t.yaml");
    assert_eq!(
        mistakes("--config t.yaml", &files),
        ["--config: \"t.yaml\" cannot be read: permission denied"]
    );
}

#[test]
fn what_has_to_be_there_is_missed() {
    for text in ["", "# nothing\n", "socket:\nsigning:\n"] {
        let lines = wrong(text);
        assert_eq!(lines.len(), 2, "{lines:#?}");
    }
    let lines = wrong("foreground: yes\n");
    assert!(
        lines[0].starts_with(
            "socket: missing: unix:PATH, inet:PORT@HOST or inet6:PORT@HOST, or a list"
        ),
        "{lines:#?}"
    );
    assert!(lines[0].ends_with("(-p, or \"socket\" in the file)"), "{lines:#?}");
    assert!(lines[1].starts_with("at least one selector and key required"), "{lines:#?}");
    assert!(only(&format!("{RULE}socket: []\n")).ends_with("socket: the list is empty"));
    assert!(only(&format!("{HEAD}signing: []\n")).starts_with("at least one selector and key"));
    assert_eq!(
        only(&format!("{RULE}socket: [/a,\n unix:/a]\n")),
        "t.yaml:3: socket: \"unix:/a\" is listed twice"
    );
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
fn keys_are_named_beside_mistakes() {
    for text in [
        "signing: [{senders: '*@a', domain: a, keys: [{file: /k/m}]}]\n",
        "mode: x\nsocket: /s\nsigning: [{senders: '*@a', domain: a, keys: [{file: /k/m}]}]\n",
        "socket: /s\nsigning: [{domain: a, keys: [{file: /k/m}]}]\n",
    ] {
        let files = Map::default().with("t.yaml", text);
        let error = super::request("--config t.yaml", &files).unwrap_err();
        let keys: Vec<_> = error.keys().iter().map(|key| key.file.display().to_string()).collect();
        assert_eq!(keys, ["/k/m"], "{text}");
    }
}

#[test]
fn values_are_quoted_harmlessly_and_shortened() {
    let long = "x".repeat(1_000_000);
    for text in [
        format!("mode: {long}\n"),
        format!("{long}: 1\n"),
        format!("dkim: {{{long}: 1}}\n"),
        format!("user: \"\\e[31m{long} \"\n"),
        format!("peers: ['{long}']\n"),
        format!("umask: !{long} 1\n"),
    ] {
        let lines = wrong(&format!("{HEAD}{RULE}{text}"));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() < 900 && !lines[0].contains('\u{1b}'), "{}", lines[0].len());
    }
}

#[test]
fn of_very_many_mistakes_the_rest_is_counted() {
    let list = "300.1.1.1\n".repeat(5_000);
    let files =
        Map::default().with("t.yaml", &format!("{HEAD}{RULE}peers: /p\n")).with("/p", &list);
    let lines = mistakes("--config t.yaml", &files);
    assert_eq!(lines.len(), crate::mistake::MAX_KEPT + 1);
    assert_eq!(
        lines[1],
        "/p:2: \"300.1.1.1\" is no host: it is neither a name nor a whole address"
    );
    assert_eq!(lines.last().unwrap(), "and 4900 mistakes more");
}

#[test]
fn a_file_has_a_limit() {
    let mut files = Map::default();
    files.0.insert("t.yaml".into(), Some(vec![b'#'; crate::lists::MAX_FILE_OCTETS + 1]));
    let words = ["--config", "t.yaml"].map(OsString::from);
    let mistakes = serve(Door::Native, words, &files).unwrap_err();
    let wrong = &mistakes.iter().next().unwrap().wrong;
    assert!(matches!(wrong, Wrong::TooLarge { .. }), "{wrong}");
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
