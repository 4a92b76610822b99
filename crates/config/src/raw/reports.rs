//! What can be said about reports.

use super::Set;
use std::path::PathBuf;
use twinseal_message::Mailbox;

#[derive(Debug, Default)]
pub(crate) struct RawReports {
    pub(crate) send: Option<Set<bool>>,
    pub(crate) adsp: Option<Set<bool>>,
    pub(crate) address: Option<Set<Mailbox>>,
    pub(crate) command: Option<Set<PathBuf>>,
}
