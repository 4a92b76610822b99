//! The records of the keys that sign: how many are how, and what to do about one.

use super::domains;
use super::frame::Verdict;
use super::words::{ago, span, things};
use crate::html::Text;
use crate::monitoring::status::{RecordHealth, RecordState, Status};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use twinseal_message::text::shown;

/// How many domains are shown on the first page.
const MOST_DOMAINS: usize = 20;

/// What a state means.
pub(super) const fn meaning(state: RecordState) -> &'static str {
    match state {
        RecordState::Good => "it is that of the key",
        RecordState::Testing => "it is that of the key, and says that it is only a test (t=y)",
        RecordState::Missing => "there is no record",
        RecordState::Wrong => "it is that of another key, or receivers cannot use it",
        RecordState::Revoked => "it says that the key is not to be trusted any more",
        RecordState::Unusable => "it cannot be read",
        RecordState::Unreachable => "nobody could say what is published",
        RecordState::Unchecked => "nobody has asked yet",
    }
}

/// What to do about it; nothing, where all is as it should be. Commands stand between backquotes.
pub(super) fn remedy(record: &RecordHealth, domain: &str) -> String {
    let publish = if record.wanted.is_some() {
        "publish what stands below".to_owned()
    } else {
        "publish what `twinseal dns` prints for it".to_owned()
    };
    let (selector, domain) = (shown(&record.selector), shown(domain));
    let look = format!("`host -t txt {selector}._domainkey.{domain}` shows what is there");
    match record.state {
        RecordState::Good | RecordState::Unchecked => String::new(),
        RecordState::Testing => {
            "when you trust your set-up, publish it without t=y: receivers may ignore it as it is"
                .to_owned()
        }
        RecordState::Missing => publish,
        RecordState::Wrong | RecordState::Unusable => format!("{publish}; {look}"),
        RecordState::Revoked => {
            "sign with a new key: `twinseal genkey` makes one. If it was revoked \
                                 by mistake, publish its record again"
                .to_owned()
        }
        RecordState::Unreachable => {
            format!("{look}; if it does not, mend the resolver of this host")
        }
    }
}

/// The section.
pub(super) fn put(page: &mut String, status: &Status) -> fmt::Result {
    let dns = &status.dns;
    page.write_str("<section id=\"dns\">\n<h2>DNS of the domains that sign</h2>\n")?;
    let asked = match (dns.interval, dns.checked) {
        (None, _) => "DNS is not asked: metrics.dns-interval is 0s.".to_owned(),
        (Some(every), None) => {
            format!("Nobody has asked yet; it is done every {}.", span(every.as_secs()))
        }
        (Some(every), Some(at)) => {
            let ago = ago(at, status.now);
            format!("Asked {ago}, and every {}.", span(every.as_secs()))
        }
    };
    writeln!(page, "<p>{asked} <code>twinseal check</code> asks at once.</p>")?;
    put_states(page, status)?;
    let found = domains::find(dns, "");
    if found.is_empty() {
        page.write_str("<p>No domain signs.</p>\n")?;
    } else {
        let first = found.get(..MOST_DOMAINS).unwrap_or(&found);
        domains::put_table(page, first, status.now)?;
    }
    if found.len() > MOST_DOMAINS {
        let all = things(found.len(), "domain", "domains");
        writeln!(page, "<p><a href=\"/domains\">All {all}, with a search</a></p>")?;
    }
    if !dns.open.is_empty() {
        let rules = things(dns.open.len(), "rule", "rules");
        writeln!(
            page,
            "<details><summary>{rules} of which only a message says who signs: those \
                        domains are not looked at</summary>\n<ul>"
        )?;
        for rule in dns.open.iter().take(100) {
            writeln!(page, "<li>{}</li>", Text(&shown(rule)))?;
        }
        page.write_str("</ul></details>\n")?;
    }
    page.write_str("</section>\n")
}

/// How many are how.
fn put_states(page: &mut String, status: &Status) -> fmt::Result {
    let mut counts: BTreeMap<RecordState, usize> = BTreeMap::new();
    for record in status.dns.domains.iter().flat_map(|domain| &domain.records) {
        *counts.entry(record.state).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    page.write_str("<ul class=\"states\">\n")?;
    for state in RecordState::ALL {
        if let Some(count) = counts.get(&state) {
            let (name, class) = (state.name(), badge(state));
            let records = things(*count, "record", "records");
            writeln!(
                page,
                "<li><a href=\"/domains?find={name}\">{records}</a> \
                 <span class=\"badge {class}\">{name}</span></li>"
            )?;
        }
    }
    page.write_str("</ul>\n")
}

/// The class of its mark.
pub(super) const fn badge(state: RecordState) -> &'static str {
    match (Verdict::of_record(state), state) {
        (Verdict::Well, RecordState::Testing | RecordState::Unchecked) => "note",
        (verdict, _) => verdict.class(),
    }
}
