//! The keys of some rules alone, for who asks what would be done and does not serve.

use super::{Exposure, Key, Keyring, ParsedKeys, of_source};
use crate::signing::keyfile::{KeyFile, KeyFileError};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use twinseal_config::{Config, KeySource};
use twinseal_keys::{KeyError, KeyKind, SigningKey, UnparsedKey};

/// The size of the key that stands for one that cannot be looked at, in bits.
const STAND_IN_BITS: u32 = 2048;

/// The file of a key, and what is to be said of it.
#[derive(Debug)]
pub struct Looked<'c> {
    /// Where it is, and where it is named.
    pub source: &'c KeySource,
    /// What is in it.
    pub state: KeyState,
    /// The key that signs: it, or the one that stands for it.
    pub key: Arc<SigningKey>,
}

/// What is in a key's file.
#[derive(Debug)]
pub enum KeyState {
    /// A key that the daemon can use.
    Usable {
        /// Its kind.
        kind: KeyKind,
        /// Who else can get at it, where that is only warned about.
        exposed: Option<String>,
    },
    /// Who asks may not read it; the daemon, which starts as another user, perhaps may.
    Denied(KeyFileError),
    /// Nothing that a daemon could sign with.
    Unusable(KeyFileError),
}

/// Reads the keys of the rules with those indexes as [`super::load`] would read them. Of the other
/// rules there are none. An RSA key stands for each key that is not to be had.
///
/// # Errors
/// [`KeyError`] when none can be made to stand for those.
pub fn of_some<'c>(
    config: &'c Config,
    wanted: &[usize],
    trusted: &[u32],
    may_read_all: bool,
) -> Result<(Keyring, Vec<Looked<'c>>), KeyError> {
    let exposure = if config.require_safe_keys { Exposure::Refused } else { Exposure::Warned };
    let (mut keys, mut stand_in) = (Vec::new(), None);
    let (mut numbers, mut starts, mut looked) = (Vec::new(), Vec::new(), Vec::new());
    let mut files: HashMap<&Path, usize> = HashMap::new();
    for (index, rule) in config.rules.iter().enumerate() {
        starts.push(numbers.len());
        for source in &rule.keys {
            if !wanted.contains(&index) {
                numbers.push(usize::MAX);
                continue;
            }
            if let Some(known) = files.get(source.file.as_path()) {
                numbers.push(*known);
                continue;
            }
            files.insert(&source.file, keys.len());
            numbers.push(keys.len());
            let (key, state) = match of_source(source, exposure, trusted).and_then(parsed) {
                Ok(KeyFile { key, exposed, .. }) => {
                    let (kind, exposed) = (key.kind(), exposed.map(|exposed| exposed.to_string()));
                    (Arc::new(key), KeyState::Usable { kind, exposed })
                }
                Err(error) => (standing(&mut stand_in)?, unusable(error, may_read_all)),
            };
            keys.push(Key::Parsed(Arc::clone(&key)));
            looked.push(Looked { source, state, key });
        }
    }
    let (stamps, parsed) = (Vec::new(), ParsedKeys::default());
    Ok((Keyring { keys, stamps, numbers, starts, parsed }, looked))
}

/// The key itself.
fn parsed(file: KeyFile<UnparsedKey>) -> Result<KeyFile<SigningKey>, KeyFileError> {
    let KeyFile { key, exposed, stamp } = file;
    Ok(KeyFile { key: key.parse()?, exposed, stamp })
}

fn standing(made: &mut Option<Arc<SigningKey>>) -> Result<Arc<SigningKey>, KeyError> {
    match made {
        Some(key) => Ok(Arc::clone(key)),
        None => {
            let key = Arc::new(SigningKey::generate_rsa(STAND_IN_BITS)?);
            Ok(Arc::clone(made.insert(key)))
        }
    }
}

/// Root is denied nothing that the daemon could have.
fn unusable(error: KeyFileError, may_read_all: bool) -> KeyState {
    let denied = matches!(&error, KeyFileError::Unreadable(error)
        if error.kind() == io::ErrorKind::PermissionDenied);
    if denied && !may_read_all { KeyState::Denied(error) } else { KeyState::Unusable(error) }
}

#[cfg(test)]
mod tests {
    use super::{KeyState, unusable};
    use crate::signing::keyfile::KeyFileError;
    use std::io;

    #[test]
    fn what_only_root_may_read_is_no_mistake_of_who_is_not() {
        let error = |kind| KeyFileError::Unreadable(io::Error::from(kind));
        let denied = || error(io::ErrorKind::PermissionDenied);
        assert!(matches!(unusable(denied(), false), KeyState::Denied(_)));
        assert!(matches!(unusable(denied(), true), KeyState::Unusable(_)));
        let missing = error(io::ErrorKind::NotFound);
        assert!(matches!(unusable(missing, false), KeyState::Unusable(_)));
        assert!(matches!(unusable(KeyFileError::NotAFile, false), KeyState::Unusable(_)));
    }
}
