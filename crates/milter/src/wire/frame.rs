//! Frames: cut from the input, put together where they arrive in pieces, and written.

use std::ops::Range;

use super::CommandKind;

/// The longest command frame, letter included. A header field comes whole in one: Postfix cuts
/// fields at 102,400 octets (`header_size_limit`), Sendmail passes 32 KiB by default, and both can
/// be told otherwise.
pub const MAX_COMMAND_FRAME: usize = 256 * 1024;

/// The longest body frame, letter included. 65,536 is usual; the protocol has flags for chunks of
/// up to 1 MiB. Bodies are passed on in pieces, so this costs no memory: it is there to notice a
/// stream that is no milter protocol at all.
pub const MAX_BODY_FRAME: usize = 1024 * 1024 + 1;

/// The longest macro frame, letter included. They are kept for the time of a connection; what MTAs
/// send is some hundred octets, a certificate's names some thousand.
pub const MAX_MACRO_FRAME: usize = 32 * 1024;

/// The largest number of macros for one stage. MTAs send about ten.
pub const MAX_MACROS: usize = 128;

/// How much an MTA may send at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a command frame, letter included.
    pub command_octets: usize,
    /// Octets of a body frame, letter included.
    pub body_octets: usize,
    /// Octets of a macro frame, letter included.
    pub macro_octets: usize,
    /// Macros for one stage.
    pub macros: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_octets: MAX_COMMAND_FRAME,
            body_octets: MAX_BODY_FRAME,
            macro_octets: MAX_MACRO_FRAME,
            macros: MAX_MACROS,
        }
    }
}

impl Limits {
    fn octets(self, kind: CommandKind) -> usize {
        match kind {
            CommandKind::Body | CommandKind::EndOfBody => self.body_octets,
            CommandKind::Macros => self.macro_octets,
            CommandKind::Negotiate
            | CommandKind::Connect
            | CommandKind::Helo
            | CommandKind::Mail
            | CommandKind::Recipient
            | CommandKind::Data
            | CommandKind::Unknown
            | CommandKind::Header
            | CommandKind::EndOfHeaders
            | CommandKind::Abort
            | CommandKind::Quit
            | CommandKind::QuitNewConnection => self.command_octets,
        }
    }
}

/// What is wrong with a frame as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    Empty,
    UnknownCommand { letter: u8 },
    TooLong { command: CommandKind, octets: usize, limit: usize },
}

/// What the front of the input is. Places instead of slices, so that the caller can look at several
/// parts before it borrows the one that it reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The input is used up.
    More,
    /// A piece of a body frame.
    Piece { kind: CommandKind, piece: Range<usize> },
    /// A whole frame; for body frames, after all pieces, without payload.
    Frame { kind: CommandKind, place: Place },
}

/// Where the payload of a frame is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Input(Range<usize>),
    Collected,
}

/// Cuts the input into frames.
#[derive(Debug)]
pub(crate) struct Frames {
    limits: Limits,
    reading: Reading,
    /// The beginning of a frame that has not arrived whole, or one that was reported and is in use
    /// until the next call.
    collected: Vec<u8>,
    reported: bool,
    /// How many frames have ended.
    ended: u64,
}

#[derive(Clone, Copy, Debug)]
enum Reading {
    Prefix,
    Whole { kind: CommandKind, octets: usize },
    Body { kind: CommandKind, left: usize },
}

/// Four octets of length, one letter.
const PREFIX_OCTETS: usize = 5;

/// The buffer that a connection keeps between frames; a larger one was for one long header field.
const KEPT_OCTETS: usize = 1024;

