//! Serving MTAs: sockets, connections, messages.

pub mod connection;
pub mod in_force;
pub mod listener;
pub(crate) mod macros;
pub mod passed;
mod protocol;
pub mod service;
pub mod socket;
pub mod transaction;
