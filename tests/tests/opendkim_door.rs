//! opendkim and the program in its place, told the same by miltertest, do the same.

use std::fs;
use std::path::Path;
use twinseal_e2e::conversations::text::Setup;
use twinseal_e2e::conversations::{Door, Held, compare, differences, hold, judge, refusal};
use twinseal_e2e::here;
use twinseal_e2e::scratch::Scratch;

/// All conversations of a directory below `scenarios/opendkim`.
fn family(name: &str) {
    // opendkim refuses keys below a directory that everybody can write to.
    let base = format!("/var/lib/twinseal-e2e-{name}");
    let (theirs, ours) = (Door::opendkim(), Door::ours());
    let (mut complaints, mut kept) = (String::new(), Vec::new());
    for setup in Setup::all(&here("scenarios/opendkim").join(name)) {
        let scratch = Scratch::below(Path::new(&base), &setup.name);
        if setup.refused.is_some() {
            let complaint = refusal(&setup, [&theirs, &ours], &scratch);
            complaints += &complaint.unwrap_or_default();
            kept.push(scratch);
            continue;
        }
        match hold(&setup, [&theirs, &ours], &scratch) {
            Ok(held) => {
                show(&setup, &held);
                complaints += &compare(&setup, &held, [&theirs, &ours]).concat();
                complaints += &judge(&setup, &held, 1, &scratch).concat();
            }
            Err(complaint) => complaints += &complaint,
        }
        kept.push(scratch);
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

/// With `TWINSEAL_SHOW` in the environment, what opendkim did is printed.
fn show(setup: &Setup, held: &Held) {
    if std::env::var_os("TWINSEAL_SHOW").is_none() {
        return;
    }
    for (conversation, [theirs, _]) in setup.conversations.iter().zip(&held.records) {
        println!("## {}: {} ({})", setup.name, conversation.name, conversation.branch);
        theirs.iter().for_each(|entry| println!("{entry}"));
    }
}

#[test]
fn negotiation() {
    family("negotiation");
}

#[test]
fn peers() {
    family("peers");
}

#[test]
fn origin() {
    family("origin");
}

#[test]
fn domains() {
    family("domains");
}

#[test]
fn senders() {
    family("senders");
}

#[test]
fn tables() {
    family("tables");
}

#[test]
fn signing() {
    family("signing");
}

#[test]
fn limits() {
    family("limits");
}

#[test]
fn verifying() {
    family("verifying");
}

#[test]
fn removing() {
    family("removing");
}

#[test]
fn actions() {
    family("actions");
}

/// The names of the document, of the code and of the conversations are the same.
#[test]
fn every_difference_is_documented_implemented_and_shown() {
    let mut documented = differences::documented();
    let mut implemented = differences::implemented();
    documented.sort();
    implemented.sort_unstable();
    assert_eq!(documented, implemented);
    let families = fs::read_dir(here("scenarios/opendkim")).expect("the families");
    let directories = families.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let setups: Vec<Setup> = directories.flat_map(|path| Setup::all(&path)).collect();
    let conversations = || setups.iter().flat_map(|setup| &setup.conversations);
    assert!(conversations().count() >= 100);
    for name in documented {
        let shown = conversations().any(|one| one.differs.contains(&name))
            || setups.iter().any(|setup| setup.refused.as_ref() == Some(&name));
        assert!(shown, "{name} occurs in no conversation");
    }
}

/// What is planted is seen: the same conversations with a door that signs one field less.
#[test]
fn a_planted_difference_is_seen() {
    let setups = Setup::all(&here("scenarios/opendkim/signing"));
    let mut setup = setups.into_iter().find(|one| one.name == "oversigned").expect("the setup");
    setup.conversations.truncate(1);
    setup.conversations[0].differs.clear();
    let base = Path::new("/var/lib/twinseal-e2e-planted");
    let scratch = Scratch::below(base, "planted");
    let planted = scratch.write_with_mode("planted", PLANTED, 0o755);
    let doors = [&Door::opendkim(), &Door { command: vec![planted] }];
    let held = hold(&setup, doors, &scratch).expect("both start");
    let complaints = compare(&setup, &held, doors).concat();
    assert!(complaints.contains("From:To:Subject:Cc:X-Mine;"), "{complaints}");
    assert_eq!(complaints.matches("wanted").count(), 1, "{complaints}");
}

/// opendkim, with another file than the one that it is given.
const PLANTED: &str = "\
#!/bin/sh
sed 's/,X-Mine//' <\"$3\" >\"$3.mine\"
exec /usr/sbin/opendkim \"$1\" \"$2\" \"$3.mine\" \"$4\" \"$5\"
";
