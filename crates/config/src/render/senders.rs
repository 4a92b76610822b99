//! Rules of historic programs as entries of our own file.
//!
//! There, whose mail is signed follows from a list of domains and from patterns of addresses, both
//! of which have to match. An entry has patterns only. Where no patterns say the same, none are
//! made up.

use crate::lists::domains::DomainList;
use crate::rules::{SigningDomain, SigningRule};

/// The senders of one entry, and its domain.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Senders {
    pub(super) patterns: Vec<String>,
    pub(super) domain: String,
    /// Whether all of them are below the domain, which signs for them as their parent.
    pub(super) below: bool,
}

/// What cannot be said in an entry, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsayable {
    #[error(
        "senders count as those of a listed parent domain, which patterns of addresses cannot say"
    )]
    Parents,
    #[error("it takes what is below domains that match a pattern")]
    BelowPatterns,
    #[error("its senders are those that two patterns match at the same time")]
    TwoPatterns,
    #[error("its key is that of the sender's domain, and stands in another file for each")]
    SenderKey,
    #[error("it signs on behalf of the sender's domain, whatever that is")]
    SenderIdentity,
    #[error("its key stands in the table itself; an entry names the file that a key is in")]
    InlineKey,
    #[error("another listed domain lies below one of its domains, and is not meant")]
    Hole,
}

/// Which of the entries that match an address sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matching {
    First,
    All,
}

