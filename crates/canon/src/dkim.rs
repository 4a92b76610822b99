//! Header fields and bodies as DKIM hashes them (RFC 6376 §3.4).

use crate::blank::{behind, count_line_ends, is_blank, last_text};
use crate::compact::{BLOCK, Sifted};
use crate::line::{LineEnds, SimpleLines};
use crate::scan::{self, Form, Window, any};
use crate::sink::{Gather, Sink};
use std::fmt;

/// How much change in transit a signature forgives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Almost none (RFC 6376 §3.4.1, RFC 6376 §3.4.3).
    Simple,
    /// Changes of white space and of the case of field names (RFC 6376 §3.4.2, RFC 6376 §3.4.4).
    Relaxed,
}

/// The two choices of a signature's `c=` tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Canonicalization {
    /// For header fields.
    pub header: Kind,
    /// For the body.
    pub body: Kind,
}

/// The text is no canonicalization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCanonicalization;

impl Kind {
    const NAMES: [(Self, &'static str); 2] = [(Self::Simple, "simple"), (Self::Relaxed, "relaxed")];

    /// The word of the `c=` tag.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => Self::NAMES[0].1,
            Self::Relaxed => Self::NAMES[1].1,
        }
    }

    fn parse(text: &str) -> Result<Self, BadCanonicalization> {
        let known = Self::NAMES.iter().find(|(_, name)| text.eq_ignore_ascii_case(name));
        known.map(|&(kind, _)| kind).ok_or(BadCanonicalization)
    }
}

impl Canonicalization {
    /// All four pairs.
    pub const ALL: [Self; 4] = [
        Self { header: Kind::Simple, body: Kind::Simple },
        Self { header: Kind::Simple, body: Kind::Relaxed },
        Self { header: Kind::Relaxed, body: Kind::Simple },
        Self { header: Kind::Relaxed, body: Kind::Relaxed },
    ];

    /// Reads `header/body`, or `header` alone, which leaves the body `simple` (trap H9).
    ///
    /// # Errors
    /// [`BadCanonicalization`] when a word is neither `simple` nor `relaxed`.
    pub fn parse(text: &str) -> Result<Self, BadCanonicalization> {
        let (header, body) = text.split_once('/').unwrap_or((text, Kind::Simple.name()));
        Ok(Self { header: Kind::parse(header)?, body: Kind::parse(body)? })
    }
}

impl fmt::Display for Canonicalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.header.name(), self.body.name())
    }
}

impl fmt::Display for BadCanonicalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simple and relaxed are the canonicalizations of DKIM")
    }
}

impl std::error::Error for BadCanonicalization {}

/// Canonicalizes one field, given without the line end that closes it, and puts no line end out:
/// the signature's own field is hashed without one (trap H7).
pub fn header(kind: Kind, field: &[u8], sink: &mut impl Sink) {
    match kind {
        Kind::Simple => sink.put(field),
        Kind::Relaxed => relaxed_header(field, sink),
    }
}

/// RFC 6376 §3.4.2. Only CRLF is unfolded: it is the only line end a field can hold.
fn relaxed_header(field: &[u8], sink: &mut impl Sink) {
    let colon = field.iter().position(|&octet| octet == b':').unwrap_or(field.len());
    let (name, value) = field.split_at(colon);
    let mut out = Gather::new(sink);
    name.trim_ascii_end().iter().for_each(|octet| out.push(octet.to_ascii_lowercase()));
    if value.is_empty() {
        return out.flush();
    }
    out.push(b':');
    let mut after_text = false;
    let mut space = false;
    let mut rest = &value[1..];
    while let Some((&octet, after)) = rest.split_first() {
        rest = match (octet, after) {
            (b'\r', [b'\n', unfolded @ ..]) => unfolded,
            (b' ' | b'\t', _) => {
                space = after_text;
                after
            }
            _ => {
                if std::mem::take(&mut space) {
                    out.push(b' ');
                }
                out.push(octet);
                after_text = true;
                after
            }
        };
    }
    out.flush();
}

/// A body on its way into a digest.
#[derive(Debug, Clone)]
pub struct Body(State);

#[derive(Debug, Clone)]
enum State {
    Simple(SimpleLines),
    Relaxed(RelaxedLines),
}

