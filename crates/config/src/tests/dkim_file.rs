//! How the file of `dkim-filter` is written, and messages that are tried out with it.

use super::{Map, load_in, mistakes_in, request_in, signs, warnings};
use crate::{Config, Door, Loaded, LogTo, Mode, Request, Trial};
use std::time::Duration;

const DOOR: Door = Door::DkimFilter;
const PATH: &str = "/etc/dkim-filter.conf";

/// A daemon that only verifies, with that file.
fn load(text: &str) -> Loaded {
    load_with(&Map::default().with(PATH, text))
}

fn load_with(files: &Map) -> Loaded {
    load_in(DOOR, &format!("-x {PATH} -p /s -b v -l"), files)
}

fn mistakes(files: &Map) -> Vec<String> {
    mistakes_in(DOOR, &format!("-x {PATH} -p /s -b v"), files)
}

#[test]
fn every_quirk_of_its_syntax_is_taken() {
    type Seen = fn(&Config) -> String;
    let timeout: Seen = |config| config.dns.timeout.as_secs().to_string();
    let umask: Seen = |config| format!("{:?}", config.umask);
    let why: Seen = |config| config.log.why.to_string();
    let largest: Seen = |config| config.verify.maximum_header.to_string();
    let pid_file: Seen = |config| format!("{:?}", config.pid_file);
    for (text, seen, want) in [
        ("", timeout, "5"),
        ("# nothing but a comment\n", timeout, "5"),
        ("\n \t\n", timeout, "5"),
        ("DNSTimeout 7", timeout, "7"),
        ("  \tdnstimeout\t \t7\t", timeout, "7"),
        ("DNSTIMEOUT 7 seconds", timeout, "7"),
        ("DNSTimeout 017\n", timeout, "15"),
        ("DNSTimeout 0x10\n", timeout, "16"),
        ("DNSTimeout 7\nDNSTimeout 8\n", timeout, "8"),
        ("DNSTimeout 7#8\n", timeout, "7"),
        ("DNSTimeout 7\r\nLogWhy yes\r\n", timeout, "7"),
        ("MaximumHeaders 0x1000\n", largest, "4096"),
        ("UMask 022\n", umask, "Some(18)"),
        ("UMask 0x12\n", umask, "Some(18)"),
        ("UMask 18\n", umask, "Some(18)"),
        ("PidFile /run/p.pid\r\n", pid_file, "Some(\"/run/p.pid\")"),
        ("PidFile /run/p#.pid\n", pid_file, "Some(\"/run/p\")"),
        ("LogWhy t", why, "true"),
        ("LogWhy TRUE", why, "true"),
        ("LogWhy yes, please", why, "true"),
        ("LogWhy Yellow", why, "true"),
        ("LogWhy 1000", why, "true"),
        ("LogWhy yes\nLogWhy false", why, "false"),
        ("LogWhy yes\nLogWhy Nothing", why, "false"),
        ("LogWhy yes\nLogWhy 0", why, "false"),
    ] {
        assert_eq!(seen(&load(text).config), want, "{text:?}");
    }
}

