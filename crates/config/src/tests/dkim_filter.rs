//! The door `dkim-filter`, and its file.

use super::{Map, load_in, mistakes_in, request_in, signs, warnings};
use crate::{Config, Door, ExitCode, Loaded, LogTo, Mode, Request, SocketSpec};
use twinseal_message::Domain;

const DOOR: Door = Door::DkimFilter;
const PATH: &str = "/etc/dkim-filter.conf";

/// What it needs to sign with one key, as a file.
const SIGN: &str = "Socket inet:8891@localhost\nDomain example.com\nKeyFile /k/mail2\n\
                    Selector mail2\nSyslog yes\n";

fn file(text: &str) -> Map {
    Map::default().with(PATH, text)
}

/// Words beside a file, which needs no more than these lines more to sign.
fn load(words: &str, more: &str) -> Loaded {
    load_in(DOOR, &format!("-x {PATH} {words}"), &file(&format!("{SIGN}{more}")))
}

fn mistakes(text: &str) -> Vec<String> {
    mistakes_in(DOOR, &format!("-x {PATH}"), &file(text))
}

fn dkim(config: &Config) -> &twinseal_dkim::Settings {
    config.rules.iter().next().unwrap().dkim.as_ref().unwrap()
}

fn signed(config: &Config) -> Vec<String> {
    dkim(config).headers.signed().iter().map(ToString::to_string).collect()
}

#[test]
fn it_makes_the_dkim_seal_alone_with_its_own_defaults() {
    let config = load("", "").config;
    let rule = config.rules.iter().next().unwrap();
    assert!(rule.domainkeys.is_none());
    assert_eq!(dkim(&config).canonicalization.to_string(), "simple/simple");
    assert!(dkim(&config).headers.oversigned().is_empty());
    let names = signed(&config);
    assert_eq!(
        (names.len(), names[0].as_str(), names[26].as_str()),
        (27, "sender", "list-archive")
    );
    assert!(!names.contains(&"list-unsubscribe-post".to_owned()));
    assert_eq!((config.umask, config.socket_mode), (None, None));
    assert!(!config.foreground && !config.require_safe_keys && !config.trace_header);
    assert_eq!((config.mode, config.log.to), (Mode::Both, LogTo::Syslog));
    let internal = |address: &str| config.internal_hosts.contains(None, address.parse().ok());
    assert!(internal("127.0.0.1") && !internal("::1"));
    let deciding: Vec<&str> = config.sender_headers.iter().map(|name| name.as_str()).collect();
    assert_eq!(deciding, ["resent-sender", "resent-from", "sender", "from"]);
    assert!(config.must_sign.is_none() && !config.parent_identity);
}

#[test]
fn every_parameter_of_the_file_is_taken() {
    let files = Map::default()
        .with("/hosts", "127.0.0.1\n10.0.0.0/8\n")
        .with("/peers", "192.0.2.1\n")
        .with("/ignore", "192.0.2.2\n");
    let text = "\u{feff}# comment \r\n\r\nSocket\tlocal:/run/s.sock\r\n\
                DOMAIN a.example,b.example\r\n\
                keyfile /k/m # the key\r\nSelector s\r\nCanonicalization relaxed\r\n\
                InternalHosts /hosts\r\nExternalIgnoreList /ignore\r\nPeerList /peers\r\n\
                Mode vs\r\nSubDomains 1\r\nSyslog True\r\nLogWhy y\r\nBackground No\r\n\
                PidFile /run/p.pid\r\nUserID u:g\r\nUMask 002\r\nDomainKeys yes\r\n\
                OmitHeaders Subject,X-A";
    let loaded = load_in(DOOR, &format!("-x {PATH}"), &files.with(PATH, text));
    let config = &loaded.config;
    assert_eq!(config.sockets, [SocketSpec::parse("local:/run/s.sock").unwrap()]);
    assert_eq!(signs(config, "x@b.example").unwrap(), "b.example s");
    assert_eq!(signs(config, "x@mail.b.example").unwrap(), "b.example s");
    assert_eq!(dkim(config).canonicalization.to_string(), "relaxed/simple");
    assert!(config.internal_hosts.contains(None, "10.1.1.1".parse().ok()));
    assert!(config.peers.contains(None, "192.0.2.1".parse().ok()));
    assert!(config.external_ignore.contains(None, "192.0.2.2".parse().ok()));
    assert_eq!((config.mode, config.log.to, config.log.why), (Mode::Both, LogTo::Syslog, true));
    assert!(config.foreground && config.parent_identity);
    assert_eq!(config.pid_file.as_ref().unwrap().to_str(), Some("/run/p.pid"));
    let user = config.user.as_ref().unwrap();
    assert_eq!((user.name.as_str(), user.group.as_deref()), ("u", Some("g")));
    assert_eq!(config.umask, Some(0o002));
    assert!(!signed(config).contains(&"subject".to_owned()));
    let domainkeys = config.rules.iter().next().unwrap().domainkeys.as_ref().unwrap();
    let omitted: Vec<_> = domainkeys.omitted.iter().map(ToString::to_string).collect();
    assert_eq!(omitted, ["subject", "x-a"]);
    assert_eq!(warnings(&loaded), [""; 0]);
}

