//! The result as a page that needs nothing else: no script, no font, no picture from anywhere.

use super::lines::summary;
use crate::calendar;
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

/// With a capital in front, unless it begins with a name of DNS, or with what is typed or published:
/// names of tags are in the case that they have (trap H12).
fn sentence(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    if first.contains(['=', '.']) || first == "twinseal" {
        return text.to_owned();
    }
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
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

/// Text between tags or in an attribute.
struct Text<'t>(&'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|ch| match ch {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            ch => f.write_char(ch),
        })
    }
}

const STYLE: &str = "\
:root { color-scheme: light dark; --page: #fff; --text: #1c2024; --soft: #5b6470; --line: #d5dae0;
  --card: #f6f7f9; --wrong: #b3261e; --risk: #8a5a00; --note: #2f5da8; --ok: #1e6b3a; }
@media (prefers-color-scheme: dark) { :root { --page: #15181c; --text: #e6e9ed; --soft: #9aa4b0;
  --line: #353b43; --card: #1d2127; --wrong: #ff8a80; --risk: #f2b84b; --note: #8fb4f5;
  --ok: #6fcf97; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header { border-left: .4rem solid var(--ok); padding: .2rem 1rem; }
header.wrong { border-color: var(--wrong); }
header.risk { border-color: var(--risk); }
header p { margin: .2rem 0; color: var(--soft); }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.2; }
h2 { margin: 2rem 0 .6rem; font-size: 1.3rem; border-bottom: 1px solid var(--line); }
h3 { margin: 0; font-size: 1rem; }
nav ul { list-style: none; margin: 1rem 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: .5rem 1.5rem; }
a { color: var(--note); }
article { margin: .8rem 0; padding: .8rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-left: .3rem solid var(--note); border-radius: .3rem; }
article.wrong { border-left-color: var(--wrong); }
article.risk { border-left-color: var(--risk); }
article p { margin: .4rem 0; }
.what { font-weight: 600; }
.code { color: var(--soft); font-size: .85rem; font-family: ui-monospace, monospace; }
.badge { font-size: .8rem; font-weight: 600; padding: .05rem .45rem; border-radius: .7rem;
  border: 1px solid currentColor; white-space: nowrap; color: var(--ok); }
.badge.wrong { color: var(--wrong); }
.badge.risk { color: var(--risk); }
.badge.note { color: var(--note); }
p.clean { color: var(--ok); }
pre { margin: .5rem 0; padding: .6rem .8rem; background: var(--page); border: 1px solid var(--line);
  border-radius: .3rem; white-space: pre-wrap; font: .85rem/1.5 ui-monospace, monospace; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--soft); }
details li { font-size: .9rem; content-visibility: auto; contain-intrinsic-size: auto 1.4rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid var(--line); }
td[data-of=\"What\"], td[data-of=\"State\"] { overflow-wrap: break-word; }
@media (max-width: 45rem) { thead { display: none; } tr { display: block; padding: .5rem 0;
  border-bottom: 1px solid var(--line); } td { display: block; border: 0; padding: 0; }
  td::before { content: attr(data-of) \": \"; color: var(--soft); } }
";

#[cfg(test)]
mod tests {
    use super::{render, sentence};
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
    fn a_sentence_begins_with_a_capital_and_a_tag_or_a_command_does_not() {
        for (text, want) in [
            ("whoever has it signs", "Whoever has it signs"),
            ("an empty p= takes the key back", "An empty p= takes the key back"),
            ("t=y asks receivers", "t=y asks receivers"),
            ("h= leaves out sha256", "h= leaves out sha256"),
            ("ns1.example.com has it right", "ns1.example.com has it right"),
            ("twinseal explain ADDRESS tells", "twinseal explain ADDRESS tells"),
            ("", ""),
        ] {
            assert_eq!(sentence(text), want);
        }
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
