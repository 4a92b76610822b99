//! All keys that a configuration names: read once, and parsed at start or when they are needed.

mod at_hand;
mod of_some;

pub use at_hand::AtHand;
pub use of_some::{KeyState, Looked, of_some};

use super::credentials::{self, Passed};
use super::directory::Unavailable;
use super::keyfile::{self, Exposure, KeyFile, KeyFileError, Stamp};
use super::order::SelectedKey;
use super::parsed::ParsedKeys;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use twinseal_config::mistake::{MAX_KEPT, NamedKey};
use twinseal_config::{Config, KeySource, Origin, Rules, SigningRule};
use twinseal_domainkeys::record::MAX_BITS;
use twinseal_keys::{KeyError, KeyKind, SigningKey, UnparsedKey};
use twinseal_message::text;

/// Up to so many keys are all parsed at start, so that a damaged one stops the start: a tenth of a
/// second's work. Of more, each is parsed when it is first needed.
pub const PARSED_AT_START: usize = 100;

/// When keys are parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parse {
    /// All of them now, however many they are.
    Now,
    /// At start if they are few, otherwise when they are needed.
    WhenNeeded,
}

/// Every key that cannot be used, one line each; of very many, the rest is counted.
#[derive(Debug, Default)]
pub struct KeyMistakes {
    kept: Vec<String>,
    more: usize,
}

