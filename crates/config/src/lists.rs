//! The lists that a configuration names: hosts, domains, keys.
//!
//! Historic files are read tolerantly: carriage returns, white space around an entry, comments and
//! empty lines are no part of it, and a byte-order mark neither. Lines are counted as an editor
//! counts them.

pub(crate) mod actions;
pub(crate) mod deltas;
pub(crate) mod domains;
pub(crate) mod hosts;
pub(crate) mod key_table;
pub(crate) mod keys;
pub(crate) mod policies;
pub(crate) mod sets;
pub(crate) mod signing_table;

use crate::door::Door;
use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::wrong::{Quoted, Wrong};
use std::io;
use std::path::Path;
use std::str::Utf8Error;
use std::sync::Arc;

/// The largest file that is read, in octets: room for some 400,000 signing entries.
pub(crate) const MAX_FILE_OCTETS: usize = 64 * 1024 * 1024;

/// How a PEM file begins (RFC 7468 §2).
const PEM: &[u8] = b"-----BEGIN";

/// What a file is meant to be: what messages call it, and what was perhaps meant instead when it
/// cannot be read, and when it is a key. A hint begins with a semicolon, or is empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meant {
    what: &'static str,
    unreadable: &'static str,
    pem: &'static str,
}

impl Meant {
    pub(crate) const CONFIGURATION: Self = Self {
        what: "a configuration file",
        unreadable: "",
        pem: "; keys are named by \"signing\" in that file, or by -s",
    };
    pub(crate) const HISTORIC_FILE: Self = Self {
        what: "a configuration file",
        unreadable: "",
        pem: "; keys are named by KeyFile in that file, or by -k",
    };

    pub(crate) const DATA_SET: Self = Self { what: "a data set", unreadable: "", pem: "" };
    pub(crate) const KEY_TABLE: Self =
        Self { what: "a key table", unreadable: "", pem: "; its lines name the files of keys" };

    pub(crate) const RULES: Self = Self { what: "a list of rules", unreadable: "", pem: "" };

    pub(crate) const POLICIES: Self = Self { what: "a list of policies", unreadable: "", pem: "" };

    pub(crate) const fn trusted(door: Door) -> Self {
        let unreadable = match door {
            Door::Native => "; domains themselves are written as a list: [example.com, ...]",
            Door::DkFilter | Door::DkimFilter | Door::Opendkim => "",
        };
        Self { what: "a list of domains", unreadable, pem: "" }
    }

    pub(crate) const fn hosts(door: Door) -> Self {
        let unreadable = match door {
            Door::Native => {
                "; hosts themselves are written as a list in the file: [127.0.0.1, ...]"
            }
            Door::Opendkim => "",
            Door::DkFilter | Door::DkimFilter => "; hosts stand in a file, one on each line",
        };
        Self { what: "a list of hosts", unreadable, pem: "" }
    }

    pub(crate) const fn domains(door: Door) -> Self {
        let pem = match door {
            Door::Native | Door::DkFilter => "; the key is what -s names",
            Door::DkimFilter | Door::Opendkim => "; the key is what -k or KeyFile names",
        };
        Self { what: "a list of domains", unreadable: "", pem }
    }

    pub(crate) const fn keys(door: Door) -> Self {
        let (unreadable, pem) = match door {
            Door::Native | Door::DkFilter => (
                "; -k says that -s names a key list, and takes no value itself",
                "; -k says that -s names a key list, without -k it names the key",
            ),
            Door::DkimFilter | Door::Opendkim => (
                "; -K says that -k names a key list, as KeyList does",
                "; -K says that -k names a key list, without -K it names the key, as KeyFile does",
            ),
        };
        Self { what: "a key list", unreadable, pem }
    }
}

/// What the configuration file holds that was named at `origin`, with its path to be shared by the
/// places in it.
pub(crate) fn configuration(
    path: &Path,
    origin: &Origin,
    files: &dyn Files,
    meant: Meant,
    report: &mut Report,
) -> Option<(Arc<Path>, Vec<u8>)> {
    let octets =
        report.take(origin, "config", octets(path, files.read_configuration(path), meant))?;
    Some((path.into(), octets))
}

/// Says where the text stops being UTF-8.
pub(crate) fn not_utf8(path: &Arc<Path>, octets: &[u8], error: Utf8Error, report: &mut Report) {
    let valid = octets.get(..error.valid_up_to()).unwrap_or_default();
    let line = valid.iter().filter(|&&octet| octet == b'\n').count();
    report.mistake(&Origin::line(path, line_number(line)), "", Wrong::NotUtf8);
}

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
        meant: Meant,
        report: &mut Report,
    ) -> Option<Self> {
        let path: Arc<Path> = Path::new(path).into();
        let octets = report.take(origin, key, octets(&path, files.read(&path), meant))?;
        match String::from_utf8(octets) {
            Ok(text) => Some(Self { path, text }),
            Err(error) => {
                not_utf8(&path, error.as_bytes(), error.utf8_error(), report);
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

/// The file's octets, unless there are too many, or it is a key: of that nothing may be quoted.
pub(crate) fn octets(
    path: &Path,
    read: io::Result<Vec<u8>>,
    meant: Meant,
) -> Result<Vec<u8>, Wrong> {
    let octets = read.map_err(|error| {
        let reason = error.to_string();
        Wrong::Unreadable { path: Quoted::path(path), reason, hint: meant.unreadable }
    })?;
    if is_pem(&octets) {
        let (path, what, hint) = (Quoted::path(path), meant.what, meant.pem);
        return Err(Wrong::Pem { path, what, hint });
    }
    if octets.len() > MAX_FILE_OCTETS {
        let (path, octets, limit) = (Quoted::path(path), octets.len(), MAX_FILE_OCTETS);
        return Err(Wrong::TooLarge { path, octets, limit });
    }
    Ok(octets)
}

/// Whether a line begins as those around a key do, in whatever they are embedded.
fn is_pem(octets: &[u8]) -> bool {
    let mut lines = octets.split(|octet| matches!(octet, b'\n' | b'\r'));
    lines.any(|line| {
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        line.trim_ascii_start().starts_with(PEM)
    })
}

/// Editors count from 1.
pub(crate) fn line_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// The entry without what follows a number sign, where a number sign cannot be part of it.
pub(crate) fn uncommented(entry: &str) -> &str {
    entry.split('#').next().unwrap_or_default().trim()
}
