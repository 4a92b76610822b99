//! What is done with mail that arrives: the file, the command line, `dkim-filter`.

use super::{Map, load, load_in, mistakes, mistakes_in, warnings};
use crate::{Action, Actions, AuthservPattern, BodyCoverage, Config, Door, Loaded};
use std::time::Duration;
use twinseal_dkim::adsp::Practice;
use twinseal_message::Domain;

use Action::{Accept, TempFail};

/// What a file needs that does nothing but verify.
const HEAD: &str = "socket: /s\nmode: v\n";
pub(super) const PATH: &str = "/etc/dkim-filter.conf";
pub(super) const DKIM: Door = Door::DkimFilter;

/// The defaults, which are the same everywhere.
pub(super) const DEFAULTS: Actions = Actions {
    bad_signature: Accept,
    no_signature: Accept,
    key_not_found: Accept,
    dns_error: TempFail,
    internal_error: TempFail,
    security: TempFail,
    signature_error: TempFail,
};

/// All of them the same.
pub(super) const fn all(action: Action) -> Actions {
    Actions {
        bad_signature: action,
        no_signature: action,
        key_not_found: action,
        dns_error: action,
        internal_error: action,
        security: action,
        signature_error: action,
    }
}

pub(super) fn native(text: &str) -> Loaded {
    load("--config t.yaml", &Map::default().with("t.yaml", &format!("{HEAD}{text}")))
}

fn wrong(text: &str) -> Vec<String> {
    mistakes("--config t.yaml", &Map::default().with("t.yaml", &format!("{HEAD}{text}")))
}

fn dkim_files(text: &str) -> Map {
    Map::default().with(PATH, &format!("Socket /s\nMode v\nSyslog yes\n{text}"))
}

pub(super) fn dkim_filter(words: &str, text: &str) -> Loaded {
    load_in(DKIM, &format!("-x {PATH} {words}"), &dkim_files(text))
}

pub(super) fn dkim_wrong(words: &str, text: &str) -> Vec<String> {
    mistakes_in(DKIM, &format!("-x {PATH} {words}"), &dkim_files(text))
}

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

#[test]
fn each_door_has_its_own_defaults() {
    let (ours, theirs) = (native("").config, dkim_filter("", "").config);
    let dk_filter = load_in(Door::DkFilter, "-p /s -d a -s /k/m -S m", &Map::default()).config;
    assert_eq!(ours.actions, DEFAULTS);
    // A key that is missing was no other case than DNS that does not answer.
    assert_eq!(theirs.actions, Actions { key_not_found: TempFail, ..DEFAULTS });
    for config in [&ours, &theirs, &dk_filter] {
        let verify = &config.verify;
        assert_eq!((verify.maximum_signatures, verify.minimum_key_bits), (10, 1024));
        assert_eq!(verify.clock_drift, Duration::from_secs(300));
        assert_eq!(verify.minimum_body, BodyCoverage::Octets(0));
        assert!(verify.must_be_signed.is_empty() && verify.trusted.is_none());
        assert!(!verify.required_headers && !config.quarantine && config.adsp.is_none());
        let results = &config.results;
        assert!(results.authserv_id.is_none() && results.remove_from.is_empty());
        assert!(!results.with_job_id && !results.always && !results.remove_all);
        assert!(config.dns.servers.is_empty() && config.dns.test_keys.is_none());
        assert_eq!(config.dns.timeout, Duration::from_secs(5));
    }
    assert_eq!((ours.verify.maximum_header, theirs.verify.maximum_header), (1 << 20, 65536));
    assert_eq!((ours.log.success, theirs.log.success), (true, false));
}

/// Everything set, in whichever way.
fn assert_everything(config: &Config) {
    let verify = &config.verify;
    assert_eq!((verify.maximum_signatures, verify.minimum_key_bits), (3, 2048));
    assert_eq!((verify.clock_drift, verify.maximum_header), (Duration::from_secs(60), 32768));
    let names: Vec<&str> = verify.must_be_signed.iter().map(|name| name.as_str()).collect();
    assert_eq!((names, verify.minimum_body), (vec!["subject", "to"], BodyCoverage::Percent(50)));
    let trusted = verify.trusted.as_ref().unwrap();
    assert!(trusted.lists(&domain("A.example")) && trusted.lists(&domain("x.b.example")));
    assert!(!trusted.lists(&domain("b.example")) && !trusted.lists(&domain("x.a.example")));
    let results = &config.results;
    assert_eq!(results.authserv_id.as_deref(), Some("mx.example.com"));
    let removed: Vec<&str> = results.remove_from.iter().map(AuthservPattern::as_str).collect();
    assert_eq!(removed, ["MX2.example", ".example.net"]);
    assert!(verify.required_headers && results.with_job_id && results.always);
    assert!(results.remove_all && config.log.success);
    let servers: Vec<String> = config.dns.servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["127.0.0.1:53", "[::1]:5353"]);
    assert_eq!(config.dns.timeout, Duration::from_secs(9));
}

