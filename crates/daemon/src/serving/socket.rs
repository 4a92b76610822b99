//! Sockets: bound once, with the rights that an MTA needs to connect.

mod path;

use nix::sys::socket::sockopt::{Ipv6V6Only, ReuseAddr};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, UnixAddr, bind, listen,
    setsockopt, socket,
};
use nix::unistd::{Gid, Group};
use path::{Lock, is_stale, remove_stale};
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use twinseal_config::{Family, SocketSpec};

/// A socket that is listened on. Its file, if it has one, goes with it.
#[derive(Debug)]
pub struct Bound {
    pub(super) listener: Listener,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) enum Listener {
    /// The file is not ours where somebody else has bound the socket.
    Unix(UnixListener, Option<SocketFile>),
    Inet(TcpListener),
}

/// What the file of a unix socket is to be, where that is not for umask and user to say.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileRights {
    /// Its permissions.
    pub mode: Option<u32>,
    /// The number of its group.
    pub group: Option<u32>,
}

/// The file of a unix socket; removed when we are done, unless somebody else's has taken its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            // The directory may not be ours to write to; the next start copes with what is left.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let status = fs::symlink_metadata(path)?;
    Ok((status.dev(), status.ino()))
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

/// A socket of the configuration, and its addresses: whatever may take long has been done.
#[derive(Debug)]
pub struct Place {
    name: String,
    kind: PlaceKind,
}

#[derive(Debug)]
enum PlaceKind {
    Unix(PathBuf),
    Inet {
        addresses: Vec<SocketAddr>,
        /// Whether IPv4 is for another socket.
        only_v6: bool,
    },
}

impl Place {
    /// Looks names up, and removes a stale socket while we may: it can be another user's. `all` are
    /// the sockets of the configuration, this one among them.
    ///
    /// # Errors
    /// [`CannotBind`] when a host is unknown.
    pub fn find(spec: &SocketSpec, all: &[SocketSpec]) -> Result<Self, CannotBind> {
        let name = spec.to_string();
        let kind = match spec {
            SocketSpec::Unix { path } => {
                // What it cannot do now is found out when the socket is bound.
                if is_stale(path).is_ok_and(|stale| stale) && !Lock::is_held(path) {
                    let _ = remove_stale(path);
                }
                Ok(PlaceKind::Unix(path.clone()))
            }
            SocketSpec::Inet { host, port, family } => {
                let only_v6 = *family == Family::V6 && all.iter().any(|other| is_v4(other, *port));
                addresses(host.as_deref(), *port, *family)
                    .map(|addresses| PlaceKind::Inet { addresses, only_v6 })
            }
        };
        match kind {
            Ok(kind) => Ok(Self { name, kind }),
            Err(error) => Err(CannotBind { socket: name, error }),
        }
    }

    /// Binds the socket. Where `rights` say nothing, umask and user decide about a unix socket's
    /// file.
    ///
    /// # Errors
    /// [`CannotBind`], among others when somebody else listens there.
    pub fn bind(self, rights: FileRights) -> Result<Bound, CannotBind> {
        let listener = match &self.kind {
            PlaceKind::Unix(path) => bind_unix(path, rights),
            PlaceKind::Inet { addresses, only_v6 } => bind_inet(addresses, *only_v6),
        };
        match listener {
            Ok(listener) => Ok(Bound { listener, name: self.name }),
            Err(error) => Err(CannotBind { socket: self.name, error }),
        }
    }
}

fn is_v4(spec: &SocketSpec, wanted: u16) -> bool {
    matches!(spec, SocketSpec::Inet { port, family: Family::V4, .. } if *port == wanted)
}

