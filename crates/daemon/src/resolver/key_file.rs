//! A file of records in place of DNS, for tests and for hosts that have none.
//!
//! One record a line, behind its name: all of the rest of the line, or strings in quotation marks
//! as zone files have them, which are joined. Lines of zone files, as programs that make keys write
//! them, are taken too: with a time, with `IN` and `TXT`, in parentheses over several lines, and with
//! comments. A name may have several records. In place of a record can stand a [mark](MARKS): what
//! DNS would answer. What is not in the file does not exist.

use super::{Lookup, Resolver};
use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::str::Chars;
use twinseal_dkim::dns::MAX_RECORDS;
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
    /// It is about a name in a zone that is not named.
    #[error("\"{0}\" is a name within a zone; allowed: the whole name, as in {0}.example.com")]
    Relative(String),
    /// There is nothing behind the name.
    #[error("{0:?} has no record; allowed: a record, strings in quotation marks, or {Marks}")]
    Missing(String),
    /// Quotation marks do not go together.
    #[error(
        "no record in quotation marks: {}; allowed: \"STRING\", several with white space between, or in parentheses",
        text::shown(.0)
    )]
    Quotes(String),
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
        let mut lines = (1..).zip(text.lines().map(str::trim));
        while let Some((line, content)) = lines.next() {
            if content.is_empty() || content.starts_with(['#', ';']) {
                continue;
            }
            let further = lines.by_ref().map(|(_, content)| content);
            if let Err(wrong) = records.take(content, further) {
                mistakes.push(KeyFileMistake { line, wrong });
            }
        }
        if mistakes.is_empty() { Ok(records) } else { Err(mistakes) }
    }

    /// Takes a line, and of those behind it as many as belong to it.
    fn take<'t>(
        &mut self,
        line: &str,
        further: impl Iterator<Item = &'t str>,
    ) -> Result<(), WrongRecord> {
        let (name, content) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let answer = answer(name, content.trim_start(), further)?;
        let name =
            Domain::parse(name.strip_suffix('.').unwrap_or(name)).map_err(WrongRecord::Name)?;
        let name = name.as_str();
        if name.ends_with("._domainkey") {
            return Err(WrongRecord::Relative(name.to_owned()));
        }
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

/// What a line says behind its name.
fn answer<'t>(
    name: &str,
    content: &str,
    further: impl Iterator<Item = &'t str>,
) -> Result<TxtAnswer, WrongRecord> {
    if content.is_empty() {
        return Err(WrongRecord::Missing(name.to_owned()));
    }
    if let Some((_, marked)) = MARKS.iter().find(|(mark, _)| *mark == content) {
        return Ok(marked.clone());
    }
    let of_zone = behind_txt(content);
    let text = match of_zone.unwrap_or(content) {
        data if of_zone.is_some() || data.starts_with('"') => {
            joined(data, further).ok_or_else(|| WrongRecord::Quotes(data.to_owned()))?
        }
        plain => plain.to_owned(),
    };
    // Whether it is too long is said by who looks for a key in it.
    Ok(TxtAnswer::Records { texts: vec![text.into_bytes()], security: Security::Unproved })
}

/// The data of a record in a zone file (RFC 1035 §5.1): what stands behind TXT, where in front of it
/// stand a time and a class at most.
fn behind_txt(content: &str) -> Option<&str> {
    let mut rest = content;
    loop {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        rest = after.trim_start();
        if word.eq_ignore_ascii_case("TXT") {
            return Some(rest);
        }
        let is_time = word.starts_with(|ch: char| ch.is_ascii_digit())
            && word.chars().all(|ch| ch.is_ascii_alphanumeric());
        if !is_time && !word.eq_ignore_ascii_case("IN") {
            return None;
        }
    }
}

/// Strings in quotation marks, joined with nothing between them (RFC 6376 §3.6.2.2). RFC 1035 §5.1:
/// behind a backslash stands a character as it is, parentheses go on in the next line, and a
/// semicolon begins a comment.
fn joined<'t>(first: &str, mut further: impl Iterator<Item = &'t str>) -> Option<String> {
    let (mut text, mut depth) = (String::new(), 0_usize);
    let mut line = first;
    loop {
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => take_string(&mut characters, &mut text)?,
                '(' => depth += 1,
                ')' => depth = depth.checked_sub(1)?,
                ';' => break,
                blank if blank.is_whitespace() => {}
                _ => return None,
            }
        }
        if depth == 0 {
            return Some(text);
        }
        line = further.next()?;
    }
}

/// The rest of a string, up to its closing quotation mark.
fn take_string(characters: &mut Chars<'_>, text: &mut String) -> Option<()> {
    loop {
        match characters.next()? {
            '"' => return Some(()),
            '\\' => text.push(characters.next()?),
            character => text.push(character),
        }
    }
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
    fn lines_of_zone_files_are_taken_as_programs_write_them() {
        let text = "; made by a program\n\
            s._domainkey.a.example.\tIN\tTXT\t\"v=DKIM1; k=ed25519; p=AA\"\n\
            s._domainkey.b.example. 1h IN TXT ( \"v=DKIM1; h=sha256; k=rsa; \"\n\
            \t  \"p=AB(\"\n\t  \"CD\" )  ; ----- DKIM key s for b.example\n\
            c.example 3600 txt \"one\"\nc.example in 60 TXT (\"two\") ; more\n\
            d.example IN is the text of a record\ne.example TXT\n";
        let resolver = KeyFileResolver::parse(text).unwrap();
        for (name, want) in [
            ("s._domainkey.a.example", texts(&["v=DKIM1; k=ed25519; p=AA"])),
            ("s._domainkey.b.example", texts(&["v=DKIM1; h=sha256; k=rsa; p=AB(CD"])),
            ("c.example", texts(&["one", "two"])),
            ("d.example", texts(&["IN is the text of a record"])),
            ("e.example", texts(&["TXT"])),
        ] {
            assert_eq!(resolver.known(name), Some(want), "{name}");
        }
        let zone = "s._domainkey IN TXT ( \"v=DKIM1; \"\n \"p=AB\" )\nx.example IN TXT ( \"a\"\n";
        assert_eq!(
            mistakes(zone),
            [
                "keys:1: \"s._domainkey\" is a name within a zone; allowed: the whole name, as in \
                 s._domainkey.example.com",
                "keys:3: no record in quotation marks: ( \"a\"; allowed: \"STRING\", several with \
                 white space between, or in parentheses",
            ]
        );
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
                 white space between, or in parentheses",
                "keys:4: no record in quotation marks: \"a; allowed: \"STRING\", several with white \
                 space between, or in parentheses",
                "keys:5: no record in quotation marks: \"a\\; allowed: \"STRING\", several with \
                 white space between, or in parentheses",
                "keys:7: \"m.example\" has another line; allowed: records, or one of NXDOMAIN, \
                 NODATA, SERVFAIL, TIMEOUT",
            ]
        );
    }

    #[test]
    fn records_are_bounded() {
        let lines = "a.example x\n".repeat(MAX_RECORDS);
        assert!(KeyFileResolver::parse(&lines).is_ok());
        let told = mistakes(&format!("{lines}a.example x"));
        assert_eq!(told, ["keys:9: \"a.example\" has more records; allowed: at most 8"]);
    }
}
