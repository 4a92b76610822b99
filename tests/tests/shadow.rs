//! In the shadow of another filter: behind Debian's opendkim in a real Postfix, where nothing of the
//! mail may change and every difference is told; and over the milter socket, where nothing may be
//! asked for.

use std::fmt::Write as _;
use std::time::Duration;
use twinseal_e2e::judges::Opendkim;
use twinseal_e2e::message::{Field, Message};
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::postfix::{Postfix, Setting};
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;
use twinseal_e2e::smtp::Smtp;

const MESSAGE: &[u8] = b"From: Ann <ann@example.com>\r\n\
    To: bob@example.net\r\n\
    Subject: in the shadow\r\n\
    Authentication-Results: elsewhere.example; spf=pass\r\n\
    Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n\
    Message-ID: <shadow@example.com>\r\n\r\ntext  with blanks \r\n\r\n";

/// A message of a domain that we do not sign for.
const STRANGE: &[u8] = b"From: joe@elsewhere.example\r\n\
    Subject: x\r\n\
    Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n\
    Message-ID: <strange@elsewhere.example>\r\n\r\ntext\r\n";

/// The lines of opendkim's configuration that say what ours says.
const ALIKE: &[(&str, &str)] = &[
    ("Mode", "s"),
    ("Domain", "example.com"),
    ("Selector", "rsa2048"),
    ("KeyFile", "KEY"),
    ("Canonicalization", "relaxed/simple"),
    ("SignHeaders", "From,To,Subject,Date,Message-ID"),
    ("OversignHeaders", "From"),
    // Postfix, which is not root, has to connect.
    ("UMask", "000"),
];

/// Where opendkim is otherwise, and what the log says of it then.
struct Case {
    name: &'static str,
    other: &'static [(&'static str, &'static str)],
    message: &'static [u8],
    told: &'static [&'static str],
}

const ADDED: &str =
    "shadow: DomainKey-Signature would be added (s=rsa2048, d=example.com) (reason=shadow-added)";

const CASES: &[Case] = &[
    Case {
        name: "alike",
        other: &[],
        message: MESSAGE,
        told: &["shadow: DKIM-Signature agrees", ADDED],
    },
    Case {
        name: "canonicalization",
        other: &[("Canonicalization", "simple/simple")],
        message: MESSAGE,
        told: &[
            "shadow: DKIM-Signature differs: c= is simple/simple, ours relaxed/simple (s=",
            ADDED,
        ],
    },
    Case {
        name: "body",
        other: &[("Canonicalization", "relaxed/relaxed")],
        message: MESSAGE,
        told: &[
            "differs: c= is relaxed/relaxed, ours relaxed/simple; bh= is another (s=rsa2048",
            ADDED,
        ],
    },
    Case {
        name: "header",
        other: &[("SignHeaders", "From,To,Date,Message-ID")],
        message: MESSAGE,
        told: &[
            "shadow: DKIM-Signature differs: h= lacks \"subject\" (s=rsa2048, d=example.com)",
            ADDED,
        ],
    },
    Case {
        name: "selector",
        other: &[("Selector", "other")],
        message: MESSAGE,
        told: &["shadow: DKIM-Signature differs: s= is other, ours rsa2048 (s=rsa2048", ADDED],
    },
    Case {
        name: "key",
        other: &[("KeyFile", "ANOTHER")],
        message: MESSAGE,
        told: &["shadow: DKIM-Signature differs: b= is not by our key: ", ADDED],
    },
    Case {
        name: "domain",
        other: &[("Domain", "elsewhere.example")],
        message: MESSAGE,
        told: &[
            "shadow: the other filter does not sign; ours would: DKIM-Signature (s=rsa2048, d=example.com)",
        ],
    },
    Case {
        name: "stranger",
        other: &[("Domain", "elsewhere.example")],
        message: STRANGE,
        told: &[
            "shadow: only the other filter signs: DKIM-Signature (s=rsa2048, d=elsewhere.example)",
        ],
    },
];

fn opendkim(other: &[(&str, &str)], scratch: &Scratch) -> Opendkim {
    let mut lines = String::new();
    for (name, value) in ALIKE {
        let own = other.iter().find(|(known, _)| known == name).map_or(*value, |(_, own)| own);
        let own = match own {
            "KEY" => scratch.key("rsa2048").display().to_string(),
            "ANOTHER" => scratch.key("rsa1024").display().to_string(),
            own => own.to_owned(),
        };
        let _ = writeln!(lines, "{name} {own}");
    }
    Opendkim::start_with(&lines, scratch)
}

fn shadow(scratch: &Scratch, address: &Address, more: &str) -> Daemon {
    let file = format!(
        "socket: {}\nshadow: yes\nsigning:\n  - senders: [\"*@example.com\"]\n    domain: \
         example.com\n    keys: [{{ file: {} }}]\ndkim: {{ signed-headers: [to, subject, date, \
         message-id], oversigned-headers: [] }}\n{more}",
        address.for_filter(),
        scratch.key("rsa2048").display()
    );
    let file = scratch.write("shadow.yaml", file).display().to_string();
    Daemon::start(&["serve", "--config", &file], address, scratch)
}

/// What of a message does not differ from one delivery to the next: all but the MTA's own field, and
/// time, hash and signature.
fn lasting(octets: &[u8]) -> String {
    let message = Message::parse(octets);
    let mut text = String::new();
    for Field { octets } in &message.fields {
        let field = String::from_utf8_lossy(octets);
        if field.starts_with("DKIM-Signature:") {
            let tags = field.split(';').filter(|tag| {
                let name = tag.trim().split('=').next().unwrap_or_default();
                !matches!(name, "t" | "b")
            });
            text.push_str(&tags.map(str::trim).collect::<Vec<_>>().join(";"));
        } else if !field.starts_with("Received:") {
            text.push_str(&field);
        } else {
            text.push_str("Received\n");
        }
    }
    text + "\n" + &String::from_utf8_lossy(&message.body)
}

