//! What the process may do to the system around it.

use crate::wrong::Wrong;
use std::path::{Component, Path, PathBuf};

/// Whether it gives up what it does not need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// As far as the kernel lets it.
    On,
    /// Not at all.
    Off,
    /// It does, or it does not start.
    Required,
}

impl Sandbox {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::On, Self::Off, Self::Required];

    /// Its name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Required => "required",
        }
    }
}

/// Files of a directory that a service manager hands over as credentials (systemd.exec(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// What their names begin with.
    pub name: String,
    /// The directory that they are in, for all who may read it.
    pub directory: PathBuf,
}

/// What a credential's name consists of, beside letters and digits.
const MARKS: &str = "-_.";

impl Credentials {
    /// Reads `NAME:DIRECTORY`.
    ///
    /// # Errors
    /// [`Wrong`], with what is allowed.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let wanted = "NAME:DIRECTORY, as in LoadCredential=, such as keys:/etc/twinseal/keys";
        let wrong = || Wrong::value(text, wanted);
        let (name, directory) = text.split_once(':').ok_or_else(wrong)?;
        let legal = |ch: char| ch.is_ascii_alphanumeric() || MARKS.contains(ch);
        let directory = Path::new(directory);
        let plain = directory.components().all(|part| part != Component::ParentDir);
        if name.is_empty() || !name.chars().all(legal) || !directory.is_absolute() || !plain {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), directory: directory.to_owned() })
    }

    /// The name of the credential that has the content of that file, if it is one of theirs.
    #[must_use]
    pub fn of(&self, file: &Path) -> Option<String> {
        let rest = file.strip_prefix(&self.directory).ok()?;
        let parts: Option<Vec<&str>> =
            rest.components().map(|part| part.as_os_str().to_str()).collect();
        let parts = parts.filter(|parts| !parts.is_empty() && !parts.contains(&".."))?;
        Some(format!("{}_{}", self.name, parts.join("_")))
    }
}

#[cfg(test)]
mod tests {
    use super::Credentials;
    use std::path::Path;

    #[test]
    fn a_file_below_the_directory_has_the_name_that_systemd_gives_it() {
        let credentials = Credentials::parse("keys:/etc/twinseal/keys").unwrap();
        for (file, want) in [
            ("/etc/twinseal/keys/mail2", Some("keys_mail2")),
            ("/etc/twinseal/keys//example.com/mail2.pem", Some("keys_example.com_mail2.pem")),
            ("/etc/twinseal/keys", None),
            ("/etc/twinseal/keys/../other", None),
            ("/etc/twinseal/keys2/mail2", None),
            ("mail2", None),
        ] {
            assert_eq!(credentials.of(Path::new(file)).as_deref(), want, "{file}");
        }
    }

    #[test]
    fn what_is_no_name_and_directory_is_refused() {
        for text in
            ["", "keys", ":/etc/keys", "a b:/etc/keys", "keys:etc", "keys:/etc/../x", "a/b:/x"]
        {
            assert!(Credentials::parse(text).is_err(), "{text}");
        }
    }
}
