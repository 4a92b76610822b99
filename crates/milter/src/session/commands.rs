//! What each command does: its fields become an event, the conversation moves on.

use std::sync::atomic::{AtomicU64, Ordering};

use super::KEPT_OCTETS;
use super::error::ProtocolError;
use super::state::{Phase, State};
use super::talk::Talk;
use crate::event::{ConnectInfo, ConnectToken, Envelope, Event, HeadersToken, MessageToken};
use crate::negotiation::{Offer, Terms};
use crate::wire::{CommandKind, FieldError, Fields};

/// Tells tokens apart, also between sessions.
static SERIAL: AtomicU64 = AtomicU64::new(0);

impl Talk {
    /// A command that is reported: moves on to its phase, and writes the reply that is owed.
    pub(super) fn command<'a>(
        &mut self,
        kind: CommandKind,
        payload: &'a [u8],
        spaced: &'a mut Vec<u8>,
    ) -> Result<Event<'a>, ProtocolError> {
        self.macros.enter(kind);
        if kind == CommandKind::Negotiate {
            return self.negotiate(payload);
        }
        self.event(kind, payload, spaced).map_err(ProtocolError::malformed(kind))
    }

    pub(super) fn define_macros(&mut self, payload: &[u8]) -> Result<(), ProtocolError> {
        let mut fields = Fields::new(payload);
        let command = fields
            .letter("command", CommandKind::from_letter)
            .map_err(ProtocolError::malformed(CommandKind::Macros))?;
        self.macros
            .define(command, fields.remainder(), self.options.limits.macros)
            .map_err(|fault| ProtocolError::macros(command, fault))
    }

    fn negotiate(&mut self, payload: &[u8]) -> Result<Event<'static>, ProtocolError> {
        let offer =
            Offer::decode(payload).map_err(ProtocolError::malformed(CommandKind::Negotiate))?;
        let terms = Terms::agree(&self.options, offer)?;
        terms.encode(&self.options, &mut self.output);
        self.state = State::Open(terms, Phase::Start);
        Ok(Event::Negotiated(terms))
    }

    fn event<'a>(
        &mut self,
        kind: CommandKind,
        payload: &'a [u8],
        spaced: &'a mut Vec<u8>,
    ) -> Result<Event<'a>, FieldError> {
        let event = match kind {
            CommandKind::Connect => return Ok(self.connect(ConnectInfo::decode(payload)?)),
            CommandKind::Helo => {
                let name = text(payload, "name")?;
                self.enter(Phase::Connected);
                Event::Helo(name)
            }
            CommandKind::Mail => {
                let sender = Envelope::decode(payload)?;
                self.enter(Phase::Envelope);
                Event::MailFrom(sender)
            }
            CommandKind::Recipient => Event::Recipient(Envelope::decode(payload)?),
            CommandKind::Unknown => Event::UnknownCommand(text(payload, "command")?),
            CommandKind::Header => {
                self.enter(Phase::Headers);
                self.header(payload, spaced)?
            }
            CommandKind::Data => {
                nothing(payload)?;
                Event::Data
            }
            CommandKind::EndOfHeaders => {
                nothing(payload)?;
                return Ok(self.end_of_headers());
            }
            CommandKind::EndOfBody => return Ok(self.end_of_message()),
            CommandKind::Abort | CommandKind::Quit | CommandKind::QuitNewConnection => {
                nothing(payload)?;
                return Ok(self.leave(kind));
            }
            // These are dealt with before.
            CommandKind::Negotiate | CommandKind::Macros | CommandKind::Body => Event::NeedMore,
        };
        self.acknowledge(kind);
        Ok(event)
    }

    fn connect<'a>(&mut self, client: ConnectInfo<'a>) -> Event<'a> {
        let kind = CommandKind::Connect;
        let waits = self.terms().is_some_and(|terms| terms.awaits_reply(kind));
        if waits && self.options.decide_at_connect {
            let serial = next_serial();
            self.enter(Phase::Connecting(serial));
            return Event::Connect { client, reply: Some(ConnectToken { serial }) };
        }
        self.enter(Phase::Connected);
        self.acknowledge(kind);
        Event::Connect { client, reply: None }
    }

    /// Trap W1: callers see one convention. What stood after the colon is not known when the MTA
    /// removes a space: probably one, unless the first line is empty. Relaxed canonicalization, the
    /// only one that may be signed with then, does not care.
    fn header<'a>(
        &self,
        payload: &'a [u8],
        spaced: &'a mut Vec<u8>,
    ) -> Result<Event<'a>, FieldError> {
        let mut fields = Fields::new(payload);
        let (name, value) = (fields.text("name")?, fields.text("value")?);
        fields.end()?;
        if self.terms().is_some_and(Terms::leading_space) || value.starts_with(b"\n") {
            return Ok(Event::Header { name, value });
        }
        spaced.clear();
        spaced.shrink_to(KEPT_OCTETS);
        spaced.push(b' ');
        spaced.extend_from_slice(value);
        Ok(Event::Header { name, value: spaced })
    }

    fn end_of_headers(&mut self) -> Event<'static> {
        let serial = next_serial();
        self.enter(Phase::Deciding(serial));
        Event::EndOfHeaders(HeadersToken { serial })
    }

    fn end_of_message(&mut self) -> Event<'static> {
        let State::Open(terms, phase) = &mut self.state else { return Event::NeedMore };
        let serial = next_serial();
        *phase = Phase::Concluding(serial);
        Event::EndOfMessage(MessageToken { serial, terms: *terms })
    }

    /// Commands after which the message is gone. None of them has a reply.
    fn leave(&mut self, kind: CommandKind) -> Event<'static> {
        if kind == CommandKind::Abort {
            self.macros.end_message();
            self.abort();
            return Event::Abort;
        }
        self.macros.end_connection();
        if kind == CommandKind::QuitNewConnection {
            self.enter(Phase::Start);
            return Event::QuitNewConnection;
        }
        self.state = State::Closed;
        Event::Quit
    }

    fn abort(&mut self) {
        if let State::Open(_, phase) = &mut self.state {
            phase.abort();
        }
    }
}

fn nothing(payload: &[u8]) -> Result<(), FieldError> {
    Fields::new(payload).end()
}

fn text<'a>(payload: &'a [u8], field: &'static str) -> Result<&'a [u8], FieldError> {
    let mut fields = Fields::new(payload);
    let text = fields.text(field)?;
    fields.end()?;
    Ok(text)
}

fn next_serial() -> u64 {
    SERIAL.fetch_add(1, Ordering::Relaxed)
}
