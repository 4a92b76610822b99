use super::{Acts, Kind, Letter, PARAMS, Place, named};
use crate::door::Door;
use crate::mistake::Report;
use crate::raw::{Raw, Setter};
use std::collections::HashSet;

#[test]
fn names_are_well_formed_and_unique() {
    let mut names = HashSet::new();
    let mut options = HashSet::new();
    for param in PARAMS {
        let legal = |ch: char| ch.is_ascii_lowercase() || ch == '-';
        let well = |part: &str| !part.is_empty() && part.chars().all(legal);
        assert!(param.name.split('.').all(well), "{}", param.name);
        assert!(names.insert(param.name), "{} twice", param.name);
        assert!(options.insert(param.long_option()), "--{} twice", param.long_option());
    }
}

#[test]
fn a_letter_means_one_thing_in_each_program() {
    let mut ours = HashSet::new();
    let mut theirs = HashSet::new();
    for param in PARAMS {
        if let Some(Letter { letter, .. }) = param.letter_in(Door::DkFilter) {
            assert!(ours.insert(letter), "dk-filter -{letter} twice");
        }
        if let Some(Letter { letter, .. }) = param.letter_in(Door::DkimFilter) {
            assert!(theirs.insert(letter), "dkim-filter -{letter} twice");
        }
    }
    assert!("apiIdDkhsScHbflPouUV".chars().all(|letter| ours.contains(&letter)), "{ours:?}");
    assert!("apqrxbcCdDfiIkKlLoPsTuV".chars().all(|letter| theirs.contains(&letter)), "{theirs:?}");
}

#[test]
fn historic_parameters_are_unique() {
    let names: Vec<&str> = PARAMS.iter().filter_map(|param| param.dkim_filter.name()).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    let names: Vec<&str> = PARAMS.iter().filter_map(|param| param.opendkim.name()).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
}

#[test]
fn every_row_says_what_it_is_for() {
    for param in PARAMS {
        assert!(!param.summary.is_empty() && !param.summary.ends_with('.'), "{}", param.name);
        assert!(param.manual.ends_with('.'), "{}", param.name);
        if let Acts::No(reason) | Acts::Refused(reason) = param.acts {
            assert!(!reason.is_empty(), "{}", param.name);
        }
    }
}

#[test]
fn every_default_is_a_value() {
    for door in Door::ALL {
        let mut report = Report::default();
        let raw = Raw::defaults(door, &mut report);
        assert!(report.mistakes.is_empty(), "{door:?}: {}", report.mistakes);
        let given = PARAMS.iter().filter(|row| row.default_in(door).is_some());
        assert_eq!(raw.settings.len(), given.count(), "{door:?}");
    }
}

#[test]
fn a_default_is_told_in_the_words_of_the_file_that_has_it() {
    for (name, ours, theirs) in
        [("foreground", "no", "yes"), ("log.to", "stderr", "no"), ("sandbox", "on", "yes")]
    {
        let param = named(name).unwrap();
        let told = |form| param.facts(Door::Opendkim, form).into_iter().next().unwrap();
        assert_eq!(told(None), format!("Default: {ours}."));
        let form = param.parameter_in(Door::Opendkim).map(|known| known.form);
        assert_eq!(told(form), format!("Default: {theirs}."));
    }
}

#[test]
fn what_is_done_instead_of_serving_is_never_said_to_be_taken_later() {
    for name in ["print-value", "test-messages", "test-time", "test-verbosity", "query"] {
        let facts = named(name).unwrap().facts(Door::Opendkim, None);
        assert!(facts.is_empty(), "{name}: {facts:?}");
    }
}

#[test]
fn every_word_of_a_choice_is_a_value() {
    for param in PARAMS {
        let Kind::Choice(words) = param.kind else { continue };
        for word in words {
            let mut raw = Raw::default();
            let mut report = Report::default();
            let given = param.given(param.name, word, &crate::Origin::Default);
            crate::raw::Target::Top(&mut raw).set(param, &given, &mut report);
            assert!(report.mistakes.is_empty(), "{}: {}", param.name, report.mistakes);
        }
        for door in Door::ALL {
            let known = param.default_in(door).is_none_or(|default| words.contains(&default));
            assert!(known, "{} {door:?}", param.name);
        }
    }
}

#[test]
fn entries_and_commands_are_the_only_rows_without_a_setter() {
    for param in PARAMS {
        let structure = matches!(param.setter, Setter::Structure);
        let known = matches!(param.kind, Kind::Entries(_) | Kind::Command)
            || ["config", "print-value"].contains(&param.name);
        assert_eq!(structure, known, "{}", param.name);
    }
}

#[test]
fn what_is_inside_an_entry_is_for_the_file() {
    for param in PARAMS.iter().filter(|param| param.name.starts_with("signing.")) {
        assert_eq!(param.place, Place::File, "{}", param.name);
        assert!(param.dk_filter.is_none(), "{}", param.name);
    }
    assert!(named("socket").is_some() && named("sockets").is_none());
}
