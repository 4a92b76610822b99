use super::{Map, load, mistakes, request, signs, warnings};
use crate::{Door, ExitCode, LogTo, Mode, Origin, Request, SocketSpec, serve};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// What dk-filter needs to sign.
const SIGN: &str = "-p /s -f -d example.com -s /k/mail2 -S 2007";

fn none() -> Map {
    Map::default()
}

fn exit_code(words: &str) -> ExitCode {
    request(words, &none()).unwrap_err().exit_code()
}

#[test]
fn the_command_line_of_dk_filter_signs() {
    let files =
        none().with("/etc/ilist", "# ours\r\n127.0.0.1\r\n\r\n 10.0.0.0/8 # all\n!10.9.9.9\n");
    let words = "-u dk-filter -P /run/dk.pid -p inet:8892@localhost -lf -d example.com,example.net \
                 -s /etc/mail/domainkey.key -S2007 -i /etc/ilist -csimple -o DKIM-Signature,X-DKIM \
                 -b s -H";
    let loaded = load(words, &files);
    let config = &loaded.config;
    assert_eq!(config.sockets, [SocketSpec::parse("inet:8892@localhost").unwrap()]);
    assert_eq!((config.log.to, config.mode, config.foreground), (LogTo::Syslog, Mode::Sign, true));
    assert_eq!(config.user.as_ref().unwrap().name, "dk-filter");
    assert_eq!(config.pid_file.as_ref().unwrap().to_str(), Some("/run/dk.pid"));
    let internal = |address: &str| config.internal_hosts.contains(None, address.parse().ok());
    assert!(internal("10.1.1.1") && internal("127.0.0.1"));
    assert!(!internal("10.9.9.9") && !internal("::1"));
    assert_eq!(signs(config, "a@Example.NET").unwrap(), "example.net 2007");
    assert_eq!(signs(config, "a@mail.example.net"), None);
    let rule = config.rules.iter().next().unwrap();
    let domainkeys = rule.domainkeys.as_ref().unwrap();
    let omitted: Vec<_> = domainkeys.omitted.iter().map(|name| name.as_str()).collect();
    assert_eq!(domainkeys.canonicalization.name(), "simple");
    assert_eq!(omitted, ["dkim-signature", "x-dkim"]);
    assert!(rule.dkim.is_some(), "twinseal serve makes both seals");
    let notice = "-H: accepted, but without effect: every DomainKeys seal names its header fields";
    assert_eq!(warnings(&loaded), [notice]);
}

#[test]
fn letters_cluster_and_the_last_one_counts() {
    for (words, umask, log, domain) in [
        ("-lfD", Some(0o007), LogTo::Syslog, Some("example.com 2007")),
        ("-l --log-to stderr", Some(0o007), LogTo::Stderr, None),
        ("--log-to=stderr -l --umask=027 -D", Some(0o027), LogTo::Syslog, Some("example.com 2007")),
        ("--subdomains=no --umask 0", Some(0), LogTo::Stderr, None),
        ("-D --subdomains=off -fl", Some(0o007), LogTo::Syslog, None),
    ] {
        let config = load(&format!("{SIGN} {words}"), &none()).config;
        assert_eq!((config.umask, config.log.to), (umask, log), "{words}");
        assert_eq!(signs(&config, "a@mail.example.com").as_deref(), domain, "{words}");
    }
    let config = load(&format!("{SIGN} -c simple -cnofws -p /other"), &none()).config;
    let rule = config.rules.iter().next().unwrap();
    assert_eq!(rule.domainkeys.as_ref().unwrap().canonicalization.name(), "nofws");
    assert_eq!(config.sockets, [SocketSpec::parse("/other").unwrap()]);
}

#[test]
fn an_equals_sign_belongs_to_the_value_as_getopt_has_it() {
    let lines = mistakes(&format!("{SIGN} -c=simple"), &none());
    assert_eq!(lines, ["-c: found \"=simple\", allowed: simple, nofws"]);
}

#[test]
fn every_native_option_has_a_long_name() {
    let words = "--socket /s --foreground --domains example.com --key /k/m --selector m \
                 --dkim-canonicalization relaxed/relaxed --dkim-expire-after 2w --domainkeys=off \
                 --dkim-identity @example.com --log-facility local3 --log-why \
                 --require-safe-keys=no \
                 --dkim-signed-headers subject,date --mode=s";
    let config = load(words, &none()).config;
    let rule = config.rules.iter().next().unwrap();
    let dkim = rule.dkim.as_ref().unwrap();
    assert!(rule.domainkeys.is_none() && config.log.why && !config.require_safe_keys);
    assert_eq!(dkim.identity.as_ref().unwrap().to_string(), "@example.com");
    assert_eq!(dkim.headers.signed().len(), 2);
    assert_eq!((config.log.facility.name(), config.log.facility.code()), ("local3", 19));
}

