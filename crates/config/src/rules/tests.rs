//! The index against the plain walk through the rules.

use super::{Found, Rules, SigningDomain, SigningRule, listed_domain};
use crate::lists::domains::{DomainList, Entry};
use crate::origin::Origin;
use crate::pattern::{Pattern, plain};
use std::sync::Arc;
use std::time::Instant;
use twinseal_message::{Domain, Mailbox};

/// Xorshift: the same numbers from the same seed, everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    fn text(&mut self, from: &[&str], longest: usize) -> String {
        (0..=self.below(longest)).map(|_| self.pick(from)).collect()
    }
}

fn rule(senders: &[&str], within: Option<&Arc<DomainList>>, domain: SigningDomain) -> SigningRule {
    SigningRule {
        senders: senders.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
        within: within.cloned(),
        domain,
        keys: Vec::new(),
        dkim: None,
        domainkeys: None,
        origin: Origin::Default,
        tabled: None,
    }
}

fn mailbox(text: &str) -> Mailbox {
    Mailbox::first(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The domain that the rule signs as for that address, which counts as one in `own`.
///
/// A pattern may match the address itself, or, where sub-domains count, the address as it would
/// be in the listed parent: a list that says `*@example.com` means those mails too.
fn signing_domain(rule: &SigningRule, address: &Mailbox, own: &Domain) -> Option<Domain> {
    let listed = listed_domain(rule.within.as_deref(), own)?;
    let matches = |domain: &Domain| {
        let address = plain(address, domain);
        rule.senders.iter().any(|pattern| pattern.matches_address(&address))
    };
    let found = matches(own) || (listed != *own && matches(&listed));
    found.then(|| rule.domain.of(own, listed))
}

/// What the index says, once the plain walk has said the same.
fn found(rules: &Rules, address: &str) -> Option<(usize, String)> {
    let address = mailbox(address);
    let parent = rules.0.parents.as_ref().and_then(|list| list.signing_domain(address.domain()));
    let own = parent.unwrap_or_else(|| address.domain().clone());
    let matching = rules.iter().enumerate().filter_map(|(index, rule)| {
        Some((index, signing_domain(rule, &address, &own)?.as_str().to_owned()))
    });
    let walk: Vec<_> = matching.collect();
    let shown = |found: Found<'_>| (found.index, found.domain.as_str().to_owned());
    let all: Vec<_> = rules.find_all(&address, usize::MAX).into_iter().map(shown).collect();
    assert_eq!(all, walk, "{address} among {rules:?}");
    assert_eq!(rules.find_all(&address, 2).len(), walk.len().min(2), "{address} among {rules:?}");
    let found = rules.find(&address).map(shown);
    assert_eq!(found, walk.first().cloned(), "{address} among {rules:?}");
    found
}

/// Pieces of which both patterns and addresses are made, so that many match, and many nearly.
const LABELS: &[&str] = &["a", "b", "ab", "ba", "aab", "\u{fc}", "xn--tda"];
const LOCALS: &[&str] = &["a", "b", "A", "ab", "+", "\u{fc}", "."];
const STARRED: &[&str] = &["a", "b", "ab", "*", "**", "*a", "b*", "A", "+"];

fn domain(chance: &mut Chance, labels: &[&str]) -> String {
    let count = 1 + chance.below(4);
    (0..count).map(|_| chance.pick(labels)).collect::<Vec<_>>().join(".")
}

fn pattern(chance: &mut Chance) -> Pattern {
    loop {
        let starred = [LABELS, &["*", "*a", "b*", "a*b", "**"]].concat();
        let text = match chance.below(8) {
            0 => chance.text(&[STARRED, &["@", "."]].concat(), 6),
            1 => format!("*{}", domain(chance, LABELS)),
            2 => format!("*.{}", domain(chance, &starred)),
            3 => format!("*@*.{}", domain(chance, LABELS)),
            4 => format!("{}@{}", chance.text(LOCALS, 3), domain(chance, LABELS)),
            5 => format!("{}@{}", chance.text(STARRED, 3), domain(chance, LABELS)),
            6 => format!("*@{}", domain(chance, LABELS)),
            _ => format!("{}@{}", chance.text(STARRED, 3), domain(chance, &starred)),
        };
        if let Ok(pattern) = Pattern::parse(&text) {
            return pattern;
        }
    }
}

fn list(chance: &mut Chance) -> Arc<DomainList> {
    let starred = [LABELS, &["*", "*a"]].concat();
    let count = 1 + chance.below(6);
    let text = |chance: &mut Chance| {
        let labels = if chance.below(4) == 0 { &starred } else { LABELS };
        domain(chance, labels)
    };
    let entries: Vec<Entry> = (0..count).filter_map(|_| Entry::parse(&text(chance)).ok()).collect();
    Arc::new(DomainList::new(entries, chance.below(2) == 0))
}

fn rules(chance: &mut Chance) -> Rules {
    let lists = [Some(list(chance)), Some(list(chance)), None, None];
    let count = [1, 5, 60, 400][chance.below(4)];
    let one = |_| {
        let domain = match chance.below(3) {
            0 => SigningDomain::Fixed(Domain::parse("fixed.example").unwrap()),
            1 => SigningDomain::Sender,
            _ => SigningDomain::Listed,
        };
        let mut made = rule(&[], lists[chance.below(4)].as_ref(), domain);
        made.senders = (0..chance.below(4)).map(|_| pattern(chance)).collect();
        made
    };
    let made = (0..count).map(one).collect();
    match chance.below(3) {
        0 => Rules::counting_as_parents(made, list(chance)),
        _ => Rules::new(made),
    }
}

fn address(chance: &mut Chance) -> String {
    loop {
        let local = chance.text(LOCALS, 4);
        let local = if chance.below(8) == 0 { format!("\"{local}@a\"") } else { local };
        let address = format!("{local}@{}", domain(chance, LABELS));
        if Mailbox::first(address.as_bytes()).is_ok() {
            return address;
        }
    }
}

#[test]
fn the_index_decides_as_the_walk_does() {
    let (mut hits, mut later) = (0, 0);
    for seed in 1..=400_u64 {
        println!("seed {seed}");
        let chance = &mut Chance(0x9e37_79b9_7f4a_7c15 ^ (seed << 20));
        let rules = rules(chance);
        for _ in 0..60 {
            let found = found(&rules, &address(chance));
            hits += usize::from(found.is_some());
            later += usize::from(found.is_some_and(|(index, _)| index > 0));
        }
    }
    // Neither side of the comparison was empty.
    assert!(later > 5_000 && hits < 23_000, "{hits} of 24000 hit, {later} not the first rule");
}

#[test]
fn patterns_that_end_alike_are_told_apart_by_their_beginnings() {
    let texts: Vec<String> = (0..1_000).map(|number| format!("u{number}*@example.com")).collect();
    let each = texts.iter().map(|text| rule(&[text], None, SigningDomain::Sender));
    let last = rule(&["*@example.com", "*@*"], None, SigningDomain::Sender);
    let rules = Rules::new(each.chain([last]).collect());
    for (address, want) in [
        ("u7@example.com", Some(7)),
        ("u77.x@example.com", Some(7)),
        ("u@example.com", Some(1_000)),
        ("u7@example.net", Some(1_000)),
    ] {
        let index = found(&rules, address).map(|(index, _)| index);
        assert_eq!(index, want, "{address}");
    }
}

#[test]
fn a_local_part_with_an_at_sign_is_no_domain() {
    let rules = Rules::new(vec![
        rule(&["*@a.example@b.example"], None, SigningDomain::Sender),
        rule(&["*@a.example"], None, SigningDomain::Sender),
        rule(&["*@b.example"], None, SigningDomain::Sender),
    ]);
    assert_eq!(found(&rules, "x@a.example"), Some((1, "a.example".to_owned())));
    assert_eq!(found(&rules, "x@b.example"), Some((2, "b.example".to_owned())));
    assert_eq!(found(&rules, "\"x@a.example\"@b.example"), Some((0, "b.example".to_owned())));
}

#[test]
fn an_address_of_very_many_labels_costs_no_more_than_its_length() {
    let senders: Vec<String> = (0..20_000)
        .map(|number| {
            let depth = number % 120;
            format!("*@*.{}d{number}.example", "a.".repeat(depth))
        })
        .collect();
    let each = senders.iter().map(|text| rule(&[text], None, SigningDomain::Sender));
    let rules = Rules::new(each.collect());
    let hostile = mailbox(&format!("{}@{}a", "x".repeat(1_000_000), "a.".repeat(126)));
    let start = Instant::now();
    for _ in 0..20 {
        assert!(rules.find(&hostile).is_none());
    }
    // Some milliseconds are the copies of a megabyte; the walk would take as long for each rule.
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}
