//! Messages through a filter as an MTA may send them: cut anywhere, the last piece of the body in
//! the end-of-body frame, messages given up half-way, many on one connection.

use crate::generator::Generator;
use crate::message::{Field, Message, with_crlf, with_lf};
use crate::milter::{Frame, Peer, frame};
use crate::net::Address;
use std::io;

/// Every bit of the protocol that current MTAs offer: replies may be declined, bodies skipped.
const ALL_STEPS: u32 = 0x1f_ffff;

/// Commands with the bit that declines their reply.
const NO_REPLY: [(u8, u32); 7] = [
    (b'C', 0x1000),
    (b'H', 0x2000),
    (b'M', 0x4000),
    (b'R', 0x8000),
    (b'L', 0x80),
    (b'N', 0x4_0000),
    (b'B', 0x8_0000),
];

/// A connection to a filter, all of whose wishes were granted.
#[derive(Debug)]
pub struct Client {
    peer: Peer,
    granted: u32,
}

impl Client {
    /// Connects, negotiates and introduces an internal host.
    pub fn connect(address: &Address) -> io::Result<Self> {
        let mut peer = Peer::connect(address)?;
        let (_, answer) = peer.negotiate_steps(ALL_STEPS)?;
        let granted = answer.get(8..12).and_then(|octets| octets.try_into().ok());
        let granted = granted.ok_or_else(|| io::Error::other("a short answer to the offer"))?;
        let mut client = Self { peer, granted: u32::from_be_bytes(granted) };
        client.say(b'C', b"localhost\x004\x30\x39127.0.0.1\0")?;
        client.say(b'H', b"localhost\0")?;
        Ok(client)
    }

    /// Shows it the message, cut as `chance` has it; the message with what the filter inserted on
    /// top of it. Anything but that and an acceptance is an error.
    pub fn sign(&mut self, octets: &[u8], chance: &mut Generator) -> io::Result<Vec<u8>> {
        let message = Message::parse(octets);
        if chance.one_in(12) {
            self.header(&message)?;
            self.give_up(&message, chance)?;
        }
        self.header(&message)?;
        let (reply, _) = self.ask(b'N', b"")?.unwrap_or((b'c', Vec::new()));
        if reply != b'c' {
            return Err(unexpected(reply, "end of headers"));
        }
        let mut pieces = chance.chunks(&message.body);
        let last = if chance.one_in(3) { pieces.pop() } else { None };
        self.body(&pieces, chance)?;
        self.peer.send(b'E', last.unwrap_or_default())?;
        let mut inserted = Vec::new();
        loop {
            match self.peer.receive()? {
                Some((b'i', payload)) => inserted.push(field(&payload)?),
                Some((b'a' | b'c', _)) => break,
                Some((letter, _)) => return Err(unexpected(letter, "end of message")),
                None => return Err(io::Error::other("closed at the end of a message")),
            }
        }
        // All go to the same place, so the last one is on top.
        inserted.reverse();
        Ok([inserted.concat(), octets.to_vec()].concat())
    }

    fn header(&mut self, message: &Message) -> io::Result<()> {
        self.say(b'M', b"<ann@example.com>\0")?;
        self.say(b'R', b"<bob@example.net>\0")?;
        for field in &message.fields {
            self.say(b'L', &field_payload(field))?;
        }
        Ok(())
    }

    fn give_up(&mut self, message: &Message, chance: &mut Generator) -> io::Result<()> {
        if chance.one_in(2) {
            self.say(b'N', b"")?;
            let half = message.body.len() / 2;
            self.body(&[&message.body[..half]], chance)?;
        }
        self.peer.send(b'A', b"")
    }

    /// Body frames; where no reply comes between them, the octets of several arrive in one piece,
    /// or those of one in several.
    fn body(&mut self, pieces: &[&[u8]], chance: &mut Generator) -> io::Result<()> {
        if !self.declined(b'B') {
            return pieces.iter().try_for_each(|piece| self.say(b'B', piece));
        }
        let frames: Vec<u8> = pieces.iter().flat_map(|piece| frame(b'B', piece)).collect();
        for write in chance.chunks(&frames) {
            self.peer.send_raw(write)?;
        }
        Ok(())
    }

    /// A command that can only be answered by "go on".
    fn say(&mut self, letter: u8, payload: &[u8]) -> io::Result<()> {
        match self.ask(letter, payload)? {
            None | Some((b'c', _)) => Ok(()),
            Some((reply, _)) => Err(unexpected(reply, "an earlier stage")),
        }
    }

    /// A command, and its reply unless that was declined.
    fn ask(&mut self, letter: u8, payload: &[u8]) -> io::Result<Option<Frame>> {
        if self.declined(letter) {
            return self.peer.send(letter, payload).map(|()| None);
        }
        self.peer.ask(letter, payload).map(Some)
    }

    fn declined(&self, letter: u8) -> bool {
        NO_REPLY.iter().any(|&(known, bit)| known == letter && self.granted & bit != 0)
    }
}

fn unexpected(letter: u8, when: &str) -> io::Error {
    io::Error::other(format!("{:?} as the answer to {when}", char::from(letter)))
}

/// Name and value as an MTA shows them, which writes folds with LF.
fn field_payload(field: &Field) -> Vec<u8> {
    let name = field.octets.split(|&octet| octet == b':').next().unwrap_or_default();
    [name, b"\0", &with_lf(field.value()), b"\0"].concat()
}

/// The field that an insertion makes: index, name, value.
fn field(payload: &[u8]) -> io::Result<Vec<u8>> {
    let broken = || io::Error::other("an insertion that cannot be read");
    let (index, texts) = payload.split_first_chunk::<4>().ok_or_else(broken)?;
    let mut texts = texts.split(|&octet| octet == 0);
    let (name, value) = texts.next().zip(texts.next()).ok_or_else(broken)?;
    if u32::from_be_bytes(*index) != 1 {
        return Err(io::Error::other(format!("inserted at {index:?}")));
    }
    Ok([name, b":", &with_crlf(value), b"\r\n"].concat())
}
