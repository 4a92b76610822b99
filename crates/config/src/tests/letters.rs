//! What letters of the historic doors mean: each is looked at where its value has to arrive.

use super::{Map, load_in};
use crate::{Config, Door};

const DK: &str = "-p /s -f -d example.com -s /k/mail2 -S mail2";
const DKIM: &str = "-p /s -f -d example.com -k /k/mail2 -s mail2";

/// What a letter sets, read back as text.
type Field = fn(&Config) -> String;

const PEERS: Field = |config| hosts(&config.peers);
const INTERNAL: Field = |config| hosts(&config.internal_hosts);
const IGNORED: Field = |config| hosts(&config.external_ignore);
const OMITTED: Field = |config| {
    let rule = config.rules.iter().next().unwrap();
    let names = rule.domainkeys.as_ref().map(|seal| seal.omitted.iter().map(ToString::to_string));
    names.map_or_else(String::new, |names| names.collect::<Vec<_>>().join(" "))
};
const DKIM_DATE: Field = |config| {
    let rule = config.rules.iter().next().unwrap();
    let mut names = rule.dkim.iter().flat_map(|seal| seal.headers.signed());
    names.any(|name| name.as_str() == "date").to_string()
};
const FIELDS: [Field; 5] = [PEERS, INTERNAL, IGNORED, OMITTED, DKIM_DATE];

/// Which of these addresses a list has: this host's own, and the one in the file.
fn hosts(list: &crate::HostList) -> String {
    let has = |address: &&str| list.contains(None, address.parse().ok());
    let found: Vec<&str> = ["127.0.0.1", "192.0.2.7"].into_iter().filter(has).collect();
    found.join(" ")
}

fn fields(door: Door, words: &str) -> Vec<String> {
    let files = Map::default().with("/list", "192.0.2.7\n");
    let config = load_in(door, words, &files).config;
    FIELDS.iter().map(|field| field(&config)).collect()
}

/// Each letter sets its own field, and no other.
fn check(door: Door, words: &str, table: &[(&str, usize, &str)]) {
    let without = fields(door, words);
    for (letter, field, value) in table {
        let mut want = without.clone();
        (*value).clone_into(&mut want[*field]);
        assert_ne!(want, without, "{door:?} {letter} would change nothing");
        assert_eq!(fields(door, &format!("{words} {letter}")), want, "{door:?} {letter}");
    }
}

#[test]
fn letters_of_dk_filter_set_what_they_name() {
    let table = [
        ("-a /list", 0, "192.0.2.7"),
        ("-i /list", 1, "192.0.2.7"),
        ("-I /list", 2, "192.0.2.7"),
        ("-o X-Mailer,Date", 3, "x-mailer date"),
    ];
    check(Door::DkFilter, DK, &table);
}

#[test]
fn letters_of_dkim_filter_set_what_they_name() {
    let table = [
        ("-a /list", 0, "192.0.2.7"),
        ("-i /list", 1, "192.0.2.7"),
        ("-I /list", 2, "192.0.2.7"),
        ("-o Date", 4, "false"),
    ];
    check(Door::DkimFilter, DKIM, &table);
}