#[test]
fn the_command_line_beats_the_file() {
    let words = "-p inet:1@localhost -u other -P /other.pid -c relaxed/relaxed -b s -s typed -f -W \
                 -d c.example -D -o Date,From";
    let loaded = load(words, "UserID filed\nPidFile /filed.pid\nMode v\nBackground yes\n");
    let config = &loaded.config;
    assert_eq!(config.sockets, [SocketSpec::parse("inet:1@localhost").unwrap()]);
    assert_eq!(config.user.as_ref().unwrap().name, "other");
    assert_eq!(config.pid_file.as_ref().unwrap().to_str(), Some("/other.pid"));
    assert_eq!((config.mode, config.foreground, config.log.why), (Mode::Sign, true, true));
    assert_eq!(dkim(config).canonicalization.to_string(), "relaxed/relaxed");
    assert_eq!(signs(config, "a@sub.c.example").unwrap(), "c.example typed");
    assert!(!signed(config).contains(&"date".to_owned()));
    assert_eq!(warnings(&loaded), ["-o: accepted, but without effect: From is always signed"]);
}

#[test]
fn of_parameters_given_twice_the_last_one_counts() {
    let config = load("", "Selector other\nSyslog no\nUMask 022\nUMask 0x12\nMode s\n").config;
    assert_eq!(signs(&config, "a@example.com").unwrap(), "example.com other");
    assert_eq!((config.log.to, config.umask), (LogTo::Stderr, Some(0o022)));
}

#[test]
fn a_minus_omits_nothing() {
    assert_eq!(signed(&load("-o -", "").config).len(), 27);
}

#[test]
fn words_that_do_nothing_are_noticed() {
    let lines = warnings(&load("", "Selector a b\nSyslog yes please\nUMask 22\nUMask 7\n"));
    assert_eq!(
        lines,
        [
            "/etc/dkim-filter.conf:6: Selector: without effect from \"b\" on: only the first word \
             behind a name is its value",
            "/etc/dkim-filter.conf:7: Syslog: without effect from \"please\" on: only the first \
             word behind a name is its value",
            "/etc/dkim-filter.conf:8: UMask: \"22\" is decimal, which makes it 026; octal numbers \
             begin with a 0",
        ]
    );
}

#[test]
fn every_mistake_of_the_file_is_told_with_its_line() {
    let text = "Sockte inet:1\nSyslog maybe\nUMask 108x\nUMask 01000\nMode x\nPidFile\n\
                 Canonicalization nofws\nAutoRestart perhaps\nX-Header ?\nPOPDBFile /p\n\
                 SenderHeaders From:\nMTA \nInternalHosts /none\nselector a..b\n";
    let lines = mistakes(text);
    let wants = [
        ":1: Sockte: there is no such parameter, did you mean Socket?",
        ":2: Syslog: found \"maybe\", allowed: yes or no, true or false, 1 or 0",
        ":3: UMask: found \"108x\", allowed: a number from 0 to 0777",
        ":4: UMask: found \"01000\", allowed: a number from 0 to 0777",
        ":5: Mode: found \"x\", allowed: s (sign), v (verify) or sv",
        ":6: PidFile: required value missing; allowed: the path of a file",
        ":7: Canonicalization: found \"nofws\", allowed: simple/simple",
        ":8: AutoRestart: found \"perhaps\", allowed: yes or no",
        ":9: X-Header: found \"?\", allowed: yes or no",
        ":10: POPDBFile: refused: who is in a POP database",
        ":11: SenderHeaders: \"From:\" is no header field name",
        ":12: MTA: required value missing",
        ":13: InternalHosts: \"/none\" cannot be read: entity not found; hosts stand in a file",
        ":14: Selector: \"a..b\" is no selector",
        "milter socket must be specified: unix:PATH, inet:PORT@HOST or inet6:PORT@HOST (-p, or \
         Socket in the file)",
    ];
    assert_eq!(lines.len(), wants.len(), "{lines:#?}");
    for (line, want) in lines.iter().zip(wants) {
        let line = line.strip_prefix(PATH).unwrap_or(line);
        assert!(line.starts_with(want), "{line}\nis not\n{want}");
    }
    let code = request_in(DOOR, &format!("-x {PATH}"), &file(text)).unwrap_err().exit_code();
    assert_eq!(code, ExitCode::Configuration);
}

