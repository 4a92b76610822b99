//! What only `opendkim` could be told, beside its tables.

use crate::lists::domains::DomainList;
use crate::rewriting::Rewriting;
use std::sync::Arc;

/// What only `opendkim` could be told; nothing of it elsewhere, but the exempt domains.
#[derive(Debug, Clone, Default)]
pub struct Further {
    /// Domains whose mail is none of our business.
    pub exempt: Option<Arc<DomainList>>,
    /// Whether a header has to be what RFC 5322 wants.
    pub strict_headers: bool,
    /// Whether mail that cannot be read passes as it is.
    pub ignores_malformed: bool,
    /// Whether Authentication-Results fields in our name are left where they are.
    pub keeps_results: bool,
    /// Whether Authentication-Results is without `header.b`.
    pub without_signature: bool,
    /// Whether each signature's result has a line of the log.
    pub log_results: bool,
    /// What header fields are turned into before they are signed.
    pub rewriting: Option<Arc<Rewriting>>,
    /// The MTA's macro that says whose message it is, without braces.
    pub sender_macro: Option<String>,
    /// The name that syslog files the log under.
    pub syslog_name: Option<String>,
}
