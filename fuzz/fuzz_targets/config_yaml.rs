//! The configuration file: whatever is in it, it is a configuration or there are mistakes, each of
//! which is one line.
//!
//! What follows the first NUL of an input is the content of every other file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_config::Door;
use twinseal_fuzz::config::{Disk, Outcome, check, told, with_line_ends};

fuzz_target!(|input: &[u8]| {
    let disk = Disk::new("/etc/twinseal/twinseal.yaml", input);
    let first = load(disk);
    check(&first, |_| {});
    assert_eq!(told(&load(disk)), told(&first), "the same file, read twice");
    if !input.contains(&b'\r') {
        let (file, others) =
            (with_line_ends(disk.file, b"\r\n"), with_line_ends(disk.others, b"\r\n"));
        let again = load(Disk { file: &file, others: &others, ..disk });
        // What is broken may be broken in other words.
        let kept = |outcome: &Outcome| outcome.is_ok().then(|| told(outcome));
        assert_eq!(kept(&again), kept(&first), "line ends matter");
    }
});

fn load(disk: Disk<'_>) -> Outcome {
    twinseal_fuzz::config::load(Door::Native, "--config", disk)
}
