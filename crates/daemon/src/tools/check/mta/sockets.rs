//! Which of Postfix's filters is ours, as each of its services sees it (trap P15).

use super::postfix::{Postfix, Service};
use nix::ifaddrs::getifaddrs;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use twinseal_config::{Config, Family, SocketSpec};

/// A filter's socket, as a service would connect to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Socket {
    /// The path as this host has it.
    Unix(PathBuf),
    /// A host and a port.
    Inet(String, String),
}

/// Whose socket a filter's is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// Ours.
    Ours,
    /// It has the path of ours, but not as this service sees it.
    Misnamed,
    /// Somebody else's.
    Theirs,
}

/// Reads what Postfix calls a socket, for a service of it; `None` for what is none.
pub(super) fn seen(text: &str, service: &Service, postfix: &Postfix) -> Option<Socket> {
    read(text, service.chrooted, postfix.queue())
}

fn read(text: &str, chrooted: bool, queue: &Path) -> Option<Socket> {
    let (kind, rest) = text.split_once(':')?;
    match kind {
        "unix" | "local" => {
            let path = Path::new(rest);
            let below = path.strip_prefix("/").unwrap_or(path);
            // Without a chroot too the queue directory is where Postfix's programs are.
            let real = if chrooted || path.is_relative() { queue.join(below) } else { path.into() };
            Some(Socket::Unix(plain(&real)))
        }
        "inet" => {
            let (host, port) = rest.rsplit_once(':')?;
            let host = host.trim_start_matches('[').trim_end_matches(']');
            Some(Socket::Inet(host.to_owned(), port.to_owned()))
        }
        _ => None,
    }
}

/// Whose it is.
pub(super) fn whose(text: &str, service: &Service, postfix: &Postfix, config: &Config) -> Whose {
    let queue = postfix.queue();
    let is_ours = |chrooted| {
        let socket = read(text, chrooted, queue);
        socket.is_some_and(|socket| config.sockets.iter().any(|ours| is(&socket, ours)))
    };
    if is_ours(service.chrooted) && !leads_out(text, service.chrooted, queue) {
        return Whose::Ours;
    }
    // The file alone says nothing: many programs call it milter.sock.
    let name = |path: &Path| {
        let folder = path.parent().and_then(Path::file_name).map(ToOwned::to_owned);
        (folder, path.file_name().map(ToOwned::to_owned))
    };
    let is_missing = |path: &Path| {
        fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    let same_name = match read(text, service.chrooted, queue) {
        Some(Socket::Unix(path)) if is_missing(&path) => config.sockets.iter().any(
            |ours| matches!(ours, SocketSpec::Unix { path: ours } if name(ours) == name(&path)),
        ),
        _ => false,
    };
    let misnamed = is_ours(true) || is_ours(false) || same_name;
    if misnamed { Whose::Misnamed } else { Whose::Theirs }
}

/// Whether a link leads out of the chroot, which for who is in it leads nowhere.
fn leads_out(text: &str, chrooted: bool, queue: &Path) -> bool {
    let Some(Socket::Unix(path)) = read(text, chrooted, queue).filter(|_| chrooted) else {
        return false;
    };
    let (Ok(path), Ok(queue)) = (fs::canonicalize(path), fs::canonicalize(queue)) else {
        return false;
    };
    !path.starts_with(queue)
}

/// Whether a socket that Postfix names is one that we listen at.
pub(super) fn is(socket: &Socket, ours: &SocketSpec) -> bool {
    match (socket, ours) {
        (Socket::Unix(theirs), SocketSpec::Unix { path }) => {
            let ours = plain(path);
            let file = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
            *theirs == ours || file(theirs).is_some_and(|theirs| Some(theirs) == file(&ours))
        }
        (Socket::Inet(host, number), SocketSpec::Inet { host: ours, port, .. }) => {
            let same_host = match ours.as_deref() {
                None => is_of_this_host(host),
                Some(ours) if is_unspecified(ours) => is_of_this_host(host),
                Some(ours) => here(ours) == here(host),
            };
            same_host && *number == port.to_string()
        }
        (Socket::Unix(_), SocketSpec::Inet { .. })
        | (Socket::Inet(..), SocketSpec::Unix { .. }) => false,
    }
}

/// All names of this host itself are one.
fn here(host: &str) -> &str {
    let loopback = host.starts_with("127.") || matches!(host, "localhost" | "::1");
    if loopback { "localhost" } else { host }
}

/// What stands for every address of this host.
fn is_unspecified(host: &str) -> bool {
    matches!(host, "0.0.0.0" | "::")
}

/// Whether a host is this one: on loopback, or by one of its own addresses.
fn is_of_this_host(host: &str) -> bool {
    let own = |address: IpAddr| {
        let mut all = getifaddrs().into_iter().flatten().filter_map(|one| one.address);
        all.any(|one| {
            let four = one.as_sockaddr_in().map(|one| IpAddr::V4(one.ip()));
            let six = one.as_sockaddr_in6().map(|one| IpAddr::V6(one.ip()));
            four.or(six) == Some(address)
        })
    };
    here(host) == "localhost" || host.parse().is_ok_and(own)
}

/// The path without `.` and `..`, from the root on.
pub(super) fn plain(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.components().fold(PathBuf::new(), |mut plain, component| {
        if component == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(component);
        }
        plain
    })
}

