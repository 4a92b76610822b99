//! `KeyTable` of `opendkim`: keys by name.

use super::Meant;
use super::sets::{DataSet, Row};
use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::Set;
use crate::rules::{DOMAIN_MARK, InlineKey, KeySource, SenderKey, SigningDomain};
use crate::value;
use crate::wrong::{Quoted, Wrong};
use std::collections::HashMap;
use std::path::PathBuf;

/// The keys, by name.
pub(crate) type KeyTable = HashMap<String, KeyRow>;

/// A key, and who signs with it.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    pub(crate) domain: SigningDomain,
    pub(crate) key: RowKey,
}

/// The key of a row.
#[derive(Debug, Clone)]
pub(crate) enum RowKey {
    /// One for all senders.
    Fixed(KeySource),
    /// One that depends on the sender.
    OfSender(SenderKey),
}

/// Reads the table that was named at `origin`. Rows with a mistake in them are reported.
pub(crate) fn read(named: &Set<String>, files: &dyn Files, report: &mut Report) -> KeyTable {
    let mut table = KeyTable::new();
    for (name, row) in rows(named, files, report) {
        // The first one of a name is found.
        table.entry(name).or_insert(row);
    }
    table
}

/// The same, row by row in the order of the table.
pub(crate) fn rows(
    named: &Set<String>,
    files: &dyn Files,
    report: &mut Report,
) -> Vec<(String, KeyRow)> {
    let place = (&named.origin, "key-table");
    let set = report.take(&named.origin, "key-table", DataSet::parse(&named.value));
    let rows = set.and_then(|set| set.rows(Meant::KEY_TABLE, files, place, report));
    let mut table = Vec::new();
    let mut count = 0;
    for Set { value: Row { key: name, value }, origin } in rows.into_iter().flatten() {
        count += 1;
        let row = report.take(&origin, "key-table", row(&name, &value, &origin));
        table.extend(row.map(|row| (name, row)));
    }
    if count == 0 && report.mistakes.is_empty() {
        report.mistake(&named.origin, "key-table", Wrong::EmptyList);
    }
    table
}

fn row(name: &str, text: &str, origin: &Origin) -> Result<KeyRow, Wrong> {
    let malformed = || {
        let wanted = "domain:selector:key, where the key is the path of its file or base64";
        // What stands there may be a key.
        Wrong::TableRow { wanted }
    };
    let mut fields = text.splitn(3, ':').map(str::trim);
    let mut next = || fields.next().filter(|field| !field.is_empty()).ok_or_else(malformed);
    let (domain, selector, key) = (next()?, next()?, next()?);
    let domain = match domain {
        DOMAIN_MARK => SigningDomain::Sender,
        // Where somebody has changed the order, a key stands in the place of these.
        name => SigningDomain::Fixed(value::domain(name).map_err(|_| malformed())?),
    };
    let selector = value::selector(selector).map_err(|_| malformed())?;
    let origin = origin.clone();
    let key = if !["/", "./", "../"].iter().any(|start| key.starts_with(start)) {
        // No two rows are the same key.
        let file = PathBuf::from(format!("the key of {name}"));
        let inline = Some(InlineKey::new(key));
        RowKey::Fixed(KeySource { file, selector, origin, inline })
    } else if key.contains(DOMAIN_MARK) {
        RowKey::OfSender(SenderKey::File { path: key.into(), selector })
    } else {
        RowKey::Fixed(KeySource { file: PathBuf::from(key), selector, origin, inline: None })
    };
    Ok(KeyRow { domain, key })
}

/// The row of that name, or what is wrong.
pub(crate) fn named<'t>(table: &'t KeyTable, name: &str) -> Result<&'t KeyRow, Wrong> {
    table.get(name).ok_or_else(|| Wrong::NoSuchKey { name: Quoted::new(name) })
}
