//! A running daemon is asked over HTTP.
//!
//! One request and what comes back until the other side closes; who answers may be anybody, so
//! neither may take for ever.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};
use twinseal_config::{Family, HttpSocket};
use twinseal_message::text::shown;

/// How long it may take to connect to one address.
const CONNECT: Duration = Duration::from_secs(5);

/// How long an answer may take as a whole.
const WHOLE: Duration = Duration::from_secs(10);

/// How large an answer may be, in octets.
const MOST: usize = 4 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// The host has no address.
    #[error("{0}")]
    Nowhere(io::Error),
    /// The host has none of that kind.
    #[error("the host has no address of that kind")]
    NoAddress,
    /// Nobody listens.
    #[error("{0}; does the daemon run, with this socket?")]
    NobodyListens(io::Error),
    /// The connection broke, or it took too long.
    #[error("{0}")]
    Broken(io::Error),
    /// It took too long.
    #[error("no whole answer within 10 seconds")]
    TooLong,
    /// There is no end to it.
    #[error("the answer is longer than {MOST} octets")]
    TooLarge,
    /// It is cut off.
    #[error("the answer is cut off")]
    Cut,
    /// What came is no answer of HTTP.
    #[error("what answers there does not speak HTTP")]
    NoHttp,
    /// It refuses.
    #[error("what answers there says {0:?}")]
    Refused(String),
}

/// What that path has.
///
/// # Errors
/// [`Unanswered`], with why.
pub(crate) fn get(socket: &HttpSocket, path: &str) -> Result<String, Unanswered> {
    let mut stream = connect(socket)?;
    let host = match socket.host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => socket.host.clone(),
    };
    let port = socket.port;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    let ends = Instant::now() + WHOLE;
    stream.set_write_timeout(Some(WHOLE)).map_err(Unanswered::Broken)?;
    stream.write_all(request.as_bytes()).map_err(Unanswered::Broken)?;
    body(&whole(&mut stream, ends)?)
}

/// The first of its addresses at which somebody listens.
fn connect(socket: &HttpSocket) -> Result<TcpStream, Unanswered> {
    let all = (socket.host.as_str(), socket.port).to_socket_addrs().map_err(Unanswered::Nowhere)?;
    let mut last = Unanswered::NoAddress;
    for address in all {
        let is_meant = match socket.family {
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        if !is_meant {
            continue;
        }
        match TcpStream::connect_timeout(&reachable(address), CONNECT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Unanswered::NobodyListens(error),
        }
    }
    Err(last)
}

/// Who listens at every address listens at this one.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}

/// Everything until the other side closes.
fn whole(stream: &mut TcpStream, ends: Instant) -> Result<Vec<u8>, Unanswered> {
    let (mut octets, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let left = ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unanswered::TooLong);
        }
        stream.set_read_timeout(Some(left)).map_err(Unanswered::Broken)?;
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(octets),
            Ok(count) => octets.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(Unanswered::TooLong);
            }
            Err(error) => return Err(Unanswered::Broken(error)),
        }
        if octets.len() > MOST {
            return Err(Unanswered::TooLarge);
        }
    }
}

/// What stands behind the header of an answer.
fn body(octets: &[u8]) -> Result<String, Unanswered> {
    let text = std::str::from_utf8(octets).map_err(|_| Unanswered::NoHttp)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(Unanswered::NoHttp)?;
    let mut lines = head.split("\r\n");
    let status =
        lines.next().filter(|line| line.starts_with("HTTP/1.")).ok_or(Unanswered::NoHttp)?;
    let (_, status) = status.split_once(' ').ok_or(Unanswered::NoHttp)?;
    if !status.starts_with("200") {
        return Err(Unanswered::Refused(shown(status)));
    }
    let mut fields = lines.filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    match length.map(|(_, value)| value.trim().parse::<usize>()) {
        Some(Ok(length)) if length == body.len() => Ok(body.to_owned()),
        // Only what says how long it is can be known to be whole.
        Some(_) | None => Err(Unanswered::Cut),
    }
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn only_a_whole_answer_is_one() {
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n";
        assert_eq!(body(whole.as_bytes()).unwrap(), "a 1\n");
        for (text, want) in [
            ("", "what answers there does not speak HTTP"),
            ("220 mail.example ESMTP\r\n", "what answers there does not speak HTTP"),
            ("SSH-2.0-x\r\n\r\n", "what answers there does not speak HTTP"),
            ("HTTP/1.1 200 OK\r\n\r\na 1\n", "the answer is cut off"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na 1\n", "the answer is cut off"),
            ("HTTP/1.1 404 Not Found\r\n\r\n", "what answers there says \"404 Not Found\""),
        ] {
            assert_eq!(body(text.as_bytes()).unwrap_err().to_string(), want, "{text}");
        }
        assert!(body(b"HTTP/1.1 200 OK\r\n\r\n\xff").is_err());
    }
}