#[test]
fn a_wrong_command_line_is_reported_whole_and_alone() {
    let words = "-z stray --sokcet /s -p /s --check=1 --signing x -k -d";
    let lines = mistakes(words, &none());
    assert_eq!(
        lines,
        [
            "-z: there is no such option",
            "the word \"stray\" belongs to no option",
            "--sokcet: there is no such option, did you mean --socket?",
            "the word \"/s\" belongs to no option",
            "--check: it takes no value, \"1\" was given",
            "--signing: it is written in the file that --config names, not on the command line",
            "the word \"x\" belongs to no option",
            "-d: it needs a value: domains with commas between them, or the path of a list",
        ]
    );
    assert_eq!(exit_code(words), ExitCode::Usage);
    for words in ["-?", "-h", "-p", "--config", "-K", "x", "-- x", "-"] {
        assert_eq!(exit_code(words), ExitCode::Usage, "{words}");
    }
    let empty = serve(Door::Native, ["-p", ""].map(OsString::from), &none()).unwrap_err();
    assert_eq!(empty.exit_code(), ExitCode::Usage, "{empty}");
    let odd = [OsString::from("-p"), OsString::from_vec(b"/\xff".to_vec())];
    assert_eq!(serve(Door::Native, odd, &none()).unwrap_err().exit_code(), ExitCode::Usage);
}

#[test]
fn the_key_list_option_takes_no_value() {
    // Trap F3: in dkim-filter, -k names the key.
    let lines = mistakes("-p /s -d example.com -k /k/mail2 -s sel", &none());
    assert_eq!(lines, ["the word \"/k/mail2\" belongs to no option"]);
    let lines = mistakes("-p /s -d example.com -s /k/none -k", &none());
    assert_eq!(
        lines,
        [concat!(
            "-s: \"/k/none\" cannot be read: entity not found; ",
            "-k says that -s names a key list, and takes no value itself"
        )]
    );
}

#[test]
fn a_key_in_place_of_a_list_is_one_mistake_that_quotes_nothing() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqh\n-----END PRIVATE KEY-----\n";
    let files = none()
        .with("/k/m", pem)
        .with("/k/odd", &format!("\u{feff}a: 1\r# b\r\n {pem}"))
        .with("t.yaml", &format!("key: |\n  {pem}"));
    for (words, want) in [
        ("-p /s -f -d a.example -k -s /k/m", "-s: \"/k/m\" is a PEM file, not a key list; -k says"),
        ("-p /s -f -d /k/m -s /k/m -S m", "-d: \"/k/m\" is a PEM file, not a list of domains; the"),
        (&format!("{SIGN} -i /k/m"), "-i: \"/k/m\" is a PEM file, not a list of hosts"),
        (&format!("{SIGN} -a /k/odd"), "-a: \"/k/odd\" is a PEM file, not a list of hosts"),
        ("--config /k/m", "--config: \"/k/m\" is a PEM file, not a configuration file; keys"),
        ("--config t.yaml", "--config: \"t.yaml\" is a PEM file"),
    ] {
        let lines = mistakes(words, &files);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].starts_with(want), "{words}:\n{}\nis not\n{want}", lines[0]);
        assert!(!lines[0].contains("MII") && !lines[0].contains("BEGIN"), "{}", lines[0]);
    }
}

#[test]
fn warnings_are_kept_beside_mistakes() {
    for words in ["-H -z", "-H -f"] {
        let found = request(words, &none()).unwrap_err();
        let warnings: Vec<_> = found.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1, "{words}");
        assert!(warnings[0].starts_with("-H: accepted, but without effect"), "{warnings:?}");
    }
}

#[test]
fn a_spoilt_signing_option_is_not_missing_as_well() {
    let words = ["-p", "/s", "-f", "-d", "a.example", "-s", "/k", "-S", "sel ector"];
    let lines: Vec<_> =
        serve(Door::Native, words.map(OsString::from), &none()).unwrap_err().lines().collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].starts_with("-S: \"sel ector\" is no selector"), "{lines:#?}");
}

