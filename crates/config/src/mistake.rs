//! What is wrong with a configuration, and what is only worth knowing.

use crate::caution::Caution;
use crate::door::Door;
use crate::exit::ExitCode;
use crate::origin::Origin;
use crate::params::{self, Param};
use crate::rules::KeySource;
use crate::wrong::Wrong;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most mistakes, and the most warnings, that are kept; the rest is counted. A list that is no
/// list at all has one on every line, and nobody reads them all.
pub const MAX_KEPT: usize = 100;

/// One thing that is wrong: where it stands, what it is, and what would be right.
#[derive(Debug)]
pub struct Mistake {
    /// Where it stands.
    pub origin: Origin,
    /// The key at fault, with the sections that it is in; empty where the place says it all.
    pub key: String,
    /// What is wrong.
    pub wrong: Wrong,
}

/// One thing that works and is probably not what was meant.
#[derive(Debug)]
pub struct Warning {
    /// Where it stands.
    pub origin: Origin,
    /// The key that it is about; empty where the place says it all.
    pub key: String,
    /// What there is to know.
    pub caution: Caution,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, &self.origin, &self.key)?;
        self.wrong.fmt(f)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, &self.origin, &self.key)?;
        self.caution.fmt(f)
    }
}

/// What stands in front of a message: an option says which value is meant, a line needs its key.
fn place(f: &mut fmt::Formatter<'_>, origin: &Origin, key: &str) -> fmt::Result {
    if !matches!(origin, Origin::Default) {
        write!(f, "{origin}: ")?;
    }
    if !matches!(origin, Origin::Option(_)) && !key.is_empty() {
        write!(f, "{key}: ")?;
    }
    Ok(())
}

/// Every mistake of a command line and of the files that it names; never none.
#[derive(Debug, Default)]
pub struct Mistakes {
    kept: Vec<Mistake>,
    uncounted: usize,
    usage: bool,
    keys: Vec<NamedKey>,
    warnings: Vec<Warning>,
}

/// A key file that a configuration with mistakes names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey {
    /// The file.
    pub file: PathBuf,
    /// Where it is named.
    pub origin: Origin,
}

impl Mistakes {
    /// The mistakes, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.kept.iter()
    }

    /// One line for each, and one for those beyond [`MAX_KEPT`].
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let rest = (self.uncounted > 0).then(|| format!("and {} mistakes more", self.uncounted));
        self.kept.iter().map(ToString::to_string).chain(rest)
    }

    /// The keys that were named nevertheless. Whoever can read files looks at them too, so that
    /// their mistakes come in the same run.
    #[must_use]
    pub fn keys(&self) -> &[NamedKey] {
        &self.keys
    }

    /// What else there is to know: it may be what led to a mistake.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How the program ends: a wrong command line outweighs a wrong configuration.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        if self.usage { ExitCode::Usage } else { ExitCode::Configuration }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Puts what stands in files into the order of their lines, behind what was typed.
    pub(crate) fn sort(&mut self) {
        self.kept.sort_by_key(|mistake| match &mistake.origin {
            Origin::Option(_) => (0, None, 0),
            Origin::File { path, line, .. } => (1, Some(Arc::clone(path)), *line),
            Origin::Default => (2, None, 0),
        });
    }

    pub(crate) const fn count(&self) -> usize {
        self.kept.len() + self.uncounted
    }

    pub(crate) fn name_keys<'k>(&mut self, keys: impl IntoIterator<Item = &'k KeySource>) {
        let named =
            |key: &KeySource| NamedKey { file: key.file.clone(), origin: key.origin.clone() };
        self.keys.extend(keys.into_iter().map(named));
    }

    /// The same for a key that is not complete.
    pub(crate) fn name_key(&mut self, file: &Path, origin: &Origin) {
        self.keys.push(NamedKey { file: file.to_owned(), origin: origin.clone() });
    }

    fn push(&mut self, mistake: Mistake) {
        // What stands in a file is never a mistake of the command line.
        let is_typed = !matches!(mistake.origin, Origin::File { .. });
        self.usage |= is_typed && mistake.wrong.exit_code() == ExitCode::Usage;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(mistake);
        } else {
            self.uncounted += 1;
        }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.lines().collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// Where reading a configuration puts what it finds, so that it can go on.
#[derive(Debug, Default)]
pub(crate) struct Report {
    door: Door,
    pub(crate) mistakes: Mistakes,
    warnings: Vec<Warning>,
    unkept: usize,
}

impl Report {
    /// A report in the words of that door.
    pub(crate) fn new(door: Door) -> Self {
        Self { door, ..Self::default() }
    }

    /// A parameter's name as that door has it: none where it is an option, which says it all.
    fn named(&self, key: &str) -> String {
        let historic = |param: &Param| match self.door {
            Door::Native => key.to_owned(),
            Door::DkFilter => String::new(),
            Door::DkimFilter | Door::Opendkim => {
                param.parameter_in(self.door).map(|known| known.name).unwrap_or_default().to_owned()
            }
        };
        params::named(key).map_or_else(|| key.to_owned(), historic)
    }

    pub(crate) fn mistake(&mut self, origin: &Origin, key: &str, wrong: Wrong) {
        let key = self.named(key);
        self.mistakes.push(Mistake { origin: origin.clone(), key, wrong });
    }

    pub(crate) fn warn(&mut self, origin: &Origin, key: &str, caution: Caution) {
        if self.warnings.len() < MAX_KEPT {
            let key = self.named(key);
            self.warnings.push(Warning { origin: origin.clone(), key, caution });
        } else {
            self.unkept += 1;
        }
    }

    /// Takes over what another report holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        other.mistakes.kept.into_iter().for_each(|mistake| self.mistakes.push(mistake));
        self.mistakes.uncounted += other.mistakes.uncounted;
        self.mistakes.keys.extend(other.mistakes.keys);
        for Warning { origin, key, caution } in other.warnings {
            self.warn(&origin, &key, caution);
        }
        self.unkept += other.unkept;
    }

    /// The mistakes, and the warnings with them.
    pub(crate) fn into_mistakes(mut self) -> Mistakes {
        let mut mistakes = std::mem::take(&mut self.mistakes);
        // What is true of every start is nothing to tell who does not get that far.
        self.warnings.retain(|one| {
            let everyday = matches!(
                one.caution,
                Caution::OnlySigns | Caution::NamesHeaders | Caution::NobodyListens
            );
            !(everyday && matches!(one.origin, Origin::Default))
        });
        mistakes.warnings = self.into_warnings();
        mistakes
    }

    /// The warnings, the last one of which may be how many more there are.
    pub(crate) fn into_warnings(mut self) -> Vec<Warning> {
        if self.unkept > 0 {
            let caution = Caution::More { count: self.unkept };
            self.warnings.push(Warning { origin: Origin::Default, key: String::new(), caution });
        }
        self.warnings
    }

    /// The value, or the mistake that it is.
    pub(crate) fn take<T>(
        &mut self,
        origin: &Origin,
        key: &str,
        read: Result<T, Wrong>,
    ) -> Option<T> {
        read.map_err(|wrong| self.mistake(origin, key, wrong)).ok()
    }
}
