//! What can be said about metrics.

use super::Set;
use crate::settings::HttpSocket;
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct RawMetrics {
    pub(crate) socket: Option<Set<HttpSocket>>,
    pub(crate) dns_interval: Option<Set<Duration>>,
}
