//! Sockets that a service manager has bound for us (sd_listen_fds(3)).

use super::socket::{Bound, Listener, addresses};
use listenfd::ListenFd;
use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use twinseal_config::SocketSpec;

/// The names of the sockets, with colons between them.
const NAMES: &str = "LISTEN_FDNAMES";

/// Sockets that we were started with.
#[derive(Debug, Default)]
pub struct Passed(Vec<One>);

#[derive(Debug)]
struct One {
    name: String,
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Unix(UnixListener),
    Inet(TcpListener),
}

/// Something was passed that mail cannot come in by.
#[derive(Debug, thiserror::Error)]
#[error("the socket {name:?} that was passed to us: {error}")]
pub struct NotPassed {
    /// Its name, or its number.
    pub name: String,
    /// What is wrong with it.
    pub error: io::Error,
}

impl Passed {
    /// Those that the environment says were passed to this process. It can be asked once.
    ///
    /// # Errors
    /// [`NotPassed`], when one of them is no stream socket that is listened on.
    pub fn from_environment() -> Result<Self, NotPassed> {
        let names = env::var(NAMES).unwrap_or_default();
        let mut names = names.split(':').filter(|name| !name.is_empty());
        let mut given = ListenFd::from_env();
        let sockets = (0..given.len()).map(|number| {
            let name = names.next().map_or_else(|| format!("number {number}"), ToOwned::to_owned);
            match take(&mut given, number) {
                Ok(socket) => Ok(One { name, socket }),
                Err(error) => Err(NotPassed { name, error }),
            }
        });
        sockets.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that stands in the place of a configured socket: it has its address.
    pub(crate) fn take(&mut self, spec: &SocketSpec) -> Option<Bound> {
        let at = self.0.iter().position(|one| one.socket.is(spec))?;
        let One { socket, .. } = self.0.swap_remove(at);
        Some(Bound::passed(format!("{spec}, passed to us"), socket.listener()))
    }

    /// Those that are left.
    pub(crate) fn rest(self) -> impl Iterator<Item = Bound> {
        self.0.into_iter().map(|One { name, socket }| {
            Bound::passed(format!("{name}, passed to us"), socket.listener())
        })
    }
}

fn take(given: &mut ListenFd, number: usize) -> io::Result<Socket> {
    let missing = || io::Error::other("it is not there");
    if let Ok(Some(listener)) = given.take_unix_listener(number) {
        listener.set_nonblocking(true)?;
        return Ok(Socket::Unix(listener));
    }
    let listener = given.take_tcp_listener(number)?.ok_or_else(missing)?;
    listener.set_nonblocking(true)?;
    Ok(Socket::Inet(listener))
}

impl Socket {
    fn is(&self, spec: &SocketSpec) -> bool {
        match (self, spec) {
            (Self::Unix(listener), SocketSpec::Unix { path }) => {
                let address = listener.local_addr().ok();
                address.is_some_and(|address| address.as_pathname() == Some(path))
            }
            (Self::Inet(listener), SocketSpec::Inet { host, port, family }) => {
                let wanted = addresses(host.as_deref(), *port, *family).unwrap_or_default();
                // systemd binds what has no host for both families at once.
                let everywhere = |address: &SocketAddr| {
                    host.is_none() && address.port() == *port && address.ip().is_unspecified()
                };
                let fits = |address: SocketAddr| wanted.contains(&address) || everywhere(&address);
                listener.local_addr().is_ok_and(fits)
            }
            (Self::Unix(_), SocketSpec::Inet { .. }) | (Self::Inet(_), SocketSpec::Unix { .. }) => {
                false
            }
        }
    }

    /// Without a file: it is for who has made it to remove it.
    fn listener(self) -> Listener {
        match self {
            Self::Unix(listener) => Listener::Unix(listener, None),
            Self::Inet(listener) => Listener::Inet(listener),
        }
    }
}
