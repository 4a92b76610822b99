//! Which keys a structure knows.

use crate::command_line::shown;
use crate::params::{PARAMS, Param, Place, named};
use crate::raw::{Setter, Target};
use crate::suggest::closest;
use crate::wrong::Wrong;
use std::sync::LazyLock;

/// A parameter, as one structure knows it.
pub(super) struct Row {
    /// Its name inside the structure.
    pub(super) name: &'static str,
    /// Whether it is a section as well, with keys of its own.
    pub(super) has_keys: bool,
    pub(super) param: &'static Param,
}

impl Row {
    /// Whether it is called that in the section `prefix`. It is asked of every row for every key of
    /// a file: most are of another length, and need no look.
    pub(super) fn is(&self, prefix: &str, word: &str) -> bool {
        self.name.len() == prefix.len() + word.len()
            && self.name.ends_with(word)
            && self.name.starts_with(prefix)
    }
}

/// The rows that each structure knows.
static KNOWN: LazyLock<[Vec<Row>; 3]> = LazyLock::new(|| {
    [Level::Top, Level::Rule, Level::Key].map(|level| {
        let names: Vec<&str> = PARAMS.iter().filter_map(|param| level.name(param)).collect();
        let has_keys = |name: &str| names.iter().any(|other| inside(other, "", name).is_some());
        let row = |param: &'static Param| {
            let name = level.name(param)?;
            Some(Row { name, has_keys: has_keys(name), param })
        };
        PARAMS.iter().filter_map(row).collect()
    })
});

/// The rows that one structure knows.
pub(super) fn known(target: &Target<'_>) -> &'static [Row] {
    let [top, rule, key] = &*KNOWN;
    match target {
        Target::Top(_) => top,
        Target::Rule(_) => rule,
        Target::Key(_) => key,
    }
}

/// What `name` is called in that section of the section `prefix`; `None` if it is not in it.
pub(super) fn inside<'n>(name: &'n str, prefix: &str, section: &str) -> Option<&'n str> {
    name.strip_prefix(prefix)?.strip_prefix(section)?.strip_prefix('.')
}

#[derive(Clone, Copy)]
enum Level {
    Top,
    Rule,
    Key,
}

impl Level {
    /// The row's name inside a structure; `None` if it is not known there.
    fn name(self, param: &'static Param) -> Option<&'static str> {
        let rule = param.name.strip_prefix("signing.");
        let key = param.name.strip_prefix("signing.keys.");
        let seal = matches!(param.setter, Setter::Seals(_));
        match self {
            Self::Top => (rule.is_none() && param.is_in_file()).then_some(param.name),
            Self::Rule if seal => Some(param.name),
            Self::Rule => rule.filter(|_| key.is_none()),
            Self::Key => key,
        }
    }
}

/// The keys that may stand at that place, without what is inside them.
pub(super) fn here(target: &Target<'_>, prefix: &str) -> Vec<&'static str> {
    let mut keys: Vec<&str> = known(target)
        .iter()
        .filter_map(|row| row.name.strip_prefix(prefix)?.split('.').next())
        .collect();
    keys.dedup();
    keys
}

pub(super) fn unknown(prefix: &str, word: &str, target: &Target<'_>) -> Wrong {
    if let (Target::Top(_), Some(param)) = (target, named(word))
        && param.place == Place::CommandLine
    {
        return Wrong::CommandLineOnly { option: shown(param) };
    }
    let known = here(target, prefix);
    // Who comes from dkim-filter or opendkim writes its names.
    let mut in_file = PARAMS.iter().filter(|param| param.is_in_file());
    let historic = in_file.find(|param| {
        let names = [param.dkim_filter.name(), param.opendkim.name()];
        names.iter().flatten().any(|historic| historic.eq_ignore_ascii_case(word))
    });
    let at_the_top = matches!(target, Target::Top(_));
    let like = historic.filter(|_| at_the_top).map(|param| param.name);
    let like = like.or_else(|| closest(word, known.iter().copied()));
    Wrong::UnknownKey { like: like.map(ToOwned::to_owned), known }
}
