//! Mail that arrives, through a real Postfix, with a real DNS server that answers as it is told:
//! what is written about it, what is removed, and what becomes of it.

use std::fs;
use std::time::Instant;
use twinseal_e2e::hostile_dns::{Reply, code};
use twinseal_e2e::incoming::{
    FIELDS, Host, LIMIT, PATIENCE, RESULTS, changed, dns, results, sealed, signed,
};
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::postfix::Postfix;
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;

#[test]
fn each_signature_is_told_above_everything_and_forged_results_are_gone() {
    let (scratch, dns) = (Scratch::new("arriving"), dns());
    let mut host = Host::start(&scratch, &dns, "mode: v\n");
    // Traps W9, W11, W12, A1, A6: five forged ones among three of others.
    let fields = [
        (true, "mx.example.net; dkim=pass header.d=bank.example"),
        (false, "mx.example.com; dkim=fail"),
        (true, "(hello) MX.Example.NET; spf=pass"),
        (false, "dkim=pass header.d=no-name.example"),
        (true, "mx.example.net 1; dkim=pass"),
        (true, "\"mx.example.net\"; none"),
        (false, "notmx.example.net; dkim=pass"),
        (true, "mx.example.net/4AB12 (broken; dkim=pass"),
    ];
    let kept: Vec<&str> =
        fields.iter().filter(|(forged, _)| !forged).map(|(_, value)| *value).collect();
    let forged: String = fields.map(|(_, value)| format!("{RESULTS}: {value}\r\n")).concat();
    let good = signed("good", &scratch);
    for (text, want) in [
        (good.clone(), Some("dkim=pass (2048-bit key) header.d=example.com")),
        (changed(&good), Some("dkim=fail (2048-bit key) reason=\"the body is not the one")),
        (
            signed("missing", &scratch),
            Some("dkim=permerror reason=\"the key's name does not exist"),
        ),
        (FIELDS.as_bytes().to_vec(), None),
    ] {
        let arrived = host.deliver(&[forged.as_bytes(), &text].concat());
        let mut found = results(&arrived);
        if let Some(want) = want {
            let ours = found.remove(0);
            assert!(ours.starts_with(&format!("mx.example.net; {want}")), "{ours}");
            assert!(arrived.fields[0].is(RESULTS), "it is not on top");
        }
        assert_eq!(found, kept);
    }
    let log = host.stop();
    for line in [
        "DKIM verification successful (s=good, d=example.com)",
        "bad signature data (s=good, d=example.com): the body is not the one that was signed",
        "key retrieval failed (s=missing, d=example.com)",
        "Authentication-Results fields that claim to be ours removed: 5",
    ] {
        assert!(log.contains(line), "{line:?} is not in\n{log}");
    }
}

#[test]
fn what_is_the_matter_has_the_action_that_is_configured_for_it() {
    let (scratch, dns) = (Scratch::new("actions"), dns());
    let lines = "mode: v\nactions: { bad-signature: reject, no-signature: discard, \
                 key-not-found: quarantine, dns-error: tempfail }\n";
    let mut host = Host::start(&scratch, &dns, lines);
    let good = signed("good", &scratch);
    assert_eq!(results(&host.deliver(&good)).len(), 1);
    let (code, text, _) = host.send(&changed(&good));
    assert_eq!((code, text.as_str()), (550, "5.7.20 bad DKIM signature data"));
    // Whoever is testing is never rejected.
    let testing = host.deliver(&changed(&signed("testing", &scratch)));
    assert!(results(&testing)[0].contains("dkim=fail (2048-bit key, testing)"), "{testing:?}");
    for selector in ["failing", "silent", "slow"] {
        let (message, begun) = (signed(selector, &scratch), Instant::now());
        let (code, text, _) = host.send(&message);
        assert_eq!((code, text.as_str()), (451, "4.7.5 DKIM key retrieval failed"), "{selector}");
        assert!(begun.elapsed() < PATIENCE, "{selector}: {:?}", begun.elapsed());
    }
    let (code, _, discarded) = host.send(FIELDS.as_bytes());
    assert_eq!(code, 250);
    let (code, _, held) = host.send(&signed("missing", &scratch));
    assert_eq!(code, 250);
    let hold = scratch.join("queue/hold");
    let kept = || fs::read_dir(&hold).is_ok_and(|found| found.count() == 1).then_some(());
    assert!(wait_for(LIMIT, kept).is_some(), "nothing is held\n{}", host.postfix.log());
    // What comes after them has arrived; they have not.
    host.deliver(&good);
    let arrived = host.sink.all();
    let to = |recipient: &String| arrived.iter().any(|mail| mail.to.contains(recipient));
    assert!(!to(&discarded) && !to(&held));
    let log = host.stop();
    for line in [
        "rejected: bad DKIM signature data",
        "deferred: DKIM key retrieval failed",
        "discarded: no DKIM signature data",
        "quarantined: DKIM key retrieval failed",
    ] {
        assert!(log.contains(line), "{line:?} is not in\n{log}");
    }
}

