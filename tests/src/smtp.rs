//! An SMTP client that sends exactly what it is told to.

use crate::net::PATIENCE;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

/// A connection to a server, past its greeting.
#[derive(Debug)]
pub struct Smtp {
    answers: BufReader<TcpStream>,
    commands: TcpStream,
}

/// A reply: its code and its text, lines joined by LF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// What follows them.
    pub text: String,
}

impl Smtp {
    /// Connects, and greets as this host.
    pub fn connect(port: u16, helo: &str) -> io::Result<Self> {
        let commands = TcpStream::connect(("127.0.0.1", port))?;
        commands.set_read_timeout(Some(PATIENCE * 2))?;
        commands.set_nodelay(true)?;
        let answers = BufReader::new(commands.try_clone()?);
        let mut smtp = Self { answers, commands };
        smtp.reply()?;
        smtp.command(&format!("EHLO {helo}"))?;
        Ok(smtp)
    }

    /// Makes the server take us for this client; it must have been told to allow that.
    pub fn pretend(&mut self, name: &str, address: &str) -> io::Result<()> {
        self.expect(220, &format!("XCLIENT NAME={name} ADDR={address}"))?;
        self.expect(250, &format!("EHLO {name}"))?;
        Ok(())
    }

    /// One command and its reply.
    pub fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.commands.write_all(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// A whole transaction; the reply to the end of the data, or the one that kept it from getting
    /// there. `octets` are dot-stuffed here and
    /// otherwise left alone, but that a missing last CRLF is added.
    pub fn send(&mut self, from: &str, to: &str, octets: &[u8]) -> io::Result<Reply> {
        self.send_with("BODY=8BITMIME", from, &[to], octets)
    }

    /// The same, with these parameters of MAIL, to several recipients.
    pub fn send_with(
        &mut self,
        parameters: &str,
        from: &str,
        to: &[&str],
        octets: &[u8],
    ) -> io::Result<Reply> {
        let mail = (format!("MAIL FROM:<{from}> {parameters}"), 250);
        let recipients = to.iter().map(|to| (format!("RCPT TO:<{to}>"), 250));
        for (line, code) in [mail].into_iter().chain(recipients).chain([("DATA".to_owned(), 354)]) {
            let reply = self.command(&line)?;
            if reply.code != code {
                return Ok(reply);
            }
        }
        let mut data = Vec::with_capacity(octets.len() + 64);
        let mut line_start = true;
        for (at, &octet) in octets.iter().enumerate() {
            if line_start && octet == b'.' {
                data.push(b'.');
            }
            data.push(octet);
            line_start = octet == b'\n' && at > 0 && octets[at - 1] == b'\r';
        }
        data.extend_from_slice(if line_start { b".\r\n" } else { b"\r\n.\r\n" });
        self.commands.write_all(&data)?;
        self.reply()
    }

    fn expect(&mut self, code: u16, line: &str) -> io::Result<Reply> {
        let reply = self.command(line)?;
        if reply.code == code {
            Ok(reply)
        } else {
            Err(io::Error::other(format!("{line}: {} {}", reply.code, reply.text)))
        }
    }

    fn reply(&mut self) -> io::Result<Reply> {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            let code = line.get(..3).and_then(|digits| digits.parse().ok());
            let code = code.ok_or_else(|| io::Error::other(format!("no reply: {line:?}")))?;
            text.push_str(line.get(4..).unwrap_or_default());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, text });
            }
            text.push('\n');
        }
    }
}
