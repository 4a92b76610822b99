//! What `twinseal explain` says of mail, and what the running daemon then does with it, for random
//! clients, logins, macros, senders and authors under configurations of every door.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::{Frame, Peer};
use twinseal_e2e::net::Address;
use twinseal_e2e::program::{self, Daemon};
use twinseal_e2e::scratch::Scratch;

/// So many messages for each configuration.
const EACH: usize = 25;

/// A seal by its field, domain and selector.
type Seal = (String, String, String);

/// What explain says of a message: its seals, and the codes of why one is left out.
#[derive(Debug)]
struct Said {
    seals: BTreeSet<Seal>,
    reasons: BTreeSet<String>,
    text: String,
}

/// A message, and where it comes from.
#[derive(Debug)]
struct Case {
    author: &'static str,
    sender: Option<&'static str>,
    client: &'static str,
    host: Option<&'static str>,
    macros: Vec<(&'static str, &'static str)>,
    recipient: &'static str,
}

impl Case {
    fn random(generator: &mut Generator) -> Self {
        let addresses = [
            "ann@example.com",
            "Bob@EXAMPLE.com",
            "ann@m.example.com",
            "x@b.m.example.com",
            "joe@ed.example",
            "joe@dk.example",
            "joe@listed.example",
            "a@elsewhere.net",
        ];
        let sender = generator.one_in(3).then(|| generator.pick(&addresses));
        let mut macros = Vec::new();
        if generator.one_in(3) {
            macros.push(("{auth_authen}", "ann"));
        }
        if generator.one_in(3) {
            macros.push(("{daemon_name}", generator.pick(&["MSA", "msa", "MTA"])));
        }
        if generator.one_in(3) {
            macros.push(("{ok}", generator.pick(&["yes", "no"])));
        }
        Self {
            author: generator.pick(&addresses),
            sender,
            client: generator.pick(&[
                "127.0.0.1",
                "127.0.0.1",
                "10.1.2.3",
                "10.2.0.1",
                "192.0.2.9",
                "198.51.100.7",
            ]),
            host: generator
                .one_in(3)
                .then(|| generator.pick(&["pc.office.example", "x.example.org"])),
            macros,
            recipient: if generator.one_in(6) { "u@lists.example" } else { "bob@example.net" },
        }
    }

    /// The words for explain.
    fn words(&self) -> Vec<OsString> {
        let mut words = vec![self.author.to_owned(), "--client".to_owned(), self.client.to_owned()];
        let mut option = |name: &str, value: &str| {
            words.push(format!("--{name}"));
            words.push(value.to_owned());
        };
        self.sender.iter().for_each(|sender| option("sender", sender));
        self.host.iter().for_each(|host| option("host", host));
        for (name, value) in &self.macros {
            match *name {
                "{auth_authen}" => option("auth", value),
                "{daemon_name}" => option("daemon-name", value),
                name => option("macro", &format!("{name}={value}")),
            }
        }
        option("recipient", self.recipient);
        words.into_iter().map(Into::into).collect()
    }

    fn message(&self) -> Message {
        let sender = self.sender.map(|sender| format!("Sender: {sender}\r\n")).unwrap_or_default();
        Message::parse(
            format!(
                "From: {}\r\n{sender}To: bob@example.net\r\nSubject: x\r\nDate: Thu, 01 Jan 1970 \
                 00:00:00 +0000\r\nMessage-ID: <1@example.net>\r\n\r\ntext\r\n",
                self.author
            )
            .as_bytes(),
        )
    }

    /// What the daemon does with it.
    fn deliver(&self, id: &str, address: &Address) -> BTreeSet<Seal> {
        let mut peer = Peer::connect(address).expect("it listens");
        peer.negotiate().expect("terms");
        let host = match (self.host, self.client) {
            (Some(host), _) => host.to_owned(),
            (None, "127.0.0.1") => "localhost".to_owned(),
            (None, client) => format!("[{client}]"),
        };
        let connect = format!("{host}\x004\x30\x39{}\0", self.client);
        let (answer, _) = peer.ask(b'C', connect.as_bytes()).expect("an answer");
        if answer == b'a' {
            return BTreeSet::new();
        }
        peer.ask(b'H', b"helo\0").expect("an answer");
        let mut macros = format!("Mi\0{id}\0");
        for (name, value) in &self.macros {
            macros.push_str(&format!("{name}\0{value}\0"));
        }
        peer.send(b'D', macros.as_bytes()).expect("macros are taken");
        let answers = peer.deliver("e@example.net", self.recipient, &self.message());
        let answers = answers.expect("an answer");
        drop(peer);
        answers.iter().filter_map(seal).collect()
    }
}

