//! What can be set for mail that leaves, beside its rules.

use super::{Set, SetList};
use crate::settings::{Algorithm, MacroTest, RecipientPattern};
use twinseal_message::FieldName;

#[derive(Debug, Default)]
pub(crate) struct RawLeaving {
    pub(crate) daemons: Option<SetList<String>>,
    pub(crate) macros: Option<SetList<MacroTest>>,
    pub(crate) unsigned_recipients: Option<SetList<RecipientPattern>>,
    pub(crate) remove_old: Option<Set<bool>>,
    pub(crate) multiple: Option<Set<bool>>,
    pub(crate) algorithm: Option<Set<Algorithm>>,
}

/// What else a DKIM seal covers and says.
#[derive(Debug, Default)]
pub(crate) struct RawContent {
    pub(crate) always: Option<SetList<FieldName>>,
    /// The over-signed fields as they were written.
    pub(crate) spelled: Vec<String>,
    pub(crate) body_length: Option<Set<bool>>,
    pub(crate) maximum: Option<Set<u64>>,
    pub(crate) copies: Option<Set<bool>>,
    pub(crate) mends: Option<Set<bool>>,
    /// Whether reports are asked for.
    pub(crate) reports: Option<Set<bool>>,
}

impl RawContent {
    /// Whether anything is set.
    pub(crate) const fn is_set(&self) -> bool {
        self.always.is_some()
            || self.body_length.is_some()
            || self.maximum.is_some()
            || self.copies.is_some()
            || self.mends.is_some()
            || self.reports.is_some()
    }
}
