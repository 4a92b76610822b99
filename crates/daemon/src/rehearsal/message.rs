//! A message from a file, as an MTA would show it.

use twinseal_milter::client::Header;

/// A message in two parts.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) header: Header,
    /// Its lines end in CRLF.
    pub(crate) body: Vec<u8>,
}

/// Why a file is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CannotTake {
    /// It does not begin with a header field.
    #[error("there is no header field in it")]
    NoHeader,
    /// A line of the header is none.
    #[error("line {line} is no header field, and no empty line stands before it")]
    NoField {
        /// Which one, from 1.
        line: usize,
    },
    /// A line ends in LF alone, and may not.
    #[error("line {line} does not end in CRLF")]
    BareLineFeed {
        /// Which one, from 1.
        line: usize,
    },
}

impl Taken {
    /// Takes it apart. When `strict`, its lines have to end as they do in SMTP.
    pub(crate) fn new(octets: &[u8], strict: bool) -> Result<Self, CannotTake> {
        let octets = without_mailbox_line(octets);
        let message = on_the_wire(octets, strict)?;
        let (header, body) = Header::parse(&message);
        let head = message.len() - body.len();
        let head = message.get(..head).unwrap_or_default();
        if header.fields().is_empty() {
            return Err(CannotTake::NoHeader);
        }
        if !body.is_empty() && !head.ends_with(b"\r\n\r\n") {
            return Err(CannotTake::NoField { line: lines(head) + 1 });
        }
        Ok(Self { header, body: body.to_vec() })
    }
}

fn lines(octets: &[u8]) -> usize {
    octets.iter().filter(|&&octet| octet == b'\n').count()
}

/// A mailbox has a line of its own above each message.
fn without_mailbox_line(octets: &[u8]) -> &[u8] {
    if !octets.starts_with(b"From ") {
        return octets;
    }
    let end = octets.iter().position(|&octet| octet == b'\n');
    end.and_then(|end| octets.get(end + 1..)).unwrap_or_default()
}

/// The message with lines that end in CRLF.
fn on_the_wire(octets: &[u8], strict: bool) -> Result<Vec<u8>, CannotTake> {
    let mut wire = Vec::with_capacity(octets.len() + octets.len() / 32);
    let mut last = 0;
    for &octet in octets {
        if octet == b'\n' && last != b'\r' {
            if strict {
                return Err(CannotTake::BareLineFeed { line: lines(&wire) + 1 });
            }
            wire.push(b'\r');
        }
        wire.push(octet);
        last = octet;
    }
    Ok(wire)
}

#[cfg(test)]
mod tests {
    use super::{CannotTake, Taken};

    #[test]
    fn a_message_is_a_header_and_a_body() {
        for (text, fields, body) in [
            ("A: b\n\nbody\n", 1, "body\r\n"),
            ("A: b\r\n\r\nbody\r\n.\r\n", 1, "body\r\n.\r\n"),
            ("A: b\n c\nD: e\n", 2, ""),
            ("A: b\n\n", 1, ""),
            ("From a@b Mon\nA: b\n\nx", 1, "x"),
            ("A: b\n\n\nx\n", 1, "\r\nx\r\n"),
        ] {
            let taken = Taken::new(text.as_bytes(), false).unwrap();
            assert_eq!(taken.header.fields().len(), fields, "{text:?}");
            assert_eq!(String::from_utf8(taken.body).unwrap(), body, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_message_is_said_with_its_line() {
        for (text, strict, want) in [
            ("", false, CannotTake::NoHeader),
            ("\nbody\n", false, CannotTake::NoHeader),
            ("no field\n", false, CannotTake::NoHeader),
            ("A: b\nno field\n\nx\n", false, CannotTake::NoField { line: 2 }),
            ("A: b\r\n\r\nx\n", true, CannotTake::BareLineFeed { line: 3 }),
            ("A: b\n", true, CannotTake::BareLineFeed { line: 1 }),
        ] {
            let found = Taken::new(text.as_bytes(), strict).unwrap_err();
            assert_eq!(found, want, "{text:?}");
        }
        assert!(Taken::new(b"A: b\r\n\r\nx\r\n", true).is_ok());
    }
}
