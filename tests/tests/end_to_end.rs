//! Mail through a real Postfix with the program as its filter, and strangers as judges of what
//! comes out. What is sent and expected stands in `scenarios/mail`.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::here;
use twinseal_e2e::judges::{Seal, require_peers, require_root};
use twinseal_e2e::message::{Field, Message, declared, with_lf};
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::Address;
use twinseal_e2e::postfix::Postfix;
use twinseal_e2e::program::{Daemon, run};
use twinseal_e2e::reasons;
use twinseal_e2e::scenario::{Expected, Scenario, Via, mail_scenarios};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;

/// What Postfix takes out before a filter sees it (its `message_drop_headers`).
const DROPPED: [&str; 4] = ["bcc", "content-length", "resent-bcc", "return-path"];

// Between them, the two set-ups see the four pairs of DKIM and the two methods of DomainKeys.

#[test]
fn mail_is_sealed_as_the_yaml_file_says() {
    let scratch = Scratch::new("yaml");
    let run = scratch.dir("run");
    open_to_all(&run);
    let address = Address::Unix(run.join("t.sock"));
    let file = scratch.write("twinseal.yaml", configuration(&scratch, &address));
    let arguments = ["serve".as_ref(), "--config".as_ref(), file.as_os_str()];
    let setup = SetUp {
        name: "yaml",
        keys: &["rsa2048", "ed25519", "rsa4096"],
        dkim: |domain| if domain == "example.org" { "relaxed/simple" } else { "relaxed/relaxed" },
        domainkeys: "nofws",
        scratch: &scratch,
    };
    let seen = setup.run(&arguments, &address);
    // The last two are those of the subdomain.
    for canonicalization in
        ["relaxed/relaxed", "relaxed/simple", "nofws", "simple/simple", "simple"]
    {
        assert!(seen.contains(canonicalization), "no message has {canonicalization}: {seen:?}");
    }
}

#[test]
fn mail_is_sealed_as_the_flags_say() {
    let scratch = Scratch::new("flags");
    let rsa = scratch.key("rsa2048");
    let rsa = rsa.display();
    let hosts = scratch.write("internalhosts", "127.0.0.1\n");
    let list = format!(
        "*@example.com:example.com:{rsa}\n*@example.org:example.org:{rsa}\n\
         *@xn--bcher-kva.example:xn--bcher-kva.example:{rsa}\n"
    );
    let list = scratch.write("keylist", list);
    let address = Address::any_inet();
    let socket = address.for_filter();
    let arguments = [
        "serve".as_ref(),
        "-f".as_ref(),
        "-p".as_ref(),
        socket.as_ref(),
        "-i".as_ref(),
        hosts.as_os_str(),
        "-d".as_ref(),
        "example.com,example.org,xn--bcher-kva.example".as_ref(),
        "-c".as_ref(),
        "simple".as_ref(),
        "--dkim-canonicalization".as_ref(),
        "simple/relaxed".as_ref(),
        "-k".as_ref(),
        "-s".as_ref(),
        list.as_os_str(),
    ];
    let setup = SetUp {
        name: "flags",
        keys: &["rsa2048"],
        dkim: |_| "simple/relaxed",
        domainkeys: "simple",
        scratch: &scratch,
    };
    let seen = setup.run(&arguments, &address);
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["simple", "simple/relaxed"]);
}

