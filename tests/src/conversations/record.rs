//! What a filter did in a conversation, one entry for each thing.

use super::tap::Passed;
use crate::milter::Frame;
use std::fmt;

/// One thing that a filter did, and after which command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The command; header fields with their names.
    pub at: String,
    /// What the filter did.
    pub what: What,
}

/// What a filter does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Agreed on terms: version, actions, steps, and the macros that it asks for.
    Terms(u32, u32, u32, String),
    /// A reply of one word.
    Reply(&'static str),
    /// A reply in SMTP's words.
    Smtp(String),
    /// A field inserted at an index.
    Insert(u32, String, String),
    /// A field changed, or deleted where the value is empty: which one of its name.
    Change(u32, String, String),
    /// The message put aside.
    Quarantine(String),
    /// Any other frame.
    Other(char, String),
    /// No answer, because none was to be given.
    Silence,
    /// The connection closed, uninvited.
    Closed,
}

impl What {
    /// Name and value of a field that is inserted.
    pub fn inserted(&self) -> Option<(&str, &str)> {
        if let Self::Insert(_, name, value) = self { Some((name, value)) } else { None }
    }

    /// Which one of a name is deleted.
    pub fn deleted(&self) -> Option<(u32, &str)> {
        match self {
            Self::Change(number, name, value) if value.is_empty() => Some((*number, name)),
            Self::Change(..)
            | Self::Insert(..)
            | Self::Terms(..)
            | Self::Reply(_)
            | Self::Smtp(_)
            | Self::Quarantine(_)
            | Self::Other(..)
            | Self::Silence
            | Self::Closed => None,
        }
    }
}

/// What happened, command by command.
pub fn entries(passed: &[Passed]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut at, mut answered) = (String::new(), true);
    for one in passed {
        match one {
            Passed::Command((letter, payload)) => {
                if !answered {
                    entries.push(Entry { at: at.clone(), what: What::Silence });
                }
                at = command(*letter, payload);
                answered = matches!(letter, b'D' | b'A' | b'Q');
            }
            Passed::Answer(frame) => {
                answered = true;
                entries.push(Entry { at: at.clone(), what: read(frame) });
            }
            Passed::Closed if at == "quit" => {}
            Passed::Closed => entries.push(Entry { at: at.clone(), what: What::Closed }),
        }
    }
    entries
}

fn command(letter: u8, payload: &[u8]) -> String {
    let first = payload.split(|&b| b == 0).next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    match letter {
        b'O' => "negotiate".into(),
        b'C' => "connect".into(),
        b'H' => "helo".into(),
        b'M' => "mail".into(),
        b'R' => format!("rcpt {first}"),
        b'T' => "data".into(),
        b'L' => format!("header {first}"),
        b'N' => "eoh".into(),
        b'B' => "body".into(),
        b'E' => "end".into(),
        b'D' => "macros".into(),
        b'A' => "abort".into(),
        b'Q' => "quit".into(),
        _ => format!("command {}", char::from(letter)),
    }
}

fn read((letter, payload): &Frame) -> What {
    let word = |at: usize| {
        let octets = payload.get(at..at + 4).and_then(|octets| octets.try_into().ok());
        octets.map_or(0, u32::from_be_bytes)
    };
    let text = |octets: &[u8]| {
        let octets = octets.strip_suffix(b"\0").unwrap_or(octets);
        String::from_utf8_lossy(octets).into_owned()
    };
    let field = || {
        let mut parts = payload.get(4..).unwrap_or_default().splitn(2, |&b| b == 0);
        let name = text(parts.next().unwrap_or_default());
        (word(0), name, text(parts.next().unwrap_or_default()))
    };
    match letter {
        b'O' => What::Terms(
            word(0),
            word(4),
            word(8),
            payload.get(12..).unwrap_or_default().escape_ascii().to_string(),
        ),
        b'c' => What::Reply("continue"),
        b'a' => What::Reply("accept"),
        b'r' => What::Reply("reject"),
        b't' => What::Reply("tempfail"),
        b'd' => What::Reply("discard"),
        b's' => What::Reply("skip"),
        b'y' => What::Smtp(text(payload)),
        b'i' => {
            let (index, name, value) = field();
            What::Insert(index, name, value)
        }
        b'm' => {
            let (index, name, value) = field();
            What::Change(index, name, value)
        }
        b'q' => What::Quarantine(text(payload)),
        _ => What::Other(char::from(*letter), payload.escape_ascii().to_string()),
    }
}

