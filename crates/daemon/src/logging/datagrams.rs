//! A log daemon behind a datagram socket.

use super::queue::Destination;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use std::fmt;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::Level;

/// How a log daemon wants its lines.
pub trait Encoding: fmt::Debug + Send + Sync + 'static {
    /// The datagram for one line of that level; the line has no end.
    fn datagram(&self, level: Level, line: &[u8]) -> Vec<u8>;
}

/// How long one line may keep the sending thread waiting, and how long the end of the program waits
/// for the last ones.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The socket of a log daemon, which may be restarted at any time.
#[derive(Debug)]
pub struct Datagrams<E> {
    path: PathBuf,
    encoding: E,
    /// The socket, once it is connected.
    socket: Mutex<Option<Arc<UnixDatagram>>>,
}

impl<E: Encoding> Datagrams<E> {
    /// Datagrams to the socket at `path`, which does not have to be there yet.
    #[must_use]
    pub fn new(path: &Path, encoding: E) -> Self {
        Self { path: path.to_owned(), encoding, socket: Mutex::new(None) }
    }

    fn connected(&self) -> Option<Arc<UnixDatagram>> {
        self.socket.lock().ok()?.clone()
    }

    fn put(&self, socket: Option<Arc<UnixDatagram>>) {
        if let Ok(mut place) = self.socket.lock() {
            *place = socket;
        }
    }
}

impl<E: Encoding> Destination for Datagrams<E> {
    fn encoded(&self, level: Level, line: &[u8]) -> Vec<u8> {
        self.encoding.datagram(level, line)
    }

    fn sent_at_once(&self, octets: &[u8]) -> bool {
        let Some(socket) = self.connected() else { return false };
        match send(socket.as_raw_fd(), octets, MsgFlags::MSG_DONTWAIT) {
            Ok(_) => true,
            Err(Errno::EAGAIN | Errno::ENOBUFS) => false,
            Err(_) => {
                // The log daemon was restarted; the thread will find the new one.
                self.put(None);
                false
            }
        }
    }

    fn send(&self, octets: &[u8]) -> io::Result<()> {
        if let Some(socket) = self.connected() {
            match socket.send(octets) {
                Ok(_) => return Ok(()),
                // It is there and does not read: another attempt would only wait again.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Err(_) => {}
            }
        }
        // Not connected yet, or the log daemon was restarted.
        self.put(None);
        let fresh = UnixDatagram::unbound()?;
        fresh.connect(&self.path)?;
        fresh.set_write_timeout(Some(PATIENCE))?;
        fresh.send(octets)?;
        self.put(Some(Arc::new(fresh)));
        Ok(())
    }
}
