//! What only a real Postfix does to mail and to a filter: bounces, lines that are too long, IPv6
//! and the way through a group.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, chown};
use std::path::PathBuf;
use std::time::Duration;
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::here;
use twinseal_e2e::judges::Seal;
use twinseal_e2e::message::Message;
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::Address;
use twinseal_e2e::postfix::{Postfix, Setting};
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;
use twinseal_e2e::users;

const LIMIT: Duration = Duration::from_secs(20);

/// The records of the test keys.
fn publish(scratch: &Scratch) -> Nameserver {
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    Nameserver::start(&[Zone::of_keys("example.com", &records)], scratch)
}

fn serve(address: &Address, scratch: &Scratch) -> Daemon {
    let key = scratch.key("rsa2048").display().to_string();
    let socket = address.for_filter();
    let arguments = ["serve", "-p", &socket, "-d", "example.com", "-s", &key, "-S", "rsa2048"];
    Daemon::start(&arguments, address, scratch)
}

fn message(subject: &str, body: &str) -> Vec<u8> {
    let header = "From: Ann <ann@example.com>\r\nTo: bob@example.net\r\n\
                  Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n";
    format!("{header}Subject: {subject}\r\n\r\n{body}\r\n").into_bytes()
}

#[test]
fn a_bounce_is_sealed_as_mail_of_the_daemon_that_writes_it() {
    let scratch = Scratch::new("bounce");
    let (address, sink) = (Address::any_inet(), Sink::start());
    let daemon = serve(&address, &scratch);
    // Trap P7: without this line no filter sees a bounce.
    let line = "internal_mail_filter_classes = bounce";
    let postfix = Postfix::start(&scratch, &address, sink.port(), line);
    let mut client = postfix.connect().unwrap();
    let text = message("to nobody", "text");
    let reply = client.send("ann@example.com", "refuse@example.net", &text).unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    let bounce = sink.wait_for("ann@example.com", LIMIT);
    let bounce = bounce.unwrap_or_else(|| panic!("no bounce\n{}", postfix.log()));
    assert!(bounce.from.starts_with("<>"), "it is from {:?}", bounce.from);
    let from = Message::parse(&bounce.octets);
    let from = from.all("From").next().map(|field| field.octets.clone()).unwrap_or_default();
    let from = String::from_utf8_lossy(&from);
    assert!(from.contains("MAILER-DAEMON@example.com"), "{from}");
    let path = scratch.write("bounce.eml", &bounce.octets);
    let claims = Claim::both(&path, "rsa2048", "example.com");
    let wrong = objections(&publish(&scratch), &claims, &scratch);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    drop(postfix);
    assert!(daemon.stop().success());
}

#[test]
fn long_lines_are_sealed_as_they_came_and_postfix_breaks_them_unless_told_not_to() {
    let scratch = Scratch::new("long");
    let (address, sink) = (Address::any_inet(), Sink::start());
    let daemon = serve(&address, &scratch);
    let route = format!("[127.0.0.1]:{}", sink.port());
    let main = format!("transport_maps = inline:{{ whole.example.net=whole:{route} }}");
    let setting = Setting {
        filters: &address.for_postfix(),
        sink: sink.port(),
        main: &main,
        master: "whole unix - - n - - smtp -o smtp_line_length_limit=0",
        ..Setting::default()
    };
    let postfix = Postfix::start_as(&scratch, setting);
    let long = "word ".repeat(600);
    let long = long.trim_end();
    let mut claims = Vec::new();
    for (name, text, broken) in [
        ("body", message("a long line", long), Some((false, false))),
        // The blank that comes with the break is none to nofws.
        ("header", message(long, "text"), Some((false, true))),
        ("limit", message("a line of 998 octets", &"x".repeat(998)), None),
    ] {
        for (domain, broken) in [("whole.example.net", None), ("example.net", broken)] {
            let recipient = format!("{name}@{domain}");
            let mut client = postfix.connect().unwrap();
            let reply = client.send("ann@example.com", &recipient, &text).unwrap();
            assert_eq!(reply.code, 250, "{recipient}: {reply:?}");
            let delivered = sink.wait_for(&recipient, LIMIT).expect("it is delivered");
            let path = scratch.write(&format!("{recipient}.eml"), &delivered.octets);
            let arrived = Message::parse(&delivered.octets);
            let sent = Message::parse(&text);
            let kept = arrived.body == sent.body && arrived.fields.ends_with(&sent.fields);
            assert_eq!(kept, broken.is_none(), "{recipient}");
            let (dkim, domainkeys) = broken.unwrap_or((true, true));
            for (seal, holds) in [(Seal::Dkim, dkim), (Seal::DomainKeys, domainkeys)] {
                let claim = Claim::that(&path, seal, "rsa2048", "example.com");
                claims.push(Claim { holds, ..claim });
            }
        }
    }
    let wrong = objections(&publish(&scratch), &claims, &scratch);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    drop(postfix);
    assert!(daemon.stop().success());
}

