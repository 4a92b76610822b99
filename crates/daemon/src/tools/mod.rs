//! The tools around the daemon.

pub mod demo;
pub mod genkey;
mod options;
pub mod sign;
