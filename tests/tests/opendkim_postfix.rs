//! opendkim and the program in its place behind a real Postfix, with the file that Debian ships and
//! with three usual ones: what is delivered is the same, and the signatures hold.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::conversations::Door;
use twinseal_e2e::conversations::differences::{no_atps, quoted_values};
use twinseal_e2e::conversations::record::{Entry, What};
use twinseal_e2e::here;
use twinseal_e2e::judges::Seal;
use twinseal_e2e::message::{Message, tag, with_lf};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::postfix::Postfix;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::signers::{Script, by_script};
use twinseal_e2e::sink::Sink;

const LIMIT: Duration = Duration::from_secs(20);

/// The file that Debian's package puts there.
const SHIPPED: &str = "/etc/opendkim.conf";

/// A filter that ends with the test.
struct Filter(Child);

impl Drop for Filter {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Filter {
    /// Nothing of the file is changed: only where it listens and where its number goes is told.
    fn start(door: &Door, file: &Path, address: &Address, scratch: &Scratch) -> Self {
        let log = scratch.join("filter.log");
        let output = File::create(&log).unwrap();
        let run = scratch.dir("run");
        let chowned = Command::new("chown").arg("opendkim").arg(&run).status().unwrap();
        assert!(chowned.success(), "no user opendkim: apt-get install opendkim");
        let (program, words) = door.command.split_first().unwrap();
        let process = Command::new(program)
            .args(words)
            .args(["-f", "-p", &address.for_filter(), "-x"])
            .args([file, Path::new("-P"), &run.join("pid")])
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut filter = Self(process);
        let listens = wait_for(LIMIT, || {
            let ended = filter.0.try_wait().unwrap();
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "{door:?} ended: {ended:?}\n{}", said());
            address.connect().ok()
        });
        assert!(listens.is_some(), "{door:?} does not listen");
        filter
    }
}

/// Mail, and whether it comes from outside.
struct Mail {
    octets: Vec<u8>,
    outside: bool,
}

fn mail(author: &str, outside: bool) -> Mail {
    let text = format!(
        "From: Ann <{author}>\r\nTo: bob@example.net\r\nSubject:  hello \r\n\
         Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nHello,\r\n\r\nyou.\r\n"
    );
    Mail { octets: text.into_bytes(), outside }
}

/// With a field on top that bears the name of this Postfix.
fn forged(mail: &Mail) -> Mail {
    let field = b"Authentication-Results: mail.example.com; dkim=pass header.d=example.com\r\n";
    Mail { octets: [&field[..], &mail.octets].concat(), outside: true }
}

/// What is delivered of each; the header without what Postfix writes.
fn delivered(door: &Door, file: &Path, mails: &[Mail], scratch: &Scratch) -> Vec<Message> {
    let (address, sink) = (Address::any_inet(), Sink::start());
    let _filter = Filter::start(door, file, &address, scratch);
    let postfix = Postfix::start(scratch, &address, sink.port(), "");
    let deliver = |(number, mail): (usize, &Mail)| {
        let mut client = postfix.connect().unwrap();
        if mail.outside {
            client.pretend("mail.elsewhere.example", "192.0.2.1").unwrap();
        }
        let recipient = format!("bob{number}@example.net");
        let reply = client.send("ann@example.com", &recipient, &mail.octets).unwrap();
        assert_eq!(reply.code, 250, "{door:?}, message {number}: {}", reply.text);
        let arrived = sink.wait_for(&recipient, LIMIT);
        let arrived = arrived.unwrap_or_else(|| panic!("lost\n{}", postfix.log()));
        let mut message = Message::parse(&arrived.octets);
        message.fields.retain(|field| !field.is("Received"));
        message
    };
    mails.iter().enumerate().map(deliver).collect()
}

