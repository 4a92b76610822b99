//! The tools around the daemon.

pub mod check;
mod child;
pub mod config;
pub(crate) mod configured;
pub mod demo;
mod dkim_stats;
pub mod dns;
pub mod explain;
pub mod former;
pub mod genkey;
mod lookup;
mod message;
pub mod migrate;
pub(crate) mod options;
mod postfix;
mod published;
pub mod selftest;
pub mod sign;
pub(crate) mod signers;
pub mod stats;
pub mod testadsp;
pub mod testkey;
pub mod testmsg;
pub mod testpolicy;
pub mod testselector;
pub mod verify;
