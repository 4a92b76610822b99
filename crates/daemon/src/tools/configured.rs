//! Which configuration a tool is about: options as `twinseal serve` takes them, or a program with
//! its own behind `--`.

use super::options::{Given, Takes, ToolOption};
use crate::command::print;
use crate::serve::{FileSystem, complain};
use crate::terminal::Terminal;
use std::ffi::OsString;
use std::path::Path;
use twinseal_config::{Door, ExitCode, Loaded, Request};

/// The configuration that a tool is about when none is named.
const DEFAULT_FILE: &str = "/etc/twinseal/twinseal.yaml";

/// A door, and the words behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configured {
    pub(crate) door: Door,
    pub(crate) words: Vec<OsString>,
}

impl Configured {
    /// What is wrong with options in front of `--`.
    pub(crate) const MISPLACED: &str = "options stand behind the program that takes them";

    /// Options of our own.
    pub(crate) const fn of_options(words: Vec<OsString>) -> Self {
        Self { door: Door::Native, words }
    }

    /// Reads the command line of a tool that is about a configuration: its own words, of which so
    /// many belong to no option, and what names the configuration; where that is wrong, it is one of
    /// the mistakes.
    pub(crate) fn given(
        words: Vec<OsString>,
        options: &[ToolOption],
        operands: usize,
    ) -> (Given, Option<Self>) {
        let (own, rest) = Self::apart(words, options, operands);
        let mut given = Given::with_operands(own, options, operands);
        let configured = rest.map_err(|why| given.mistakes.push(why)).ok();
        (given, configured)
    }

    /// Takes a tool's own words, of which so many belong to no option, out of a command line; the
    /// rest names the configuration. What is wrong with that rest is said in words.
    fn apart(
        words: Vec<OsString>,
        options: &[ToolOption],
        operands: usize,
    ) -> (Vec<OsString>, Result<Self, String>) {
        let (mut own, mut theirs) = (Vec::new(), Vec::new());
        let mut taken = 0;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let text = word.to_string_lossy().into_owned();
            if text == "--" {
                let program = words.collect();
                let misplaced = || Err(Self::MISPLACED.to_owned());
                let of_program = || Self::of_program(program);
                return (own, if theirs.is_empty() { of_program() } else { misplaced() });
            }
            let name = |text: &str| {
                text.split_once('=').map_or(text.to_owned(), |(name, _)| name.to_owned())
            };
            let long = text.strip_prefix("--").map(name);
            let ours = long.and_then(|name| options.iter().find(|option| option.name == name));
            if let Some(option) = ours {
                let glued = text.contains('=');
                own.push(word);
                if option.takes != Takes::Nothing && !glued {
                    own.extend(words.next());
                }
            } else if matches!(text.as_str(), "--help" | "-h" | "-?") {
                own.push("--help".into());
            } else if taken < operands && theirs.is_empty() && !text.starts_with('-') {
                taken += 1;
                own.push(word);
            } else {
                theirs.push(word);
            }
        }
        if theirs.is_empty() {
            theirs = vec!["--config".into(), DEFAULT_FILE.into()];
        }
        (own, Ok(Self::of_options(theirs)))
    }

    /// Reads the configuration, and says what is wrong with it and what is probably not meant. Who
    /// asks for something else than to serve is told how the tool is used.
    ///
    /// # Errors
    /// How the program ends, where there is no configuration.
    pub(crate) fn load(
        &self,
        usage: fn() -> String,
        terminal: &mut Terminal<'_>,
    ) -> Result<Box<Loaded>, ExitCode> {
        match twinseal_config::serve(self.door, self.words.iter().cloned(), &FileSystem) {
            Ok(Request::Serve(loaded) | Request::Check(loaded) | Request::Test(loaded)) => {
                let warnings: Vec<String> =
                    loaded.warnings.iter().map(ToString::to_string).collect();
                complain(&warnings, terminal);
                Ok(loaded)
            }
            Ok(
                Request::Help
                | Request::Usage
                | Request::Version
                | Request::Value(_)
                | Request::Query,
            ) => Err(print(terminal, &usage())),
            Err(mistakes) => {
                mistakes.lines().for_each(|line| terminal.complain(line));
                Err(mistakes.exit_code())
            }
        }
    }

    /// A command line with its program in front.
    ///
    /// # Errors
    /// What is wrong with the program, in words.
    pub(crate) fn of_program(mut words: Vec<OsString>) -> Result<Self, String> {
        let first = |words: &[OsString]| {
            let name = words.first().map(Path::new).and_then(Path::file_name);
            name.map(|name| name.to_string_lossy().into_owned())
        };
        if first(&words).as_deref() == Some(Door::Native.program()) {
            words.remove(0);
        }
        let Some(name) = first(&words) else {
            return Err("the program is missing behind --".to_owned());
        };
        let door = if name == "serve" { Some(Door::Native) } else { Door::of_program(&name) };
        let door = door.ok_or_else(|| {
            let historic = Door::ALL.into_iter().filter(|door| door.is_historic());
            let known: Vec<&str> =
                ["serve"].into_iter().chain(historic.map(Door::program)).collect();
            format!("{name:?} is no program that has a configuration: {}", known.join(", "))
        })?;
        words.remove(0);
        Ok(Self { door, words })
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use crate::tools::options::ToolOption;
    use twinseal_config::params::{PARAMS, Place};

    /// Fails when an option of a tool has the name of one of the configuration, which would never
    /// be reached then.
    #[track_caller]
    pub(crate) fn assert_no_option_is_hidden_by(options: &[ToolOption]) {
        for option in options {
            let hidden = |place, long: &str| place != Place::Historic && long == option.name;
            let found = PARAMS.iter().find(|param| hidden(param.place, &param.long_option()));
            assert!(found.is_none(), "--{} is an option of the configuration", option.name);
        }
    }
}
