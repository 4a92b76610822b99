//! The command line: that of `twinseal serve`, with our long options and the letters of dk-filter,
//! and those of the programs in whose place we stand, which have letters only.

use crate::caution::Caution;
use crate::door::Door;
use crate::files::Files;
use crate::historic;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::params::{Acts, Form, Kind, Letter, PARAMS, Param, Parameter, Place, Reload};
use crate::raw::{Given, Raw, Target};
use crate::suggest::closest;
use crate::value::typed_number;
use crate::wrong::{Quoted, Wrong};
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct CommandLine {
    /// Whose words they are.
    door: Door,
    /// The file to read.
    pub(crate) config: Option<(PathBuf, Origin)>,
    /// What to do instead of serving.
    pub(crate) command: Option<Command>,
    /// The name of the parameter whose value is asked for.
    pub(crate) asked: String,
    /// The values, in their order: a later one has the last word.
    values: Vec<(&'static Param, Given)>,
}

/// What to do instead of serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Check,
    Version,
    Help,
    Usage,
    Value,
    Query,
}

/// The option as it is typed after `twinseal serve`: the letter, where there is one.
pub(crate) fn shown(param: &Param) -> String {
    shown_in(param, Door::Native).unwrap_or_else(|| format!("--{}", param.long_option()))
}

/// The parameter's letter in that door, as it is typed.
pub(crate) fn shown_in(param: &Param, door: Door) -> Option<String> {
    param.letter_in(door).map(|letter| format!("-{}", letter.letter))
}

impl CommandLine {
    /// Reads the words behind the program's name, and of a sub-command behind that.
    ///
    /// Letters work as getopt(3) has them: in clusters, with their value glued on or behind them.
    pub(crate) fn read(
        door: Door,
        words: impl IntoIterator<Item = OsString>,
        report: &mut Report,
    ) -> Self {
        let mut line = Self { door, ..Self::default() };
        let mut parser = Parser::from_args(words);
        // getopt knows no -o=value: there, the equals sign belongs to the value.
        parser.set_short_equals(false);
        loop {
            match parser.next() {
                Ok(Some(Arg::Short(letter))) => line.letter(letter, &mut parser, report),
                Ok(Some(Arg::Long(name))) => {
                    let name = name.to_owned();
                    match door {
                        Door::Native => line.long(&name, &mut parser, report),
                        Door::DkFilter | Door::DkimFilter | Door::Opendkim => {
                            // Its value, if it has one, is no word of its own.
                            parser.optional_value();
                            let origin = Origin::option(&format!("--{}", Quoted::plain(&name)));
                            report.mistake(&origin, "", Wrong::NoLongOptions);
                        }
                    }
                }
                Ok(Some(Arg::Value(word))) => {
                    let word = Quoted::new(&word.to_string_lossy());
                    report.mistake(&Origin::Default, "", Wrong::StrayWord { word });
                }
                Ok(None) => return line,
                // A value behind --option= that the option did not take has been reported.
                Err(_) => {}
            }
        }
    }

    fn letter(&mut self, letter: char, parser: &mut Parser, report: &mut Report) {
        let origin = Origin::option(&format!("-{}", letter.escape_debug()));
        let row = PARAMS.iter().find_map(|param| {
            let known = param.letter_in(self.door).filter(|known| known.letter == letter);
            known.map(|known| (param, known))
        });
        match row {
            Some((param, Letter { means: Some(means), .. })) => {
                self.values.push((param, param.given(param.name, means, &origin)));
            }
            Some((param, known)) if takes_value(param) => {
                self.argument(param, (parser.value().ok(), Some(known)), origin, report);
            }
            Some((param, _)) => self.switch(param, "yes", &origin, report),
            None if letter == '?' && self.door.is_historic() => {
                self.command = Some(Command::Usage);
            }
            None => report.mistake(&origin, "", Wrong::UnknownOption { like: None }),
        }
    }

    fn long(&mut self, name: &str, parser: &mut Parser, report: &mut Report) {
        let origin = Origin::option(&format!("--{}", Quoted::plain(name)));
        let given = parser.optional_value();
        let native = || PARAMS.iter().filter(|param| param.place != Place::Historic);
        let Some(param) = native().find(|param| param.long_option() == name) else {
            let names: Vec<String> = native().map(Param::long_option).collect();
            let like = closest(name, names.iter().map(String::as_str));
            let like = like.map(|like| format!("--{like}"));
            return report.mistake(&origin, "", Wrong::UnknownOption { like });
        };
        match (param.place, takes_value(param)) {
            (Place::File, _) => report.mistake(&origin, "", Wrong::FileOnly),
            (Place::Both | Place::CommandLine | Place::Historic, true) => {
                let value = given.or_else(|| parser.value().ok());
                self.argument(param, (value, None), origin, report);
            }
            (Place::Both | Place::CommandLine | Place::Historic, false) => {
                match (given, param.kind) {
                    (Some(value), Kind::Switch) => {
                        self.argument(param, (Some(value), None), origin, report);
                    }
                    (Some(value), _) => {
                        let value = Quoted::new(&value.to_string_lossy());
                        report.mistake(&origin, "", Wrong::TakesNoValue { value });
                    }
                    (None, _) => self.switch(param, "yes", &origin, report),
                }
            }
        }
    }

