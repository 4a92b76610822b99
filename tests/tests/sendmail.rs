//! Mail through a real Sendmail with the program as its filter, and strangers as judges of what
//! comes out. What is sent and expected stands in `scenarios/sendmail`.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use twinseal_e2e::defects::known_defects;
use twinseal_e2e::here;
use twinseal_e2e::judges::{Judge, Seal, Verdict, ask_all, require_peers, require_root};
use twinseal_e2e::message::{Message, declared, find, with_lf};
use twinseal_e2e::net::Address;
use twinseal_e2e::program::Daemon;
use twinseal_e2e::reasons;
use twinseal_e2e::scenario::{Expected, Scenario, Via, sendmail_scenarios};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sendmail::Sendmail;
use twinseal_e2e::sink::Sink;

/// Two authors, for whom it is signed in two ways.
const SETUPS: [SetUp; 2] = [
    SetUp {
        name: "relaxed",
        author: "ann@example.com",
        dkim: "relaxed/relaxed",
        domainkeys: "nofws",
    },
    SetUp {
        name: "simple",
        author: "ann@strict.example.com",
        dkim: "simple/simple",
        domainkeys: "simple",
    },
];

/// How long a message may take through Sendmail.
const DELIVERY: Duration = Duration::from_secs(10);

#[test]
fn mail_is_sealed_behind_sendmail() {
    let scratch = Scratch::new("sm");
    let rig = Rig::start(&scratch);
    let mut sent = Vec::new();
    let mut wrong = Vec::new();
    for scenario in sendmail_scenarios() {
        for setup in &SETUPS {
            if !scenario.setups.is_empty() && !scenario.setups.iter().any(|s| s == setup.name) {
                continue;
            }
            for &via in &scenario.via {
                let name = format!("{}-{}-{via:?}", scenario.name, setup.name);
                match rig.send(&scenario, setup, via, &name.to_ascii_lowercase()) {
                    Ok(one) => sent.push(one),
                    Err(what) => wrong.push(format!("{name}: {what}")),
                }
                assert!(wrong.len() < 5, "{}", wrong.join("\n"));
            }
        }
    }
    wrong.extend(objections(&sent, &scratch));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), sent.len(), wrong.join("\n"));
    rig.stop();
}

/// Trap N6: an entry for a field that is written later would break the seal.
#[test]
fn what_sendmail_adds_after_the_filters_is_not_listed() {
    let scratch = Scratch::new("sm-adds");
    let rig = Rig::start(&scratch);
    let octets = "From: ann@example.com\r\nTo: x@example.net\r\nSubject: short\r\n\r\ntext\r\n";
    let delivered = rig.relay("added", octets.as_bytes());
    let message = Message::parse(&delivered);
    for name in ["Date", "Message-Id"] {
        assert_eq!(message.all(name).count(), 1, "{name}");
        for seal in ["DKIM-Signature", "DomainKey-Signature"] {
            assert!(message.all(seal).count() > 0, "no {seal}");
            for field in message.all(seal) {
                let listed = listed(&String::from_utf8_lossy(field.value()));
                assert!(listed.contains(&"subject".to_owned()), "{seal}: {listed:?}");
                assert!(!listed.contains(&name.to_ascii_lowercase()), "{seal}: {listed:?}");
            }
        }
    }
    rig.stop();
}

/// The table of `docs/sendmail.md`: what is sent, what is delivered, and whether a relaxed DKIM
/// seal and a nofws DomainKeys seal hold.
const REWRITTEN: [(&str, &str, bool, bool); 9] = [
    ("To: a@example.net, b@example.net", "To: a@example.net, b@example.net", true, true),
    ("To: a@example.net,\r\n\tb@example.net", "To: a@example.net, b@example.net", true, true),
    ("Cc:\r\n\ta@example.net", "Cc:  a@example.net", true, true),
    ("To: a@example.net,b@example.net", "To: a@example.net, b@example.net", false, true),
    ("To: a@example.net b@example.net", "To: a@example.net, b@example.net", false, false),
    ("To: a.b <a@example.net>", "To: \"a.b\" <a@example.net>", false, false),
    ("To: Bob <bob>", "To: Bob <bob@mail.example.com>", false, false),
    ("To: <@route.example:a@example.net>", "To: <a@example.net>", false, false),
    ("Subject: a,b", "Subject: a,b", true, true),
];

