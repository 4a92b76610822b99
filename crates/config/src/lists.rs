//! The lists that a configuration names: hosts, domains, keys.
//!
//! Historic files are read tolerantly: carriage returns, white space around an entry, comments and
//! empty lines are no part of it, and a byte-order mark neither. Lines are counted as an editor
//! counts them.

pub(crate) mod domains;
pub(crate) mod hosts;
pub(crate) mod keys;

use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::wrong::{Quoted, Wrong};
use std::path::Path;
use std::sync::Arc;

/// The largest file that is read, in octets: room for some 400,000 signing entries.
pub(crate) const MAX_FILE_OCTETS: usize = 64 * 1024 * 1024;

/// A list's file.
pub(crate) struct ListFile {
    path: Arc<Path>,
    text: String,
}

impl ListFile {
    /// Reads the file that was named at `origin`.
    pub(crate) fn read(
        path: &str,
        files: &dyn Files,
        (origin, key): (&Origin, &str),
        hint: &'static str,
        report: &mut Report,
    ) -> Option<Self> {
        let path: Arc<Path> = Path::new(path).into();
        let octets = report.take(origin, key, octets(&path, files, hint))?;
        match String::from_utf8(octets) {
            Ok(text) => Some(Self { path, text }),
            Err(error) => {
                let valid = error.as_bytes().get(..error.utf8_error().valid_up_to());
                let line =
                    valid.unwrap_or_default().iter().filter(|&&octet| octet == b'\n').count();
                report.mistake(&Origin::line(&path, line_number(line)), "", Wrong::NotUtf8);
                None
            }
        }
    }

    /// The lines that say something, each with its place.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, Origin)> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        let lines = text.lines().enumerate().map(|(index, line)| (line.trim(), index));
        let telling = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        telling.map(|(line, index)| (line, Origin::line(&self.path, line_number(index))))
    }
}

/// The file's octets, unless there are too many.
pub(crate) fn octets(path: &Path, files: &dyn Files, hint: &'static str) -> Result<Vec<u8>, Wrong> {
    let read = files.read(path);
    let octets = read.map_err(|error| {
        let reason = error.to_string();
        Wrong::Unreadable { path: Quoted::path(path), reason, hint }
    })?;
    if octets.len() > MAX_FILE_OCTETS {
        let (path, octets, limit) = (Quoted::path(path), octets.len(), MAX_FILE_OCTETS);
        return Err(Wrong::TooLarge { path, octets, limit });
    }
    Ok(octets)
}

/// Editors count from 1.
pub(crate) fn line_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// The entry without what follows a number sign, where a number sign cannot be part of it.
pub(crate) fn uncommented(entry: &str) -> &str {
    entry.split('#').next().unwrap_or_default().trim()
}
