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

impl RawReports {
    /// What is in force, if reports are sent at all.
    pub(crate) fn settled(self) -> Option<crate::settings::Reports> {
        let is_on = |set: Option<Set<bool>>| set.is_some_and(|on| on.value);
        let (signatures, policies) = (is_on(self.send), is_on(self.adsp));
        let (address, command) = (self.address.map(|set| set.value), self.command?.value);
        let reports = crate::settings::Reports { signatures, policies, address, command };
        (signatures || policies).then_some(reports)
    }
}
