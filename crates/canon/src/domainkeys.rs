//! Header fields and bodies as DomainKeys hashes them (RFC 4870 §3.4.2).
//!
//! DomainKeys hashes one stream: header fields, separator, body (trap K9). The separator belongs
//! to the body here, because it is dropped like any empty line when nothing follows it (trap K7).

use crate::blank::{behind, count_line_ends, last_but};
use crate::compact::{BLOCK, Sifted};
use crate::line::{LineEnds, SimpleLines};
use crate::scan::{self, Form, Window, any};
use crate::sink::{Gather, Sink};
use std::fmt;

/// The choice of a DomainKey-Signature's `c=` tag, for header and body together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Canonicalization {
    /// Lines as they are (RFC 4870 §3.4.2.1).
    Simple,
    /// Without any white space (RFC 4870 §3.4.2.2).
    Nofws,
}

/// The text is no canonicalization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCanonicalization;

impl Canonicalization {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Simple, Self::Nofws];

    /// The word of the `c=` tag.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Nofws => "nofws",
        }
    }

    /// Reads the word of a `c=` tag.
    ///
    /// # Errors
    /// [`BadCanonicalization`] when it is neither `simple` nor `nofws`.
    pub fn parse(text: &str) -> Result<Self, BadCanonicalization> {
        let known = Self::ALL.into_iter().find(|known| text.eq_ignore_ascii_case(known.name()));
        known.ok_or(BadCanonicalization)
    }
}

impl fmt::Display for Canonicalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for BadCanonicalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simple and nofws are the canonicalizations of DomainKeys")
    }
}

impl std::error::Error for BadCanonicalization {}

/// Canonicalizes one field, given without the line end that closes it, and closes it with CRLF.
///
/// The name keeps its case, in `nofws` too (trap K8).
pub fn header(canonicalization: Canonicalization, field: &[u8], sink: &mut impl Sink) {
    match canonicalization {
        Canonicalization::Simple => sink.put(field),
        Canonicalization::Nofws => {
            let mut out = Gather::new(sink);
            let kept = field.iter().filter(|&&octet| !is_deleted(octet));
            kept.for_each(|&octet| out.push(octet));
            out.flush();
        }
    }
    sink.put(b"\r\n");
}

/// The separator and the body on their way into the digest that already holds the header.
#[derive(Debug, Clone)]
pub struct Body(State);

#[derive(Debug, Clone)]
enum State {
    Simple(SimpleLines),
    Nofws(NofwsLines),
}

impl Body {
    /// A body of which nothing has come yet.
    #[must_use]
    pub const fn new(canonicalization: Canonicalization) -> Self {
        // The separator is the first line end that is withheld until text follows.
        let ends = LineEnds::after(1);
        Self(match canonicalization {
            Canonicalization::Simple => State::Simple(SimpleLines::new(ends)),
            Canonicalization::Nofws => State::Nofws(NofwsLines { ends, after_cr: false }),
        })
    }

    /// Takes the next octets of the body.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut impl Sink) {
        let mut out = Gather::new(sink);
        match &mut self.0 {
            State::Simple(lines) => scan::feed(lines, chunk, &mut out),
            State::Nofws(lines) => scan::feed(lines, chunk, &mut out),
        }
        out.flush();
    }

    /// The same, octet by octet.
    pub(crate) fn step_through(&mut self, chunk: &[u8], sink: &mut impl Sink) {
        let mut out = Gather::new(sink);
        match &mut self.0 {
            State::Simple(lines) => chunk.iter().for_each(|&octet| lines.step(octet, &mut out)),
            State::Nofws(lines) => chunk.iter().for_each(|&octet| lines.step(octet, &mut out)),
        }
        out.flush();
    }

    /// Ends the body.
    pub fn finish(self, sink: &mut impl Sink) {
        let mut out = Gather::new(sink);
        let any_text = match self.0 {
            State::Simple(lines) => lines.finish(&mut out),
            State::Nofws(lines) => lines.ends.any_text(),
        };
        out.flush();
        if any_text {
            sink.put(b"\r\n");
        }
    }
}

/// The `nofws` form of a body: no SP, HTAB, CR or LF inside a line (trap K8).
#[derive(Debug, Clone)]
struct NofwsLines {
    ends: LineEnds,
    after_cr: bool,
}

impl Form for NofwsLines {
    #[inline]
    fn step<S: Sink>(&mut self, octet: u8, out: &mut Gather<'_, S>) {
        let after_cr = std::mem::replace(&mut self.after_cr, octet == b'\r');
        match octet {
            b'\n' if after_cr => self.ends.end_line(),
            _ if is_deleted(octet) => {}
            _ => self.ends.text(octet, out),
        }
    }

    fn ends(&mut self) -> &mut LineEnds {
        &mut self.ends
    }

    fn open(&self) -> usize {
        usize::from(self.after_cr)
    }

    fn reopen(&mut self) {
        self.after_cr = false;
    }

    fn skip(&mut self, block: &[u8; BLOCK]) -> bool {
        if block.iter().fold(false, |text, &octet| text | !is_deleted(octet)) {
            return false;
        }
        self.ends.end_lines(count_line_ends(&behind(self.after_cr, block)));
        self.after_cr = block[BLOCK - 1] == b'\r';
        true
    }

    fn text_end(chunk: &[u8]) -> usize {
        last_but(chunk, is_deleted)
    }

    #[inline(always)]
    fn is_clean(window: &Window) -> bool {
        let stray_lf = (window[0] == b'\r') != (window[1] == b'\n');
        let work = any(window, |at| {
            let stray = (at.octet == b'\r') != (at.next == b'\n');
            (at.octet == b' ') | (at.octet == b'\t') | stray
        });
        !(stray_lf | work)
    }

    fn sift(window: &Window) -> Sifted {
        Sifted::new(window, |at| {
            let cr = (at.octet == b'\r') & (at.next == b'\n');
            let lf = (at.before == b'\r') & (at.octet == b'\n');
            (at.octet, !is_deleted(at.octet) | cr | lf)
        })
    }
}

/// What `nofws` deletes, but for line ends (trap K8).
const fn is_deleted(octet: u8) -> bool {
    (octet == b' ') | (octet == b'\t') | (octet == b'\r') | (octet == b'\n')
}

#[cfg(test)]
mod tests;
