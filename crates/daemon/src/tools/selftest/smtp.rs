//! The client that hands a message to the MTA.

use super::probe::Probe;
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use twinseal_message::text::shown;

// LIMIT: there is neither TLS nor authentication. A server that asks for them refuses, and is told
// so in its own words; the port for mail between hosts takes a local client without.

/// The longest line of a reply, in octets (RFC 5321 §4.5.3.1.5 asks for 512).
const MAX_LINE: u64 = 2048;

/// The most lines of a reply.
const MAX_LINES: usize = 100;

/// Why a message was not handed over.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// The connection broke.
    #[error("{0}")]
    Broken(#[from] io::Error),
    /// The server said no.
    #[error("{said:?} to {to}")]
    Said {
        /// To what.
        to: String,
        /// The reply.
        said: String,
    },
}

/// A connection.
pub(super) struct Session {
    stream: BufReader<TcpStream>,
    /// Our own address there: that of the client whom the MTA sees.
    pub(super) local: IpAddr,
}

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// When nobody is there.
    pub(super) async fn connect(host: &str, port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((host, port)).await?;
        let local = stream.local_addr()?.ip().to_canonical();
        Ok(Self { stream: BufReader::new(stream), local })
    }

    /// Hands the message over; the reply to its end.
    ///
    /// # Errors
    /// [`Refused`], when the server does not take it.
    pub(super) async fn deliver(mut self, probe: &Probe) -> Result<String, Refused> {
        let hello = match self.local {
            IpAddr::V4(address) => format!("EHLO [{address}]"),
            IpAddr::V6(address) => format!("EHLO [IPv6:{address}]"),
        };
        self.reply("the greeting", 220).await?;
        for (command, code) in [
            (hello, 250),
            (format!("MAIL FROM:<{}>", probe.from), 250),
            (format!("RCPT TO:<{}>", probe.to), 250),
            ("DATA".to_owned(), 354),
        ] {
            self.stream.write_all(format!("{command}\r\n").as_bytes()).await?;
            self.reply(&command, code).await?;
        }
        self.stream.write_all(&doubled(&probe.octets)).await?;
        let reply = self.reply("the message", 250).await?;
        // It has the message: whatever becomes of the farewell.
        let _ = self.stream.write_all(b"QUIT\r\n").await;
        Ok(reply)
    }

    /// The last line of the reply, which has to have that code.
    async fn reply(&mut self, to: &str, code: u16) -> Result<String, Refused> {
        let mut said = String::new();
        for _ in 0..MAX_LINES {
            let mut line = Vec::new();
            (&mut self.stream).take(MAX_LINE).read_until(b'\n', &mut line).await?;
            if !line.ends_with(b"\n") {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            said = shown(String::from_utf8_lossy(&line).trim_end());
            if line.get(3) != Some(&b'-') {
                break;
            }
        }
        if said.get(..3) == Some(code.to_string().as_str()) {
            Ok(said)
        } else {
            Err(Refused::Said { to: to.to_owned(), said })
        }
    }
}

/// The text with a second dot before one that begins a line, and a dot at its end
/// (RFC 5321 §4.5.2).
fn doubled(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + 8);
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// The queue id in a reply of Postfix (`250 2.0.0 Ok: queued as 4XyZ`) or of Sendmail
/// (`250 2.0.0 5BSA Message accepted for delivery`).
pub(super) fn queue_id(reply: &str) -> Option<&str> {
    let word = |text: &'_ str| text.split_whitespace().next().map(str::len);
    let id = match reply.split_once("queued as ") {
        Some((_, rest)) => rest.get(..word(rest)?)?,
        None => reply.split_once(" Message accepted")?.0.rsplit(' ').next()?,
    };
    (!id.is_empty() && id.bytes().all(|octet| octet.is_ascii_alphanumeric())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{doubled, queue_id};

    #[test]
    fn dots_are_doubled_where_they_begin_a_line() {
        assert_eq!(doubled(b".a\r\nb.\r\n..c\r\n"), b"..a\r\nb.\r\n...c\r\n.\r\n");
    }

    #[test]
    fn a_queue_id_is_found_in_the_words_of_either_mta() {
        for (reply, want) in [
            ("250 2.0.0 Ok: queued as 4fKQ0z1Xy7", Some("4fKQ0z1Xy7")),
            ("250 2.0.0 5BSCUk10012345 Message accepted for delivery", Some("5BSCUk10012345")),
            ("250 2.0.0 Ok: queued as ", None),
            ("250 2.0.0 Ok: queued as $(x)", None),
            ("250 fine", None),
        ] {
            assert_eq!(queue_id(reply), want, "{reply}");
        }
    }
}