#[test]
fn commands_need_no_configuration() {
    assert!(matches!(request("-V", &none()), Ok(Request::Version)));
    assert!(matches!(request("--version", &none()), Ok(Request::Version)));
    assert!(matches!(request("--help", &none()), Ok(Request::Help)));
    assert!(matches!(request(&format!("{SIGN} --check"), &none()), Ok(Request::Check(_))));
    assert_eq!(exit_code("--check"), ExitCode::Configuration);
}

#[test]
fn everything_that_is_missing_is_reported_at_once() {
    let lines = mistakes("-f", &none());
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for (line, option) in lines.iter().zip(["-p", "-d", "-s", "-S"]) {
        assert!(line.contains("missing: ") && line.contains(&format!("({option}")), "{line}");
    }
    let lines = mistakes("-p /s -f -k", &none());
    assert_eq!(lines.len(), 2, "a key list needs no selector: {lines:#?}");
    assert_eq!(exit_code("-f"), ExitCode::Configuration);
    assert!(load("-p /s -f -b v", &none()).config.rules.is_empty());
}

#[test]
fn wrong_values_are_configuration_mistakes_that_name_their_option() {
    for (words, want) in [
        ("-b x", "-b: found \"x\", allowed: s (sign), v (verify) or sv"),
        ("-c relaxed", "-c: found \"relaxed\", allowed: simple, nofws"),
        ("-u a:b:c", "-u: found \"a:b:c\", allowed: a user"),
        ("-o 'a;b'", "-o: \"'a;b'\" is no header field name"),
        ("-o Sender", "-o: sender cannot be left out"),
        ("-S a/b", "-S: \"a/b\" is no selector"),
        ("-d exa_mple..com", "-d: \"exa_mple..com\" is no domain name: it has an empty label"),
        (
            "-d a.example,/etc/b",
            "-d: \"/etc/b\" is no domain name: the path of a list begins with /",
        ),
        ("-d /etc/none", "-d: \"/etc/none\" cannot be read: entity not found"),
        ("-d ,", "-d: the list is empty"),
        (
            "-i /etc/none",
            "-i: \"/etc/none\" cannot be read: entity not found; hosts themselves are",
        ),
        ("-p inet:x", "-p: \"inet:x\" is no socket: the port comes first"),
        ("--umask 8", "--umask: found \"8\", allowed: octal digits"),
        ("--dkim=off --domainkeys=off", "-d: dkim and domainkeys are both off"),
        (
            "--dkim-identity @b.example",
            "--dkim-identity: \"@b.example\" is not in the signing domain",
        ),
    ] {
        let words = format!("{SIGN} {words}");
        let lines = mistakes(&words, &none());
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].starts_with(want), "{words}:\n{}\nis not\n{want}", lines[0]);
        assert_eq!(exit_code(&words), ExitCode::Configuration, "{words}");
    }
}

#[test]
fn domains_may_be_in_a_file_and_have_wildcards() {
    let list = "# comment\n\nexample.com\n  *.example.net  # all of it\r\nb\u{fc}cher.example\n";
    let files = none().with("/etc/domains", list);
    let config = load("-p /s -f -d /etc/domains -D -s /k/m -S s", &files).config;
    for (address, want) in [
        ("a@example.com", Some("example.com s")),
        ("a@mail.example.com", Some("example.com s")),
        ("a@x.example.net", Some("x.example.net s")),
        ("a@example.net", None),
        ("a@mail.xn--bcher-kva.example", Some("xn--bcher-kva.example s")),
    ] {
        assert_eq!(signs(&config, address).as_deref(), want, "{address}");
    }
    let files = none().with("/etc/domains", "example.com\nexa mple.com\n");
    let lines = mistakes("-p /s -f -d /etc/domains -s /k/m -S s", &files);
    assert!(lines[0].starts_with("/etc/domains:2: \"exa mple.com\" is no domain"), "{lines:?}");
}

#[test]
fn a_domain_that_is_the_name_of_a_file_is_noticed() {
    let loaded = load("-p /s -f -d domains -s /k/m -S s", &none().with("domains", ""));
    assert!(warnings(&loaded)[0].starts_with("-d: \"domains\" is taken for a domain"));
}