#[test]
fn what_is_no_value_is_told_with_those_that_are() {
    for (line, want) in [
        ("LogWhy", "LogWhy: required value missing; allowed: yes or no, true or false, 1 or 0"),
        ("LogWhy on", "LogWhy: found \"on\", allowed: yes or no, true or false, 1 or 0"),
        ("DNSTimeout 7s", "DNSTimeout: found \"7s\", allowed: a whole number of seconds"),
        ("DNSTimeout -1", "DNSTimeout: found \"-1\", allowed: a whole number of seconds"),
        ("DNSTimeout 08", "DNSTimeout: found \"08\", allowed: a whole number of seconds"),
        ("MaximumHeaders 1k", "MaximumHeaders: found \"1k\", allowed: a whole number of octets"),
        ("UMask 0888", "UMask: found \"0888\", allowed: a number from 0 to 0777"),
        ("MinimumKeyBits x", "MinimumKeyBits: found \"x\", allowed: a number of bits"),
        ("Include", "Include: required value missing; allowed: the path of a file"),
        ("InsecureKey pass", "InsecureKey: found \"pass\", allowed: fail, neutral, none"),
        ("BogusPolicy no", "BogusPolicy: found \"no\", allowed: apply, ignore"),
        ("Commaize maybe", "Commaize: found \"maybe\", allowed: yes or no"),
        ("ReputationFail much", "ReputationFail: found \"much\", allowed: a whole number"),
        ("SelectorHeader a:", "SelectorHeader: \"a:\" is no header field name"),
        ("Unheard-Of 1", "Unheard-Of: there is no such parameter"),
        ("Unheard-Of", "Unheard-Of: there is no such parameter"),
    ] {
        let lines = mistakes(&Map::default().with(PATH, &format!("# one\n{line}\n")));
        assert_eq!(lines.len(), 1, "{line}: {lines:#?}");
        let want = format!("{PATH}:2: {want}");
        assert!(lines[0].starts_with(&want), "{}\nis not\n{want}", lines[0]);
    }
}

#[test]
fn a_long_line_is_one_line_and_there_is_an_end_to_it() {
    let names: Vec<String> = (0..500).map(|number| format!("d{number}.example")).collect();
    let comment = "x".repeat(70_000);
    let text = format!("Domain {}\nKeyFile /k/m\nSelector m\n# {comment}\n", names.join(","));
    let files = Map::default().with(PATH, &text);
    let config = load_in(DOOR, &format!("-x {PATH} -p /s -l"), &files).config;
    assert_eq!(signs(&config, "a@d499.example").unwrap(), "d499.example m");
    let fits = format!("PidFile {}", "/".repeat(64 * 1024 - "PidFile ".len()));
    assert!(load(&fits).config.pid_file.is_some());
    let lines = mistakes(&Map::default().with(PATH, &format!("\n{fits}/")));
    assert_eq!(lines, [format!("{PATH}:2: a line of 65537 octets, 65536 are allowed")]);
}

#[test]
fn an_included_file_counts_at_its_place() {
    let files = || Map::default().with("/a", "DNSTimeout 2\nInclude /b\n").with("/b", "LogWhy y\n");
    for (text, seconds) in [
        ("DNSTimeout 1\nInclude /a\n", 2),
        ("Include /a\nDNSTimeout 1\n", 1),
        ("INCLUDE\t/a # too\r\nInclude /b\nInclude /a", 2),
    ] {
        let config = load_with(&files().with(PATH, text)).config;
        assert_eq!(config.dns.timeout, Duration::from_secs(seconds), "{text}");
        assert!(config.log.why, "{text}");
    }
    let lines = mistakes(&files().with(PATH, "Include /a\nMode x\n").with("/b", "\nSockte\n"));
    assert_eq!(lines[0], "/b:2: Sockte: there is no such parameter, did you mean Socket?");
    assert!(lines[1].starts_with("/etc/dkim-filter.conf:2: Mode: found \"x\""), "{lines:?}");
}

#[test]
fn files_inside_files_come_to_an_end() {
    let chain = |count: usize| {
        let link = |files: Map, number: usize| {
            files.with(&format!("/{number}"), &format!("Include /{}\n", number + 1))
        };
        let files = (1..count).fold(Map::default(), link).with(PATH, "Include /1\n");
        files.with(&format!("/{count}"), "DNSTimeout 9\n")
    };
    assert_eq!(load_with(&chain(5)).config.dns.timeout, Duration::from_secs(9));
    let deep = "/5:1: Include: nesting too deep: 5 files at most may be one inside the other";
    assert_eq!(mistakes(&chain(6)), [deep]);
    let own = format!("Include {PATH}\nInclude /a\n");
    let files = Map::default().with(PATH, &own).with("/a", "Include /b\n");
    let lines = mistakes(&files.with("/b", "\nInclude /a\n"));
    let wants = [
        "/b:2: Include: nesting too deep: \"/a\" would include itself",
        "/etc/dkim-filter.conf:1: Include: nesting too deep: \"/etc/dkim-filter.conf\" would \
         include itself",
    ];
    assert_eq!(lines, wants);
    let lines = mistakes(&Map::default().with(PATH, "Include /none\n").unreadable("/x"));
    assert_eq!(lines, [format!("{PATH}:1: Include: \"/none\" cannot be read: entity not found")]);
    let many = "Include /a\n".repeat(1_001);
    let lines = mistakes(&Map::default().with(PATH, &many).with("/a", ""));
    let count = "Include: nesting too deep: 1000 files at most may be included";
    assert_eq!(lines, [format!("{PATH}:1001: {count}")]);
}

