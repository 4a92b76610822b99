//! The status page: what is signed, what is not and why, the records of the keys, the last reload and
//! the last errors, each with what to do.
//!
//! Plain functions from a [`Status`] to a text. Nothing in it runs, and nothing is loaded from
//! elsewhere: where a daemon is in trouble, a browser on a phone is what there is.

mod domains;
mod frame;
mod problems;
pub(crate) mod reasons;
mod records;
#[cfg(test)]
pub(crate) mod sample;
mod tables;
#[cfg(test)]
mod tests;
mod troubles;
mod words;

use super::status::Status;
use crate::html::Text;
use frame::{Frame, Verdict};
use problems::Problem;
use std::fmt::{self, Write as _};
use twinseal_message::text::escaped;
use words::amount;

/// Everything that fits on one page.
pub(crate) fn overview(status: &Status) -> String {
    let problems = problems::find(status);
    let verdict = problems.iter().map(|problem| problem.verdict).max().unwrap_or(Verdict::Well);
    let frame = Frame { title: verdict.word(), verdict };
    frame.page(|page| {
        put_summary(page, status)?;
        page.write_str("</header>\n<main>\n")?;
        put_problems(page, &problems)?;
        tables::put_mail(page, status)?;
        tables::put_reasons(page, status)?;
        records::put(page, status)?;
        troubles::put_reload(page, status)?;
        troubles::put(page, status)
    })
}

/// The domains that sign, a hundred a page, the bad ones first; only those with that in their name,
/// or in the state of one of their records, if anything is sought.
pub(crate) fn domains(status: &Status, number: usize, find: &str) -> String {
    let found = domains::find(&status.dns, find);
    let frame = Frame { title: "Domains", verdict: Verdict::of_dns(&status.dns) };
    frame.page(|page| {
        let (host, product) = (escaped(&status.host), escaped(&status.product));
        let (host, product) = (Text(&host), Text(&product));
        write!(page, "<p>Mail signing on <strong>{host}</strong>, {product}</p>\n</header>\n")?;
        page.write_str("<main>\n")?;
        domains::put(page, status, &found, number, find)
    })
}

/// Where there is nothing.
pub(crate) fn nowhere() -> String {
    let frame = Frame { title: "Nothing is here", verdict: Verdict::Well };
    frame.page(|page| {
        page.write_str("</header>\n<main>\n<p>What there is: <a href=\"/\">the status</a>, ")?;
        page.write_str("<a href=\"/domains\">the domains</a>, <code>/metrics</code>, ")?;
        page.write_str(
            "<code>/stats</code>, <code>/dkim-stats</code>, <code>/healthz</code>.</p>\n",
        )
    })
}

fn put_summary(page: &mut String, status: &Status) -> fmt::Result {
    let what = match (status.signs, status.verifies) {
        (true, true) => "Signs what leaves and verifies what arrives",
        (true, false) => "Signs what leaves",
        (false, true) => "Verifies what arrives",
        (false, false) => "Neither signs nor verifies",
    };
    let counts = &status.counts;
    let of = |code| counts.messages.iter().find(|one| one.0 == code).map_or(0, |one| one.1);
    write!(
        page,
        "<p>{what} on <strong>{}</strong>, {}, up {}.</p>\n<p>{} signed, {} not signed, {} \
         obstructed; {} of {} connections.</p>\n",
        Text(&escaped(&status.host)),
        Text(&escaped(&status.product)),
        words::span(status.now.saturating_sub(status.started)),
        amount(of("signed")),
        amount(counts.not_signed.iter().map(|one| one.1).sum()),
        amount(of("obstructed")),
        amount(counts.connections),
        amount(counts.connections_limit),
    )?;
    writeln!(page, "<p>As of {}. <a href=\"/\">Refresh</a></p>", words::time(status.now))
}

/// What has to be looked at, the worst first.
fn put_problems(page: &mut String, problems: &[Problem]) -> fmt::Result {
    if problems.is_empty() {
        return page
            .write_str("<p class=\"clean\"><strong>Nothing needs your attention.</strong></p>\n");
    }
    page.write_str("<section id=\"attention\">\n<h2>What needs your attention</h2>\n")?;
    problems.iter().try_for_each(|problem| problem.put(page))?;
    page.write_str("</section>\n")
}