#[test]
fn a_key_list_has_two_fields_or_three() {
    let list = "# sender:key\r\n\
                boss@a.example:/k/boss\r\n\
                *@a.example:/k/a:b/mail2\n\
                \n\
                *@b.example:sign.example:/k/fixed\n\
                *@c.example:*:/k/own\n";
    let files = none().with("/etc/keylist", list);
    let loaded =
        load("-p /s -f -D -d a.example,b.example,c.example,d.example -k -s /etc/keylist", &files);
    let config = &loaded.config;
    for (address, want) in [
        ("Boss@a.example", Some("a.example boss")),
        ("joe@a.example", Some("a.example mail2")),
        ("joe@mail.a.example", Some("a.example mail2")),
        ("joe@b.example", Some("sign.example fixed")),
        ("joe@c.example", Some("c.example own")),
        ("joe@mail.c.example", Some("c.example own")),
        ("joe@d.example", None),
        ("joe@e.example", None),
    ] {
        assert_eq!(signs(config, address).as_deref(), want, "{address}");
    }
    let lines: Vec<String> = config.rules.iter().map(|rule| rule.origin.to_string()).collect();
    assert_eq!(lines, ["/etc/keylist:2", "/etc/keylist:3", "/etc/keylist:5", "/etc/keylist:6"]);
    let foreign = "/etc/keylist:5: signing.domain: no sender of this entry can be in sign.example";
    assert!(warnings(&loaded)[0].starts_with(foreign), "{:?}", warnings(&loaded));
}

#[test]
fn a_key_list_does_not_widen_the_domains() {
    let files = none().with("/l", "*:/k/m\n");
    let config = load("-p /s -f -d a.example -k -s /l", &files).config;
    assert_eq!(signs(&config, "a@a.example").unwrap(), "a.example m");
    assert_eq!(signs(&config, "a@b.example"), None);
}

#[test]
fn a_key_file_is_found_with_an_ending_and_keeps_its_selector() {
    let list =
        "*@a.example:/k/pem\n*@a.example:/k/private\n*@a.example:/k/both\n*@a.example:/k/no\n";
    let files = none()
        .with("/l", list)
        .with("/k/pem.pem", "")
        .with("/k/private.private", "")
        .with("/k/both", "")
        .with("/k/both.pem", "");
    let config = load("-p /s -f -d a.example -k -s /l", &files).config;
    let keys = config.rules.iter().flat_map(|rule| &rule.keys);
    let keys: Vec<_> = keys.map(|key| format!("{} {}", key.selector, key.file.display())).collect();
    let want = ["pem /k/pem.pem", "private /k/private.private", "both /k/both", "no /k/no"];
    assert_eq!(keys, want);
}

#[test]
fn a_key_list_is_read_to_its_end_whatever_is_wrong() {
    let list =
        "# c\n*@a.example\n\n*@a.example:a b:/k/m\n*@a.example:/k/a b\na.example:/k/m\n/k:x\n";
    let files = none().with("/l", list);
    let lines = mistakes("-p /s -f -d a.example -k -s /l", &files);
    let starts = [
        "/l:2: malformed line \"*@a.example\": it has to be",
        "/l:4: \"a b\" is no domain name",
        "/l:5: \"a b\" is no selector",
        "/l:7: malformed line \"/k:x\"",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}\nis not\n{start}");
    }
    let files = none().with("/l", "# nothing\n");
    assert_eq!(mistakes("-p /s -f -d a.example -k -s /l", &files), ["-s: the list is empty"]);
}

#[test]
fn a_key_line_that_can_match_nothing_is_skipped_with_a_warning() {
    let files = none().with("/l", "a.example:/k/m\n*@a.example:/k/default.private\n");
    let loaded = load("-p /s -f -d a.example -k -s /l -S unused", &files);
    let found = warnings(&loaded);
    assert_eq!(
        found[0],
        "-S: without effect: the selectors of a key list are the names of its files"
    );
    assert!(found[1].starts_with("/l:1: line skipped: \"a.example\" is no pattern"), "{found:?}");
    assert!(found[2].starts_with("/l:2: the selector default.private is the name"), "{found:?}");
    assert_eq!(signs(&loaded.config, "x@a.example").unwrap(), "a.example default.private");
}