#[test]
fn a_file_of_comments_is_fine_and_bytes_matter_only_outside_of_them() {
    let latin1 = |line: &[u8]| {
        let mut files = Map::default();
        let octets = [b"# f\xfcr uns\n", line].concat();
        files.0.insert(PATH.to_owned(), Some(octets));
        files
    };
    let words = format!("-x {PATH} -p /s -b v");
    load_in(DOOR, &words, &latin1(b""));
    load_in(DOOR, &words, &file(""));
    let lines = mistakes_in(DOOR, &words, &latin1(b"Mode v # \xfc\nSelector m\xfcll\n"));
    assert_eq!(lines, ["/etc/dkim-filter.conf:3: not UTF-8 from here on"]);
    let lines = mistakes_in(DOOR, "-x /none -p /s", &Map::default());
    assert_eq!(lines, ["-x: \"/none\" cannot be read: entity not found"]);
    let lines = mistakes("-----BEGIN RSA PRIVATE KEY-----\nMII\n");
    assert!(lines[0].contains("is a PEM file") && !lines[0].contains("MII"), "{lines:?}");
}

#[test]
fn without_anything_to_sign_with_the_historic_words_are_used() {
    let text = "at least one selector and key required for signing mode";
    for words in ["-p /s", "-p /s -d example.com", "-p /s -d example.com -D -K"] {
        let lines = mistakes_in(DOOR, words, &Map::default());
        assert_eq!(lines.len(), 1, "{words}: {lines:#?}");
        assert!(lines[0].starts_with(text), "{words}: {lines:#?}");
    }
    for (words, missing) in [
        ("-p /s -d a.example -k /k/m", &["(-s, or Selector in the file)"][..]),
        ("-p /s -d a.example -s m", &["(-k, or KeyFile in the file)"]),
        ("-p /s -k /k/m", &["(-d, or Domain in the file)", "(-s, or Selector in the file)"]),
    ] {
        let lines = mistakes_in(DOOR, words, &Map::default());
        assert_eq!(lines.len(), missing.len(), "{words}: {lines:#?}");
        for (line, end) in lines.iter().zip(missing) {
            assert!(line.ends_with(end), "{words}: {line}");
        }
    }
    for words in ["", "-K -k /none", "-d /none -k /none -s s"] {
        let words = format!("-b v -p /s {words}");
        assert!(load_in(DOOR, &words, &Map::default()).config.rules.is_empty(), "{words}");
    }
}

/// A daemon with that key list.
fn with_list(list: &str, words: &str) -> Loaded {
    let files = Map::default().with("/l", list).with("/k/pem.pem", "").with("/k/m", "");
    load_in(DOOR, &format!("-p /s -l -K -k /l {words}"), &files)
}

fn must_sign(config: &Config, domain: &str) -> bool {
    let domain = Domain::parse(domain).unwrap();
    config.must_sign.as_ref().is_some_and(|list| list.signing_domain(&domain).is_some())
}

#[test]
fn a_key_list_needs_no_domains_and_the_first_match_wins() {
    let list = "boss@a.example:*:/k/pem\n*@a.example:a.example:/k/m\n*@b.example:c.example:/k/m\n";
    let loaded = with_list(list, "");
    let config = &loaded.config;
    for (address, want) in [
        ("Boss@a.example", Some("a.example pem")),
        ("x@a.example", Some("a.example m")),
        ("x@b.example", Some("c.example m")),
        ("x@sub.a.example", None),
    ] {
        assert_eq!(signs(config, address).as_deref(), want, "{address}");
    }
    let file = &config.rules.iter().next().unwrap().keys[0].file;
    assert_eq!(file.to_str(), Some("/k/pem.pem"));
    assert!(config.must_sign.is_none());
}