/// The seal that an answer inserts.
fn seal((letter, payload): &Frame) -> Option<Seal> {
    let field = (*letter == b'i').then(|| payload.get(4..)).flatten()?;
    let text = String::from_utf8_lossy(field).into_owned();
    let (name, value) = text.split_once('\0')?;
    let tag = |name: &str| {
        let mut tags = value.split(';').filter_map(|tag| tag.trim().split_once('='));
        tags.find(|(tag, _)| *tag == name).map(|(_, value)| value.trim_matches('\0').to_owned())
    };
    name.ends_with("-Signature").then(|| Some((name.to_owned(), tag("d")?, tag("s")?)))?
}

/// What explain says, and how it ends.
fn explained(case: &Case, configuration: &[OsString]) -> Said {
    let words: Vec<OsString> = [OsString::from("explain")]
        .into_iter()
        .chain(case.words())
        .chain(configuration.iter().cloned())
        .collect();
    let output = program::run(&words, b"");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, last) = text.rsplit_once("\n\n").unwrap_or_else(|| panic!("{words:?}\n{errors}"));
    let (mut seals, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for line in last.lines() {
        let Some((name, said)) = line.split_once(": ") else { continue };
        let field = if name == "DKIM" { "DKIM-Signature" } else { "DomainKey-Signature" };
        if let Some(made) = said.strip_prefix("signed as ") {
            for one in made.split(", ") {
                let (domain, selector) = one.split_once(' ').expect("d= and s=");
                let bare = |text: &str| text[2..].to_owned();
                seals.insert((field.to_owned(), bare(domain), bare(selector)));
            }
        } else if let Some((_, rest)) = said.split_once("(reason=") {
            let code = rest.split_once(')').expect("a code").0;
            reasons.insert(code.to_owned());
        }
    }
    let expected = match (seals.is_empty(), reasons.is_empty()) {
        (false, true) => Some(0),
        _ => Some(1),
    };
    assert_eq!(output.status.code(), expected, "{words:?}\n{text}");
    Said { seals, reasons, text }
}

/// The codes that the log has for the message of that queue id.
fn logged(log: &str, id: &str) -> BTreeSet<String> {
    let lines = log.lines().filter(|line| line.contains(id));
    let codes = lines.filter_map(|line| line.split_once("(reason="));
    codes.map(|(_, code)| code.trim_end_matches(')').to_owned()).collect()
}

/// Random messages under one configuration, to a daemon with these words and to explain with those.
fn agree(
    name: &str,
    serve: &[OsString],
    explain: &[OsString],
    address: &Address,
    scratch: &Scratch,
) {
    let seed = seed();
    println!("{name}: seed {seed}");
    let mut generator = Generator::new(seed);
    let daemon = Daemon::start(serve, address, scratch);
    let (mut signed, mut told) = (0, 0);
    let mut all = Vec::new();
    for number in 0..EACH {
        let case = Case::random(&mut generator);
        let said = explained(&case, explain);
        let id = format!("ID{number}X");
        let done = case.deliver(&id, address);
        assert_eq!(done, said.seals, "{name}, seed {seed}: {case:?}\n{}", said.text);
        signed += usize::from(!done.is_empty());
        all.push((id, case, said));
    }
    let (status, log) = daemon.stop_with_log();
    assert!(status.success());
    for (id, case, said) in all {
        let codes = logged(&log, &id);
        let what = format!("{name}, seed {seed}: {case:?} is logged as {codes:?}\n{}", said.text);
        assert!(codes.is_subset(&said.reasons), "{what}");
        told += usize::from(!codes.is_empty());
    }
    assert!(signed > 0 && told > 0, "{name}, seed {seed}: {signed} signed, {told} told of");
}

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(Into::into).collect()
}

