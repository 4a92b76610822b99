//! What the connection knows about a message.

use crate::event::{Event, UNKNOWN_ID, What};
use crate::monitoring::tally::Tally;
use crate::serving::service::Client;
use crate::signing::policy::Fidelity;
use twinseal_config::Door;
use twinseal_milter::Macros;

/// What stands for the name of an MTA that does not tell it.
const UNKNOWN_HOST: &str = "unknown-host";

/// What the connection knows about a message when it is complete.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// The MTA's queue id. Some MTAs have it only now.
    pub queue_id: Option<&'a str>,
    /// The MTA's own name.
    pub host: Option<&'a str>,
}

/// What the connection knows about a message when its header is complete.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The MTA's queue id, if it has one by now.
    pub queue_id: Option<&'a str>,
    /// The SMTP client.
    pub client: &'a Client,
    /// Whether the client has authenticated itself.
    pub authenticated: bool,
    /// Whether header values are exact.
    pub fidelity: Fidelity,
    /// In whose words the log is told.
    pub door: Door,
    /// What else the MTA has told.
    pub macros: &'a Macros,
    /// Where what is told is counted.
    pub tally: &'a Tally,
}

impl Facts<'_> {
    pub(super) fn log(&self, what: What<'_>) {
        self.tally.told(&what);
        Event { door: self.door, queue_id: self.queue_id.unwrap_or(UNKNOWN_ID), what }.log();
    }
}

impl Ending<'_> {
    /// The value of the trace field.
    pub(super) fn trace(&self, product: &str) -> String {
        let (host, id) = (self.host.unwrap_or(UNKNOWN_HOST), self.queue_id.unwrap_or(UNKNOWN_ID));
        format!(" {product} {host} {id}")
    }
}
