//! What is generated for people and their tools: the manual, what shells offer, and the schema of the
//! configuration, each judged by the program that it is made for.

#[path = "manuals/schema.rs"]
mod schema;
#[path = "manuals/shells.rs"]
mod shells;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use twinseal_config::params::PARAMS;
use twinseal_config::{Door, render};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::{here, program};

/// The pages, by the names of their files.
fn pages() -> BTreeMap<String, String> {
    let entries = fs::read_dir(here("../docs/man")).expect("docs/man");
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("a page"))
    };
    entries.map(|entry| read(entry.expect("an entry").path())).collect()
}

/// What the tags of a page's lists name: options as they are typed, and parameters.
fn tags(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in page.lines().filter_map(|line| line.strip_prefix(".It ")) {
        let mut dashes = String::new();
        for word in line.split(' ') {
            match word {
                "Fl" => dashes.push('-'),
                "Cm" | "Pq" | "," => {}
                "Ar" | "Ns" | "Xr" | "Pa" => break,
                word => {
                    found.insert(std::mem::take(&mut dashes) + &word.replace("\\-", "-"));
                }
            }
        }
    }
    found
}

fn text(output: &Output) -> String {
    let [out, errors] = [&output.stdout, &output.stderr].map(|one| String::from_utf8_lossy(one));
    format!("{out}{errors}")
}

/// The options that a help text lists: the first words of its lines that are indented.
fn options(help: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in help.lines() {
        let bare = line.trim_start();
        if bare.len() == line.len() || !bare.starts_with('-') {
            continue;
        }
        let end = bare.find("  ").or_else(|| bare.find('\t')).unwrap_or(bare.len());
        let words = bare[..end].split([' ', ',', '=', '[']);
        found.extend(words.filter(|word| word.starts_with('-')).map(ToOwned::to_owned));
    }
    found
}

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = text(&program::run(&["--help"], b""));
    let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.map(ToOwned::to_owned).collect()
}

/// The page of a command: its own, or the one that it is a link to.
fn page_of(command: &str, pages: &BTreeMap<String, String>) -> String {
    let of = |section| pages.get(&format!("twinseal-{command}.{section}"));
    let page = of(8).or_else(|| of(1)).unwrap_or_else(|| panic!("no page of {command}"));
    match page.strip_prefix(".so man8/") {
        Some(target) => pages[target.trim()].clone(),
        None => page.clone(),
    }
}

#[test]
fn mandoc_has_nothing_to_say_of_any_page() {
    for (name, page) in pages() {
        // A link has no words.
        if let Some(target) = page.strip_prefix(".so man8/") {
            assert!(pages().contains_key(target.trim()), "{name}: {target}");
            continue;
        }
        let path = here("../docs/man").join(&name);
        let lint = Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(path).output();
        let lint = lint.expect("mandoc");
        assert!(lint.status.success() && text(&lint).is_empty(), "{}", text(&lint));
    }
}

#[test]
fn man_shows_every_page() {
    let scratch = Scratch::new("manuals");
    let pages = pages();
    for (name, page) in &pages {
        let (_, section) = name.rsplit_once('.').expect("a section");
        scratch.dir(&format!("man{section}"));
        scratch.write(&format!("man{section}/{name}"), page);
    }
    // A link has no date, and that which it leads to has the same: all do.
    let date = pages["twinseal.8"].lines().find_map(|line| line.strip_prefix(".Dd "));
    let date = date.expect("a date");
    for name in pages.keys() {
        let (title, section) = name.rsplit_once('.').expect("a section");
        let mut man = Command::new("man");
        man.arg("-M").arg(scratch.path()).args([section, title]);
        man.env("MANPAGER", "cat").env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8");
        let shown = man.output().expect("man (the package man-db)");
        let shown = text(&shown);
        let own = title.trim_start_matches("twinseal-");
        assert!(shown.contains(own), "{name}: {shown}");
        for heading in ["NAME", "DESCRIPTION", "SEE ALSO", date] {
            assert!(shown.contains(heading), "{name}: {heading}: {shown}");
        }
    }
}

#[test]
fn every_command_and_each_of_its_options_is_in_the_manual() {
    let pages = pages();
    let commands = commands();
    assert!(commands.len() > 15, "{commands:?}");
    let overview = &pages["twinseal.8"];
    for command in &commands {
        let page = page_of(command, &pages);
        let help = match Door::of_program(command) {
            Some(_) => text(&program::run(&[command.as_str(), "-?"], b"")),
            None => text(&program::run(&[command.as_str(), "--help"], b"")),
        };
        let (listed, tags) = (options(&help), tags(&page));
        let missing: Vec<_> = listed.difference(&tags).collect();
        assert!(missing.is_empty(), "{command}: {missing:?}");
        // What a historic door refuses is in the manual alone.
        let unknown: Vec<_> = tags.iter().filter(|tag| tag.starts_with('-')).collect();
        let unknown: Vec<_> = unknown.into_iter().filter(|tag| !listed.contains(*tag)).collect();
        assert!(
            Door::of_program(command).is_some() || unknown.is_empty(),
            "{command}: {unknown:?}"
        );
        let named = format!(".It Xr twinseal-{command} ");
        assert!(overview.contains(&named) || Door::of_program(command).is_some(), "{command}");
    }
    for door in Door::ALL.into_iter().filter(|door| door.is_historic()) {
        let tags = tags(&pages[&format!("{}.8", door.program())]);
        let listed = options(&render::usage(door));
        assert!(listed.is_subset(&tags) && listed.len() > 10, "{door:?}: {listed:?}");
    }
}

