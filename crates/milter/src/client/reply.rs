//! What a filter answers.

use std::fmt;

use crate::negotiation::Offer;
use crate::wire::{FieldError, Fields, ReplyKind};

/// A reply of the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The answer to the negotiation: what the filter wants of the offer, and its lists of macros
    /// by the number of their stage ([`MacroStage::from_number`](crate::MacroStage::from_number)).
    Negotiated(Offer, Vec<(u32, Vec<u8>)>),
    /// The filter is still working.
    Progress,
    /// A change of the message; more follows.
    Modification(Modification),
    /// The last word on a command.
    Verdict(Verdict),
}

/// The last word of a filter on a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Take it without asking again.
    Accept,
    /// Refuse it.
    Reject,
    /// Refuse it temporarily (4xx).
    TempFail,
    /// Take it and drop it.
    Discard,
    /// Close the SMTP connection.
    Shutdown,
    /// Treat the filter as failed.
    ConnectionFailure,
    /// Send no more commands of this kind.
    Skip,
    /// Refuse it with this reply, as on the wire: `%` is doubled.
    Refuse(Vec<u8>),
}

/// A change of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Modification {
    /// Add a field at the end of the header.
    AddHeader {
        /// Its name.
        name: Vec<u8>,
        /// Its value.
        value: Vec<u8>,
    },
    /// Insert a field.
    InsertHeader {
        /// Where (trap W8).
        index: u32,
        /// Its name.
        name: Vec<u8>,
        /// Its value.
        value: Vec<u8>,
    },
    /// Change a field; delete it, if the value is empty.
    ChangeHeader {
        /// Which of those with that name, from 1.
        instance: u32,
        /// Its name.
        name: Vec<u8>,
        /// Its new value.
        value: Vec<u8>,
    },
    /// A piece of the new body.
    ReplaceBody(Vec<u8>),
    /// Add a recipient.
    AddRecipient {
        /// The address.
        address: Vec<u8>,
        /// ESMTP arguments; empty where there are none.
        arguments: Vec<u8>,
    },
    /// Remove a recipient.
    DeleteRecipient {
        /// The address.
        address: Vec<u8>,
    },
    /// Change the envelope sender.
    ChangeSender {
        /// The address.
        address: Vec<u8>,
        /// ESMTP arguments; empty where there are none.
        arguments: Vec<u8>,
    },
    /// Put the message in quarantine.
    Quarantine {
        /// Why.
        reason: Vec<u8>,
    },
}

/// How a filter broke the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// A frame of length zero.
    #[error("reply frame of length 0")]
    EmptyFrame,
    /// A frame begins with a letter that is no reply.
    #[error("unknown reply {letter:?}")]
    UnknownReply {
        /// The letter.
        letter: char,
    },
    /// A frame is longer than any filter sends.
    #[error("reply frame of {octets} octets is longer than the limit of {MAX_REPLY_FRAME}")]
    TooLong {
        /// The length that it announced.
        octets: usize,
    },
    /// The fields of a frame are wrong.
    #[error("{reply} frame: {fault}")]
    Malformed {
        /// Which reply.
        reply: ReplyKind,
        /// What is wrong with it.
        fault: FieldError,
    },
}

/// The longest frame that is taken from a filter, letter included: the largest chunk that can be
/// negotiated.
const MAX_REPLY_FRAME: usize = 1024 * 1024 + 1;

impl Reply {
    /// Takes the first reply from `input`, and how many octets it took. `None` when it is not
    /// complete.
    ///
    /// # Errors
    ///
    /// When `input` begins with something that is no reply.
    pub fn decode(input: &[u8]) -> Result<Option<(Self, usize)>, ReplyError> {
        let Some((length, rest)) = input.split_first_chunk() else { return Ok(None) };
        let octets = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if octets == 0 {
            return Err(ReplyError::EmptyFrame);
        }
        if octets > MAX_REPLY_FRAME {
            return Err(ReplyError::TooLong { octets });
        }
        let Some((letter, payload)) = rest.get(..octets).and_then(<[u8]>::split_first) else {
            return Ok(None);
        };
        let reply = ReplyKind::from_letter(*letter)
            .ok_or(ReplyError::UnknownReply { letter: (*letter).into() })?;
        let fields = Fields::new(payload);
        let decoded =
            Self::fields(reply, fields).map_err(|fault| ReplyError::Malformed { reply, fault })?;
        Ok(Some((decoded, length.len() + octets)))
    }

    fn fields(reply: ReplyKind, mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let decoded = if let Some(verdict) = Verdict::take(reply, &mut fields)? {
            Self::Verdict(verdict)
        } else if let Some(modification) = Modification::take(reply, &mut fields)? {
            Self::Modification(modification)
        } else if reply == ReplyKind::Negotiate {
            negotiated(&mut fields)?
        } else {
            Self::Progress
        };
        fields.end()?;
        Ok(decoded)
    }
}

