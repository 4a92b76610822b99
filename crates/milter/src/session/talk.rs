//! The conversation: what is reported, what is owed to the MTA, and what answers are taken.

use std::ops::Range;

use super::error::{AnswerError, ProtocolError};
use super::state::{Phase, State};
use crate::macros::Macros;
use crate::negotiation::{Options, Terms};
use crate::reply::Disposition;
use crate::wire::{CommandKind, Frames, Part, Place, ReplyKind, put_frame};

/// All of a session but its buffers, which events borrow while this changes.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) options: Options,
    pub(super) state: State,
    pub(super) macros: Macros,
    pub(super) output: Vec<u8>,
}

/// What there is to report.
pub(super) enum Found {
    Nothing,
    Piece(Range<usize>),
    Command(CommandKind, Place),
}

impl Talk {
    pub(super) fn new(options: Options) -> Self {
        Self { options, state: State::Greeting, macros: Macros::default(), output: Vec::new() }
    }

    pub(super) fn terms(&self) -> Option<&Terms> {
        match &self.state {
            State::Open(terms, _) => Some(terms),
            State::Greeting | State::Closed => None,
        }
    }

    /// Takes parts of the input until there is something to report.
    pub(super) fn find(
        &mut self,
        frames: &mut Frames,
        input: &[u8],
    ) -> Result<(usize, Found), ProtocolError> {
        if let Some((command, _)) = self.state.outstanding() {
            return Err(ProtocolError::AnswerOutstanding { command });
        }
        if matches!(self.state, State::Closed) {
            let nothing = Ok((0, Found::Nothing));
            return if input.is_empty() { nothing } else { Err(ProtocolError::Ended) };
        }
        let mut consumed = 0;
        loop {
            match frames.take(input, &mut consumed)? {
                Part::More => return Ok((consumed, Found::Nothing)),
                Part::Piece { kind, piece } => {
                    self.expect(kind)?;
                    if self.state.decided().is_none() {
                        return Ok((consumed, Found::Piece(piece)));
                    }
                }
                Part::Frame { kind, place } => {
                    self.expect(kind)?;
                    if self.reports(kind) {
                        return Ok((consumed, Found::Command(kind, place)));
                    }
                    self.take_silently(kind, frames.payload(&place, input))?;
                }
            }
        }
    }

    /// No further input is taken after an error, unless it was the caller's.
    pub(super) fn fail(&mut self, error: ProtocolError) -> ProtocolError {
        if !matches!(error, ProtocolError::AnswerOutstanding { .. }) {
            self.state = State::Closed;
        }
        error
    }

    pub(super) fn answer_connect(
        &mut self,
        serial: u64,
        disposition: &Disposition,
    ) -> Result<(), AnswerError> {
        self.check_token(CommandKind::Connect, serial)?;
        disposition.encode(&mut self.output);
        let goes_on = *disposition == Disposition::Continue;
        self.enter(if goes_on { Phase::Connected } else { Phase::Dismissed });
        Ok(())
    }

    pub(super) fn answer_headers(
        &mut self,
        serial: u64,
        disposition: Disposition,
    ) -> Result<(), AnswerError> {
        self.check_token(CommandKind::EndOfHeaders, serial)?;
        disposition.encode(&mut self.output);
        if disposition == Disposition::Continue {
            self.enter(Phase::Body);
        } else {
            self.macros.end_message();
            self.enter(Phase::Decided(disposition));
        }
        Ok(())
    }

    /// Edits and answer go to the output together (trap W19).
    pub(super) fn answer_message(
        &mut self,
        serial: u64,
        edits: &[u8],
        disposition: &Disposition,
    ) -> Result<(), AnswerError> {
        self.check_token(CommandKind::EndOfBody, serial)?;
        if disposition.delivers() {
            self.output.extend_from_slice(edits);
        }
        disposition.encode(&mut self.output);
        self.macros.end_message();
        let ends = *disposition == Disposition::Shutdown;
        self.enter(if ends { Phase::Dismissed } else { Phase::Connected });
        Ok(())
    }

    pub(super) fn progress(&mut self, serial: u64) -> Result<(), AnswerError> {
        self.check_token(CommandKind::EndOfBody, serial)?;
        put_frame(&mut self.output, ReplyKind::Progress.letter(), &[]);
        Ok(())
    }

    fn check_token(&self, command: CommandKind, serial: u64) -> Result<(), AnswerError> {
        if self.state.outstanding() == Some((command, serial)) {
            Ok(())
        } else {
            Err(AnswerError::WrongToken { command })
        }
    }

    fn expect(&self, command: CommandKind) -> Result<(), ProtocolError> {
        if self.state.allows(command) {
            Ok(())
        } else {
            Err(ProtocolError::OutOfOrder { command, phase: self.state.name() })
        }
    }

    fn reports(&self, kind: CommandKind) -> bool {
        let of_decided = kind == CommandKind::EndOfBody && self.state.decided().is_some();
        !of_decided && !matches!(kind, CommandKind::Macros | CommandKind::Body)
    }

    fn take_silently(&mut self, kind: CommandKind, payload: &[u8]) -> Result<(), ProtocolError> {
        if kind == CommandKind::Macros {
            return self.define_macros(payload);
        }
        match self.state.decided() {
            // MTAs do not ask again, but one that did would wait for an answer.
            Some(disposition) if kind == CommandKind::EndOfBody => {
                disposition.encode(&mut self.output);
            }
            _ => self.acknowledge(kind),
        }
        Ok(())
    }

    /// Trap W22: CONTINUE if the MTA waits for a reply, nothing if the reply was declined.
    pub(super) fn acknowledge(&mut self, kind: CommandKind) {
        if self.terms().is_some_and(|terms| terms.awaits_reply(kind)) {
            Disposition::Continue.encode(&mut self.output);
        }
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        if let State::Open(_, current) = &mut self.state {
            *current = phase;
        }
    }
}
