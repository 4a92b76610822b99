//! Line ends that are none yet: a CR without its LF, and an LF without its CR.
//!
//! No canonicalization does that (trap P8). It is for who knows that something behind the signer
//! makes CRLF of all of them, so that what is hashed is what will arrive.

use crate::sink::{Gather, Sink};

/// Makes CRLF of each bare CR and each bare LF in a body.
#[derive(Debug, Clone, Default)]
pub struct LineEndMender {
    /// The octet before was a CR, and its CRLF is out already.
    after_cr: bool,
}

impl LineEndMender {
    /// Takes the next octets of the body. Nothing is withheld, so there is no end to be told.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut impl Sink) {
        let mut out = Gather::new(sink);
        let mut rest = match chunk {
            [b'\n', behind @ ..] if self.after_cr => behind,
            _ => chunk,
        };
        self.after_cr &= chunk.is_empty();
        while let Some(at) = rest.iter().position(|octet| matches!(octet, b'\r' | b'\n')) {
            out.pass(&rest[..at]);
            out.pass(b"\r\n");
            rest = match &rest[at..] {
                [b'\r', b'\n', behind @ ..] => behind,
                [b'\r'] => {
                    self.after_cr = true;
                    &[]
                }
                line_end => &line_end[1..],
            };
        }
        out.pass(rest);
        out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::LineEndMender;

    #[test]
    fn every_line_end_becomes_crlf_however_the_body_is_cut() {
        for (body, want) in [
            (&b""[..], &b""[..]),
            (b"a", b"a"),
            (b"a\r\nb\r\n", b"a\r\nb\r\n"),
            (b"a\nb\n\n", b"a\r\nb\r\n\r\n"),
            (b"a\rb\r\r\n\r", b"a\r\nb\r\n\r\n\r\n"),
            (b"\n\r\n\r\r\n", b"\r\n\r\n\r\n\r\n"),
        ] {
            for first in 0..=body.len() {
                for second in first..=body.len() {
                    let (mut mender, mut out) = (LineEndMender::default(), Vec::new());
                    for chunk in [&body[..first], &body[first..second], &body[second..]] {
                        mender.feed(chunk, &mut out);
                    }
                    assert_eq!(out, want, "{body:?} cut at {first} and {second}");
                }
            }
        }
    }
}
