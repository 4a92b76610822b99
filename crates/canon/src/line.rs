//! What all bodies have in common: line ends are withheld until it is known that text follows.

use crate::blank::{behind, count_line_ends, is_blank, last_text};
use crate::compact::{BLOCK, Sifted};
use crate::scan::{Form, Window};
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

    pub(crate) fn end_lines(&mut self, count: u8) {
        self.held += u64::from(count);
    }

    pub(crate) const fn none_held(&self) -> bool {
        self.held == 0
    }

    /// Text is about to come out by another way than [`Self::text`].
    pub(crate) const fn text_follows(&mut self) {
        self.any_text = true;
    }

    #[inline]
    pub(crate) fn text<S: Sink>(&mut self, octet: u8, out: &mut Gather<'_, S>) {
        if self.held > 0 {
            self.release(out);
        }
        self.any_text = true;
        out.push(octet);
    }

    fn release<S: Sink>(&mut self, out: &mut Gather<'_, S>) {
        const SEVERAL: [[u8; 2]; 128] = [*b"\r\n"; 128];
        while let Some(rest) = self.held.checked_sub(SEVERAL.len() as u64) {
            out.pass(SEVERAL.as_flattened());
            self.held = rest;
        }
        for _ in 0..self.held {
            out.pass(b"\r\n");
        }
        self.held = 0;
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

impl Form for SimpleLines {
    #[inline]
    fn step<S: Sink>(&mut self, octet: u8, out: &mut Gather<'_, S>) {
        if self.after_cr && octet == b'\n' {
            self.after_cr = false;
            return self.ends.end_line();
        }
        self.release_cr(out);
        match octet {
            b'\r' => self.after_cr = true,
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
        let octets = behind(self.after_cr, block);
        if !is_blank(&octets, |_| false) {
            return false;
        }
        self.ends.end_lines(count_line_ends(&octets));
        self.after_cr = block[BLOCK - 1] == b'\r';
        true
    }

    fn text_end(chunk: &[u8]) -> usize {
        last_text(chunk, |_| false)
    }

    /// Always: empty lines at the end stand behind the last text, where no block is asked about.
    #[inline(always)]
    fn is_clean(_: &Window) -> bool {
        true
    }

    fn sift(window: &Window) -> Sifted {
        Sifted::new(window, |place| (place.octet, true))
    }
}
