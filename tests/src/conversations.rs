//! Conversations that are held with opendkim and with the program in its place, and compared.
//!
//! miltertest is the MTA's half; a [`tap::Tap`] between it and the filter keeps every frame. What
//! both did has to be the same, but for the differences that a conversation names, which
//! `docs/interop.md` lists.

pub mod differences;
pub mod record;
pub mod script;
pub mod tap;
pub mod text;

use crate::here;
use crate::judges::{Judge, Seal};
use crate::message::with_crlf;
use crate::milter::LEADING_SPACE;
use crate::net::{Address, wait_for};
use crate::scratch::Scratch;
use crate::signers::{Order, Script, by_template};
use record::{Entry, What};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tap::Tap;
use text::{Conversation, Setup};

/// Who stands in a conversation.
#[derive(Debug, Clone)]
pub struct Door {
    /// The program and its first arguments.
    pub command: Vec<PathBuf>,
}

impl Door {
    /// Debian's opendkim.
    pub fn opendkim() -> Self {
        Self { command: vec!["/usr/sbin/opendkim".into()] }
    }

    /// The program under test in its place; `TWINSEAL_DOOR` names another.
    pub fn ours() -> Self {
        match std::env::var_os("TWINSEAL_DOOR") {
            Some(path) => Self { command: vec![path.into()] },
            None => Self { command: vec![crate::program::path(), "opendkim".into()] },
        }
    }

    /// Whether it is opendkim itself, from which nothing differs.
    fn is_opendkim(&self) -> bool {
        self.command.first().is_some_and(|path| path.ends_with("opendkim"))
    }
}

/// A filter with one configuration, and the tap before it.
#[derive(Debug)]
struct Filter {
    process: Child,
    log: PathBuf,
    tap: Tap,
}

