//! A file of records in place of DNS, for tests and for hosts that have none.
//!
//! One record a line, behind its name: all of the rest of the line, or strings in quotation marks as
//! zone files have them, which are joined. A name may have several lines. In place of a record can
//! stand a [mark](MARKS): what DNS would answer. What is not in the file does not exist.

use super::{Lookup, Resolver};
use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use twinseal_dkim::dns::{MAX_RECORD_OCTETS, MAX_RECORDS};
use twinseal_dkim::{LookupFailure, Security, TxtAnswer};
use twinseal_message::domain::BadDomain;
use twinseal_message::{Domain, text};

/// What can stand in place of a record, and what it stands for. A mark answers at once, `TIMEOUT` too.
pub const MARKS: [(&str, TxtAnswer); 4] = [
    ("NXDOMAIN", TxtAnswer::NoName),
    ("NODATA", TxtAnswer::NoRecord),
    ("SERVFAIL", TxtAnswer::Failed(LookupFailure::ServerFailure)),
    ("TIMEOUT", TxtAnswer::Failed(LookupFailure::Timeout)),
];

/// Answers from a file that was read before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFileResolver(HashMap<Box<str>, TxtAnswer>);

/// A line that is no record. Shown with its number in front, for the file's name to stand before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {wrong}")]
pub struct KeyFileMistake {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub wrong: WrongRecord,
}

/// Why a line is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongRecord {
    /// It is not about a name.
    #[error(
        "\"{}\" is no name: {}; allowed: a name and a record, as in \
         mail._domainkey.example.com v=DKIM1; p=MIGf…",
        .0.text, .0.why
    )]
    Name(BadDomain),
    /// There is nothing behind the name.
    #[error("{:?} has no record; allowed: a record, strings in quotation marks, or {Marks}", text::shown(.0))]
    Missing(String),
    /// Quotation marks do not go together.
    #[error("{:?} is no record in quotation marks; allowed: \"STRING\", several with white space between", text::shown(.0))]
    Quotes(String),
    /// The record is longer than any that is looked at.
    #[error("the record has {0} octets; allowed: at most {MAX_RECORD_OCTETS}")]
    TooLong(usize),
    /// The name has more records than are looked at.
    #[error("{0:?} has more records; allowed: at most {MAX_RECORDS}")]
    TooMany(String),
    /// The name has a mark, and something else.
    #[error("{0:?} has another line; allowed: records, or one of {Marks}")]
    Marked(String),
}

/// The marks, as a mistake lists them.
struct Marks;

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&MARKS.map(|(mark, _)| mark).join(", "))
    }
}

impl KeyFileResolver {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Every line that is no record.
    pub fn parse(text: &str) -> Result<Self, Vec<KeyFileMistake>> {
        let mut records = Self::default();
        let mut mistakes = Vec::new();
        for (line, content) in (1..).zip(text.lines().map(str::trim)) {
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            if let Err(wrong) = records.take(content) {
                mistakes.push(KeyFileMistake { line, wrong });
            }
        }
        if mistakes.is_empty() { Ok(records) } else { Err(mistakes) }
    }

    fn take(&mut self, line: &str) -> Result<(), WrongRecord> {
        let (name, content) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let name =
            Domain::parse(name.strip_suffix('.').unwrap_or(name)).map_err(WrongRecord::Name)?;
        let name = name.as_str();
        match (self.0.get_mut(name), answer(name, content.trim_start())?) {
            (None, answer) => {
                self.0.insert(name.into(), answer);
                Ok(())
            }
            (Some(TxtAnswer::Records { texts, .. }), TxtAnswer::Records { texts: further, .. }) => {
                texts.extend(further);
                if texts.len() > MAX_RECORDS {
                    return Err(WrongRecord::TooMany(name.to_owned()));
                }
                Ok(())
            }
            (Some(_), _) => Err(WrongRecord::Marked(name.to_owned())),
        }
    }
}

impl Resolver for KeyFileResolver {
    fn known(&self, name: &str) -> Option<TxtAnswer> {
        let answer = self.0.get(name.to_ascii_lowercase().as_str());
        Some(answer.cloned().unwrap_or(TxtAnswer::NoName))
    }

    fn txt(&self, name: &str) -> Lookup {
        Box::pin(ready(self.known(name).unwrap_or(TxtAnswer::NoName)))
    }
}

/// What a line says behind its name.
fn answer(name: &str, content: &str) -> Result<TxtAnswer, WrongRecord> {
    if content.is_empty() {
        return Err(WrongRecord::Missing(name.to_owned()));
    }
    if let Some((_, marked)) = MARKS.iter().find(|(mark, _)| *mark == content) {
        return Ok(marked.clone());
    }
    let text = if content.starts_with('"') {
        joined(content).ok_or_else(|| WrongRecord::Quotes(content.to_owned()))?
    } else {
        content.to_owned()
    };
    if text.len() > MAX_RECORD_OCTETS {
        return Err(WrongRecord::TooLong(text.len()));
    }
    Ok(TxtAnswer::Records { texts: vec![text.into_bytes()], security: Security::Unproved })
}

/// Strings in quotation marks, joined with nothing between them (RFC 6376 §3.6.2.2). RFC 1035 §5.1:
/// behind a backslash stands a character as it is.
fn joined(content: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = content.chars();
    while let Some(opening) = characters.find(|character| !character.is_whitespace()) {
        if opening != '"' {
            return None;
        }
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => text.push(characters.next()?),
                character => text.push(character),
            }
        }
    }
    Some(text)
}
