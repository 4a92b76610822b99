//! What of a line is as zone files have it: `NAME [TTL] [IN] TXT "…" "…"`, in parentheses over
//! several lines, with comments behind semicolons (RFC 1035 §5.1).

use super::WrongRecord;
use std::str::Chars;

/// How long a string of a record may be (RFC 1035 §3.3), in octets.
pub(super) const MAX_STRING_OCTETS: usize = 255;

/// What stands behind `TXT`; `None` when it is no line of a zone file. `content` is what stands
/// behind the name.
pub(super) fn data(content: &str) -> Result<Option<&str>, WrongRecord> {
    let mut rest = content;
    let mut has_class = false;
    loop {
        let end = |ch: char| ch.is_whitespace() || matches!(ch, '(' | '"');
        let (word, after) = rest.split_at(rest.find(end).unwrap_or(rest.len()));
        rest = after.trim_start();
        if word.eq_ignore_ascii_case("TXT") {
            return Ok(Some(rest));
        } else if word.eq_ignore_ascii_case("IN") && !has_class {
            has_class = true;
        } else if !is_time_to_live(word) {
            // Without a class it may be any text.
            return if has_class { Err(WrongRecord::Type(word.to_owned())) } else { Ok(None) };
        }
    }
}

/// Seconds, or with units as name servers take them: `3600`, `1h30m`.
fn is_time_to_live(word: &str) -> bool {
    let unit = |ch: char| matches!(ch.to_ascii_lowercase(), 's' | 'm' | 'h' | 'd' | 'w');
    word.starts_with(|first: char| first.is_ascii_digit())
        && word.chars().all(|ch| ch.is_ascii_digit() || unit(ch))
}

/// Strings in quotation marks, on one line, or on several between parentheses.
#[derive(Debug)]
pub(super) struct Strings {
    /// All of them together.
    text: Option<Vec<u8>>,
    longest: usize,
    open: bool,
}

impl Strings {
    /// None yet; each may have so many octets.
    pub(super) const fn new(longest: usize) -> Self {
        Self { text: None, longest, open: false }
    }

    /// Reads a line of them.
    pub(super) fn read(&mut self, line: &str) -> Result<(), WrongRecord> {
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            match character {
                ';' => break,
                '(' if !self.open => self.open = true,
                ')' if self.open => self.open = false,
                '"' => {
                    let quotes = || WrongRecord::Quotes(line.to_owned());
                    let string = string(&mut characters).ok_or_else(quotes)?;
                    if string.len() > self.longest {
                        return Err(WrongRecord::LongString(string.len()));
                    }
                    self.text.get_or_insert_default().extend(string);
                }
                blank if blank.is_whitespace() => {}
                _ => return Err(WrongRecord::Quotes(line.to_owned())),
            }
        }
        Ok(())
    }

    /// Whether the next line belongs to them.
    pub(super) const fn are_open(&self) -> bool {
        self.open
    }

    /// All of them joined; `None` when there are none.
    pub(super) fn into_text(self) -> Option<Vec<u8>> {
        self.text
    }
}

/// A string up to the quotation mark at its end; `None` when there is none. RFC 1035 §5.1: behind a
/// backslash stands an octet as three digits, or any other character as it is.
fn string(characters: &mut Chars<'_>) -> Option<Vec<u8>> {
    let mut text = String::new();
    let mut octets = Vec::new();
    loop {
        match characters.next()? {
            '"' => {
                octets.extend(text.into_bytes());
                return Some(octets);
            }
            '\\' => match characters.next()? {
                first if first.is_ascii_digit() => {
                    let digits: String =
                        [first, characters.next()?, characters.next()?].into_iter().collect();
                    octets.extend(std::mem::take(&mut text).into_bytes());
                    octets.push(digits.parse().ok()?);
                }
                character => text.push(character),
            },
            character => text.push(character),
        }
    }
}
