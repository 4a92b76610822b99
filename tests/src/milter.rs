//! The MTA's side of the milter protocol, written here once more so that the program's own idea of
//! the protocol is not what tests it. Nothing is checked before it is sent: a test may be rude.

use crate::message::{Message, with_crlf};
use crate::net::{Address, Stream};
use std::io::{self, Read, Write};
use std::time::Duration;

/// All modifications that a filter may ask for.
pub const ALL_ACTIONS: u32 = 0x1ff;
/// Values come and go with the blank after the colon.
pub const LEADING_SPACE: u32 = 0x10_0000;

/// A connection to a filter.
#[derive(Debug)]
pub struct Peer {
    stream: Stream,
}

/// A frame: its letter and what follows.
pub type Frame = (u8, Vec<u8>);

impl Peer {
    /// Connects and says nothing.
    pub fn connect(address: &Address) -> io::Result<Self> {
        Ok(Self { stream: address.connect()? })
    }

    /// Octets as they are.
    pub fn send_raw(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)
    }

    /// One frame.
    pub fn send(&mut self, letter: u8, payload: &[u8]) -> io::Result<()> {
        self.send_raw(&frame(letter, payload))
    }

    /// The next frame, or nothing when the filter has closed.
    pub fn receive(&mut self) -> io::Result<Option<Frame>> {
        let mut length = [0; 4];
        match self.stream.read_exact(&mut length) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
            Err(e) => return Err(e),
        }
        let mut content = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut content)?;
        let payload = content.split_off(1);
        Ok(Some((content[0], payload)))
    }

    /// How long to wait for each answer.
    pub fn set_patience(&self, patience: Duration) {
        self.stream.set_patience(patience);
    }

    /// No more will be sent.
    pub fn finish_writing(&self) {
        self.stream.finish_writing();
    }

    /// Offers version 6 and no way to skip a reply, so that every command is answered.
    pub fn negotiate(&mut self) -> io::Result<Frame> {
        self.negotiate_steps(LEADING_SPACE)
    }

    /// Offers version 6 and these bits of the protocol.
    pub fn negotiate_steps(&mut self, steps: u32) -> io::Result<Frame> {
        let mut offer = Vec::new();
        for word in [6, ALL_ACTIONS, steps] {
            offer.extend_from_slice(&u32::to_be_bytes(word));
        }
        self.send(b'O', &offer)?;
        self.receive()?.ok_or_else(|| io::Error::other("closed instead of negotiating"))
    }

    /// A command and the one frame that answers it.
    pub fn ask(&mut self, letter: u8, payload: &[u8]) -> io::Result<Frame> {
        self.send(letter, payload)?;
        self.receive()?.ok_or_else(|| io::Error::other(format!("closed after {}", letter as char)))
    }

    /// CONNECT from this address, and HELO.
    pub fn introduce(&mut self, host: &str, address: &str) -> io::Result<()> {
        self.ask(b'C', format!("{host}\x004\x30\x39{address}\0").as_bytes())?;
        self.ask(b'H', format!("{host}\0").as_bytes())?;
        Ok(())
    }

    /// One message, and all that the filter answers to its end.
    pub fn deliver(&mut self, from: &str, to: &str, message: &Message) -> io::Result<Vec<Frame>> {
        self.ask(b'M', format!("<{from}>\0").as_bytes())?;
        self.ask(b'R', format!("<{to}>\0").as_bytes())?;
        for field in &message.fields {
            let mut payload = field.octets.split(|&b| b == b':').next().unwrap_or(&[]).to_vec();
            payload.push(0);
            let mut value = field.value().to_vec();
            for at in (0..value.len().saturating_sub(1)).rev() {
                if &value[at..at + 2] == b"\r\n" {
                    value.remove(at);
                }
            }
            payload.extend_from_slice(&value);
            payload.push(0);
            self.ask(b'L', &payload)?;
        }
        let (reply, _) = self.ask(b'N', b"")?;
        if reply == b'a' {
            return Ok(vec![(reply, Vec::new())]);
        }
        for chunk in message.body.chunks(65_535) {
            self.ask(b'B', chunk)?;
        }
        self.send(b'E', b"")?;
        let mut answers = Vec::new();
        loop {
            let Some(answer) = self.receive()? else {
                return Err(io::Error::other("closed before the end of the message"));
            };
            let last = matches!(answer.0, b'a' | b'c' | b't' | b'r' | b'd' | b'y');
            answers.push(answer);
            if last {
                return Ok(answers);
            }
        }
    }
}

/// The message with the fields that a filter inserts on top of those that it was shown; nothing
/// when it does not accept the message, or asks for anything else.
pub fn inserted(message: &[u8], answers: &[Frame]) -> Option<Vec<u8>> {
    let (last, inserts) = answers.split_last()?;
    let mut octets = message.to_vec();
    for (letter, payload) in inserts {
        let (index, field) = payload.split_first_chunk()?;
        let mut parts = field.split(|&b| b == 0);
        let (name, value) = (parts.next()?, parts.next()?);
        // The one that comes later stands above the other, at 0 as at 1.
        (*letter == b'i' && u32::from_be_bytes(*index) <= 1).then_some(())?;
        octets = [name, b":", &with_crlf(value), b"\r\n", &octets].concat();
    }
    matches!(last.0, b'a' | b'c').then_some(octets)
}

/// The octets of a frame.
pub fn frame(letter: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 1).expect("a frame of a test fits");
    let mut octets = length.to_be_bytes().to_vec();
    octets.push(letter);
    octets.extend_from_slice(payload);
    octets
}
