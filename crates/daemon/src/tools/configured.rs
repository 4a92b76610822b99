//! Which configuration a tool is about: options as `twinseal serve` takes them, or a program with
//! its own behind `--`.

use std::ffi::OsString;
use std::path::Path;
use twinseal_config::Door;

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
