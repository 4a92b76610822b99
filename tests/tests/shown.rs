//! What administrators are shown: the log as JSON, and the configuration in force.

use twinseal_e2e::message::Message;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::Address;
use twinseal_e2e::program::{self, Daemon};
use twinseal_e2e::scratch::Scratch;

/// Has it decide about a message of that sender, and gives how many fields it inserted.
fn deliver(address: &Address, from: &str) -> usize {
    let text = format!("From: {from}\r\nTo: bob@example.net\r\n\r\ntext\r\n");
    let mut peer = Peer::connect(address).unwrap();
    peer.negotiate().unwrap();
    peer.ask(b'C', b"localhost\x004\x30\x39127.0.0.1\0").unwrap();
    let answers = peer.deliver(from, "bob@example.net", &Message::parse(text.as_bytes())).unwrap();
    answers.iter().filter(|(letter, _)| *letter == b'i').count()
}

#[test]
fn a_log_of_json_has_nothing_else_in_it_from_start_to_end() {
    let scratch = Scratch::new("json");
    let address = Address::any_inet();
    let text = format!(
        "socket: {}\nmode: s\nlog: {{ format: json }}\nrequire-safe-keys: no\nsigning:\n  - \
         senders: '*@example.com'\n    domain: example.com\n    keys: [{{ file: {} }}]\n",
        address.for_filter(),
        scratch.key("rsa1024").display(),
    );
    let file = scratch.write("t.yaml", text);
    let arguments = ["serve", "--config", &file.display().to_string()];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    assert_eq!(deliver(&address, "ann@example.com"), 2);
    assert_eq!(deliver(&address, "joe@example.org"), 0);
    let (status, log) = daemon.stop_with_log();
    assert!(status.success(), "{log}");
    for line in log.lines() {
        assert!(line.starts_with("{\"time\":\"20") && line.ends_with("\"}"), "{line}");
    }
    for part in [
        "\"level\":\"info\",\"event\":\"other\",\"message\":\"twinseal ",
        "\"event\":\"field-added\",\"field\":\"DKIM-Signature\",\"selector\":\"rsa1024\",\
         \"domain\":\"example.com\",\"message\":",
        "\"event\":\"not-signed\",\"reason\":\"no-signing-rule\",\
         \"address\":\"joe@example.org\",\"message\":\"(unknown-jobid): not signed: no signing ",
        "terminating with status 0\"}",
    ] {
        assert!(log.contains(part), "{part} is not in\n{log}");
    }
}

#[test]
fn what_an_old_command_line_comes_to_serves_as_that_did() {
    let scratch = Scratch::new("shown");
    let address = Address::any_inet();
    let key = scratch.key("rsa1024").display().to_string();
    let list = scratch.write("list", format!("*@example.com:example.com:{key}\n"));
    let file = scratch.write(
        "dkim-filter.conf",
        format!(
            "Socket {}\nKeyList {}\nBackground no\nDomainKeys yes\nUMask 002\n",
            address.for_filter(),
            list.display()
        ),
    );
    let file = file.display().to_string();
    let words = ["config", "show", "--origin", "--", "/usr/sbin/dkim-filter", "-x", &file];
    let output = program::run(&words, b"");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains(&format!("umask: \"002\"  # {file}:5\n")), "{shown}");
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");

    let file = scratch.write("shown.yaml", shown).display().to_string();
    let daemon = Daemon::start(&["serve", "--config", &file], &address, &scratch);
    assert_eq!(deliver(&address, "ann@example.com"), 2);
    assert_eq!(deliver(&address, "joe@example.org"), 0);
    assert!(daemon.stop().success());
}