#[test]
fn a_dead_dns_delays_mail_no_longer_than_it_may_and_lets_it_pass_where_that_is_configured() {
    let dns = dns();
    let nobody = format!("127.0.0.1:{}", Address::free_port());
    // One that says nothing, and a port at which nobody listens.
    for (selector, server) in [("silent", dns.address().to_string()), ("good", nobody)] {
        let scratch = Scratch::new("dead");
        let lines = format!(
            "mode: v\nactions: {{ dns-error: accept }}\n\
             dns: {{ servers: [\"{server}\"], timeout: 1s }}\n"
        );
        let mut host = Host::start(&scratch, &dns, &lines);
        let (message, begun) = (signed(selector, &scratch), Instant::now());
        let arrived = host.deliver(&message);
        assert!(begun.elapsed() < PATIENCE, "{selector}: {:?}", begun.elapsed());
        assert!(results(&arrived)[0].starts_with("mx.example.net; dkim=temperror"), "{arrived:?}");
        host.stop();
    }
}

#[test]
fn the_mta_hears_from_us_while_dns_is_waited_for() {
    // Trap W16
    let (scratch, dns) = (Scratch::new("progress"), dns());
    let address = Address::any_inet();
    let text = format!(
        "socket: {}\nmode: v\ndns: {{ servers: [\"{}\"], timeout: 5s }}\n",
        address.for_filter(),
        dns.address()
    );
    let file = scratch.write("twinseal.yaml", text).display().to_string();
    let daemon = Daemon::start(&["serve", "--config", &file], &address, &scratch);
    let mut peer = Peer::connect(&address).unwrap();
    peer.negotiate().unwrap();
    peer.introduce("host.example", "192.0.2.7").unwrap();
    let message = Message::parse(&signed("silent", &scratch));
    let frames = peer.deliver("ann@example.com", "bob@example.net", &message).unwrap();
    let progress = frames.iter().filter(|frame| frame.0 == b'p').count();
    assert!(progress >= 1, "{frames:?}");
    // Refused with a text: dns-error is tempfail unless said otherwise.
    assert_eq!(frames.last().map(|frame| frame.0), Some(b'y'), "{frames:?}");
    assert!(daemon.stop().success());
}

#[test]
fn what_needs_nothing_is_let_go_at_the_end_of_its_header() {
    // Trap W22
    let scratch = Scratch::new("moot");
    let address = Address::any_inet();
    let text = format!(
        "socket: {}\nmode: v\nresults: {{ authserv-id: mx.example.net }}\n",
        address.for_filter()
    );
    let file = scratch.write("twinseal.yaml", text).display().to_string();
    let daemon = Daemon::start(&["serve", "--config", &file], &address, &scratch);
    for (value, reply) in [
        ("mx.example.org; dkim=pass", b'a'),
        ("MX.example.net; dkim=pass", b'c'),
        ("mx.example.net; spf=pass", b'c'),
    ] {
        let mut peer = Peer::connect(&address).unwrap();
        peer.negotiate().unwrap();
        peer.introduce("host.example", "192.0.2.7").unwrap();
        peer.ask(b'M', b"<a@example.com>\0").unwrap();
        peer.ask(b'R', b"<b@example.net>\0").unwrap();
        peer.ask(b'L', b"From\0 a@example.com\0").unwrap();
        peer.ask(b'L', format!("{RESULTS}\0 {value}\0").as_bytes()).unwrap();
        assert_eq!(peer.ask(b'N', b"").unwrap().0, reply, "{value}");
    }
    assert!(daemon.stop().success());
}

