//! Serving MTAs: sockets, connections, messages.

pub mod connection;
pub mod listener;
pub mod service;
pub mod socket;
pub mod transaction;
