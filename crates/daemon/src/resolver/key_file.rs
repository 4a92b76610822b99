//! A file of records in place of DNS, for tests and for hosts that have none.
//!
//! One record a line, behind its name: all of the rest of the line, or strings in quotation marks
//! as zone files have them, which are joined. A name may have several lines. In place of a record
//! can stand a [mark](MARKS): what DNS would answer. What is not in the file does not exist.

use super::{Lookup, Resolver};
use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use twinseal_dkim::dns::{MAX_RECORD_OCTETS, MAX_RECORDS};
use twinseal_dkim::{LookupFailure, Security, TxtAnswer};
use twinseal_message::domain::BadDomain;
use twinseal_message::{Domain, text};

/// What can stand in place of a record, and what it stands for. A mark answers at once, `TIMEOUT`
/// too.
pub const MARKS: [(&str, TxtAnswer); 4] = [
    ("NXDOMAIN", TxtAnswer::NoName),
    ("NODATA", TxtAnswer::NoRecord),
    ("SERVFAIL", TxtAnswer::Failed(LookupFailure::ServerFailure)),
    ("TIMEOUT", TxtAnswer::Failed(LookupFailure::Timeout)),
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
        "no record in quotation marks: {}; allowed: \"STRING\", several with white space between",
        text::shown(.0)
    )]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> TxtAnswer {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        TxtAnswer::Records { texts, security: Security::Unproved }
    }

    fn mistakes(text: &str) -> Vec<String> {
        let mistakes = KeyFileResolver::parse(text).unwrap_err();
        mistakes.iter().map(|mistake| format!("keys:{mistake}")).collect()
    }

    #[tokio::test]
    async fn records_are_found_by_their_names() {
        let text = "# keys\n\n\
            s._domainkey.a.example v=DKIM1; p=AB CD  \r\n\
            \ts._domainkey.b.example.\t\"v=DKIM1; \" \"p=\\\"\\\\\"\"AB\"\n\
            S._DomainKey.Bücher.example v=DKIM1; n=ü\n\
            twice.example one\nTWICE.example # two\n\
            gone.example NXDOMAIN\nempty.example NODATA\n\
            broken.example SERVFAIL\nslow.example TIMEOUT\n\
            small.example timeout\nquoted.example \"TIMEOUT\"\nnothing.example \"\"\n";
        let resolver = KeyFileResolver::parse(text).unwrap();
        for (name, want) in [
            ("s._domainkey.a.example", texts(&["v=DKIM1; p=AB CD"])),
            ("S._DOMAINKEY.B.EXAMPLE", texts(&["v=DKIM1; p=\"\\AB"])),
            ("s._domainkey.xn--bcher-kva.example", texts(&["v=DKIM1; n=ü"])),
            ("twice.example", texts(&["one", "# two"])),
            ("gone.example", TxtAnswer::NoName),
            ("empty.example", TxtAnswer::NoRecord),
            ("broken.example", TxtAnswer::Failed(LookupFailure::ServerFailure)),
            ("slow.example", TxtAnswer::Failed(LookupFailure::Timeout)),
            ("small.example", texts(&["timeout"])),
            ("quoted.example", texts(&["TIMEOUT"])),
            ("nothing.example", texts(&[""])),
            ("not-there.example", TxtAnswer::NoName),
        ] {
            assert_eq!(resolver.known(name), Some(want.clone()), "{name}");
            assert_eq!(resolver.txt(name).await, want, "{name}");
        }
    }

    #[test]
    fn each_mistake_names_its_line_what_was_found_and_what_is_allowed() {
        let text = "a..b x\nlonely.example\nq.example \"a\" b\nopen.example \"a\n\
                    esc.example \"a\\\nm.example x\nm.example SERVFAIL\n";
        assert_eq!(
            mistakes(text),
            [
                "keys:1: \"a..b\" is no name: it has an empty label; allowed: a name and a record, \
                 as in mail._domainkey.example.com v=DKIM1; p=MIGf…",
                "keys:2: \"lonely.example\" has no record; allowed: a record, strings in quotation \
                 marks, or NXDOMAIN, NODATA, SERVFAIL, TIMEOUT",
                "keys:3: no record in quotation marks: \"a\" b; allowed: \"STRING\", several with \
                 white space between",
                "keys:4: no record in quotation marks: \"a; allowed: \"STRING\", several with white \
                 space between",
                "keys:5: no record in quotation marks: \"a\\; allowed: \"STRING\", several with \
                 white space between",
                "keys:7: \"m.example\" has another line; allowed: records, or one of NXDOMAIN, \
                 NODATA, SERVFAIL, TIMEOUT",
            ]
        );
    }

    #[test]
    fn records_are_bounded() {
        let long = "x".repeat(MAX_RECORD_OCTETS);
        assert!(KeyFileResolver::parse(&format!("a.example {long}")).is_ok());
        let told = mistakes(&format!("a.example {long}x"));
        assert_eq!(told, ["keys:1: the record has 16385 octets; allowed: at most 16384"]);
        let lines = "a.example x\n".repeat(MAX_RECORDS);
        assert!(KeyFileResolver::parse(&lines).is_ok());
        let told = mistakes(&format!("{lines}a.example x"));
        assert_eq!(told, ["keys:9: \"a.example\" has more records; allowed: at most 8"]);
    }
}
