//! `twinseal migrate` on hosts with old daemons: what it makes serves, and decides as they did.

#[path = "migrated/host.rs"]
mod host;
#[path = "migrated/how_to.rs"]
mod how_to;

use host::{Host, answers};
use std::fs;
use twinseal_e2e::incoming::FIELDS;
use twinseal_e2e::judges::{Judge, Seal, ask_all};
use twinseal_e2e::milter::{Peer, inserted};

/// What Debian's packages ship, as far as it says something.
const DKIM_FILTER_CONF: &str = "# This is a basic configuration\nSyslog\t\t\tyes\nUMask\t\t\t002\n\
    #Domain\t\t\texample.com\n#KeyFile\t\t/etc/mail/dkim.key\n#Selector\t\t2007\n";
const DKIM_FILTER: &str = "#DAEMON_OPTS=\"\"\nSOCKET=\"local:/var/run/dkim-filter/dkim-filter.sock\"\n\
    #SOCKET=\"inet:54321\" # listen on all interfaces on port 54321\n";
const DK_FILTER: &str = "DAEMON_OPTS=\"-l\"\n\
    #DAEMON_OPTS=\"$DAEMON_OPTS -d domain.tld -s /etc/mail/domainkey.key -S 2007\"\n\
    #SOCKET=\"/var/run/dk-filter/dk-filter.sock\" # default\n";
const OPENDKIM_CONF: &str = "Syslog yes\nSyslogSuccess yes\nCanonicalization relaxed/simple\n\
    OversignHeaders From\nUserID opendkim\nUMask 007\n\
    Socket local:/run/opendkim/opendkim.sock\nPidFile /run/opendkim/opendkim.pid\n\
    TrustAnchorFile /usr/share/dns/root.key\n";
const OPENDKIM_UNIT: &str = "[Service]\nType=forking\nPIDFile=/run/opendkim/opendkim.pid\n\
    ExecStart=/usr/sbin/opendkim\nExecReload=/bin/kill -USR1 $MAINPID\nRestart=on-failure\n";

#[test]
fn the_two_daemons_of_the_how_to_become_one_that_decides_the_same() {
    let host = Host::new("how-to");
    host.of_the_how_to(&["example.com", "example.org"]);
    host.mail(200, &["example.com", "example.org", "mail.example.com", "example.net"]);
    let (made, said) = host.prove(&[], 0);
    assert!(said.contains("200 messages × 4 clients: no difference"), "{said}");
    let link = "/etc/mail/domainkeys/keys/example.com/mail2 -> \
                /etc/mail/dkim/keys/example.com/default.private";
    assert!(said.contains(link) && !said.contains("not carried over"), "{said}");
    assert!(made.contains("out of smtpd_milters and non_smtpd_milters"), "{made}");
    assert_eq!(made.matches("selector: mail2\n").count(), 2, "{made}");
    assert!(!made.contains("domainkeys: no"), "{made}");

    let records = host.records("mail2");
    let keys = format!("dns:\n  test-keys: {}\n", records.display());
    let (daemon, address) = host.serve(&format!("{made}{keys}"));
    let frames = answers(&address, "192.168.1.7", FIELDS.as_bytes());
    let signed = inserted(FIELDS.as_bytes(), &frames).unwrap();
    let path = host.0.write("signed.eml", &signed);
    for (judge, verdicts) in ask_all(&records, &[path], &host.0) {
        for seal in [Seal::Dkim, Seal::DomainKeys] {
            if judge.can_judge(seal, "rsa-") {
                let passed = |one: &&_| is_good(one, seal);
                assert_eq!(verdicts[0].iter().filter(passed).count(), 1, "{judge} {verdicts:?}");
            }
        }
    }
    assert!(Judge::ALL.iter().any(|judge| judge.can_judge(Seal::DomainKeys, "rsa-")));
    // From outside it is verified.
    let arrived = inserted(&signed, &answers(&address, "203.0.113.9", &signed)).unwrap();
    let arrived = String::from_utf8_lossy(&arrived).into_owned();
    assert!(arrived.starts_with("Authentication-Results:"), "{arrived}");
    assert!(arrived.contains("dkim=pass"), "{arrived}");
    let forged = signed.replace_first(b"Hello", b"Hallo");
    let refused = answers(&address, "203.0.113.9", &forged);
    assert!(refused.last().is_some_and(|(letter, _)| *letter == b'y'), "{refused:?}");
    daemon.stop();
}

