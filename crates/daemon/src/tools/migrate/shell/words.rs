//! The words of sh, with quotes and variables.

use super::{Part, Variables, is_name};
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;
use std::sync::Arc;
use twinseal_config::Origin;

/// Commands that end elsewhere, each with the word that it ends with.
const BLOCKS: [(&str, &str); 6] = [
    ("if", "fi"),
    ("case", "esac"),
    ("for", "done"),
    ("while", "done"),
    ("until", "done"),
    ("{", "}"),
];

/// Where in a text we are.
pub(super) struct Cursor<'t> {
    chars: Peekable<Chars<'t>>,
    line: u32,
}

/// What was taken.
pub(super) enum Taken {
    /// The end of a statement.
    End,
    Assignment {
        name: String,
        value: Vec<Part>,
    },
    Plain(String),
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self::at_line(text, 1)
    }

    pub(super) fn at_line(text: &'t str, line: u32) -> Self {
        Self { chars: text.chars().peekable(), line }
    }

    fn next(&mut self) -> Option<char> {
        let ch = self.chars.next();
        if ch == Some('\n') {
            self.line += 1;
        }
        ch
    }

    /// Goes on to the next statement, and says on which line it begins.
    pub(super) fn skip_blank(&mut self) -> Option<u32> {
        loop {
            match self.chars.peek()? {
                '#' => self.skip_line(),
                ch if ch.is_whitespace() || *ch == ';' => {
                    self.next();
                }
                _ => return Some(self.line),
            }
        }
    }

    /// Goes on behind the end of the line.
    pub(super) fn skip_line(&mut self) {
        while self.next().is_some_and(|ch| ch != '\n') {}
    }

    /// Goes on behind a command that began with that word, and says how many more lines it has.
    pub(super) fn skip_command(&mut self, word: &str) -> u32 {
        let begun = self.line;
        let is_function = word.ends_with("()") || word == "function";
        let mut open: Vec<&str> = Vec::new();
        let begins = |word: &str| BLOCKS.iter().find(|(first, _)| *first == word);
        open.extend(begins(word).map(|(_, last)| *last));
        loop {
            let mut rest = String::new();
            while let Some(ch) = self.chars.next_if(|ch| *ch != '\n') {
                rest.push(ch);
            }
            for word in rest.split([' ', '\t', ';']).filter(|word| !word.is_empty()) {
                if open.last() == Some(&word) {
                    open.pop();
                } else {
                    open.extend(begins(word).map(|(_, last)| *last));
                }
            }
            let lines = self.line - begun;
            let waits = is_function && lines == 0 && open.is_empty() && !rest.contains('}');
            if (open.is_empty() && !waits) || self.next().is_none() {
                return lines;
            }
        }
    }

    /// Takes the next word of a statement.
    pub(super) fn word(
        &mut self,
        path: &Arc<Path>,
        variables: &Variables,
    ) -> Result<Taken, String> {
        while self.chars.next_if(|ch| matches!(ch, ' ' | '\t' | '\r')).is_some() {}
        match self.chars.peek() {
            None | Some('\n' | ';' | '#') => return Ok(Taken::End),
            Some(_) => {}
        }
        let mut name = String::new();
        while let Some(ch) = self.chars.next_if(|ch| ch.is_ascii_alphanumeric() || *ch == '_') {
            name.push(ch);
        }
        if is_name(&name) && self.chars.next_if_eq(&'=').is_some() {
            let value = self.value(Vec::new(), path, variables)?;
            return Ok(Taken::Assignment { name, value });
        }
        let begun = Part { text: name, place: Origin::line(path, self.line) };
        let parts = self.value(vec![begun], path, variables)?;
        Ok(Taken::Plain(parts.into_iter().map(|part| part.text).collect()))
    }

    /// Takes the rest of a word.
    fn value(
        &mut self,
        mut parts: Vec<Part>,
        path: &Arc<Path>,
        variables: &Variables,
    ) -> Result<Vec<Part>, String> {
        let mut quoted = false;
        loop {
            let place = Origin::line(path, self.line);
            let Some(&ch) = self.chars.peek() else {
                return if quoted { Err(unclosed('"')) } else { Ok(parts) };
            };
            if !quoted && (ch.is_whitespace() || ch == ';') {
                return Ok(parts);
            }
            self.next();
            match ch {
                '"' => quoted = !quoted,
                '\'' if !quoted => self.literal(&mut parts, &place)?,
                '\\' => self.escaped(quoted, &mut parts, &place),
                '$' => self.variable(&mut parts, &place, variables)?,
                '`' => return Err("`…` is a command".to_owned()),
                '&' | '|' | '(' | ')' | '<' | '>' if !quoted => match ch {
                    // The name of a function.
                    '(' if self.chars.next_if_eq(&')').is_some() => push(&mut parts, "()", &place),
                    _ => return Err(format!("{ch:?} belongs to a command")),
                },
                ch => push(&mut parts, ch.encode_utf8(&mut [0; 4]), &place),
            }
        }
    }

    /// Takes what is in single quotes.
    fn literal(&mut self, parts: &mut Vec<Part>, place: &Origin) -> Result<(), String> {
        loop {
            match self.next() {
                None => return Err(unclosed('\'')),
                Some('\'') => return Ok(()),
                Some(ch) => push(parts, ch.encode_utf8(&mut [0; 4]), place),
            }
        }
    }

    /// Takes what a backslash stands before.
    fn escaped(&mut self, quoted: bool, parts: &mut Vec<Part>, place: &Origin) {
        match self.next() {
            None | Some('\n') => {}
            Some(ch) => {
                if quoted && !matches!(ch, '$' | '`' | '"' | '\\') {
                    push(parts, "\\", place);
                }
                push(parts, ch.encode_utf8(&mut [0; 4]), place);
            }
        }
    }

    /// Puts the value of a variable in its place.
    fn variable(
        &mut self,
        parts: &mut Vec<Part>,
        place: &Origin,
        variables: &Variables,
    ) -> Result<(), String> {
        let braced = self.chars.next_if_eq(&'{').is_some();
        let mut name = String::new();
        while let Some(ch) = self.chars.next_if(|ch| ch.is_ascii_alphanumeric() || *ch == '_') {
            name.push(ch);
        }
        match (self.chars.peek(), braced) {
            (Some('('), false) if name.is_empty() => Err("$(…) is a command".to_owned()),
            (_, false) if name.is_empty() => {
                push(parts, "$", place);
                Ok(())
            }
            (_, false) => {
                parts.extend_from_slice(variables.parts(&name));
                Ok(())
            }
            (_, true) => self.braced(&name, parts, place, variables),
        }
    }

    /// Takes the rest of `${NAME}`, or of `${NAME:-DEFAULT}`.
    fn braced(
        &mut self,
        name: &str,
        parts: &mut Vec<Part>,
        place: &Origin,
        variables: &Variables,
    ) -> Result<(), String> {
        let mut rest = String::new();
        loop {
            match self.next() {
                None => return Err(unclosed('{')),
                Some('}') => break,
                Some(ch) => rest.push(ch),
            }
        }
        let default = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'));
        let plain = |text: &str| !text.contains(['$', '`', '"', '\'', '\\']);
        match default {
            None if rest.is_empty() && is_name(name) => {
                parts.extend_from_slice(variables.parts(name));
            }
            Some(default) if plain(default) && is_name(name) => match variables.word(name) {
                Some(_) => parts.extend_from_slice(variables.parts(name)),
                None => push(parts, default, place),
            },
            _ => return Err(format!("${{{name}{rest}}} is more than a variable")),
        }
        Ok(())
    }
}

fn unclosed(quote: char) -> String {
    format!("{quote} has no counterpart")
}

/// Adds text from that place.
fn push(parts: &mut Vec<Part>, text: &str, place: &Origin) {
    match parts.last_mut() {
        Some(last) if last.place == *place => last.text.push_str(text),
        _ => parts.push(Part { text: text.to_owned(), place: place.clone() }),
    }
}