const NATIVE: &str = "\
internal-hosts: [127.0.0.1, 10.0.0.0/8, \"!10.1.0.0/16\", .office.example]
internal-daemons: [MSA]
internal-macros: [\"ok=yes\"]
peers: [198.51.100.7]
unsigned-recipients: [\"*@lists.example\"]
signing:
  - senders: [\"ann@*example.com\"]
    domain: example.com
    keys: [{ file: KEYS/rsa1024, selector: first }, { file: KEYS/ed25519, selector: ed }]
  - senders: [\"*@example.com\", \"*@*.m.example.com\"]
    domain: example.com
    keys: [{ file: KEYS/rsa1024, selector: second }]
    domainkeys: off
  - senders: [\"*@ed.example\"]
    domain: ed.example
    keys: [{ file: KEYS/ed25519, selector: ed }]
  - senders: [\"*@dk.example\"]
    domain: dk.example
    keys: [{ file: KEYS/rsa1024, selector: dk }]
    dkim: off
  - senders: [\"*@listed.example\"]
    domain: other.example
    keys: [{ file: KEYS/rsa1024, selector: other }]
";

/// The scratch directory with the keys, and where they are.
fn place(name: &str) -> (Scratch, Address, String) {
    let scratch = Scratch::new(name);
    for key in ["rsa1024", "ed25519"] {
        scratch.key(key);
    }
    let keys = scratch.join("keys").display().to_string();
    (scratch, Address::any_inet(), keys)
}

#[test]
fn our_own_file_is_explained_as_it_is_done() {
    for more in ["", "multiple-signatures: yes\n", "mode: s\n"] {
        let (scratch, address, keys) = place("explained");
        let file = format!("socket: {}\n{more}{NATIVE}", address.for_filter());
        let file = scratch.write("t.yaml", file.replace("KEYS", &keys));
        let options = format!("--config {}", file.display());
        let serve = format!("serve {options}");
        agree(more.trim(), &words(&serve), &words(&options), &address, &scratch);
    }
}

#[test]
fn options_of_our_own_and_of_dk_filter_are_explained_as_they_are_done() {
    for (program, more) in [("serve", ""), ("serve", "-D"), ("dk-filter", ""), ("dk-filter", "-D")]
    {
        let (scratch, address, keys) = place("explained-options");
        let hosts = scratch.write("hosts", "127.0.0.1\n10.2.0.0/16\n.office.example\n");
        let line = format!(
            "{program} -p {} -f {more} -i {} -d example.com,*.listed.example,listed.example -s \
             {keys}/rsa1024 -S sel",
            address.for_filter(),
            hosts.display()
        );
        let explain = format!("-- {line}");
        agree(&format!("{program} {more}"), &words(&line), &words(&explain), &address, &scratch);
    }
}

#[test]
fn the_file_of_dkim_filter_is_explained_as_it_is_done() {
    for more in ["", "DomainKeys yes\n", "DomainKeys yes\nSubDomains yes\nMTA MSA\n"] {
        let (scratch, address, keys) = place("explained-file");
        let hosts = scratch.write("hosts", "127.0.0.1\n10.2.0.0/16\n!10.2.0.1\n.office.example\n");
        let peers = scratch.write("peers", "198.51.100.7\n");
        let list = scratch.write(
            "list",
            format!(
                "ann@*:example.com:{keys}/rsa1024\n*@dk.example:dk.example:{keys}/rsa1024\n\
                 *@example.com:example.com:{keys}/ed25519\n"
            ),
        );
        let file = format!(
            "Socket {}\nBackground no\nInternalHosts {}\nPeerList {}\nKeyList {}\nMacroList \
             ok=yes\nDontSignMailTo *@lists.example\n{more}",
            address.for_filter(),
            hosts.display(),
            peers.display(),
            list.display()
        );
        let file = scratch.write("dkim-filter.conf", file);
        let line = format!("dkim-filter -x {}", file.display());
        let explain = format!("-- {line}");
        agree(&more.replace('\n', " "), &words(&line), &words(&explain), &address, &scratch);
    }
}

#[test]
fn the_tables_of_opendkim_are_explained_as_they_are_done() {
    for more in ["", "MultipleSignatures yes\n", "SenderHeaders Sender,From\nMTA MSA\n"] {
        let (scratch, address, keys) = place("explained-tables");
        let pem = fs::read(here("data/keys/rsa1024.pem")).expect("a test key");
        scratch.write_with_mode("by/dk.example", pem, 0o600);
        let hosts = scratch.write("hosts", "127.0.0.1\n10.2.0.0/16\n!10.2.0.1\n.office.example\n");
        let peers = scratch.write("peers", "198.51.100.7\n");
        let by_domain = scratch.join("by").display().to_string();
        let table = scratch.write(
            "keys.table",
            format!(
                "first example.com:first:{keys}/rsa1024\nsecond %:second:{keys}/ed25519\n\
                 each %:own:{by_domain}/%\nlisted.example listed.example:sel:{keys}/rsa1024\n"
            ),
        );
        let senders = scratch.write(
            "senders.table",
            "ann@example.com second\n*@example.com first\n*@*.example.com first\n\
             *@dk.example each\n*@ed.example each\n*@*listed.example %\n",
        );
        // What is exempt is known only by what it is rewritten to.
        let rules = scratch.write("rules", "@b[.]m[.]example[.]com\t@inside.example\n");
        let file = format!(
            "Socket {}\nBackground no\nRequireSafeKeys no\nInternalHosts refile:{}\n\
             PeerList refile:{}\nKeyTable {}\nSigningTable refile:{}\nReplaceRules {}\n\
             ExemptDomains inside.example\nMacroList ok=yes\n{more}",
            address.for_filter(),
            hosts.display(),
            peers.display(),
            table.display(),
            senders.display(),
            rules.display(),
        );
        let file = scratch.write("opendkim.conf", file);
        let line = format!("opendkim -x {}", file.display());
        let explain = format!("-- {line}");
        agree(&more.replace('\n', " "), &words(&line), &words(&explain), &address, &scratch);
    }
}
