//! The tools around the daemon.

pub mod config;
pub mod demo;
pub mod genkey;
mod message;
mod options;
pub mod sign;
pub mod verify;
