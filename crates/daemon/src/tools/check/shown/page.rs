//! The result as a page that needs nothing else: no script, no font, no picture from anywhere.

use super::lines::summary;
use crate::calendar;
use crate::html::{STYLE, Text, sentence};
use crate::tools::check::finding::{Area, Finding, Grade, Item, Passed, Sheet};
use std::fmt::{self, Write as _};

/// How many findings of one kind are shown whole; of the rest, where they are.
const MOST_WHOLE: usize = 100;

/// The page, for that host at that time (seconds since 1970).
pub(super) fn render(sheet: &Sheet, host: &str, now: u64) -> String {
    let mut page = String::new();
    // To write into a String does not fail.
    let _ = write(&mut page, sheet, host, now);
    page
}

fn write(page: &mut String, sheet: &Sheet, host: &str, now: u64) -> fmt::Result {
    let (wrong, risk) = (count(sheet, Grade::Wrong), count(sheet, Grade::Risk));
    let (word, class) = match (wrong, risk) {
        (0, 0) => ("Clean", "clean"),
        (0, _) => ("At risk", "risk"),
        (_, _) => ("Something is wrong", "wrong"),
    };
    let host = Text(host);
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{word}: mail signing on {host}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"{class}\">\n<h1>{word}</h1>\n<p>Mail signing on <strong>{host}</strong>, \
         {}</p>\n<p>{}</p>\n</header>\n<main>\n",
        calendar::date(now),
        Text(summary(sheet).trim_end()),
    )?;
    put_contents(page, sheet)?;
    for area in Area::ALL {
        put_area(page, sheet, area)?;
    }
    put_inventory(page, &sheet.inventory)?;
    page.write_str("</main>\n</body>\n</html>\n")
}

fn count(sheet: &Sheet, grade: Grade) -> usize {
    sheet.findings.iter().filter(|finding| finding.kind.grade == grade).count()
}

/// One row for each area: how much there is of what.
fn put_contents(page: &mut String, sheet: &Sheet) -> fmt::Result {
    page.write_str("<nav><ul>\n")?;
    for area in Area::ALL {
        let of_grade = |grade| {
            let found = sheet.findings.iter();
            found.filter(|one| one.kind.area == area && one.kind.grade == grade).count()
        };
        let passed = sheet.passed.iter().filter(|one| one.area == area).count();
        write!(page, "<li><a href=\"#{0}\">{0}</a> ", area.title())?;
        for grade in [Grade::Wrong, Grade::Risk, Grade::Note] {
            let number = of_grade(grade);
            if number > 0 {
                let word = grade.word();
                write!(page, "<span class=\"badge {word}\">{number} {word}</span> ")?;
            }
        }
        writeln!(page, "<span class=\"badge ok\">{passed} ok</span></li>")?;
    }
    page.write_str("<li><a href=\"#inventory\">Inventory</a></li>\n</ul></nav>\n")
}

fn put_area(page: &mut String, sheet: &Sheet, area: Area) -> fmt::Result {
    let found: Vec<&Finding> =
        sheet.findings.iter().filter(|finding| finding.kind.area == area).collect();
    let passed: Vec<&Passed> = sheet.passed.iter().filter(|one| one.area == area).collect();
    writeln!(page, "<section id=\"{0}\">\n<h2>{0}</h2>", area.title())?;
    for same in found.chunk_by(|one, other| one.kind == other.kind) {
        same.iter().take(MOST_WHOLE).try_for_each(|finding| put_finding(page, finding))?;
        let rest = same.get(MOST_WHOLE..).unwrap_or_default();
        if !rest.is_empty() {
            let code = rest.first().map_or("", |finding| finding.kind.code);
            let summary = format!("{} more like this ({code})", rest.len());
            let place = |finding: &&&Finding| finding.place.clone();
            put_list(page, &summary, rest.iter().map(|finding| place(&finding)))?;
        }
    }
    if found.is_empty() && passed.is_empty() {
        page.write_str("<p>Not looked at.</p>\n")?;
    } else if found.is_empty() {
        page.write_str("<p class=\"clean\">Nothing is wrong here.</p>\n")?;
    }
    if !passed.is_empty() {
        let summary = format!("{} in order", passed.len());
        put_list(page, &summary, passed.iter().map(|one| format!("{}: {}", one.place, one.what)))?;
    }
    page.write_str("</section>\n")
}

