//! Data sets of `opendkim`: lists that stand in the file itself, or in one of their own.

use super::{ListFile, Meant, uncommented};
use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::Set;
use crate::wrong::Wrong;

/// Kinds of data sets that are kept by something that would have to be asked.
const ELSEWHERE: &[&str] = &[
    "bdb", "db", "dsn", "erlang", "ldap", "ldapi", "ldaps", "lua", "mdb", "memcache", "repute",
    "socket",
];

/// The ending of a Berkeley database's file.
const DATABASE: &str = ".db";

/// Where the entries of a data set are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataSet<'t> {
    /// Here, with commas between them.
    Here(&'t str),
    /// In that file, one on each line.
    File(&'t str),
    /// In that file, and they are patterns in which a star stands for any characters.
    Patterns(&'t str),
}

/// An entry of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// What is looked up.
    pub(crate) key: String,
    /// What is found; empty where nothing stands behind the key.
    pub(crate) value: String,
}

impl<'t> DataSet<'t> {
    /// Reads where the entries are.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Wrong> {
        let text = text.trim();
        let rest = |kind: &str| {
            let (name, rest) = text.split_once(':')?;
            name.eq_ignore_ascii_case(kind).then_some(rest)
        };
        if let Some(list) = rest("csl") {
            return Ok(Self::Here(list));
        }
        if let Some(path) = rest("refile") {
            return Ok(Self::Patterns(path));
        }
        let is_path = ["/", "./", "../"].iter().any(|start| text.starts_with(start));
        let path = rest("file").or_else(|| is_path.then_some(text));
        match path {
            Some(path) if path.ends_with(DATABASE) => Err(Wrong::elsewhere("bdb")),
            Some(path) => Ok(Self::File(path)),
            None => match ELSEWHERE.iter().find(|kind| rest(kind).is_some()) {
                Some(kind) => Err(Wrong::elsewhere(kind)),
                None => Ok(Self::Here(text)),
            },
        }
    }

    /// The entries, each with its place. What cannot be read is reported.
    pub(crate) fn rows(
        self,
        meant: Meant,
        files: &dyn Files,
        (origin, key): (&Origin, &str),
        report: &mut Report,
    ) -> Option<Vec<Set<Row>>> {
        match self {
            Self::Here(list) => {
                let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
                let rows = items.map(|item| {
                    let (key, value) = item.split_once('=').unwrap_or((item, ""));
                    Set { value: Row::new(key, value), origin: origin.clone() }
                });
                Some(rows.collect())
            }
            Self::File(path) | Self::Patterns(path) => {
                let file = ListFile::read(path, files, (origin, key), meant, report)?;
                let rows = file.entries().map(|(line, origin)| {
                    let line = uncommented(line);
                    let end = line.find(|ch: char| ch.is_ascii_whitespace()).unwrap_or(line.len());
                    let (key, value) = line.split_at(end);
                    Set { value: Row::new(key, value), origin }
                });
                Some(rows.collect())
            }
        }
    }
}

impl Row {
    /// The entry as it was written, of a list of which an item may have an equals sign in it.
    pub(crate) fn whole(self) -> String {
        if self.value.is_empty() { self.key } else { format!("{}={}", self.key, self.value) }
    }

    fn new(key: &str, value: &str) -> Self {
        Self { key: key.trim().to_owned(), value: value.trim().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::DataSet;

    #[test]
    fn a_data_set_is_a_list_or_the_file_that_it_is_in() {
        for (text, want) in [
            ("a, b", DataSet::Here("a, b")),
            ("csl:a=b,c=d", DataSet::Here("a=b,c=d")),
            ("CSL:a", DataSet::Here("a")),
            ("::1, 127.0.0.1", DataSet::Here("::1, 127.0.0.1")),
            ("[::1]:x", DataSet::Here("[::1]:x")),
            ("file:/etc/hosts", DataSet::File("/etc/hosts")),
            ("file:hosts", DataSet::File("hosts")),
            ("/etc/hosts", DataSet::File("/etc/hosts")),
            ("./hosts", DataSet::File("./hosts")),
            (".", DataSet::Here(".")),
            (".example.com", DataSet::Here(".example.com")),
            ("refile:/etc/table", DataSet::Patterns("/etc/table")),
            (" refile:/etc/table ", DataSet::Patterns("/etc/table")),
        ] {
            assert_eq!(DataSet::parse(text).unwrap(), want, "{text:?}");
        }
    }

    #[test]
    fn what_somebody_else_keeps_is_refused_with_what_to_do_instead() {
        for (text, kind) in [
            ("dsn:mysql://a@b/c", "dsn:"),
            ("ldap://host/base", "ldap:"),
            ("LDAPS://host/base", "ldaps:"),
            ("lua:/etc/x.lua", "lua:"),
            ("bdb:/etc/x", "bdb:"),
            ("/etc/x.db", "bdb:"),
            ("file:/etc/x.db", "bdb:"),
            ("mdb:/etc/x", "mdb:"),
            ("memcache:host/x", "memcache:"),
            ("erlang:x", "erlang:"),
            ("socket:/run/x", "socket:"),
        ] {
            let error = DataSet::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("refused: ") && error.contains(kind), "{text}: {error}");
            assert!(error.contains("file:PATH"), "{text}: {error}");
        }
    }
}
