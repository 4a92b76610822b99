//! Hostile mail through the daemon: it answers, needs little memory, and goes on serving others.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;
use twinseal_e2e::here;
use twinseal_e2e::judges::{Verdict, verdicts_of_filter};
use twinseal_e2e::net::Address;
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;

/// Beside a header of at most 1 MiB there is no use for much, in KiB.
const MEMORY: usize = 32 * 1024;

/// How many connections send hostile mail at once, beside one that does not.
const HOSTILE_CONNECTIONS: usize = 3;

/// How many messages that one sends at least.
const HONEST_MESSAGES: usize = 300;

#[test]
fn the_daemon_bears_hostile_mail() {
    let scratch = Scratch::new("hostile");
    let address = Address::Unix(scratch.join("t.sock"));
    let configuration = format!(
        "socket: {}\nmode: v\nlog: {{ to: stderr }}\nresults: {{ authserv-id: mx.example.org }}\n\
         dns: {{ test-keys: {} }}\n",
        address.for_filter(),
        here("data/keys/records.txt").display()
    );
    let file = scratch.write("twinseal.yaml", configuration);
    let arguments = ["serve".as_ref(), "--config".as_ref(), file.as_os_str()];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    let good = here("data/verify/pass-relaxed-relaxed.eml");
    for (name, octets) in messages() {
        let hostile: PathBuf = scratch.write(&format!("{name}.eml"), octets);
        let found = verdicts_of_filter(&address, &[hostile, good.clone()]);
        assert!(!found[0].is_empty(), "{name}: no verdict");
        assert!(!found[0].iter().any(|verdict| verdict.pass), "{name}: {:?}", found[0]);
        let passes = |found: &[Vec<Verdict>]| found.iter().flatten().all(|verdict| verdict.pass);
        assert!(found[1].len() == 1 && passes(&found[1..]), "{name}, then {:?}", found[1]);
        let other = verdicts_of_filter(&address, std::slice::from_ref(&good));
        assert!(other[0].len() == 1 && passes(&other), "{name}, another connection: {other:?}");
    }
    side_by_side(&address, &good, &scratch);
    let memory = daemon.peak_memory();
    assert!(daemon.stop().success());
    assert!(memory < MEMORY, "{memory} KiB");
}

/// Honest mail on a connection of its own, while others send hostile mail without end: all of it
/// passes, and none of theirs keeps it from that.
fn side_by_side(address: &Address, good: &Path, scratch: &Scratch) {
    let paths = messages().into_iter().map(|(name, _)| scratch.join(&format!("{name}.eml")));
    let hostile: Vec<PathBuf> = paths.collect();
    let (ended, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..HOSTILE_CONNECTIONS {
            scope.spawn(|| {
                while !ended.load(Relaxed) {
                    for message in &hostile {
                        verdicts_of_filter(address, std::slice::from_ref(message));
                        rounds.fetch_add(1, Relaxed);
                    }
                }
            });
        }
        let (mut sent, mut passed) = (0, 0);
        // Until all that is hostile has come several times.
        while sent < HONEST_MESSAGES || rounds.load(Relaxed) < hostile.len() * 10 {
            let found = verdicts_of_filter(address, &vec![good.to_owned(); 10]);
            passed += found.iter().flatten().filter(|verdict| verdict.pass).count();
            sent += 10;
        }
        ended.store(true, Relaxed);
        assert_eq!(passed, sent);
        // Whoever is kept waiting gets one turn for each of theirs, and not ten.
        let turns = rounds.load(Relaxed);
        println!("{sent} honest messages beside {turns} hostile ones");
        assert!(sent >= turns, "{sent} honest messages beside {turns} hostile ones");
    });
}

fn messages() -> Vec<(&'static str, String)> {
    let signature =
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa2048; h=from; bh=AAAA; b=AAAA\r\n";
    let rest = "From: ann@example.com\r\nSubject: hostile\r\n\r\nbody\r\n";
    let more =
        |tag: String| format!("{}{rest}", signature.replace("v=1;", &format!("v=1; {tag};")));
    vec![
        ("ten-thousand-signatures", format!("{}{rest}", signature.repeat(10_000))),
        ("white-space", more(format!("i={}@example.com", "\r\n ".repeat(80_000)))),
        ("names", signature.replace("h=from", &format!("h=from{}", ":a".repeat(100_000))) + rest),
        ("base64", signature.replace("b=AAAA\r", &format!("b={}\r", "A".repeat(60_000))) + rest),
        ("comments", format!("{signature}From: {}a@example.com\r\n\r\nx\r\n", "(".repeat(60_000))),
    ]
}
