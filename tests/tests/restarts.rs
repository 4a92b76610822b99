//! The filter is killed and started again under load: Postfix puts senders off meanwhile, and what
//! it takes arrives once and sealed.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::judges::{Judge, Keys};
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::postfix::Postfix;
use twinseal_e2e::program::{self, Background};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;

/// How often it is killed.
const ROUNDS: usize = 20;
/// How many send at the same time.
const CLIENTS: usize = 4;
/// How many messages have to be taken between one kill and the next.
const BETWEEN: usize = 6;
/// How long anything may take that has to happen.
const LIMIT: Duration = Duration::from_secs(20);

/// What the clients have seen so far.
#[derive(Default)]
struct Seen {
    accepted: AtomicUsize,
    put_off: AtomicUsize,
    stop: AtomicBool,
}

/// Whatever happens, the clients are told to stop: who waits for them would wait for ever.
struct Stops<'a>(&'a Seen);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

#[test]
fn mail_arrives_once_and_sealed_however_often_the_filter_is_killed() {
    let scratch = Scratch::new("restarts");
    let address = Address::Unix(scratch.join("t.sock"));
    let pid_file = scratch.join("t.pid");
    let text = format!(
        "socket: {}\nsocket-mode: \"666\"\nforeground: no\npid-file: {}\nmode: s\n\
         signing: [{{ senders: '*@example.com', domain: example.com, keys: [{{ file: {} }}] }}]\n",
        address.for_filter(),
        pid_file.display(),
        scratch.key("rsa1024").display(),
    );
    let file = scratch.write("t.yaml", text).display().to_string();
    let start = || Background::start(&program::path(), &["serve", "--config", &file], &pid_file);
    let mut daemon = start();
    let sink = Sink::start();
    let postfix = Postfix::start(&scratch, &address, sink.port(), "milter_default_action=tempfail");
    let seed = seed();
    let mut generator = Generator::new(seed);
    let seen = Seen::default();
    let begun = Instant::now();
    let sent: Vec<String> = std::thread::scope(|scope| {
        let stops = Stops(&seen);
        let (postfix, seen) = (&postfix, &seen);
        let clients: Vec<_> =
            (0..CLIENTS).map(|client| scope.spawn(move || send(client, postfix, seen))).collect();
        for round in 0..ROUNDS {
            let goal = seen.accepted.load(Ordering::Relaxed) + BETWEEN;
            let flows = || (seen.accepted.load(Ordering::Relaxed) >= goal).then_some(());
            assert!(wait_for(LIMIT, flows).is_some(), "no mail passes in round {round}");
            // Somewhere in the middle of a message.
            std::thread::sleep(Duration::from_millis(generator.below(30) as u64));
            daemon.kill();
            let refused = seen.put_off.load(Ordering::Relaxed);
            let put_off = || (seen.put_off.load(Ordering::Relaxed) > refused).then_some(());
            assert!(wait_for(LIMIT, put_off).is_some(), "nobody is put off in round {round}");
            daemon = start();
        }
        drop(stops);
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    let counts = arrived(&sent, &sink);
    let wrong: Vec<_> =
        sent.iter().filter(|recipient| counts.get(*recipient) != Some(&1)).collect();
    assert!(wrong.is_empty(), "seed {seed}: lost or twice: {wrong:?}\n{}", postfix.log());
    assert_eq!(counts.len(), sent.len(), "seed {seed}: something arrived that nobody sent");
    let unsealed = unsealed(&sink, &scratch);
    assert!(unsealed.is_empty(), "seed {seed}: {}", unsealed.join("\n"));
    let put_off = seen.put_off.load(Ordering::Relaxed);
    let _ = writeln!(
        std::io::stderr(),
        "killed and started {ROUNDS} times: {} messages sealed and delivered once, {put_off} times \
         put off, {:.1} s",
        sent.len(),
        begun.elapsed().as_secs_f32(),
    );
    drop(postfix);
    daemon.stop();
}

/// Sends one message after the other, each until it is taken, and until it is told to stop; the
/// recipients, which are different.
fn send(client: usize, postfix: &Postfix, seen: &Seen) -> Vec<String> {
    let body =
        "A line of text, as long as lines of text use to be, once and again.\r\n".repeat(300);
    let mut sent = Vec::new();
    while !seen.stop.load(Ordering::Relaxed) {
        let recipient = format!("r{client}-{}@example.net", sent.len());
        let header = format!(
            "From: ann@example.com\r\nTo: {recipient}\r\nSubject: {}\r\n\
             Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <{client}.{}@example.com>\r\n",
            sent.len(),
            sent.len(),
        );
        let octets = format!("{header}\r\n{body}").into_bytes();
        loop {
            let reply = postfix
                .connect()
                .and_then(|mut smtp| smtp.send("ann@example.com", &recipient, &octets))
                .unwrap_or_else(|e| panic!("{recipient}: {e}\n{}", postfix.log()));
            match reply.code {
                250 => break,
                400..500 => {
                    seen.put_off.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(20));
                }
                _ => panic!("{recipient}: {reply:?}\n{}", postfix.log()),
            }
        }
        seen.accepted.fetch_add(1, Ordering::Relaxed);
        sent.push(recipient);
    }
    sent
}

/// How often each message arrived, when all that were sent have, or the time is over.
fn arrived(sent: &[String], sink: &Sink) -> HashMap<String, usize> {
    let count = || {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for recipient in sink.all().into_iter().flat_map(|mail| mail.to) {
            *counts.entry(recipient).or_default() += 1;
        }
        counts
    };
    let _ = wait_for(LIMIT, || (count().len() >= sent.len()).then_some(()));
    // What comes twice may come late.
    std::thread::sleep(Duration::from_millis(300));
    count()
}

/// What one judge, who knows both seals, objects to.
fn unsealed(sink: &Sink, scratch: &Scratch) -> Vec<String> {
    let paths: Vec<PathBuf> = sink
        .all()
        .iter()
        .map(|mail| scratch.write(&format!("delivered/{}.eml", mail.to.join("+")), &mail.octets))
        .collect();
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let nameserver = Nameserver::start(&[Zone::of_keys("example.com", &records)], scratch);
    let verdicts = Judge::MailDkim.judge(Keys::Dns(&nameserver), &paths, scratch);
    let bad = |(path, verdicts): (&PathBuf, Vec<_>)| {
        let held = verdicts.iter().filter(|one: &&twinseal_e2e::judges::Verdict| one.pass).count();
        (held != 2 || verdicts.len() != 2).then(|| format!("{}: {verdicts:?}", path.display()))
    };
    paths.iter().zip(verdicts).filter_map(bad).collect()
}
