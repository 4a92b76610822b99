//! Connections, from the first one until it is time to stop.

use super::connection;
use super::in_force::InForce;
use super::service::Service;
use super::socket::{Bound, Listener};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
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
    pub async fn serve(self, in_force: InForce, mut stop: watch::Receiver<bool>) -> io::Result<()> {
        let (acceptor, file) = match self.listener {
            Listener::Unix(listener, file) => {
                (Acceptor::Unix(UnixListener::from_std(listener)?), file)
            }
            Listener::Inet(listener) => (Acceptor::Inet(TcpListener::from_std(listener)?), None),
        };
        let mut connections = JoinSet::new();
        let (mut trouble, mut room) = (Trouble::None, Room::new(&in_force.service()));
        // The connection that waits for room; those behind it wait in the queue of the system.
        let mut waiting: Option<Box<dyn Stream>> = None;
        loop {
            tokio::select! {
                accepted = acceptor.accept(), if waiting.is_none() => match accepted {
                    Ok(stream) => {
                        trouble = Trouble::None;
                        room.look(&self.name);
                        waiting = Some(stream);
                    }
                    Err(error) => {
                        trouble.log(&self.name, &error);
                        sleep(ACCEPT_AGAIN).await;
                    }
                },
                permit = room.enter(), if waiting.is_some() => {
                    if let Some(stream) = waiting.take() {
                        let (service, stop) = (in_force.service(), stop.clone());
                        let name = self.name.clone();
                        connections.spawn(async move {
                            one(stream, service, stop, name).await;
                            drop(permit);
                        });
                    }
                }
                Some(ended) = connections.join_next() => log_panic(&self.name, ended),
                () = told(&mut stop) => break,
            }
        }
        // Nobody may connect to what is not served any more, and a successor may take the place.
        drop((acceptor, file, waiting));
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

/// Waits until it is time to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // Whoever could say so and is gone has no other wish.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Room for connections, on all sockets together.
struct Room {
    connections: Arc<Semaphore>,
    /// How many there may be.
    limit: usize,
    /// Whether there was none when a connection came. It is said once, until one finds some again.
    full: bool,
}

impl Room {
    /// The same for every service that will be in force.
    fn new(service: &Service) -> Self {
        let connections = Arc::clone(&service.connections);
        Self { connections, limit: service.limits.connections, full: false }
    }

    /// Looks whether a connection that has come has to wait.
    fn look(&mut self, name: &str) {
        let full = self.connections.available_permits() == 0;
        if full && !self.full {
            let open = self.limit;
            tracing::warn!("socket {name}: {open} connections are open, more have to wait");
        }
        self.full = full;
    }

    /// Waits for room. There always is some again: the semaphore is never closed.
    async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }
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
            Self::Inet(listener) => Ok(Box::new(accept_inet(listener).await?)),
        }
    }
}

async fn accept_inet(listener: &TcpListener) -> io::Result<TcpStream> {
    let stream = listener.accept().await?.0;
    // An answer is one write; Nagle would hold it back for the peer's delayed acknowledgement
    // (trap W19).
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("answers may be late: {error}");
    }
    Ok(stream)
}

/// Serves one connection, and logs how it ended if it did not end well.
async fn one(
    stream: Box<dyn Stream>,
    service: Arc<Service>,
    stop: watch::Receiver<bool>,
    name: String,
) {
    let tally = Arc::clone(&service.tally);
    let _open = tally.connection();
    if let Err(ended) = connection::serve(stream, service, stop).await {
        tally.connection_failed();
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
    use super::accept_inet;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn an_answer_does_not_wait_for_an_acknowledgement() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _mta = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(accept_inet(&listener).await.unwrap().nodelay().unwrap());
    }
}
