//! The answers of a filter. Which of them is possible depends on the stage, and so do the types
//! (trap W22): there is no SKIP, and nothing but the end of a message allows a modification.

mod check;
mod message;
mod smtp;

pub use check::ModificationError;
pub use message::MessageReply;
pub use smtp::{BadSmtpReply, SmtpReply};

use crate::wire::{ReplyKind, put_frame};

/// The longest payload of a reply. libmilter never sends more in one frame, so no MTA has to take
/// more.
pub const MAX_REPLY_OCTETS: usize = 65_535;

/// The answer to a connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectReply {
    /// Show what follows.
    Continue,
    /// This client's mail is none of our business: nothing more of this connection is shown.
    Accept,
    /// Refuse the client temporarily (4xx).
    TempFail,
    /// Refuse the client.
    Reject,
}

/// The answer to the end of headers. To be spared the body, accept: SKIP does not stop it here
/// (trap W22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadersReply {
    /// Show the body.
    Continue,
    /// Take the message as it is; the body is not shown.
    Accept,
    /// Refuse the message temporarily (4xx).
    TempFail,
    /// Refuse the message.
    Reject,
    /// Take the message and drop it.
    Discard,
    /// Refuse the message with a text.
    Refuse(SmtpReply),
}

/// What becomes of a message, at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Take the message; ask no further filter stage of ours.
    Accept,
    /// Take the message as far as we are concerned.
    Continue,
    /// Refuse the message temporarily (4xx).
    TempFail,
    /// Refuse the message.
    Reject,
    /// Take the message and drop it.
    Discard,
    /// Refuse the message with a text.
    Refuse(SmtpReply),
    /// Close the SMTP connection with 421.
    Shutdown,
}

impl Disposition {
    /// Whether the message goes on, so that modifications matter.
    pub(crate) fn delivers(&self) -> bool {
        match self {
            Self::Accept | Self::Continue => true,
            Self::TempFail | Self::Reject | Self::Discard | Self::Refuse(_) | Self::Shutdown => {
                false
            }
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let kind = match self {
            Self::Accept => ReplyKind::Accept,
            Self::Continue => ReplyKind::Continue,
            Self::TempFail => ReplyKind::TempFail,
            Self::Reject => ReplyKind::Reject,
            Self::Discard => ReplyKind::Discard,
            Self::Shutdown => ReplyKind::Shutdown,
            Self::Refuse(reply) => {
                put_frame(out, ReplyKind::SmtpReply.letter(), &[reply.wire(), b"\0"]);
                return;
            }
        };
        put_frame(out, kind.letter(), &[]);
    }
}

impl From<ConnectReply> for Disposition {
    fn from(reply: ConnectReply) -> Self {
        match reply {
            ConnectReply::Continue => Self::Continue,
            ConnectReply::Accept => Self::Accept,
            ConnectReply::TempFail => Self::TempFail,
            ConnectReply::Reject => Self::Reject,
        }
    }
}

impl From<HeadersReply> for Disposition {
    fn from(reply: HeadersReply) -> Self {
        match reply {
            HeadersReply::Continue => Self::Continue,
            HeadersReply::Accept => Self::Accept,
            HeadersReply::TempFail => Self::TempFail,
            HeadersReply::Reject => Self::Reject,
            HeadersReply::Discard => Self::Discard,
            HeadersReply::Refuse(reply) => Self::Refuse(reply),
        }
    }
}
