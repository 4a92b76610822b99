//! Serving MTAs: sockets, connections, messages.

pub mod connection;
pub mod listener;
mod macros;
pub mod service;
pub mod socket;
pub mod transaction;