#[test]
fn a_key_list_signs_beyond_the_domains_and_mail_of_those_must_be_signed() {
    let loaded = with_list("*@a.example:*:/k/m\n*@b.example:*:/k/m\n", "-d a.example,lost.example");
    let config = &loaded.config;
    assert_eq!(signs(config, "x@b.example").unwrap(), "b.example m");
    assert_eq!(signs(config, "x@lost.example"), None);
    for (domain, must) in
        [("a.example", true), ("lost.example", true), ("b.example", false), ("a.a.example", false)]
    {
        assert_eq!(must_sign(config, domain), must, "{domain}");
    }
    let lost = "-d: no line of the key list can match a sender in lost.example: its mail is \
                deferred, with \"no key selected for signing\"";
    assert_eq!(warnings(&loaded), [lost]);
}

#[test]
fn with_subdomains_the_listed_parent_signs_in_the_order_of_the_lines() {
    let list = "boss@*:*:/k/pem\n*@a.example:*:/k/m\n*@*:*:/k/other\n";
    let config = with_list(list, "-D -d a.example").config;
    for (address, want) in [
        ("x@sub.a.example", "a.example m"),
        ("boss@sub.a.example", "a.example pem"),
        ("x@a.example", "a.example m"),
        ("x@sub.b.example", "sub.b.example other"),
        ("boss@b.example", "b.example pem"),
    ] {
        assert_eq!(signs(&config, address).as_deref(), Some(want), "{address}");
    }
    assert!(must_sign(&config, "x.a.example") && config.parent_identity);
}

#[test]
fn a_listed_parent_takes_the_place_of_the_senders_domain_before_any_line_is_asked() {
    let list = "*@s.d.example:s.d.example:/k/other\n*@d.example:d.example:/k/mail2\n\
                *@S.e.example:*:/k/e\n";
    let loaded = with_list(list, "-D -d D.example,s.e.example,e.example");
    for (address, want) in [
        ("u@s.d.example", Some("d.example mail2")),
        ("u@d.example", Some("d.example mail2")),
        ("u@a.s.e.example", Some("s.e.example e")),
        ("u@x.e.example", None),
    ] {
        assert_eq!(signs(&loaded.config, address).as_deref(), want, "{address}");
    }
    let below = "/l:1: senders in s.d.example count as senders in d.example, which is listed: \
                 \"*@s.d.example\" matches nobody, and this line signs nothing";
    let lost = "-d: no line of the key list can match a sender in e.example: its mail is deferred, \
                with \"no key selected for signing\"";
    assert_eq!(warnings(&loaded), [below, lost]);
    let shown = crate::render::shown(&loaded.config, crate::render::Origins::Hidden);
    assert!(shown.contains("  - senders: [\"*@*.d.example\"]\n") && !shown.contains("# no entry"));
    let files = Map::default().with("/t", &shown);
    let again = load_in(Door::Native, "--config /t", &files).config;
    for address in ["u@s.d.example", "u@d.example", "u@a.s.e.example", "u@x.e.example"] {
        assert_eq!(signs(&again, address), signs(&loaded.config, address), "{address}");
    }
    // Without sub-domains, everybody is where he is.
    let config = with_list(list, "-d d.example").config;
    assert_eq!(signs(&config, "u@s.d.example").unwrap(), "s.d.example other");
    assert_eq!(signs(&config, "u@x.d.example"), None);
}

#[test]
fn a_list_in_the_file_takes_the_place_of_a_key_there_and_not_of_a_typed_one() {
    let files = || file(&format!("KeyList /l\n{SIGN}")).with("/l", "*@list.example:*:/k/m\n");
    let loaded = load_in(DOOR, &format!("-x {PATH}"), &files());
    assert_eq!(signs(&loaded.config, "a@list.example").unwrap(), "list.example m");
    let found = warnings(&loaded);
    assert_eq!(
        found[0],
        "/etc/dkim-filter.conf:4: KeyFile: without effect: a key list takes its place"
    );
    let typed = load_in(DOOR, &format!("-x {PATH} -k /k/typed"), &files());
    assert_eq!(signs(&typed.config, "a@example.com").unwrap(), "example.com mail2");
    assert_eq!(signs(&typed.config, "a@list.example"), None);
}

