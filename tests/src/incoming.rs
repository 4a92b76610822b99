//! A host that mail arrives at: a daemon that verifies, a Postfix in front of it, and a DNS server
//! with each kind of answer.

use crate::here;
use crate::hostile_dns::{Datagram, HostileDns, Reply, code};
use crate::message::{Field, Message};
use crate::net::Address;
use crate::postfix::Postfix;
use crate::program::{Daemon, run};
use crate::scratch::Scratch;
use crate::sink::Sink;
use std::fs;
use std::time::Duration;

/// By when mail is delivered, on a machine that is busy.
pub const LIMIT: Duration = Duration::from_secs(20);

/// By when a message is through that may wait for DNS for a second. What hangs would be cut off by
/// the MTA much later, or answered by the slow server after five seconds.
pub const PATIENCE: Duration = Duration::from_millis(4500);

/// The field that tells what came of signatures.
pub const RESULTS: &str = "Authentication-Results";

/// A message that nobody has signed.
pub const FIELDS: &str = "From: Ann <ann@example.com>\r\nTo: bob@example.net\r\nSubject: hello\r\n\
    Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nHello,\r\n\r\nyou.\r\n";

/// What the test key's record says.
pub fn record() -> String {
    let records = fs::read_to_string(here("data/keys/records.txt")).expect("the records");
    let name = "rsa2048._domainkey.example.com";
    let record = records.lines().find_map(|line| line.strip_prefix(name));
    record.expect("its record").trim().to_owned()
}

/// Where the key with that selector is published.
pub fn published(selector: &str) -> String {
    format!("{selector}._domainkey.example.com")
}

/// A server with each kind of answer, by selector.
pub fn dns() -> HostileDns {
    let good = record();
    let testing = good.replace("v=DKIM1;", "v=DKIM1; t=y;");
    let answers = [
        ("good", Reply::txt(&published("good"), &good)),
        ("testing", Reply::txt(&published("testing"), &testing)),
        ("slow", Reply::txt(&published("slow"), &good).after(Duration::from_secs(5))),
        ("silent", Reply::code(code::NO_ERROR).over_udp(Datagram::Silence)),
        ("failing", Reply::code(code::SERVFAIL)),
    ];
    let names: Vec<String> = answers.iter().map(|(selector, _)| published(selector)).collect();
    HostileDns::start(names.iter().map(String::as_str).zip(answers.map(|(_, reply)| reply)))
}

/// The message with our own signature; others' signatures are verified elsewhere.
pub fn signed(selector: &str, scratch: &Scratch) -> Vec<u8> {
    sealed(FIELDS, selector, scratch)
}

/// The same for any message of that author.
pub fn sealed(message: &str, selector: &str, scratch: &Scratch) -> Vec<u8> {
    let key = scratch.key("rsa2048").display().to_string();
    let arguments = ["sign", "--domain", "example.com", "--selector", selector, "--key", &key];
    let output = run(&[&arguments[..], &["--domainkeys", "off"]].concat(), message.as_bytes());
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// The message with another word in its body.
pub fn changed(octets: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(octets).replace("you.", "me.").into_bytes()
}

/// A daemon that verifies, a Postfix in front of it, and what is behind.
pub struct Host {
    /// What verifies.
    pub daemon: Daemon,
    /// What asks it.
    pub postfix: Postfix,
    /// What receives the mail.
    pub sink: Sink,
    sent: usize,
}

impl Host {
    /// Of what was started elsewhere.
    pub const fn of(daemon: Daemon, postfix: Postfix, sink: Sink) -> Self {
        Self { daemon, postfix, sink, sent: 0 }
    }

    /// In the place of dkim-filter, with these arguments and lines of its file.
    pub fn in_the_place_of_dkim_filter(scratch: &Scratch, words: &[&str], lines: &str) -> Self {
        let (address, sink) = (Address::any_inet(), Sink::start());
        let hosts = scratch.write("hosts", "192.0.2.1\n");
        let text = format!("AuthservID mx.example.net\nInternalHosts {}\n{lines}", hosts.display());
        let file = scratch.write("dkim-filter.conf", text).display().to_string();
        let socket = address.for_filter();
        let usual = ["dkim-filter", "-f", "-b", "v", "-p", &socket, "-x", &file];
        let daemon = Daemon::start(&[&usual, words].concat(), &address, scratch);
        let postfix = Postfix::start(scratch, &address, sink.port(), "");
        Self::of(daemon, postfix, sink)
    }

    /// With these lines of configuration; nobody is internal but 192.0.2.1.
    pub fn start(scratch: &Scratch, dns: &HostileDns, lines: &str) -> Self {
        let (address, sink) = (Address::any_inet(), Sink::start());
        let text = format!(
            "socket: {}\ninternal-hosts: [192.0.2.1]\nresults: {{ authserv-id: mx.example.net }}\n\
             {lines}",
            address.for_filter()
        );
        let text = if lines.contains("dns:") {
            text
        } else {
            format!("{text}\ndns: {{ servers: [\"{}\"], timeout: 1s }}\n", dns.address())
        };
        let file = scratch.write("twinseal.yaml", text).display().to_string();
        let daemon = Daemon::start(&["serve", "--config", &file], &address, scratch);
        let postfix = Postfix::start(scratch, &address, sink.port(), "");
        Self::of(daemon, postfix, sink)
    }

    /// Sends a message, and says what the client was told, and to whom it went.
    pub fn send(&mut self, octets: &[u8]) -> (u16, String, String) {
        self.sent += 1;
        let recipient = format!("bob{}@example.net", self.sent);
        let mut client = self.postfix.connect().expect("Postfix listens");
        let reply = client.send("ann@example.com", &recipient, octets).expect("an answer");
        (reply.code, reply.text, recipient)
    }

    /// What is delivered.
    pub fn deliver(&mut self, octets: &[u8]) -> Message {
        let (code, text, recipient) = self.send(octets);
        assert_eq!(code, 250, "{text}\n{}", self.daemon.log());
        let delivered = self.sink.wait_for(&recipient, LIMIT);
        let delivered = delivered.unwrap_or_else(|| panic!("lost\n{}", self.postfix.log()));
        Message::parse(&delivered.octets)
    }

    /// Ends all of it, and hands back the log.
    pub fn stop(self) -> String {
        drop(self.postfix);
        let (status, log) = self.daemon.stop_with_log();
        assert!(status.success(), "{log}");
        log
    }
}

/// The values of all Authentication-Results fields, unfolded.
pub fn results(message: &Message) -> Vec<String> {
    let value = |field: &Field| {
        let text = String::from_utf8_lossy(field.value()).into_owned();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    message.all(RESULTS).map(value).collect()
}
