//! Whole blocks at once where nothing in them needs work, or where the work is to leave octets out.
//!
//! Each form of a body is a machine of single octets, which is what the standards describe, and
//! [`reference`](mod@crate::reference) is that machine and nothing else. One octet at a time is
//! slower than hashing, though, so [`feed`] takes the machine's way only where it has to: where
//! something is withheld. Between text that has come out and the last text of the chunk everything
//! is decided by the octets beside it, and is done block by block:
//!
//! - a block that is canonical already ([`Form::is_clean`]) passes as a slice of the chunk,
//!   together
//!   with its neighbours;
//! - of any other block the octets that stay ([`Form::sift`]) are moved together.
//!
//! What these two ask of each octet has no branch in it, so that the compiler makes vector
//! instructions of them on every processor that has some.

use crate::compact::{BLOCK, Sifted};
use crate::line::LineEnds;
use crate::sink::{Gather, Sink};

/// How many octets behind a block decide about those in it.
const AHEAD: usize = 2;

/// A block with the octet before it and the [`AHEAD`] octets behind it.
pub(crate) type Window = [u8; 1 + BLOCK + AHEAD];

/// An octet of a block with its neighbours.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) before: u8,
    pub(crate) octet: u8,
    pub(crate) next: u8,
    pub(crate) after_next: u8,
}

impl Place {
    /// The octet at `at`, counted in the block.
    #[inline(always)]
    pub(crate) const fn of(window: &Window, at: usize) -> Self {
        let (before, octet) = (window[at], window[at + 1]);
        Self { before, octet, next: window[at + 2], after_next: window[at + 3] }
    }
}

/// Whether something holds for any place of a block.
#[inline(always)]
pub(crate) fn any(window: &Window, of: impl Fn(Place) -> bool) -> bool {
    // Without a way out of the loop it is a handful of vector instructions.
    (0..BLOCK).fold(false, |any, at| any | of(Place::of(window, at)))
}

/// A form of a body: a machine of single octets, and what is needed to do without it.
pub(crate) trait Form {
    /// Takes one octet.
    fn step<S: Sink>(&mut self, octet: u8, out: &mut Gather<'_, S>);

    /// The line ends withheld.
    fn ends(&mut self) -> &mut LineEnds;

    /// How many of the last octets are neither put out nor dropped, nor counted as line ends.
    fn open(&self) -> usize;

    /// Forgets the octets that are open: they will be taken once more.
    fn reopen(&mut self);

    /// Takes a block if it has no text in it and none comes out because of it.
    fn skip(&mut self, block: &[u8; BLOCK]) -> bool;

    /// The place behind the last octet of a chunk that is surely text, 0 without any: all that
    /// stands before it comes out or goes, whatever follows the chunk. What is text may be
    /// overlooked, what is not must not be taken for it.
    fn text_end(chunk: &[u8]) -> usize;

    /// Whether all of a block stays as it is. A block may be clean and not be found so.
    fn is_clean(window: &Window) -> bool;

    /// Sorts out what stays of a block, if text comes before and behind it.
    fn sift(window: &Window) -> Sifted;
}

/// From how many octets on blocks are looked for. The edges of a shorter chunk are most of it.
const LEAST: usize = BLOCK;

/// Takes the next octets of a body, with the same result as [`Form::step`] for each of them.
pub(crate) fn feed<F: Form, S: Sink>(form: &mut F, chunk: &[u8], out: &mut Gather<'_, S>) {
    let end = if chunk.len() < LEAST { 0 } else { F::text_end(chunk) };
    let mut at = 0;
    while at < chunk.len() {
        at = if let Some(start) = blocks_start(form, at, end) {
            form.reopen();
            form.ends().text_follows();
            blocks::<F, S>(chunk, start, end, out);
            end
        } else if let Some(block) = chunk[at..].first_chunk()
            && form.skip(block)
        {
            at + BLOCK
        } else {
            steps(form, chunk, at, end, out)
        };
    }
}

/// Where blocks can begin that end at `end`, if `at` is how far the machine has come.
fn blocks_start<F: Form>(form: &mut F, at: usize, end: usize) -> Option<usize> {
    let start = at.checked_sub(form.open())?;
    (start < end && form.ends().none_held()).then_some(start)
}

/// Goes octet by octet until blocks can begin, at most as far as a block goes, and says how far.
fn steps<F: Form, S: Sink>(
    form: &mut F,
    chunk: &[u8],
    mut at: usize,
    end: usize,
    out: &mut Gather<'_, S>,
) -> usize {
    let stop = chunk.len().min(at + BLOCK);
    while at < stop {
        form.step(chunk[at], out);
        at += 1;
        if blocks_start(form, at, end).is_some() {
            break;
        }
    }
    at
}

/// Takes what stands from `start` to `end`; there a text ends.
fn blocks<F: Form, S: Sink>(chunk: &[u8], start: usize, end: usize, out: &mut Gather<'_, S>) {
    let (mut at, mut clean, mut dirty) = (start, start, false);
    while at < end {
        let at_edge;
        let window = match at.checked_sub(1).and_then(|before| chunk[before..].first_chunk()) {
            Some(window) => window,
            None => {
                at_edge = edge(chunk, at);
                &at_edge
            }
        };
        let len = BLOCK.min(end - at);
        // Where one block needs work the next one mostly does, too.
        if dirty || !F::is_clean(window) {
            out.pass(&chunk[clean..at]);
            dirty = out.sift(&F::sift(window).first(len)) < BLOCK;
            clean = at + len;
        }
        at += len;
    }
    out.pass(&chunk[clean..end]);
}

/// The window at `at` where it reaches over the edge of the chunk.
///
/// What is there does not matter. A CR or white space before the chunk that decided about anything
/// in it would be open, and nothing behind a text decides about it.
#[inline(never)]
fn edge(chunk: &[u8], at: usize) -> Window {
    let mut window = [b'x'; 1 + BLOCK + AHEAD];
    let octets = &chunk[at.saturating_sub(1)..chunk.len().min(at + BLOCK + AHEAD)];
    let from = usize::from(at == 0);
    window[from..from + octets.len()].copy_from_slice(octets);
    window
}

#[cfg(test)]
mod tests;
