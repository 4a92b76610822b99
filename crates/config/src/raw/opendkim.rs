//! What only `opendkim` can be told.

use super::{Set, SetList, Source};
use twinseal_message::FieldName;

#[derive(Debug, Default)]
pub(crate) struct RawOpendkim {
    pub(crate) key_table: Option<Set<String>>,
    pub(crate) signing_table: Option<Set<String>>,
    pub(crate) exempt: Option<Set<Source>>,
    pub(crate) strict_headers: Option<Set<bool>>,
    pub(crate) ignores_malformed: Option<Set<bool>>,
    pub(crate) keeps_results: Option<Set<bool>>,
    pub(crate) without_signature: Option<Set<bool>>,
    pub(crate) captures: Option<Set<bool>>,
    pub(crate) log_results: Option<Set<bool>>,
    pub(crate) replace_rules: Option<Set<String>>,
    pub(crate) replace_headers: Option<SetList<FieldName>>,
    pub(crate) sender_macro: Option<Set<String>>,
    pub(crate) syslog_name: Option<Set<String>>,
}
