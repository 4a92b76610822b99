//! A report of a signature that does not match, from the mail to the program that sends it.

use std::fs;
use std::path::Path;
use std::time::Duration;
use twinseal_e2e::here;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::postfix::Postfix;
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;

/// Keeps what it gets, one file for each report.
const SENDMAIL: &str = "#!/bin/sh\ncat >\"$0.part.$$\" && mv \"$0.part.$$\" \"$0.$$.eml\"\n";

fn deliver(address: &Address, from: &str, text: &str) {
    let mut peer = Peer::connect(address).unwrap();
    peer.negotiate().unwrap();
    peer.introduce("client.example.net", "192.0.2.1").unwrap();
    let message = Message::parse(text.as_bytes());
    peer.deliver(from, "bob@example.net", &message).unwrap();
}

fn reports(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let reports = entries.filter(|path| path.extension().is_some_and(|end| end == "eml"));
    reports.map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// A daemon that verifies, with keys whose records ask for reports, and reports by that program.
fn start(scratch: &Scratch, sendmail: &Path) -> (Daemon, Address) {
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let records = records.replace("v=DKIM1; k=rsa;", "v=DKIM1; k=rsa; r=post;");
    let records = scratch.write("records.txt", records);
    let address = Address::any_inet();
    let file = scratch.write(
        "t.yaml",
        format!(
            "socket: {}\nmode: v\ninternal-hosts: []\ndns: {{ test-keys: {} }}\nlog: {{ to: stderr \
             }}\nreports: {{ send: yes, address: postmaster@mx.example, command: {} }}\n",
            address.for_filter(),
            records.display(),
            sendmail.display()
        ),
    );
    let daemon = Daemon::start(&["serve", "--config", file.to_str().unwrap()], &address, scratch);
    (daemon, address)
}

/// A message that was changed on its way, and as it was signed.
fn messages() -> (String, String) {
    let good = fs::read_to_string(here("data/verify/pass-simple-simple.eml")).unwrap();
    (format!("{good}added\r\n"), good)
}

#[test]
fn a_changed_body_is_reported_once_and_nothing_else_is() {
    let scratch = Scratch::new("reports");
    let sendmail = scratch.write_with_mode("out/sendmail", SENDMAIL, 0o755);
    let (daemon, address) = start(&scratch, &sendmail);
    let (changed, good) = messages();
    deliver(&address, "ann@example.com", &good);
    deliver(&address, "", &changed);
    deliver(&address, "ann@example.com", &format!("Auto-Submitted: auto-replied\r\n{changed}"));
    deliver(&address, "ann@example.com", &changed);
    assert!(daemon.has_logged((": report sent to ", "post@example.com")), "{}", daemon.log());
    let out = scratch.join("out");
    let found = wait_for(Duration::from_secs(5), || {
        Some(reports(&out)).filter(|reports| !reports.is_empty())
    });
    let found = found.unwrap();
    assert_eq!(found.len(), 1, "{found:#?}");
    for line in [
        "From: postmaster@mx.example\nTo: post@example.com\n",
        "Auto-Submitted: auto-generated\n",
        "\nAuth-Failure: bodyhash\n",
        "\nDKIM-Domain: example.com\nDKIM-Identity: @example.com\nDKIM-Selector: rsa2048\n",
        "\nSource-IP: 192.0.2.1\n",
        "dkim=fail",
        "\nDKIM-Signature: ",
    ] {
        assert!(found[0].contains(line), "{line:?} is not in\n{}", found[0]);
    }
    assert!(!found[0].contains("added"), "{}", found[0]);
    assert!(daemon.stop().success());
    assert_eq!(reports(&out).len(), 1);
}

#[test]
fn the_command_of_postfix_sends_it_and_nothing_comes_back() {
    let scratch = Scratch::new("reports");
    let script = format!(
        "#!/bin/sh\nexec /usr/sbin/sendmail -C {} \"$@\"\n",
        scratch.join("postfix").display()
    );
    let sendmail = scratch.write_with_mode("sendmail", script, 0o755);
    let (daemon, address) = start(&scratch, &sendmail);
    let sink = Sink::start();
    let postfix = Postfix::start(&scratch, &address, sink.port(), "");
    let (changed, _) = messages();
    let mut client = postfix.connect().unwrap();
    let reply = client.send("ann@example.com", "bob@example.net", changed.as_bytes()).unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    let limit = Duration::from_secs(20);
    let mail =
        sink.wait_for("bob@example.net", limit).unwrap_or_else(|| panic!("{}", daemon.log()));
    assert!(String::from_utf8_lossy(&mail.octets).contains("dkim=fail"));
    let report = sink.wait_for("post@example.com", limit);
    let report = report.unwrap_or_else(|| panic!("{}\n{}", daemon.log(), postfix.log()));
    let text = String::from_utf8_lossy(&report.octets).into_owned();
    assert!(text.contains("\r\nAuth-Failure: bodyhash\r\n"), "{text}");
    assert!(postfix.log().contains("from=<>"), "{}", postfix.log());
    // The report went through the daemon as well, and is no reason for another.
    assert_eq!(daemon.log().matches(": report sent to ").count(), 1, "{}", daemon.log());
    assert!(daemon.stop().success());
}
