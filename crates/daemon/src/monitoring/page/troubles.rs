//! How the configuration was read last, and what went wrong since.

use super::reasons::{CAUSES, OBSTACLES, REASONS, explained};
use super::words::{Advice, ago, amount, time};
use crate::html::{Text, sentence};
use crate::monitoring::status::{Status, Trouble};
use std::fmt::{self, Write as _};
use twinseal_message::text::{escaped, shown};

/// How many are shown.
const MOST: usize = 50;

/// The last reload.
pub(super) fn put_reload(page: &mut String, status: &Status) -> fmt::Result {
    let loading = &status.loading;
    page.write_str("<section id=\"reload\">\n<h2>Last reload</h2>\n")?;
    let place = match &loading.file {
        Some(file) => format!("<code>{}</code>", Text(&shown(file))),
        None => "what stands on the command line".to_owned(),
    };
    writeln!(
        page,
        "<p>In force is {place}, read {} ({}).</p>",
        ago(loading.in_force_since, status.now),
        time(loading.in_force_since)
    )?;
    let (succeeded, failed) = loading.reloads;
    if succeeded == 0 && failed == 0 {
        page.write_str("<p>It was not read again since the start.</p>\n")?;
    } else {
        writeln!(
            page,
            "<p>Read again since the start: {} with success, {} without.</p>",
            amount(succeeded),
            amount(failed)
        )?;
    }
    if loading.mistakes.is_empty() {
        page.write_str("<p class=\"clean\">Nothing was wrong with it.</p>\n")?;
    } else {
        let attempted = ago(loading.attempted, status.now);
        writeln!(page, "<p class=\"bad\">The last attempt, {attempted}, failed:</p>\n<pre>")?;
        for mistake in &loading.mistakes {
            writeln!(page, "{}", Text(&escaped(mistake)))?;
        }
        page.write_str("</pre>\n<p class=\"do\">Mend it, then reload again.</p>\n")?;
    }
    page.write_str("</section>\n")
}

/// The last errors and warnings.
pub(super) fn put(page: &mut String, status: &Status) -> fmt::Result {
    page.write_str("<section id=\"errors\">\n<h2>Last errors and warnings</h2>\n")?;
    if status.troubles.is_empty() {
        page.write_str("<p class=\"clean\">There were none since the start.</p>\n")?;
        return page.write_str("</section>\n");
    }
    page.write_str(
        "<table>\n<thead><tr><th scope=\"col\">When</th><th scope=\"col\">Kind</th>\
         <th scope=\"col\" class=\"number\">Times</th><th scope=\"col\">What</th></tr></thead>\n\
         <tbody>\n",
    )?;
    for trouble in status.troubles.iter().take(MOST) {
        put_row(page, trouble, status.now)?;
    }
    page.write_str("</tbody>\n</table>\n</section>\n")
}

fn put_row(page: &mut String, trouble: &Trouble, now: u64) -> fmt::Result {
    let Trouble { at, is_error, text, code, count } = trouble;
    let (class, word) = if *is_error { ("wrong", "error") } else { ("risk", "warning") };
    write!(
        page,
        "<tr><th scope=\"row\" data-of=\"When\"><span title=\"{}\">{}</span></th>\
         <td data-of=\"Kind\"><span class=\"badge {class}\">{word}</span></td>\
         <td class=\"number\" data-of=\"Times\">{}</td><td data-of=\"What\">{}",
        time(*at),
        ago(*at, now),
        amount(*count),
        Text(&shown(text)),
    )?;
    writeln!(page, "<p class=\"do\">{}.</p></td></tr>", Advice(&sentence(advice(*code, text))))
}

/// What to do about it; where nothing better is known, who knows more.
fn advice(code: Option<&'static str>, text: &str) -> &'static str {
    let tables = [OBSTACLES, REASONS, CAUSES];
    let known = code.and_then(|code| tables.into_iter().find_map(|table| explained(table, code)));
    match known {
        Some(words) if !words.advice.is_empty() => words.advice,
        Some(_) | None if text.starts_with("reload: ") => {
            "`twinseal serve --config FILE --check` says all that is wrong with it"
        }
        Some(_) | None => "`twinseal check` looks at everything that has to agree on this host",
    }
}