#[test]
fn entries_that_never_did_anything_are_passed_over_and_named() {
    let files = file(&format!("{SIGN}InternalHosts /h\nDomain /d\n"))
        .with("/h", "127.0.0.1\n192.168.1.\n10.1/16\n*.example.com\n192.168.0.0/33\n10.0.0.1\n")
        .with("/d", ".b.example\nd.example.\ngood.example\n");
    let loaded = load_in(DOOR, &format!("-x {PATH}"), &files);
    let lines = warnings(&loaded);
    let wants = [
        "/h:2: entry skipped: \"192.168.1.\" is no host",
        "/h:3: entry skipped: \"10.1/16\" is no host",
        "/h:4: entry skipped: \"*.example.com\" is no host",
        "/h:5: entry skipped: \"192.168.0.0/33\" is no host",
        "/d:1: entry skipped: \".b.example\" is no domain name",
        "/d:2: entry skipped: \"d.example.\" is no domain name",
    ];
    assert_eq!(lines.len(), wants.len(), "{lines:#?}");
    for (line, want) in lines.iter().zip(wants) {
        assert!(line.starts_with(want), "{line}\nis not\n{want}");
    }
    assert!(loaded.config.internal_hosts.contains(None, "10.0.0.1".parse().ok()));
    assert_eq!(signs(&loaded.config, "a@good.example").unwrap(), "good.example mail2");
}

#[test]
fn an_exception_that_cannot_be_read_is_fatal() {
    let files = file(&format!("{SIGN}InternalHosts /h\n")).with("/h", "10.0.0.0/8\n!10.1/16\n");
    let lines = mistakes_in(DOOR, &format!("-x {PATH}"), &files);
    assert!(lines.len() == 1 && lines[0].starts_with("/h:2: \"10.1/16\" is no host"), "{lines:?}");
}

#[test]
fn a_list_of_which_nothing_is_left_says_so() {
    let hosts = |list| file(&format!("{SIGN}InternalHosts /h\n")).with("/h", list);
    let nobody = "InternalHosts: nobody is in the list: no mail will be signed but that of \
                  authenticated clients";
    for list in ["*.example.com\n", "# none\n"] {
        let lines = warnings(&load_in(DOOR, &format!("-x {PATH}"), &hosts(list)));
        assert!(lines.iter().any(|line| line.ends_with(nobody)), "{list:?}: {lines:?}");
    }
    // One key signs for nobody then; a key list has senders of its own.
    let lines = mistakes_in(DOOR, "-p /s -d .b.example -k /k/m -s m", &Map::default());
    assert_eq!(lines, ["-d: the list is empty"]);
    let config = with_list("*@a.example:*:/k/m\n", "-d .b.example").config;
    assert_eq!(signs(&config, "x@a.example").unwrap(), "a.example m");
}

#[test]
fn a_fourth_field_of_a_key_list_is_passed_over_and_named() {
    let loaded = with_list("*@a.example:a.example:/k/pem:more:x\n", "");
    assert_eq!(signs(&loaded.config, "x@a.example").unwrap(), "a.example pem");
    assert_eq!(warnings(&loaded), ["/l:1: without effect: \"more:x\", behind the name of the key"]);
}

#[test]
fn a_line_that_signs_for_every_domain_says_so_whatever_domains_are_listed() {
    for words in ["", "-d example.com"] {
        let lines = warnings(&with_list("*:example.com:/k/m\n", words));
        let want = "/l:1: \"*\" matches senders of every domain, and example.com signs for all";
        assert!(lines.len() == 1 && lines[0].starts_with(want), "{words}: {lines:?}");
    }
    assert_eq!(warnings(&with_list("*:*:/k/m\n", "")), [""; 0]);
}

#[test]
fn messages_offer_only_what_the_door_takes() {
    for (text, want) in [
        ("Socket\n", "allowed: unix:PATH, inet:PORT@HOST or inet6:PORT@HOST"),
        ("InternalHosts\n", "allowed: the path of a file that lists hosts"),
        (
            "Canonicalization x\n",
            "simple/relaxed, relaxed/simple, relaxed/relaxed, simple, relaxed",
        ),
    ] {
        let lines = mistakes(&format!("{SIGN}{text}"));
        assert!(lines.len() == 1 && lines[0].ends_with(want), "{lines:?}");
    }
    let lines = mistakes_in(DOOR, "-p /s -i", &Map::default());
    assert_eq!(lines, ["-i: it needs a value: the path of a file that lists hosts"]);
    let lines = warnings(&with_list("*@a.example, b@a.example:*:/k/m\n*@a.example:*:/k/m\n", ""));
    assert!(
        lines.len() == 1 && lines[0].ends_with("each pattern has a line of its own"),
        "{lines:?}"
    );
}

