//! What all bodies have in common: line ends are withheld until it is known that text follows.

use crate::sink::{Gather, Sink};

/// Counts line ends until text shows that they stand inside the body and not at its end.
#[derive(Debug, Clone)]
pub(crate) struct LineEnds {
    /// CRLFs seen since the last text.
    held: u64,
    /// Whether any text came out.
    any_text: bool,
}

impl LineEnds {
    /// `held` line ends precede the body.
    pub(crate) const fn after(held: u64) -> Self {
        Self { held, any_text: false }
    }

    pub(crate) const fn end_line(&mut self) {
        self.held += 1;
    }

    pub(crate) fn text<S: Sink>(&mut self, octet: u8, out: &mut Gather<'_, S>) {
        for _ in 0..self.held {
            out.push(b'\r');
            out.push(b'\n');
        }
        self.held = 0;
        self.any_text = true;
        out.push(octet);
    }

    /// Whether any text came out: then the body ends in one CRLF, whatever it ended in before
    /// (trap H3).
    pub(crate) const fn any_text(&self) -> bool {
        self.any_text
    }
}

/// The `simple` form of a body up to its end, which DKIM and DomainKeys share: lines as they are,
/// empty lines at the end withheld.
#[derive(Debug, Clone)]
pub(crate) struct SimpleLines {
    ends: LineEnds,
    after_cr: bool,
}

impl SimpleLines {
    pub(crate) const fn new(ends: LineEnds) -> Self {
        Self { ends, after_cr: false }
    }

    pub(crate) fn feed<S: Sink>(&mut self, chunk: &[u8], out: &mut Gather<'_, S>) {
        for &octet in chunk {
            if self.after_cr && octet == b'\n' {
                self.after_cr = false;
                self.ends.end_line();
                continue;
            }
            self.release_cr(out);
            match octet {
                b'\r' => self.after_cr = true,
                _ => self.ends.text(octet, out),
            }
        }
    }

    /// A CR that no LF follows is text.
    fn release_cr<S: Sink>(&mut self, out: &mut Gather<'_, S>) {
        if self.after_cr {
            self.after_cr = false;
            self.ends.text(b'\r', out);
        }
    }

    /// Says whether any text came out.
    pub(crate) fn finish<S: Sink>(mut self, out: &mut Gather<'_, S>) -> bool {
        self.release_cr(out);
        self.ends.any_text()
    }
}