/// Trap N3.
#[test]
fn addresses_are_rewritten_after_the_filters_as_the_guide_says() {
    let guide = fs::read_to_string(here("../docs/sendmail.md")).expect("the guide");
    let scratch = Scratch::new("sm-lists");
    let rig = Rig::start(&scratch);
    let mut paths = Vec::new();
    for (at, (sent, written, _, _)) in REWRITTEN.iter().enumerate() {
        let octets = format!("From: ann@example.com\r\n{sent}\r\nDate: {DATE}\r\n\r\ntext\r\n");
        let delivered = rig.relay(&format!("list{at}"), octets.as_bytes());
        let name = written.split(':').next().unwrap_or_default();
        let field = Message::parse(&delivered).all(name).next().map(|f| f.octets.clone());
        let field = String::from_utf8(field.unwrap_or_default()).expect("ASCII");
        assert_eq!(field, format!("{written}\r\n"), "{sent:?}");
        let cell = sent.replace("\r\n\t", "⏎ ");
        assert!(guide.contains(&format!("| `{cell}` |")), "not in the guide: {cell}");
        paths.push(scratch.write(&format!("delivered/{at}.eml"), delivered));
    }
    let said = ask_all(&here("data/keys/records.txt"), &paths, &scratch);
    for (judge, lists) in said {
        for (verdicts, (sent, _, dkim, domainkeys)) in lists.iter().zip(REWRITTEN) {
            for verdict in verdicts.iter().filter(|v| v.selector == "rsa2048") {
                let wanted = if verdict.seal == Seal::Dkim { dkim } else { domainkeys };
                assert_eq!(verdict.pass, wanted, "{judge} on {sent:?}: {verdict:?}");
            }
            let judged = verdicts.iter().any(|verdict| verdict.selector == "rsa2048");
            // opendkim names no selector where a seal does not hold.
            assert!(judged || judge == Judge::Opendkim, "{judge} is silent on {sent:?}");
        }
    }
    rig.stop();
}

#[test]
fn mail_waits_while_the_milter_is_down() {
    require_root();
    let scratch = Scratch::new("sm-down");
    let address = filter_address(&scratch);
    let sink = Sink::start();
    let sendmail = Sendmail::start(&scratch, &address, sink.port());
    let message = "From: ann@example.com\nTo: later@example.net\nSubject: later\n\ntext\n";
    let mut client = sendmail.connect().expect("a greeting");
    let reply = client.command("MAIL FROM:<ann@example.com>").expect("a reply");
    assert!((400..500).contains(&reply.code), "{reply:?}");
    let submitted = sendmail.submit_locally("ann@example.com", message.as_bytes());
    submitted.expect("the submission program keeps it");
    let daemon = start_daemon(&scratch, &address);
    sendmail.run_submission_queue().expect("the queue is worked off");
    let delivered = sink.wait_for("later@example.net", DELIVERY).expect("delivered").octets;
    let path = scratch.write("later.eml", &delivered);
    let sent = Sent { label: "later".to_owned(), path, expected: expected(&SETUPS[0]) };
    assert_eq!(check_top(&sent.expected, &delivered), Ok(()));
    assert_eq!(objections(&[sent], &scratch), Vec::<String>::new());
    drop(sendmail);
    assert!(daemon.stop().success());
}

/// A way to sign.
struct SetUp {
    name: &'static str,
    author: &'static str,
    dkim: &'static str,
    domainkeys: &'static str,
}

/// The program, a Sendmail that shows it all mail, and where that mail goes.
struct Rig<'a> {
    scratch: &'a Scratch,
    daemon: Daemon,
    sink: Sink,
    sendmail: Sendmail,
}

/// A message that arrived.
struct Sent {
    label: String,
    path: PathBuf,
    expected: Vec<Expected>,
}

impl<'a> Rig<'a> {
    fn start(scratch: &'a Scratch) -> Self {
        require_root();
        require_peers();
        let address = filter_address(scratch);
        let daemon = start_daemon(scratch, &address);
        let sink = Sink::start();
        let sendmail = Sendmail::start(scratch, &address, sink.port());
        Self { scratch, daemon, sink, sendmail }
    }

    fn stop(self) {
        drop(self.sendmail);
        let status = self.daemon.stop();
        assert!(status.success(), "after SIGTERM: {status}");
    }

