//! The files of new keys: none is overwritten, and none is left when another cannot be made.

use super::render::Made;
use super::{DEFAULT_BITS, Kind};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use twinseal_config::ExitCode;
use twinseal_keys::{KeyError, SignError, SigningKey};
use twinseal_message::{Domain, Selector, text};

/// What a folder for the keys of a domain may be used for: its owner's to write, anybody's to
/// search. The daemon that reads the keys may have another group than who makes them, names of
/// domains and selectors are published anyway, and each key is its owner's alone.
const FOLDER_MODE: u32 = 0o755;

/// What a record may be used for: anybody's to read, for it is published.
pub(super) const RECORD_MODE: u32 = 0o644;

/// Why there is no new key.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// No key of that kind can be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be written down.
    #[error(transparent)]
    Encoding(#[from] SignError),
    /// A file or a folder cannot be made.
    #[error("{}: {error}", text::path(path))]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It is there.
    #[error("{}: the file exists, and no file is ever overwritten", text::path(path))]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// What was made cannot be printed as JSON.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Key(_) => ExitCode::Usage,
            Self::Encoding(_) | Self::Json(_) => ExitCode::Internal,
            Self::File { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                ExitCode::Permission
            }
            Self::File { .. } | Self::Exists { .. } => ExitCode::Unavailable,
        }
    }
}

/// Where the files of a new key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// The private key.
    pub private: PathBuf,
    /// The record.
    pub record: PathBuf,
}

impl KeyFiles {
    /// Their names in that directory.
    #[must_use]
    pub fn new(directory: &Path, selector: &Selector) -> Self {
        let with = |extension| directory.join(format!("{selector}.{extension}"));
        Self { private: with("private"), record: with("txt") }
    }

    /// Neither of them is there; a link to nowhere is.
    pub(super) fn are_free(&self) -> Result<(), Failure> {
        let taken = |path: &&PathBuf| fs::symlink_metadata(path).is_ok();
        match [&self.private, &self.record].into_iter().find(taken) {
            Some(path) => Err(Failure::Exists { path: path.clone() }),
            None => Ok(()),
        }
    }
}

/// What was made so far: it is removed again unless it is kept.
#[derive(Debug, Default)]
pub(super) struct Batch {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Batch {
    /// Writes a new file.
    fn create(&mut self, path: &Path, mode: u32, octets: &[u8]) -> Result<(), Failure> {
        let failure = |error: io::Error| {
            let path = path.to_owned();
            if error.kind() == io::ErrorKind::AlreadyExists {
                Failure::Exists { path }
            } else {
                Failure::File { path, error }
            }
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .map_err(failure)?;
        self.files.push(path.to_owned());
        file.write_all(octets).and_then(|()| file.sync_all()).map_err(failure)
    }

    /// Writes a key, its owner's alone, and its record with that mode. Without its record the key
    /// would only be in the way of the next attempt.
    pub(super) fn write(
        &mut self,
        files: &KeyFiles,
        key: &SigningKey,
        (record, mode): (&str, u32),
    ) -> Result<(), Failure> {
        self.create(&files.private, 0o600, &key.to_pem()?)?;
        self.create(&files.record, mode, record.as_bytes())
    }

    /// Makes a folder unless it is there.
    pub(super) fn folder(&mut self, path: &Path) -> Result<(), Failure> {
        match DirBuilder::new().mode(FOLDER_MODE).create(path) {
            Ok(()) => self.folders.push(path.to_owned()),
            Err(_) if path.is_dir() => {}
            Err(error) => return Err(Failure::File { path: path.to_owned(), error }),
        }
        Ok(())
    }

    /// Keeps all of it.
    pub(super) fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Batch {
    /// Takes back what we made; that it cannot be removed is not what went wrong.
    fn drop(&mut self) {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes an RSA key with its record, unless its file is there already.
pub(crate) fn make_if_missing(
    directory: &Path,
    domain: &Domain,
    selector: &Selector,
) -> Result<KeyFiles, String> {
    let files = KeyFiles::new(directory, selector);
    if !files.private.exists() {
        make(&files, domain, selector).map_err(|failure| failure.to_string())?;
    }
    Ok(files)
}

fn make(files: &KeyFiles, domain: &Domain, selector: &Selector) -> Result<(), Failure> {
    let key = Kind::Rsa(DEFAULT_BITS).generate()?;
    let made = Made::new(&key, domain.clone(), selector.clone(), false, files.clone())?;
    let mut batch = Batch::default();
    batch.write(files, &key, (&made.zone_line(), RECORD_MODE))?;
    batch.keep();
    Ok(())
}
