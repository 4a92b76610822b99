//! What goes wrong in a conversation.

use crate::macros::MacroFault;
use crate::wire::{Actions, CommandKind, FieldError, FrameError};

/// How the MTA broke the protocol, or why we cannot work with it. The connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame of length zero: not even a letter.
    #[error("frame of length 0")]
    EmptyFrame,
    /// A frame begins with a letter that is no command.
    #[error("unknown command {letter:?}")]
    UnknownCommand {
        /// The letter.
        letter: char,
    },
    /// A frame is longer than allowed.
    #[error("{command} frame of {octets} octets is longer than the limit of {limit}")]
    FrameTooLong {
        /// Which command.
        command: CommandKind,
        /// The length that it announced.
        octets: usize,
        /// The limit.
        limit: usize,
    },
    /// The fields of a frame are wrong.
    #[error("{command} frame: {fault}")]
    Malformed {
        /// Which command.
        command: CommandKind,
        /// What is wrong with it.
        fault: FieldError,
    },
    /// A command came when it must not.
    #[error("{command} command out of order {phase}")]
    OutOfOrder {
        /// Which command.
        command: CommandKind,
        /// What the conversation had come to, as in "before the negotiation".
        phase: &'static str,
    },
    /// The MTA speaks a version of the protocol that is too old.
    #[error("the MTA speaks protocol version {offered}, at least 2 is needed")]
    VersionTooOld {
        /// Its version.
        offered: u32,
    },
    /// The MTA does not allow what we are there for.
    #[error(
        "the MTA does not allow what is needed: needed {needed}, offered {offered} with version {version}"
    )]
    ActionsMissing {
        /// What is needed.
        needed: Actions,
        /// What was offered.
        offered: Actions,
        /// The version that both speak; it can lack some of what was offered.
        version: u32,
    },
    /// A macro without a value.
    #[error("macro {name:?} for {command} has no value")]
    MacroWithoutValue {
        /// For which command.
        command: CommandKind,
        /// The macro.
        name: String,
    },
    /// More macros than allowed.
    #[error("more than {limit} macros for {command}")]
    TooManyMacros {
        /// For which command.
        command: CommandKind,
        /// The limit.
        limit: usize,
    },
    /// Input came after the MTA had quit, or after an error.
    #[error("octets after the end of the conversation")]
    Ended,
    /// The caller read on although the MTA waits for an answer. Nothing has changed; answer first.
    #[error("{command} is to be answered before more is read")]
    AnswerOutstanding {
        /// What is to be answered.
        command: CommandKind,
    },
}

/// Why an answer was not taken. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The token is from another event than the one that waits for an answer.
    #[error("answer to {command}: its token is not of the event that waits for an answer")]
    WrongToken {
        /// What the token is for.
        command: CommandKind,
    },
}

impl ProtocolError {
    pub(super) fn malformed(command: CommandKind) -> impl FnOnce(FieldError) -> Self {
        move |fault| Self::Malformed { command, fault }
    }

    pub(super) fn macros(command: CommandKind, fault: MacroFault) -> Self {
        match fault {
            MacroFault::Unterminated => Self::Malformed {
                command: CommandKind::Macros,
                fault: FieldError::Unterminated { field: "last macro" },
            },
            MacroFault::NoValue { name } => Self::MacroWithoutValue { command, name },
            MacroFault::TooMany { limit } => Self::TooManyMacros { command, limit },
        }
    }
}

impl From<FrameError> for ProtocolError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Empty => Self::EmptyFrame,
            FrameError::UnknownCommand { letter } => Self::UnknownCommand { letter: letter.into() },
            FrameError::TooLong { command, octets, limit } => {
                Self::FrameTooLong { command, octets, limit }
            }
        }
    }
}
