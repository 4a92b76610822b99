//! The parameter table: the only place that knows a parameter.
//!
//! The file, the command line, `--help`, the sample file, the check of a reload and, later, the
//! manual and the historic files are loops over it.

mod former;
mod table;

use crate::door::Door;
use crate::origin::Origin;
use crate::raw::{Given, Setter};

pub use former::former_names;
pub(crate) use former::present_name;
pub use table::PARAMS;
pub(crate) use table::{OPENDKIM_OMITTED, OPENDKIM_SIGNED};

/// A parameter, under all the names that it has.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name in our file, with the sections that it is in. The long option is the same with
    /// dashes instead of dots.
    pub name: &'static str,
    /// Its letter in `dk-filter`, which is also ours.
    pub dk_filter: Option<Letter>,
    /// Its names in `dkim-filter`.
    pub dkim_filter: Historic,
    /// Its names in `opendkim`.
    pub opendkim: Historic,
    /// What a value looks like.
    pub kind: Kind,
    /// What is in force when nobody says anything; `None` for nothing at all.
    pub default: Option<&'static str>,
    /// The same in the historic doors.
    pub unsaid: Unsaid,
    /// Whether a running daemon takes a new value.
    pub reload: Reload,
    /// Where it may be given.
    pub place: Place,
    /// One line about it.
    pub summary: &'static str,
    /// What else there is to know.
    pub manual: &'static str,
    /// What the sample file says.
    pub sample: Sample,
    /// Whether we act on it.
    pub acts: Acts,
    /// How its value is stored.
    pub(crate) setter: Setter,
}

/// What is in force in a historic door when nobody says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsaid {
    /// In `dk-filter`.
    pub dk_filter: Instead,
    /// In `dkim-filter`.
    pub dkim_filter: Instead,
    /// In `opendkim`.
    pub opendkim: Instead,
}

/// What a historic program had in place of our default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// The same.
    Same,
    /// Nothing at all.
    Nothing,
    /// This.
    Value(&'static str),
}

/// An option of one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter {
    /// The letter.
    pub letter: char,
    /// The value that the letter stands for, if it takes none itself.
    pub means: Option<&'static str>,
    /// What `-?` says about it, where that is not the parameter's summary.
    pub told: Option<&'static str>,
    /// Whether commas separate the items of a list behind it.
    pub commas: bool,
}

/// The names that `dkim-filter`, or `opendkim`, has for a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Historic {
    /// Its letter.
    pub letter: Option<Letter>,
    /// Its parameter in that program's file.
    pub parameter: Option<Parameter>,
}

impl Historic {
    /// No names.
    pub(crate) const NONE: Self = Self { letter: None, parameter: None };

    /// The name of its parameter.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.parameter.map(|parameter| parameter.name)
    }
}

/// A parameter of a historic file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; capitals and small letters are the same.
    pub name: &'static str,
    /// How its value is written there.
    pub form: Form,
}

/// How a historic file writes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As one word.
    Word,
    /// As words with commas between them.
    Words,
    /// As yes or no; this is what each of them is to us.
    Truth {
        /// For yes.
        yes: &'static str,
        /// For no.
        no: &'static str,
    },
    /// As a number in C's notation, which is permission bits to us.
    Bits,
    /// As one of the words, or its first letter.
    Initial,
    /// As a number of seconds.
    Seconds,
    /// As a number of octets.
    Octets,
    /// As a data set of `opendkim`: a list with commas, or the file that it is in.
    Set,
}

impl Form {
    /// Whether yes and no change places on the way to us.
    #[must_use]
    pub fn is_the_other_way_round(&self) -> bool {
        matches!(self, Self::Truth { yes: "no", .. })
    }

