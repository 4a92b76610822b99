//! Sockets: bound once, with the rights that an MTA needs to connect.

use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, listen, socket};
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
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
    Unix(UnixListener, SocketFile),
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

/// Binds a socket. Where `rights` say nothing, umask and user decide about a unix socket's file.
///
/// # Errors
/// [`CannotBind`], among others when somebody else listens there.
pub fn bind(spec: &SocketSpec, rights: FileRights) -> Result<Bound, CannotBind> {
    let name = spec.to_string();
    let listener = match spec {
        SocketSpec::Unix { path } => bind_unix(path, rights),
        SocketSpec::Inet { host, port, family } => bind_inet(host.as_deref(), *port, *family),
    };
    match listener {
        Ok(listener) => Ok(Bound { listener, name }),
        Err(error) => Err(CannotBind { socket: name, error }),
    }
}

fn bind_unix(path: &Path, rights: FileRights) -> io::Result<Listener> {
    remove_stale(path)?;
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    nix::sys::socket::bind(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    let file = SocketFile::at(path)?;
    if let Some(group) = rights.group {
        let why = |error| io::Error::other(format!("it cannot be given to its group: {error}"));
        chown(path, None, Some(group)).map_err(why)?;
    }
    if let Some(mode) = rights.mode {
        // Last: a change of group may take permissions away.
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    // Only now can anybody connect: nobody slips in while the file has other rights.
    listen(&socket, Backlog::MAXCONN)?;
    Ok(Listener::Unix(UnixListener::from(socket), file))
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
    match UnixStream::connect(path) {
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
    let listener = TcpListener::bind(&*addresses)?;
    listener.set_nonblocking(true)?;
    Ok(Listener::Inet(listener))
}

impl Bound {
    /// The socket, as configured.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::{FileRights, bind};
    use nix::unistd::getegid;
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::net::{UnixListener, UnixStream};
    use twinseal_config::SocketSpec;

    fn unix(path: &std::path::Path) -> SocketSpec {
        SocketSpec::Unix { path: path.to_owned() }
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