#[test]
fn what_starts_here_is_signed_and_all_other_mail_is_verified() {
    let (scratch, dns) = (Scratch::new("roles"), dns());
    let key = scratch.key("rsa2048");
    let signing = format!(
        "mode: sv\nrequire-safe-keys: false\nsigning: [{{ senders: '*@example.com', domain: \
         example.com, keys: [{{ file: {}, selector: good }}] }}]\n",
        key.display()
    );
    let (address, sink) = (Address::any_inet(), Sink::start());
    let text = format!(
        "socket: {}\ninternal-hosts: [127.0.0.1]\nresults: {{ authserv-id: mx.example.net, \
         always: yes }}\n{signing}dns: {{ servers: [\"{}\"], timeout: 1s }}\n",
        address.for_filter(),
        dns.address()
    );
    let file = scratch.write("twinseal.yaml", text).display().to_string();
    let daemon = Daemon::start(&["serve", "--config", &file], &address, &scratch);
    let line = "smtpd_authorized_xclient_hosts = 127.0.0.1";
    let postfix = Postfix::start(&scratch, &address, sink.port(), line);
    let mut host = Host::of(daemon, postfix, sink);
    let ours = host.deliver(FIELDS.as_bytes());
    assert_eq!(ours.all("DKIM-Signature").count(), 1);
    assert_eq!(ours.all("DomainKey-Signature").count(), 1);
    assert!(results(&ours).is_empty(), "{ours:?}");
    let mut client = host.postfix.connect().unwrap();
    client.pretend("host.example", "192.0.2.7").unwrap();
    let mut from_outside = |octets: &[u8], recipient: &str| {
        let reply = client.send("x@example.org", recipient, octets).unwrap();
        assert_eq!(reply.code, 250, "{reply:?}");
        Message::parse(&host.sink.wait_for(recipient, LIMIT).expect("it is delivered").octets)
    };
    let signed = from_outside(&signed("good", &scratch), "a@example.net");
    assert!(results(&signed)[0].starts_with("mx.example.net; dkim=pass"), "{signed:?}");
    assert_eq!(signed.all("DKIM-Signature").count(), 1, "it was signed again");
    let other = FIELDS.replace("example.com>", "example.org>");
    let unsigned = from_outside(other.as_bytes(), "b@example.net");
    assert_eq!(results(&unsigned), ["mx.example.net; dkim=none"]);
    let log = host.stop();
    assert!(!log.contains("no-signing-rule"), "what could not be signed is told: {log}");
    assert!(log.contains("attempted to send as example.com"), "{log}");
}

#[test]
fn what_an_author_s_domain_says_is_not_held_against_what_dns_has_not_settled() {
    // Trap H17
    let (scratch, dns) = (Scratch::new("adsp"), dns());
    dns.set("example.com", Reply::code(code::NO_ERROR).with_soa(60));
    let practices = "_adsp._domainkey.example.com";
    dns.set(practices, Reply::txt(practices, "dkim=discardable"));
    let lines = "mode: v\nadsp: { reject-discardable: yes }\n\
                 actions: { bad-signature: accept, dns-error: tempfail }\n";
    let mut host = Host::start(&scratch, &dns, lines);
    let (code, text, _) = host.send(FIELDS.as_bytes());
    assert_eq!((code, text.as_str()), (550, "5.7.1 rejected due to DKIM ADSP evaluation"));
    let (code, text, _) = host.send(&changed(&signed("good", &scratch)));
    assert_eq!((code, text.as_str()), (550, "5.7.1 rejected due to DKIM ADSP evaluation"));
    let (code, text, _) = host.send(&signed("silent", &scratch));
    assert_eq!((code, text.as_str()), (451, "4.7.5 DKIM key retrieval failed"));
    let arrived = host.deliver(&changed(&signed("testing", &scratch)));
    assert!(results(&arrived)[0].contains("dkim-adsp=discard"), "{arrived:?}");
    let arrived = host.deliver(&signed("good", &scratch));
    assert!(results(&arrived)[0].contains("dkim-adsp=pass"), "{arrived:?}");
    host.stop();
}

#[test]
fn a_header_with_a_field_too_many_is_told_and_is_no_way_around_an_action() {
    let (scratch, dns) = (Scratch::new("format"), dns());
    let lines = "mode: v\nverify: { required-headers: yes }\nactions: { bad-signature: reject }\n";
    let mut host = Host::start(&scratch, &dns, lines);
    let good = sealed(&format!("Subject: again\r\n{FIELDS}"), "good", &scratch);
    let arrived = host.deliver(&good);
    assert_eq!(results(&arrived), ["mx.example.net; dkim=permerror (bad format)"]);
    let (code, text, _) = host.send(&changed(&good));
    assert_eq!((code, text.as_str()), (550, "5.7.20 bad DKIM signature data"));
    let log = host.stop();
    assert!(log.contains("header requirement error"), "{log}");
}