    /// Our word for a value, as the historic file writes it.
    pub(crate) fn written<'word>(&self, ours: &'word str) -> &'word str {
        match self {
            Self::Truth { yes, .. } if *yes == ours => "yes",
            Self::Truth { no, .. } if *no == ours => "no",
            Self::Truth { .. }
            | Self::Word
            | Self::Words
            | Self::Bits
            | Self::Initial
            | Self::Seconds
            | Self::Octets
            | Self::Set => ours,
        }
    }
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no; as an option, without a value.
    Switch,
    /// One text, of which this says the form.
    Text(&'static str),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Octal digits.
    Octal,
    /// A whole number.
    Number,
    /// A number and its unit.
    Duration,
    /// A number of octets and its unit.
    Size,
    /// The path of a file.
    Path,
    /// Texts of that form; as an option, with commas between them.
    List(&'static str),
    /// A list of hosts, or the path of a file that has one.
    Hosts,
    /// A list of domains, or the path of a file that has one.
    Domains,
    /// Entries with keys of their own.
    Entries(&'static str),
    /// Something to do instead of serving.
    Command,
}

/// Whether a running daemon takes a new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// A reload does.
    Live,
    /// Only a new start does.
    Restart,
    /// It is for something that is done instead of serving, and nothing is there that could take it.
    Never,
}

/// Where a parameter may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the file and on the command line.
    Both,
    /// In the file only.
    File,
    /// On the command line only.
    CommandLine,
    /// Only where a historic program has a name for it.
    Historic,
}

/// What the sample file says about a parameter, as YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The default, commented out.
    Default,
    /// An example, commented out.
    Example(&'static str),
    /// A value that is in force.
    Value(&'static str),
}

/// Whether we act on a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acts {
    /// We do.
    Yes,
    /// We accept it, and say once in the log why nothing follows from it.
    No(&'static str),
    /// We refuse it, and say why: accepting it would promise what is not done.
    Refused(&'static str),
}

impl Acts {
    /// What there is to say where we do not, in a sentence.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        match self {
            Self::Yes => None,
            Self::No(reason) => Some(format!("Accepted without effect: {reason}.")),
            Self::Refused(reason) => Some(format!("Refused: {reason}.")),
        }
    }
}

/// The longest choice that is written out in `--help`, in characters.
const MAX_CHOICE: usize = 16;

/// The row of that native name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Param> {
    PARAMS.iter().find(|param| param.name == name)
}

impl Param {
    /// The long option, without its dashes in front.
    #[must_use]
    pub fn long_option(&self) -> String {
        self.name.replace('.', "-")
    }

