//! The result as text, JSON or a page.

mod json;
mod lines;
mod page;

use super::asked::Asked;
use super::finding::Sheet;
use crate::serving::service::system_clock;
use crate::terminal::Terminal;
use nix::unistd::gethostname;
use std::fs;
use std::path::Path;
use twinseal_message::text;

/// Writes it where it was asked for: a page goes into its file, and the rest is still said in
/// lines.
///
/// # Errors
/// What kept it from being written, in words.
pub(super) fn write(
    sheet: &Sheet,
    asked: &Asked,
    terminal: &mut Terminal<'_>,
) -> Result<(), String> {
    let shown = if asked.json {
        json::render(sheet).map_err(|error| format!("the result as JSON: {error}"))?
    } else if let Some(path) = &asked.html {
        let host = gethostname().ok().and_then(|name| name.into_string().ok());
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        let page = page::render(sheet, &host, system_clock());
        if path == Path::new("-") {
            page
        } else {
            fs::write(path, page).map_err(|error| format!("{}: {error}", text::path(path)))?;
            format!("{}{}\n", lines::summary(sheet), text::path(path))
        }
    } else if asked.quiet {
        lines::counted(sheet)
    } else {
        lines::render(sheet, asked.all)
    };
    terminal.print(shown).map_err(|error| format!("standard output: {error}"))
}
