//! Connections, from the first one until it is time to stop.

use super::connection;
use super::service::Service;
use super::socket::{Bound, Listener};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long messages under way may take once we were told to stop.
const GRACE: Duration = Duration::from_secs(60);

/// How long to wait when no connection can be accepted, for instance because all descriptors are in
/// use: long enough to let some be closed, short enough for an MTA that waits 30 s (trap W16).
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

impl Bound {
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
                accepted = next(&acceptor, &service, &self.name) => accepted,
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
    service: &Service,
    name: &str,
) -> io::Result<(Box<dyn Stream>, OwnedSemaphorePermit)> {
    let room = || Arc::clone(&service.connections);
    let permit = if let Ok(permit) = room().try_acquire_owned() {
        permit
    } else {
        let open = service.limits.connections;
        tracing::warn!("socket {name}: {open} connections are open, more have to wait");
        room().acquire_owned().await.map_err(io::Error::other)?
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
