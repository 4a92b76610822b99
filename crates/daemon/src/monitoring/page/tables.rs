//! What is signed, what is not, and why.

use super::reasons::{CAUSES, Explained, OBSTACLES, OUTCOMES, REASONS, RESULTS, explained};
use super::words::{Advice, amount, span};
use crate::html::{Text, sentence};
use crate::monitoring::status::{SealCount, Status};
use std::fmt::{self, Write as _};
use twinseal_message::text::shown;

/// How many rows of seals are shown whole; the others are folded.
const MOST_SEALS: usize = 10;

/// What became of messages, and by whom they were signed.
pub(super) fn put_mail(page: &mut String, status: &Status) -> fmt::Result {
    let counts = &status.counts;
    let since = span(status.now.saturating_sub(status.started));
    page.write_str("<section id=\"mail\">\n<h2>What is signed</h2>\n")?;
    if counts.messages.iter().all(|(_, count)| *count == 0) {
        writeln!(page, "<p>No message has come since the start, {since} ago.</p>")?;
        page.write_str(
            "<p class=\"do\">If there should have been some, <code>twinseal selftest</code> sends \
             one through the MTA, and <code>twinseal check</code> looks at what the MTA is told.</p>\n",
        )?;
    } else {
        writeln!(page, "<p>Messages since the start, {since} ago:</p>")?;
        put_table(page, "Messages", (OUTCOMES, &counts.messages))?;
    }
    let (first, rest) = match counts.seals.split_at_checked(MOST_SEALS) {
        Some((first, rest)) => (first, rest),
        None => (counts.seals.as_slice(), [].as_slice()),
    };
    if !first.is_empty() {
        page.write_str("<h3>Seals by domain</h3>\n")?;
        put_seals(page, first)?;
    }
    if !rest.is_empty() {
        writeln!(page, "<details><summary>{} more</summary>", rest.len())?;
        put_seals(page, rest)?;
        page.write_str("</details>\n")?;
    }
    if counts.verified.iter().any(|(_, count)| *count > 0) {
        page.write_str("<h3>Signatures of others</h3>\n")?;
        put_table(page, "Signatures", (RESULTS, &counts.verified))?;
    }
    page.write_str("</section>\n")
}

fn put_seals(page: &mut String, seals: &[SealCount]) -> fmt::Result {
    page.write_str(
        "<table>\n<thead><tr><th scope=\"col\">Domain</th><th scope=\"col\">Seal</th>\
         <th scope=\"col\">Algorithm</th><th scope=\"col\" class=\"number\">Made</th></tr></thead>\n\
         <tbody>\n",
    )?;
    for SealCount { seal, domain, algorithm, count } in seals {
        let seal = match *seal {
            "dkim" => "DKIM",
            "domainkeys" => "DomainKeys",
            other => other,
        };
        writeln!(
            page,
            "<tr><th scope=\"row\" data-of=\"Domain\">{}</th><td data-of=\"Seal\">{seal}</td>\
             <td data-of=\"Algorithm\">{algorithm}</td>\
             <td class=\"number\" data-of=\"Made\">{}</td></tr>",
            Text(&shown(domain)),
            amount(*count)
        )?;
    }
    page.write_str("</tbody>\n</table>\n")
}

/// What is not signed, and what will break.
pub(super) fn put_reasons(page: &mut String, status: &Status) -> fmt::Result {
    let counts = &status.counts;
    let has = |found: &[(&'static str, u64)]| found.iter().any(|(_, count)| *count > 0);
    page.write_str("<section id=\"unsigned\">\n<h2>What is not signed, and why</h2>\n")?;
    if !has(&counts.not_signed) && !has(&counts.obstructed) && counts.left_out.is_empty() {
        let nothing = if status.signs {
            "Everything that could have been signed was signed."
        } else {
            "Signing is switched off: mode lacks s."
        };
        writeln!(page, "<p class=\"clean\">{nothing}</p>")?;
    }
    if has(&counts.obstructed) {
        page.write_str("<h3>Something here kept them from being dealt with</h3>\n")?;
        put_table(page, "Messages", (OBSTACLES, &counts.obstructed))?;
    }
    if has(&counts.not_signed) {
        page.write_str("<h3>Messages that went on as they came</h3>\n")?;
        put_table(page, "Messages", (REASONS, &counts.not_signed))?;
    }
    for (seal, name) in [("dkim", "DKIM"), ("domainkeys", "DomainKeys")] {
        let left = counts.left_out.iter().filter(|one| one.seal == seal && one.count > 0);
        let left: Vec<_> = left.map(|one| (one.reason, one.count)).collect();
        if !left.is_empty() {
            writeln!(page, "<h3>Messages with one seal, and without that of {name}</h3>")?;
            put_table(page, "Messages", (REASONS, &left))?;
        }
    }
    if has(&counts.forecast) {
        page.write_str("<h3>Signed, and going to break on the way</h3>\n")?;
        put_table(page, "Messages", (CAUSES, &counts.forecast))?;
    }
    page.write_str("</section>\n")
}

/// What of which there are any, most first.
fn put_table(
    page: &mut String,
    what: &str,
    (table, found): (&'static [Explained], &[(&'static str, u64)]),
) -> fmt::Result {
    writeln!(
        page,
        "<table>\n<thead><tr><th scope=\"col\">Code</th><th scope=\"col\" class=\"number\">{what}\
         </th><th scope=\"col\">What it means</th></tr></thead>\n<tbody>"
    )?;
    let mut found: Vec<_> = found.iter().filter(|(_, count)| *count > 0).collect();
    found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (code, count) in found {
        put_row(page, what, code, *count, explained(table, code))?;
    }
    page.write_str("</tbody>\n</table>\n")
}

fn put_row(
    page: &mut String,
    what: &str,
    code: &str,
    count: u64,
    words: Option<&Explained>,
) -> fmt::Result {
    write!(
        page,
        "<tr><th scope=\"row\" data-of=\"Code\">{}</th>\
         <td class=\"number\" data-of=\"{what}\">{}</td><td data-of=\"What it means\">",
        Text(code),
        amount(count)
    )?;
    if let Some(words) = words {
        write!(page, "{}.", Text(&sentence(words.means)))?;
        if !words.advice.is_empty() {
            write!(page, "<p class=\"do\">{}.</p>", Advice(&sentence(words.advice)))?;
        }
    }
    page.write_str("</td></tr>\n")
}
