//! The domains that sign, a hundred a page.

use super::frame::Verdict;
use super::records::{badge, meaning, remedy};
use super::words::{Advice, ago, lines_of, things};
use crate::html::{Text, sentence};
use crate::monitoring::status::{DnsHealth, DomainHealth, RecordHealth, RecordState, Status};
use std::fmt::{self, Write as _};
use twinseal_message::text::shown;

/// How many domains there are on a page.
const PER_PAGE: usize = 100;

/// Those with that text in their name, or with a record in the state of that name; the bad ones
/// first, otherwise in the order of their names.
pub(super) fn find<'s>(dns: &'s DnsHealth, text: &str) -> Vec<&'s DomainHealth> {
    let text = text.trim().to_lowercase();
    let state = RecordState::ALL.into_iter().find(|state| state.name() == text);
    let is_sought = |domain: &DomainHealth| {
        let named = domain.domain.to_lowercase().contains(&text);
        named || state.is_some_and(|state| domain.records.iter().any(|one| one.state == state))
    };
    let mut found: Vec<_> = dns.domains.iter().filter(|domain| is_sought(domain)).collect();
    found.sort_by_key(|domain| {
        RecordState::ALL.into_iter().position(|state| worst(domain) == Some(state))
    });
    found
}

/// The worst state of its records.
fn worst(domain: &DomainHealth) -> Option<RecordState> {
    let has = |state: &RecordState| domain.records.iter().any(|record| record.state == *state);
    RecordState::ALL.into_iter().find(has)
}

/// What stands below the header.
pub(super) fn put(
    page: &mut String,
    status: &Status,
    found: &[&DomainHealth],
    number: usize,
    text: &str,
) -> fmt::Result {
    let pages = found.len().div_ceil(PER_PAGE).max(1);
    let number = number.clamp(1, pages);
    let first = (number - 1) * PER_PAGE;
    let here: Vec<_> = found.iter().copied().skip(first).take(PER_PAGE).collect();
    writeln!(
        page,
        "<p><a href=\"/\">Back to the status</a></p>\n<form action=\"/domains\" method=\"get\">\n\
         <label for=\"find\">Name or state</label>\n\
         <input id=\"find\" name=\"find\" type=\"search\" maxlength=\"255\" value=\"{}\">\n\
         <button type=\"submit\">Find</button>\n</form>",
        Text(&shown(text))
    )?;
    let of = things(found.len(), "domain", "domains");
    let all = things(status.dns.domains.len(), "signs", "sign");
    match (found.len(), here.len()) {
        (0, _) => writeln!(page, "<p>Nothing is found; {all}.</p>")?,
        (_, number) => {
            let last = first + number;
            writeln!(
                page,
                "<p>{} to {last} of {of}; {all} in all, the bad ones first.</p>",
                first + 1
            )?;
            put_table(page, &here, status.now)?;
        }
    }
    put_pages(page, number, pages, text)
}

/// The links to the other pages.
fn put_pages(page: &mut String, number: usize, pages: usize, text: &str) -> fmt::Result {
    if pages < 2 {
        return Ok(());
    }
    let find = encoded(text);
    page.write_str("<nav class=\"pages\" aria-label=\"Pages\">\n")?;
    let links = [
        (number > 1, 1, "First"),
        (number > 1, number - 1, "Previous"),
        (number < pages, number + 1, "Next"),
        (number < pages, pages, "Last"),
    ];
    writeln!(page, "<span>Page {number} of {pages}</span>")?;
    for (_, to, word) in links.into_iter().filter(|(is_there, ..)| *is_there) {
        writeln!(page, "<a href=\"/domains?page={to}&amp;find={find}\">{word}</a>")?;
    }
    page.write_str("</nav>\n")
}

/// A row for each record.
pub(super) fn put_table(page: &mut String, domains: &[&DomainHealth], now: u64) -> fmt::Result {
    page.write_str(
        "<table>\n<thead><tr><th scope=\"col\">Domain</th><th scope=\"col\">Selector</th>\
         <th scope=\"col\">State</th><th scope=\"col\">What it is</th></tr></thead>\n<tbody>\n",
    )?;
    for domain in domains {
        for record in &domain.records {
            put_row(page, &domain.domain, record, now)?;
        }
    }
    page.write_str("</tbody>\n</table>\n")
}

fn put_row(page: &mut String, domain: &str, record: &RecordHealth, now: u64) -> fmt::Result {
    let state = record.state;
    write!(
        page,
        "<tr><th scope=\"row\" data-of=\"Domain\">{}</th><td data-of=\"Selector\">{}</td>\
         <td data-of=\"State\"><span class=\"badge {}\">{}</span></td><td data-of=\"What it is\">",
        Text(&shown(domain)),
        Text(&shown(&record.selector)),
        badge(state),
        state.name(),
    )?;
    write!(page, "{}", Text(&sentence(meaning(state))))?;
    if let Some(since) = record.since
        && Verdict::of_record(state) != Verdict::Well
    {
        write!(page, ", first seen {}", ago(since, now))?;
    }
    page.write_str(".")?;
    if record.faults.is_empty() && state == RecordState::Good {
        return page.write_str("</td></tr>\n");
    }
    for fault in &*record.faults {
        let (what, why) = (sentence(&shown(&fault.what)), sentence(fault.why));
        write!(
            page,
            "<p>{}: {}. <span class=\"code\">{}</span></p>",
            Text(&what),
            Text(&why),
            fault.code
        )?;
    }
    let advice = remedy(record, domain);
    if !advice.is_empty() {
        write!(page, "<p class=\"do\">{}.</p>", Advice(&sentence(&advice)))?;
    }
    if let Some(wanted) = &record.wanted {
        write!(page, "<pre>{}</pre>", Text(&lines_of(&wanted.to_string())))?;
    }
    page.write_str("</td></tr>\n")
}

/// A text as a part of a link.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_') {
            encoded.push(char::from(octet));
        } else {
            encoded.push_str(&format!("%{octet:02X}"));
        }
    }
    encoded
}
