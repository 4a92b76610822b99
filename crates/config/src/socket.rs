//! Where to listen.

use crate::wrong::Wrong;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use twinseal_message::text;

/// The longest path of a unix socket, in octets: what is left of `sun_path` with its final zero.
const MAX_UNIX_PATH: usize = 107;

/// What [`Wrong`] calls it.
const WHAT: &str = "socket";

/// A socket, in the words of the MTA's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketSpec {
    /// `unix:PATH`, `local:PATH`, or the bare path.
    Unix {
        /// The path of the socket.
        path: PathBuf,
    },
    /// `inet:PORT@HOST` or `inet6:PORT@HOST`.
    Inet {
        /// The host's name or address; all interfaces if there is none.
        host: Option<String>,
        /// The port.
        port: u16,
        /// Which kind of addresses.
        family: Family,
    },
}

/// A kind of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `inet`
    V4,
    /// `inet6`
    V6,
}

impl Family {
    /// The word in front of the colon.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V4 => "inet",
            Self::V6 => "inet6",
        }
    }
}

impl SocketSpec {
    /// Reads a socket.
    ///
    /// # Errors
    /// [`Wrong`] with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let parsed = match text.split_once(':') {
            None if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) => {
                Err("it is a number alone; inet:8891@localhost was probably meant")
            }
            None => unix(text),
            Some(("unix" | "local", path)) => unix(path),
            Some(("inet", rest)) => inet(rest, Family::V4),
            Some(("inet6", rest)) => inet(rest, Family::V6),
            Some((before, _)) if before.contains('/') => unix(text),
            Some(_) => Err("what is before the colon is neither unix, local, inet nor inet6"),
        };
        parsed.map_err(|why| Wrong::not(text, WHAT, why))
    }
}

fn unix(path: &str) -> Result<SocketSpec, &'static str> {
    if path.is_empty() || path.contains('\0') {
        return Err("it names no path");
    }
    if path.len() > MAX_UNIX_PATH {
        return Err("the path is longer than the 107 octets that the system takes");
    }
    Ok(SocketSpec::Unix { path: PathBuf::from(path) })
}

fn inet(rest: &str, family: Family) -> Result<SocketSpec, &'static str> {
    let (port, host) = rest.split_once('@').map_or((rest, None), |(port, host)| (port, Some(host)));
    let digits = !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit());
    if !digits {
        // Postfix writes inet:host:port for the other end of the same connection.
        return Err("the port comes first, as a number: inet:8891@localhost");
    }
    let port = port.parse().ok().filter(|&port| port != 0);
    let port: u16 = port.ok_or("a port is a number from 1 to 65535")?;
    let host = host.map(|host| self::host(host, family)).transpose()?;
    Ok(SocketSpec::Inet { host, port, family })
}

fn host(host: &str, family: Family) -> Result<String, &'static str> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let odd = |ch: char| ch.is_whitespace() || ch.is_control() || matches!(ch, '@' | '/' | '[');
    if bare.is_empty() || bare.contains(odd) {
        return Err("what follows the @ is no host");
    }
    match family {
        Family::V4 if bare.parse::<Ipv6Addr>().is_ok() => {
            Err("an IPv6 address needs inet6 instead of inet")
        }
        Family::V6 if bare.parse::<Ipv4Addr>().is_ok() => {
            Err("an IPv4 address needs inet instead of inet6")
        }
        Family::V4 | Family::V6 => Ok(bare.to_owned()),
    }
}

impl fmt::Display for SocketSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix { path } => write!(f, "unix:{}", text::path(path)),
            Self::Inet { host: None, port, family } => write!(f, "{}:{port}", family.name()),
            Self::Inet { host: Some(host), port, family } => {
                write!(f, "{}:{port}@{host}", family.name())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SocketSpec;

    #[test]
    fn sockets_are_written_as_the_mta_writes_them() {
        for (text, want) in [
            ("unix:/run/t.sock", "unix:/run/t.sock"),
            ("local:/run/t.sock", "unix:/run/t.sock"),
            ("/run/t.sock", "unix:/run/t.sock"),
            ("/run/a:b.sock", "unix:/run/a:b.sock"),
            ("t.sock", "unix:t.sock"),
            ("unix:8891", "unix:8891"),
            ("inet:8891", "inet:8891"),
            ("inet:8891@localhost", "inet:8891@localhost"),
            ("inet:8891@127.0.0.1", "inet:8891@127.0.0.1"),
            ("inet6:8891@[::1]", "inet6:8891@::1"),
            ("inet6:8891@::1", "inet6:8891@::1"),
        ] {
            assert_eq!(SocketSpec::parse(text).unwrap().to_string(), want, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_socket_says_why() {
        let long = format!("unix:/{}", "a".repeat(107));
        for (text, why) in [
            ("", "no path"),
            ("unix:", "no path"),
            (&long, "107 octets"),
            ("tcp:8891", "neither unix"),
            ("8891", "inet:8891@localhost was probably"),
            ("inet:localhost:8891", "the port comes first"),
            ("inet:", "the port comes first"),
            ("inet:smtp@localhost", "the port comes first"),
            ("inet:0@localhost", "1 to 65535"),
            ("inet:65536", "1 to 65535"),
            ("inet:8891@", "no host"),
            ("inet:8891@a b", "no host"),
            ("inet:8891@::1", "needs inet6"),
            ("inet6:8891@127.0.0.1", "needs inet instead"),
        ] {
            let error = SocketSpec::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }
}
