//! The tools around the daemon.

pub mod config;
pub mod demo;
pub mod genkey;
mod message;
pub mod migrate;
mod options;
pub mod sign;
pub mod verify;
