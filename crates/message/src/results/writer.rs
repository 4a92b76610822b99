//! Writing an Authentication-Results field (RFC 8601 §2.2).

use crate::results::{FIELD_NAME, MethodResult, Part, Property};
use crate::tags::NewField;

/// A line is folded before it grows longer than this, in octets; mail wants at most 78
/// (RFC 5322 §2.1.1).
const LINE_OCTETS: usize = 76;

/// The most octets of a value that are written, quotes and backslashes included: more than a
/// signature of 4,096 bits or any address takes, and with its name it still fits on a line of 998
/// octets (RFC 5322 §2.1.1).
pub const MAX_VALUE_OCTETS: usize = 900;

/// The most octets of a comment or a reason that are written; they explain, and what they quote
/// from mail may be of any length.
pub const MAX_TEXT_OCTETS: usize = 320;

/// The most octets of a word: a method, a result, the name of a property.
const MAX_WORD_OCTETS: usize = 32;

/// How results are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Each result begins a line of its own.
    #[default]
    Lines,
    /// As much on each line as it takes.
    Flowing,
    /// Each result is a line of its own, however long, as `opendkim` has it.
    WholeLines,
    /// All of it is one line, as `opendkim` has what it says in few words.
    OneLine,
}

/// Writes a field, result by result.
///
/// Texts that come from mail are made harmless here and nowhere else: no character that ends a
/// line or hides what follows is written, nothing looks like an encoded word, and a value that is
/// too long is left out with its property, because the beginning of a name is another name.
#[derive(Debug, Clone)]
pub struct ResultsWriter {
    value: String,
    column: usize,
    layout: Layout,
    any: bool,
}

impl ResultsWriter {
    /// Begins a field by that authserv-id.
    #[must_use]
    pub fn new(authserv_id: &str, layout: Layout) -> Self {
        let column = FIELD_NAME.len() + 1;
        let mut writer = Self { value: String::new(), column, layout, any: false };
        writer.put(" ");
        let id = cut(authserv_id, MAX_TEXT_OCTETS);
        writer.put(&if is_token(id) { id.to_owned() } else { quoted(id) });
        writer
    }

    /// Begins a field by that authserv-id with the message's queue id behind it: `id/JOB`, quoted
    /// because of the slash (trap A4).
    #[must_use]
    pub fn with_job_id(authserv_id: &str, job_id: &str, layout: Layout) -> Self {
        let job_id = cut(job_id, MAX_TEXT_OCTETS);
        let id = cut(authserv_id, MAX_TEXT_OCTETS.saturating_sub(job_id.len() + 1));
        Self::new(&format!("{id}/{job_id}"), layout)
    }

    /// Writes a result.
    pub fn result(&mut self, result: &MethodResult) {
        let mut head = word(&result.method);
        if let Some(version) = result.version {
            head.push_str(&format!("/{version}"));
        }
        head.push('=');
        head.push_str(&word(&result.result));
        self.put(";");
        match self.layout {
            Layout::Lines | Layout::WholeLines => self.fold(),
            Layout::Flowing | Layout::OneLine => self.space_before(&head),
        }
        self.put(&head);
        self.any = true;
        for part in &result.parts {
            self.part(part);
        }
    }

    /// The finished field; without a result it says `none` (RFC 8601 §2.2, `no-result`).
    #[must_use]
    pub fn finish(mut self) -> NewField {
        if !self.any {
            self.put("; none");
        }
        NewField { name: FIELD_NAME, value: self.value }
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Comment(text) => self.comment(text),
            Part::Reason(text) => {
                let text = format!("reason={}", quoted(&explaining(text)));
                self.spaced(&text);
            }
            Part::Property(property) => {
                if let Some(text) = written(property) {
                    self.spaced(&text);
                }
            }
        }
    }

    /// A comment may fold between its words.
    fn comment(&mut self, text: &str) {
        let text = format!("({})", escaped(&explaining(text), &['(', ')', '\\']));
        let mut words = text.split(' ');
        self.spaced(words.next().unwrap_or_default());
        for word in words {
            // A blank behind a blank stays on the line: a fold reads as one blank.
            if word.is_empty() || self.value.ends_with(' ') {
                self.put(" ");
                self.put(word);
            } else {
                self.spaced(word);
            }
        }
    }

    /// Writes a text that never folds, with white space in front.
    fn spaced(&mut self, text: &str) {
        self.space_before(text);
        self.put(text);
    }

    /// A fold, if the text and the semicolon that may follow would not fit on the line.
    fn space_before(&mut self, text: &str) {
        let has_room = self.column + 1 + text.len() < LINE_OCTETS;
        let folds = matches!(self.layout, Layout::Lines | Layout::Flowing);
        if has_room || !folds { self.put(" ") } else { self.fold() }
    }

    fn fold(&mut self) {
        self.value.push_str("\r\n\t");
        self.column = 1;
    }

    fn put(&mut self, text: &str) {
        self.value.push_str(text);
        self.column += text.len();
    }
}

