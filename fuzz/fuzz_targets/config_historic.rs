//! The file of dkim-filter: whatever is in it, it is a configuration or there are mistakes, each of
//! which is one line.
//!
//! What follows the first NUL of an input is the content of every other file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_config::Door;
use twinseal_fuzz::config::{Disk, Outcome, check, told, with_line_ends};

fuzz_target!(|input: &[u8]| {
    let disk = Disk::new("/etc/dkim-filter.conf", input);
    let first = load(disk);
    check(&first, |config| {
        for rule in config.rules.iter() {
            let dkim = rule.dkim.as_ref().expect("that door always makes it");
            assert!(dkim.headers.oversigned().is_empty(), "From alone is over-signed");
        }
    });
    // A comment takes nothing from a line and adds nothing to it, in whatever alphabet it is.
    if !input.contains(&b'\r') {
        let commented = with_line_ends(disk.file, b" #\xfc\r\n");
        let again = load(Disk { file: &commented, ..disk });
        assert_eq!(told(&again), told(&first), "comments matter");
    }
});

fn load(disk: Disk<'_>) -> Outcome {
    twinseal_fuzz::config::load(Door::DkimFilter, "-x", disk)
}