#[test]
fn every_tool_of_the_old_daemons_has_a_page_with_the_options_that_it_tells() {
    let pages = pages();
    // Some of the originals told their options to whoever typed a wrong one, and some did not.
    for (tool, tells) in [
        ("dkim-testkey", true),
        ("opendkim-testkey", true),
        ("opendkim-testmsg", true),
        ("opendkim-genkey", true),
        ("dkim-genkey", false),
        ("dkim-testadsp", false),
        ("dkim-testssp", false),
        ("opendkim-testadsp", false),
        ("dkim-stats", false),
    ] {
        let page = pages.get(&format!("{tool}.8")).unwrap_or_else(|| panic!("no page of {tool}"));
        let said = text(&program::run(&[tool, "--wrong"], b""));
        assert!(said.contains("wrong"), "{tool}: {said}");
        let listed = options(&said);
        assert_eq!(listed.len() > 2, tells, "{tool}: {said}");
        let missing: Vec<_> = listed.difference(&tags(page)).cloned().collect();
        assert!(missing.is_empty(), "{tool}: {missing:?}");
        // What the page has is known to the tool: it is the next word that is wrong.
        for line in page.lines().filter(|line| line.starts_with(".It Fl ")) {
            let value = if line.contains(" Ar ") { &["1"][..] } else { &[] };
            for option in tags(line) {
                let words = [&[tool, option.as_str()], value, &["--wrong"]].concat();
                let said = text(&program::run(&words, b""));
                let mut refusals = said.lines().filter(|line| {
                    ["unknown", "unrecognized", "invalid option"].iter().any(|no| line.contains(no))
                });
                assert!(refusals.all(|line| line.contains("wrong")), "{tool} {option}: {said}");
            }
        }
    }
}

#[test]
fn the_pages_of_opendkim_speak_of_what_is_there() {
    let pages = pages();
    let about = |page: &str, tag: &str| {
        let (_, rest) = pages[page].split_once(&format!("\n.It {tag}")).expect("its item");
        rest.split("\n.It ").next().unwrap_or_default().to_owned()
    };
    // Background is our foreground, the other way round.
    assert!(about("opendkim.conf.5", "Cm Background ").contains("\nDefault: yes.\n"));
    let foreground = about("opendkim.8", "Fl f\n");
    assert!(foreground.contains("Background, the other way round.\nDefault: no."), "{foreground}");
    // It has no key list, and what prints and exits has nothing to take later.
    assert!(!about("opendkim.8", "Fl k ").contains("key list"));
    for tag in ["Fl e ", "Fl F ", "Fl t "] {
        let about = about("opendkim.8", tag);
        assert!(!about.contains("restart") && !about.contains("reload"), "{about}");
    }
}

#[test]
fn every_parameter_of_a_file_is_in_its_page_and_says_when_nothing_follows() {
    let pages = pages();
    let of = |name: &str| tags(&pages[name]);
    let (own, dkim, opendkim) =
        (of("twinseal.yaml.5"), of("dkim-filter.conf.5"), of("opendkim.conf.5"));
    for param in PARAMS {
        assert_eq!(own.contains(param.name), param.is_in_file(), "{}", param.name);
        let known = |door| param.parameter_in(door).map(|known| known.name);
        for (name, page) in [(known(Door::DkimFilter), &dkim), (known(Door::Opendkim), &opendkim)] {
            assert!(name.is_none_or(|name| page.contains(name)), "{}: {name:?}", param.name);
        }
        if let (Some(told), Some(name)) = (param.acts.told(), known(Door::Opendkim)) {
            let page = pages["opendkim.conf.5"].replace("\\-", "-").replace('\n', " ");
            assert!(page.contains(&format!(".It Cm {name} ")), "{name}");
            assert!(page.contains(told.split(". ").next().unwrap_or_default()), "{told}");
        }
    }
}

#[test]
fn the_examples_of_the_manual_use_options_that_are_there() {
    for (name, page) in pages() {
        for line in page.lines().filter_map(|line| line.strip_prefix(".Dl ")) {
            let line = line.replace("\\-", "-");
            let mut words = line.split_whitespace().take_while(|word| *word != "--");
            if words.next() != Some("twinseal") {
                continue;
            }
            let command = words.next().expect("a command");
            let help = text(&program::run(&[command, "--help"], b""));
            let serve = text(&program::run(&["serve", "--help"], b""));
            for word in words.filter(|word| word.starts_with('-')) {
                let known = options(&help).contains(word) || options(&serve).contains(word);
                assert!(known, "{name}: {line}: {word}");
            }
        }
    }
}
