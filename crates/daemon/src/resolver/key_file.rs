//! A file of records in place of DNS, for tests and for hosts that have none.
//!
//! One record a line, behind its name: all of the rest of the line, or strings in quotation marks,
//! which are joined. Lines of a zone file are read too, as `twinseal genkey` and opendkim-genkey
//! write them. A name may have several records. In place of a record can stand a [mark](MARKS):
//! what DNS would answer. What is not in the file does not exist.
//!
//! | module | what is in it |
//! |---|---|
//! | `zone` | what of a line is as zone files have it |

mod zone;

use super::{Lookup, Resolver};
use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use twinseal_dkim::dns::MAX_RECORDS;
use twinseal_dkim::{LookupFailure, Security, TxtAnswer};
use twinseal_message::domain::BadDomain;
use twinseal_message::{Domain, text};
use zone::{MAX_STRING_OCTETS, Strings};

/// What can stand in place of a record, and what it stands for. A mark answers at once, `TIMEOUT`
/// too.
pub const MARKS: [(&str, TxtAnswer); 7] = [
    ("NXDOMAIN", TxtAnswer::NoName),
    ("NODATA", TxtAnswer::NoRecord),
    ("SERVFAIL", TxtAnswer::Failed(LookupFailure::ServerFailure)),
    ("TIMEOUT", TxtAnswer::Failed(LookupFailure::Timeout)),
    ("REFUSED", TxtAnswer::Failed(LookupFailure::Refused)),
    ("LOOP", TxtAnswer::Failed(LookupFailure::AliasLoop)),
    ("UNUSABLE", TxtAnswer::Failed(LookupFailure::Unusable)),
];

/// Answers from a file that was read before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFileResolver(HashMap<Box<str>, TxtAnswer>);

/// A line that is no record. Shown with its number in front, for the file's name to stand before
/// it.
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
    #[error("{0:?} has no record; allowed: a record, strings in quotation marks, or {Marks}")]
    Missing(String),
    /// Quotation marks do not go together.
    #[error(
        "no record in quotation marks: {}; allowed: \"STRING\", several with white space between, \
         in parentheses if on several lines",
        text::shown(.0)
    )]
    Quotes(String),
    /// A zone file cannot have so long a string; a record of several can be longer.
    #[error("a string has {0} octets; allowed: at most {MAX_STRING_OCTETS}, and several of them")]
    LongString(usize),
    /// A parenthesis is opened and not closed.
    #[error(
        "\"(\" is never closed; allowed: ( \"STRING\" … ), on as many lines as there have to be"
    )]
    Open,
    /// It is a line of a zone file, of another type.
    #[error("{0:?} is no type that is looked for; allowed: TXT, as in NAME IN TXT \"STRING\"")]
    Type(String),
    /// Its name is one within a zone, and nobody says which.
    #[error("{0:?} is part of a name; allowed: the full name, as in {0}.example.com")]
    PartOfName(String),
    /// It is no text.
    #[error("the line is no UTF-8; allowed: UTF-8")]
    NotUtf8,
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
    /// Reads what is in a file.
    ///
    /// # Errors
    /// Every line that is no record.
    pub fn parse(file: impl AsRef<[u8]>) -> Result<Self, Vec<KeyFileMistake>> {
        let mut records = Self::default();
        let mut mistakes = Vec::new();
        let lines = file.as_ref().split(|&octet| octet == b'\n').map(<[u8]>::trim_ascii);
        let mut lines = (1..).zip(lines);
        while let Some((line, octets)) = lines.next() {
            if octets.is_empty() || octets.starts_with(b"#") || octets.starts_with(b";") {
                continue;
            }
            let entry = entry(line, octets, &mut lines);
            let taken = entry.and_then(|(name, answer)| {
                records.take(&name, answer).map_err(|wrong| KeyFileMistake { line, wrong })
            });
            mistakes.extend(taken.err());
        }
        if mistakes.is_empty() { Ok(records) } else { Err(mistakes) }
    }

    fn take(&mut self, name: &Domain, answer: TxtAnswer) -> Result<(), WrongRecord> {
        let name = name.as_str();
        match (self.0.get_mut(name), answer) {
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

/// A name and what the file says of it, from a line and as many of the following as belong to it.
fn entry<'f>(
    line: usize,
    octets: &'f [u8],
    following: &mut impl Iterator<Item = (usize, &'f [u8])>,
) -> Result<(Domain, TxtAnswer), KeyFileMistake> {
    let at = |wrong| KeyFileMistake { line, wrong };
    let content = utf8(octets).map_err(at)?;
    let (name, content) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
    let content = content.trim_start();
    let quoted = match zone::data(content).map_err(at)? {
        Some(data) => Some((data, Strings::new(MAX_STRING_OCTETS))),
        None => content.starts_with('"').then(|| (content, Strings::new(usize::MAX))),
    };
    let answer = match quoted {
        // What follows in parentheses belongs to a wrong name as well.
        Some((data, strings)) => joined((line, data), strings, following)?.map(record),
        None => unquoted(content),
    };
    let name = full_name(name).map_err(at)?;
    match answer {
        Some(answer) => Ok((name, answer)),
        None => Err(at(WrongRecord::Missing(name.as_str().to_owned()))),
    }
}

fn unquoted(content: &str) -> Option<TxtAnswer> {
    let marked = MARKS.iter().find(|(mark, _)| *mark == content).map(|(_, marked)| marked.clone());
    let text = || (!content.is_empty()).then(|| record(content.as_bytes().to_vec()));
    marked.or_else(text)
}

/// However long it is: a record that is too long is a matter of the mail that asks for it.
fn record(text: Vec<u8>) -> TxtAnswer {
    TxtAnswer::Records { texts: vec![text], security: Security::Unproved }
}

/// `strings` joined with nothing between them (RFC 6376 §3.6.2.2), to the last of their lines;
/// `None` when there are none.
fn joined<'f>(
    (first, data): (usize, &'f str),
    mut strings: Strings,
    following: &mut impl Iterator<Item = (usize, &'f [u8])>,
) -> Result<Option<Vec<u8>>, KeyFileMistake> {
    let (mut line, mut octets) = (first, data.as_bytes());
    loop {
        if let Err(wrong) = utf8(octets).and_then(|content| strings.read(content)) {
            // The rest of what is in parentheses are no lines of their own.
            if strings.are_open() && !octets.contains(&b')') {
                following.find(|(_, octets)| octets.contains(&b')'));
            }
            return Err(KeyFileMistake { line, wrong });
        }
        if !strings.are_open() {
            return Ok(strings.into_text());
        }
        let open = KeyFileMistake { line: first, wrong: WrongRecord::Open };
        (line, octets) = following.next().ok_or(open)?;
    }
}

fn utf8(octets: &[u8]) -> Result<&str, WrongRecord> {
    std::str::from_utf8(octets).map_err(|_| WrongRecord::NotUtf8)
}

/// opendkim-genkey leaves the domain to the zone. No zone is a key's, so that it is missed.
fn full_name(name: &str) -> Result<Domain, WrongRecord> {
    let name = Domain::parse(name.strip_suffix('.').unwrap_or(name)).map_err(WrongRecord::Name)?;
    if name.as_str().ends_with("._domainkey") {
        return Err(WrongRecord::PartOfName(name.as_str().to_owned()));
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