    /// Sends it over SMTP; what was delivered.
    fn relay(&self, name: &str, octets: &[u8]) -> Vec<u8> {
        let recipient = format!("{name}@example.net");
        let mut client = self.sendmail.connect().expect("a greeting");
        let reply = client.send("ann@example.com", &recipient, octets).expect("a reply");
        assert_eq!(reply.code, 250, "{reply:?}");
        let delivered = self.sink.wait_for(&recipient, DELIVERY);
        delivered.unwrap_or_else(|| panic!("{name} is not delivered")).octets
    }

    /// Sends a scenario, and looks at what was delivered and logged.
    fn send(
        &self,
        scenario: &Scenario,
        setup: &SetUp,
        via: Via,
        name: &str,
    ) -> Result<Sent, String> {
        let recipient = format!("{name}@example.net");
        let octets = replace(&scenario.octets, b"@AUTHOR@", setup.author.as_bytes());
        let octets = replace(&octets, b"@RECIPIENT@", recipient.as_bytes());
        let accepted = match via {
            Via::Sendmail => self.sendmail.submit_locally(setup.author, &with_lf(&octets)),
            Via::Smtp => self.sendmail.connect().and_then(|mut client| {
                let all = [recipient.as_str(), "carol@example.net", "dan@example.net"];
                let reply = client.send_with("BODY=8BITMIME", setup.author, &all, &octets)?;
                let accepted = reply.code == 250;
                accepted.then_some(()).ok_or_else(|| std::io::Error::other(format!("{reply:?}")))
            }),
        };
        accepted.map_err(|e| format!("not accepted: {e}"))?;
        let delivered = self.sink.wait_for(&recipient, DELIVERY).ok_or("not delivered")?.octets;
        let path = self.scratch.write(&format!("delivered/{name}.eml"), &delivered);
        let expected = expected_of(scenario, setup);
        check_top(&expected, &delivered)?;
        let (was, is) = (Message::parse(&octets).body, Message::parse(&delivered).body);
        if was != is {
            return Err(format!("the body is another: {}", path.display()));
        }
        for name in ["Date", "Message-Id"] {
            if Message::parse(&delivered).all(name).count() != 1 {
                return Err(format!("not one {name}: {}", path.display()));
            }
        }
        self.check_log(&expected, &delivered)?;
        Ok(Sent { label: name.to_owned(), path, expected })
    }

    /// One line for each seal, with the queue id that Sendmail gave.
    fn check_log(&self, expected: &[Expected], delivered: &[u8]) -> Result<(), String> {
        let id = queue_id(delivered).ok_or("no queue id in Received")?;
        for one in expected {
            let line = reasons::added(&id, one.seal, &one.selector, &one.domain);
            if !self.daemon.has_logged((&line, "")) {
                return Err(format!("not logged: {line:?}"));
            }
        }
        Ok(())
    }
}

/// A Unix socket, unless others can write to a directory above it, which Sendmail does not forgive.
fn filter_address(scratch: &Scratch) -> Address {
    let run = scratch.dir("run");
    let modes = run.ancestors().map(|dir| fs::metadata(dir).expect("a directory").mode());
    if modes.fold(0, |all, mode| all | mode) & 0o022 == 0 {
        Address::Unix(run.join("t.sock"))
    } else {
        Address::any_inet()
    }
}

/// The program, which becomes a user of its own; its socket is in a directory that is that user's.
fn start_daemon(scratch: &Scratch, address: &Address) -> Daemon {
    let run = scratch.dir("run");
    let owned = Command::new("chown").arg("nobody").arg(&run).status();
    assert!(owned.is_ok_and(|status| status.success()), "{}: chown nobody", run.display());
    let (rsa, ed25519) = (scratch.key("rsa2048"), scratch.key("ed25519"));
    let (rsa, ed25519) = (rsa.display(), ed25519.display());
    let mut configuration = format!(
        "socket: {socket}\nuser: nobody:nogroup\nmode: s\nlog: {{ to: stderr }}\nsigning:\n",
        socket = address.for_filter(),
    );
    for setup in &SETUPS {
        let domain = setup.author.split('@').next_back().unwrap_or_default();
        configuration.push_str(&format!(
            "  - senders: [\"*@{domain}\"]\n\
             \x20   domain: example.com\n\
             \x20   keys: [{{ file: {rsa} }}, {{ file: {ed25519}, selector: ed25519 }}]\n\
             \x20   dkim: {{ canonicalization: {dkim} }}\n\
             \x20   domainkeys: {{ canonicalization: {domainkeys} }}\n",
            dkim = setup.dkim,
            domainkeys = setup.domainkeys,
        ));
    }
    let file = scratch.write("twinseal.yaml", configuration);
    Daemon::start(&["serve".as_ref(), "--config".as_ref(), file.as_os_str()], address, scratch)
}

