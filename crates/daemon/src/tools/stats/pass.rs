//! What a `pass` line of net-snmp's snmpd asks, and is answered.
//!
//! Below the identifier of that line there is one for each figure: 1, the length of its name, and
//! the octets of the name. So an identifier stays that of its figure, whatever else is counted.

use super::form::Figures;
use std::ffi::OsString;
use std::fmt;

/// How many numbers an identifier has at most, in SMIv2.
const MOST_NUMBERS: usize = 128;

/// Figures that go up only begin so.
const COUNTERS: [&str; 8] = [
    "messages",
    "seals_",
    "not_signed",
    "obstructed",
    "forecast",
    "verified",
    "reloads_",
    "domain_",
];

/// An object identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Oid(Vec<u32>);

impl Oid {
    /// Reads numbers with dots between them, and one in front if it is whole.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let numbers = text.strip_prefix('.').unwrap_or(text).split('.');
        let numbers: Vec<u32> = numbers
            .take(MOST_NUMBERS + 1)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| format!("found {text:?}, allowed: numbers with dots between them"))?;
        if numbers.len() > MOST_NUMBERS {
            return Err(format!("it has more than {MOST_NUMBERS} numbers"));
        }
        Ok(Self(numbers))
    }

    /// That of a figure below this one.
    fn of(&self, name: &str) -> Self {
        let octets = name.bytes().map(u32::from);
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
        Self(self.0.iter().copied().chain([1, length]).chain(octets).collect())
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|number| write!(f, ".{number}"))
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// That one (`-g`).
    Get,
    /// The one behind it (`-n`).
    Next,
    /// To change it (`-s`).
    Set,
}

/// A question of the agent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    kind: Kind,
    asked: Option<Oid>,
    below: Oid,
}

impl Question {
    /// Takes it out of a command line.
    pub(super) fn take(words: &mut Vec<OsString>) -> Option<Self> {
        let kind = |word: &OsString| match word.to_str() {
            Some("-g") => Some(Kind::Get),
            Some("-n") => Some(Kind::Next),
            Some("-s") => Some(Kind::Set),
            Some(_) | None => None,
        };
        let (at, kind) = words.iter().enumerate().find_map(|(at, word)| Some((at, kind(word)?)))?;
        let rest = words.split_off(at);
        let asked = rest.get(1).and_then(|oid| Oid::parse(&oid.to_string_lossy()).ok());
        Some(Self { kind, asked, below: Oid(Vec::new()) })
    }

    /// The same, of who has figures below that.
    pub(super) fn below(self, below: Oid) -> Self {
        Self { below, ..self }
    }

    /// The answer; empty, where there is nothing.
    pub(super) fn answer(&self, figures: &Figures) -> String {
        let Some(asked) = &self.asked else {
            return String::new();
        };
        let all = figures.iter().map(|(name, value)| (self.below.of(name), name, value));
        let found = match self.kind {
            Kind::Get => all.into_iter().find(|(oid, ..)| oid == asked),
            Kind::Next => all.filter(|(oid, ..)| oid > asked).min_by(|a, b| a.0.cmp(&b.0)),
            Kind::Set => return "not-writable\n".to_owned(),
        };
        let answer = |(oid, name, value): (Oid, &str, u64)| {
            let counts = COUNTERS.iter().any(|start| name.starts_with(start));
            let kind = if counts { "counter64" } else { "gauge" };
            format!("{oid}\n{kind}\n{value}\n")
        };
        found.map(answer).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Oid, Question};
    use crate::tools::stats::form::Figures;

    const BASE: &str = ".1.3.6.1.4.1.8072.9999";

    fn answer(words: &str) -> String {
        let figures = Figures::parse("messages 12\nab 7\nb 3\n").unwrap();
        let mut words = words.split_whitespace().map(Into::into).collect();
        let question = Question::take(&mut words).unwrap();
        question.below(Oid::parse(BASE).unwrap()).answer(&figures)
    }

    #[test]
    fn who_walks_meets_every_figure_once_and_in_order() {
        let mut at = BASE.to_owned();
        let mut met = Vec::new();
        loop {
            let next = answer(&format!("-n {at}"));
            let Some(oid) = next.lines().next() else { break };
            assert_eq!(answer(&format!("-g {oid}")), next);
            at = oid.to_owned();
            met.push(next.lines().skip(1).map(str::to_owned).collect::<Vec<_>>().join(" "));
        }
        assert_eq!(met, ["gauge 3", "gauge 7", "counter64 12"]);
    }

    #[test]
    fn what_is_not_there_has_no_answer_and_nothing_can_be_set() {
        for words in ["-g .1.3", "-g x", "-n .2", "-g", &format!("-g {BASE}.1.2.97")] {
            assert_eq!(answer(words), "", "{words}");
        }
        assert_eq!(answer(&format!("-s {BASE}.1 integer 1")), "not-writable\n");
        assert_eq!(
            answer(&format!("-g {BASE}.1.2.97.98")),
            format!("{BASE}.1.2.97.98\ngauge\n7\n")
        );
    }

    #[test]
    fn identifiers_have_a_length() {
        for text in ["", ".", "1..2", ".1.x", ".1.4294967296", &".1".repeat(129)] {
            assert!(Oid::parse(text).is_err(), "{text}");
        }
        assert_eq!(Oid::parse(&".1".repeat(128)).unwrap().to_string(), ".1".repeat(128));
        assert_eq!(Oid::parse("1.3").unwrap().to_string(), ".1.3");
    }
}