/// The entries that say the same as that rule. Where there are `parents`, senders below them count
/// as senders there.
pub(super) fn of_rule(
    rule: &SigningRule,
    parents: Option<&DomainList>,
    matching: Matching,
) -> Result<Vec<Senders>, Unsayable> {
    if let Some(tabled) = &rule.tabled {
        if tabled.key.is_some() {
            return Err(Unsayable::SenderKey);
        }
        if tabled.signer.as_ref().is_some_and(|signer| signer.contains('%')) {
            return Err(Unsayable::SenderIdentity);
        }
    }
    if rule.keys.iter().any(|key| key.inline.is_some()) {
        return Err(Unsayable::InlineKey);
    }
    let own = match &rule.domain {
        SigningDomain::Fixed(domain) => Some(domain.to_string()),
        SigningDomain::Sender | SigningDomain::Listed => None,
    };
    let Some(list) = &rule.within else {
        let mut entries: Vec<Senders> = Vec::new();
        for sender in &rule.senders {
            for one in counted(sender.as_str(), own.as_deref(), parents)? {
                match entries.last_mut() {
                    Some(last) if last.domain == one.domain && last.below == one.below => {
                        last.patterns.extend(one.patterns);
                    }
                    _ => entries.push(one),
                }
            }
        }
        return Ok(entries);
    };
    // An address in one of two domains, one below the other, would have two seals.
    let nested = || list.exact().iter().any(|domain| has_below(list, domain.as_str()));
    if matching == Matching::All && list.subdomains() && nested() {
        return Err(Unsayable::Hole);
    }
    let mut entries = Vec::new();
    for sender in &rule.senders {
        for mut entry in within(sender.as_str(), list)? {
            if let Some(domain) = &own {
                entry.domain.clone_from(domain);
            }
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// The addresses that the pattern matches, wherever they are, or as those of their parents.
fn counted(
    pattern: &str,
    own: Option<&str>,
    parents: Option<&DomainList>,
) -> Result<Vec<Senders>, Unsayable> {
    let domain = pattern.rsplit_once('@').map_or("*", |(_, domain)| domain);
    let signs = |own: Option<&str>| own.unwrap_or("*").to_owned();
    let is_below_own = |domain: &str| own.is_some_and(|own| is_below(domain, own));
    let Some(list) = parents else {
        let top = domain.strip_prefix("*.").unwrap_or(domain);
        let below = is_below_own(domain) || is_below_own(top);
        let patterns = vec![pattern.to_owned()];
        return Ok(vec![Senders { patterns, domain: signs(own), below }]);
    };
    let listed = list.exact().iter().any(|one| one.as_str().eq_ignore_ascii_case(domain));
    let above = list.exact().iter().any(|one| is_below(domain, one.as_str()));
    if list.has_patterns() || domain.contains('*') {
        return Err(Unsayable::Parents);
    }
    let at = || Senders {
        patterns: vec![pattern.to_owned()],
        domain: signs(own.or(listed.then_some(domain))),
        below: is_below_own(domain),
    };
    match (listed, above) {
        (false, false) => Ok(vec![at()]),
        // Its senders count as those of a parent, which the pattern does not match.
        (false, true) => Ok(Vec::new()),
        (true, _) if has_below(list, domain) => Err(Unsayable::Hole),
        (true, _) => {
            let local = pattern.strip_suffix(domain).unwrap_or("*@");
            let patterns = vec![format!("{local}*.{domain}")];
            let below = is_below_own(domain) || own.is_none_or(|own| own == domain);
            Ok(vec![at(), Senders { patterns, below, ..at() }])
        }
    }
}

/// The addresses that the pattern matches and that are in the list.
fn within(pattern: &str, list: &DomainList) -> Result<Vec<Senders>, Unsayable> {
    let (local, domain) = match pattern.rsplit_once('@') {
        Some(parts) => parts,
        None if pattern == "*" => ("*", "*"),
        None => return Err(Unsayable::TwoPatterns),
    };
    if list.has_patterns() && list.subdomains() {
        return Err(Unsayable::BelowPatterns);
    }
    let mut entries = Vec::new();
    for listed in list.exact() {
        let listed = listed.as_str();
        let one = |before: &str, name: &str| Senders {
            patterns: vec![format!("{local}@{before}{name}")],
            domain: listed.to_owned(),
            below: !before.is_empty(),
        };
        let is_at = domain == "*" || domain.eq_ignore_ascii_case(listed);
        if is_at {
            entries.push(one("", listed));
            if list.subdomains() {
                // What is below a listed domain below it is not this one's.
                if domain != "*" && has_below(list, listed) {
                    return Err(Unsayable::Hole);
                }
                entries.push(one("*.", listed));
            }
        } else if domain.contains('*') || (list.subdomains() && is_below(domain, listed)) {
            return Err(Unsayable::TwoPatterns);
        }
    }
    for wild in list.patterns() {
        let covered = domain == "*" || domain.eq_ignore_ascii_case(wild);
        if !covered {
            return Err(Unsayable::TwoPatterns);
        }
        let (patterns, domain) = (vec![format!("{local}@{wild}")], "*".to_owned());
        entries.push(Senders { patterns, domain, below: false });
    }
    Ok(entries)
}

fn has_below(list: &DomainList, domain: &str) -> bool {
    list.exact().iter().any(|other| is_below(other.as_str(), domain))
}

/// Whether the domain lies below the other one.
fn is_below(domain: &str, other: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    domain.strip_suffix(other).is_some_and(|above| above.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{Unsayable, counted, within};
    use crate::lists::domains::{DomainList, Entry};

    fn said(pattern: &str, list: &[&str], below: bool) -> Result<Vec<String>, Unsayable> {
        let entries: Vec<Entry> = list.iter().map(|text| Entry::parse(text).unwrap()).collect();
        let entries = within(pattern, &DomainList::new(entries, below))?;
        let shown =
            |entry: super::Senders| format!("{} {}", entry.patterns.join(","), entry.domain);
        Ok(entries.into_iter().map(shown).collect())
    }

    #[test]
    fn a_list_of_domains_becomes_patterns_of_addresses() {
        for (pattern, list, below, want) in [
            ("*", &["a.example"][..], false, &["*@a.example a.example"][..]),
            ("*", &["a.example"], true, &["*@a.example a.example", "*@*.a.example a.example"]),
            (
                "joe@*",
                &["a.example", "m.a.example"],
                true,
                &[
                    "joe@m.a.example m.a.example",
                    "joe@*.m.a.example m.a.example",
                    "joe@a.example a.example",
                    "joe@*.a.example a.example",
                ],
            ),
            ("*@A.example", &["a.example", "b.example"], false, &["*@a.example a.example"]),
            ("*@c.example", &["a.example"], false, &[]),
            ("*", &["*.a.example"], false, &["*@*.a.example *"]),
        ] {
            assert_eq!(said(pattern, list, below).unwrap(), want, "{pattern} {list:?}");
        }
    }

    #[test]
    fn what_no_pattern_says_is_not_made_up() {
        for (pattern, list, below, want) in [
            ("*", &["*.a.example"][..], true, Unsayable::BelowPatterns),
            ("*@*.example", &["a.example"], false, Unsayable::TwoPatterns),
            ("*.example", &["a.example"], false, Unsayable::TwoPatterns),
            ("*@m.a.example", &["a.example"], true, Unsayable::TwoPatterns),
            ("*@a.example", &["a.example", "m.a.example"], true, Unsayable::Hole),
            ("*@a.example", &["*.example"], false, Unsayable::TwoPatterns),
        ] {
            assert_eq!(said(pattern, list, below), Err(want), "{pattern} {list:?}");
        }
    }

    #[test]
    fn senders_that_count_as_those_of_a_parent_are_senders_below_it() {
        let entries = |list: &[&str]| list.iter().map(|text| Entry::parse(text).unwrap()).collect();
        for (pattern, own, list, want) in [
            (
                "*@a.example",
                Some("a.example"),
                &["a.example"][..],
                Ok(vec!["*@a.example a.example false", "*@*.a.example a.example true"]),
            ),
            (
                "joe@a.example",
                None,
                &["a.example", "b.example"],
                Ok(vec!["joe@a.example a.example false", "joe@*.a.example a.example true"]),
            ),
            ("*@c.example", None, &["a.example"], Ok(vec!["*@c.example * false"])),
            ("*@m.a.example", Some("a.example"), &["a.example"], Ok(vec![])),
            ("*@a.example", None, &["a.example", "m.a.example"], Err(Unsayable::Hole)),
            ("*@*.example", None, &["a.example"], Err(Unsayable::Parents)),
        ] {
            let list: Vec<Entry> = entries(list);
            let found = counted(pattern, own, Some(&DomainList::new(list, true)));
            let shown = |one: super::Senders| {
                format!("{} {} {}", one.patterns.join(","), one.domain, one.below)
            };
            let found = found.map(|found| found.into_iter().map(shown).collect::<Vec<_>>());
            let want = want.map(|want| want.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(found, want, "{pattern}");
        }
        let entry = counted("*@m.a.example", Some("a.example"), None).unwrap();
        assert!(entry.iter().all(|one| one.below));
    }
}
