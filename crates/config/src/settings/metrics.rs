//! What others can see of a running daemon.

use crate::socket::{Family, SocketSpec};
use crate::wrong::Wrong;
use std::fmt;
use std::time::Duration;

/// Where metrics and the status page are served, and what is looked at for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// Where.
    pub socket: HttpSocket,
    /// How long there is between two rounds of comparing records; `None` for never.
    pub dns_interval: Option<Duration>,
}

/// A socket that HTTP is spoken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSocket {
    /// The host's name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Which kind of addresses.
    pub family: Family,
}

impl HttpSocket {
    /// Reads `inet:PORT@HOST` or `inet6:PORT@HOST`. Without a host it is the loopback of that kind:
    /// what is not meant for others is not shown to them.
    ///
    /// # Errors
    /// [`Wrong`] with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let what = "HTTP socket";
        match SocketSpec::parse(text)? {
            SocketSpec::Unix { .. } => {
                Err(Wrong::not(text, what, "it is no inet socket; inet:9171 was probably meant"))
            }
            SocketSpec::Inet { host, port, family } => {
                let loopback = match family {
                    Family::V4 => "127.0.0.1",
                    Family::V6 => "::1",
                };
                let host = host.unwrap_or_else(|| loopback.to_owned());
                Ok(Self { host, port, family })
            }
        }
    }

    /// The same, as a socket among others.
    #[must_use]
    pub fn spec(&self) -> SocketSpec {
        let Self { host, port, family } = self;
        SocketSpec::Inet { host: Some(host.clone()), port: *port, family: *family }
    }
}

impl fmt::Display for HttpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::HttpSocket;

    #[test]
    fn without_a_host_only_this_one_is_meant() {
        for (text, want) in [
            ("inet:9171", "inet:9171@127.0.0.1"),
            ("inet6:9171", "inet6:9171@::1"),
            ("inet:9171@0.0.0.0", "inet:9171@0.0.0.0"),
            ("inet:9171@mail.example.com", "inet:9171@mail.example.com"),
        ] {
            assert_eq!(HttpSocket::parse(text).unwrap().to_string(), want);
        }
        for text in ["9171", "unix:/run/metrics", "/run/metrics", "inet:0", "inet:localhost:9171"] {
            assert!(HttpSocket::parse(text).is_err(), "{text}");
        }
    }
}