fn bind_unix(path: &Path, rights: FileRights) -> io::Result<Listener> {
    // Whatever there is to be said about what stands there says more than a lock does.
    is_stale(path)?;
    // Until it is listened on, another start would take it for a stale one.
    let _lock = Lock::of(path)?;
    remove_stale(path)?;
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    bind(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    let file = SocketFile::at(path)?;
    if let Some(group) = rights.group {
        chown(path, None, Some(group)).map_err(|error| not_given(group, &error))?;
    }
    if let Some(mode) = rights.mode {
        // Last: a change of group may take permissions away.
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    // Only now can anybody connect: nobody slips in while the file has other rights.
    listen(&socket, Backlog::MAXCONN)?;
    Ok(Listener::Unix(UnixListener::from(socket), Some(file)))
}

/// The file cannot be given to the group that `socket-group` names.
fn not_given(group: u32, error: &io::Error) -> io::Error {
    let name = Group::from_gid(Gid::from_raw(group)).ok().flatten().map(|group| group.name);
    let name = name.unwrap_or_else(|| group.to_string());
    io::Error::new(
        error.kind(),
        format!(
            "its file cannot be given to the group {name:?} of socket-group: {error}; our user has \
             to be a member of it, and in a unit of systemd with PrivateUsers= it cannot be \
             given away at all: there, the directory gives its group to the socket (chmod g+s)"
        ),
    )
}

pub(super) fn addresses(
    host: Option<&str>,
    port: u16,
    family: Family,
) -> io::Result<Vec<SocketAddr>> {
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
    Ok(addresses)
}

/// Binds the first address that can be had.
fn bind_inet(addresses: &[SocketAddr], only_v6: bool) -> io::Result<Listener> {
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match bind_address(*address, only_v6) {
            Ok(listener) => return Ok(Listener::Inet(listener)),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

fn bind_address(address: SocketAddr, only_v6: bool) -> nix::Result<TcpListener> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(family, SockType::Stream, flags, None)?;
    // After a restart, connections of the last process linger for a while.
    setsockopt(&socket, ReuseAddr, &true)?;
    if only_v6 {
        setsockopt(&socket, Ipv6V6Only, &true)?;
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    listen(&socket, Backlog::MAXCONN)?;
    Ok(TcpListener::from(socket))
}

impl Bound {
    /// A socket that somebody else has bound, and that is called that.
    pub(super) const fn passed(name: String, listener: Listener) -> Self {
        Self { listener, name }
    }

    /// The socket itself, for who speaks something else on it than MTAs do; `None` for a unix
    /// socket.
    #[must_use]
    pub fn into_tcp(self) -> Option<TcpListener> {
        match self.listener {
            Listener::Inet(listener) => Some(listener),
            Listener::Unix(..) => None,
        }
    }

    /// The socket, as configured.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, CannotBind, FileRights, Place};
    use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, listen, socket};
    use nix::unistd::getegid;
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::thread;
    use twinseal_config::{Family, SocketSpec};

    fn unix(path: &std::path::Path) -> SocketSpec {
        SocketSpec::Unix { path: path.to_owned() }
    }

    fn bind(spec: &SocketSpec, rights: FileRights) -> Result<Bound, CannotBind> {
        Place::find(spec, std::slice::from_ref(spec))?.bind(rights)
    }

    #[test]
    fn a_listener_that_does_not_accept_is_somebody_and_nobody_waits_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("milter.sock");
        let flags = SockFlag::empty();
        let listener = socket(AddressFamily::Unix, SockType::Stream, flags, None).unwrap();
        nix::sys::socket::bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
        listen(&listener, Backlog::new(0).unwrap()).unwrap();
        let _queued = UnixStream::connect(&path).unwrap();
        let error = bind(&unix(&path), FileRights::default()).unwrap_err().to_string();
        assert!(error.contains("somebody listens"), "{error}");
    }

    #[test]
    fn of_many_starts_at_once_one_gets_the_socket() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("milter.sock");
        for _ in 0..20 {
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    let spec = unix(&path);
                    thread::spawn(move || bind(&spec, FileRights::default()))
                })
                .collect();
            let bound: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
            assert_eq!(bound.iter().filter(|bound| bound.is_ok()).count(), 1);
            assert!(UnixStream::connect(&path).is_ok(), "the one that is served is not there");
        }
    }

    #[test]
    fn both_families_can_have_the_same_port() {
        // Each address that IPv6 has here is a line. Without any there is nothing to test, which is
        // said aloud: println and eprintln are kept back until a test fails.
        if std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default().is_empty() {
            let _ = std::io::stderr().write_all(b"no IPv6 here: IT REMAINS UNTESTED\n");
            return;
        }
        let probe = TcpListener::bind("[::]:0").unwrap();
        let port = probe.local_addr().unwrap().port();
        drop(probe);
        let inet = |family| SocketSpec::Inet { host: None, port, family };
        let both = [inet(Family::V4), inet(Family::V6)];
        let bound: Vec<_> = both
            .iter()
            .map(|spec| Place::find(spec, &both).unwrap().bind(FileRights::default()).unwrap())
            .collect();
        assert_eq!(bound.len(), 2);
    }

    #[test]
    fn a_stale_socket_is_replaced_and_a_living_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("milter.sock");
        drop(UnixListener::bind(&path).unwrap());
        let bound = bind(&unix(&path), FileRights::default()).unwrap();
        let error = bind(&unix(&path), FileRights::default()).unwrap_err().to_string();
        assert!(error.contains("somebody listens"), "{error}");
        drop(bound);
        assert!(!path.exists(), "the socket's file is left behind");
    }

    #[test]
    fn a_file_that_is_no_socket_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "precious").unwrap();
        let error = bind(&unix(&path), FileRights::default()).unwrap_err().to_string();
        assert!(error.contains("no socket"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn the_file_has_the_rights_that_were_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("milter.sock");
        for mode in [0o660, 0o600, 0o777] {
            let group = getegid().as_raw();
            let rights = FileRights { mode: Some(mode), group: Some(group) };
            let _bound = bind(&unix(&path), rights).unwrap();
            let status = std::fs::metadata(&path).unwrap();
            assert_eq!((status.mode() & 0o777, status.gid()), (mode, group));
        }
    }

    #[test]
    fn who_cannot_give_it_to_its_group_is_told_what_it_takes() {
        let error = super::not_given(0, &nix::errno::Errno::EINVAL.into()).to_string();
        for part in ["\"root\"", "socket-group", "member", "PrivateUsers="] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_file_of_a_successor_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("milter.sock");
        let bound = bind(&unix(&path), FileRights::default()).unwrap();
        std::fs::remove_file(&path).unwrap();
        let _successor = UnixListener::bind(&path).unwrap();
        drop(bound);
        assert!(UnixStream::connect(&path).is_ok());
    }
}
