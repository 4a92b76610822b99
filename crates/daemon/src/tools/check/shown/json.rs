//! The result as one JSON object. Its names are promises: they are in `docs/check.md`.

use crate::tools::check::finding::{Finding, Grade, Item, Passed, Sheet};
use serde::Serialize;

#[derive(Serialize)]
struct Answer<'s> {
    /// `clean`, or `found` where something is wrong or at risk.
    result: &'static str,
    findings: &'s [Finding],
    passed: &'s [Passed],
    inventory: &'s [Item],
}

pub(super) fn render(sheet: &Sheet) -> Result<String, serde_json::Error> {
    let Sheet { findings, passed, inventory } = sheet;
    let counts = findings.iter().any(|finding| finding.kind.grade != Grade::Note);
    let result = if counts { "found" } else { "clean" };
    serde_json::to_string_pretty(&Answer { result, findings, passed, inventory })
        .map(|text| text + "\n")
}