/// The YAML file of the first set-up.
fn configuration(scratch: &Scratch, address: &Address) -> String {
    format!(
        "socket: {socket}\n\
         user: nobody:postfix\n\
         umask: \"007\"\n\
         mode: s\n\
         internal-hosts: [127.0.0.1, \"::1\"]\n\
         signing:\n\
         \x20 - senders: [\"*@example.com\"]\n\
         \x20   domain: example.com\n\
         \x20   keys:\n\
         \x20     - {{ file: {rsa} }}\n\
         \x20     - {{ file: {ed25519}, selector: ed25519 }}\n\
         \x20   dkim: {{ canonicalization: relaxed/relaxed }}\n\
         \x20   domainkeys: {{ canonicalization: nofws }}\n\
         \x20 - senders: [\"*@*.example.com\"]\n\
         \x20   domain: example.com\n\
         \x20   keys:\n\
         \x20     - {{ file: {rsa} }}\n\
         \x20     - {{ file: {ed25519}, selector: ed25519 }}\n\
         \x20   dkim: {{ canonicalization: simple/simple }}\n\
         \x20   domainkeys: {{ canonicalization: simple }}\n\
         \x20 - senders: [\"*@example.org\"]\n\
         \x20   domain: example.org\n\
         \x20   keys:\n\
         \x20     - {{ file: {rsa} }}\n\
         \x20   dkim: {{ canonicalization: relaxed/simple }}\n\
         \x20   domainkeys: {{ canonicalization: nofws }}\n\
         \x20 - senders: [\"*@long-key.example.org\"]\n\
         \x20   domain: long-key.example.org\n\
         \x20   keys: [{{ file: {long}, selector: rsa4096 }}]\n\
         \x20   dkim: {{ canonicalization: relaxed/relaxed }}\n\
         \x20   domainkeys: {{ canonicalization: nofws }}\n\
         \x20 - senders: [\"*@bücher.example\"]\n\
         \x20   domain: bücher.example\n\
         \x20   keys: [{{ file: {rsa} }}, {{ file: {ed25519}, selector: ed25519 }}]\n\
         \x20   dkim: {{ canonicalization: relaxed/relaxed }}\n\
         \x20   domainkeys: {{ canonicalization: nofws }}\n\
         log: {{ to: stderr }}\n",
        socket = address.for_filter(),
        rsa = scratch.key("rsa2048").display(),
        ed25519 = scratch.key("ed25519").display(),
        long = long_key(scratch).display(),
    )
}

/// A key whose record has more than 255 octets twice over, with the record as the program writes
/// it.
fn long_key(scratch: &Scratch) -> PathBuf {
    let directory = scratch.path().display().to_string();
    let mut arguments = vec!["genkey", "--bits", "4096", "--directory", &directory];
    arguments.extend(["--domain", "long-key.example.org", "--selector", "rsa4096"]);
    let made = run(&arguments, b"");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    scratch.join("rsa4096.private")
}

/// A way to start the program, and how it signs then.
struct SetUp<'a> {
    name: &'static str,
    keys: &'a [&'a str],
    /// The canonicalization for a signing domain.
    dkim: fn(&str) -> &'static str,
    domainkeys: &'static str,
    scratch: &'a Scratch,
}

/// A scenario that went through, one way.
struct Passed {
    path: PathBuf,
    expected: Vec<Expected>,
}