#[test]
fn the_command_line_has_the_last_word_and_every_value_its_origin() {
    let file = "socket: /a\nforeground: yes\numask: 022\nlog: {to: syslog}\n\
                signing: [{senders: '*', domain: '*', keys: [{file: /k/m}]}]\n";
    let files = none().with("t.yaml", file);
    let loaded = load("--config t.yaml -p /b --log-to stderr", &files);
    let config = &loaded.config;
    assert_eq!((config.umask, config.log.to), (Some(0o022), LogTo::Stderr));
    assert_eq!(config.sockets, [SocketSpec::parse("/b").unwrap()]);
    assert_eq!(signs(config, "a@b.example").unwrap(), "b.example m");
    let shown = crate::render::shown(config, crate::render::Origins::Shown);
    for line in [
        "socket: /b  # -p\n",
        "umask: \"022\"  # t.yaml:3\n",
        "mode: sv  # default\n",
        "  - senders: [\"*\"]  # t.yaml:5\n    domain: \"*\"\n",
        "      - file: /k/m  # t.yaml:5\n        selector: m\n",
    ] {
        assert!(shown.contains(line), "{line:?} is not in\n{shown}");
    }
    let setting = config.settings.iter().find(|setting| setting.name == "log.to").unwrap();
    assert_eq!(setting.origin, Origin::option("--log-to"));

    let loaded = load(&format!("--config t.yaml {SIGN}"), &files);
    assert_eq!(signs(&loaded.config, "a@b.example"), None);
    let notice = "-d: the signing options of the command line replace the entries of the file";
    assert_eq!(warnings(&loaded), [notice]);
}

#[test]
fn a_reload_tells_what_it_cannot_change() {
    let before = load(SIGN, &none()).config;
    let after = load(&format!("{SIGN} -p /other --umask 022 --log-why"), &none()).config;
    assert_eq!(before.needs_restart(&after).collect::<Vec<_>>(), ["socket", "umask"]);
    assert_eq!(before.needs_restart(&before).count(), 0);
}

/// The warnings of `-k -s` with that list of keys and these other options.
fn of_key_list(list: &str, words: &str) -> Vec<String> {
    let files = none().with("/l", list).with("/d", "a.example\n\nb.example\n");
    warnings(&load(&format!("-p /s -f -k -s /l {words}"), &files))
}

#[test]
fn a_key_list_and_the_domains_beside_it_are_held_against_each_other() {
    let lost = |domain: &str| {
        format!("no line of the key list can match a sender in {domain}: nothing signs its mail")
    };
    let outside = |pattern: &str| {
        format!(
            "no sender that \"{pattern}\" matches can be in a domain that -d lists: this line \
             signs nothing"
        )
    };
    for (list, words, want) in [
        (
            "*@a.example:/k/m\n",
            "-d a.example,b.example",
            &[format!("-d: {}", lost("b.example"))][..],
        ),
        ("*@*:/k/m\n", "-d a.example,b.example", &[]),
        ("*@a.example:/k/m\n", "-d /d", &[format!("/d:3: {}", lost("b.example"))]),
        ("*@*.a.example:/k/m\n", "-D -d a.example", &[]),
        ("*@x.a.example:/k/m\n", "-D -d a.example", &[]),
        (
            "*@*.a.example:/k/m\n",
            "-d a.example",
            &[format!("-d: {}", lost("a.example")), format!("/l:1: {}", outside("*@*.a.example"))],
        ),
        (
            "*@a.example:/k/m\n*@c.example:/k/m\n*@*.c.example:/k/m\n",
            "-D -d a.example",
            &[
                format!("/l:2: {}", outside("*@c.example")),
                format!("/l:3: {}", outside("*@*.c.example")),
            ],
        ),
        ("*@x.a.example:/k/m\n*@*.b.example:/k/m\n", "-d *.a.example", &[]),
    ] {
        let mut found = of_key_list(list, words);
        found.sort();
        assert_eq!(found, want, "{list:?} {words}");
    }
}

#[test]
fn a_domain_pattern_that_lets_strangers_in_is_noticed() {
    for (list, words, place) in [
        ("*@*a.example:/k/m\n", "-d a.example", "/l:1: \"*@*a.example\""),
        ("*:/k/m\n", "-d *a.example", "-d: \"*a.example\""),
    ] {
        let found = of_key_list(list, words);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("{place} also matches evila.example")), "{found:?}");
    }
}

#[test]
fn a_comma_separates_sockets_behind_the_long_option_only() {
    let sockets = |option: &str| {
        let words = format!("{option} /a,/b -f -d a.example -s /k/m -S m");
        let sockets = load(&words, &none()).config.sockets;
        sockets.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(sockets("-p"), ["unix:/a,/b"]);
    assert_eq!(sockets("--socket"), ["unix:/a", "unix:/b"]);
}
