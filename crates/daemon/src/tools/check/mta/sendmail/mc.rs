//! The lines about filters of a `sendmail.mc`: as much of m4 as they take.

use super::{Filters, contents, names};
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

/// How deep files may include one another.
const MOST_DEEP: usize = 4;

/// Reads them, with the files that this one includes.
///
/// LIMIT: conditions (`ifdef`) are not decided, and macros of one's own are not expanded.
pub(super) fn parse(text: &str, path: &Path) -> Filters {
    let mut filters = Filters::default();
    read(text, path.parent().unwrap_or(Path::new("/")), MOST_DEEP, &mut filters);
    filters
}

fn read(text: &str, directory: &Path, depth: usize, filters: &mut Filters) {
    for (name, arguments) in calls(text) {
        let mut arguments = arguments.into_iter().map(|argument| argument.trim().to_owned());
        let (first, second) =
            (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
        match name.as_str() {
            "INPUT_MAIL_FILTER" => {
                filters.used.push(first.clone());
                filters.defined.insert(first, second);
            }
            "MAIL_FILTER" => {
                filters.defined.insert(first, second);
            }
            "define" if first == "confINPUT_MAIL_FILTERS" => filters.used = names(&second),
            "include" | "sinclude" if depth > 0 => {
                // One that cannot be read is m4's to complain about.
                if let Ok(text) = contents(&directory.join(&first)) {
                    read(&text, directory, depth - 1, filters);
                }
            }
            _ => {}
        }
    }
}

/// The macros that are called, with their arguments.
fn calls(text: &str) -> Vec<(String, Vec<String>)> {
    let mut calls = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&ch) = chars.peek() {
        if ch == '#' {
            skip_line(&mut chars);
        } else if ch == '`' {
            chars.next();
            quoted(&mut chars);
        } else if ch.is_ascii_alphabetic() || ch == '_' {
            let word = word(&mut chars);
            if word == "dnl" {
                skip_line(&mut chars);
            } else if chars.peek() == Some(&'(') {
                chars.next();
                calls.push((word, arguments(&mut chars)));
            }
        } else {
            chars.next();
        }
    }
    calls
}

fn word(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(ch) = chars.next_if(|ch| ch.is_ascii_alphanumeric() || *ch == '_') {
        word.push(ch);
    }
    word
}

fn skip_line(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|ch| *ch != '\n').is_some() {}
}

/// What stands between a quote that was read and its end; quotes nest, and inner ones stay.
fn quoted(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    let mut depth = 1_usize;
    for ch in chars.by_ref() {
        match ch {
            '`' => depth += 1,
            '\'' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        text.push(ch);
    }
    text
}

/// The arguments of a macro whose parenthesis was read. Blanks in front of each do not count.
fn arguments(chars: &mut Peekable<Chars<'_>>) -> Vec<String> {
    let mut all = Vec::new();
    let mut argument = String::new();
    let mut depth = 0_usize;
    while let Some(ch) = chars.next() {
        match ch {
            '`' => argument.push_str(&quoted(chars)),
            ')' if depth == 0 => break,
            ',' if depth == 0 => all.push(std::mem::take(&mut argument)),
            ch if ch.is_whitespace() && argument.is_empty() => {}
            ch => {
                match ch {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                argument.push(ch);
            }
        }
    }
    all.push(argument);
    all
}

#[cfg(test)]
mod tests {
    use super::{calls, parse};
    use std::path::Path;

    fn found(text: &str, path: &str) -> (Vec<String>, Vec<(String, String)>) {
        let filters = parse(text, Path::new(path));
        (filters.used, filters.defined.into_iter().collect())
    }

    #[test]
    fn filters_are_read_in_the_order_in_which_they_work() {
        let text = "divert(-1)\ndnl INPUT_MAIL_FILTER(`no', `S=x')\n\
                    # INPUT_MAIL_FILTER(`no', `S=x')\n\
                    include(`/nonexistent/cf.m4')dnl\n\
                    INPUT_MAIL_FILTER(`a', `S=unix:/adnl, F=T, T=C:1s;E:5m')dnl\n\
                    MAIL_FILTER(`b',\n  `S=inet:1@localhost')dnl INPUT_MAIL_FILTER(`no', `')\n\
                    INPUT_MAIL_FILTER(c, S=unix:/c)\nMAILER(`smtp')dnl\n";
        let (used, defined) = found(text, "/etc/mail/sendmail.mc");
        assert_eq!(used, ["a", "c"]);
        let want = [
            ("a", "S=unix:/adnl, F=T, T=C:1s;E:5m"),
            ("b", "S=inet:1@localhost"),
            ("c", "S=unix:/c"),
        ];
        assert_eq!(defined, want.map(|(name, text)| (name.to_owned(), text.to_owned())));
        let more = format!("{text}define(`confINPUT_MAIL_FILTERS', `b, a')dnl\n");
        assert_eq!(found(&more, "/x").0, ["b", "a"]);
    }

    #[test]
    fn included_files_count() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("t.mc"), "INPUT_MAIL_FILTER(`t', `S=/t')\n").unwrap();
        let source = directory.path().join("sendmail.mc");
        assert_eq!(parse("include(`t.mc')dnl\n", &source).used, ["t"]);
        // One that includes itself comes to an end.
        std::fs::write(&source, "include(`sendmail.mc')\nMAIL_FILTER(`t', `S=/t')\n").unwrap();
        assert_eq!(parse("include(`sendmail.mc')", &source).defined.len(), 1);
    }

    #[test]
    fn quotes_and_parentheses_nest_and_may_stay_open() {
        assert_eq!(
            calls("define(`a', `b `c' (d, e)') f(g(h, i), j)"),
            [
                ("define".to_owned(), vec!["a".to_owned(), "b `c' (d, e)".to_owned()]),
                ("f".to_owned(), vec!["g(h, i)".to_owned(), "j".to_owned()]),
            ]
        );
        for text in ["a(", "a(`", "`a(b)", "a(b,", "a((("] {
            assert!(calls(text).len() <= 1, "{text:?}");
        }
    }
}