#[test]
fn everything_can_be_set_in_the_file() {
    let loaded = native(
        "verify:\n  maximum-signatures: 3\n  minimum-key-bits: 2048\n  clock-drift: 1m\n  \
         must-be-signed: [Subject, To]\n  minimum-body: 50%\n  required-headers: yes\n  \
         trusted: [a.example, '*.b.example']\n  maximum-header: 32KiB\nresults:\n  \
         authserv-id: mx.example.com\n  with-job-id: yes\n  always: yes\n  remove-all: yes\n  \
         remove-from: [MX2.example, .example.net]\ndns:\n  servers: [127.0.0.1, '[::1]:5353']\n  \
         timeout: 9s\nlog: {success: yes}\n",
    );
    assert_everything(&loaded.config);
    assert_eq!(warnings(&loaded), [""; 0]);
}

#[test]
fn everything_can_be_set_behind_long_options() {
    let words = "-p /s -b v --verify-maximum-signatures 3 --verify-minimum-key-bits 2048 \
                 --verify-clock-drift 60s --verify-must-be-signed subject,to \
                 --verify-minimum-body=50% --verify-required-headers --verify-trusted /trusted \
                 --verify-maximum-header 32KiB --results-authserv-id mx.example.com \
                 --results-with-job-id --results-always --results-remove-all \
                 --results-remove-from MX2.example,.example.net --dns-servers 127.0.0.1,[::1]:5353 \
                 --dns-timeout 9s --log-success";
    let files = Map::default().with("/trusted", "# ours\r\na.example # and\r\n\r\n*.b.example\r\n");
    assert_everything(&load(words, &files).config);
}

#[test]
fn everything_can_be_set_in_the_file_of_dkim_filter() {
    let loaded = dkim_filter(
        "-T 9 -L 50% -r",
        "MaximumSignaturesToVerify 3\nMinimumKeyBits 2048\nClockDrift 60\n\
         MustBeSigned Subject,To\nMinimum 1+\nTrustSignaturesFrom a.example,*.b.example\n\
         MaximumHeaders 32768\nAuthservID mx.example.com\nAuthservIDWithJobID yes\n\
         AlwaysAddARHeader yes\nRemoveARAll yes\nRemoveARFrom MX2.example,.example.net\n\
         Nameservers 127.0.0.1,[::1]:5353\nDNSTimeout 7\nSyslogSuccess yes\n",
    );
    assert_everything(&loaded.config);
    assert_eq!(warnings(&loaded), [""; 0]);
}

#[test]
fn a_list_of_trusted_domains_may_be_a_file_in_dkim_filter_too() {
    let files = dkim_files("TrustSignaturesFrom /t\n").with("/t", "a.example\n");
    let config = load_in(DKIM, &format!("-x {PATH}"), &files).config;
    assert!(config.verify.trusted.unwrap().lists(&domain("a.example")));
    let lines = dkim_wrong("", "TrustSignaturesFrom /none\n");
    assert_eq!(
        lines,
        ["/etc/dkim-filter.conf:4: TrustSignaturesFrom: \"/none\" cannot be read: entity not \
             found"]
    );
}