/// What Postfix has to call our socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    /// Whether services in the chroot reach it.
    pub(super) from_chroot: bool,
}

/// The name of one of our sockets in Postfix's words: of one that every service reaches, where
/// there is one.
pub(super) fn name(postfix: &Postfix, config: &Config) -> Option<Name> {
    let names = || config.sockets.iter().map(|socket| name_of(socket, postfix));
    names().find(|name| name.from_chroot).or_else(|| names().next())
}

fn name_of(socket: &SocketSpec, postfix: &Postfix) -> Name {
    match socket {
        SocketSpec::Unix { path } => {
            let path = plain(path);
            match path.strip_prefix(plain(postfix.queue())) {
                Ok(below) => Name { text: format!("unix:{}", below.display()), from_chroot: true },
                Err(_) => Name { text: format!("unix:{}", path.display()), from_chroot: false },
            }
        }
        SocketSpec::Inet { host, port, family } => {
            let host = host.as_deref().filter(|host| !is_unspecified(host));
            let host = match (host, family) {
                (Some(host), Family::V4) => host.to_owned(),
                (Some(host), Family::V6) if host.contains(':') => format!("[{host}]"),
                (Some(host), Family::V6) => host.to_owned(),
                (None, Family::V4) => "127.0.0.1".to_owned(),
                (None, Family::V6) => "[::1]".to_owned(),
            };
            Name { text: format!("inet:{host}:{port}"), from_chroot: true }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Socket, is, leads_out, read};
    use std::path::{Path, PathBuf};
    use twinseal_config::SocketSpec;

    #[test]
    fn one_text_is_another_socket_inside_the_chroot() {
        let queue = Path::new("/var/spool/postfix");
        for (text, chrooted, want) in [
            ("unix:milter/t.sock", true, "/var/spool/postfix/milter/t.sock"),
            ("unix:milter/t.sock", false, "/var/spool/postfix/milter/t.sock"),
            ("unix:/milter/t.sock", true, "/var/spool/postfix/milter/t.sock"),
            ("local:/milter/t.sock", false, "/milter/t.sock"),
            ("unix:/a/../b/./t", false, "/b/t"),
        ] {
            let found = read(text, chrooted, queue);
            assert_eq!(found, Some(Socket::Unix(PathBuf::from(want))), "{text} {chrooted}");
        }
        assert_eq!(read("nonsense", false, queue), None);
    }

    #[test]
    fn a_link_out_of_the_chroot_leads_nowhere() {
        let root = tempfile::tempdir().unwrap();
        let (inside, outside) = (root.path().join("queue"), root.path().join("t.sock"));
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(&outside, "").unwrap();
        std::fs::write(inside.join("own.sock"), "").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link.sock")).unwrap();
        std::os::unix::fs::symlink("own.sock", inside.join("near.sock")).unwrap();
        for (text, chrooted, want) in [
            ("unix:link.sock", true, true),
            ("unix:/link.sock", true, true),
            ("unix:link.sock", false, false),
            ("unix:near.sock", true, false),
            ("unix:nothing.sock", true, false),
            ("inet:localhost:8891", true, false),
        ] {
            assert_eq!(leads_out(text, chrooted, &inside), want, "{text} {chrooted}");
        }
    }

    #[test]
    fn names_of_this_host_are_one() {
        for (theirs, ours, want) in [
            ("inet:localhost:8891", "inet:8891@127.0.0.1", true),
            ("inet:127.0.0.1:8891", "inet:8891", true),
            ("inet:[::1]:8891", "inet6:8891@::1", true),
            ("inet:localhost:8892", "inet:8891@127.0.0.1", false),
            ("inet:192.0.2.1:8891", "inet:8891@127.0.0.1", false),
            ("inet:192.0.2.1:8891", "inet:8891@192.0.2.1", true),
            ("unix:/nowhere/t", "unix:/nowhere/t", true),
            ("unix:/nowhere/t", "inet:8891", false),
            ("inet:127.0.0.1:8891", "inet:8891@0.0.0.0", true),
            ("inet:198.51.100.9:8891", "inet:8891", false),
            ("inet:198.51.100.9:8891", "inet:8891@0.0.0.0", false),
        ] {
            let theirs = read(theirs, false, Path::new("/q")).unwrap();
            assert_eq!(is(&theirs, &SocketSpec::parse(ours).unwrap()), want, "{theirs:?} {ours}");
        }
    }
}
