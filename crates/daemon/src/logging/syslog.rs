//! Lines as syslog takes them, in the format of RFC 3164 §4.1.
//!
//! They carry no time stamp, which every log daemon adds itself: the C library's stamp is local
//! time, and finding out the local time is not safe in a process with threads.

use super::datagrams::Encoding;
use tracing::Level;
use twinseal_config::Facility;

/// The socket of the system's log daemon.
pub const SYSLOG_SOCKET: &str = "/dev/log";

/// Lines of one program under one facility.
#[derive(Debug)]
pub struct Syslog {
    facility: u8,
    tag: String,
}

impl Syslog {
    /// Lines as `program[process]` with that facility.
    #[must_use]
    pub fn new(facility: Facility, program: &str) -> Self {
        Self { facility: facility.code(), tag: format!("{program}[{}]", std::process::id()) }
    }
}

impl Encoding for Syslog {
    /// RFC 3164 §4.1.1: facility and severity are one number.
    fn datagram(&self, level: Level, line: &[u8]) -> Vec<u8> {
        let priority = u32::from(self.facility) * 8 + severity(level);
        [format!("<{priority}>{}: ", self.tag).as_bytes(), line].concat()
    }
}

/// RFC 3164 §4.1.1
pub(super) const fn severity(level: Level) -> u32 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}
