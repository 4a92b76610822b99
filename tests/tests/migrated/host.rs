//! Hosts with old daemons on them, below a directory.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::{Frame, Peer};
use twinseal_e2e::net::Address;
use twinseal_e2e::program::{self, Daemon};
use twinseal_e2e::scratch::Scratch;

/// What the daemon answers about a message from that client.
pub(crate) fn answers(address: &Address, client: &str, octets: &[u8]) -> Vec<Frame> {
    let mut peer = Peer::connect(address).unwrap();
    peer.negotiate().unwrap();
    peer.introduce(&format!("[{client}]"), client).unwrap();
    peer.deliver("ann@example.com", "bob@example.net", &Message::parse(octets)).unwrap()
}

/// A host, and mail to prove something with beside it.
pub(crate) struct Host(pub(crate) Scratch);

impl Host {
    pub(crate) fn new(name: &str) -> Self {
        Self(Scratch::new(name))
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        self.0.write(&format!("root/{path}"), text);
    }

    /// A key at that path of the host, which its owner alone can read.
    pub(crate) fn key(&self, path: &str) {
        let pem = fs::read(here("data/keys/rsa2048.pem")).unwrap();
        self.0.write_with_mode(&format!("root/{path}"), pem, 0o600);
    }

    /// So many generated messages with authors in one of those domains. None of them was sent again:
    /// of such a message, two daemons may think differently.
    pub(crate) fn mail(&self, count: usize, domains: &[&str]) {
        let seed = seed();
        println!("seed {seed:#x}");
        let mut chance = Generator::new(seed);
        for number in 0..count {
            let text = chance.message();
            let domain = *chance.pick(&domains.iter().collect::<Vec<_>>());
            let text = replaced(&text, b"@example.com", format!("@{domain}").as_bytes());
            let text = replaced(&text, b"Resent-", b"Sent-");
            self.0.write(&format!("mail/{number:04}.eml"), text);
        }
    }

    /// The migration with those words.
    pub(crate) fn migrate(&self, words: &[&str]) -> Output {
        let root = self.0.join("root").display().to_string();
        program::run(&[&["migrate", "--root", &root], words].concat(), b"")
    }

    /// The same with a proof on the mail; what was made, and what was said.
    pub(crate) fn prove(&self, words: &[&str], code: i32) -> (String, String) {
        let mail = self.mailbox().display().to_string();
        let output = self.migrate(&[words, &["--prove", &mail]].concat());
        let text = |octets| String::from_utf8(octets).unwrap();
        let (made, said) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{said}\n{made}");
        (made, said)
    }

    pub(crate) fn mailbox(&self) -> PathBuf {
        self.0.join("mail")
    }

    /// The new file as it is where the host's files are not at the root: with their paths, with
    /// that socket, and with the test's own user.
    pub(crate) fn moved(&self, text: &str, socket: &str) -> PathBuf {
        let root = self.0.join("root").display().to_string();
        let line = |line: &str| match line.split(':').next().unwrap_or_default() {
            "user" => String::new(),
            "socket" => format!("socket: {socket}\n"),
            _ => format!("{line}\n").replace(": /etc/", &format!(": {root}/etc/")),
        };
        self.0.write("twinseal.yaml", text.lines().map(line).collect::<String>())
    }

    /// A daemon with the new file, whose check finds nothing, and where it listens.
    pub(crate) fn serve(&self, text: &str) -> (Daemon, Address) {
        let address = Address::any_inet();
        let file = self.moved(text, &address.for_filter()).display().to_string();
        let check = program::run(&["serve", "--config", &file, "--check"], b"");
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        (Daemon::start(&["serve", "--config", &file], &address, &self.0), address)
    }

    /// The records of the test keys, with the host's own key under that selector.
    pub(crate) fn records(&self, selector: &str) -> PathBuf {
        let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
        let name = format!("{selector}._domainkey");
        self.0.write("records", records.replace("rsa2048._domainkey", &name))
    }
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut found = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(from) {
            found.extend_from_slice(to);
            rest = after;
        } else {
            found.push(*first);
            rest = &rest[1..];
        }
    }
    found
}
