//! What a service manager is told about us (sd_notify(3)).

use nix::time::{ClockId, clock_gettime};
use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Where it wants to be told.
const SOCKET: &str = "NOTIFY_SOCKET";
/// How long it waits for a sign of life, in microseconds, and from which process.
const WATCHDOG: &str = "WATCHDOG_USEC";
const WATCHED: &str = "WATCHDOG_PID";
/// Which process it has started itself. Others have its socket from an environment that was handed
/// down to them.
const STARTED: &str = "SYSTEMD_EXEC_PID";

/// Whoever has started us and wants to know how we are; or nobody.
#[derive(Debug, Default)]
pub struct Manager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How long it waits for a sign of life before it starts us anew.
    patience: Option<Duration>,
}

impl Manager {
    /// Whether the environment names one.
    #[must_use]
    pub fn is_there() -> bool {
        env::var_os(SOCKET).is_some()
    }

    /// Whether one waits to be told by this very process that it serves: it must not end before.
    /// One that does not say which process it has started means whoever has its socket.
    #[must_use]
    pub fn waits_for_us() -> bool {
        let ours = env::var(STARTED).map_or(true, |pid| pid.parse() == Ok(std::process::id()));
        Self::is_there() && ours
    }

    /// The one that the environment names.
    #[must_use]
    pub fn from_environment() -> Self {
        let Some(address) = env::var(SOCKET).ok().and_then(|name| address(&name).ok()) else {
            return Self::default();
        };
        let Ok(socket) = UnixDatagram::unbound() else { return Self::default() };
        // Who does not listen must not keep mail up.
        let _ = socket.set_nonblocking(true);
        let ours = |pid: String| pid.parse() == Ok(std::process::id());
        let patience = env::var(WATCHDOG)
            .ok()
            .filter(|_| env::var(WATCHED).map_or(true, ours))
            .and_then(|text| text.parse().ok())
            .filter(|&microseconds| microseconds > 0)
            .map(Duration::from_micros);
        Self { socket: Some((socket, address)), patience }
    }

    /// We serve.
    pub fn ready(&self, sockets: usize) {
        self.tell(&format!("READY=1\nSTATUS=serving, sockets: {sockets}"));
    }

    /// The configuration is read again; `ready_again` follows.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default();
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.as_micros()));
    }

    /// It has been read, and this came of it.
    pub fn ready_again(&self, outcome: &str) {
        self.tell(&format!("READY=1\nSTATUS={outcome}"));
    }

    /// We end as soon as the messages under way have ended.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=messages under way are finished");
    }

    /// Gives signs of life, twice as often as they are asked for. Each is given by a task that was
    /// just started: a runtime that starts none any more gives none.
    pub(crate) async fn keep_alive(&self) {
        let Some(patience) = self.patience else { return std::future::pending().await };
        let mut ticks = tokio::time::interval(patience / 2);
        loop {
            ticks.tick().await;
            if tokio::spawn(async {}).await.is_ok() {
                self.tell("WATCHDOG=1");
            }
        }
    }

    fn tell(&self, what: &str) {
        if let Some((socket, address)) = &self.socket {
            // It is told when there is something new; what gets lost is made up for by that.
            let _ = socket.send_to_addr(what.as_bytes(), address);
        }
    }
}

/// A path, or behind an at sign a name without a file.
fn address(name: &str) -> io::Result<SocketAddr> {
    match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None if name.starts_with('/') => SocketAddr::from_pathname(name),
        None => Err(io::Error::other("it is no unix socket")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Manager, address};
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn it_is_told_by_path_and_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t").display().to_string();
        let name = format!("@twinseal-test-{}", std::process::id());
        for name in [path, name] {
            let address = address(&name).unwrap();
            let listener = UnixDatagram::bind_addr(&address).unwrap();
            let socket = UnixDatagram::unbound().unwrap();
            let manager = Manager { socket: Some((socket, address)), patience: None };
            manager.ready(2);
            manager.reloading();
            let mut octets = [0; 200];
            let mut next = || {
                let count = listener.recv(&mut octets).unwrap();
                String::from_utf8_lossy(&octets[..count]).into_owned()
            };
            assert_eq!(next(), "READY=1\nSTATUS=serving, sockets: 2");
            let reloading = next();
            let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
            assert!(time.parse::<u64>().unwrap() > 0);
        }
        assert!(address("vsock:2:1").is_err());
    }

    #[test]
    fn nobody_is_told_nothing() {
        Manager::default().stopping();
    }
}
