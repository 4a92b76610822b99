//! The command lines of the tools: long options with values, every mistake reported.

use crate::command::print;
use crate::terminal::Terminal;
use lexopt::{Arg, Parser, ValueExt as _};
use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use twinseal_config::ExitCode;

/// What a tool's option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing: it is there or not.
    Nothing,
    /// A text, named so in `--help`.
    Text(&'static str),
    /// One of these words, named so there.
    Word(&'static str, &'static [&'static str]),
}

/// One option of a tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToolOption {
    /// Its name, without the dashes.
    pub(crate) name: &'static str,
    /// What follows it.
    pub(crate) takes: Takes,
    /// One line for `--help`.
    pub(crate) help: &'static str,
}

/// The options that were given, in order.
#[derive(Debug, Default)]
pub(crate) struct Given {
    values: Vec<(&'static str, OsString)>,
    /// The words that belong to no option, where the tool takes any.
    pub(crate) operands: Vec<OsString>,
    /// Everything that is wrong with the command line.
    pub(crate) mistakes: Vec<String>,
    /// `--help` was asked for.
    pub(crate) help: bool,
}

impl Given {
    /// Reads a command line against the options of a tool.
    pub(crate) fn parse(words: Vec<OsString>, options: &[ToolOption]) -> Self {
        Self::with_operands(words, options, 0)
    }

    /// The same, for a tool that takes so many words that belong to no option, or less.
    pub(crate) fn with_operands(
        words: Vec<OsString>,
        options: &[ToolOption],
        operands: usize,
    ) -> Self {
        let mut given = Self::default();
        let mut parser = Parser::from_args(words);
        loop {
            match parser.next() {
                Ok(None) => return given,
                Ok(Some(arg)) => {
                    let known = match &arg {
                        Arg::Long(name) => options.iter().find(|option| option.name == *name),
                        Arg::Short(_) | Arg::Value(_) => None,
                    };
                    given.help |= matches!(arg, Arg::Long("help") | Arg::Short('h' | '?'));
                    if let Arg::Value(word) = &arg
                        && given.operands.len() < operands
                    {
                        given.operands.push(word.clone());
                        continue;
                    }
                    match known {
                        Some(option) => given.take(*option, &mut parser),
                        None if given.help => return given,
                        None => given.mistakes.push(stray(&arg)),
                    }
                }
                Err(error) => given.mistakes.push(error.to_string()),
            }
        }
    }

    fn take(&mut self, option: ToolOption, parser: &mut Parser) {
        match option.takes {
            Takes::Nothing => self.values.push((option.name, OsString::new())),
            Takes::Text(_) | Takes::Word(..) => match parser.value() {
                Ok(value) => self.values.push((option.name, value)),
                Err(_) => self.mistakes.push(format!("--{} needs a value", option.name)),
            },
        }
    }

    /// All values of that option.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &OsString> {
        self.values.iter().filter(move |(given, _)| *given == name).map(|(_, value)| value)
    }

    /// Whether the option was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The last value of that option, read by `read`; what cannot be read is a mistake.
    pub(crate) fn read<T, E: Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.all(name).last()?.clone();
        self.take_value(name, value, read)
    }

    /// The same for all values of that option, which may be given several times.
    pub(crate) fn read_all<T, E: Display>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let values: Vec<OsString> = self.all(name).cloned().collect();
        values.into_iter().filter_map(|value| self.take_value(name, value, &read)).collect()
    }

    fn take_value<T, E: Display>(
        &mut self,
        name: &str,
        value: OsString,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = value.string().map_err(|error| error.to_string());
        match text.and_then(|text| read(&text).map_err(|error| error.to_string())) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistakes.push(format!("--{name}: {error}"));
                None
            }
        }
    }

    /// The same, for an option that has to be there.
    pub(crate) fn need<T, E: Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if !self.has(name) {
            self.mistakes.push(format!("--{name} is missing"));
        }
        self.read(name, read)
    }
}

/// What the command line of a tool asks for.
///
/// # Errors
/// How the program ends where it asks for help, or for nothing that can be done; that is told.
pub(crate) fn asked<A>(
    read: Result<Option<A>, Vec<String>>,
    (name, usage): (&str, fn() -> String),
    terminal: &mut Terminal<'_>,
) -> Result<A, ExitCode> {
    match read {
        Ok(Some(asked)) => Ok(asked),
        Ok(None) => Err(print(terminal, &usage())),
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| terminal.complain(mistake));
            terminal.complain(format_args!("twinseal {name} --help tells how it is used"));
            Err(ExitCode::Usage)
        }
    }
}

/// Reads a number in that range.
pub(crate) fn number<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        let wanted = || format!("found {text:?}, allowed: {} to {}", range.start(), range.end());
        number.ok_or_else(wanted)
    }
}

fn stray(arg: &Arg<'_>) -> String {
    match arg {
        Arg::Long(name) => format!("unknown option \"--{name}\""),
        Arg::Short(letter) => format!("unknown option \"-{letter}\""),
        Arg::Value(word) => format!("unexpected word {word:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Given, Takes, ToolOption, number};

    const OPTIONS: &[ToolOption] = &[
        ToolOption { name: "key", takes: Takes::Text("FILE"), help: "" },
        ToolOption { name: "once", takes: Takes::Nothing, help: "" },
    ];

    fn parse(words: &[&str]) -> Given {
        Given::parse(words.iter().map(Into::into).collect(), OPTIONS)
    }

    #[test]
    fn every_mistake_is_reported() {
        let mut given = parse(&["--what", "stray", "-x", "--key"]);
        assert_eq!(given.need("number", str::parse::<u8>), None);
        let want = [
            "unknown option \"--what\"",
            "unexpected word \"stray\"",
            "unknown option \"-x\"",
            "--key needs a value",
            "--number is missing",
        ];
        assert_eq!(given.mistakes, want);
    }

    #[test]
    fn values_are_kept_in_order() {
        let mut given = parse(&["--key", "a", "--once", "--key=b"]);
        assert_eq!(given.all("key").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(given.read("key", |text| text.parse::<String>()).as_deref(), Some("b"));
        assert!(given.has("once") && given.mistakes.is_empty());
    }

    #[test]
    fn every_value_of_an_option_is_read() {
        let mut given = parse(&["--key", "1", "--key", "x", "--key", "3"]);
        assert_eq!(given.read_all("key", str::parse::<u8>), [1, 3]);
        assert_eq!(given.mistakes, ["--key: invalid digit found in string"]);
    }

    #[test]
    fn words_beyond_those_that_a_tool_takes_are_mistakes() {
        let words = ["a", "--once", "b"].iter().map(Into::into).collect();
        let given = Given::with_operands(words, OPTIONS, 1);
        assert_eq!(given.operands, ["a"]);
        assert_eq!(given.mistakes, ["unexpected word \"b\""]);
        assert!(given.has("once"));
    }

    #[test]
    fn a_number_says_its_range() {
        let port = number(1..=u16::MAX);
        assert_eq!(port("8891"), Ok(8891));
        for text in ["0", "65536", "-1", "many", ""] {
            let wanted = format!("found {text:?}, allowed: 1 to 65535");
            assert_eq!(port(text), Err(wanted));
        }
    }
}
