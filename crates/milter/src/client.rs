//! The MTA's side of the protocol, for tests, demonstrations and benchmarks.
//!
//! [`Command`] writes what an MTA says, and knows from the [`Terms`](crate::Terms) what to leave
//! out and when a reply is awaited; [`Reply`] reads what a filter answers. Both are functions of
//! their input. [`Connection`] puts them together over anything that can be read and written, and
//! does what Postfix does: a macro frame before each stage, one write for all that needs no reply.
//! [`Header`] applies modifications the way Postfix does.

mod command;
mod connection;
mod header;
mod reply;

pub use command::{Command, Said};
pub use connection::{ClientError, Connection, Message, Outcome};
pub use header::{Field, Header};
pub use reply::{Modification, Reply, ReplyError, Verdict};
