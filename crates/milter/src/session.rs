//! One conversation with an MTA: which command may come when, what is reported, and what is owed to
//! the MTA.

mod commands;
mod error;
mod state;
mod talk;

pub use error::{AnswerError, ProtocolError};
use talk::{Found, Talk};

use crate::event::{ConnectToken, Event, HeadersToken, MessageToken, Step};
use crate::macros::Macros;
use crate::negotiation::{Options, Terms};
use crate::reply::{ConnectReply, Disposition, HeadersReply, MessageReply};
use crate::wire::Frames;

/// The filter's side of one connection.
///
/// The caller hands input to [`receive`](Self::receive) until that says [`Event::NeedMore`], then
/// writes the output and reads more. Three events carry a token, and the MTA waits until it is
/// answered. Replies that have nothing to decide are written by the session itself: one for each
/// command whose reply was not declined, none for any other (trap W22).
#[derive(Debug)]
pub struct Session {
    frames: Frames,
    talk: Talk,
    /// The value of the last header field with a space in front, where the MTA removes it.
    spaced: Vec<u8>,
}

impl Session {
    /// A connection on which nothing has been said.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { frames: Frames::new(options.limits), talk: Talk::new(options), spaced: Vec::new() }
    }

    /// Takes what it can of `input` and says what happened. To be called until [`Event::NeedMore`],
    /// also when all input is consumed: one frame can be several events.
    ///
    /// # Errors
    ///
    /// When the MTA does not keep to the protocol; the connection is then to be closed, and all
    /// further input is an error. [`ProtocolError::AnswerOutstanding`] is the caller's mistake, and
    /// changes nothing.
    pub fn receive<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<'a>, ProtocolError> {
        let Self { frames, talk, spaced } = self;
        let (consumed, found) = match talk.find(frames, input) {
            Ok(found) => found,
            Err(error) => return Err(talk.fail(error)),
        };
        let event = match found {
            Found::Nothing => Event::NeedMore,
            Found::Piece(piece) => Event::Body(input.get(piece).unwrap_or_default()),
            Found::Command(kind, place) => {
                let payload = frames.payload(&place, input);
                match talk.command(kind, payload, spaced) {
                    Ok(event) => event,
                    Err(error) => return Err(talk.fail(error)),
                }
            }
        };
        Ok(Step { consumed, event })
    }

    /// Answers a connect.
    ///
    /// # Errors
    ///
    /// When the token is not that of the event that waits for an answer.
    #[expect(clippy::needless_pass_by_value, reason = "an answer uses up its token")]
    pub fn answer_connect(
        &mut self,
        token: ConnectToken,
        reply: ConnectReply,
    ) -> Result<(), AnswerError> {
        self.talk.answer_connect(token.serial, &reply.into())
    }

    /// Answers the end of headers.
    ///
    /// # Errors
    ///
    /// When the token is not that of the event that waits for an answer.
    #[expect(clippy::needless_pass_by_value, reason = "an answer uses up its token")]
    pub fn answer_headers(
        &mut self,
        token: HeadersToken,
        reply: HeadersReply,
    ) -> Result<(), AnswerError> {
        self.talk.answer_headers(token.serial, reply.into())
    }

    /// Answers the end of a message. The modifications are sent if the message goes on, and dropped
    /// if it does not.
    ///
    /// # Errors
    ///
    /// When the token in `reply` is not that of the event that waits for an answer.
    #[expect(clippy::needless_pass_by_value, reason = "an answer is given once")]
    pub fn answer_message(
        &mut self,
        reply: MessageReply,
        disposition: Disposition,
    ) -> Result<(), AnswerError> {
        let (token, edits) = reply.into_parts();
        self.talk.answer_message(token.serial, &edits, &disposition)
    }

    /// Tells the MTA that the answer to the end of a message will take longer (trap W16).
    ///
    /// # Errors
    ///
    /// When the token is not that of the event that waits for an answer.
    pub fn progress(&mut self, token: &MessageToken) -> Result<(), AnswerError> {
        self.talk.progress(token.serial)
    }

    /// The number of the frame that has begun and not arrived whole, if there is one. Whoever ends
    /// the conversation here cuts it; whoever sees the same number for long waits for a peer that
    /// dawdles.
    #[must_use]
    pub const fn unfinished_frame(&self) -> Option<u64> {
        self.frames.unfinished()
    }

    /// What the connection has agreed on.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.talk.terms()
    }

    /// The macros that are in force. Those of a message go with the answer that decides it.
    #[must_use]
    pub fn macros(&self) -> &Macros {
        &self.talk.macros
    }

    /// What is to be written to the MTA.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.talk.output
    }

    /// Says that the output was written.
    pub fn clear_output(&mut self) {
        self.talk.output.clear();
        self.talk.output.shrink_to(KEPT_OCTETS);
    }

    /// Takes what is to be written to the MTA.
    #[must_use]
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.talk.output)
    }
}

/// What a buffer keeps for the next use: enough for nearly every field and answer.
const KEPT_OCTETS: usize = 1024;

#[cfg(test)]
mod tests;
