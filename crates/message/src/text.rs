//! Text that others wrote, made fit for a log line.

use std::path::Path;

/// The longest piece of a text from mail that is shown, in characters: an address of the longest
/// local part and the longest domain (RFC 5321 §4.5.3.1).
pub const MAX_SHOWN: usize = 320;

/// The text with everything escaped that could look like another line or hide what it says, cut
/// after [`MAX_SHOWN`] characters.
///
/// Whoever sends mail decides about such texts: neither their length nor their characters may harm
/// a log or who reads it.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(MAX_SHOWN).flat_map(harmless).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        out.push('…');
    }
    out
}

/// The text with everything escaped that could look like another line or hide what it says, whole:
/// for texts that the administrator wrote.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.chars().flat_map(harmless).collect()
}

/// The path as it is shown: whole, with what [`escaped`] escapes.
#[must_use]
pub fn path(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// The character, or its escape. Quotes and backslashes mean no harm, and would only be harder to
/// read.
fn harmless(ch: char) -> impl Iterator<Item = char> {
    let plain = matches!(ch, '"' | '\'' | '\\');
    let escape = (!plain).then(|| ch.escape_debug());
    plain.then_some(ch).into_iter().chain(escape.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::{MAX_SHOWN, escaped, shown};

    #[test]
    fn what_could_mislead_is_escaped() {
        for (text, want) in [
            ("j\u{fc}rgen", "j\u{fc}rgen"),
            ("a\nb\0", "a\\nb\\0"),
            ("a\u{2028}b\u{202e}c", "a\\u{2028}b\\u{202e}c"),
            ("it's \"a\"", "it's \"a\""),
        ] {
            assert_eq!(shown(text), want);
            assert_eq!(escaped(text), want);
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(shown(&"a".repeat(MAX_SHOWN)), "a".repeat(MAX_SHOWN));
        assert_eq!(shown(&"a".repeat(MAX_SHOWN + 1)), "a".repeat(MAX_SHOWN) + "…");
        assert_eq!(escaped(&"a".repeat(MAX_SHOWN + 1)), "a".repeat(MAX_SHOWN + 1));
    }
}
