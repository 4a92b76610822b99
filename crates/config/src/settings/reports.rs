//! Reports to those whose signatures fail here.

use std::path::PathBuf;
use twinseal_message::Mailbox;

/// What is reported, by whom, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reports {
    /// Whether signatures that do not match are reported.
    pub signatures: bool,
    /// Whether mail that its author's domain should have signed is reported.
    pub policies: bool,
    /// Who it is from; `None` for postmaster at this host.
    pub address: Option<Mailbox>,
    /// The program that sends it, called as sendmail is.
    pub command: PathBuf,
}
