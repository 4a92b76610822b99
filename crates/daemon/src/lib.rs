//! The program `twinseal`: the milter and the tools around it.
//!
//! The only crate that knows sockets, clocks, the file system and a runtime. What it decides is in
//! small functions of plain values; what it does to the outside stands at its edges.
//!
//! | module | what is in it |
//! |---|---|
//! | [`command`] | the sub-commands, and how the program ends |
//! | [`manual`] | what there is to know of each, for `--help`, manual pages and shells |
//! | [`serve`] | from a command line to a daemon |
//! | `asked` | what is answered without serving |
//! | [`server`] | a daemon: its keys, its sockets, its user, and its end |
//! | [`reload`] | a running daemon reads its configuration again |
//! | [`serving`] | sockets, connections, messages |
//! | [`resolver`] | who is asked for public keys: DNS, or a file |
//! | [`forecast`] | what a later hop is going to break |
//! | [`shadow`] | what another filter does otherwise |
//! | [`signing`] | who signs what: keys, rules, policy, seals |
//! | [`verifying`] | mail from elsewhere: verdicts, what is written about them, what follows |
//! | [`reporting`] | reports to those whose signatures do not match |
//! | [`rehearsal`] | a message shown to the daemon without an MTA |
//! | [`trial`] | what becomes of a message: `-t` of `dkim-filter` |
//! | [`tools`] | `sign`, `verify`, `explain`, `genkey`, the testers, `migrate`, `dns`, `check`, `selftest`, `demo` |
//! | [`event`], [`logging`] | what is logged, and where to |
//! | [`background`], [`pid_file`], [`signals`] | a process that nobody waits for |
//! | [`supervisor`], `core_dumps` | starting again what has died, and what is left of it |
//! | [`monitoring`] | what is counted and watched, and where others see it |
//! | [`manager`] | what a service manager is told |
//! | `calendar` | times as people read them |
//! | `html` | what our pages have in common |
//! | `locks` | locks whose owner has panicked |
//! | `files` | the files that a configuration was read from |
//! | `held_file` | files that one process at a time has |
//! | `registered` | which part of a name somebody had to register |
//! | [`privileges`], [`descriptors`] | giving root up; how many files may be open |
//! | [`sandbox`] | what it gives up before it meets strangers |
//! | [`terminal`] | standard input, output and error as arguments |
#![forbid(unsafe_code)]

mod asked;
pub mod background;
mod calendar;
pub mod command;
mod core_dumps;
pub mod descriptors;
pub mod event;
mod files;
pub mod forecast;
mod held_file;
mod html;
mod locks;
pub mod logging;
pub mod manager;
pub mod manual;
pub mod monitoring;
pub mod pid_file;
pub mod privileges;
mod registered;
pub mod rehearsal;
pub mod reload;
pub mod reporting;
pub mod resolver;
pub mod sandbox;
pub mod serve;
pub mod server;
pub mod serving;
pub mod shadow;
pub mod signals;
pub mod signing;
pub mod supervisor;
pub mod terminal;
pub mod tools;
pub mod trial;
pub mod verifying;

pub use command::run;

use twinseal_config::Door;

/// The version, as `-V` and the log show it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The program's name, unless it runs in place of another one.
pub const PROGRAM: &str = Door::Native.program();
