//! The keys that a file of `opendkim` names, for who checks what is published for them, and whom
//! that file would ask.

use crate::door::Door;
use crate::files::Files;
use crate::historic;
use crate::lists::key_table::{self, RowKey};
use crate::mistake::{Mistakes, Report};
use crate::origin::Origin;
use crate::raw::Raw;
use crate::rules::{KeySource, SenderKey, SigningDomain};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use twinseal_message::Selector;

/// What the file says of keys. Whether anything can be served by it is not asked.
#[derive(Debug, Clone, Default)]
pub struct TestedKeys {
    /// `Domain`, as it is written.
    pub domain: Option<String>,
    /// `Selector`.
    pub selector: Option<Selector>,
    /// `KeyFile`.
    pub key: Option<PathBuf>,
    /// The rows of `KeyTable`, in their order.
    pub table: Option<Vec<TestedRow>>,
    /// `Nameservers`.
    pub servers: Vec<SocketAddr>,
}

/// A row of `KeyTable`.
#[derive(Debug, Clone)]
pub struct TestedRow {
    /// Its name.
    pub name: String,
    /// The domain that signs, unless it is the sender's.
    pub domain: SigningDomain,
    /// Where the public half is published.
    pub selector: Selector,
    /// The key, unless it depends on the sender.
    pub key: Option<KeySource>,
}

impl TestedKeys {
    /// Reads that file.
    ///
    /// # Errors
    /// [`Mistakes`]: all that is wrong with it, and with the table that it names.
    pub fn read(path: &Path, files: &dyn Files) -> Result<Self, Mistakes> {
        let mut report = Report::new(Door::Opendkim);
        let mut raw = Raw::defaults(Door::Opendkim, &mut report);
        let named = Origin::option("-x");
        historic::load(path, &named, (Door::Opendkim, files), &mut raw, &mut report);
        let table = raw.opendkim.key_table.take();
        let table = table.map(|named| key_table::rows(&named, files, &mut report));
        if !report.mistakes.is_empty() {
            return Err(report.into_mistakes());
        }
        let row = |(name, row): (String, key_table::KeyRow)| {
            let key_table::KeyRow { domain, key } = row;
            let (selector, key) = match key {
                RowKey::Fixed(source) => (source.selector.clone(), Some(source)),
                RowKey::OfSender(SenderKey::File { selector, .. }) => (selector, None),
                RowKey::OfSender(SenderKey::Named(_)) => return None,
            };
            Some(TestedRow { name, domain, selector, key })
        };
        Ok(Self {
            domain: raw.options.domains.map(|set| set.value),
            selector: raw.options.selector.map(|set| set.value),
            key: raw.options.key.map(|set| set.value.into()),
            table: table.map(|rows| rows.into_iter().filter_map(row).collect()),
            servers: raw.dns.servers.map_or_else(Vec::new, |list| {
                list.value.into_iter().map(|server| server.value).collect()
            }),
        })
    }
}
