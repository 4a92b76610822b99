use super::super::{KeySource, SigningDomain};
use super::{Rules, SigningRule};
use crate::lists::domains::{DomainList, Entry};
use crate::origin::Origin;
use crate::pattern::Pattern;
use std::sync::Arc;
use twinseal_message::{Domain, Mailbox, Selector};

fn rule(pattern: &str, within: Option<&Arc<DomainList>>) -> SigningRule {
    SigningRule {
        senders: vec![Pattern::parse(pattern).unwrap()],
        tabled: None,
        within: within.cloned(),
        domain: SigningDomain::Fixed(Domain::parse("example.com").unwrap()),
        keys: vec![KeySource {
            file: "k".into(),
            selector: Selector::parse("s").unwrap(),
            origin: Origin::Default,
            inline: None,
        }],
        dkim: None,
        domainkeys: None,
        origin: Origin::Default,
    }
}

fn address(text: &str) -> Mailbox {
    Mailbox::first(text.as_bytes()).unwrap()
}

/// The nearest pattern, and what is the matter with it.
fn nearest(rules: &Rules, text: &str) -> String {
    let near = rules.nearest(&address(text));
    near.map(|near| format!("{}: {}", near.pattern, near.miss)).unwrap_or_default()
}

#[test]
fn the_nearest_pattern_says_what_would_have_to_differ() {
    for (patterns, address, want) in [
        (&["*@exmaple.com"][..], "a@example.com", "*@exmaple.com: its domain is spelled with 2"),
        (&["*@exampl.com"], "a@example.com", "*@exampl.com: its domain is spelled with one other"),
        (&["*@*.example.com"], "a@example.com", "*@*.example.com: it is for what is below exam"),
        (&["*@example.com"], "a@m.example.com", "*@example.com: it is for example.com itself"),
        (&["*@m.example.com"], "a@example.com", "*@m.example.com: it is for m.example.com alone"),
        (&["b@example.com"], "a@example.com", "b@example.com: the domain matches, what stands"),
        (&["b@*.example.com"], "a@m.example.com", "b@*.example.com: the domain matches"),
        (&["b*@ex*.com"], "a@example.com", "b*@ex*.com: the domain matches"),
        (&["*@*.exmaple.com"], "a@m.example.com", "*@*.exmaple.com: its domain is spelled with 2"),
        (&["*@elsewhere.net"], "a@example.com", ""),
        (&["zoe@example.com", "an@example.com"], "ann@example.com", "an@example.com: the domain"),
        (&["*@exmaple.com", "*@*.example.com"], "a@example.com", "*@*.example.com: it is for"),
        (&["*@example.com", "b@example.com"], "a@example.com", "b@example.com: the domain"),
        (&["*@example.com"], "a@example.com", ""),
    ] {
        let rules = Rules::new(patterns.iter().map(|pattern| rule(pattern, None)).collect());
        let found = nearest(&rules, address);
        let fits = if want.is_empty() { found.is_empty() } else { found.starts_with(want) };
        assert!(fits, "{patterns:?} {address}: {found:?}");
    }
}

#[test]
fn a_list_of_domains_beside_the_rule_is_told_of() {
    let list = |domains: &[&str], below| {
        let entries: Vec<Entry> = domains.iter().map(|text| Entry::parse(text).unwrap()).collect();
        Arc::new(DomainList::new(entries, below))
    };
    for (domains, below, address, want) in [
        (&["example.com"][..], false, "a@m.example.com", "example.com is, and what is below it"),
        (&["exmaple.com"], true, "a@example.com", "beside it: exmaple.com is"),
        (&["elsewhere.net"], true, "a@example.com", "not in the list of domains beside it"),
        (&["example.com"], true, "a@m.example.com", ""),
    ] {
        let rules = Rules::new(vec![rule("*", Some(&list(domains, below)))]);
        let found = nearest(&rules, address);
        let fits = if want.is_empty() { found.is_empty() } else { found.ends_with(want) };
        assert!(fits || found.contains(want) && !want.is_empty(), "{address}: {found:?}");
    }
}

#[test]
fn the_pattern_that_matched_is_told() {
    let mut two = rule("b@example.com", None);
    two.senders.push(Pattern::parse("*@example.com").unwrap());
    let rules = Rules::new(vec![two]);
    let address = address("a@example.com");
    let found = rules.find(&address).unwrap();
    assert_eq!(rules.pattern_of(&found, &address).unwrap().as_str(), "*@example.com");
}

#[test]
fn the_nearest_of_very_many_rules_is_found() {
    let patterns = (0..100_000).map(|number| format!("*@domain{number}.example"));
    let rules = Rules::new(patterns.map(|pattern| rule(&pattern, None)).collect());
    assert!(nearest(&rules, "a@domain99x99.example").contains("one other letter"));
}