/// Sends a message to one of the listeners, and returns what is delivered and its queue id.
fn delivered(port: u16, name: &str, message: &[u8], sink: &Sink) -> (Vec<u8>, String) {
    let recipient = format!("{name}@example.net");
    let mut client = Smtp::connect(port, "client.example.com").expect("Postfix listens");
    let reply = client.send("ann@example.com", &recipient, message).expect("an answer");
    assert_eq!(reply.code, 250, "{name}: {reply:?}");
    let id = reply.text.rsplit(' ').next().unwrap_or_default().trim().to_owned();
    let mail = sink.wait_for(&recipient, Duration::from_secs(20));
    (mail.unwrap_or_else(|| panic!("{name}: not delivered")).octets, id)
}

#[test]
fn behind_opendkim_every_difference_is_told_and_nothing_changes() {
    let scratch = Scratch::new("shadow");
    let (ours, sink) = (Address::any_inet(), Sink::start());
    let daemon = shadow(&scratch, &ours, "mode: s\n");
    let (mut listeners, mut ports, mut others) = (String::new(), Vec::new(), Vec::new());
    for case in CASES {
        let other = opendkim(case.other, &scratch);
        let alone = other.address().for_postfix();
        let both = format!("{alone},{}", ours.for_postfix());
        let each = [both, alone].map(|filters| {
            let port = Address::free_port();
            let _ = writeln!(
                listeners,
                "127.0.0.1:{port} inet n - n - - smtpd -o smtpd_milters={filters}"
            );
            port
        });
        ports.push(each);
        others.push(other);
    }
    let setting = Setting { sink: sink.port(), master: &listeners, ..Setting::default() };
    let postfix = Postfix::start_as(&scratch, setting);
    let mut wrong = String::new();
    for (case, [both, alone]) in CASES.iter().zip(ports) {
        let (with, id) = delivered(both, &format!("{}-with", case.name), case.message, &sink);
        let (without, _) = delivered(alone, &format!("{}-without", case.name), case.message, &sink);
        assert_eq!(lasting(&with), lasting(&without), "{}", case.name);
        for told in case.told {
            let line =
                |log: &str| log.lines().any(|line| line.contains(&id) && line.contains(told));
            if wait_for(Duration::from_secs(3), || line(&daemon.log()).then_some(())).is_none() {
                let _ = writeln!(wrong, "{} ({id}): {told:?} is not logged", case.name);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}\n{}", daemon.log());
    drop(postfix);
    let (status, log) = daemon.stop_with_log();
    assert!(status.success() && !log.contains("field added"), "{log}");
}

/// One message of that client, and the letters of all that is answered at its end.
fn answers(address: &Address, client: &str, message: &[u8]) -> String {
    let mut peer = Peer::connect(address).expect("it listens");
    let (letter, terms) = peer.negotiate().expect("terms");
    assert_eq!((letter, &terms[4..8]), (b'O', &[0; 4][..]), "it asks for the right to change mail");
    peer.introduce("pc.example.net", client).expect("an answer");
    let answers = peer.deliver("ann@example.com", "bob@example.net", &Message::parse(message));
    answers.expect("an answer").iter().map(|(letter, _)| char::from(*letter)).collect()
}

#[test]
fn mail_that_arrives_is_judged_and_neither_changed_nor_refused() {
    let scratch = Scratch::new("shadow-arriving");
    let address = Address::any_inet();
    let more = "internal-hosts: [127.0.0.1]\nactions: { no-signature: reject }\nresults: { \
                authserv-id: elsewhere.example, always: yes }\n";
    let daemon = shadow(&scratch, &address, more);
    for message in [MESSAGE, STRANGE] {
        let said = answers(&address, "192.0.2.1", message);
        assert!(["a", "c"].contains(&said.as_str()), "{said}\n{}", daemon.log());
    }
    let told = ("shadow: would be rejected: no DKIM signature data", "(reason=shadow-would-act)");
    assert!(daemon.has_logged(told), "{}", daemon.log());
    let (status, log) = daemon.stop_with_log();
    assert!(status.success() && !log.contains("removed"), "{log}");
}

#[test]
fn a_key_that_turns_out_to_be_none_keeps_no_mail_back() {
    let scratch = Scratch::new("shadow-key");
    let address = Address::any_inet();
    let pem = std::fs::read(scratch.key("rsa1024")).expect("a key");
    let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let mut file = format!("socket: {}\nmode: s\nshadow: yes\nsigning:\n", address.for_filter());
    // Of so many, each is parsed when it is needed.
    for number in 0..=100 {
        let pem = if number == 100 { broken.as_bytes() } else { &pem };
        let key = scratch.write_with_mode(&format!("keys/k{number}"), pem, 0o600);
        let domain =
            if number == 100 { "example.com".to_owned() } else { format!("d{number}.example") };
        let _ = writeln!(
            file,
            "  - {{ senders: [\"*@{domain}\"], domain: {domain}, keys: [{{ file: {} }}] }}",
            key.display()
        );
    }
    let file = scratch.write("shadow.yaml", file).display().to_string();
    let daemon = Daemon::start(&["serve", "--config", &file], &address, &scratch);
    assert_eq!(answers(&address, "127.0.0.1", MESSAGE), "a", "{}", daemon.log());
    let told = ("shadow: would be deferred: ", "(key-unusable) (reason=shadow-would-act)");
    assert!(daemon.has_logged(told), "{}", daemon.log());
    assert!(daemon.stop().success());
}
