//! Keys that a service manager hands over: copies of files that only root can read, made when the
//! service is started, and readable for its user alone (systemd.exec(5)).

use crate::sandbox::CREDENTIALS;
use std::borrow::Cow;
use std::env;
use std::path::{Path, PathBuf};
use twinseal_config::{Config, Credentials};
use twinseal_message::text;

/// Where the copies are.
#[derive(Debug, Clone)]
pub struct Passed {
    credentials: Credentials,
    place: PathBuf,
}

/// There is no copy of a key.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no credential {} for it; the unit needs LoadCredential={}:{}, and a restart makes \
     copies of what is there then",
    text::path(place), credentials.name, text::path(&credentials.directory)
)]
pub struct NotPassed {
    credentials: Credentials,
    place: PathBuf,
}

impl Passed {
    /// Those that a configuration expects, where the environment says that there are any.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        let credentials = config.credentials.clone()?;
        Some(Self { credentials, place: directory()? })
    }

    /// Where to read a key: its copy, or the file itself.
    ///
    /// # Errors
    /// [`NotPassed`], where the copy is missing.
    pub fn place<'f>(&self, file: &'f Path) -> Result<Cow<'f, Path>, NotPassed> {
        let Some(name) = self.credentials.of(file) else { return Ok(Cow::Borrowed(file)) };
        let place = self.place.join(name);
        if place.exists() {
            return Ok(Cow::Owned(place));
        }
        Err(NotPassed { credentials: self.credentials.clone(), place })
    }
}

/// The directory of credentials.
fn directory() -> Option<PathBuf> {
    env::var_os(CREDENTIALS).map(PathBuf::from).filter(|place| place.is_absolute())
}

/// Whether there are any: then only root may be able to read the files themselves.
pub(crate) fn are_passed() -> bool {
    directory().is_some()
}

#[cfg(test)]
mod tests {
    use super::Passed;
    use std::fs;
    use std::path::Path;
    use twinseal_config::Credentials;

    #[test]
    fn a_key_is_read_from_its_copy_and_a_missing_copy_is_said_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("keys_example.com_mail2");
        fs::write(&copy, "").unwrap();
        let credentials = Credentials::parse("keys:/etc/twinseal/keys").unwrap();
        let passed = Passed { credentials, place: directory.path().to_owned() };
        let place = |file: &'static str| passed.place(Path::new(file));
        assert_eq!(place("/etc/twinseal/keys/example.com/mail2").unwrap(), copy);
        assert_eq!(place("/etc/mail/mail2").unwrap(), Path::new("/etc/mail/mail2"));
        let error = place("/etc/twinseal/keys/mail3").unwrap_err().to_string();
        for part in ["keys_mail3", "LoadCredential=keys:/etc/twinseal/keys,"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
