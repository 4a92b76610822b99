//! The private half of a key that is tested.

use crate::signing::keyfile::{self, Exposure, KeyFileError};
use nix::errno::Errno;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use twinseal_config::InlineKey;
use twinseal_keys::{KeyError, PublicKey, SigningKey, UnparsedKey};
use twinseal_message::text;

/// What others may do with the file.
const OTHERS: u32 = 0o077;

/// A private key, of which only the public half is kept; or why it is none. That is told when the
/// halves are compared, as ever.
#[derive(Debug)]
pub(super) struct Private {
    pub(super) public: Result<PublicKey, String>,
    /// Whether anybody but its owner can get at the file.
    pub(super) is_open_to_others: bool,
}

impl Private {
    /// Reads a file.
    ///
    /// # Errors
    /// What keeps it from being read, in the historic words.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        let shown = text::path(path);
        let refused = |error: &io::Error| format!("{shown}: stat(): {}", reason(error));
        let mode = fs::metadata(path).map_err(|error| refused(&error))?.permissions().mode();
        let public = match keyfile::read(path, Exposure::Warned, &[]) {
            Ok(read) => public(read.key.parse()),
            Err(KeyFileError::Unreadable(error)) => return Err(refused(&error)),
            Err(KeyFileError::NotAFile) => {
                return Err(format!("{shown}: stat(): not a regular file"));
            }
            Err(error) => Err(error.to_string()),
        };
        Ok(Self { public, is_open_to_others: mode & OTHERS != 0 })
    }

    /// A key that stands in a table itself.
    pub(super) fn inline(key: &InlineKey) -> Self {
        let read = UnparsedKey::from_base64(key.base64());
        let public = read.map_err(|error| error.to_string()).and_then(|key| public(key.parse()));
        Self { public, is_open_to_others: false }
    }
}

/// The system's words for what went wrong, without its number: `strerror(3)` said no more.
pub(in crate::tools) fn reason(error: &io::Error) -> String {
    let words = error.raw_os_error().map(|code| Errno::from_raw(code).desc().to_owned());
    words.unwrap_or_else(|| error.to_string())
}

fn public(key: Result<SigningKey, KeyError>) -> Result<PublicKey, String> {
    let key = key.map_err(|error| error.to_string())?;
    key.public().map_err(|error| error.to_string())
}