#[test]
fn parameters_of_builds_that_nobody_has_are_accepted_and_named() {
    for line in [
        "BodyLengthDBFile /d",
        "BogusKey fail",
        "BogusPolicy ignore",
        "Commaize yes",
        "DiagnosticDirectory /d",
        "InsecureKey NONE",
        "InsecurePolicy apply",
        "ReportIntervalDB /d",
        "ReputationFail 1",
        "ReputationPass 0x1",
        "ReputationReject 2",
        "ReputationRoot al.example",
        "SelectorHeader X-Selector",
        "Statistics /var/log/dkim-filter/dkim-stats",
        "VBR-Certifiers a.example:b.example",
        "VBR-TrustedCertifiers a.example",
        "VBR-Type transaction",
        "Version rfc4871",
        "AllowSHA1Only yes",
        "QueryCache yes",
        "TrustAnchorFile /d",
        "On-SignatureMissing accept",
    ] {
        let found = warnings(&load(line));
        let (name, _) = line.split_once(' ').unwrap();
        let want = format!("{PATH}:1: {name}: accepted, but without effect: ");
        assert!(found.len() == 1 && found[0].starts_with(&want), "{line}: {found:#?}");
    }
    let lines = mistakes(&Map::default().with(PATH, "POPDBFile /d\n"));
    assert!(lines[0].contains("POPDBFile: refused: who is in a POP database"), "{lines:?}");
}

#[test]
fn the_sender_s_field_can_be_another_and_in_the_end_it_is_from() {
    for (text, want) in [
        ("SenderHeaders X-Sender, Reply-To", "x-sender"),
        ("SenderHeaders X-Sender,Reply-To", "x-sender reply-to from"),
        ("SenderHeaders From,Sender", "from sender"),
        ("", "resent-sender resent-from sender from"),
    ] {
        let config = load(text).config;
        let names: Vec<&str> = config.sender_headers.iter().map(|name| name.as_str()).collect();
        // Of words with blanks between them, only the first counts.
        let names = names.join(" ");
        assert!(names.starts_with(want), "{text:?}: {names}");
        assert!(names.split(' ').any(|name| name == "from"), "{text:?}: {names}");
    }
}

fn trial(words: &str, files: &Map) -> (Config, Trial) {
    match request_in(DOOR, words, files) {
        Ok(Request::Test(loaded)) => {
            let trial = loaded.config.trial.clone().unwrap();
            (loaded.config, trial)
        }
        other => panic!("{words}: {other:?}"),
    }
}

#[test]
fn a_message_is_tried_out_without_what_a_daemon_needs() {
    let text = "UserID nobody\nSyslog yes\nPidFile /run/p\nInternalHosts /none\nPeerList /none\n\
                ExternalIgnoreList /none\nBackground yes\nStrictTestMode yes\n";
    let files = Map::default().with(PATH, text);
    let (config, found) = trial(&format!("-x {PATH} -t /m,/n -F 1700000000 -vv"), &files);
    let messages = vec!["/m".to_owned(), "/n".to_owned()];
    let want = Trial { messages, time: Some(1_700_000_000), verbosity: 2, strict: true };
    assert_eq!(found, want);
    assert!(config.sockets.is_empty() && config.user.is_none() && config.pid_file.is_none());
    assert_eq!((config.mode, config.foreground), (Mode::Verify, true));
    assert_eq!(config.log.to, LogTo::Stderr);
    assert!(config.internal_hosts.contains(None, "127.0.0.1".parse().ok()));
    assert!(config.peers.is_empty() && config.external_ignore.is_empty());
    let (config, found) = trial("-t - -bs -d a.example -s m -k /k/m", &Map::default());
    assert_eq!((config.mode, found.time, found.verbosity), (Mode::Sign, None, 0));
    let (config, _) = trial(
        &format!("-x {PATH} -t -"),
        &Map::default().with(PATH, "Mode sv\nDomain a.example\nKeyFile /k\nSelector m\n"),
    );
    assert_eq!(config.mode, Mode::Both);
}

