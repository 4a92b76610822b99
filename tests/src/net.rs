//! Sockets by the names that milters use for them.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long any single read or write may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A socket's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A port on the loopback interface.
    Inet(u16),
    /// The same, with IPv6.
    Inet6(u16),
    /// A path.
    Unix(PathBuf),
}

impl Address {
    /// Whether this host has IPv6 on its loopback interface, as the system says: where it does and
    /// yet none can be used, the test that asked will fail. Where it does not, that is said aloud,
    /// also when the test passes: it has tried one thing less.
    pub fn has_ipv6() -> bool {
        // The address in hexadecimal digits, the number of the interface, and more.
        let addresses = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
        let has = addresses.lines().any(|line| line.starts_with(&format!("{:0>32} ", 1)));
        if !has {
            // Not eprintln, which is kept back until a test fails.
            let _ = io::stderr().write_all(b"this host has no ::1: IPv6 REMAINS UNTESTED\n");
        }
        has
    }

    /// A port that is free now, and that nobody gets who does not ask for it by its number: it is
    /// below those that the system gives to connections. No port is given twice, and other test
    /// programs that run at the same time begin elsewhere.
    pub fn free_port() -> u16 {
        const FIRST: u16 = 10_240;
        const EACH: u32 = 64;
        static GIVEN: AtomicU32 = AtomicU32::new(0);
        let listen = |port: u16| TcpListener::bind(("127.0.0.1", port));
        let ports = u32::from(first_ephemeral_port().saturating_sub(FIRST));
        let begin = std::process::id() % (ports / EACH).max(1) * EACH;
        let free = (0..ports).find_map(|_| {
            let offset = (begin + GIVEN.fetch_add(1, Ordering::Relaxed)) % ports;
            listen(FIRST + u16::try_from(offset).expect("below a port's number")).ok()
        });
        // Where the system keeps all of them for connections, it is asked for one.
        let free = free.unwrap_or_else(|| listen(0).expect("a free port"));
        free.local_addr().expect("its number").port()
    }

    /// A loopback address with a port that is free now.
    pub fn any_inet() -> Self {
        Self::Inet(Self::free_port())
    }

    /// As filters write it: `inet:PORT@HOST`, `unix:PATH`.
    pub fn for_filter(&self) -> String {
        match self {
            Self::Inet(port) => format!("inet:{port}@127.0.0.1"),
            Self::Inet6(port) => format!("inet6:{port}@::1"),
            Self::Unix(path) => format!("unix:{}", path.display()),
        }
    }

    /// As Postfix writes it: `inet:HOST:PORT`, `unix:PATH`.
    pub fn for_postfix(&self) -> String {
        match self {
            Self::Inet(port) => format!("inet:127.0.0.1:{port}"),
            Self::Inet6(port) => format!("inet:[::1]:{port}"),
            Self::Unix(path) => format!("unix:{}", path.display()),
        }
    }

    /// Opens a connection.
    pub fn connect(&self) -> io::Result<Stream> {
        match self {
            Self::Inet(port) | Self::Inet6(port) => {
                let host = if matches!(self, Self::Inet(_)) { "127.0.0.1" } else { "::1" };
                let stream = TcpStream::connect((host, *port))?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(Stream::Inet(stream))
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(Stream::Unix(stream))
            }
        }
    }
}

/// A connection of either kind.
#[derive(Debug)]
pub enum Stream {
    /// TCP on the loopback interface.
    Inet(TcpStream),
    /// A Unix socket.
    Unix(UnixStream),
}

impl Stream {
    /// How long a single read may take.
    pub fn set_patience(&self, patience: Duration) {
        let set = match self {
            Self::Inet(stream) => stream.set_read_timeout(Some(patience)),
            Self::Unix(stream) => stream.set_read_timeout(Some(patience)),
        };
        set.expect("a time that is not zero");
    }

    /// Closes the half that writes.
    pub fn finish_writing(&self) {
        let _ = match self {
            Self::Inet(stream) => stream.shutdown(std::net::Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(std::net::Shutdown::Write),
        };
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Inet(stream) => stream.read(buf),
            Self::Unix(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Inet(stream) => stream.write(buf),
            Self::Unix(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lowest of those that the system chooses itself.
fn first_ephemeral_port() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
    let first = range.and_then(|text| text.split_whitespace().next()?.parse().ok());
    first.unwrap_or(32_768)
}

/// Asks again and again until there is an answer or the time is over.
pub fn wait_for<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