fn is_good(verdict: &twinseal_e2e::judges::Verdict, seal: Seal) -> bool {
    verdict.seal == seal && verdict.pass && verdict.selector == "mail2"
}

/// One piece of text in the place of another.
trait ReplaceFirst {
    fn replace_first(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl ReplaceFirst for Vec<u8> {
    fn replace_first(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = self.windows(from.len()).position(|window| window == from).unwrap();
        [&self[..at], to, &self[at + from.len()..]].concat()
    }
}

#[test]
fn a_difference_that_is_planted_is_found() {
    let host = Host::new("planted");
    host.of_the_how_to(&["example.com"]);
    host.mail(40, &["example.com"]);
    let (made, _) = host.prove(&[], 0);
    for (from, to, want) in [
        ("", "", "no difference"),
        (
            "canonicalization: simple/simple",
            "canonicalization: relaxed/simple",
            "DKIM-Signature c=",
        ),
        ("  canonicalization: simple ", "  canonicalization: nofws ", "DomainKey-Signature c="),
        ("selector: mail2", "selector: other", "DKIM-Signature s=: mail2 before, other now"),
        ("senders: [\"*@example.com\"]", "senders: [\"a*@example.com\"]", "role: sign before"),
        ("oversigned-headers: []", "oversigned-headers: [subject]", "DKIM-Signature h="),
        ("mode: sv", "mode: s", "role: verify before, ignore now"),
        ("/etc/dkim-internalhosts.conf", "[127.0.0.1]", "192.168.1.0/24 of internal-hosts: role"),
    ] {
        assert!(made.contains(from), "{from:?} is not in\n{made}");
        let file = host.0.write("edited.yaml", made.replace(from, to)).display().to_string();
        let code = i32::from(want != "no difference");
        let (told, said) = host.prove(&["--against", &file, "--differences", "3"], code);
        assert!(told.contains(want), "{to}: {want:?} is not in\n{told}{said}");
        let more = told.lines().filter(|line| line.contains(" before, ")).count();
        assert!(more <= 3, "{told}");
    }
    let broken = host.0.write("broken.yaml", "socket: 1\nmod: s\n").display().to_string();
    let (_, said) = host.prove(&["--against", &broken], 78);
    assert!(said.contains("broken.yaml:2: mod: "), "{said}");
}

#[test]
fn what_two_daemons_decided_apart_is_told_and_proved() {
    let host = Host::new("apart");
    host.of_the_how_to(&["example.com"]);
    for (name, field) in [("other", "ann@example.org"), ("unreadable", "nobody at all")] {
        let text = format!("Resent-From: {field}\r\n{FIELDS}");
        host.0.write(&format!("mail/{name}.eml"), text);
    }
    let (made, said) = host.prove(&[], 1);
    assert!(made.contains("# - where a Resent field cannot be read, dk-filter signed"), "{made}");
    for want in [
        "other.eml, this host: role: sign and verify before, sign now",
        "unreadable.eml, this host: role: sign and verify before, verify now",
        "2 messages × 4 clients: 9 differences",
    ] {
        assert!(said.contains(want), "{want:?} is not in\n{said}");
    }
}

#[test]
fn where_the_two_are_told_different_things_what_can_be_said_is_and_the_rest_is_named() {
    let new = || {
        let host = Host::new("different");
        host.of_the_how_to(&["example.com"]);
        host.mail(20, &["example.com", "m.example.com", "example.org"]);
        host
    };
    // Each seal has a key of its own.
    let host = new();
    host.key("etc/mail/other");
    host.write("etc/mail/domainkeys/keylist", "*@example.com:/etc/mail/other\n");
    let (made, said) = host.prove(&[], 0);
    assert!(made.contains("multiple-signatures: yes") && said.contains("no difference"), "{made}");
    // Only the DKIM seal is made for what is below the domain.
    let host = new();
    let file = fs::read_to_string(host.0.join("root/etc/dkim-filter.conf")).unwrap();
    host.write("etc/dkim-filter.conf", format!("{file}Domain example.com\nSubDomains yes\n"));
    let (made, said) = host.prove(&[], 0);
    assert!(made.contains("identity: \"@example.com\"\n    domainkeys: no\n"), "{made}");
    assert!(said.contains("no difference"), "{said}");
    // There is one list of hosts.
    let host = new();
    let defaults = fs::read_to_string(host.0.join("root/etc/default/dk-filter")).unwrap();
    let line = defaults.lines().position(|line| line.contains("-i")).unwrap() + 1;
    host.write("etc/mail/hosts", "127.0.0.1\n10.0.0.0/8\n");
    let other = defaults.replace("/etc/mail/domainkeys/internalhosts", "/etc/mail/hosts");
    host.write("etc/default/dk-filter", other);
    let (_, said) = host.prove(&[], 1);
    for want in [
        &format!("was -i /etc/mail/hosts, /etc/default/dk-filter:{line}"),
        "10.0.0.0/8 of internal-hosts: role: sign and verify before, verify now",
    ] {
        assert!(said.contains(want), "{want:?} is not in\n{said}");
    }
}

#[test]
fn a_unit_and_its_overrides_say_how_a_daemon_is_started() {
    let host = Host::new("unit");
    host.of_the_how_to(&["example.com"]);
    host.mail(20, &["example.com"]);
    let unit = "[Service]\nType=forking\nUser=milter\nEnvironmentFile=-/etc/default/dk-filter\n\
                ExecStart=/usr/sbin/dk-filter -p $SOCKET $DAEMON_OPTS\n";
    host.write("lib/systemd/system/dk-filter.service", unit);
    let start = "[Service]\nExecStart=\nExecStart=/usr/sbin/dk-filter -p inet:8892@localhost \\\n  \
                 -d example.com -s /etc/mail/dkim/keys/example.com/mail2 -S mail2 -c nofws\n";
    let path = "etc/systemd/system/dk-filter.service.d/override.conf";
    host.write(path, start);
    host.write("etc/default/dk-filter", "DAEMON_OPTS=-l\n");
    let (made, said) = host.prove(&["dk-filter"], 0);
    for want in [
        "socket: \"inet:8892@localhost\"",
        "user: milter\n",
        &format!("canonicalization: nofws  # was -c nofws, /{path}:3\n"),
    ] {
        assert!(made.contains(want), "{want:?} is not in\n{made}");
    }
    assert!(said.contains("clients: no difference"), "{said}");
    host.link("etc/systemd/system/dk-filter.service", "/dev/null");
    let masked = host.migrate(&["dk-filter"]);
    assert_eq!(masked.status.code(), Some(66), "{}", String::from_utf8_lossy(&masked.stderr));
}

#[test]
fn the_defaults_of_debian_do_what_they_did() {
    let dkim =
        [("etc/dkim-filter.conf", DKIM_FILTER_CONF), ("etc/default/dkim-filter", DKIM_FILTER)];
    let dk = [("etc/default/dk-filter", DK_FILTER)];
    let open = [
        ("etc/opendkim.conf", OPENDKIM_CONF),
        ("lib/systemd/system/opendkim.service", OPENDKIM_UNIT),
    ];
    for (name, files) in [
        ("dkim-filter", &dkim[..]),
        ("dk-filter", &dk[..]),
        ("dkim-filter and dk-filter", &[dkim[0], dkim[1], dk[0]]),
        ("opendkim", &open[..]),
    ] {
        let host = Host::new("defaults");
        files.iter().for_each(|(path, text)| host.write(path, text));
        host.mail(30, &["example.com", "domain.tld"]);
        let (made, said) = host.prove(&[], 0);
        assert!(said.contains("clients: no difference"), "{name}: {said}");
        assert!(!said.contains("not carried over"), "{name}: {said}");
        assert!(made.contains("mode: v"), "{name}: {made}");
        let (daemon, address) = host.serve(&made);
        if name == "dk-filter" {
            // Nobody's mail is looked at.
            let mut peer = Peer::connect(&address).unwrap();
            peer.negotiate().unwrap();
            let (answer, _) = peer.ask(b'C', b"localhost\x004\x30\x39127.0.0.1\0").unwrap();
            assert_eq!(answer, b'a');
        } else {
            let frames = answers(&address, "127.0.0.1", FIELDS.as_bytes());
            assert_eq!(inserted(FIELDS.as_bytes(), &frames).unwrap(), FIELDS.as_bytes(), "{name}");
        }
        daemon.stop();
    }
}

#[test]
fn a_thousand_domains_are_a_thousand_entries() {
    let host = Host::new("thousand");
    let names: Vec<String> = (0..1000).map(|number| format!("d{number}.example")).collect();
    let domains: Vec<&str> = names.iter().map(String::as_str).collect();
    host.of_the_how_to(&domains);
    host.mail(50, &["d0.example", "d500.example", "d999.example", "d1000.example"]);
    let (made, said) = host.prove(&[], 0);
    assert!(said.contains("50 messages × 4 clients: no difference"), "{said}");
    assert_eq!(made.matches("  - senders: [").count(), 1000);
    assert!(!made.contains("domainkeys: no") && !made.contains("dkim: no"));
}

#[test]
fn of_a_broken_set_up_every_mistake_is_named_and_the_rest_is_made() {
    let host = Host::new("broken");
    host.of_the_how_to(&["example.com"]);
    host.write(
        "etc/dkim-filter.conf",
        "Sockte x\nKeyList /etc/keys\nInternalHosts /etc/none\nOn-BadSignature perhaps\n",
    );
    host.write("etc/keys", "*@example.com:example.com:/etc/mail/none\n*@example.org\n");
    let made = host.migrate(&[]);
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert_eq!(made.status.code(), Some(78), "{said}");
    for want in [
        "/etc/dkim-filter.conf:1: Sockte: there is no such parameter",
        "/etc/dkim-filter.conf:3: InternalHosts: \"/etc/none\"",
        "/etc/dkim-filter.conf:4: On-BadSignature: ",
        "/etc/keys:2: ",
        "/etc/mail/none",
    ] {
        assert!(said.contains(want), "{want} is not in\n{said}");
    }
    let made = String::from_utf8(made.stdout).unwrap();
    assert!(
        made.contains("from the set-up of dk-filter.\n") && made.contains("dkim: no"),
        "{made}"
    );

    // What sh is told is named as well, with its line.
    let more = "DAEMON_OPTS=\"$DAEMON_OPTS -Q\"\nif [ -f /x ]; then\n  SOCKET=/y\nfi\n";
    let defaults = fs::read_to_string(host.0.join("root/etc/default/dk-filter")).unwrap();
    let line = defaults.lines().count() + 1;
    host.write("etc/default/dk-filter", format!("{defaults}{more}"));
    let said = String::from_utf8(host.migrate(&["dk-filter"]).stderr).unwrap();
    let want = [
        format!("/etc/default/dk-filter:{line}: -Q: there is no such option"),
        format!("/etc/default/dk-filter:{}: \"if\" is a command", line + 1),
    ];
    assert!(want.iter().all(|want| said.contains(want)), "{want:?}\n{said}");
}

#[test]
fn where_there_is_nothing_to_migrate_it_says_so() {
    let host = Host::new("nothing");
    host.write("etc/hostname", "here\n");
    for (words, code, why) in [
        (&[][..], 66, "nothing here starts any of dkim-filter, opendkim, dk-filter"),
        (&["dk-filter"], 66, "dk-filter: nothing here starts it"),
        (&["postfix"], 64, "\"postfix\" is no program that is known"),
        (&["--against", "/x"], 64, "--against needs --prove"),
        (&["--client", "here"], 64, "--client: found \"here\""),
    ] {
        let output = host.migrate(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(why) && output.stdout.is_empty(), "{words:?}: {said}");
    }
    host.of_the_how_to(&["example.com"]);
    let file = host.0.join("made.yaml").display().to_string();
    assert_eq!(host.migrate(&["--output", &file]).status.code(), Some(0));
    let again = host.migrate(&["--output", &file]);
    assert_eq!(again.status.code(), Some(71), "{}", String::from_utf8_lossy(&again.stderr));
}