impl Body {
    /// A body of which nothing has come yet.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        let ends = LineEnds::after(0);
        Self(match kind {
            Kind::Simple => State::Simple(SimpleLines::new(ends)),
            Kind::Relaxed => State::Relaxed(RelaxedLines { ends, last: Last::Text }),
        })
    }

    /// Takes the next octets of the body.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut impl Sink) {
        let mut out = Gather::new(sink);
        match &mut self.0 {
            State::Simple(lines) => scan::feed(lines, chunk, &mut out),
            State::Relaxed(lines) => scan::feed(lines, chunk, &mut out),
        }
        out.flush();
    }

    /// The same, octet by octet.
    pub(crate) fn step_through(&mut self, chunk: &[u8], sink: &mut impl Sink) {
        let mut out = Gather::new(sink);
        match &mut self.0 {
            State::Simple(lines) => chunk.iter().for_each(|&octet| lines.step(octet, &mut out)),
            State::Relaxed(lines) => chunk.iter().for_each(|&octet| lines.step(octet, &mut out)),
        }
        out.flush();
    }

    /// Ends the body.
    pub fn finish(self, sink: &mut impl Sink) {
        let mut out = Gather::new(sink);
        let line_end = match self.0 {
            // RFC 6376 §3.4.3: a body without text is a single CRLF (trap H1).
            State::Simple(lines) => {
                lines.finish(&mut out);
                true
            }
            // RFC 6376 §3.4.4: a body without text is nothing (trap H1).
            State::Relaxed(lines) => lines.finish(&mut out),
        };
        out.flush();
        if line_end {
            sink.put(b"\r\n");
        }
    }
}

/// The `relaxed` form of a body (RFC 6376 §3.4.4).
#[derive(Debug, Clone)]
struct RelaxedLines {
    ends: LineEnds,
    last: Last,
}

/// What the octet before this one left open.
#[derive(Debug, Clone, Copy)]
enum Last {
    /// Nothing: text, or a line end.
    Text,
    /// White space that counts if text follows on its line.
    Wsp,
    /// A CR that ends the line if LF follows, and is text otherwise.
    Cr,
    /// A CR after white space.
    WspCr,
}

impl RelaxedLines {
    /// Puts out what turned out to be text: a run of white space as one SP, a CR without LF.
    fn release<S: Sink>(&mut self, out: &mut Gather<'_, S>) {
        let held: &[u8] = match std::mem::replace(&mut self.last, Last::Text) {
            Last::Text => b"",
            Last::Wsp => b" ",
            Last::Cr => b"\r",
            Last::WspCr => b" \r",
        };
        for &octet in held {
            self.ends.text(octet, out);
        }
    }

    /// Says whether any text came out.
    fn finish<S: Sink>(mut self, out: &mut Gather<'_, S>) -> bool {
        if matches!(self.last, Last::Cr | Last::WspCr) {
            self.release(out);
        }
        self.ends.any_text()
    }
}

impl Form for RelaxedLines {
    #[inline]
    fn step<S: Sink>(&mut self, octet: u8, out: &mut Gather<'_, S>) {
        match (self.last, octet) {
            // White space before the line end is gone (trap H2): a line of nothing else is
            // empty.
            (Last::Cr | Last::WspCr, b'\n') => {
                self.ends.end_line();
                self.last = Last::Text;
            }
            (Last::Wsp, b'\r') => self.last = Last::WspCr,
            (Last::Wsp, b' ' | b'\t') => {}
            _ => {
                self.release(out);
                match octet {
                    b' ' | b'\t' => self.last = Last::Wsp,
                    b'\r' => self.last = Last::Cr,
                    _ => self.ends.text(octet, out),
                }
            }
        }
    }

    fn ends(&mut self) -> &mut LineEnds {
        &mut self.ends
    }

    /// Of a run of white space one octet is enough: those before it are gone in any case.
    fn open(&self) -> usize {
        match self.last {
            Last::Text => 0,
            Last::Wsp | Last::Cr => 1,
            Last::WspCr => 2,
        }
    }

    fn reopen(&mut self) {
        self.last = Last::Text;
    }

    fn skip(&mut self, block: &[u8; BLOCK]) -> bool {
        let octets = behind(matches!(self.last, Last::Cr | Last::WspCr), block);
        if !is_blank(&octets, is_wsp) {
            return false;
        }
        self.ends.end_lines(count_line_ends(&octets));
        self.last = match block[BLOCK - 1] {
            b'\r' if is_wsp(block[BLOCK - 2]) => Last::WspCr,
            b'\r' => Last::Cr,
            b'\n' => Last::Text,
            _ => Last::Wsp,
        };
        true
    }

    fn text_end(chunk: &[u8]) -> usize {
        last_text(chunk, is_wsp)
    }

    #[inline(always)]
    fn is_clean(window: &Window) -> bool {
        // One comparison for SP, HTAB, CR, and for control characters, which are too rare to mind.
        !any(window, |at| (at.octet == b' ') & (at.next <= b' ') | (at.octet == b'\t'))
    }

    /// The last of a run of white space stays, as SP, where no line end follows.
    fn sift(window: &Window) -> Sifted {
        Sifted::new(window, |at| {
            let line_end = (at.next == b'\r') & (at.after_next == b'\n');
            let gone = is_wsp(at.octet) & (is_wsp(at.next) | line_end);
            (if at.octet == b'\t' { b' ' } else { at.octet }, !gone)
        })
    }
}

/// RFC 6376 §2.8: SP and HTAB.
const fn is_wsp(octet: u8) -> bool {
    (octet == b' ') | (octet == b'\t')
}

#[cfg(test)]
mod tests;
