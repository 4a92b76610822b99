//! The result as text, JSON or a page.

mod json;
mod lines;

use super::asked::Asked;
use super::finding::Sheet;
use crate::terminal::Terminal;

/// Writes it where it was asked for.
///
/// # Errors
/// What kept it from being written, in words.
pub(super) fn write(
    sheet: &Sheet,
    asked: &Asked,
    terminal: &mut Terminal<'_>,
) -> Result<(), String> {
    let text = if asked.json {
        json::render(sheet).map_err(|error| format!("the result as JSON: {error}"))?
    } else {
        lines::render(sheet, asked.all)
    };
    terminal.print(text).map_err(|error| format!("standard output: {error}"))
}