impl Filter {
    /// Starts it in a directory where the files of the configuration lie; or what it said when it
    /// ended instead.
    fn start(door: &Door, name: &str, directory: &Path) -> Result<Self, String> {
        let socket = directory.join(format!("{name}.sock"));
        let log = directory.join(format!("{name}.log"));
        let output = File::create(&log).expect("a file for its words");
        let mut words = door.command.iter();
        let process = Command::new(words.next().expect("a program"))
            .args(words)
            .args(["-f", "-x"])
            .arg(directory.join("opendkim.conf"))
            .arg("-p")
            .arg(format!("local:{}", socket.display()))
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the same file"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|e| panic!("{door:?}: {e}"));
        let address = Address::Unix(socket);
        let tap = Tap::start(&directory.join(format!("{name}.tap")), &address);
        let mut filter = Self { process, log, tap };
        let state = wait_for(Duration::from_secs(10), || {
            let ended = filter.process.try_wait().expect("its state");
            ended.map(Err).or_else(|| address.connect().ok().map(Ok))
        });
        match state {
            Some(Ok(_)) => Ok(filter),
            Some(Err(status)) => Err(format!("{status}: {}", filter.said())),
            None => Err(format!("does not listen: {}", filter.said())),
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Holds one conversation and hands back what the filter did.
    fn hold(&self, conversation: &Conversation, octets: &[Vec<u8>], script: &Path) -> Vec<Entry> {
        let lua = script::lua(conversation, octets, &self.tap.for_miltertest());
        fs::write(script, lua).unwrap_or_else(|e| panic!("{}: {e}", script.display()));
        let said = script::run(script);
        let passed = self.tap.record();
        let passed = passed.unwrap_or_else(|| panic!("{}: no record\n{said}", script.display()));
        record::entries(&passed)
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What both did, of one configuration.
#[derive(Debug)]
pub struct Held {
    /// What opendkim did and what the other did, by conversation.
    pub records: Vec<[Vec<Entry>; 2]>,
    /// What was sent, by conversation and message.
    pub sent: Vec<Vec<Vec<u8>>>,
}

/// Holds all conversations of a setup with both, at the same time; or says who did not start.
pub fn hold(setup: &Setup, doors: [&Door; 2], scratch: &Scratch) -> Result<Held, String> {
    let directory = furnish(setup, scratch);
    let sent = sign_beforehand(setup, scratch);
    let each = |at: usize| {
        let filter = Filter::start(doors[at], ["theirs", "ours"][at], &directory);
        let filter = filter.map_err(|e| format!("{}: {:?}: {e}\n", setup.name, doors[at]))?;
        let script = directory.join(format!("script{at}.lua"));
        let conversations = setup.conversations.iter().zip(&sent);
        let hold =
            |(one, octets): (&Conversation, &Vec<Vec<u8>>)| filter.hold(one, octets, &script);
        Ok::<_, String>(conversations.map(hold).collect::<Vec<_>>())
    };
    let (theirs, ours) = std::thread::scope(|scope| {
        let ours = scope.spawn(|| each(1));
        (each(0), ours.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause)))
    });
    let records = theirs?.into_iter().zip(ours?).map(|(a, b)| [a, b]).collect();
    Ok(Held { records, sent })
}

/// What is the matter with a setup that the program is to refuse and opendkim takes.
pub fn refusal(setup: &Setup, doors: [&Door; 2], scratch: &Scratch) -> Option<String> {
    let directory = furnish(setup, scratch);
    let name = setup.refused.as_deref().unwrap_or_default();
    if !differences::is_refusal(name) {
        return Some(format!("{}: {name} refuses nothing\n", setup.name));
    }
    let theirs = Filter::start(doors[0], "theirs", &directory);
    let ours = Filter::start(doors[1], "ours", &directory);
    match (theirs, ours) {
        (Ok(_), Ok(_)) if doors[1].is_opendkim() => None,
        (Ok(_), Err(text)) if text.starts_with("exit status: 78") => None,
        (Ok(_), Ok(_)) => Some(format!("{}: it is not refused\n", setup.name)),
        (_, Err(text)) | (Err(text), _) => Some(format!("{}: {text}\n", setup.name)),
    }
}

/// Puts keys and the files of the configuration where they belong.
fn furnish(setup: &Setup, scratch: &Scratch) -> PathBuf {
    let directory = scratch.dir(&setup.name);
    for key in ["rsa512", "rsa1024", "rsa2048", "ed25519"] {
        scratch.key(key);
    }
    for (name, mode, content) in &setup.files {
        let content = filled(content, scratch, &directory);
        scratch.write_with_mode(&format!("{}/{name}", setup.name), content, *mode);
    }
    directory
}

/// What a file says of directories, keys and records.
fn filled(content: &str, scratch: &Scratch, directory: &Path) -> String {
    let records = fs::read_to_string(here("data/keys/records.txt")).expect("the records");
    let mut text = content
        .replace("@KEYS@", &scratch.join("keys").to_string_lossy())
        .replace("@DIR@", &directory.to_string_lossy());
    for key in ["rsa512", "rsa1024", "rsa2048", "ed25519"] {
        let pem = fs::read_to_string(here(&format!("data/keys/{key}.pem"))).expect("a key");
        let base64: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
        text = text.replace(&format!("@PEM {key}@"), &pem);
        text = text.replace(&format!("@DER {key}@"), &base64);
    }
    for line in records.lines() {
        let (name, record) = line.split_once(' ').expect("a name and a record");
        let key = name.split('.').next().unwrap_or_default();
        let point = record.rsplit("p=").next().unwrap_or_default();
        text = text.replace(&format!("@P {key}@"), point);
    }
    text
}

/// The messages as they are sent: signed by strangers where that is asked for, and changed.
fn sign_beforehand(setup: &Setup, scratch: &Scratch) -> Vec<Vec<Vec<u8>>> {
    let mut orders = Vec::new();
    let mut paths = Vec::new();
    for (at, conversation) in setup.conversations.iter().enumerate() {
        let mut of_one = Vec::new();
        for (number, mail) in conversation.messages.iter().enumerate() {
            let file = |step: usize| format!("{}/sent/{at}-{number}-{step}.eml", setup.name);
            let mut path = scratch.write(&file(0), &mail.octets);
            for (step, (key, field)) in mail.signatures.iter().enumerate() {
                let target = scratch.join(&file(step + 1));
                let key = ["rsa512", "rsa1024", "rsa2048", "ed25519"]
                    .into_iter()
                    .find(|known| known == key)
                    .unwrap_or_else(|| panic!("{}: {key}: no such key", conversation.name));
                orders.push(Order {
                    script: Script::Dkimpy,
                    paths: (path, target.clone()),
                    key,
                    field: field.clone().into_bytes(),
                });
                path = target;
            }
            of_one.push(path);
        }
        paths.push(of_one);
    }
    if !orders.is_empty() {
        by_template(&orders, scratch);
    }
    let changed = |(conversation, paths): (&Conversation, &Vec<PathBuf>)| {
        let pairs = conversation.messages.iter().zip(paths);
        pairs.map(|(mail, path)| changed(&mail.changes, path)).collect()
    };
    setup.conversations.iter().zip(&paths).map(changed).collect()
}

fn changed(changes: &[(String, String)], path: &Path) -> Vec<u8> {
    let mut octets = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    for (from, to) in changes {
        let [from, to] = [from, to].map(|text| with_crlf(text.as_bytes()));
        let at = crate::message::find(&octets, &from)
            .unwrap_or_else(|| panic!("{}: nothing to change: {from:?}", path.display()));
        octets.splice(at..at + from.len(), to);
    }
    octets
}

/// Compares what both did, conversation by conversation; each difference that was not named.
pub fn compare(setup: &Setup, held: &Held, doors: [&Door; 2]) -> Vec<String> {
    let same = doors[0].is_opendkim() && doors[1].is_opendkim();
    let mut complaints = Vec::new();
    for (conversation, [theirs, ours]) in setup.conversations.iter().zip(&held.records) {
        let place = format!("{}: {}", setup.name, conversation.name);
        let [mut want, have] = [theirs, ours]
            .map(|record| record.iter().cloned().map(Entry::normal).collect::<Vec<_>>());
        let before = want.clone();
        let other = conversation.like.as_ref().map(|name| record_of(setup, held, name));
        for name in differences::apply(conversation, &mut want, other.as_deref()) {
            complaints.push(format!("{place}: {name} changes nothing\n"));
        }
        if same {
            want = before.clone();
        }
        if want != have && std::env::var_os("TWINSEAL_SUGGEST").is_some() {
            let names = differences::suggestion(conversation, &before, &have).join(" ");
            println!("SUGGEST\t{}\t{}\t{names}", setup.name, conversation.name);
        }
        if let Some(text) = record::difference(&want, &have) {
            complaints.push(format!("{place}:\n{text}"));
        }
    }
    complaints
}

/// What opendkim did in another conversation.
fn record_of(setup: &Setup, held: &Held, name: &str) -> Vec<Entry> {
    let at = setup.conversations.iter().position(|one| one.name == name);
    let at = at.unwrap_or_else(|| panic!("{}: {name}: no such conversation", setup.name));
    held.records[at][0].iter().cloned().map(Entry::normal).collect()
}

/// Lets Mail::DKIM and dkimpy say whether the signatures that `which` of the two made hold.
pub fn judge(setup: &Setup, held: &Held, which: usize, scratch: &Scratch) -> Vec<String> {
    let mut paths = Vec::new();
    let mut records = String::new();
    let keys = fs::read_to_string(here("data/keys/records.txt")).expect("the records");
    for (at, conversation) in setup.conversations.iter().enumerate() {
        let record = &held.records[at][which];
        if conversation.unjudged.is_some() || conversation.messages.len() != 1 {
            continue;
        }
        for value in signatures(record) {
            let name = published(value);
            let selector = name.split('.').next().unwrap_or_default();
            let point = keys
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{selector}._domainkey.example.com ")));
            let point = point.unwrap_or_else(|| panic!("{selector}: a selector is a key's name"));
            records += &format!("{name} {point}\n");
            // What was not agreed to be exact gets a blank from the MTA.
            let blank = if exact(record) { "" } else { " " };
            let octets = with_crlf(format!("DKIM-Signature:{blank}{value}\n").as_bytes());
            let octets = [octets, held.sent[at][0].clone()].concat();
            paths.push(
                scratch.write(&format!("{}/made/{which}-{}.eml", setup.name, paths.len()), octets),
            );
        }
    }
    let records = scratch.write(&format!("{}/made/records{which}", setup.name), records);
    let mut complaints = Vec::new();
    for judge in [Judge::MailDkim, Judge::Dkimpy] {
        let verdicts = judge.judge((&records).into(), &paths, scratch);
        for (path, verdicts) in paths.iter().zip(verdicts) {
            let first = verdicts.into_iter().find(|verdict| verdict.seal == Seal::Dkim);
            let able = |algorithm: &str| judge.can_judge(Seal::Dkim, algorithm);
            if !first.as_ref().is_some_and(|one| one.pass || !able(&one.algorithm)) {
                complaints.push(format!("{}: {judge} says {first:?}\n", path.display()));
            }
        }
    }
    complaints
}

/// Whether header values are exact.
fn exact(record: &[Entry]) -> bool {
    record.iter().any(
        |entry| matches!(entry.what, What::Terms(_, _, steps, _) if steps & LEADING_SPACE != 0),
    )
}

/// The values of the signatures that were inserted.
fn signatures(record: &[Entry]) -> impl Iterator<Item = &str> {
    let inserted = record.iter().filter_map(|entry| entry.what.inserted());
    inserted.filter(|(name, _)| *name == "DKIM-Signature").map(|(_, value)| value)
}

/// Where the key of a signature is published.
fn published(value: &str) -> String {
    let tag = |name: &str| {
        let found = value.split(';').find_map(|tag| tag.trim().strip_prefix(name));
        found.unwrap_or_default().trim().to_owned()
    };
    format!("{}._domainkey.{}", tag("s="), tag("d="))
}
