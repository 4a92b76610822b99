//! The result in lines for people.

use crate::tools::check::finding::{Area, Finding, Grade, Item, Passed, Sheet};

/// How many things that are in order are shown of one area, unless all are asked for.
const MOST_PASSED: usize = 12;

/// How many findings of one kind are shown whole; of the rest, where they are.
const MOST_WHOLE: usize = 10;

/// How many places of further findings of one kind are shown.
const MOST_PLACES: usize = 50;

pub(super) fn render(sheet: &Sheet, all: bool) -> String {
    let mut text = String::new();
    for area in Area::ALL {
        let found: Vec<&Finding> =
            sheet.findings.iter().filter(|finding| finding.kind.area == area).collect();
        let passed: Vec<&Passed> = sheet.passed.iter().filter(|one| one.area == area).collect();
        if found.is_empty() && passed.is_empty() {
            continue;
        }
        text.push_str(&format!("== {}\n\n", area.title()));
        put_findings(&found, all, &mut text);
        put_passed(&passed, all, &mut text);
    }
    put_inventory(&sheet.inventory, all, &mut text);
    text.push_str(&summary(sheet));
    text
}

/// What is wrong or at risk alone; nothing where nothing is.
pub(super) fn counted(sheet: &Sheet) -> String {
    let counts = |finding: &&Finding| finding.kind.grade != Grade::Note;
    let found: Vec<&Finding> = sheet.findings.iter().filter(counts).collect();
    let mut text = String::new();
    put_findings(&found, false, &mut text);
    if !text.is_empty() {
        text.push_str(&summary(sheet));
    }
    text
}

/// The last line: how much there is of what.
pub(in crate::tools::check) fn summary(sheet: &Sheet) -> String {
    let count = |grade| sheet.findings.iter().filter(|one| one.kind.grade == grade).count();
    let (wrong, risks, notes) = (count(Grade::Wrong), count(Grade::Risk), count(Grade::Note));
    let notes = match notes {
        0 => String::new(),
        1 => "; 1 note".to_owned(),
        many => format!("; {many} notes"),
    };
    let passed = match sheet.passed.len() {
        1 => "1 thing".to_owned(),
        many => format!("{many} things"),
    };
    if wrong == 0 && risks == 0 {
        return format!("Clean: {passed} in order, nothing wrong{notes}.\n");
    }
    let risks = if risks == 1 { "1 risk".to_owned() } else { format!("{risks} risks") };
    format!("Found: {wrong} wrong, {risks}{notes}; {passed} in order.\n")
}

fn put_findings(found: &[&Finding], all: bool, text: &mut String) {
    for same in found.chunk_by(|one, other| one.kind == other.kind) {
        let whole = if all { same.len() } else { MOST_WHOLE };
        for finding in same.iter().take(whole) {
            put_finding(finding, text);
        }
        let Some(first) = same.get(whole) else { continue };
        let more = same.len() - whole;
        text.push_str(&format!("{:<6} {more} more like this [{}]:\n", "", first.kind.code));
        for finding in same.iter().skip(whole).take(MOST_PLACES) {
            text.push_str(&format!("         {}\n", finding.place));
        }
        if more > MOST_PLACES {
            text.push_str(&format!("         and {} more; --all shows them\n", more - MOST_PLACES));
        }
        text.push('\n');
    }
}

fn put_finding(finding: &Finding, text: &mut String) {
    let Finding { kind, place, what, mend } = finding;
    let word = kind.grade.word();
    text.push_str(&format!("{word:<6} {place}: {what} [{}]\n", kind.code));
    text.push_str(&format!("       why: {}\n", kind.why));
    if !mend.advice.is_empty() {
        text.push_str(&format!("       do:  {}\n", mend.advice));
    }
    for command in &mend.commands {
        text.push_str(&format!("       run: {command}\n"));
    }
    if let Some(record) = &mend.record {
        for (number, line) in record.lines().enumerate() {
            let word = if number == 0 { "put:" } else { "    " };
            text.push_str(&format!("       {word} {line}\n"));
        }
    }
    text.push('\n');
}

fn put_passed(passed: &[&Passed], all: bool, text: &mut String) {
    let shown = if all { passed.len() } else { MOST_PASSED };
    for one in passed.iter().take(shown) {
        text.push_str(&format!("ok     {}: {}\n", one.place, one.what));
    }
    if passed.len() > shown {
        text.push_str(&format!("ok     and {} more; --all shows them\n", passed.len() - shown));
    }
    if !passed.is_empty() {
        text.push('\n');
    }
}

/// The table of all places, its columns as wide as they have to be.
fn put_inventory(items: &[Item], all: bool, text: &mut String) {
    if items.is_empty() {
        return;
    }
    text.push_str("== Where the configuration of this host is\n\n");
    let shown = if all { items.len() } else { MOST_PLACES };
    let items: Vec<&Item> = items.iter().take(shown).collect();
    let width = |column: fn(&Item) -> &str| {
        items.iter().map(|item| column(item).chars().count()).max().unwrap_or_default().min(60)
    };
    let (kinds, places, states) =
        (width(|item| item.kind), width(|item| &item.place), width(|item| &item.state));
    for Item { kind, place, named_by, state } in &items {
        let line = format!("{kind:<kinds$}  {place:<places$}  {state:<states$}  {named_by}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if items.len() == MOST_PLACES {
        text.push_str("--all shows all of them\n");
    }
    text.push('\n');
}
