//! What there is to know of each command, as data: `--help`, the manual pages and the completions of
//! shells are made of it, so that they cannot disagree.
//!
//! A page stands beside the command that it is about; those of the programs that serve are in
//! [`doors`].

pub mod doors;
pub mod overview;

use crate::tools::options::{Takes, ToolOption};
use std::fmt::Write as _;

/// How wide options are in `--help`, in characters.
const OPTION_WIDTH: usize = 24;

/// What the paragraph of exit codes begins with.
const ENDS: &str = "Ends with ";

/// A command, or a tool of an old daemon.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Its name: that of the sub-command, or of the program.
    pub name: &'static str,
    /// Where manual pages about it stand.
    pub section: Section,
    /// What it is for, in a line.
    pub summary: &'static str,
    /// How it is called, behind its name; a line for each way.
    pub usage: &'static [&'static str],
    /// What it does: paragraphs, of which one begins with "Ends with" and has the exit codes. Lines
    /// that begin with blanks are shown as they are.
    pub about: &'static str,
    /// Its options.
    pub options: fn() -> Vec<Flag>,
    /// What the words are that belong to no option.
    pub operands: Words,
    /// Whether it takes the options of `twinseal serve` as well, which name a configuration.
    pub configured: bool,
    /// Sections of its own.
    pub sections: &'static [(&'static str, &'static str)],
    /// How it is used: what for, and the line to type.
    pub examples: &'static [(&'static str, &'static str)],
    /// The files that it has to do with.
    pub files: &'static [(&'static str, &'static str)],
    /// Pages that tell more, with their sections.
    pub see: &'static [&'static str],
}

impl Page {
    /// What most pages have in common.
    pub(crate) const ROW: Self = Self {
        name: "",
        section: Section::System,
        summary: "",
        usage: &["[OPTION…]"],
        about: "",
        options: Vec::new,
        operands: Words::Any,
        configured: false,
        sections: &[],
        examples: &[],
        files: &[],
        see: &[],
    };

    /// The paragraphs about it, without the exit codes.
    pub fn paragraphs(&self) -> impl Iterator<Item = &'static str> {
        self.about.split("\n\n").filter(|paragraph| !paragraph.starts_with(ENDS))
    }

    /// What its exit codes mean.
    #[must_use]
    pub fn exit_codes(&self) -> Option<&'static str> {
        self.about.split("\n\n").find(|paragraph| paragraph.starts_with(ENDS))
    }
}

/// A part of the manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// What everybody may use.
    User,
    /// What the administrator of a host uses.
    System,
}

impl Section {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::User => 1,
            Self::System => 8,
        }
    }
}

/// Words of which completions know something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Any.
    Any,
    /// Paths of files.
    Files,
    /// Paths of directories.
    Directories,
    /// These.
    These(&'static [&'static str]),
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// How it is typed: `-d`, `--domain`.
    pub names: Vec<String>,
    /// What stands behind it.
    pub value: Option<Value>,
    /// One line about it.
    pub help: String,
    /// What else there is to know, a paragraph each.
    pub more: Vec<String>,
}

/// What stands behind an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// What it is called in `--help`.
    pub name: String,
    /// What it can be.
    pub words: Words,
    /// Whether it may be left out; behind an equals sign otherwise.
    pub optional: bool,
}

impl Value {
    /// A value of that name, which says whether it is a path.
    pub(crate) fn named(name: &str) -> Self {
        let words = match name {
            "FILE" | "PATH" | "MAIL" | "PROGRAM" | "keyfile" | "keypath" | "conffile" => {
                Words::Files
            }
            "DIR" | "path" => Words::Directories,
            _ => Words::Any,
        };
        Self { name: name.to_owned(), words, optional: false }
    }
}

impl From<Takes> for Option<Value> {
    fn from(takes: Takes) -> Self {
        match takes {
            Takes::Nothing => None,
            Takes::Text(name) => Some(Value::named(name)),
            Takes::Word(name, words) => {
                Some(Value { words: Words::These(words), ..Value::named(name) })
            }
        }
    }
}

impl From<&ToolOption> for Flag {
    fn from(option: &ToolOption) -> Self {
        Self {
            names: vec![format!("--{}", option.name)],
            value: option.takes.into(),
            help: option.help.to_owned(),
            more: Vec::new(),
        }
    }
}

/// The options of a tool of ours.
pub(crate) fn long(options: &[ToolOption]) -> Vec<Flag> {
    options.iter().map(Flag::from).collect()
}

/// An option of a tool that has letters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lettered {
    /// Its letter.
    pub(crate) letter: Option<char>,
    /// Its long name.
    pub(crate) long: Option<&'static str>,
    /// What follows it.
    pub(crate) takes: Takes,
    /// One line about it.
    pub(crate) help: &'static str,
}

impl Lettered {
    /// One that has a letter alone.
    pub(crate) const fn only(letter: char, takes: Takes, help: &'static str) -> Self {
        Self { letter: Some(letter), long: None, takes, help }
    }
}

impl From<&Lettered> for Flag {
    fn from(option: &Lettered) -> Self {
        let letter = option.letter.map(|letter| format!("-{letter}"));
        let long = option.long.map(|long| format!("--{long}"));
        Self {
            names: letter.into_iter().chain(long).collect(),
            value: option.takes.into(),
            help: option.help.to_owned(),
            more: Vec::new(),
        }
    }
}

/// The options of such a tool.
pub(crate) fn lettered(options: &[Lettered]) -> Vec<Flag> {
    options.iter().map(Flag::from).collect()
}

/// What the old tools say of their options when the command line is wrong: a line each.
pub(crate) fn old_usage(options: &[Lettered]) -> Vec<String> {
    let line = |option: &Lettered| {
        let letter = option.letter.map(|letter| format!("-{letter}"));
        let long = option.long.map(|long| format!("--{long}"));
        let name = letter.or(long).unwrap_or_default();
        let option_and_value = match option.takes {
            Takes::Nothing => name,
            Takes::Text(value) | Takes::Word(value, _) => format!("{name} {value}"),
        };
        format!("{option_and_value:<11}\t{}", option.help)
    };
    options.iter().map(line).collect()
}

/// The text of `--help` of a command that is called `twinseal NAME`.
pub(crate) fn help(page: &Page) -> String {
    let mut text = String::new();
    for (index, usage) in page.usage.iter().enumerate() {
        let head = if index == 0 { "usage:" } else { "      " };
        let line = format!("{head} twinseal {} {usage}", page.name);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = write!(text, "\n{}\n\n", page.about);
    for flag in (page.options)() {
        let value =
            flag.value.as_ref().map_or_else(String::new, |value| format!(" {}", value.name));
        let option = flag.names.join(", ") + &value;
        let _ = writeln!(text, "  {option:<OPTION_WIDTH$} {}", flag.help);
    }
    text
}

#[cfg(test)]
mod tests;