#[test]
fn letters_of_the_mode_may_be_repeated() {
    for (words, want) in [("-b ss", Mode::Sign), ("-b svs", Mode::Both)] {
        assert_eq!(load(words, "").config.mode, want, "{words}");
    }
    assert_eq!(load("", "Mode vss\n").config.mode, Mode::Both);
}

#[test]
fn lists_that_cannot_be_used_are_fatal() {
    for (words, files, want) in [
        ("-d /none -k /k -s m", Map::default(), "-d: \"/none\" cannot be read"),
        ("-K -k /none", Map::default(), "-k: \"/none\" cannot be read: entity not found; -K says"),
        ("-K -k /l", Map::default().with("/l", "# none\n"), "-k: the list is empty"),
        ("-K -k /l", Map::default().with("/l", "*@a.example\n"), "/l:1: malformed line"),
        ("-K -k /l", Map::default().with("/l", "\n\n/base/dir\n"), "/l:3: malformed line"),
        ("-K -k /l", Map::default().unreadable("/l"), "-k: \"/l\" cannot be read: permission"),
    ] {
        let lines = mistakes_in(DOOR, &format!("-p /s {words}"), &files);
        assert_eq!(lines.len(), 1, "{words}: {lines:#?}");
        assert!(lines[0].starts_with(want), "{words}:\n{}\nis not\n{want}", lines[0]);
    }
}

#[test]
fn what_is_in_force_is_an_entry_for_each_rule_whatever_a_list_holds() {
    let config = with_list("\0*@a.example:*:/k/m\n", "").config;
    let shown = crate::render::shown(&config, crate::render::Origins::Hidden);
    assert!(shown.contains("  - senders: [\"\\u0000*@a.example\"]\n"), "{shown}");
    assert!(!shown.contains('\0'), "{shown}");
}

#[test]
fn its_letters_are_not_those_of_dk_filter() {
    for (words, want, code) in [
        ("-p /s -S 2007", "-S: found \"2007\", allowed: rsa-sha256", ExitCode::Configuration),
        ("-p /s -T 5x", "-T: found \"5x\", allowed: a whole number", ExitCode::Usage),
        ("-t - -F soon", "-F: found \"soon\", allowed: a whole number", ExitCode::Usage),
        ("-p /s -H", "-H: there is no such option", ExitCode::Usage),
        ("-p /s -U /x", "-U: refused: who is in a POP database", ExitCode::Usage),
        ("-p /s -k", "-k: it needs a value: the path of a file", ExitCode::Usage),
        ("-p /s stray", "the word \"stray\" belongs to no option", ExitCode::Usage),
        ("-p /s -b w", "-b: found \"w\"", ExitCode::Configuration),
    ] {
        let lines = mistakes_in(DOOR, words, &Map::default());
        assert!(lines[0].starts_with(want), "{words}: {lines:#?}");
        let found = request_in(DOOR, words, &Map::default()).unwrap_err().exit_code();
        assert_eq!(found, code, "{words}");
    }
    for (words, wanted) in [("-V", "Version"), ("-?", "Usage")] {
        let request: Result<Request, _> = request_in(DOOR, words, &Map::default());
        assert!(format!("{request:?}").starts_with(&format!("Ok({wanted}")), "{words}");
    }
    let check = request_in(DOOR, &format!("-nx{PATH}"), &file(SIGN));
    assert!(matches!(check, Ok(Request::Check(_))), "{check:?}");
}

#[test]
fn its_usage_lists_its_letters() {
    let usage = crate::render::usage(DOOR);
    for letter in "apqrxbcCdDfhiIkKlLmMoPsSTuV".chars() {
        assert!(usage.contains(&format!("\n  -{letter} ")), "-{letter} is not in\n{usage}");
    }
    for text in
        ["-T SECONDS ", "log to syslog", "-k names a key list, not a key", "with -K, the key list"]
    {
        assert!(usage.contains(text), "{text:?} is not in\n{usage}");
    }
}