fn expected_of(scenario: &Scenario, setup: &SetUp) -> Vec<Expected> {
    let canonicalization = |seal| if seal == Seal::Dkim { setup.dkim } else { setup.domainkeys };
    let each = scenario.expected.iter().cloned();
    each.map(|one| Expected { canonicalization: canonicalization(one.seal).to_owned(), ..one })
        .collect()
}

fn expected(setup: &SetUp) -> Vec<Expected> {
    let plain = sendmail_scenarios().into_iter().find(|scenario| scenario.name == "plain");
    expected_of(&plain.expect("scenarios/sendmail/plain.txt"), setup)
}

/// Below the MTA's Received stand the DKIM seals, then the DomainKeys seal, made as was asked for.
fn check_top(expected: &[Expected], delivered: &[u8]) -> Result<(), String> {
    let message = Message::parse(delivered);
    let found: Vec<String> = message.fields.iter().map(|field| field.name()).collect();
    let names = expected.iter().map(|one| reasons::field_of(one.seal).to_ascii_lowercase());
    let wanted: Vec<String> = [String::from("received")].into_iter().chain(names).collect();
    if !found.starts_with(&wanted) {
        return Err(format!("on top stand not {wanted:?} but {found:?}"));
    }
    let mut wanted: Vec<String> = expected.iter().map(declaration).collect();
    let seals = message.fields.iter().skip(1).take(expected.len());
    let mut found: Vec<String> = seals.map(declared).collect();
    wanted.sort();
    found.sort();
    if wanted == found { Ok(()) } else { Err(format!("wanted {wanted:?}, found {found:?}")) }
}

fn declaration(one: &Expected) -> String {
    let hash = if one.seal == Seal::Dkim { "sha256" } else { "sha1" };
    let Expected { canonicalization, domain, selector, .. } = one;
    format!("a={}{hash} c={canonicalization} d={domain} s={selector}", algorithm(one))
}

fn algorithm(one: &Expected) -> &'static str {
    if one.selector == "ed25519" { "ed25519-" } else { "rsa-" }
}

/// What the judges object to; each has to say yes to each seal that it can judge.
fn objections(sent: &[Sent], scratch: &Scratch) -> Vec<String> {
    let paths: Vec<PathBuf> = sent.iter().map(|one| one.path.clone()).collect();
    let said: HashMap<Judge, Vec<Vec<Verdict>>> =
        ask_all(&here("data/keys/records.txt"), &paths, scratch);
    let defects = known_defects();
    let mut wrong = Vec::new();
    for (judge, lists) in &said {
        for (one, verdicts) in sent.iter().zip(lists) {
            let octets = fs::read(&one.path).expect("what was delivered");
            for seal in &one.expected {
                let excused = defects
                    .iter()
                    .any(|d| d.excuses(*judge, seal.seal, &seal.canonicalization, &octets));
                if excused || !judge.can_judge(seal.seal, algorithm(seal)) {
                    continue;
                }
                let of_seal = |v: &&Verdict| (v.seal, &v.selector) == (seal.seal, &seal.selector);
                let said: Vec<&Verdict> = verdicts.iter().filter(of_seal).collect();
                if said.len() != 1 || !said[0].pass {
                    wrong.push(format!("{judge} on {}, {seal:?}: {verdicts:?}", one.label));
                }
            }
        }
    }
    wrong
}

/// The names in `h=`.
fn listed(signature: &str) -> Vec<String> {
    let list = signature.split(';').find_map(|tag| tag.trim().strip_prefix("h="));
    let names = list.unwrap_or_default().split(':');
    names.map(|name| name.trim().to_ascii_lowercase()).collect()
}

/// The one in the topmost Received field.
fn queue_id(delivered: &[u8]) -> Option<String> {
    let message = Message::parse(delivered);
    let received = message.all("Received").next()?;
    let text = String::from_utf8_lossy(received.value()).replace(['\r', '\n', ';'], " ");
    let mut words = text.split_whitespace().skip_while(|word| *word != "id").skip(1);
    words.next().map(str::to_owned)
}

fn replace(octets: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut rest = octets;
    while let Some(at) = find(rest, what) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(with);
        rest = &rest[at + what.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

const DATE: &str = "Mon, 2 Mar 2026 09:00:00 +0000";