    fn argument(
        &mut self,
        param: &'static Param,
        (value, letter): (Option<OsString>, Option<Letter>),
        origin: Origin,
        report: &mut Report,
    ) {
        match value.map(OsString::into_string) {
            None => report.mistake(&origin, "", self.needs(param, letter)),
            Some(Ok(value)) if value.is_empty() => {
                report.mistake(&origin, "", self.needs(param, letter));
            }
            Some(Ok(_)) if matches!(param.acts, Acts::Refused(_)) => refuse(param, &origin, report),
            Some(Ok(value)) if param.name == "config" => {
                self.config = Some((PathBuf::from(value), origin));
            }
            Some(Ok(value)) if param.name == "print-value" => {
                self.command = Some(Command::Value);
                self.asked = value;
            }
            Some(Ok(value)) => {
                let Some(value) = self.translated(param, letter, value, &origin, report) else {
                    return;
                };
                let given = letter.map_or_else(
                    || param.given(param.name, &value, &origin),
                    |letter| param.given_to(letter, &value, &origin),
                );
                self.values.push((param, given));
            }
            Some(Err(value)) => {
                let value = Quoted::new(&value.to_string_lossy());
                report.mistake(&origin, "", Wrong::NotText { value });
            }
        }
    }

    /// The value in the words of our own parameter: behind a letter, dkim-filter writes it as in
    /// its file.
    fn translated(
        &self,
        param: &Param,
        letter: Option<Letter>,
        value: String,
        origin: &Origin,
        report: &mut Report,
    ) -> Option<String> {
        match self.parameter(param, letter) {
            // In its file, a zero in front makes a number octal.
            Some(Parameter { form: Form::Seconds, .. }) => {
                let seconds = typed_number(&value).map(|seconds| format!("{seconds}s"));
                report.take(origin, "", seconds)
            }
            Some(known) => report.take(origin, "", historic::translated(param, known, &value)),
            None => Some(value),
        }
    }

    fn needs(&self, param: &Param, letter: Option<Letter>) -> Wrong {
        let wanted = self
            .parameter(param, letter)
            .map_or_else(|| param.wanted_behind(letter), |known| historic::wanted(param, known));
        Wrong::NeedsValue { wanted }
    }

    /// The parameter of a historic file that a letter stands for.
    fn parameter(&self, param: &Param, letter: Option<Letter>) -> Option<Parameter> {
        let known = param.parameter_in(self.door);
        letter.and(known)
    }

    fn switch(&mut self, param: &'static Param, means: &str, origin: &Origin, report: &mut Report) {
        match (param.name, param.acts) {
            ("check", _) => self.command = Some(Command::Check),
            ("version", _) => self.command = Some(Command::Version),
            ("help", _) => self.command = Some(Command::Help),
            ("query", _) => self.command = Some(Command::Query),
            (_, Acts::No(reason)) if matches!(self.door, Door::Native | Door::Opendkim) => {
                report.warn(origin, "", Caution::NoEffect { reason });
            }
            (_, Acts::Refused(_)) => refuse(param, origin, report),
            (_, Acts::Yes | Acts::No(_)) => {
                self.values.push((param, param.given(param.name, means, origin)))
            }
        }
    }

    /// Names the file that the program reads when none is named, if there is one.
    pub(crate) fn with_usual_file(mut self, files: &dyn Files) -> Self {
        if let (None, Some(path)) = (&self.config, self.door.usual_file().map(Path::new))
            && files.exists(path)
        {
            self.config = Some((path.to_owned(), Origin::Default));
        }
        self
    }

    /// Forgets what a reload can change.
    pub(crate) fn keep_what_stays(&mut self) {
        self.values.retain(|(param, _)| param.reload != Reload::Live);
    }

    /// Puts the values over what the file said.
    pub(crate) fn apply(&self, raw: &mut Raw, report: &mut Report) {
        for (param, given) in &self.values {
            Target::Top(raw).watched(param, report, |target, report| {
                target.set(param, given, report);
            });
        }
    }
}

/// Says why a parameter is refused.
pub(crate) fn refuse(param: &Param, origin: &Origin, report: &mut Report) {
    if let Acts::Refused(reason) = param.acts {
        report.mistake(origin, "", Wrong::Refused { reason });
    }
}

const fn takes_value(param: &Param) -> bool {
    !matches!(param.kind, Kind::Switch | Kind::Command)
}