impl fmt::Display for KeyMistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kept.join("\n"))?;
        if self.more > 0 { write!(f, "\nand {} mistakes more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for KeyMistakes {}

impl KeyMistakes {
    fn push(&mut self, source: &KeySource, error: &KeyFileError) {
        if self.kept.len() < MAX_KEPT {
            self.kept.push(mistake(&source.origin, &source.file, error));
        } else {
            self.more += 1;
        }
    }
}

/// The keys of all rules.
#[derive(Debug)]
pub struct Keyring {
    /// The key of each file.
    keys: Vec<Key>,
    /// What each of those files was.
    stamps: Vec<Stamp>,
    /// Which keys the rules have, one rule behind the other.
    numbers: Vec<usize>,
    /// Where the numbers of each rule begin.
    starts: Vec<usize>,
    parsed: ParsedKeys,
}

#[derive(Debug, Clone)]
enum Key {
    Parsed(Arc<SigningKey>),
    Unparsed(Arc<UnparsedKey>),
}

impl Key {
    fn parse(&self) -> Result<Arc<SigningKey>, KeyError> {
        match self {
            Self::Parsed(key) => Ok(Arc::clone(key)),
            Self::Unparsed(unparsed) => unparsed.parse().map(Arc::new),
        }
    }
}

/// The keys that a daemon has when it is to load them again, by their files: root can read what it
/// cannot any more.
#[derive(Debug, Default)]
pub struct Former<'k>(HashMap<&'k Path, (&'k Key, Stamp)>);

impl<'k> Former<'k> {
    /// The keys that were loaded for those rules.
    #[must_use]
    pub fn of(keyring: &'k Keyring, rules: &'k Rules) -> Self {
        let of_rule = |(index, rule): (usize, &'k SigningRule)| {
            rule.keys.iter().zip(keyring.numbers_of(index, rule))
        };
        let key = |(source, number): (&'k KeySource, usize)| {
            let found = (keyring.keys.get(number)?, *keyring.stamps.get(number)?);
            Some((source.file.as_path(), found))
        };
        Self(rules.iter().enumerate().flat_map(of_rule).filter_map(key).collect())
    }

    /// The key of a file that we may not read any more and that is what it was. Where we may not
    /// even look at it, its path has to do.
    fn kept(&self, file: &Path, error: &KeyFileError) -> Option<(Key, Stamp)> {
        if !is_denied(error) {
            return None;
        }
        let &(key, stamp) = self.0.get(file)?;
        let same = match Stamp::of(file) {
            Ok(now) => now == stamp,
            Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
        };
        same.then(|| (key.clone(), stamp))
    }
}

/// Reads the keys of each rule, in the order of the rules; a file that several rules name is read
/// once. `trusted` users may own what leads to a key, beside root and the user we are.
///
/// # Errors
/// [`KeyMistakes`], all of them.
pub fn load(
    config: &Config,
    trusted: &[u32],
    parse: Parse,
    warn: impl FnMut(String),
) -> Result<Keyring, KeyMistakes> {
    load_again(config, trusted, (parse, &Former::default()), warn)
}

/// The same for a daemon that has keys already: of a file that has not changed and that it may not
/// read any more, it keeps the key.
///
/// # Errors
/// [`KeyMistakes`], all of them.
pub fn load_again(
    config: &Config,
    trusted: &[u32],
    (parse, former): (Parse, &Former<'_>),
    warn: impl FnMut(String),
) -> Result<Keyring, KeyMistakes> {
    let mut warnings = Warnings { warn, told: 0 };
    // A mode that does not sign starts without its keys.
    let no_rules = Rules::default();
    let rules = if config.mode.signs() { &config.rules } else { &no_rules };
    let exposure = Exposure::of(config);
    let mut mistakes = KeyMistakes::default();
    let passed = Passed::of(config);
    let mut read = |source: &KeySource| match of_copy(source, passed.as_ref(), exposure, trusted) {
        Ok(KeyFile { key, exposed, stamp }) => {
            exposed.iter().for_each(|exposed| warnings.tell(&source.origin, exposed));
            Some((Key::Unparsed(Arc::new(key)), stamp))
        }
        Err(error) => {
            let kept = former.kept(&source.file, &error);
            if kept.is_none() {
                mistakes.push(source, &error);
            }
            kept
        }
    };
    let mut sources = Vec::new();
    let mut files: HashMap<&Path, usize> = HashMap::new();
    let (mut numbers, mut starts) = (Vec::new(), Vec::new());
    for rule in rules.iter() {
        starts.push(numbers.len());
        for source in &rule.keys {
            let number = *files.entry(&source.file).or_insert_with(|| {
                sources.push((source, read(source)));
                sources.len() - 1
            });
            numbers.push(number);
        }
    }
    let (keys, stamps, parsed) = (Vec::new(), Vec::new(), ParsedKeys::default());
    let keyring = Keyring { keys, stamps, numbers, starts, parsed };
    keyring.parse(sources, parse, rules, &mut warnings, mistakes)
}

impl Keyring {
    /// Completes the keyring with its keys.
    fn parse(
        mut self,
        sources: Vec<(&KeySource, Option<(Key, Stamp)>)>,
        parse: Parse,
        rules: &Rules,
        warnings: &mut Warnings<impl FnMut(String)>,
        mut mistakes: KeyMistakes,
    ) -> Result<Self, KeyMistakes> {
        let few = sources.len() <= PARSED_AT_START;
        let mut kinds = Vec::new();
        for (source, found) in sources {
            let Some((key, stamp)) = found else {
                kinds.push(None);
                continue;
            };
            if !few && parse == Parse::WhenNeeded {
                self.keys.push(key);
                self.stamps.push(stamp);
                continue;
            }
            let parsed = key.parse();
            kinds.push(parsed.as_ref().ok().map(|parsed| parsed.kind()));
            match parsed {
                Ok(parsed) => {
                    self.keys.push(if few { Key::Parsed(parsed) } else { key });
                    self.stamps.push(stamp);
                }
                Err(error) => mistakes.push(source, &error.into()),
            }
        }
        let kinds: Vec<_> = rules
            .iter()
            .enumerate()
            .map(|(index, rule)| (rule, self.kinds_of(index, rule, &kinds)))
            .collect();
        match kinds.first() {
            Some((first, _)) if !kinds.iter().any(|(rule, kinds)| can_seal(rule, kinds)) => {
                let text = "no key here is an RSA key, and DomainKeys takes no other: nothing \
                            could be signed";
                mistakes.kept.push(format!("{}: {text}", first.origin));
            }
            _ => kinds.iter().for_each(|(rule, kinds)| {
                let found = unsuited(rule, kinds.as_deref().unwrap_or_default());
                found.iter().for_each(|one| warnings.tell(&rule.origin, one));
            }),
        }
        if mistakes.kept.is_empty() { Ok(self) } else { Err(mistakes) }
    }

    /// What the keys of that rule are; `None` where not all of them are known.
    fn kinds_of(
        &self,
        index: usize,
        rule: &SigningRule,
        kinds: &[Option<KeyKind>],
    ) -> Option<Vec<KeyKind>> {
        self.numbers_of(index, rule).map(|number| *kinds.get(number)?).collect()
    }

    /// The keys of that rule, whose index among the rules that is, parsed by now.
    ///
    /// # Errors
    /// [`Unavailable::Key`] when what was taken for a key turns out to be none.
    pub fn of_rule(
        &self,
        index: usize,
        rule: &SigningRule,
    ) -> Result<Arc<[SelectedKey]>, Unavailable> {
        let keys = rule.keys.iter().zip(self.numbers_of(index, rule));
        keys.filter_map(|pair| self.selected(pair)).collect()
    }

    fn selected(
        &self,
        (source, number): (&KeySource, usize),
    ) -> Option<Result<SelectedKey, Unavailable>> {
        let key = match self.keys.get(number)? {
            Key::Parsed(key) => Ok(Arc::clone(key)),
            // As long as one signature takes: no reason to leave this thread.
            Key::Unparsed(unparsed) => self.parsed.key(number, || unparsed.parse()),
        };
        let selector = source.selector.clone();
        let unusable = |error| Unavailable::Key {
            file: source.file.clone(),
            origin: source.origin.clone(),
            error,
        };
        Some(key.map(|key| SelectedKey { selector, key }).map_err(unusable))
    }

    /// One of the keys of that rule, by its place among them.
    ///
    /// # Errors
    /// [`Unavailable::Key`] when what was taken for a key turns out to be none.
    pub fn of_place(
        &self,
        index: usize,
        rule: &SigningRule,
        place: usize,
    ) -> Result<Arc<[SelectedKey]>, Unavailable> {
        let pair = rule.keys.iter().zip(self.numbers_of(index, rule)).nth(place);
        pair.and_then(|pair| self.selected(pair)).into_iter().collect()
    }

    fn numbers_of(&self, index: usize, rule: &SigningRule) -> impl Iterator<Item = usize> {
        let start = self.starts.get(index).copied().unwrap_or_default();
        let numbers = self.numbers.get(start..start + rule.keys.len()).unwrap_or_default();
        numbers.iter().copied()
    }
}

/// A key, from its file or from the table that it stands in.
pub(crate) fn of_source(
    source: &KeySource,
    exposure: Exposure,
    trusted: &[u32],
) -> Result<KeyFile<UnparsedKey>, KeyFileError> {
    match &source.inline {
        Some(inline) => {
            let key = UnparsedKey::from_base64(inline.base64())?;
            Ok(KeyFile { key, exposed: None, stamp: Stamp::default() })
        }
        None => keyfile::read(&source.file, exposure, trusted),
    }
}

/// The same, from its copy where there has to be one.
fn of_copy(
    source: &KeySource,
    passed: Option<&Passed>,
    exposure: Exposure,
    trusted: &[u32],
) -> Result<KeyFile<UnparsedKey>, KeyFileError> {
    match passed.filter(|_| source.inline.is_none()) {
        Some(passed) => keyfile::read(&passed.place(&source.file)?, exposure, trusted),
        None => of_source(source, exposure, trusted),
    }
}

/// Warnings about keys; of very many, the first are told.
struct Warnings<W> {
    warn: W,
    told: usize,
}

impl<W: FnMut(String)> Warnings<W> {
    fn tell(&mut self, origin: &Origin, what: &impl fmt::Display) {
        self.told += 1;
        if self.told <= MAX_KEPT {
            (self.warn)(format!("{origin}: {what}"));
        } else if self.told == MAX_KEPT + 1 {
            (self.warn)("there are more warnings about keys".to_owned());
        }
    }
}

/// What is wrong with keys that a configuration names which is wrong itself. Of many keys, only
/// their files and frames are looked at. What is kept of the `former` ones is no mistake.
#[must_use]
pub fn mistakes(keys: &[NamedKey], former: &Former<'_>) -> Vec<String> {
    let mut seen: HashSet<&Path> = HashSet::new();
    let distinct: Vec<&NamedKey> = keys.iter().filter(|key| seen.insert(&key.file)).collect();
    // Whether an exposed key is refused is part of what is not known.
    let (exposure, few) = (Exposure::Warned, distinct.len() <= PARSED_AT_START);
    let wrong = distinct.into_iter().filter_map(|NamedKey { file, origin }| {
        let error = if few {
            keyfile::load(file, exposure, &[]).err()
        } else {
            keyfile::read(file, exposure, &[]).err()
        };
        let error = error.filter(|error| former.kept(file, error).is_none());
        // Where copies are handed over, the files may be closed to us, and the copies are not named.
        let error = error.filter(|error| !(is_denied(error) && credentials::are_passed()));
        error.map(|error| mistake(origin, file, &error))
    });
    wrong.take(MAX_KEPT).collect()
}

/// Whether the file is there and not for us.
fn is_denied(error: &KeyFileError) -> bool {
    matches!(error, KeyFileError::Unreadable(error)
        if error.kind() == io::ErrorKind::PermissionDenied)
}

fn mistake(origin: &Origin, file: &Path, error: &KeyFileError) -> String {
    format!("{origin}: {}: {error}", text::path(file))
}

/// Whether that rule makes a seal, as far as its keys are known: every key makes a DKIM seal, and
/// RSA keys alone make the other one.
fn can_seal(rule: &SigningRule, kinds: &Option<Vec<KeyKind>>) -> bool {
    let rsa = |kind: &KeyKind| matches!(kind, KeyKind::Rsa { .. });
    rule.dkim.is_some() || kinds.as_ref().is_none_or(|kinds| kinds.iter().any(rsa))
}

/// Why a key does not make the DomainKeys seal that its rule asks for, or not for every verifier:
/// what is legal and probably not meant.
#[derive(Debug)]
pub(crate) enum Unsuited<'r> {
    /// Trap K5: no key of the rule is an RSA key.
    NoRsa,
    /// RFC 4870 §3.2.4: one is larger than verifiers have to take.
    Large {
        /// The key.
        key: &'r KeySource,
        /// The size of its modulus.
        bits: u32,
    },
}

impl fmt::Display for Unsuited<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRsa => {
                f.write_str("none of its keys is an RSA key, so the DomainKeys seal is left out")
            }
            Self::Large { key, bits } => write!(
                f,
                "the key {} has {bits} bits; DomainKeys verifiers need not take more than \
                 {MAX_BITS}",
                key.selector
            ),
        }
    }
}

/// What of that is true of a rule whose keys are of those kinds.
pub(crate) fn unsuited<'r>(rule: &'r SigningRule, kinds: &[KeyKind]) -> Vec<Unsuited<'r>> {
    if rule.domainkeys.is_none() || kinds.is_empty() {
        return Vec::new();
    }
    let rsa = rule.keys.iter().zip(kinds).filter_map(|(key, kind)| match kind {
        KeyKind::Rsa { bits } => Some((key, *bits)),
        KeyKind::Ed25519 => None,
    });
    let rsa: Vec<(&KeySource, u32)> = rsa.collect();
    if rsa.is_empty() {
        return vec![Unsuited::NoRsa];
    }
    let large = rsa.into_iter().filter(|(_, bits)| *bits > MAX_BITS);
    large.map(|(key, bits)| Unsuited::Large { key, bits }).collect()
}

#[cfg(test)]
mod tests;