impl Entry {
    /// The same with what no two runs have in common blanked out: of a signature the time, the
    /// time of its end where that follows from it, and the digits of `b=`, fold by fold.
    pub fn normal(mut self) -> Self {
        if let What::Insert(_, name, value) = &mut self.what
            && name == "DKIM-Signature"
        {
            *value = without_time(value);
        }
        self
    }
}

fn without_time(value: &str) -> String {
    let number =
        |tag: &str, name: &str| -> Option<u64> { tag.trim().strip_prefix(name)?.parse().ok() };
    let mut made = None;
    let mut tags = Vec::new();
    for tag in value.split(';') {
        let blanks: String = tag.chars().take_while(|c| c.is_whitespace()).collect();
        if let Some(time) = number(tag, "t=") {
            made = Some(time);
            tags.push(format!("{blanks}t=T"));
        } else if let (Some(end), Some(time)) = (number(tag, "x="), made) {
            tags.push(format!("{blanks}x=T+{}", end.saturating_sub(time)));
        } else if let Some(digits) = tag.trim_start().strip_prefix("b=") {
            let digit = |c: char| if c.is_whitespace() { c } else { 'B' };
            tags.push(format!("{blanks}b={}", digits.chars().map(digit).collect::<String>()));
        } else {
            tags.push(tag.to_owned());
        }
    }
    tags.join(";")
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.at)?;
        match &self.what {
            What::Terms(version, actions, steps, macros) => {
                write!(f, "version {version}, actions {actions:#x}, steps {steps:#x} {macros}")
            }
            What::Reply(word) => f.write_str(word),
            What::Smtp(text) => write!(f, "reply {text:?}"),
            What::Insert(index, name, value) => write!(f, "insert {index} {name}:{value:?}"),
            What::Change(index, name, value) if value.is_empty() => {
                write!(f, "delete {name} number {index}")
            }
            What::Change(index, name, value) => write!(f, "change {name} {index} {value:?}"),
            What::Quarantine(text) => write!(f, "quarantine {text:?}"),
            What::Other(letter, text) => write!(f, "frame {letter} {text}"),
            What::Silence => f.write_str("no reply"),
            What::Closed => f.write_str("closed"),
        }
    }
}

/// Both side by side where they differ, or nothing.
pub fn difference(want: &[Entry], have: &[Entry]) -> Option<String> {
    if want == have {
        return None;
    }
    let lines =
        |entries: &[Entry]| -> Vec<String> { entries.iter().map(ToString::to_string).collect() };
    let (want, have) = (lines(want), lines(have));
    let same = want.iter().zip(&have).take_while(|(a, b)| a == b).count();
    let end = want[same..].iter().rev().zip(have[same..].iter().rev());
    let end = end.take_while(|(a, b)| a == b).count();
    let mut text = String::new();
    for line in &want[same..want.len() - end] {
        text += &format!("    wanted {line}\n");
    }
    for line in &have[same..have.len() - end] {
        text += &format!("    is     {line}\n");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_and_digits_are_blanked_out() {
        let value =
            " v=1; d=e.example;\n\ts=x; t=1795; x=1799; r=y;\n\tbh=aA=; l=7;\n\tb=aB+\n\t d==";
        let want = " v=1; d=e.example;\n\ts=x; t=T; x=T+4; r=y;\n\tbh=aA=; l=7;\n\tb=BBB\n\t BBB";
        assert_eq!(without_time(value), want);
    }

    #[test]
    fn what_is_said_is_told_command_by_command() {
        let command = |letter: u8, text: &[u8]| Passed::Command((letter, text.to_vec()));
        let answer = |letter: u8, text: &[u8]| Passed::Answer((letter, text.to_vec()));
        let passed = [
            command(b'L', b"From\0 a\0"),
            command(b'E', b""),
            answer(b'i', b"\0\0\0\x01X\0 y\0"),
            answer(b'a', b""),
            command(b'Q', b""),
            Passed::Closed,
        ];
        let lines: Vec<String> = entries(&passed).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["header From: no reply", "end: insert 1 X:\" y\"", "end: accept"]);
    }
}
