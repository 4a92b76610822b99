//! What a conversation has come to, and which commands may follow.

use crate::negotiation::Terms;
use crate::reply::Disposition;
use crate::wire::CommandKind;

#[derive(Debug)]
pub(super) enum State {
    /// Nothing has been negotiated.
    Greeting,
    Open(Terms, Phase),
    /// The MTA has quit, or broken the protocol.
    Closed,
}

/// Where in connection and message we are. Numbers are the serials of outstanding tokens.
#[derive(Debug)]
pub(super) enum Phase {
    /// No SMTP client is connected.
    Start,
    /// A client has connected and waits for a decision.
    Connecting(u64),
    /// A client is connected, and there is no message.
    Connected,
    /// The client was accepted or refused as such: nothing more of it is shown.
    Dismissed,
    /// From MAIL to the first header field.
    Envelope,
    Headers,
    /// The header is complete and waits for a decision.
    Deciding(u64),
    Body,
    /// The message is complete and waits for a decision.
    Concluding(u64),
    /// The message was decided on at the end of headers.
    Decided(Disposition),
}

impl State {
    /// Whether `command` may come now.
    pub(super) fn allows(&self, command: CommandKind) -> bool {
        match self {
            Self::Greeting => matches!(
                command,
                CommandKind::Negotiate | CommandKind::Quit | CommandKind::QuitNewConnection
            ),
            Self::Open(_, phase) => phase.allows(command),
            Self::Closed => false,
        }
    }

    /// The token that has to come back before anything else.
    pub(super) fn outstanding(&self) -> Option<(CommandKind, u64)> {
        match self {
            Self::Open(_, Phase::Connecting(serial)) => Some((CommandKind::Connect, *serial)),
            Self::Open(_, Phase::Deciding(serial)) => Some((CommandKind::EndOfHeaders, *serial)),
            Self::Open(_, Phase::Concluding(serial)) => Some((CommandKind::EndOfBody, *serial)),
            Self::Greeting | Self::Open(..) | Self::Closed => None,
        }
    }

    /// What the message was decided to be at the end of headers. What still comes of it is not
    /// looked at.
    pub(super) fn decided(&self) -> Option<&Disposition> {
        match self {
            Self::Open(_, Phase::Decided(disposition)) => Some(disposition),
            Self::Greeting | Self::Open(..) | Self::Closed => None,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Greeting => "before the negotiation",
            Self::Open(_, phase) => phase.name(),
            Self::Closed => "after the end",
        }
    }
}

impl Phase {
    fn allows(&self, command: CommandKind) -> bool {
        match command {
            CommandKind::Negotiate => false,
            // Traps W15, W20, W17: these come whenever they come.
            CommandKind::Abort
            | CommandKind::Quit
            | CommandKind::QuitNewConnection
            | CommandKind::Macros => true,
            CommandKind::Connect => {
                matches!(self, Self::Start | Self::Dismissed) || self.is_between_messages()
            }
            CommandKind::Helo | CommandKind::Unknown | CommandKind::Mail => {
                self.is_between_messages()
            }
            CommandKind::Recipient | CommandKind::Data => matches!(self, Self::Envelope),
            CommandKind::Header | CommandKind::EndOfHeaders => {
                matches!(self, Self::Envelope | Self::Headers)
            }
            CommandKind::Body | CommandKind::EndOfBody => {
                matches!(self, Self::Body | Self::Decided(_))
            }
        }
    }

    /// No message, or one of which no header field was shown: MAIL can be refused by the MTA
    /// itself, and come again without abort. So can HELO, followed by the abort (Postfix).
    fn is_between_messages(&self) -> bool {
        matches!(self, Self::Connected | Self::Envelope | Self::Decided(_))
    }

    /// Trap W15: an abort resets the message, not the connection.
    pub(super) fn abort(&mut self) {
        if !matches!(self, Self::Start | Self::Dismissed) {
            *self = Self::Connected;
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Start => "before any client has connected",
            Self::Connecting(_) => "while the client waits for a decision",
            Self::Connected => "between messages",
            Self::Dismissed => "after the client was decided on",
            Self::Envelope => "in the envelope",
            Self::Headers => "in the header",
            Self::Deciding(_) => "while the end of headers waits for a decision",
            Self::Body => "in the body",
            Self::Concluding(_) => "while the end of the message waits for a decision",
            Self::Decided(_) => "after the message was decided on",
        }
    }
}