    /// What is in force in that door when nobody says anything.
    #[must_use]
    pub const fn default_in(&self, door: Door) -> Option<&'static str> {
        let instead = match door {
            Door::Native => return self.default,
            Door::DkFilter => self.unsaid.dk_filter,
            Door::DkimFilter => self.unsaid.dkim_filter,
            Door::Opendkim => self.unsaid.opendkim,
        };
        match instead {
            Instead::Same => self.default,
            Instead::Nothing => None,
            Instead::Value(text) => Some(text),
        }
    }

    /// Its letter in that door. Ours are those of `dk-filter`.
    #[must_use]
    pub const fn letter_in(&self, door: Door) -> Option<Letter> {
        match (door, self.place) {
            (Door::Native, Place::Historic) => None,
            (Door::Native | Door::DkFilter, _) => self.dk_filter,
            (Door::DkimFilter, _) => self.dkim_filter.letter,
            (Door::Opendkim, _) => self.opendkim.letter,
        }
    }

    /// Its parameter in the file of that door, which is not our own.
    ///
    /// The successor of `dkim-filter` dropped parameters; whoever comes from there may have them
    /// still.
    #[must_use]
    pub const fn parameter_in(&self, door: Door) -> Option<Parameter> {
        match (door, self.opendkim.parameter) {
            (Door::Native | Door::DkFilter, _) => None,
            (Door::Opendkim, Some(parameter)) => Some(parameter),
            (Door::Opendkim | Door::DkimFilter, _) => self.dkim_filter.parameter,
        }
    }

    /// Whether our own file knows it.
    #[must_use]
    pub const fn is_in_file(&self) -> bool {
        matches!(self.place, Place::Both | Place::File)
    }

    /// Whether our own command line knows it, by its long name.
    #[must_use]
    pub const fn is_option(&self) -> bool {
        matches!(self.place, Place::Both | Place::CommandLine)
    }

    /// Whether an entry of `signing` may say it as well.
    #[must_use]
    pub const fn is_of_a_seal(&self) -> bool {
        matches!(self.setter, Setter::Seals(_))
    }

    /// What is in force in that door when nobody says anything, and when a new value counts; a
    /// sentence each. `form` is how the file that is spoken of writes values, if it is a historic
    /// one.
    #[must_use]
    pub fn facts(&self, door: Door, form: Option<Form>) -> Vec<String> {
        if matches!(self.acts, Acts::Refused(_)) || self.kind == Kind::Command {
            return Vec::new();
        }
        let default = self.default_in(door).filter(|default| !default.is_empty());
        let written = |ours| form.map_or(ours, |form| form.written(ours));
        let default = default.map(|ours| format!("Default: {}.", written(ours).replace(',', ", ")));
        let reload = match (self.acts, self.reload) {
            (Acts::Yes, Reload::Restart) => Some("A new value counts after a restart.".to_owned()),
            (Acts::Yes, Reload::Live) => Some("A reload takes a new value.".to_owned()),
            (Acts::Yes, Reload::Never) | (Acts::No(_) | Acts::Refused(_), _) => None,
        };
        default.into_iter().chain(reload).collect()
    }

    /// What a value has to look like, in words.
    #[must_use]
    pub fn wanted(&self) -> String {
        match self.kind {
            Kind::Switch => "yes or no".to_owned(),
            Kind::Text(form) => form.to_owned(),
            Kind::Choice(words) => words.join(", "),
            Kind::Octal => "octal digits, such as \"007\"".to_owned(),
            Kind::Number => "a whole number".to_owned(),
            Kind::Duration => "a number and its unit, such as 14d".to_owned(),
            Kind::Size => "a number of octets and its unit, such as 64KiB".to_owned(),
            Kind::Path => "the path of a file".to_owned(),
            Kind::List(form) => format!("{form}, or a list of them"),
            Kind::Hosts => "a list of hosts, or the path of a file that has one".to_owned(),
            Kind::Domains => "a list of domains, or the path of a file that has one".to_owned(),
            Kind::Entries(form) => format!("a list of entries, each {form}"),
            Kind::Command => "nothing".to_owned(),
        }
    }

    /// What a value on the command line has to look like, behind that letter if it has one.
    pub(crate) fn wanted_behind(&self, letter: Option<Letter>) -> String {
        match (self.kind, letter) {
            (Kind::List(form), Some(Letter { commas: false, .. })) => form.to_owned(),
            (Kind::Hosts, _) => "the path of a file that lists hosts".to_owned(),
            _ => self.wanted(),
        }
    }

    /// The word that stands for its value in `--help`; empty when the option takes none.
    #[must_use]
    pub fn metavariable(&self) -> String {
        match self.kind {
            Kind::Switch | Kind::Command | Kind::Entries(_) => String::new(),
            // The last part of its name says what the text is.
            Kind::Text(_) => self.name.rsplit('.').next().unwrap_or_default().to_uppercase(),
            Kind::Choice(words) => Some(words.join("|"))
                .filter(|words| words.len() <= MAX_CHOICE)
                .unwrap_or_else(|| "WORD".to_owned()),
            Kind::Octal => "OCTAL".to_owned(),
            Kind::Number => "NUMBER".to_owned(),
            Kind::Duration => "TIME".to_owned(),
            Kind::Size => "SIZE".to_owned(),
            Kind::Path | Kind::Hosts | Kind::Domains => "FILE".to_owned(),
            Kind::List(_) => "LIST".to_owned(),
        }
    }

    /// What stands behind the long option in `--help`: what is on by default can be switched off.
    #[must_use]
    pub fn operand(&self) -> String {
        let on = self.default.is_some_and(|default| default == "yes");
        match self.metavariable() {
            word if !word.is_empty() => format!(" {word}"),
            _ if on && self.kind == Kind::Switch => "[=yes|no]".to_owned(),
            none => none,
        }
    }

    /// Whether a file may give it as a list.
    pub(crate) const fn takes_list(&self) -> bool {
        matches!(self.kind, Kind::List(_) | Kind::Hosts | Kind::Domains)
    }

    /// What stands behind its letter, as a value of this parameter.
    pub(crate) fn given_to(&self, letter: Letter, text: &str, origin: &Origin) -> Given {
        if letter.commas {
            self.given(self.name, text, origin)
        } else {
            Given::one(self.name, text, origin)
        }
    }

    /// A text, as a value of this parameter.
    pub(crate) fn given(&self, key: &str, text: &str, origin: &Origin) -> Given {
        let default = matches!((self.kind, origin), (Kind::Hosts, Origin::Default));
        if default || matches!(self.kind, Kind::List(_)) {
            Given::commas(key, text, origin)
        } else {
            Given::one(key, text, origin)
        }
    }
}

#[cfg(test)]
mod tests;
