//! The program `twinseal`: the milter and the tools around it.
//!
//! The only crate that knows sockets, clocks, the file system and a runtime. What it decides is in
//! small functions of plain values; what it does to the outside stands at its edges.
//!
//! | module | what is in it |
//! |---|---|
//! | [`command`] | the sub-commands, and how the program ends |
//! | [`serve`] | from a command line to listening sockets |
//! | [`serving`] | sockets, connections, messages |
//! | [`signing`] | who signs what: keys, rules, policy, seals |
//! | [`tools`] | `sign`, `genkey`, `demo` |
//! | [`event`], [`logging`] | what is logged, and where to |
//! | [`privileges`] | giving root up |
//! | [`terminal`] | standard input, output and error as arguments |
#![forbid(unsafe_code)]

pub mod command;
pub mod event;
pub mod logging;
pub mod privileges;
pub mod serve;
pub mod serving;
pub mod signing;
pub mod terminal;
pub mod tools;

pub use command::run;

/// The version, as `-V` and the log show it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