#[test]
fn postfix_connects_by_group_to_a_unix_socket_and_by_ipv6() {
    let scratch = Scratch::new("sockets");
    // As service managers make it: the daemon's own, and others may pass.
    let run = scratch.dir("run");
    let (nobody, nogroup) = users::numbers("nobody").unwrap();
    chown(&run, Some(nobody), Some(nogroup)).unwrap();
    let socket = run.join("t.sock");
    let unix = Address::Unix(socket.clone());
    let inet = if Address::has_ipv6() {
        Address::Inet6(Address::free_port())
    } else {
        Address::any_inet()
    };
    let text = format!(
        "socket: [\"{}\", \"{}\"]\nuser: nobody\nsocket-mode: \"660\"\nsocket-group: postfix\n\
         mode: s\nlog: {{ to: stderr }}\n\
         signing: [{{ senders: '*@example.com', domain: example.com, keys: [{{ file: {} }}] }}]\n",
        unix.for_filter(),
        inet.for_filter(),
        scratch.key("rsa2048").display(),
    );
    let file = scratch.write("t.yaml", text);
    let arguments = ["serve", "--config", &file.to_string_lossy()];
    let daemon = Daemon::start(&arguments, &inet, &scratch);
    let made = fs::metadata(&socket).unwrap();
    assert!(made.file_type().is_socket());
    assert_eq!((made.mode() & 0o777, made.uid()), (0o660, nobody));

    let sink = Sink::start();
    let main = format!("non_smtpd_milters = {}\ninet_protocols = all", inet.for_postfix());
    let filters = &unix.for_postfix();
    let setting = Setting { filters, sink: sink.port(), main: &main, ..Setting::default() };
    let postfix = Postfix::start_as(&scratch, setting);
    let sent = message("by socket", "text");
    let mut client = postfix.connect().unwrap();
    client.send("ann@example.com", "unix@example.net", &sent).unwrap();
    let local = String::from_utf8(sent).unwrap().replace("\r\n", "\n");
    postfix.submit_locally("ann@example.com", "inet@example.net", local.as_bytes()).unwrap();
    let paths: Vec<PathBuf> = ["unix", "inet"]
        .iter()
        .map(|name| {
            let delivered = sink.wait_for(&format!("{name}@example.net"), LIMIT);
            let delivered = delivered.unwrap_or_else(|| panic!("{name}:\n{}", postfix.log()));
            scratch.write(&format!("{name}.eml"), &delivered.octets)
        })
        .collect();
    let claims: Vec<Claim> =
        paths.iter().flat_map(|path| Claim::both(path, "rsa2048", "example.com")).collect();
    let wrong = objections(&publish(&scratch), &claims, &scratch);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(claims.iter().any(|claim| claim.seal.seal == Seal::DomainKeys));
    drop(postfix);
    assert!(daemon.stop().success());
    assert!(!socket.exists());
}
