//! Files that sh reads: the defaults of a daemon, as far as they set variables.
//!
//! What a value is made of is kept with the line that each part is from. Whatever else sh can do is
//! not done, and said.

mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use twinseal_config::Origin;
use words::{Cursor, Taken};

/// A part of a value, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) place: Origin,
}

/// A word of a command line, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) place: Origin,
}

/// What a file says that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotUnderstood {
    pub(super) place: Origin,
    pub(super) what: String,
}

/// Variables, each with what its value is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeMap<String, Vec<Part>>);

impl Variables {
    /// Sets a variable to a text from that place.
    pub(super) fn set(&mut self, name: &str, value: &str, place: &Origin) {
        let part = Part { text: value.to_owned(), place: place.clone() };
        self.0.insert(name.to_owned(), vec![part]);
    }

    /// What its value is made of; nothing where it is not set.
    pub(super) fn parts(&self, name: &str) -> &[Part] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Its value as one word, if it has any.
    pub(super) fn word(&self, name: &str) -> Option<Word> {
        let parts = self.parts(name);
        let text: String = parts.iter().map(|part| part.text.as_str()).collect();
        let place = parts.iter().find(|part| !part.text.is_empty())?.place.clone();
        Some(Word { text, place })
    }

    /// Its value, split at white space as sh does where it is not quoted.
    pub(super) fn split(&self, name: &str) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut inside = false;
        for part in self.parts(name) {
            for ch in part.text.chars() {
                match (ch.is_ascii_whitespace(), words.last_mut().filter(|_| inside)) {
                    (true, _) => inside = false,
                    (false, Some(word)) => word.text.push(ch),
                    (false, None) => {
                        words.push(Word { text: ch.into(), place: part.place.clone() });
                        inside = true;
                    }
                }
            }
        }
        words
    }
}

/// Reads a file that sh would read.
pub(super) fn read(text: &str, path: &Arc<Path>, variables: &mut Variables) -> Vec<NotUnderstood> {
    let mut unknown = Vec::new();
    let mut cursor = Cursor::new(text);
    while let Some(line) = cursor.skip_blank() {
        let place = Origin::line(path, line);
        if let Err(what) = statement(&mut cursor, &place, path, variables) {
            unknown.push(NotUnderstood { place, what });
        }
    }
    unknown
}

/// What a script sets at its beginning, before it reads the defaults: it is no more looked at.
pub(super) fn read_script(text: &str, path: &Arc<Path>, variables: &mut Variables) {
    let top = text.lines().zip(1_u32..);
    let assigns = |line: &str| {
        let name = line.split_once('=').map(|(name, _)| name);
        name.is_some_and(is_name)
    };
    for (line, number) in top.take_while(|(line, _)| !line.contains("/etc/default/")) {
        if assigns(line) {
            let place = Origin::line(path, number);
            // What cannot be read keeps the value that such scripts have.
            let _ = statement(&mut Cursor::at_line(line, number), &place, path, variables);
        }
    }
}

/// Whether sh takes it for the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_')
        && text.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_')
}

/// Takes one statement: assignments, with `export` or `readonly` in front of them or not.
fn statement(
    cursor: &mut Cursor<'_>,
    place: &Origin,
    path: &Arc<Path>,
    variables: &mut Variables,
) -> Result<(), String> {
    let mut exports = false;
    loop {
        match cursor.word(path, variables) {
            Ok(Taken::End) => return Ok(()),
            Ok(Taken::Assignment { name, value }) => {
                variables.0.insert(name, value);
            }
            Ok(Taken::Plain(word)) if word == "export" || word == "readonly" => exports = true,
            Ok(Taken::Plain(word)) if exports && is_name(&word) => {}
            Ok(Taken::Plain(word)) => {
                let line = cursor.skip_command(&word);
                return Err(match line {
                    0 => format!("{word:?} is a command, and only values are read"),
                    more => format!(
                        "{word:?} is a command, and only values are read: it and the {more} lines \
                         behind it are passed over"
                    ),
                });
            }
            Err(what) => {
                cursor.skip_line();
                let _ = place;
                return Err(what);
            }
        }
    }
}

#[cfg(test)]
mod tests;