#[test]
fn what_belongs_to_a_trial_does_nothing_without_one() {
    let loaded = load_in(DOOR, "-p /s -b v -l -v -F 5", &Map::default());
    assert!(loaded.config.trial.is_none());
    let want = ["-F: without effect: it belongs to -t", "-v: without effect: it belongs to -t"];
    assert_eq!(warnings(&loaded), want);
}

/// The options that Debian's file of some release has behind a number sign, ready to be
/// uncommented.
const DEBIAN: &[&str] = &[
    "Domain\t\t\texample.com",
    "KeyFile\t\t/etc/mail/dkim.key",
    "Selector\t\t2007",
    "AutoRestart\t\tno",
    "Background\t\tyes",
    "Canonicalization\tsimple",
    "DNSTimeout\t\t5",
    "Mode\t\t\tsv",
    "SignatureAlgorithm\trsa-sha256",
    "SubDomains\t\tno",
    "ASPDiscard\t\tno",
    "UseASPDiscard\t\tno",
    "ADSPDiscard\t\tno",
    "Version\t\trfc4871",
    "X-Header\t\tno",
    "Statistics\t\t/var/log/dkim-filter/dkim-stats",
    "KeyList\t\t/etc/dkim-keys.conf",
    "ReportInfo\t\tyes",
    "SendReports\t\tyes",
    "Quarantine\t\tyes",
    "RequiredHeaders\tyes",
    "InternalHosts\t\t/etc/mail/internal-hosts",
    "ExternalIgnoreList\t/etc/mail/internal-hosts",
    "PeerList\t\t/etc/mail/internal-hosts",
];

/// What the command line has beside it; `-b v` where there is nothing to sign with.
const INIT: &str = "-u dkim-filter -P /var/run/dkim-filter/dkim-filter.pid -p inet:8891@localhost";

#[test]
fn every_option_of_debian_s_file_can_be_uncommented() {
    let shipped =
        "# Log to syslog\nSyslog\t\t\tyes\n# Required to use local socket\nUMask\t\t\t002\n";
    let keys = "Domain example.com\nKeyFile /etc/mail/dkim.key\nSelector 2007\n";
    let files = |text: &str| {
        let files = Map::default().with(PATH, text).with("/etc/mail/internal-hosts", "127.0.0.1\n");
        let list = "*@example.com:example.com:/etc/mail/dkim.key\n";
        files.with("/etc/dkim-keys.conf", list).with("/etc/mail/dkim.key", "")
    };
    let words = format!("-x {PATH} {INIT}");
    for line in DEBIAN {
        load_in(DOOR, &words, &files(&format!("{shipped}{keys}{line}\n")));
        // On a host without a key.
        load_in(DOOR, &format!("{words} -b v"), &files(&format!("{shipped}{line}\n")));
    }
    let all = [shipped, &DEBIAN.join("\n")].concat();
    let config = load_in(DOOR, &words, &files(&all)).config;
    assert_eq!(signs(&config, "a@example.com").unwrap(), "example.com dkim.key");
    assert_eq!((config.umask, config.log.to), (Some(0o002), LogTo::Syslog));
    let lines = mistakes_in(DOOR, &words, &files(shipped));
    assert!(lines[0].starts_with("at least one selector and key required"), "{lines:?}");
}