/// What is wrong with a file, behind [`HEAD`].
const MISTAKES: &[(&str, &str)] = &[
    (
        "actions: {bad-signature: r}\n",
        "actions.bad-signature: found \"r\", allowed: accept, reject",
    ),
    ("actions: {default: bounce}\n", "actions.default: found \"bounce\", allowed: accept, reject"),
    ("actions: {baad: accept}\n", "actions.baad: there is no such key"),
    (
        "verify: {maximum-signatures: -1}\n",
        "verify.maximum-signatures: found \"-1\", allowed: a nu",
    ),
    ("verify: {minimum-key-bits: 512}\n", "verify.minimum-key-bits: found \"512\", allowed: a num"),
    ("verify: {minimum-key-bits: 0}\n", "verify.minimum-key-bits: found \"0\", allowed: a number"),
    ("verify: {clock-drift: 300}\n", "verify.clock-drift: found \"300\", allowed: a whole number"),
    ("verify: {must-be-signed: [a b]}\n", "verify.must-be-signed: \"a b\" is no header field name"),
    ("verify: {minimum-body: 101%}\n", "verify.minimum-body: found \"101%\", allowed: octets that"),
    (
        "verify: {clock-drift: 86401s}\n",
        "verify.clock-drift: found \"86401s\", allowed: at most 86400s",
    ),
    ("verify: {required-headers: 5}\n", "verify.required-headers: found \"5\", allowed: yes or no"),
    ("verify: {trusted: []}\n", "verify.trusted: the list is empty"),
    ("verify: {trusted: [a b]}\n", "verify.trusted: \"a b\" is no domain name"),
    (
        "verify: {trusted: a.example}\n",
        "verify.trusted: \"a.example\" cannot be read: entity not found; domains themselves are w",
    ),
    ("verify: {maximum-header: 2MiB}\n", "verify.maximum-header: found \"2097152B\", allowed: mo"),
    ("verify: {maximum-header: 0B}\n", "verify.maximum-header: found \"0B\", allowed: more than"),
    ("verify: {maximum-header: 9}\n", "verify.maximum-header: found \"9\", allowed: a whole numb"),
    ("results: {authserv-id: \"\"}\n", "results.authserv-id: \"\" is no name to speak in: there"),
    ("results: {remove-from: ['*.a']}\n", "results.remove-from: found \"*.a\", allowed: a host's"),
    ("dns: {servers: [localhost]}\n", "dns.servers: found \"localhost\", allowed: an address"),
    (
        "dns: {timeout: 0s}\n",
        "dns.timeout: found \"0s\", allowed: more than nothing, and at most 3",
    ),
    ("dns: {timeout: 6m}\n", "dns.timeout: found \"360s\", allowed: more than nothing, and at mos"),
    ("dns: {timeout: 5}\n", "dns.timeout: found \"5\", allowed: a whole number and its unit"),
    ("adsp: {local: /none}\n", "adsp.local: \"/none\" cannot be read: entity not found"),
    ("adsp: yes\n", "adsp: found \"yes\", allowed: a section with the keys evaluate, reject-disc"),
    ("quarantine: yes\n", "quarantine: there is no such key"),
    ("AuthservID: a\n", "AuthservID: there is no such key, did you mean results.authserv-id"),
    ("On-Default: a\n", "On-Default: there is no such key, did you mean actions.default"),
];

#[test]
fn every_mistake_of_the_file_has_its_line_and_says_what_is_allowed() {
    for (text, want) in MISTAKES {
        let lines = wrong(text);
        assert_eq!(lines.len(), 1, "{text}{lines:#?}");
        let want = format!("t.yaml:3: {want}");
        assert!(lines[0].starts_with(&want), "{text}:\n{}\nis not\n{want}", lines[0]);
    }
}

/// The same in a file of dkim-filter.
const HISTORIC_MISTAKES: &[(&str, &str)] = &[
    ("On-NoSignature bounce", "On-NoSignature: found \"bounce\", allowed: accept, reject, temp"),
    ("On-Default", "On-Default: required value missing; allowed: accept, reject, tempfail"),
    ("ClockDrift 5m", "ClockDrift: found \"5m\", allowed: a whole number of seconds"),
    ("ClockDrift -5", "ClockDrift: found \"-5\", allowed: a whole number of seconds"),
    ("DNSTimeout 99999999999999999999", "DNSTimeout: found \"99999999999999999999\", allowed:"),
    ("MaximumHeaders 64k", "MaximumHeaders: found \"64k\", allowed: a whole number of octets"),
    ("Minimum half", "Minimum: found \"half\", allowed: octets that have to be signed"),
    ("MinimumKeyBits x", "MinimumKeyBits: found \"x\", allowed: a number of bits"),
    ("MaximumSignaturesToVerify 101", "MaximumSignaturesToVerify: found \"101\", allowed: a num"),
    ("On-ReputationError never", "On-ReputationError: found \"never\", allowed: accept, reject"),
    ("Nameservers localhost", "Nameservers: found \"localhost\", allowed: an address"),
    ("Quarantine perhaps", "Quarantine: found \"perhaps\", allowed: yes or no, true or false"),
    ("LocalADSP /none", "LocalADSP: \"/none\" cannot be read: entity not found"),
    ("RemoveARFrom *", "RemoveARFrom: found \"*\", allowed: a host's name"),
    ("AllowSHA1Only perhaps", "AllowSHA1Only: found \"perhaps\", allowed: yes or no"),
    ("InsecureKey perhaps", "InsecureKey: found \"perhaps\", allowed: fail, neutral, none"),
];

