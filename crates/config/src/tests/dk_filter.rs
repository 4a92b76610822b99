//! The door `dk-filter`.

use super::{Map, load_in, mistakes_in, request_in, signs};
use crate::{Config, Door, ExitCode, Loaded, LogTo, Mode, Request, SocketSpec};

const DOOR: Door = Door::DkFilter;

/// What it needs to sign.
const SIGN: &str = "-p /s -d example.com -s /k/mail2 -S 2007";

fn load(words: &str, files: &Map) -> Loaded {
    load_in(DOOR, words, files)
}

fn config(more: &str) -> Config {
    load(&format!("{SIGN} {more}"), &Map::default()).config
}

fn mistakes(words: &str) -> Vec<String> {
    mistakes_in(DOOR, words, &Map::default())
}

fn warnings(loaded: &Loaded) -> Vec<String> {
    loaded.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn it_makes_the_domainkeys_seal_alone_with_its_own_defaults() {
    let config = config("");
    let rule = config.rules.iter().next().unwrap();
    assert!(rule.dkim.is_none());
    assert_eq!(rule.domainkeys.as_ref().unwrap().canonicalization.name(), "simple");
    assert_eq!((config.umask, config.socket_mode), (None, Some(0o660)));
    assert!(!config.foreground && !config.require_safe_keys && !config.trace_header);
    assert_eq!((config.mode, config.log.to), (Mode::Both, LogTo::Stderr));
    let internal = |address: &str| config.internal_hosts.contains(None, address.parse().ok());
    assert!(internal("127.0.0.1") && !internal("::1"));
    let deciding: Vec<&str> = config.sender_headers.iter().map(|name| name.as_str()).collect();
    assert_eq!(deciding, ["sender", "from"]);
    assert!(config.must_sign.is_none() && !config.parent_identity);
    assert_eq!(config.door, DOOR);
}

#[test]
fn the_command_line_of_the_init_script_is_taken() {
    let files = Map::default()
        .with("/etc/mail/domainkeys/internalhosts", "127.0.0.1\n192.0.2.0/24\n")
        .with("/etc/mail/domainkeys/domains", "domain1.example\n")
        .with("/etc/mail/domainkeys/keylist", "*@domain1.example:/k/domain1/mail2\n")
        .with("/k/domain1/mail2", "");
    let words = "-u dk-filter -P /var/run/dk-filter/dk-filter.pid -p /s/dk-filter.sock -l \
                 -i /etc/mail/domainkeys/internalhosts -d /etc/mail/domainkeys/domains \
                 -k -s /etc/mail/domainkeys/keylist";
    let loaded = load(words, &files);
    let config = &loaded.config;
    assert_eq!(signs(config, "a@domain1.example").unwrap(), "domain1.example mail2");
    assert_eq!(signs(config, "a@sub.domain1.example"), None);
    assert_eq!(config.sockets, [SocketSpec::parse("/s/dk-filter.sock").unwrap()]);
    assert_eq!(config.log.to, LogTo::Syslog);
    assert_eq!(config.user.as_ref().unwrap().name, "dk-filter");
    let found = warnings(&loaded);
    assert!(found[0].starts_with("DomainKeys is never verified"), "{found:?}");
    assert!(found[1].starts_with("the DomainKeys seal names the header fields"), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn letters_cluster_take_their_value_glued_or_apart_and_the_last_one_counts() {
    let config = config("-hlf -Hcnofws -Dbs -S new -Slast -p inet:1@localhost");
    assert!(config.trace_header && config.foreground);
    assert_eq!((config.mode, config.log.to), (Mode::Sign, LogTo::Syslog));
    assert_eq!(config.sockets, [SocketSpec::parse("inet:1@localhost").unwrap()]);
    assert_eq!(signs(&config, "a@mail.example.com").unwrap(), "example.com last");
    let rule = config.rules.iter().next().unwrap();
    assert_eq!(rule.domainkeys.as_ref().unwrap().canonicalization.name(), "nofws");
}

#[test]
fn each_notice_is_given_where_it_is_due() {
    let never = "DomainKeys is never verified: it acts as with -b s, what arrives passes as it is";
    let background = "in the background, the log goes nowhere: it needs syslog or journald";
    for (words, want) in [
        ("-H -l -b s", &[][..]),
        ("-H -f -b s", &[]),
        ("-H -l", &[never]),
        (
            "-H -l -b vs",
            &["-b: DomainKeys is never verified: it acts as with -b s, what arrives \
                           passes as it is"],
        ),
        ("-H -b s", &[background]),
    ] {
        let loaded = load(&format!("{SIGN} {words}"), &Map::default());
        assert_eq!(warnings(&loaded), want, "{words}");
    }
}

#[test]
fn what_it_does_not_take_is_refused_by_name() {
    for (words, want) in [
        ("-b v", "-b: verifying DomainKeys is asked for, and only that"),
        ("-b x", "-b: found \"x\", allowed: s (sign), v (verify) or sv"),
        ("-c relaxed", "-c: found \"relaxed\", allowed: simple, nofws"),
        ("-U /pop.db", "-U: refused: who is in a POP database"),
        ("-x /etc/dk.conf", "-x: there is no such option"),
        ("-K", "-K: there is no such option"),
        ("-z", "-z: there is no such option"),
        ("--socket=/s", "--socket: there is no such option: this program's options are single"),
        ("--check", "--check: there is no such option: this program's options are single"),
        ("word", "the word \"word\" belongs to no option"),
        ("-- -f", "the word \"-f\" belongs to no option"),
        ("-p", "-p: it needs a value: unix:PATH, inet:PORT@HOST or inet6:PORT@HOST"),
    ] {
        let words = format!("{SIGN} {words}");
        let lines = mistakes(&words);
        assert!(lines[0].starts_with(want), "{words}:\n{lines:#?}\nis not\n{want}");
    }
}

#[test]
fn fields_that_say_whose_message_it_is_are_kept_with_a_notice() {
    let notice = "-o: accepted, but without effect: From and Sender are always signed: they say \
                  whose message it is";
    for (words, omitted, notices) in [
        ("-o From", &[][..], 1),
        ("-o sender", &[], 1),
        ("-o From,X-DKIM,Sender", &["x-dkim"], 2),
        ("-o X-DKIM,DKIM-Signature", &["x-dkim", "dkim-signature"], 0),
    ] {
        let loaded = load(&format!("{SIGN} -H -f -b s {words}"), &Map::default());
        assert_eq!(warnings(&loaded), vec![notice; notices], "{words}");
        let rule = loaded.config.rules.iter().next().unwrap();
        let names = rule.domainkeys.as_ref().unwrap().omitted.iter().map(ToString::to_string);
        assert_eq!(names.collect::<Vec<_>>(), omitted, "{words}");
    }
}

#[test]
fn a_wrong_word_is_a_usage_mistake_and_a_wrong_value_is_not() {
    let code = |words: &str| request_in(DOOR, words, &Map::default()).unwrap_err().exit_code();
    for words in ["-z", "-U x", "-d", "word", "--help", "-C", "-"] {
        assert_eq!(code(&format!("{SIGN} {words}")), ExitCode::Usage, "{words}");
    }
    for words in ["-b v", "-b x", "-c relaxed", "-i /none", "-d /none"] {
        assert_eq!(code(&format!("{SIGN} {words}")), ExitCode::Configuration, "{words}");
    }
    let empty = ["-p", "", "-l"].map(std::ffi::OsString::from);
    let empty = crate::serve(DOOR, empty, &Map::default()).unwrap_err();
    assert_eq!(empty.exit_code(), ExitCode::Usage, "{empty}");
}

#[test]
fn everything_that_is_missing_is_said_with_its_letter() {
    let lines = mistakes("-l -D");
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(lines[0].starts_with("milter socket must be specified: unix:PATH"), "{lines:#?}");
    for (line, letter) in lines.iter().zip(["(-p)", "(-d)", "(-s)", "(-S)"]) {
        assert!(line.ends_with(letter), "{line}");
    }
}

#[test]
fn as_debian_ships_it_it_signs_nothing_and_says_so() {
    let loaded = load_in(DOOR, "-p /s -l", &Map::default());
    assert!(loaded.config.rules.is_empty());
    let told = loaded.warnings.iter().filter(|one| one.to_string().contains("nothing is signed"));
    assert_eq!(told.count(), 1, "{:?}", loaded.warnings);
}

#[test]
fn commands_come_before_everything_else() {
    assert!(matches!(request_in(DOOR, "-V", &Map::default()), Ok(Request::Version)));
    assert!(matches!(request_in(DOOR, "-?", &Map::default()), Ok(Request::Usage)));
}

#[test]
fn its_usage_lists_its_letters_and_no_other_names() {
    let usage = crate::render::usage(DOOR);
    for letter in "apiIdDkshScCHbflmMPoqRTuV".chars() {
        assert!(usage.contains(&format!("\n  -{letter} ")), "-{letter} is not in\n{usage}");
    }
    assert!(usage.contains("-s names a key list, not a key"), "{usage}");
    assert!(!usage.contains("--") && !usage.contains("-x ") && !usage.contains("-U "), "{usage}");
}
