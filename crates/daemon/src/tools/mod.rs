//! The tools around the daemon.

pub mod check;
pub mod config;
pub(crate) mod configured;
pub mod demo;
pub mod explain;
pub mod former;
pub mod genkey;
mod message;
pub mod migrate;
mod options;
pub mod selftest;
pub mod sign;
pub(crate) mod signers;
pub mod verify;
