//! Sockets: bound once, then connections until it is time to stop.

use super::connection;
use super::service::Service;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener, ToSocketAddrs as _};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use twinseal_config::{Family, SocketSpec};

/// How many connections are served at the same time, on all sockets together. Each takes a
/// descriptor, of which a process has 1024 unless it is told otherwise.
pub const MAX_CONNECTIONS: usize = 900;

/// How long messages under way may take once we were told to stop.
const GRACE: Duration = Duration::from_secs(60);

/// How long to wait when no connection can be accepted, for instance because all descriptors are in
/// use: long enough to let some be closed, short enough for an MTA that waits 30 s (trap W16).
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A socket that is listened on. Its file, if it has one, goes with it.
#[derive(Debug)]
pub struct Bound {
    listener: Listener,
    name: String,
}

#[derive(Debug)]
enum Listener {
    Unix(StdUnixListener, SocketFile),
    Inet(StdTcpListener),
}

/// The file of a unix socket; removed when we are done.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The directory may not be ours to write to; the next start copes with what is left.
        let _ = fs::remove_file(&self.0);
    }
}

/// A socket cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("socket {socket}: {error}")]
pub struct CannotBind {
    /// The socket, as configured.
    pub socket: String,
    /// Why not.
    pub error: io::Error,
}

/// Binds a socket. The umask decides about the mode of a unix socket's file.
///
/// # Errors
/// [`CannotBind`], among others when somebody else listens there.
pub fn bind(spec: &SocketSpec) -> Result<Bound, CannotBind> {
    let name = spec.to_string();
    let listener = match spec {
        SocketSpec::Unix { path } => bind_unix(path),
        SocketSpec::Inet { host, port, family } => bind_inet(host.as_deref(), *port, *family),
    };
    match listener {
        Ok(listener) => Ok(Bound { listener, name }),
        Err(error) => Err(CannotBind { socket: name, error }),
    }
}

fn bind_unix(path: &Path) -> io::Result<Listener> {
    remove_stale(path)?;
    let listener = StdUnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok(Listener::Unix(listener, SocketFile(path.to_owned())))
}

/// Removes a socket on which nobody answers: its owner was killed. Anything else is left alone.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(status) if !status.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "there is a file that is no socket",
            ));
        }
        Ok(_) => {}
    }
    match StdUnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens on it")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

fn bind_inet(host: Option<&str>, port: u16, family: Family) -> io::Result<Listener> {
    let everywhere = match family {
        Family::V4 => "0.0.0.0",
        Family::V6 => "::",
    };
    let of_family = |address: &SocketAddr| match family {
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    };
    let found = (host.unwrap_or(everywhere), port).to_socket_addrs()?;
    let addresses: Vec<SocketAddr> = found.filter(of_family).collect();
    if addresses.is_empty() {
        return Err(io::Error::other("the host has no address of that kind"));
    }
    let listener = StdTcpListener::bind(&*addresses)?;
    listener.set_nonblocking(true)?;
    Ok(Listener::Inet(listener))
}

impl Bound {
    /// The socket, as configured.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Accepts connections until `stop` says so, and then lets messages under way finish.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub async fn serve(
        self,
        service: Arc<Service>,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let (acceptor, file) = match self.listener {
            Listener::Unix(listener, file) => {
                (Acceptor::Unix(UnixListener::from_std(listener)?), Some(file))
            }
            Listener::Inet(listener) => (Acceptor::Inet(TcpListener::from_std(listener)?), None),
        };
        let mut connections = JoinSet::new();
        let mut trouble = Trouble::None;
        loop {
            let accepted = tokio::select! {
                accepted = next(&acceptor, &service.connections, &self.name) => accepted,
                Some(ended) = connections.join_next() => {
                    log_panic(&self.name, ended);
                    continue;
                }
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, permit)) => {
                    trouble = Trouble::None;
                    let (service, stop, name) =
                        (Arc::clone(&service), stop.clone(), self.name.clone());
                    connections.spawn(async move {
                        one(stream, service, stop, name).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    trouble.log(&self.name, &error);
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
        // Nobody may connect to what is not served any more, and a successor may take the place.
        drop((acceptor, file));
        let all = async {
            while let Some(ended) = connections.join_next().await {
                log_panic(&self.name, ended);
            }
        };
        if timeout(GRACE, all).await.is_err() {
            tracing::warn!("socket {}: messages under way are given up", self.name);
        }
        Ok(())
    }
}

/// The next connection, as soon as there is room for it. Those that find none wait in the queue of
/// the system.
async fn next(
    acceptor: &Acceptor,
    room: &Arc<Semaphore>,
    name: &str,
) -> io::Result<(Box<dyn Stream>, OwnedSemaphorePermit)> {
    let permit = if let Ok(permit) = Arc::clone(room).try_acquire_owned() {
        permit
    } else {
        tracing::warn!("socket {name}: {MAX_CONNECTIONS} connections are open, more have to wait");
        Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?
    };
    Ok((acceptor.accept().await?, permit))
}

/// Whether connections cannot be accepted; said once, not ten times a second.
#[derive(PartialEq)]
enum Trouble {
    None,
    Said,
}

impl Trouble {
    fn log(&mut self, name: &str, error: &io::Error) {
        if std::mem::replace(self, Self::Said) == Self::None {
            tracing::error!("socket {name}: no connection can be accepted: {error}");
        }
    }
}

enum Acceptor {
    Unix(UnixListener),
    Inet(TcpListener),
}

/// A connection, whatever carries it.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Acceptor {
    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
            Self::Inet(listener) => {
                let stream = listener.accept().await?.0;
                // An answer is one write; Nagle would hold it back for the peer's delayed
                // acknowledgement (trap W19).
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!("answers may be late: {error}");
                }
                Ok(Box::new(stream))
            }
        }
    }
}

/// Serves one connection, and logs how it ended if it did not end well.
async fn one(
    stream: Box<dyn Stream>,
    service: Arc<Service>,
    stop: watch::Receiver<bool>,
    name: String,
) {
    if let Err(ended) = connection::serve(stream, service, stop).await {
        tracing::warn!("connection on {name} ended: {ended}");
    }
}

/// A panic is a mistake of ours; it ends one connection and is never silent.
fn log_panic(name: &str, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!("connection on {name} ended by a mistake of ours: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::bind;
    use std::os::unix::net::UnixListener;
    use twinseal_config::SocketSpec;

    fn unix(path: &std::path::Path) -> SocketSpec {
        SocketSpec::Unix { path: path.to_owned() }
    }

    #[test]
    fn a_stale_socket_is_replaced_and_a_living_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("milter.sock");
        drop(UnixListener::bind(&path).unwrap());
        let bound = bind(&unix(&path)).unwrap();
        let error = bind(&unix(&path)).unwrap_err().to_string();
        assert!(error.contains("somebody listens"), "{error}");
        drop(bound);
        assert!(!path.exists(), "the socket's file is left behind");
    }

    #[test]
    fn a_file_that_is_no_socket_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "precious").unwrap();
        let error = bind(&unix(&path)).unwrap_err().to_string();
        assert!(error.contains("no socket"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }
}
