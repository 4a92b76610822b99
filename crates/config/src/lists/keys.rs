//! The key list of `-k -s FILE`, and the file and selector of a key.

use crate::caution::Caution;
use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::rules::KeySource;
use crate::value;
use crate::wrong::{Quoted, Wrong};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use twinseal_message::{Domain, Selector};

/// What is tried behind a key's path when there is no such file (trap F1), in this order.
const ENDINGS: [&str; 2] = [".pem", ".private"];

/// One line of a key list (trap F2).
pub(crate) struct Line<'t> {
    pub(crate) pattern: &'t str,
    /// Absent in the two fields of `dk-filter`.
    pub(crate) domain: Option<&'t str>,
    pub(crate) path: &'t str,
}

impl<'t> Line<'t> {
    /// Reads `pattern:path` or `pattern:domain:path`.
    ///
    /// A colon may stand in a path, so a second field is a domain only if it has no slash in it.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Wrong> {
        let malformed = || Wrong::KeyLine { line: Quoted::new(text) };
        // dkim-filter documented a line that sets a directory for those below, and refused it.
        let (pattern, rest) = text.split_once(':').ok_or_else(malformed)?;
        let (domain, path) = match rest.split_once(':') {
            Some((domain, path)) if !domain.contains('/') => (Some(domain.trim()), path),
            _ => (None, rest),
        };
        let (pattern, path) = (pattern.trim(), path.trim());
        if pattern.is_empty() || path.is_empty() || pattern.starts_with('/') {
            return Err(malformed());
        }
        Ok(Self { pattern, domain: domain.filter(|domain| !domain.is_empty()), path })
    }

    /// The key's path without the fourth field, and that field, if only the path without it names
    /// a key.
    pub(crate) fn fourth_field(&self, files: &dyn Files) -> Option<(&'t str, &'t str)> {
        let (path, fields) = self.path.split_once(':').filter(|_| self.domain.is_some())?;
        let path = path.trim_end();
        let there = |path: &str| found(Path::new(path), files).is_some();
        (there(path) && !there(self.path)).then_some((path, fields))
    }

    /// The domain that signs; `None` for a sender's own, which a `*` says too.
    pub(crate) fn signing_domain(&self) -> Result<Option<Domain>, Wrong> {
        let named = self.domain.filter(|domain| !domain.starts_with('*'));
        named.map(value::domain).transpose()
    }
}

/// The key in that file. Unless the selector is named, it is the base name of the path as written,
/// whatever file is opened in the end (trap F1).
pub(crate) fn source(
    path: &Path,
    selector: Option<Selector>,
    (origin, key): (&Origin, &str),
    files: &dyn Files,
    report: &mut Report,
) -> Option<KeySource> {
    let selector = selector.or_else(|| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let selector = report.take(origin, key, value::selector(&name))?;
        let ended = ENDINGS.iter().any(|ending| name.ends_with(ending));
        if ended {
            let selector = selector.to_string();
            report.warn(origin, key, Caution::SelectorWithEnding { selector });
        }
        Some(selector)
    })?;
    let file = found(path, files).unwrap_or_else(|| path.to_owned());
    Some(KeySource { file, selector, origin: origin.clone(), inline: None })
}

/// The path of what exists, with an ending where only that does.
fn found(path: &Path, files: &dyn Files) -> Option<PathBuf> {
    let with = |ending: &str| {
        let mut path = OsString::from(path);
        path.push(ending);
        PathBuf::from(path)
    };
    let mut tried = ENDINGS.iter().map(|ending| with(ending));
    if files.exists(path) {
        return Some(path.to_owned());
    }
    tried.find(|path| files.exists(path))
}

#[cfg(test)]
mod tests {
    use super::Line;
    use crate::files::Files;
    use std::io;
    use std::path::Path;

    fn fields(text: &str) -> Option<(&str, Option<&str>, &str)> {
        Line::parse(text).ok().map(|line| (line.pattern, line.domain, line.path))
    }

    #[test]
    fn two_and_three_fields_are_told_apart() {
        for (text, want) in [
            ("*@a.example:/k/mail2", ("*@a.example", None, "/k/mail2")),
            ("*@a.example:a.example:/k/mail2", ("*@a.example", Some("a.example"), "/k/mail2")),
            ("*@a.example:*:/k/mail2", ("*@a.example", Some("*"), "/k/mail2")),
            ("*@a.example::/k/mail2", ("*@a.example", None, "/k/mail2")),
            ("*@a.example:/k/a:b/mail2", ("*@a.example", None, "/k/a:b/mail2")),
            ("*@a.example:a.example:/k/a:b", ("*@a.example", Some("a.example"), "/k/a:b")),
            ("*@a.example:keys/mail2", ("*@a.example", None, "keys/mail2")),
            ("*@a.example:mail2", ("*@a.example", None, "mail2")),
            ("*@a.example : a.example : mail2", ("*@a.example", Some("a.example"), "mail2")),
        ] {
            assert_eq!(fields(text), Some(want), "{text:?}");
        }
    }

    /// These files and no others.
    struct There(&'static [&'static str]);

    impl Files for There {
        fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
            Err(io::ErrorKind::NotFound.into())
        }

        fn exists(&self, path: &Path) -> bool {
            self.0.iter().any(|there| Path::new(there) == path)
        }
    }

    #[test]
    fn a_fourth_field_is_one_where_only_the_third_names_a_key() {
        for (line, there, want) in [
            ("*@a.example:a.example:/k/m:x:y", &["/k/m"][..], Some(("/k/m", "x:y"))),
            ("*@a.example:a.example:/k/m : x", &["/k/m"], Some(("/k/m", " x"))),
            ("*@a.example:a.example:/k/m:x", &["/k/m.pem"], Some(("/k/m", "x"))),
            ("*@a.example:a.example:/k/m:x", &["/k/m", "/k/m:x"], None),
            ("*@a.example:a.example:/k/m:x", &["/k/m", "/k/m:x.private"], None),
            ("*@a.example:a.example:/k/m:x", &[], None),
            ("*@a.example:a.example:/k/m", &["/k/m"], None),
            ("*@a.example:/k/m:x", &["/k/m"], None),
        ] {
            let found = Line::parse(line).unwrap().fourth_field(&There(there));
            assert_eq!(found, want, "{line:?} with {there:?}");
        }
    }

    #[test]
    fn a_line_with_too_few_fields_is_malformed() {
        for text in ["*@a.example", "*@a.example:", ":/k/mail2", "/etc/mail/keys", "/etc:/x"] {
            assert_eq!(fields(text), None, "{text:?}");
        }
    }
}
