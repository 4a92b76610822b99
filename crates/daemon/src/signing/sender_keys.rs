//! Keys that depend on the sender's domain: their files are opened when they are first needed, by
//! the user that serves.

use super::credentials::Passed;
use super::directory::Unavailable;
use super::keyfile::{self, Exposure, KeyFile, KeyFileError, Stamp};
use super::order::SelectedKey;
use crate::locks::lock;
use crate::sandbox::Boundary;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use twinseal_config::{Origin, SenderKey};
use twinseal_keys::SigningKey;
use twinseal_message::Domain;

/// How many keys are kept. Whoever is signed for chooses the domain, so there may be any number.
const MAX_KEPT: usize = 1024;

/// The keys that were read, as long as their files are what they were.
#[derive(Debug)]
pub struct SenderKeys {
    exposure: Exposure,
    /// Those that are handed over, if any are.
    passed: Option<Passed>,
    /// What the sandbox lets in, once there is one.
    boundary: OnceLock<Arc<Boundary>>,
    kept: Mutex<HashMap<PathBuf, Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    key: Arc<SigningKey>,
    stamp: Stamp,
}

impl Default for SenderKeys {
    fn default() -> Self {
        Self::new(Exposure::Refused)
    }
}

impl SenderKeys {
    /// None so far. Keys that strangers can get at are refused, or not.
    #[must_use]
    pub fn new(exposure: Exposure) -> Self {
        Self { exposure, passed: None, boundary: OnceLock::new(), kept: Mutex::default() }
    }

    /// From now on nothing is read outside of that.
    pub(crate) fn is_within(&self, boundary: &Arc<Boundary>) {
        // There is one sandbox for each process, so this is the same if it is there.
        let _ = self.boundary.set(Arc::clone(boundary));
    }

    /// The same, with keys that are handed over.
    #[must_use]
    pub fn passed(self, passed: Option<Passed>) -> Self {
        Self { passed, ..self }
    }

    /// The key for a sender in that domain.
    ///
    /// # Errors
    /// [`Unavailable`] when there is none.
    pub fn of(
        &self,
        key: &SenderKey,
        domain: &Domain,
        origin: &Origin,
    ) -> Result<Arc<[SelectedKey]>, Unavailable> {
        let SenderKey::File { selector, .. } = key else {
            return Err(Unavailable::NoKeyOf { domain: domain.clone(), origin: origin.clone() });
        };
        let file = PathBuf::from(key.path(domain).unwrap_or_default());
        match self.key(&file) {
            Ok(key) => Ok([SelectedKey { selector: selector.clone(), key }].into()),
            Err(error) => {
                let origin = origin.clone();
                Err(Unavailable::SenderKey { file, origin, error: Arc::new(error) })
            }
        }
    }

    fn key(&self, file: &Path) -> Result<Arc<SigningKey>, KeyFileError> {
        let place = match &self.passed {
            Some(passed) => passed.place(file)?,
            None => Cow::Borrowed(file),
        };
        let stamp = Stamp::of(&place)?;
        let known = self.kept().get(file).filter(|kept| kept.stamp == stamp).cloned();
        if let Some(Kept { key, .. }) = known {
            return Ok(key);
        }
        let loaded = keyfile::load(&place, self.exposure, &[]);
        let KeyFile { key, stamp, .. } = loaded.map_err(|error| self.explained(&place, error))?;
        let key = Arc::new(key);
        let mut kept = self.kept();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(file.to_owned(), Kept { key: Arc::clone(&key), stamp });
        Ok(key)
    }

    fn explained(&self, file: &Path, error: KeyFileError) -> KeyFileError {
        match (error, self.boundary.get()) {
            (KeyFileError::Unreadable(error), Some(boundary)) => {
                KeyFileError::Unreadable(boundary.explain(file, error))
            }
            (error, _) => error,
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Kept>> {
        // Nothing is half done where a thread could have died.
        lock(&self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::SenderKeys;
    use crate::signing::keyfile::Exposure;
    use std::fs;
    use twinseal_config::{Origin, SenderKey};
    use twinseal_message::{Domain, Selector};

    #[test]
    fn a_key_is_read_when_it_is_needed_and_again_when_its_file_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("example.com.pem");
        let template = directory.path().join("%.pem").display().to_string();
        let selector = Selector::parse("s").unwrap();
        let key = SenderKey::File { path: template.into(), selector };
        let keys = SenderKeys::new(Exposure::Warned);
        let domain = |name: &str| Domain::parse(name).unwrap();
        let record = || {
            let found = keys.of(&key, &domain("example.com"), &Origin::Default);
            found.map(|keys| keys[0].key.record().unwrap())
        };
        let error = record().unwrap_err().to_string();
        assert!(error.contains("example.com.pem"), "{error}");
        fs::write(&path, include_bytes!("../../../../tests/data/keys/rsa1024.pem")).unwrap();
        let first = record().unwrap();
        assert_eq!(record().unwrap(), first);
        fs::remove_file(&path).unwrap();
        assert!(record().is_err());
        fs::write(&path, include_bytes!("../../../../tests/data/keys/rsa2048.pem")).unwrap();
        assert_ne!(record().unwrap(), first);
    }
}