#[test]
fn every_mistake_of_the_historic_file_has_its_line_and_says_what_is_allowed() {
    for (text, want) in HISTORIC_MISTAKES {
        let lines = dkim_wrong("", text);
        assert_eq!(lines.len(), 1, "{text}\n{lines:#?}");
        let want = format!("{PATH}:4: {want}");
        assert!(lines[0].starts_with(&want), "{text}:\n{}\nis not\n{want}", lines[0]);
    }
}

#[test]
fn what_has_no_limit_in_a_historic_file_gets_the_largest_one() {
    let limits = |text: &str| {
        let loaded = dkim_filter("", text);
        let told = warnings(&loaded).join("\n");
        let Config { verify, dns, .. } = loaded.config;
        (verify.maximum_header, dns.timeout.as_secs(), verify.minimum_key_bits, told)
    };
    let line = |text| format!("{PATH}:4: {text}");
    let header = line("MaximumHeaders: there has to be a limit, and 1MiB is the largest");
    let timeout = line("DNSTimeout: there has to be a limit, and 300s is the largest");
    let drift = line("ClockDrift: there has to be a limit, and 86400s is the largest");
    let bits =
        line("MinimumKeyBits: keys of less than 1024 bits never count, whatever stands here");
    let loaded = dkim_filter("", "ClockDrift 86401");
    assert_eq!(loaded.config.verify.clock_drift, Duration::from_secs(86400));
    for (text, want) in [
        ("MaximumHeaders 0", (1 << 20, 5, 1024, header.clone())),
        ("MaximumHeaders 9999999", (1 << 20, 5, 1024, header)),
        ("DNSTimeout 0", (65536, 300, 1024, timeout.clone())),
        ("DNSTimeout 301", (65536, 300, 1024, timeout)),
        ("MinimumKeyBits 0", (65536, 5, 1024, bits.clone())),
        ("MinimumKeyBits 1023", (65536, 5, 1024, bits)),
        ("ClockDrift 99999999", (65536, 5, 1024, drift)),
        ("DNSTimeout 300", (65536, 300, 1024, String::new())),
        ("MaximumHeaders 1048576", (1 << 20, 5, 1024, String::new())),
    ] {
        assert_eq!(limits(text), want, "{text}");
    }
}

#[test]
fn what_is_probably_not_meant_is_said() {
    for (text, want) in [
        ("actions: {bad-signature: discard}\n", "actions.bad-signature: nobody is told of mail"),
        ("actions: {default: discard}\n", "actions.default: nobody is told of mail that is disc"),
        ("actions: {no-signature: tempfail}\n", "actions.no-signature: the sender will try again"),
        ("actions: {bad-signature: tempfail}\n", "actions.bad-signature: the sender will try aga"),
        ("actions: {signature-error: reject}\n", "actions.signature-error: mail of our own users"),
        (
            "actions: {dns-error: reject}\n",
            "actions.dns-error: what is the matter passes by itself",
        ),
        (
            "actions: {internal-error: reject}\n",
            "actions.internal-error: what is the matter passes",
        ),
        (
            "actions: {default: reject, signature-error: tempfail}\n",
            "actions.default: what is the matter passes by itself, and the mail",
        ),
        ("actions: {default: tempfail}\n", "actions.default: the sender will try again for days"),
        (
            "dns: {servers: [127.0.0.1, 127.0.0.2, 127.0.0.3, 127.0.0.4]}\n",
            "dns.servers: only the first 3",
        ),
        ("verify: {minimum-key-bits: 4096}\n", "verify.minimum-key-bits: most domains have keys"),
        ("adsp: {reject-discardable: yes}\n", "adsp.reject-discardable: ADSP is a thing of the p"),
        (
            "adsp: {evaluate: no, reject-nxdomain: yes}\n",
            "adsp.reject-nxdomain: accepted, but without effect: adsp.evaluate is no",
        ),
        (
            "dns: {servers: [127.0.0.1], test-keys: /k}\n",
            "dns.servers: accepted, but without effect: a file of keys takes the place of DNS",
        ),
    ] {
        let told = warnings(&native(text));
        let want = format!("t.yaml:3: {want}");
        assert!(told.len() == 1 && told[0].starts_with(&want), "{text}{told:?}\nis not\n{want}");
    }
}

