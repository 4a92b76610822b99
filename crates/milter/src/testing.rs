//! What tests share: a filter that answers by rote and writes down what it sees.

use std::io::{self, Read, Write};

use crate::client::{Command, Reply};
use crate::{
    ConnectReply, ConnectToken, Disposition, Event, HeadersReply, HeadersToken, MessageReply,
    MessageToken, ModificationError, Options, ProtocolError, Session,
};

/// How a filter answers.
pub(crate) struct Answers {
    pub(crate) connect: ConnectReply,
    pub(crate) headers: HeadersReply,
    pub(crate) edit: fn(&mut MessageReply) -> Result<(), ModificationError>,
    pub(crate) message: Disposition,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            connect: ConnectReply::Continue,
            headers: HeadersReply::Continue,
            edit: |_| Ok(()),
            message: Disposition::Accept,
        }
    }
}

/// A session that answers by rote, usable as the stream of a client.
pub(crate) struct Filter {
    pub(crate) session: Session,
    pub(crate) answers: Answers,
    /// What was reported, body pieces joined.
    pub(crate) seen: Vec<String>,
    body: Vec<u8>,
    unread: Vec<u8>,
}

impl Filter {
    pub(crate) fn new(options: Options) -> Self {
        Self::answering(options, Answers::default())
    }

    pub(crate) fn answering(options: Options, answers: Answers) -> Self {
        Self {
            session: Session::new(options),
            answers,
            seen: Vec::new(),
            body: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// Says `command`, and gives what is written in return.
    pub(crate) fn say(&mut self, command: &Command<'_>) -> Result<Vec<Reply>, ProtocolError> {
        self.feed(&encoded(std::slice::from_ref(command)))?;
        Ok(self.replies())
    }

    /// Takes the output apart, which has to be whole replies.
    pub(crate) fn replies(&mut self) -> Vec<Reply> {
        replies(&self.session.take_output())
    }

    pub(crate) fn feed(&mut self, input: &[u8]) -> Result<(), ProtocolError> {
        let mut rest = input;
        loop {
            let step = self.session.receive(rest)?;
            rest = &rest[step.consumed..];
            if let Event::NeedMore = step.event {
                break;
            }
            if let Event::Body(piece) = step.event {
                assert!(!piece.is_empty(), "an empty piece was reported");
                self.body.extend_from_slice(piece);
                continue;
            }
            let body = std::mem::take(&mut self.body);
            if !body.is_empty() {
                self.seen.push(format!("body {}", text(&body)));
            }
            self.seen.push(describe(&step.event));
            let answer = Answer::to(step.event);
            self.answer(answer);
        }
        assert_eq!(rest, b"", "input was left");
        Ok(())
    }

    fn answer(&mut self, answer: Answer) {
        let given = match answer {
            Answer::None => Ok(()),
            Answer::Connect(token) => self.session.answer_connect(token, self.answers.connect),
            Answer::Headers(token) => {
                self.session.answer_headers(token, self.answers.headers.clone())
            }
            Answer::Message(token) => {
                let mut reply = token.reply();
                (self.answers.edit)(&mut reply).unwrap();
                self.session.answer_message(reply, self.answers.message.clone())
            }
        };
        assert_eq!(given, Ok(()));
    }
}

impl Write for Filter {
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        self.feed(input).map_err(io::Error::other)?;
        self.unread.append(&mut self.session.take_output());
        Ok(input.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Filter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let octets = self.unread.len().min(buffer.len());
        buffer[..octets].copy_from_slice(&self.unread[..octets]);
        self.unread.drain(..octets);
        Ok(octets)
    }
}

enum Answer {
    None,
    Connect(ConnectToken),
    Headers(HeadersToken),
    Message(MessageToken),
}

impl Answer {
    fn to(event: Event<'_>) -> Self {
        if let Event::Connect { reply: Some(token), .. } = event {
            Self::Connect(token)
        } else if let Event::EndOfHeaders(token) = event {
            Self::Headers(token)
        } else if let Event::EndOfMessage(token) = event {
            Self::Message(token)
        } else {
            Self::None
        }
    }
}

pub(crate) fn encoded(commands: &[Command<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    commands.iter().for_each(|command| command.encode(&mut out));
    out
}

pub(crate) fn replies(mut output: &[u8]) -> Vec<Reply> {
    let mut replies = Vec::new();
    while !output.is_empty() {
        let (reply, octets) = Reply::decode(output).unwrap().expect("half a reply was written");
        replies.push(reply);
        output = &output[octets..];
    }
    replies
}

fn describe(event: &Event<'_>) -> String {
    match event {
        Event::NeedMore => "more".to_owned(),
        Event::Negotiated(terms) => format!("negotiated {}", terms.version),
        Event::Connect { client, reply } => {
            let asked = if reply.is_some() { " ?" } else { "" };
            format!("connect {} {:?}{asked}", text(client.hostname), client.address)
        }
        Event::Helo(name) => format!("helo {}", text(name)),
        Event::MailFrom(sender) => format!("mail {}", text(sender.raw_address())),
        Event::Recipient(recipient) => format!("rcpt {}", text(recipient.raw_address())),
        Event::Data => "data".to_owned(),
        Event::UnknownCommand(command) => format!("unknown {}", text(command)),
        Event::Header { name, value } => format!("{}:{}", text(name), text(value)),
        Event::EndOfHeaders(_) => "end of headers".to_owned(),
        Event::Body(piece) => format!("body {}", text(piece)),
        Event::EndOfMessage(_) => "end of message".to_owned(),
        Event::Abort => "abort".to_owned(),
        Event::QuitNewConnection => "quit, new connection".to_owned(),
        Event::Quit => "quit".to_owned(),
    }
}

fn text(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}
