//! An MTA that talks to a filter over anything that can be read and written.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use super::command::{Command, Said};
use super::header::Header;
use super::reply::{Modification, Reply, ReplyError, Verdict};
use crate::event::ConnectInfo;
use crate::macros::MacroStage;
use crate::negotiation::{Offer, Terms};
use crate::wire::{CommandKind, MAX_CHUNK};

/// A connection to a filter.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    terms: Terms,
    macros: BTreeMap<MacroStage, Pairs>,
    output: Vec<u8>,
    input: Vec<u8>,
    /// The kind of command that the filter wants no more of.
    skipped: Option<CommandKind>,
    round_trips: u64,
}

/// Names and values.
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A message to be shown to a filter.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The argument of MAIL, with or without angle brackets (trap P6).
    pub sender: &'a [u8],
    /// The ESMTP arguments of MAIL.
    pub sender_arguments: &'a [&'a [u8]],
    /// The arguments of RCPT.
    pub recipients: &'a [&'a [u8]],
    /// The header.
    pub header: &'a Header,
    /// The body; lines end with CRLF.
    pub body: &'a [u8],
}

/// What a filter made of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its last word.
    pub verdict: Verdict,
    /// The command to which it was the answer.
    pub decided_at: CommandKind,
    /// What it changed.
    pub modifications: Vec<Modification>,
}

impl<'a> Message<'a> {
    /// What an MTA says to show it, from MAIL to its end.
    pub fn commands(&self) -> impl Iterator<Item = Command<'a>> {
        let recipients = self.recipients.iter().map(|address| Command::Recipient(address, &[]));
        let fields = self.header.shown().map(|field| Command::Header(&field.name, &field.value));
        [Command::Mail(self.sender, self.sender_arguments)]
            .into_iter()
            .chain(recipients)
            .chain([Command::Data])
            .chain(fields)
            .chain([Command::EndOfHeaders])
            .chain(self.body.chunks(MAX_CHUNK).map(Command::Body))
            .chain([Command::EndOfBody(b"")])
    }
}

impl Outcome {
    fn go_on(decided_at: CommandKind) -> Self {
        Self { verdict: Verdict::Continue, decided_at, modifications: Vec::new() }
    }
}

/// Why talking to a filter ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Reading or writing failed.
    #[error("the connection to the filter broke")]
    Io(#[from] io::Error),
    /// The filter closed the connection.
    #[error("the filter closed the connection instead of answering the {command} command")]
    Closed {
        /// What it was to answer.
        command: CommandKind,
    },
    /// The filter sent something that is no reply.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// The filter sent a reply that does not belong there.
    #[error("the filter answered the {command} command with {reply:?}")]
    Unexpected {
        /// What it was to answer.
        command: CommandKind,
        /// What it answered.
        reply: Box<Reply>,
    },
    /// The filter wants what was not offered.
    #[error("the filter wants {wanted:x?}, more than was offered")]
    Overreaching {
        /// What it wants.
        wanted: Offer,
    },
    /// The filter said more than it was asked, which an MTA takes for the answer to its next
    /// command (trap W22).
    #[error("the filter sent {octets} octets more after its answer to the {command} command")]
    Unasked {
        /// What it had answered.
        command: CommandKind,
        /// How much more came.
        octets: usize,
    },
}

/// How much is collected for one write. MTAs do the same: what needs no reply waits for what does.
const WRITE_OCTETS: usize = 64 * 1024;

impl<S: Read + Write> Connection<S> {
    /// Negotiates.
    ///
    /// # Errors
    ///
    /// When the filter cannot be talked to, or wants more than `offer`.
    pub fn open(stream: S, offer: Offer) -> Result<Self, ClientError> {
        let terms = Terms { version: offer.version, actions: offer.actions, steps: offer.steps };
        let mut connection = Self {
            stream,
            terms,
            macros: BTreeMap::new(),
            output: Vec::new(),
            input: Vec::new(),
            skipped: None,
            round_trips: 0,
        };
        Command::Negotiate(offer).encode(&mut connection.output);
        let reply = connection.reply(CommandKind::Negotiate)?;
        let Reply::Negotiated(wanted, _) = reply else {
            return Err(unexpected(CommandKind::Negotiate, reply));
        };
        if !is_within(wanted, offer) {
            return Err(ClientError::Overreaching { wanted });
        }
        let Offer { version, actions, steps } = wanted;
        connection.terms = Terms { version, actions, steps };
        Ok(connection)
    }

