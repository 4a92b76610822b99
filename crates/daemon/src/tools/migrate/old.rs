//! An old configuration, read through the front door of its program.

use super::discovery::Started;
use super::root::Root;
use crate::signing::keyring::{self, Former};
use std::ffi::OsString;
use std::path::Path;
use twinseal_config::mistake::NamedKey;
use twinseal_config::{Config, ExitCode, Files as _, Loaded, Mistakes, Origin, Request, Wrong};

/// An old configuration.
#[derive(Debug)]
pub(super) struct Old {
    pub(super) started: Started,
    /// As the host has it, with whole paths to its keys.
    pub(super) config: Config,
    /// The same with the paths that its keys have for us.
    pub(super) rooted: Config,
    /// What works and is probably not what was meant.
    pub(super) warnings: Vec<String>,
    /// Whether it only verifies because it has nothing to sign with.
    pub(super) verifies_without_key: bool,
}

/// Reads what the host starts.
///
/// # Errors
/// Every mistake, a line each.
pub(super) fn read(root: &Root, started: Started) -> Result<Old, Vec<String>> {
    let Some(door) = started.program.door() else {
        return Err(vec![format!(
            "{}: there is no reader for its configuration",
            started.program.name
        )]);
    };
    let words = || started.words.iter().map(|word| OsString::from(&word.text));
    root.begin_at(&started.directory);
    let (loaded, verifies_without_key) = match twinseal_config::serve(door, words(), root) {
        Ok(request) => (served(request, &started)?, false),
        Err(mistakes) if started.verifies_without_key && only_lacks_keys(&mistakes) => {
            root.begin_at(&started.directory);
            let words = [OsString::from("-b"), OsString::from("v")].into_iter().chain(words());
            match twinseal_config::serve(door, words, root) {
                Ok(request) => (served(request, &started)?, true),
                Err(_) => return Err(told(&mistakes, &started, root)),
            }
        }
        Err(mistakes) => return Err(told(&mistakes, &started, root)),
    };
    let warnings = loaded.warnings.iter().map(|warning| {
        let place = placed(&warning.origin, &started);
        place.map_or_else(|| warning.to_string(), |place| format!("{place}: {warning}"))
    });
    let warnings = warnings.collect();
    let mut config = loaded.config;
    config.rules = config.rules.with_key_files(|file| root.whole(file));
    let rooted = rooted(&config, root);
    Ok(Old { started, config, rooted, warnings, verifies_without_key })
}

/// The configuration with the paths that its keys have for us.
pub(super) fn rooted(config: &Config, root: &Root) -> Config {
    let located = |file: &Path| {
        // Whether it is there is noted.
        let _ = root.exists(file);
        root.located(file).unwrap_or_else(|_| file.to_owned())
    };
    Config { rules: config.rules.with_key_files(located), ..config.clone() }
}

/// What is served; other commands serve nothing.
fn served(request: Request, started: &Started) -> Result<Loaded, Vec<String>> {
    match request {
        Request::Serve(loaded) => Ok(*loaded),
        Request::Test(_)
        | Request::Check(_)
        | Request::Version
        | Request::Help
        | Request::Usage
        | Request::Value(_)
        | Request::Query => {
            Err(vec![format!("{}: with its options it serves nothing", started.by)])
        }
    }
}

/// Whether all that is wrong is that there is nothing to sign with.
fn only_lacks_keys(mistakes: &Mistakes) -> bool {
    mistakes.exit_code() == ExitCode::Configuration
        && mistakes.iter().all(|one| matches!(one.wrong, Wrong::NothingToSignWith { .. }))
}

/// Every mistake with its place, and those of the keys.
fn told(mistakes: &Mistakes, started: &Started, root: &Root) -> Vec<String> {
    let name = started.program.name;
    let mut lines: Vec<String> = mistakes
        .iter()
        .map(|one| match placed(&one.origin, started) {
            Some(place) => format!("{place}: {one}"),
            None if one.origin == Origin::Default => format!("{name}: {one}"),
            None => one.to_string(),
        })
        .collect();
    // The one behind them counts those that are too many to be told.
    lines.extend(mistakes.lines().skip(lines.len()));
    let located = |key: &NamedKey| NamedKey {
        file: root.located(&key.file).unwrap_or_else(|_| key.file.clone()),
        origin: key.origin.clone(),
    };
    let keys: Vec<NamedKey> = mistakes.keys().iter().map(located).collect();
    let keys = keyring::mistakes(&keys, &Former::default());
    lines.extend(keys.iter().map(|line| root.as_the_host_has_it(line)));
    lines
}

/// Where an option stands.
fn placed(origin: &Origin, started: &Started) -> Option<String> {
    let Origin::Option(option) = origin else { return None };
    Some(option_word(option, started)?.place.to_string())
}

/// The word that an option is in: the last one that has it counts.
fn option_word<'s>(option: &str, started: &'s Started) -> Option<&'s super::shell::Word> {
    let letter = option.strip_prefix('-')?;
    let options = || started.words.iter().rev().filter(|word| word.text.starts_with('-'));
    let glued = options().find(|word| word.text.starts_with(option));
    // In a cluster, others may stand in front of it.
    glued.or_else(|| options().find(|word| word.text.contains(letter)))
}

impl Old {
    pub(super) fn name(&self) -> &'static str {
        self.started.program.name
    }

    /// Whether the DomainKeys seal is its own, and not DKIM.
    pub(super) const fn is_of_domainkeys(&self) -> bool {
        self.config.seals.dkim.is_none() && self.config.seals.domainkeys.is_some()
    }

    /// Whether it signs anything.
    pub(super) fn signs(&self) -> bool {
        self.config.mode.signs() && !self.config.rules.is_empty()
    }

    /// Whether it verifies.
    pub(super) fn verifies(&self) -> bool {
        crate::server::verifies(&self.config)
    }

    /// Where a value was said; nothing where it was not.
    pub(super) fn said(&self, origin: &Origin) -> Option<String> {
        match origin {
            Origin::Default => None,
            Origin::File { .. } => Some(origin.to_string()),
            Origin::Option(option) => {
                let words = &self.started.words;
                let word = option_word(option, &self.started)?;
                // Its value may be a word of its own.
                let is_alone = word.text.as_str() == option.as_ref();
                let at = words.iter().rposition(|one| one == word)?;
                let value =
                    words.get(at + 1).filter(|next| is_alone && !next.text.starts_with('-'));
                let value = value.map(|value| format!(" {}", value.text)).unwrap_or_default();
                Some(format!("was {}{value}, {}", word.text, word.place))
            }
        }
    }
}
