//! What a session reports, and the tokens that allow an answer.

use std::net::{IpAddr, SocketAddr};

use crate::negotiation::Terms;
use crate::reply::MessageReply;
use crate::wire::{Family, FieldError, Fields, texts};

/// What [`Session::receive`](crate::Session::receive) took, and what it means.
#[derive(Debug)]
pub struct Step<'a> {
    /// How many octets of the input are done with. Can be 0 while there is an event.
    pub consumed: usize,
    /// What happened.
    pub event: Event<'a>,
}

/// What the MTA said.
#[derive(Debug)]
pub enum Event<'a> {
    /// All input is used up. Write the output, then read more.
    NeedMore,
    /// The first exchange is done.
    Negotiated(Terms),
    /// An SMTP client has connected.
    Connect {
        /// Who.
        client: ConnectInfo<'a>,
        /// The right to answer, when that was asked for
        /// ([`decide_at_connect`](crate::Options::decide_at_connect)).
        reply: Option<ConnectToken>,
    },
    /// HELO or EHLO, with its argument. There is no message any more.
    Helo(&'a [u8]),
    /// A message begins; if there was one, it is gone, abort or not.
    MailFrom(Envelope<'a>),
    /// A recipient.
    Recipient(Envelope<'a>),
    /// The DATA command.
    Data,
    /// An SMTP command that the MTA does not know, whole.
    UnknownCommand(&'a [u8]),
    /// A header field.
    Header {
        /// The name, as the sender wrote it.
        name: &'a [u8],
        /// All that follows the colon, leading space included; folds are LF and white space, as the
        /// MTA sends them (trap W2), and can come first (trap W3). Where the MTA does not preserve
        /// the leading space, one space stands here whatever was there (trap W1,
        /// [`Terms::leading_space`]), but not before a fold.
        value: &'a [u8],
    },
    /// The header is complete. The MTA waits.
    EndOfHeaders(HeadersToken),
    /// A piece of the body, cut anywhere (trap W4). An empty body has none (trap W5).
    Body(&'a [u8]),
    /// The message is complete. The MTA waits.
    EndOfMessage(MessageToken),
    /// The current message, if there is one, is to be forgotten. Several can come in a row (trap
    /// W15).
    Abort,
    /// The SMTP connection is over; another may follow in this conversation (trap W20).
    QuitNewConnection,
    /// The conversation is over.
    Quit,
}

/// The right to answer a connect. Dropping it leaves the MTA waiting.
#[derive(Debug)]
#[must_use = "the MTA waits for an answer"]
pub struct ConnectToken {
    pub(crate) serial: u64,
}

/// The right to answer the end of headers. Dropping it leaves the MTA waiting.
#[derive(Debug)]
#[must_use = "the MTA waits for an answer"]
pub struct HeadersToken {
    pub(crate) serial: u64,
}

/// The right to answer the end of a message. Dropping it leaves the MTA waiting.
///
/// Only the event has one, and it answers once:
///
/// ```compile_fail,E0382
/// # use twinseal_milter::{Disposition, MessageToken, Session};
/// fn twice(session: &mut Session, token: MessageToken) {
///     session.answer_message(token.reply(), Disposition::Accept);
///     session.answer_message(token.reply(), Disposition::Accept);
/// }
/// ```
#[derive(Debug)]
#[must_use = "the MTA waits for an answer"]
pub struct MessageToken {
    pub(crate) serial: u64,
    pub(crate) terms: Terms,
}

impl MessageToken {
    /// Begins the answer.
    pub fn reply(self) -> MessageReply {
        MessageReply::new(self)
    }
}

/// Who has connected to the MTA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectInfo<'a> {
    /// The name, or the address in square brackets when there is none. Local mail comes from
    /// `localhost` (trap P6).
    pub hostname: &'a [u8],
    /// The address.
    pub address: ClientAddress<'a>,
}

/// The address of an SMTP client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAddress<'a> {
    /// IPv4 or IPv6; the port is 0 when the MTA does not know it.
    Inet(SocketAddr),
    /// The path of a socket of this host.
    Unix(&'a [u8]),
    /// Not known to the MTA (empty), or a text that is no address.
    Unknown(&'a [u8]),
}

impl<'a> ConnectInfo<'a> {
    pub(crate) fn decode(payload: &'a [u8]) -> Result<Self, FieldError> {
        let mut fields = Fields::new(payload);
        let hostname = fields.text("host name")?;
        let address = match fields.letter("address family", Family::from_letter)? {
            Family::Unknown => ClientAddress::Unknown(b""),
            Family::Unix => {
                fields.short("port")?;
                ClientAddress::Unix(fields.text("socket path")?)
            }
            Family::Inet | Family::Inet6 => {
                let port = fields.short("port")?;
                inet(fields.text("address")?, port)
            }
        };
        fields.end()?;
        Ok(Self { hostname, address })
    }
}

/// Sendmail writes `IPv6:` before IPv6 addresses, Postfix does not. A zone says through which
/// interface a link-local client came, which no list of hosts asks for.
fn inet(text: &[u8], port: u16) -> ClientAddress<'_> {
    let bare = match text.split_at_checked(5) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(b"IPv6:") => rest,
        _ => text,
    };
    let bare = bare.split(|octet| *octet == b'%').next().unwrap_or_default();
    match std::str::from_utf8(bare).map(str::parse::<IpAddr>) {
        Ok(Ok(address)) => ClientAddress::Inet(SocketAddr::new(address, port)),
        Ok(Err(_)) | Err(_) => ClientAddress::Unknown(text),
    }
}

/// The argument of MAIL or RCPT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    address: &'a [u8],
    arguments: &'a [u8],
}

impl<'a> Envelope<'a> {
    pub(crate) fn decode(payload: &'a [u8]) -> Result<Self, FieldError> {
        let mut fields = Fields::new(payload);
        let address = fields.text("address")?;
        Ok(Self { address, arguments: fields.texts("last argument")? })
    }

    /// The address as the MTA wrote it: SMTP mail has angle brackets, local mail has none (trap
    /// P6).
    #[must_use]
    pub fn raw_address(&self) -> &'a [u8] {
        self.address
    }

    /// The address without angle brackets; empty for the null sender.
    #[must_use]
    pub fn address(&self) -> &'a [u8] {
        bare_address(self.address)
    }

    /// The ESMTP arguments, such as `SIZE=1000`.
    #[must_use]
    pub fn arguments(&self) -> Arguments<'a> {
        Arguments { rest: self.arguments }
    }
}