impl SetUp<'_> {
    /// Runs all scenarios that are for it; the canonicalizations that were seen, and held.
    fn run(&self, arguments: &[&std::ffi::OsStr], address: &Address) -> BTreeSet<String> {
        require_root();
        require_peers();
        let daemon = Daemon::start(arguments, address, self.scratch);
        let sink = Sink::start();
        let postfix = Postfix::start(self.scratch, address, sink.port(), "");
        let mut passed = Vec::new();
        let mut wrong = Vec::new();
        for scenario in mail_scenarios() {
            if !scenario.setups.is_empty() && !scenario.setups.iter().any(|s| s == self.name) {
                continue;
            }
            for &via in &scenario.via {
                match self.try_one(&scenario, via, &postfix, &sink, &daemon) {
                    Ok(one) => passed.push(one),
                    Err(what) => wrong.push(format!("{} by {via:?}: {what}", scenario.name)),
                }
            }
        }
        wrong.extend(self.judged(&passed));
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), passed.len(), wrong.join("\n"));
        drop(postfix);
        let status = daemon.stop();
        assert!(status.success(), "after SIGTERM: {status}");
        let seals = passed.into_iter().flat_map(|one| one.expected);
        seals.map(|seal| seal.canonicalization).collect()
    }

    /// The seals that it makes of those that a scenario expects.
    fn expected(&self, scenario: &Scenario) -> Vec<Expected> {
        let made = |seal: &&Expected| self.keys.contains(&seal.selector.as_str());
        let mut expected: Vec<Expected> = scenario.expected.iter().filter(made).cloned().collect();
        for seal in expected.iter_mut().filter(|seal| seal.canonicalization.is_empty()) {
            let canonicalization = match seal.seal {
                Seal::Dkim => (self.dkim)(&seal.domain),
                Seal::DomainKeys => self.domainkeys,
            };
            canonicalization.clone_into(&mut seal.canonicalization);
        }
        expected
    }

    /// Sends it, and looks at what was delivered and logged.
    fn try_one(
        &self,
        scenario: &Scenario,
        via: Via,
        postfix: &Postfix,
        sink: &Sink,
        daemon: &Daemon,
    ) -> Result<Passed, String> {
        let label = format!("{}-{via:?}", scenario.name).to_ascii_lowercase();
        let recipient = format!("{label}@example.net");
        submit(scenario, via, &recipient, postfix)?;
        let delivered =
            sink.wait_for(&recipient, Duration::from_secs(20)).ok_or("not delivered")?;
        let path = self.scratch.write(&format!("delivered/{label}.eml"), &delivered.octets);
        let expected = self.expected(scenario);
        let message = Message::parse(&delivered.octets);
        let queue_id = queue_id(&message).ok_or("no queue id in Received")?;
        check_layout(scenario, &expected, &message)
            .and_then(|()| check_tags(&expected, &message))
            .map_err(|what| format!("{what}\n{}", header_of(&message)))?;
        check_log(scenario, &expected, &queue_id, daemon)?;
        Ok(Passed { path, expected })
    }

    /// What the judges object to.
    fn judged(&self, passed: &[Passed]) -> Vec<String> {
        let nameserver = publish(self.scratch);
        let claims = passed.iter().flat_map(|one| {
            let claim =
                |seal: &Expected| Claim { path: one.path.clone(), seal: seal.clone(), holds: true };
            one.expected.iter().map(claim)
        });
        objections(&nameserver, &claims.collect::<Vec<_>>(), self.scratch)
    }
}

/// The records of all keys, where verifiers look for them.
fn publish(scratch: &Scratch) -> Nameserver {
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let mut zones = ["example.com", "example.org", "xn--bcher-kva.example"]
        .map(|domain| Zone::of_keys(domain, &records));
    // As the program wrote it, where it made a key.
    let made = fs::read_to_string(scratch.join("rsa4096.txt")).unwrap_or_default();
    zones[1].lines.push_str(&made);
    Nameserver::start(&zones, scratch)
}

fn submit(scenario: &Scenario, via: Via, recipient: &str, postfix: &Postfix) -> Result<(), String> {
    let sent = match via {
        Via::Sendmail => {
            postfix.submit_locally(&scenario.from, recipient, &with_lf(&scenario.octets))
        }
        Via::Smtp => postfix.connect().and_then(|mut client| {
            if let Some((name, address)) = &scenario.client {
                client.pretend(name, address)?;
            }
            let parameters = if scenario.utf8 { "BODY=8BITMIME SMTPUTF8" } else { "BODY=8BITMIME" };
            let reply =
                client.send_with(parameters, &scenario.from, &[recipient], &scenario.octets)?;
            let accepted = reply.code == 250;
            accepted.then_some(()).ok_or_else(|| std::io::Error::other(format!("{reply:?}")))
        }),
    };
    sent.map_err(|e| format!("not accepted: {e}"))
}

