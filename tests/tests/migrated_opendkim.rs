//! `twinseal migrate` on hosts with opendkim and its tables.

#[path = "migrated/host.rs"]
mod host;

use host::{Host, answers};
use twinseal_e2e::incoming::FIELDS;
use twinseal_e2e::judges::{Seal, ask_all};
use twinseal_e2e::milter::inserted;

const CONF: &str = "Syslog yes\nCanonicalization relaxed/simple\nOversignHeaders From\n\
    Socket local:/run/opendkim/opendkim.sock\nUserID opendkim\nUMask 007\nOn-BadSignature reject\n\
    KeyTable refile:/etc/opendkim/KeyTable\nSigningTable refile:/etc/opendkim/SigningTable\n\
    InternalHosts refile:/etc/opendkim/TrustedHosts\n\
    ExternalIgnoreList refile:/etc/opendkim/TrustedHosts\n";
const UNIT: &str = "[Service]\nType=forking\nPIDFile=/run/opendkim/opendkim.pid\n\
    ExecStart=/usr/sbin/opendkim\n";

/// A host that signs for those domains, as the how-tos of opendkim have it.
fn of_domains(name: &str, domains: &[&str]) -> Host {
    let host = Host::new(name);
    host.write("lib/systemd/system/opendkim.service", UNIT);
    host.write("etc/opendkim.conf", CONF);
    let lines = |line: &dyn Fn(&str) -> String| domains.iter().map(|one| line(one)).collect();
    let keys: String = lines(&|domain| {
        format!("mail._domainkey.{domain} {domain}:mail:/etc/dkimkeys/{domain}.private\n")
    });
    let senders: String = lines(&|domain| format!("*@{domain} mail._domainkey.{domain}\n"));
    host.write("etc/opendkim/KeyTable", keys);
    host.write("etc/opendkim/SigningTable", format!("# who signs\n{senders}"));
    host.write("etc/opendkim/TrustedHosts", "127.0.0.1\n::1\n10.0.0.0/8\n!10.1.0.0/16\n");
    domains.iter().for_each(|domain| host.key(&format!("etc/dkimkeys/{domain}.private")));
    host
}

#[test]
fn tables_become_entries_that_decide_the_same() {
    let host = of_domains("tables", &["example.com", "example.org"]);
    host.mail(200, &["example.com", "example.org", "mail.example.com", "example.net"]);
    let (made, said) = host.prove(&[], 0);
    assert!(said.contains("200 messages"), "{said}");
    assert!(said.contains("no difference"), "{said}");
    assert!(!said.contains("not carried over"), "{said}");
    // The old service is there until the new one serves, where that can make its socket.
    let steps = [
        "/run/opendkim/opendkim.sock: twinseal.service may write below ",
        "systemctl stop opendkim",
        "see that it serves",
        "systemctl disable opendkim",
    ];
    let places: Vec<_> = steps.iter().map(|step| said.find(step)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}: {said}");
    assert_eq!(made.matches("selector: mail\n").count(), 2, "{made}");

    let records = host.records("mail");
    let keys = format!("dns:\n  test-keys: {}\n", records.display());
    let (daemon, address) = host.serve(&format!("{made}{keys}"));
    let signed = inserted(FIELDS.as_bytes(), &answers(&address, "10.2.0.7", FIELDS.as_bytes()));
    let signed = signed.unwrap();
    let path = host.0.write("signed.eml", &signed);
    for (judge, verdicts) in ask_all(&records, &[path], &host.0) {
        if judge.can_judge(Seal::Dkim, "rsa-") {
            let good = |one: &&twinseal_e2e::judges::Verdict| one.pass && one.selector == "mail";
            assert_eq!(verdicts[0].iter().filter(good).count(), 1, "{judge} {verdicts:?}");
        }
    }
    // An exception, and a host outside: what they send is verified.
    for client in ["10.1.2.3", "203.0.113.9"] {
        let arrived = inserted(&signed, &answers(&address, client, &signed)).unwrap();
        let arrived = String::from_utf8_lossy(&arrived).into_owned();
        assert!(arrived.starts_with("Authentication-Results:"), "{client}: {arrived}");
        assert!(arrived.contains("dkim=pass"), "{client}: {arrived}");
    }
    daemon.stop();
}

#[test]
fn tables_of_a_thousand_domains_are_a_thousand_entries() {
    let names: Vec<String> = (0..1000).map(|number| format!("d{number}.example")).collect();
    let domains: Vec<&str> = names.iter().map(String::as_str).collect();
    let host = of_domains("tables-thousand", &domains);
    host.mail(50, &["d0.example", "d500.example", "d999.example", "d1000.example"]);
    let (made, said) = host.prove(&[], 0);
    assert!(said.contains("50 messages") && said.contains("no difference"), "{said}");
    assert_eq!(made.matches("  - senders: [").count(), 1000);
    let edited = made.replace("[\"*@d500.example\"]", "[\"*@d501.example\"]");
    let file = host.0.write("edited.yaml", edited).display().to_string();
    let (told, said) = host.prove(&["--against", &file], 1);
    assert!(told.contains("role: sign before"), "{told}{said}");
}

#[test]
fn what_no_entry_can_say_is_named() {
    let host = of_domains("tables-unsayable", &["example.com"]);
    host.write("etc/opendkim/KeyTable", "all %:mail:/etc/dkimkeys/%.private\n");
    host.write("etc/opendkim/SigningTable", "*@example.com all\n");
    let made = host.migrate(&[]);
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert_eq!(made.status.code(), Some(1), "{said}");
    assert!(said.contains("its key is that of the sender's domain"), "{said}");
}

#[test]
fn of_broken_tables_every_mistake_is_named_by_its_line() {
    let host = of_domains("tables-broken", &["example.com"]);
    host.write("etc/opendkim/KeyTable", "one example.com:mail\ntwo exa_mple..com:s:/k\n");
    host.write("etc/opendkim/SigningTable", "*@example.com none\nx@y z w\n");
    host.write("etc/opendkim.conf", format!("{CONF}LDAPUseTLS yes\nMod s\nPeerList dsn:x\n"));
    let made = host.migrate(&[]);
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert_eq!(made.status.code(), Some(78), "{said}");
    for want in [
        "/etc/opendkim/KeyTable:1: KeyTable: ",
        "/etc/opendkim/KeyTable:2: KeyTable: ",
        "/etc/opendkim.conf:12: LDAPUseTLS: refused: ",
        "/etc/opendkim.conf:13: Mod: there is no such parameter",
        "/etc/opendkim.conf:14: PeerList: refused: data sets of the kind dsn:",
    ] {
        assert!(said.contains(want), "{want} is not in\n{said}");
    }
}
