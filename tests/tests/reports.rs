//! A report of a signature that does not match, from the mail to the program that sends it.

use std::fs;
use std::path::Path;
use std::time::Duration;
use twinseal_e2e::here;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;

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

#[test]
fn a_changed_body_is_reported_once_and_nothing_else_is() {
    let scratch = Scratch::new("reports");
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let records = records.replace("v=DKIM1; k=rsa;", "v=DKIM1; k=rsa; r=post;");
    let records = scratch.write("records.txt", records);
    let sendmail = scratch.write_with_mode("out/sendmail", SENDMAIL, 0o755);
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
    let arguments = ["serve", "--config", file.to_str().unwrap()];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    let good = fs::read_to_string(here("data/verify/pass-simple-simple.eml")).unwrap();
    let changed = format!("{good}added\r\n");
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
