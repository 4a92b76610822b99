//! Whether a key list and the list of domains beside it are about the same senders.

use crate::caution::Caution;
use crate::door::Door;
use crate::lists::domains::DomainList;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::pattern::Pattern;
use crate::raw::Set;
use crate::rules::SigningRule;
use crate::wrong::Quoted;
use std::collections::HashSet;
use twinseal_message::Domain;

/// How many pairs of a domain and a pattern of domains are looked at: a second's work.
/// LIMIT: with more of them, what has a star in its domain is taken to fit.
const MAX_PAIRS: usize = 10_000_000;

/// Says which domains no line is for, and which lines no domain is for. In `dkim-filter`, the
/// domains do not stand in a line's way.
pub(super) fn cautions(
    door: Door,
    listed: &[Set<Domain>],
    within: &DomainList,
    rules: &[SigningRule],
    report: &mut Report,
) {
    let narrows = door != Door::DkimFilter;
    let senders = || rules.iter().flat_map(|rule| rule.senders.iter().map(move |one| (one, rule)));
    let wide: Vec<(&Pattern, &Origin)> = senders()
        .filter(|(pattern, _)| pattern.only_domain().is_none())
        .map(|(pattern, rule)| (pattern, &rule.origin))
        .collect();
    let mut narrow = HashSet::new();
    for (pattern, rule) in senders() {
        let Some(domain) = pattern.only_domain() else { continue };
        match within.signing_domain(&domain) {
            None if narrows => outside(pattern, &rule.origin, report),
            Some(parent) if !narrows && parent != domain => {
                let pattern = Quoted::new(pattern.as_str());
                report.warn(&rule.origin, "", Caution::LineBelow { pattern, domain, parent });
                continue;
            }
            _ => {}
        }
        if narrows && within.subdomains() {
            narrow.extend(domain.parents());
        }
        narrow.insert(domain);
    }
    if wide.len().saturating_mul(listed.len()) > MAX_PAIRS {
        return;
    }
    let may = |pattern: &Pattern, domain: &Domain| {
        // In dkim-filter, whoever is below a listed domain is taken to be in it.
        if narrows && within.subdomains() {
            pattern.may_be_in(domain)
        } else {
            pattern.may_be_at(domain)
        }
    };
    for Set { value: domain, origin } in listed {
        if !narrow.contains(domain) && !wide.iter().any(|(pattern, _)| may(pattern, domain)) {
            let domain = domain.clone();
            let caution = if narrows {
                Caution::DomainWithoutLine { domain }
            } else {
                Caution::DomainDeferred { domain }
            };
            report.warn(origin, "", caution);
        }
    }
    for (pattern, origin) in wide.into_iter().filter(|_| narrows) {
        if !within.has_patterns() && !listed.iter().any(|domain| may(pattern, &domain.value)) {
            outside(pattern, origin, report);
        }
    }
}

fn outside(pattern: &Pattern, origin: &Origin, report: &mut Report) {
    let pattern = Quoted::new(pattern.as_str());
    report.warn(origin, "", Caution::LineOutside { pattern });
}
