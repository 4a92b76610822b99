//! Text from mail, made fit for a log line.

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
    let mut out = String::new();
    for ch in text.chars().take(MAX_SHOWN) {
        match ch {
            '"' | '\'' | '\\' => out.push(ch),
            _ => out.extend(ch.escape_debug()),
        }
    }
    if text.chars().nth(MAX_SHOWN).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{MAX_SHOWN, shown};

    #[test]
    fn what_could_mislead_is_escaped() {
        for (text, want) in [
            ("j\u{fc}rgen", "j\u{fc}rgen"),
            ("a\nb\0", "a\\nb\\0"),
            ("a\u{2028}b\u{202e}c", "a\\u{2028}b\\u{202e}c"),
            ("it's \"a\"", "it's \"a\""),
        ] {
            assert_eq!(shown(text), want);
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(shown(&"a".repeat(MAX_SHOWN)), "a".repeat(MAX_SHOWN));
        assert_eq!(shown(&"a".repeat(MAX_SHOWN + 1)), "a".repeat(MAX_SHOWN) + "…");
    }
}