#[test]
fn what_is_probably_not_meant_is_said_where_it_stands() {
    let told = warnings(&dkim_filter("-C bad=d,no=d,sec=d,dns=t", ""));
    assert!(told.len() == 1 && told[0].starts_with("-C: nobody is told of mail"), "{told:?}");
    let told = warnings(&native("actions: {default: reject}\n"));
    assert!(
        told.len() == 2 && told[1].contains("actions.default: mail of our own users"),
        "{told:?}"
    );
    let told = warnings(&native("actions:\n  dns-error: tempfail\n  default: reject\n"));
    assert!(told.iter().all(|line| line.starts_with("t.yaml:5: actions.default")), "{told:?}");
    let told = warnings(&native("dns:\n  servers:\n  - ::1\n  - ::2\n  - ::3\n  - ::4\n"));
    assert!(told.len() == 1 && told[0].starts_with("t.yaml:8: dns.servers: only the"), "{told:?}");
    let both = "actions: {bad-signature: discard, no-signature: discard}\n";
    assert_eq!(warnings(&native(both)).len(), 2);
}

#[test]
fn what_may_well_be_meant_is_not_remarked_on() {
    for quiet in [
        "actions: {default: tempfail, bad-signature: reject, no-signature: quarantine}\n",
        "actions: {default: quarantine}\n",
        "actions: {default: discard, bad-signature: accept, no-signature: accept, key-not-found: accept, \
         dns-error: accept, internal-error: accept, security: accept, signature-error: accept}\n",
        "actions: {default: accept, bad-signature: reject}\n",
        "dns: {servers: [127.0.0.1, 127.0.0.2, 127.0.0.3]}\nverify: {clock-drift: 1d}\n",
    ] {
        assert_eq!(warnings(&native(quiet)), [""; 0], "{quiet}");
    }
}

#[test]
fn in_the_place_of_dkim_filter_each_caution_names_what_decided() {
    let passes = "what is the matter passes by itself";
    let own = "mail of our own users goes back";
    let vain = "the sender will try again for days";
    let (all, list) = (format!("{PATH}:4: On-Default"), "-C".to_owned());
    let dns = format!("{PATH}:5: On-DNSError");
    for (words, text, want) in [
        ("", "On-Default reject", vec![(&all, passes), (&all, own)]),
        ("", "On-Default tempfail", vec![(&all, vain)]),
        ("", "On-SignatureError t\nOn-DNSError reject\nOn-InternalError t", vec![(&dns, passes)]),
        ("-C def=r", "", vec![(&list, passes), (&list, own)]),
        ("-C dns=r,int=r", "", vec![(&list, passes)]),
        ("-C def=r,dns=t,int=t", "", vec![(&list, own)]),
    ] {
        let told = warnings(&dkim_filter(words, text));
        let fits = |(line, (origin, what)): (&String, &(&String, &str))| {
            line.starts_with(&format!("{origin}: {what}"))
        };
        assert!(
            told.len() == want.len() && told.iter().zip(&want).all(fits),
            "{words}{text}: {told:?}"
        );
    }
}

#[test]
fn policies_of_authors_are_looked_at_when_somebody_asks() {
    for (text, asked) in [
        ("", false),
        ("adsp:\n", false),
        ("adsp: {evaluate: yes}\n", true),
        ("adsp: {reject-discardable: yes}\n", true),
        ("adsp: {reject-nxdomain: yes}\n", true),
        ("adsp: {reject-nxdomain: no}\n", false),
        ("adsp: {evaluate: no, reject-nxdomain: yes}\n", false),
    ] {
        assert_eq!(native(text).config.adsp.is_some(), asked, "{text}");
    }
    for (name, discard) in [
        ("ADSPDiscard", true),
        ("ASPDiscard", true),
        ("UseASPDiscard", true),
        ("usesspdeny", true),
        ("ADSPNoSuchDomain", false),
        ("ASPNoSuchDomain", false),
    ] {
        let loaded = dkim_filter("", &format!("{name} yes\n"));
        let adsp = loaded.config.adsp.as_ref().unwrap();
        assert_eq!((adsp.discard, adsp.no_such_domain), (discard, !discard), "{name}");
        let renamed = warnings(&loaded)
            .iter()
            .any(|line| line.contains(&format!("{name}: it is called ADSP")));
        assert_eq!(renamed, !name.starts_with("ADSP"), "{name}");
        assert!(dkim_filter("", &format!("{name} no\n")).config.adsp.is_none(), "{name}");
    }
}