impl Frames {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, reading: Reading::Prefix, collected: Vec::new(), reported: false, ended: 0 }
    }

    /// Takes the next part of `input` from `at` on, and moves `at` behind it.
    pub(crate) fn take(&mut self, input: &[u8], at: &mut usize) -> Result<Part, FrameError> {
        self.forget_reported();
        if matches!(self.reading, Reading::Prefix) {
            self.collect(input, at, PREFIX_OCTETS);
            let Some(reading) = self.prefix()? else { return Ok(Part::More) };
            self.collected.clear();
            self.reading = reading;
        }
        Ok(match self.reading {
            Reading::Prefix => Part::More,
            Reading::Whole { kind, octets } => self.whole(kind, octets, input, at),
            Reading::Body { kind, left } => self.body(kind, left, input, at),
        })
    }

    /// The payload of the frame that was reported last.
    pub(crate) fn payload<'a>(&'a self, place: &Place, input: &'a [u8]) -> &'a [u8] {
        match place {
            Place::Input(range) => input.get(range.clone()).unwrap_or_default(),
            Place::Collected => &self.collected,
        }
    }

    const fn end(&mut self) {
        self.reading = Reading::Prefix;
        self.ended += 1;
    }

    /// The number of the frame that has begun and not ended, if there is one.
    pub(crate) const fn unfinished(&self) -> Option<u64> {
        let begun = match self.reading {
            Reading::Prefix => !self.collected.is_empty() && !self.reported,
            Reading::Whole { .. } | Reading::Body { .. } => true,
        };
        if begun { Some(self.ended) } else { None }
    }

    fn prefix(&self) -> Result<Option<Reading>, FrameError> {
        match *self.collected.as_slice() {
            [0, 0, 0, 0, ..] => Err(FrameError::Empty),
            [a, b, c, d, letter] => {
                let length = u32::from_be_bytes([a, b, c, d]);
                self.announced(usize::try_from(length).unwrap_or(usize::MAX), letter).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn announced(&self, octets: usize, letter: u8) -> Result<Reading, FrameError> {
        let kind = CommandKind::from_letter(letter).ok_or(FrameError::UnknownCommand { letter })?;
        let limit = self.limits.octets(kind);
        if octets > limit {
            return Err(FrameError::TooLong { command: kind, octets, limit });
        }
        let payload = octets.saturating_sub(1);
        Ok(if matches!(kind, CommandKind::Body | CommandKind::EndOfBody) {
            Reading::Body { kind, left: payload }
        } else {
            Reading::Whole { kind, octets: payload }
        })
    }

    fn whole(&mut self, kind: CommandKind, octets: usize, input: &[u8], at: &mut usize) -> Part {
        let end = at.saturating_add(octets);
        if self.collected.is_empty() && input.len() >= end {
            self.end();
            let place = Place::Input(*at..end);
            *at = end;
            return Part::Frame { kind, place };
        }
        self.collect(input, at, octets);
        if self.collected.len() < octets {
            return Part::More;
        }
        self.end();
        self.reported = true;
        Part::Frame { kind, place: Place::Collected }
    }

    fn body(&mut self, kind: CommandKind, left: usize, input: &[u8], at: &mut usize) -> Part {
        if left == 0 {
            self.end();
            return Part::Frame { kind, place: Place::Input(*at..*at) };
        }
        let octets = left.min(input.len().saturating_sub(*at));
        if octets == 0 {
            return Part::More;
        }
        self.reading = Reading::Body { kind, left: left - octets };
        let piece = *at..*at + octets;
        *at = piece.end;
        Part::Piece { kind, piece }
    }

    /// Moves octets to the buffer until it holds `octets`. Memory grows with what has arrived,
    /// never with what was announced.
    fn collect(&mut self, input: &[u8], at: &mut usize, octets: usize) {
        let rest = input.get(*at..).unwrap_or_default();
        let missing = octets.saturating_sub(self.collected.len());
        let taken = rest.get(..missing).unwrap_or(rest);
        self.collected.extend_from_slice(taken);
        *at += taken.len();
    }

    fn forget_reported(&mut self) {
        if self.reported {
            self.reported = false;
            self.collected.clear();
            self.collected.shrink_to(KEPT_OCTETS);
        }
    }
}

/// Writes a frame: `letter`, then `parts` one after the other.
pub(crate) fn put_frame(out: &mut Vec<u8>, letter: u8, parts: &[&[u8]]) {
    let octets = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
    // Every caller is bounded by limits far below what the length can say.
    let length = u32::try_from(octets).unwrap_or(u32::MAX);
    out.reserve(octets.saturating_add(PREFIX_OCTETS));
    out.extend_from_slice(&length.to_be_bytes());
    out.push(letter);
    for part in parts {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests;