/// The fields, as if each had been inserted.
fn fields(message: &Message) -> Vec<Entry> {
    let entry = |field: &twinseal_e2e::message::Field| {
        let value = String::from_utf8(with_lf(field.value())).unwrap();
        let name = String::from_utf8_lossy(&field.octets);
        let name = name.split(':').next().unwrap_or_default().to_owned();
        Entry { at: "header".into(), what: What::Insert(0, name, value) }
    };
    message.fields.iter().map(entry).collect()
}

/// What no two runs have in common is left out.
fn comparable(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.clone().normal().to_string()).collect()
}

/// The same mail behind both, with the same file.
fn both(name: &str, file: impl Fn(&Scratch) -> PathBuf, mails: &[Mail]) -> Vec<Message> {
    let [theirs, ours] = [Door::opendkim(), Door::ours()].map(|door| {
        // opendkim takes no key from below a directory that everybody can write to.
        let base = format!("/var/lib/twinseal-e2e-behind-{name}");
        let scratch = Scratch::below(Path::new(&base), name);
        for key in ["rsa1024", "rsa2048"] {
            scratch.key(key);
        }
        delivered(&door, &file(&scratch), mails, &scratch)
    });
    for (number, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
        let mut wanted = fields(theirs);
        // These two differences are in `docs/interop.md`.
        no_atps(&mut wanted);
        quoted_values(&mut wanted);
        assert_eq!(comparable(&fields(ours)), comparable(&wanted), "{name}: message {number}");
        assert_eq!(ours.body, theirs.body, "{name}: message {number}");
    }
    ours
}