fn put_list(page: &mut String, summary: &str, items: impl Iterator<Item = String>) -> fmt::Result {
    writeln!(page, "<details><summary>{}</summary>\n<ul>", Text(summary))?;
    for item in items {
        writeln!(page, "<li>{}</li>", Text(&item))?;
    }
    page.write_str("</ul></details>\n")
}

fn put_finding(page: &mut String, finding: &Finding) -> fmt::Result {
    let Finding { kind, place, what, mend } = finding;
    let word = kind.grade.word();
    write!(
        page,
        "<article class=\"{word}\">\n<h3><span class=\"badge {word}\">{word}</span> {}</h3>\n\
         <p class=\"what\">{}</p>\n<p>{}.</p>\n",
        Text(place),
        Text(what),
        Text(&sentence(kind.why)),
    )?;
    if !mend.advice.is_empty() {
        writeln!(page, "<p class=\"do\">{}.</p>", Text(&sentence(&mend.advice)))?;
    }
    if !mend.commands.is_empty() {
        writeln!(page, "<pre>{}</pre>", Text(&mend.commands.join("\n")))?;
    }
    if let Some(record) = &mend.record {
        writeln!(page, "<pre>{}</pre>", Text(record.trim_end()))?;
    }
    writeln!(page, "<p class=\"code\">{}</p>\n</article>", kind.code)
}

/// On a narrow screen each row is a block of its own, its cells named.
fn put_inventory(page: &mut String, items: &[Item]) -> fmt::Result {
    page.write_str(
        "<section id=\"inventory\">\n<h2>Where the configuration of this host is</h2>\n<table>\n\
         <thead><tr><th>What</th><th>Where</th><th>State</th><th>Named by</th></tr></thead>\n\
         <tbody>\n",
    )?;
    for Item { kind, place, named_by, state } in items {
        writeln!(
            page,
            "<tr><td data-of=\"What\">{}</td><td data-of=\"Where\">{}</td>\
             <td data-of=\"State\">{}</td><td data-of=\"Named by\">{}</td></tr>",
            Text(kind),
            Text(place),
            Text(state),
            Text(named_by),
        )?;
    }
    page.write_str("</tbody>\n</table>\n</section>\n")
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::tools::check::finding::{Area, Grade, Kind, Mend, Sheet};

    static KIND: Kind =
        Kind { code: "some-code", area: Area::Dns, grade: Grade::Wrong, why: "it matters" };

    #[test]
    fn nothing_of_what_was_found_becomes_part_of_the_page() {
        let mut sheet = Sheet::default();
        let evil = "<script>alert(\"x\")</script>&";
        sheet.find(&KIND, evil, evil, Mend::publish(evil, evil));
        sheet.pass(Area::Keys, evil, evil);
        sheet.list("key", evil, evil, evil);
        let page = render(&sheet, evil, 1_764_309_600);
        assert!(!page.contains("<script") && !page.contains("\"x\""), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;"), "{page}");
        assert!(page.contains("Fri, 28 Nov 2025 06:00:00 +0000"), "{page}");
    }

    #[test]
    fn of_very_many_findings_of_one_kind_the_rest_are_a_list() {
        let mut sheet = Sheet::default();
        for number in 0..250 {
            sheet.find(&KIND, format!("d{number}.example"), "it is so", Mend::default());
        }
        let page = render(&sheet, "host", 0);
        assert_eq!(page.matches("<article").count(), 100);
        assert!(page.contains("150 more like this (some-code)"), "{page}");
        assert!(page.contains("<li>d249.example</li>"), "{page}");
    }
}