impl Verdict {
    fn take(reply: ReplyKind, fields: &mut Fields<'_>) -> Result<Option<Self>, FieldError> {
        Ok(Some(match reply {
            ReplyKind::Continue => Self::Continue,
            ReplyKind::Accept => Self::Accept,
            ReplyKind::Reject => Self::Reject,
            ReplyKind::TempFail => Self::TempFail,
            ReplyKind::Discard => Self::Discard,
            ReplyKind::Shutdown => Self::Shutdown,
            ReplyKind::ConnectionFailure => Self::ConnectionFailure,
            ReplyKind::Skip => Self::Skip,
            ReplyKind::SmtpReply => Self::Refuse(text(fields, "reply")?),
            ReplyKind::Negotiate
            | ReplyKind::Progress
            | ReplyKind::AddHeader
            | ReplyKind::InsertHeader
            | ReplyKind::ChangeHeader
            | ReplyKind::ReplaceBody
            | ReplyKind::AddRecipient
            | ReplyKind::AddRecipientWithArguments
            | ReplyKind::DeleteRecipient
            | ReplyKind::ChangeSender
            | ReplyKind::Quarantine => return Ok(None),
        }))
    }
}

impl Modification {
    fn take(reply: ReplyKind, fields: &mut Fields<'_>) -> Result<Option<Self>, FieldError> {
        Ok(Some(match reply {
            ReplyKind::AddHeader => {
                Self::AddHeader { name: text(fields, "name")?, value: text(fields, "value")? }
            }
            ReplyKind::InsertHeader => Self::InsertHeader {
                index: fields.long("index")?,
                name: text(fields, "name")?,
                value: text(fields, "value")?,
            },
            ReplyKind::ChangeHeader => Self::ChangeHeader {
                instance: fields.long("instance")?,
                name: text(fields, "name")?,
                value: text(fields, "value")?,
            },
            ReplyKind::ReplaceBody => Self::ReplaceBody(fields.remainder().to_vec()),
            ReplyKind::AddRecipient => {
                Self::AddRecipient { address: text(fields, "address")?, arguments: Vec::new() }
            }
            ReplyKind::AddRecipientWithArguments => Self::AddRecipient {
                address: text(fields, "address")?,
                arguments: optional(fields)?,
            },
            ReplyKind::DeleteRecipient => {
                Self::DeleteRecipient { address: text(fields, "address")? }
            }
            ReplyKind::ChangeSender => Self::ChangeSender {
                address: text(fields, "address")?,
                arguments: optional(fields)?,
            },
            ReplyKind::Quarantine => Self::Quarantine { reason: text(fields, "reason")? },
            ReplyKind::Negotiate
            | ReplyKind::Continue
            | ReplyKind::Accept
            | ReplyKind::Reject
            | ReplyKind::TempFail
            | ReplyKind::Discard
            | ReplyKind::Shutdown
            | ReplyKind::ConnectionFailure
            | ReplyKind::SmtpReply
            | ReplyKind::Skip
            | ReplyKind::Progress => return Ok(None),
        }))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Continue => ReplyKind::Continue,
            Self::Accept => ReplyKind::Accept,
            Self::Reject => ReplyKind::Reject,
            Self::TempFail => ReplyKind::TempFail,
            Self::Discard => ReplyKind::Discard,
            Self::Shutdown => ReplyKind::Shutdown,
            Self::ConnectionFailure => ReplyKind::ConnectionFailure,
            Self::Skip => ReplyKind::Skip,
            Self::Refuse(text) => return f.write_str(&String::from_utf8_lossy(text)),
        };
        kind.fmt(f)
    }
}

fn negotiated(fields: &mut Fields<'_>) -> Result<Reply, FieldError> {
    let wanted = Offer::take(fields)?;
    let mut lists = Vec::new();
    while !fields.is_empty() {
        lists.push((fields.long("stage")?, text(fields, "macro list")?));
    }
    Ok(Reply::Negotiated(wanted, lists))
}

fn text(fields: &mut Fields<'_>, field: &'static str) -> Result<Vec<u8>, FieldError> {
    fields.text(field).map(<[u8]>::to_vec)
}

fn optional(fields: &mut Fields<'_>) -> Result<Vec<u8>, FieldError> {
    if fields.is_empty() { Ok(Vec::new()) } else { text(fields, "arguments") }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Decoded = Result<Option<(Reply, usize)>, ReplyError>;

    #[test]
    fn replies_that_are_none_are_told_apart() {
        let malformed = |reply, fault| Err(ReplyError::Malformed { reply, fault });
        let cases: [(&[u8], Decoded); 9] = [
            (b"", Ok(None)),
            (b"\0\0\0\x01", Ok(None)),
            (b"\0\0\0\0c", Err(ReplyError::EmptyFrame)),
            (b"\0\0\0\x01?", Err(ReplyError::UnknownReply { letter: '?' })),
            (b"\0\x10\0\x02b", Err(ReplyError::TooLong { octets: MAX_REPLY_FRAME + 1 })),
            (b"\0\x10\0\x01b", Ok(None)),
            (b"\0\0\0\x02cx", malformed(ReplyKind::Continue, FieldError::Trailing { octets: 1 })),
            (
                b"\0\0\0\x03hX\0",
                malformed(ReplyKind::AddHeader, FieldError::Missing { field: "value" }),
            ),
            (b"\0\0\0\x01axx", Ok(Some((Reply::Verdict(Verdict::Accept), 5)))),
        ];
        for (input, want) in cases {
            assert_eq!(Reply::decode(input), want, "{input:?}");
        }
    }
}