/// All judges say that the signature of each of these messages holds.
fn all_hold(name: &str, messages: &[&Message]) {
    let scratch = Scratch::new(name);
    let keys = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let (mut claims, mut records) = (Vec::new(), String::new());
    for (number, message) in messages.iter().enumerate() {
        let field = message.all("DKIM-Signature").next();
        let field = field.unwrap_or_else(|| panic!("{name}: message {number} is not signed"));
        let (selector, domain) = (tag(field, "s").unwrap(), tag(field, "d").unwrap());
        let record = keys
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{selector}._domainkey.example.com ")));
        records += &format!("{selector}._domainkey.{domain} {}\n", record.unwrap());
        let fields = message.fields.iter().map(|field| field.octets.clone()).collect::<Vec<_>>();
        let octets = [fields.concat(), b"\r\n".to_vec(), message.body.clone()].concat();
        let path = scratch.write(&format!("{number}.eml"), octets);
        claims.push(Claim::that(&path, Seal::Dkim, &selector, &domain));
    }
    let records = scratch.write("records", records);
    let wrong = objections(records.as_path(), &claims, &scratch);
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

/// What strangers signed, as it arrives.
fn signed_by_strangers() -> Vec<Mail> {
    let scratch = Scratch::new("strangers");
    let source = scratch.write("plain.eml", mail("ann@example.com", true).octets);
    let read = |path: &PathBuf| Mail { octets: fs::read(path).unwrap(), outside: true };
    let by = |script, method| {
        by_script(script, "rsa2048", method, std::slice::from_ref(&source), &scratch)
    };
    let mut signed: Vec<Mail> = by(Script::Dkimpy, "relaxed/simple").iter().map(read).collect();
    signed.extend(by(Script::MailDkim, "simple/relaxed").iter().map(read));
    let changed = String::from_utf8_lossy(&signed[0].octets).replace("you.", "me.");
    signed.push(Mail { octets: changed.into_bytes(), outside: true });
    signed
}

#[test]
fn the_file_that_debian_ships_lets_mail_pass_and_removes_what_is_forged() {
    let plain = mail("ann@example.com", true);
    let forged = forged(&plain);
    let mails = [mail("ann@example.com", false), plain, forged];
    let seen = both("shipped", |_| SHIPPED.into(), &mails);
    assert!(seen.iter().all(|message| message.all("Authentication-Results").count() == 0));
}

#[test]
fn the_same_file_with_its_own_example_signs() {
    let file = |scratch: &Scratch| {
        let shipped = fs::read_to_string(SHIPPED).unwrap();
        let key = scratch.join("keys/rsa2048");
        let keys = scratch.join("keys");
        let chowned = Command::new("chown").arg("-R").arg("opendkim").arg(keys).status();
        assert!(chowned.unwrap().success());
        let lines = format!("Domain example.com\nSelector rsa2048\nKeyFile {}\n", key.display());
        scratch.write("opendkim.conf", format!("{shipped}{lines}"))
    };
    let mails = [mail("ann@example.com", false), mail("ann@example.com", true)];
    let seen = both("example", file, &mails);
    all_hold("example", &[&seen[0]]);
    assert_eq!(seen[1].all("DKIM-Signature").count(), 0);
}

#[test]
fn tables_with_patterns_sign_for_each_domain() {
    let file = |scratch: &Scratch| {
        let [one, two] = ["rsa1024", "rsa2048"].map(|key| scratch.join(&format!("keys/{key}")));
        let keys = format!(
            "one example.com:rsa1024:{}\ntwo example.org:rsa2048:{}\n",
            one.display(),
            two.display()
        );
        let keys = scratch.write("KeyTable", keys);
        let senders = "ann@example.com two\n*@example.com one\n*@example.org two\n";
        let senders = scratch.write("SigningTable", senders);
        let text = format!(
            "Canonicalization relaxed/simple\nMode sv\nOversignHeaders From\nKeyTable {}\n\
             SigningTable refile:{}\nInternalHosts 127.0.0.1, ::1\nUMask 007\n",
            keys.display(),
            senders.display()
        );
        scratch.write("opendkim.conf", text)
    };
    let inside = ["ann@example.com", "bob@example.com", "eve@example.org", "x@elsewhere.example"];
    let mut mails: Vec<Mail> = inside.map(|author| mail(author, false)).into();
    mails.push(mail("bob@example.com", true));
    let seen = both("tables", file, &mails);
    all_hold("tables", &seen[..3].iter().collect::<Vec<_>>());
    assert!(seen[3..].iter().all(|message| message.all("DKIM-Signature").count() == 0));
}

#[test]
fn one_key_signs_for_all_domains_that_a_wildcard_names() {
    let file = |scratch: &Scratch| {
        let key = scratch.join("keys/rsa2048");
        let keys = scratch.write("KeyTable", format!("any %:rsa2048:{}\n", key.display()));
        let senders = "*@example.com any\n*@*.example.com any\n*@example.org any\n";
        let senders = scratch.write("SigningTable", senders);
        let text = format!(
            "Canonicalization relaxed/relaxed\nOversignHeaders From\nSubDomains yes\n\
             KeyTable file:{}\nSigningTable refile:{}\n",
            keys.display(),
            senders.display()
        );
        scratch.write("opendkim.conf", text)
    };
    let authors = ["ann@example.com", "ann@a.b.example.com", "ann@example.org"];
    let mails: Vec<Mail> = authors.map(|author| mail(author, false)).into();
    let seen = both("wildcards", file, &mails);
    all_hold("wildcards", &seen.iter().collect::<Vec<_>>());
}

#[test]
fn who_only_verifies_says_what_came_of_each_signature() {
    let file = |scratch: &Scratch| {
        let records = here("data/keys/records.txt");
        let text = format!(
            "Mode v\nAlwaysAddARHeader yes\nSyslog no\nTestPublicKeys {}\n",
            records.display()
        );
        scratch.write("opendkim.conf", text)
    };
    let mut mails = signed_by_strangers();
    mails.push(mail("ann@example.com", true));
    mails.push(forged(&mails[0]));
    let seen = both("verifies", file, &mails);
    let told = |message: &Message| {
        let field = message.all("Authentication-Results").next().unwrap();
        String::from_utf8_lossy(field.value()).into_owned()
    };
    for (message, word) in seen.iter().zip(["pass", "pass", "fail", "none", "pass"]) {
        let told = told(message);
        assert!(told.contains(&format!("dkim={word}")), "{told}");
    }
}
