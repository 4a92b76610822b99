//! Values as YAML, which our own file is read as again.

use std::fmt::Write as _;

/// Words that YAML may take for something else than text.
const NO_TEXT: [&str; 3] = ["null", "true", "false"];

/// A text, in quotes where YAML might read something else.
#[must_use]
pub fn scalar(text: &str) -> String {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '/' | '.' | '-' | '_');
    let begins = text.starts_with(|ch: char| ch.is_ascii_alphanumeric() || ch == '/');
    let is_word = NO_TEXT.iter().any(|word| word.eq_ignore_ascii_case(text));
    if begins && text.chars().all(plain) && !is_word { text.to_owned() } else { quoted(text) }
}

/// A list in one line.
#[must_use]
pub fn list<'t>(items: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", items.map(scalar).collect::<Vec<_>>().join(", "))
}

/// A text in double quotes, in which YAML knows the escapes of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for ch in text.chars() {
        match ch {
            '"' | '\\' => quoted.extend(['\\', ch]),
            ch if ch.is_control() || matches!(ch, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(ch));
            }
            ch => quoted.push(ch),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::{list, scalar};

    #[test]
    fn what_yaml_might_read_otherwise_is_in_quotes() {
        for (text, want) in [
            ("example.com", "example.com"),
            ("/etc/a_b-c", "/etc/a_b-c"),
            ("*@example.com", "\"*@example.com\""),
            ("", "\"\""),
            ("-", "\"-\""),
            ("null", "\"null\""),
            ("~", "\"~\""),
            ("a: b # c", "\"a: b # c\""),
            ("a\"b\\c\nd\u{fc}", "\"a\\\"b\\\\c\\u000ad\u{fc}\""),
        ] {
            assert_eq!(scalar(text), want, "{text:?}");
        }
        assert_eq!(list(["::1", "a"].into_iter()), "[\"::1\", a]");
    }
}
