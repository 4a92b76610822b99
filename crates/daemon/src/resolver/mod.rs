//! Who is asked for public keys: DNS, or a file in its place.
//!
//! | module | what is in it |
//! |---|---|
//! | [`questions`] | all keys of a message, asked at once, under one deadline |
//! | [`dns`] | DNS, with a memory: each question is asked once, whoever waits for it |
//! | [`direct`] | whom to ask without a memory, one server or the resolver, for any type |
//! | [`key_file`] | a file of records in place of DNS |
//! | [`system`] | which servers this host asks |
//! | `lookup` | one question to its end, from alias to alias |
//! | `aliases` | what one message answers |
//! | `servers` | several servers, in turn |
//! | `exchange` | one question to one server: UDP, then TCP |
//! | `places` | who may ask now |
//! | `memory` | what was answered, until it expires |
//!
//! Nothing here validates DNSSEC: a resolver that does says so in its answers.

pub mod direct;
pub mod dns;
pub mod key_file;
pub mod questions;
pub mod system;

mod aliases;
mod exchange;
mod lookup;
mod memory;
mod places;
mod servers;

pub use dns::{DnsResolver, MAX_SOCKETS, Observer, Settings};
pub use key_file::{KeyFileMistake, KeyFileResolver};
pub use questions::{Questions, ask_all};
pub(crate) use servers::TRIES;

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;
use twinseal_dkim::TxtAnswer;

/// An answer that is on its way. It is asked for from now on, and until it is dropped.
pub type Lookup = Pin<Box<dyn Future<Output = TxtAnswer> + Send>>;

/// Somebody who can be asked for TXT records.
///
/// Names have no final dot and are never completed with a search domain; their case does not
/// matter.
pub trait Resolver: Send + Sync + Debug {
    /// The answer, if it is at hand: takes no time.
    fn known(&self, name: &str) -> Option<TxtAnswer>;

    /// Asks, inside a runtime. The answer always comes: at the latest when the resolver's own time
    /// is over, and then it says so.
    fn txt(&self, name: &str) -> Lookup;
}

/// Longer than anybody waits, and short enough to be counted with.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// So long from now, or [`FOREVER`].
fn deadline(after: Duration) -> Instant {
    Instant::now() + after.min(FOREVER)
}
