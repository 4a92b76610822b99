//! The milter protocol, versions 2 to 6, as a function of its input.
//!
//! [`Session`] is the filter's side of one connection from a mail server (MTA). It is fed octets as
//! they arrive and says what happened; what it has to say to the MTA collects in its output, which
//! the caller writes. There is no socket, no clock and no runtime in here, so every path is a plain
//! unit test.
//!
//! ```
//! use twinseal_milter::{Disposition, Event, HeadersReply, Options, Session};
//!
//! # fn serve(mut input: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
//! # let mut written = Vec::new();
//! let mut session = Session::new(Options::default());
//! loop {
//!     let step = session.receive(input)?;
//!     input = &input[step.consumed..];
//!     match step.event {
//!         Event::EndOfHeaders(token) => session.answer_headers(token, HeadersReply::Continue)?,
//!         Event::EndOfMessage(token) => {
//!             let mut reply = token.reply();
//!             reply.insert_header(1, "X-Seen", b" yes")?;
//!             session.answer_message(reply, Disposition::Accept)?;
//!         }
//!         Event::NeedMore | Event::Quit => {
//!             // Write the output before reading again: the MTA may be waiting for it.
//!             written.append(&mut session.take_output());
//!             break; // a server reads more input here
//!         }
//!         _ => {}
//!     }
//! }
//! # Ok(written)
//! # }
//! # assert_eq!(serve(b"")?, b"");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it refuses to do: hold a body (chunks are handed out as they arrive), answer a stage whose
//! reply was declined (an answer needs the token of its event), send SKIP, or reserve memory for a
//! length that was announced but not checked.
//!
//! There is no standard for the protocol; the peers are Postfix and Sendmail, and `trap W1` and the
//! like name the measured behaviour that a line answers to.
//!
//! | module | what is in it |
//! |---|---|
//! | `wire` | frames, their fields, and the tables of letters and flag bits |
//! | `negotiation` | what we ask for, what the MTA offers, the [`Terms`] that follow |
//! | `macros` | the macros that the MTA sends before each stage |
//! | `event` | what [`Session::receive`] reports, and the tokens that allow an answer |
//! | `reply` | the answers: verdicts, modifications, SMTP replies |
//! | `session` | the states of a conversation |
//! | [`client`] | the other side, for tests, demonstrations and benchmarks |
#![forbid(unsafe_code)]

pub mod client;
mod event;
mod macros;
mod negotiation;
mod reply;
mod session;
#[cfg(test)]
mod testing;
mod wire;

pub use event::{
    Arguments, ClientAddress, ConnectInfo, ConnectToken, Envelope, Event, HeadersToken,
    MessageToken, Step, bare_address,
};
pub use macros::{BadMacroName, MacroList, MacroStage, Macros};
pub use negotiation::{NEWEST_VERSION, OLDEST_VERSION, Offer, Options, Terms, WantedStages};
pub use reply::{
    BadSmtpReply, ConnectReply, Disposition, HeadersReply, MAX_REPLY_OCTETS, MessageReply,
    ModificationError, SmtpReply,
};
pub use session::{AnswerError, ProtocolError, Session};
pub use wire::{
    Actions, CommandKind, Family, FieldError, Limits, MAX_BODY_FRAME, MAX_CHUNK, MAX_COMMAND_FRAME,
    MAX_MACRO_FRAME, MAX_MACROS, ReplyKind, Steps,
};