/// Iterates over ESMTP arguments.
#[derive(Clone, Debug)]
pub struct Arguments<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Arguments<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let first = texts(self.rest).next()?;
        self.rest = self.rest.get(first.len() + 1..).unwrap_or_default();
        Some(first)
    }
}

/// An envelope address without its angle brackets, if it has them (trap P6).
#[must_use]
pub fn bare_address(address: &[u8]) -> &[u8] {
    address.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_p6_addresses_come_with_and_without_brackets() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"<a@example.com>", b"a@example.com"),
            (b"a@example.com", b"a@example.com"),
            (b"<>", b""),
            (b"", b""),
            (b"<a@example.com", b"<a@example.com"),
            (b"<", b"<"),
        ];
        for (raw, bare) in cases {
            assert_eq!(bare_address(raw), bare, "{raw:?}");
        }
    }

    #[test]
    fn arguments_follow_the_address() {
        let envelope = Envelope::decode(b"<a@b>\0SIZE=1\0SMTPUTF8\0").unwrap();
        assert_eq!((envelope.raw_address(), envelope.address()), (&b"<a@b>"[..], &b"a@b"[..]));
        let arguments: Vec<&[u8]> = envelope.arguments().collect();
        assert_eq!(arguments, [b"SIZE=1".as_slice(), b"SMTPUTF8"]);
        assert_eq!(Envelope::decode(b"<>\0").unwrap().arguments().count(), 0);
        assert_eq!(Envelope::decode(b""), Err(FieldError::Missing { field: "address" }));
        let unterminated = FieldError::Unterminated { field: "last argument" };
        assert_eq!(Envelope::decode(b"a\0b"), Err(unterminated));
    }

    #[test]
    fn addresses_of_every_family_are_read() {
        let inet = |text: &str| ClientAddress::Inet(text.parse().unwrap());
        let cases: [(&[u8], ClientAddress<'_>); 9] = [
            (b"h\x004\x12\x34192.0.2.1\0", inet("192.0.2.1:4660")),
            (b"h\x006\0\x012001:db8::1\0", inet("[2001:db8::1]:1")),
            (b"h\x006\0\0IPv6:2001:db8::1\0", inet("[2001:db8::1]:0")),
            (b"h\x006\0\0ipv6:::1\0", inet("[::1]:0")),
            (b"h\x006\0\0fe80::1%eth0\0", inet("[fe80::1]:0")),
            (b"h\x004\0\0unknown\0", ClientAddress::Unknown(b"unknown")),
            (b"h\x004\0\0\xff\0", ClientAddress::Unknown(b"\xff")),
            (b"h\0L\0\0/run/x\0", ClientAddress::Unix(b"/run/x")),
            (b"h\0U", ClientAddress::Unknown(b"")),
        ];
        for (payload, address) in cases {
            let client = ConnectInfo::decode(payload).unwrap();
            assert_eq!(client, ConnectInfo { hostname: b"h", address }, "{payload:?}");
        }
    }

    #[test]
    fn broken_connects_are_told_apart() {
        let cases: [(&[u8], FieldError); 7] = [
            (b"h\x009", FieldError::Unknown { field: "address family", letter: '9' }),
            (b"", FieldError::Missing { field: "host name" }),
            (b"h", FieldError::Unterminated { field: "host name" }),
            (b"h\0", FieldError::Missing { field: "address family" }),
            (b"h\x004\0", FieldError::Missing { field: "port" }),
            (b"h\x004\0\x01192.0.2.1", FieldError::Unterminated { field: "address" }),
            (b"h\0Ux", FieldError::Trailing { octets: 1 }),
        ];
        for (payload, error) in cases {
            assert_eq!(ConnectInfo::decode(payload), Err(error), "{payload:?}");
        }
    }
}
