use super::{Joined, join};
use std::path::Path;
use twinseal_config::render::ShownEntry;
use twinseal_config::{KeySource, Origin};
use twinseal_message::Selector;

/// Entries of one seal, each written as `PATTERN,PATTERN DOMAIN KEY`.
fn list(is_dkim: bool, lines: &[&str]) -> Vec<ShownEntry> {
    let entry = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        let name = Path::new(words[2]).file_name().unwrap().to_str().unwrap();
        let selector = Selector::parse(name).unwrap();
        let key =
            KeySource { file: words[2].into(), selector, origin: Origin::Default, inline: None };
        ShownEntry {
            senders: words[0].split(',').map(str::to_owned).collect(),
            domain: words[1].to_owned(),
            keys: vec![key],
            dkim: is_dkim.then(Vec::new),
            domainkeys: (!is_dkim).then(Vec::new),
            origin: Origin::Default,
        }
    };
    lines.iter().map(entry).collect()
}

/// The lists as one; `+` stands for the DKIM seal, `-` for the other one, `*` for both.
fn joined(dkim: &[&str], domainkeys: &[&str]) -> (Vec<String>, Joined) {
    let same = |one: &KeySource, other: &KeySource| one.file == other.file;
    let joined = join(&list(true, dkim), &list(false, domainkeys), false, &same);
    let lines = joined.entries.iter().map(|entry| {
        let seals = match (&entry.dkim, &entry.domainkeys) {
            (Some(_), Some(_)) => '*',
            (Some(_), None) => '+',
            (None, _) => '-',
        };
        let key = entry.keys[0].file.display();
        format!("{seals}{} {} {key}", entry.senders.join(","), entry.domain)
    });
    (lines.collect(), joined)
}

#[test]
fn what_both_sign_alike_is_one_entry() {
    let each = ["*@a.example a.example /k/m", "*@b.example b.example /k/n"];
    let one = ["*@a.example * /k/m", "*@b.example * /k/n"];
    for (dkim, domainkeys, want) in [
        (&each[..], &each[..], &["**@a.example a.example /k/m", "**@b.example b.example /k/n"][..]),
        (&each, &one, &["**@a.example a.example /k/m", "**@b.example b.example /k/n"]),
        (&each, &each[1..], &["+*@a.example a.example /k/m", "**@b.example b.example /k/n"]),
        (&each[..1], &each, &["**@a.example a.example /k/m", "-*@b.example b.example /k/n"]),
        (
            &["*@a.example,*@*.a.example a.example /k/m"],
            &["*@a.example a.example /k/m"],
            &["**@a.example a.example /k/m", "+*@*.a.example a.example /k/m"],
        ),
        (
            &["*@*.a.example a.example /k/m"],
            &["*@m.a.example a.example /k/m", "* a.example /k/m"],
            &[
                "**@m.a.example a.example /k/m",
                "**@*.a.example a.example /k/m",
                "-* a.example /k/m",
            ],
        ),
        (&[], &each[..1], &["-*@a.example a.example /k/m"]),
    ] {
        let (lines, joined) = joined(dkim, domainkeys);
        assert_eq!(lines, want, "{dkim:?} {domainkeys:?}");
        assert!(!joined.every && joined.lost.is_empty(), "{:?}", joined.lost);
    }
}

#[test]
fn different_keys_for_the_same_senders_are_two_entries_that_both_sign() {
    let (lines, both) = joined(&["*@a.example a.example /k/m"], &["*@a.example a.example /k/n"]);
    assert_eq!(lines, ["+*@a.example a.example /k/m", "-*@a.example a.example /k/n"]);
    assert!(both.every && both.lost.is_empty());
    // Where one of the lists has two entries for an address, that would be one seal too many.
    let twice = ["*@a.example a.example /k/m", "*@*.example example /k/o"];
    let (lines, both) = joined(&twice, &["*@a.example a.example /k/n"]);
    assert_eq!(lines, ["+*@a.example a.example /k/m", "+*@*.example example /k/o"]);
    assert!(!both.every && !both.lost.is_empty(), "{:?}", both.lost);
}

#[test]
fn what_no_pattern_says_is_lost_and_said() {
    let (_, both) = joined(&["j*@a.example a.example /k/m"], &["*n@a.example a.example /k/m"]);
    assert!(both.lost.len() == 1 && both.lost[0].contains("no pattern"), "{:?}", both.lost);
}
