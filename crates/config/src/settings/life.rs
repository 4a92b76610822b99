//! Life of the process: what starts it again, and what is left of it when it dies.

use super::Sandbox;
use std::time::Duration;

/// How the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Whether and how often it is started again when it dies.
    pub restart: Restart,
    /// Whether it gives up what it does not need.
    pub sandbox: Sandbox,
    /// Whether the system may keep its memory when it dies.
    pub core_dumps: bool,
    /// Whether the log tells what is said on each connection.
    pub protocol_log: bool,
}

/// Whether and how often a process is started again when it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// Whether it is at all.
    pub auto: bool,
    /// How often altogether; `None` for no limit.
    pub count: Option<u32>,
    /// How often in some time; `None` for no limit.
    pub rate: Option<RestartRate>,
}

/// So many restarts in any span of that length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartRate {
    /// How many; at least one, at most [`MAX_RESTARTS`].
    pub restarts: u32,
    /// How long the span is; not zero.
    pub within: Duration,
}

/// The most restarts that a rate can allow: the time of each is remembered.
pub const MAX_RESTARTS: u32 = 10_000;