#[test]
fn policies_that_are_known_here_are_those_of_the_nearest_domain() {
    let list = "# ours\r\nExample.com:all\r\n.example.com : discardable # below\n\n\
                .sub.example.com:unknown\nb\u{fc}cher.example:All\n";
    let files = dkim_files("LocalADSP /l\n").with("/l", list);
    let config = load_in(DKIM, &format!("-x {PATH}"), &files).config;
    let local = config.adsp.unwrap().local;
    assert!(!local.is_empty());
    for (name, want) in [
        ("example.com", Some(Practice::All)),
        ("EXAMPLE.com", Some(Practice::All)),
        ("sub.example.com", Some(Practice::Discardable)),
        ("a.b.example.com", Some(Practice::Discardable)),
        ("a.sub.example.com", Some(Practice::Unknown)),
        ("xn--bcher-kva.example", Some(Practice::All)),
        ("badexample.com", None),
        ("com", None),
    ] {
        assert_eq!(local.find(&domain(name)), want, "{name}");
    }
    let list =
        "a.example\na b:all\nc.example:some\nd.example:all\n.d.example:all\nD.example:unknown";
    let lines =
        mistakes_in(DKIM, &format!("-x {PATH}"), &dkim_files("LocalADSP /l\n").with("/l", list));
    let wants = [
        "/l:1: found \"a.example\", allowed: domain:policy",
        "/l:2: \"a b\" is no domain name",
        "/l:3: found \"some\", allowed: unknown, all, discardable",
        "/l:6: \"D.example\" is listed twice",
    ];
    assert_eq!(lines.len(), wants.len(), "{lines:#?}");
    for (line, want) in lines.iter().zip(wants) {
        assert!(line.starts_with(want), "{line}\nis not\n{want}");
    }
}

#[test]
fn what_does_nothing_here_is_taken_and_named() {
    for (text, want) in [
        ("On-ReputationError reject", "On-ReputationError: accepted, but without effect: nobody"),
        ("On-SignatureMissing reject", "On-SignatureMissing: accepted, but without effect: there"),
        ("AllowSHA1Only yes", "AllowSHA1Only: accepted, but without effect: SHA-256 is always"),
        ("QueryCache yes", "QueryCache: accepted, but without effect: answers are always kept"),
        ("TrustAnchorFile /a", "TrustAnchorFile: accepted, but without effect: DNSSEC is checked"),
    ] {
        let told = warnings(&dkim_filter("", text));
        let want = format!("{PATH}:4: {want}");
        assert!(told.len() == 1 && told[0].starts_with(&want), "{text}: {told:?}");
    }
}

#[test]
fn where_no_number_of_signatures_is_looked_at_those_of_who_is_named_are() {
    let verify = |text: &str| dkim_filter("", text).config.verify.clone();
    let author_alone = verify("MaximumSignaturesToVerify 0\n");
    assert_eq!(author_alone.maximum_signatures, 10);
    assert!(!author_alone.trusted.unwrap().lists(&domain("a.example")));
    let named = verify("MaximumSignaturesToVerify 0\nTrustSignaturesFrom a.example\n");
    assert_eq!(named.maximum_signatures, 10);
    assert!(named.trusted.unwrap().lists(&domain("a.example")));
}

#[test]
fn both_spellings_keep_mail_back() {
    assert!(dkim_filter("-q", "").config.quarantine);
    assert!(dkim_filter("", "Quarantine yes\n").config.quarantine);
    assert!(!dkim_filter("", "Quarantine yes\nQuarantine no\n").config.quarantine);
}

#[test]
fn verifying_alone_needs_no_key_and_says_nothing() {
    for loaded in [native(""), dkim_filter("", ""), dkim_filter("", "Domain a.example\n")] {
        assert!(loaded.config.rules.is_empty() && loaded.config.mode.verifies());
        assert_eq!(warnings(&loaded), [""; 0]);
    }
}

#[test]
fn a_file_of_keys_may_take_the_place_of_dns() {
    let path = |loaded: Loaded| loaded.config.dns.test_keys.unwrap();
    assert_eq!(path(native("dns: {test-keys: /k}\n")).to_str(), Some("/k"));
    assert_eq!(path(dkim_filter("", "TestPublicKeys /k\n")).to_str(), Some("/k"));
}