    /// What the filter wants of the offer.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How often a reply was awaited (trap W21).
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.round_trips
    }

    /// Sets the macros that are sent before every command of a stage, as Postfix does it: also
    /// before those that are left out, and before every header field and body chunk.
    pub fn set_macros(&mut self, stage: MacroStage, macros: &[(&str, &str)]) {
        let owned = macros.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self.macros.insert(stage, owned);
    }

    /// An SMTP client connects and says hello.
    ///
    /// # Errors
    ///
    /// When the filter cannot be talked to.
    pub fn connect(
        &mut self,
        client: ConnectInfo<'_>,
        helo: &[u8],
    ) -> Result<Verdict, ClientError> {
        let verdict = self.say(&Command::Connect(client))?.verdict;
        if verdict != Verdict::Continue {
            return Ok(verdict);
        }
        Ok(self.say(&Command::Helo(helo))?.verdict)
    }

    /// Shows a message, from MAIL to its end or to the filter's decision.
    ///
    /// # Errors
    ///
    /// When the filter cannot be talked to.
    pub fn deliver(&mut self, message: &Message<'_>) -> Result<Outcome, ClientError> {
        let mut outcome = Outcome::go_on(CommandKind::Mail);
        for command in message.commands() {
            outcome = self.say(&command)?;
            if outcome.verdict != Verdict::Continue {
                break;
            }
        }
        Ok(outcome)
    }

    /// Says one command, and awaits the answer if there is to be one. Commands without an answer
    /// count as answered by continue, and so does skip, which keeps further commands of that kind
    /// from being said.
    ///
    /// # Errors
    ///
    /// When the filter cannot be talked to.
    pub fn say(&mut self, command: &Command<'_>) -> Result<Outcome, ClientError> {
        let kind = command.kind();
        let mut outcome = Outcome::go_on(kind);
        if self.skipped == Some(kind) {
            return Ok(outcome);
        }
        self.skipped = None;
        self.put_macros(kind);
        if command.say(&self.terms, &mut self.output) == Said::AwaitReply {
            outcome = self.answer(kind)?;
            if outcome.verdict == Verdict::Skip {
                self.skipped = Some(kind);
                outcome.verdict = Verdict::Continue;
            }
        } else if self.output.len() >= WRITE_OCTETS {
            self.write()?;
        }
        Ok(outcome)
    }

    /// Says that the SMTP connection is over and another will follow.
    ///
    /// # Errors
    ///
    /// When the filter cannot be talked to.
    pub fn quit_new_connection(&mut self) -> Result<(), ClientError> {
        self.say(&Command::QuitNewConnection)?;
        self.write()
    }

    /// Ends the conversation.
    ///
    /// # Errors
    ///
    /// When the filter cannot be talked to.
    pub fn quit(mut self) -> Result<S, ClientError> {
        self.say(&Command::Quit)?;
        self.write()?;
        Ok(self.stream)
    }

    fn put_macros(&mut self, kind: CommandKind) {
        let Some(macros) = MacroStage::of(kind).and_then(|stage| self.macros.get(&stage)) else {
            return;
        };
        let pairs: Vec<(&[u8], &[u8])> =
            macros.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect();
        Command::Macros(kind, &pairs).encode(&mut self.output);
    }

    fn answer(&mut self, command: CommandKind) -> Result<Outcome, ClientError> {
        let mut modifications = Vec::new();
        loop {
            match self.reply(command)? {
                Reply::Progress => {}
                Reply::Modification(change) if command == CommandKind::EndOfBody => {
                    modifications.push(change);
                }
                Reply::Verdict(verdict) if self.input.is_empty() => {
                    return Ok(Outcome { verdict, decided_at: command, modifications });
                }
                Reply::Verdict(_) => {
                    return Err(ClientError::Unasked { command, octets: self.input.len() });
                }
                other @ (Reply::Modification(_) | Reply::Negotiated(..)) => {
                    return Err(unexpected(command, other));
                }
            }
        }
    }

    fn reply(&mut self, command: CommandKind) -> Result<Reply, ClientError> {
        if !self.output.is_empty() {
            self.round_trips += 1;
        }
        self.write()?;
        loop {
            if let Some((reply, octets)) = Reply::decode(&self.input)? {
                self.input.drain(..octets);
                return Ok(reply);
            }
            let mut buffer = [0; 4096];
            let octets = self.stream.read(&mut buffer)?;
            if octets == 0 {
                return Err(ClientError::Closed { command });
            }
            self.input.extend_from_slice(buffer.get(..octets).unwrap_or_default());
        }
    }

    fn write(&mut self) -> Result<(), ClientError> {
        self.stream.write_all(&self.output)?;
        self.stream.flush()?;
        self.output.clear();
        Ok(())
    }
}

fn is_within(wanted: Offer, offer: Offer) -> bool {
    wanted.version <= offer.version
        && offer.actions.contains(wanted.actions)
        && offer.steps.contains(wanted.steps)
}

fn unexpected(command: CommandKind, reply: Reply) -> ClientError {
    ClientError::Unexpected { command, reply: Box::new(reply) }
}

#[cfg(test)]
mod tests;
