//! A key of the daemon's, for who wants to know which one it is and not to sign with it.

use super::{Former, Key};
use crate::signing::keyfile::Stamp;
use std::path::Path;
use twinseal_keys::{KeyKind, PublicKey};

/// A key that a daemon has.
#[derive(Debug, Clone)]
pub struct AtHand {
    key: Key,
    stamp: Stamp,
}

impl AtHand {
    /// Its public half, and what kind it is. An unparsed key is parsed for that, which takes as long
    /// as a signature.
    ///
    /// # Errors
    /// Why there is none, as a sentence without its full stop.
    pub fn public(&self) -> Result<(PublicKey, KeyKind), String> {
        let key = self.key.parse().map_err(|error| error.to_string())?;
        let public = key.public().map_err(|error| error.to_string())?;
        Ok((public, key.kind()))
    }

    /// When its file was last written to, in seconds since 1970; `None` where it is in no file.
    #[must_use]
    pub fn written(&self) -> Option<u64> {
        self.stamp.written()
    }
}

impl Former<'_> {
    /// The key of that file.
    #[must_use]
    pub fn at_hand(&self, file: &Path) -> Option<AtHand> {
        let (key, stamp) = self.0.get(file)?;
        Some(AtHand { key: (*key).clone(), stamp: *stamp })
    }
}
