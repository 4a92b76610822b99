//! What is wrong with our own file, where, and what is allowed there.

use super::super::{Map, mistakes, request};
use super::{HEAD, RULE, only, wrong};
use crate::{Door, ExitCode, Wrong, serve};
use std::ffi::OsString;

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
fn keys_are_named_beside_mistakes() {
    for text in [
        "signing: [{senders: '*@a', domain: a, keys: [{file: /k/m}]}]\n",
        "mode: x\nsocket: /s\nsigning: [{senders: '*@a', domain: a, keys: [{file: /k/m}]}]\n",
        "socket: /s\nsigning: [{domain: a, keys: [{file: /k/m}]}]\n",
    ] {
        let files = Map::default().with("t.yaml", text);
        let error = request("--config t.yaml", &files).unwrap_err();
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