/// New fields: the MTA's Received, the DKIM seals, the DomainKeys seal, and after what was sent
/// only what the MTA adds.
fn check_layout(
    scenario: &Scenario,
    expected: &[Expected],
    message: &Message,
) -> Result<(), String> {
    let sent = Message::parse(&scenario.octets);
    let sent_fields: Vec<&Field> =
        sent.fields.iter().filter(|field| !DROPPED.contains(&field.name().as_str())).collect();
    let mut wanted = vec!["received"];
    for (seal, name) in [(Seal::Dkim, "dkim-signature"), (Seal::DomainKeys, "domainkey-signature")]
    {
        wanted.extend(expected.iter().filter(|one| one.seal == seal).map(|_| name));
    }
    let names: Vec<String> = message.fields.iter().map(Field::name).collect();
    if names.len() < wanted.len() || names[..wanted.len()] != wanted[..] {
        return Err(format!("on top stand not {wanted:?} but {names:?}"));
    }
    let rest = &message.fields[wanted.len()..];
    for (at, field) in sent_fields.iter().enumerate() {
        if rest.get(at) != Some(field) {
            return Err(format!(
                "field {at} was {:?}, and is {:?}",
                String::from_utf8_lossy(&field.octets),
                rest.get(at).map(|field| String::from_utf8_lossy(&field.octets).into_owned()),
            ));
        }
    }
    let added: HashSet<String> = rest[sent_fields.len()..].iter().map(Field::name).collect();
    if !added.iter().all(|name| name == "date" || name == "message-id") {
        return Err(format!("added below: {added:?}"));
    }
    let mut body = sent.body;
    if !body.is_empty() && !body.ends_with(b"\r\n") {
        body.extend_from_slice(b"\r\n");
    }
    if body == message.body { Ok(()) } else { Err("the body is another".to_owned()) }
}

/// No judge minds how a seal was made when it holds: each is made as was asked for.
fn check_tags(expected: &[Expected], message: &Message) -> Result<(), String> {
    let mut wanted: Vec<String> = expected.iter().map(wanted).collect();
    let new = message.fields.iter().skip(1).take(expected.len());
    let mut found: Vec<String> =
        new.map(|field| format!("{}: {}", field.name(), declared(field))).collect();
    wanted.sort();
    found.sort();
    if found == wanted { Ok(()) } else { Err(format!("wanted {wanted:?}, found {found:?}")) }
}

fn wanted(seal: &Expected) -> String {
    let Expected { selector, domain, canonicalization, .. } = seal;
    let name = reasons::field_of(seal.seal).to_ascii_lowercase();
    let hash = if seal.seal == Seal::Dkim { "sha256" } else { "sha1" };
    let algorithm = Claim::algorithm(seal);
    format!("{name}: a={algorithm}{hash} c={canonicalization} d={domain} s={selector}")
}

/// One line for each seal, or the one that says why there is none.
fn check_log(
    scenario: &Scenario,
    expected: &[Expected],
    queue_id: &str,
    daemon: &Daemon,
) -> Result<(), String> {
    let mut lines: Vec<(String, String)> = expected
        .iter()
        .map(|one| (reasons::added(queue_id, one.seal, &one.selector, &one.domain), String::new()))
        .collect();
    lines.extend(scenario.unsigned.iter().map(|code| reasons::not_signed(queue_id, code)));
    let without = scenario.without.iter();
    lines.extend(without.map(|(seal, code)| reasons::not_added(queue_id, *seal, code)));
    for (begin, end) in &lines {
        if !daemon.has_logged((begin, end)) {
            let log = daemon.log();
            let said: String = log.lines().filter(|line| line.contains(queue_id)).fold(
                String::new(),
                |mut said, line| {
                    let _ = write!(said, "\n    {line}");
                    said
                },
            );
            return Err(format!("not logged: {begin:?} … {end:?}; but{said}"));
        }
    }
    Ok(())
}

/// The one that Postfix names in its Received field.
fn queue_id(message: &Message) -> Option<String> {
    let received = message.all("Received").next()?;
    let text = String::from_utf8_lossy(received.value()).replace(['\r', '\n', ';'], " ");
    let mut words = text.split_whitespace().skip_while(|word| *word != "id").skip(1);
    words.next().map(str::to_owned)
}

fn header_of(message: &Message) -> String {
    message.fields.iter().map(|field| String::from_utf8_lossy(&field.octets)).collect()
}

/// The program makes its socket there after it has given up root.
fn open_to_all(directory: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).unwrap();
}
