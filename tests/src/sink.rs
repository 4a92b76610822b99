//! The server that receives: says yes to everybody but those who refuse, and keeps what it was
//! sent, octet by octet.

use crate::net::{PATIENCE, wait_for};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How addresses begin to which nothing can be delivered.
pub const REFUSES: &str = "refuse";

/// A message as it was delivered.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// MAIL FROM with its parameters.
    pub from: String,
    /// The addresses of RCPT TO, without angle brackets.
    pub to: Vec<String>,
    /// What DATA brought, dots un-stuffed.
    pub octets: Vec<u8>,
}

/// A listening server. Its thread lives as long as the test program.
#[derive(Debug)]
pub struct Sink {
    port: u16,
    delivered: Arc<Mutex<Vec<Delivered>>>,
}

impl Sink {
    /// Starts to listen on a port of its own.
    pub fn start() -> Self {
        Self::offering(b"250-sink.example.net\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 0\r\n")
    }

    /// The same for an old server, to which no 8-bit data is sent.
    pub fn start_without_8bitmime() -> Self {
        Self::offering(b"250-sink.example.net\r\n250 SIZE 0\r\n")
    }

    fn offering(offers: &'static [u8]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        let delivered = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&delivered);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, offers, &kept));
            }
        });
        Self { port, delivered }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the message to this address.
    pub fn wait_for(&self, recipient: &str, limit: Duration) -> Option<Delivered> {
        wait_for(limit, || {
            let delivered = self.delivered.lock().expect("no thread broke");
            delivered.iter().find(|mail| mail.to.iter().any(|to| to == recipient)).cloned()
        })
    }

    /// All that has arrived so far.
    pub fn all(&self) -> Vec<Delivered> {
        self.delivered.lock().expect("no thread broke").clone()
    }
}

fn serve(stream: TcpStream, offers: &[u8], kept: &Mutex<Vec<Delivered>>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE * 3))?;
    stream.set_nodelay(true)?;
    let mut answers = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    let (mut from, mut to) = (String::new(), Vec::new());
    answers.write_all(b"220 sink.example.net ESMTP\r\n")?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (verb, rest) = command.split_at(command.len().min(4));
        let reply: &[u8] = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => offers,
            "MAIL" => {
                from = rest.split_once(':').map_or("", |(_, path)| path).to_owned();
                b"250 2.1.0 ok\r\n"
            }
            "RCPT" => {
                // ` TO:<address> parameters`; Sendmail writes `To`.
                let path = rest.split_once(':').map_or("", |(_, path)| path);
                let address = path.split(' ').next().unwrap_or_default().trim_matches(['<', '>']);
                if address.starts_with(REFUSES) {
                    b"550 5.1.1 nobody of that name\r\n"
                } else {
                    to.push(address.to_owned());
                    b"250 2.1.5 ok\r\n"
                }
            }
            "DATA" => {
                answers.write_all(b"354 go on\r\n")?;
                let octets = read_data(&mut lines)?;
                let (from, to) = (std::mem::take(&mut from), std::mem::take(&mut to));
                kept.lock().expect("no thread broke").push(Delivered { from, to, octets });
                b"250 2.0.0 kept\r\n"
            }
            "QUIT" => {
                answers.write_all(b"221 2.0.0 bye\r\n")?;
                return Ok(());
            }
            _ => b"250 2.0.0 ok\r\n",
        };
        answers.write_all(reply)?;
    }
}

fn read_data(lines: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let mut at_line_start = true;
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if at_line_start {
            if line == b".\r\n" {
                return Ok(octets);
            }
            if line.first() == Some(&b'.') {
                line.remove(0);
            }
        }
        // LF alone ends no line: a dot behind it is a dot.
        at_line_start = line.ends_with(b"\r\n");
        octets.append(&mut line);
    }
}