/// `header.d=example.com`, or nothing where the value is too long.
fn written(property: &Property) -> Option<String> {
    let value = value(&property.value);
    let kind = word(&property.kind);
    let dot = if kind.is_empty() { "" } else { "." };
    (value.len() <= MAX_VALUE_OCTETS)
        .then(|| format!("{kind}{dot}{}={value}", word(&property.name)))
}

/// A keyword: letters, digits and hyphens (RFC 8601 §2.2).
fn word(text: &str) -> String {
    let keyword = |ch: &char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_');
    text.chars().filter(keyword).take(MAX_WORD_OCTETS).collect()
}

/// A value: bare where the grammar takes it so, otherwise quoted (trap A3).
fn value(text: &str) -> String {
    if is_bare(text) { text.to_owned() } else { quoted(text) }
}

/// RFC 8601 §2.2, `pvalue`: a token (RFC 2045 §5.1), or an address whose local part is one or
/// empty. A slash or an equals sign may stand in a local part, and is quoted all the same: not
/// every reader knows.
#[must_use]
pub fn is_bare(text: &str) -> bool {
    let is_dotted = |text: &str| text.split('.').all(is_token);
    text.split_once('@').map_or_else(
        || is_token(text),
        |(local, domain)| (local.is_empty() || is_dotted(local)) && is_dotted(domain),
    )
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_token_char)
}

/// RFC 2045 §5.1 without its specials, with the characters of RFC 6532 §3.1.
fn is_token_char(ch: char) -> bool {
    let ascii = ch.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(ch);
    ascii || (!ch.is_ascii() && !is_harmful(ch) && !ch.is_whitespace())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, &['"', '\\']))
}

/// The text with a backslash before each of those characters, and with harmless ones in the place
/// of all that would end a line or hide what is behind it.
///
/// The second character of `=?` has a backslash too: programs that decode encoded words
/// (RFC 2047 §2) before they look at quotes find none.
fn escaped(text: &str, specials: &[char]) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for ch in text.chars().map(harmless) {
        if specials.contains(&ch) || (ch == '?' && out.ends_with('=')) {
            out.push('\\');
        }
        out.push(ch);
    }
    out
}

/// The character as it is written: white space is a blank, what cannot be seen a question mark.
fn harmless(ch: char) -> char {
    match ch {
        '\t' | '\r' | '\n' => ' ',
        ch if is_harmful(ch) => '?',
        ch => ch,
    }
}

/// Controls, and what Unicode has to end lines, to turn the direction of text and to be invisible.
fn is_harmful(ch: char) -> bool {
    ch.is_control()
        || matches!(ch, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// As much of the text as fits into so many octets.
fn cut(text: &str, octets: usize) -> &str {
    let end = (0..=octets.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

/// A text that explains: one that is too long ends in dots.
fn explaining(text: &str) -> String {
    let text: String = text.chars().map(unquotable).collect();
    if text.len() <= MAX_TEXT_OCTETS {
        return text;
    }
    format!("{}...", cut(&text, MAX_TEXT_OCTETS - 3))
}

/// Nothing that would need a backslash: a common reader, Mail::AuthenticationResults, refuses the
/// whole field for one. And no semicolon, at which careless readers split whatever is around it.
const fn unquotable(ch: char) -> char {
    match ch {
        ';' => ',',
        '"' => '\'',
        '(' => '[',
        ')' => ']',
        '\\' => '/',
        ch => ch,
    }
}

#[cfg(test)]
mod tests;
