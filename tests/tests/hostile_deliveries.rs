//! Hostile mail through the daemon: it answers, needs little memory, and goes on serving others.

use std::path::PathBuf;
use twinseal_e2e::here;
use twinseal_e2e::judges::{Verdict, verdicts_of_filter};
use twinseal_e2e::net::Address;
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;

/// Beside a header of at most 1 MiB there is no use for much, in KiB.
const MEMORY: usize = 32 * 1024;

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
    let memory = daemon.peak_memory();
    assert!(daemon.stop().success());
    assert!(memory < MEMORY, "{memory} KiB");
}

fn messages() -> Vec<(&'static str, String)> {
    let signature =
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa2048; h=from; bh=AAAA; b=AAAA\r\n";
    let rest = "From: ann@example.com\r\nSubject: hostile\r\n\r\nbody\r\n";
    let more =
        |tag: String| format!("{}{rest}", signature.replace("v=1;", &format!("v=1; {tag};")));
    vec![
        ("ten-thousand-signatures", format!("{}{rest}", signature.repeat(10_000))),
        ("white-space", more(format!("i={}@example.com", " ".repeat(60_000)))),
        ("names", signature.replace("h=from", &format!("h=from{}", ":a".repeat(30_000))) + rest),
        ("base64", signature.replace("b=AAAA\r", &format!("b={}\r", "A".repeat(60_000))) + rest),
        ("comments", format!("{signature}From: {}a@example.com\r\n\r\nx\r\n", "(".repeat(60_000))),
    ]
}
