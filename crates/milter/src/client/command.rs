//! What an MTA says.

use crate::event::{ClientAddress, ConnectInfo};
use crate::negotiation::{Offer, Terms};
use crate::wire::{CommandKind, Family, put_frame};

/// A command of the MTA. Texts end at their first NUL, if they have one, as they do in MTAs, which
/// keep them as C strings (trap W7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// The first exchange.
    Negotiate(Offer),
    /// Macros, names and values, for the command that follows.
    Macros(CommandKind, &'a [(&'a [u8], &'a [u8])]),
    /// An SMTP client has connected.
    Connect(ConnectInfo<'a>),
    /// HELO or EHLO.
    Helo(&'a [u8]),
    /// MAIL, with address and ESMTP arguments.
    Mail(&'a [u8], &'a [&'a [u8]]),
    /// RCPT, with address and ESMTP arguments.
    Recipient(&'a [u8], &'a [&'a [u8]]),
    /// DATA.
    Data,
    /// A command that the MTA does not know.
    Unknown(&'a [u8]),
    /// A header field, name and value; folds are LF and white space (trap W2).
    Header(&'a [u8], &'a [u8]),
    /// The header is complete.
    EndOfHeaders,
    /// A piece of the body, of at most [`MAX_CHUNK`](crate::MAX_CHUNK) octets.
    Body(&'a [u8]),
    /// The body is complete, with its last piece (trap W6). Postfix leaves that empty.
    EndOfBody(&'a [u8]),
    /// Forget the message.
    Abort,
    /// The end of the conversation.
    Quit,
    /// The end of the SMTP connection.
    QuitNewConnection,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It was not written: the filter does not want it, or the version does not have it.
    LeftOut,
    /// It was written, and no reply will come.
    NoReply,
    /// It was written, and a reply is to be awaited.
    AwaitReply,
}

impl Command<'_> {
    /// Which command it is.
    #[must_use]
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Negotiate(_) => CommandKind::Negotiate,
            Self::Macros(..) => CommandKind::Macros,
            Self::Connect(_) => CommandKind::Connect,
            Self::Helo(_) => CommandKind::Helo,
            Self::Mail(..) => CommandKind::Mail,
            Self::Recipient(..) => CommandKind::Recipient,
            Self::Data => CommandKind::Data,
            Self::Unknown(_) => CommandKind::Unknown,
            Self::Header(..) => CommandKind::Header,
            Self::EndOfHeaders => CommandKind::EndOfHeaders,
            Self::Body(_) => CommandKind::Body,
            Self::EndOfBody(_) => CommandKind::EndOfBody,
            Self::Abort => CommandKind::Abort,
            Self::Quit => CommandKind::Quit,
            Self::QuitNewConnection => CommandKind::QuitNewConnection,
        }
    }

    /// Writes the command as an MTA does that has agreed on `terms`.
    pub fn say(&self, terms: &Terms, out: &mut Vec<u8>) -> Said {
        let kind = self.kind();
        if !terms.sends(kind) {
            return Said::LeftOut;
        }
        // Trap W1: one space, not a TAB, is removed unless it was agreed to be preserved.
        if let Self::Header(name, value) = self
            && !terms.leading_space()
        {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            Command::Header(name, value).encode(out);
        } else {
            self.encode(out);
        }
        if terms.awaits_reply(kind) { Said::AwaitReply } else { Said::NoReply }
    }

    /// Writes the command as it is.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let letter = self.kind().letter();
        match self {
            Self::Negotiate(offer) => offer.encode(out),
            Self::Macros(command, pairs) => {
                let texts = pairs.iter().flat_map(|(name, value)| [*name, *value]);
                put_frame(out, letter, &[&[command.letter()], &list(texts)]);
            }
            Self::Connect(client) => connect(client, out),
            Self::Mail(address, arguments) | Self::Recipient(address, arguments) => {
                put_frame(out, letter, &[text(address), b"\0", &list(arguments.iter().copied())]);
            }
            Self::Helo(argument) | Self::Unknown(argument) => {
                put_frame(out, letter, &[text(argument), b"\0"]);
            }
            Self::Header(name, value) => {
                put_frame(out, letter, &[text(name), b"\0", text(value), b"\0"]);
            }
            Self::Body(piece) | Self::EndOfBody(piece) => put_frame(out, letter, &[piece]),
            Self::Data
            | Self::EndOfHeaders
            | Self::Abort
            | Self::Quit
            | Self::QuitNewConnection => put_frame(out, letter, &[]),
        }
    }
}

fn connect(client: &ConnectInfo<'_>, out: &mut Vec<u8>) {
    let (family, port, address) = match client.address {
        ClientAddress::Inet(address) => {
            let family = if address.is_ipv4() { Family::Inet } else { Family::Inet6 };
            (family, address.port(), address.ip().to_string().into_bytes())
        }
        ClientAddress::Unix(path) => (Family::Unix, 0, text(path).to_vec()),
        ClientAddress::Unknown(_) => (Family::Unknown, 0, Vec::new()),
    };
    let start: [&[u8]; 3] = [text(client.hostname), b"\0", &[family.letter()]];
    let rest: [&[u8]; 3] = [&port.to_be_bytes(), &address, b"\0"];
    let parts = if family == Family::Unknown { start.to_vec() } else { [start, rest].concat() };
    put_frame(out, CommandKind::Connect.letter(), &parts);
}

/// What a C string keeps of `octets`.
fn text(octets: &[u8]) -> &[u8] {
    octets.split(|octet| *octet == 0).next().unwrap_or_default()
}

fn list<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    texts.flat_map(|octets| text(octets).iter().chain(b"\0")).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Steps;

    #[test]
    fn texts_end_where_c_strings_end() {
        let mut out = Vec::new();
        Command::Header(b"X\0Y", b" a\0b").encode(&mut out);
        assert_eq!(out, b"\0\0\0\x06LX\0 a\0");
    }

    #[test]
    fn commands_follow_the_terms() {
        let mut terms = Terms {
            version: 6,
            actions: crate::Actions::NONE,
            steps: Steps::NO_HELO | Steps::NO_REPLY_HEADER,
        };
        let mut out = Vec::new();
        assert_eq!(Command::Helo(b"x").say(&terms, &mut out), Said::LeftOut);
        assert_eq!(out, b"");
        assert_eq!(Command::Header(b"X", b"  a").say(&terms, &mut out), Said::NoReply);
        assert_eq!(out, b"\0\0\0\x06LX\0 a\0", "one space is removed");
        assert_eq!(Command::Data.say(&terms, &mut out), Said::AwaitReply);
        terms.version = 3;
        assert_eq!(Command::Data.say(&terms, &mut out), Said::LeftOut, "version 3 has no DATA");
    }
}
