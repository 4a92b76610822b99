//! A conversation of any octets: nothing panics, pieces carry no meaning, and the MTA gets exactly
//! the replies that it waits for.
//!
//! The first two octets of an input choose what the filter wants and how it answers; all that
//! follows is what an MTA sends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_fuzz::Cut;
use twinseal_milter::client::{Reply, Verdict};
use twinseal_milter::{
    Actions, CommandKind, ConnectReply, ConnectToken, Disposition, Event, HeadersReply,
    HeadersToken, Limits, MessageToken, Options, ProtocolError, Session, WantedStages,
};

fuzz_target!(|input: &[u8]| {
    let [wants, answers, said @ ..] = input else { return };
    let run = |cut: Cut| {
        let mut filter = Filter::new(*wants, *answers);
        let ended = cut.chunks(said).try_for_each(|chunk| filter.feed(chunk));
        filter.end_body();
        (ended.err(), filter.seen, filter.output)
    };
    let whole = run(Cut::Whole);
    for cut in Cut::ALL {
        assert_eq!(run(cut), whole, "pieces matter: {cut:?}");
    }
    replies_are_awaited(Filter::new(*wants, *answers), said);
});

/// Shows the filter one frame after the other and counts what it says to each.
fn replies_are_awaited(mut filter: Filter, said: &[u8]) {
    let mut rest = said;
    while !rest.is_empty() {
        let (frame, after) = rest.split_at(frame_octets(rest).unwrap_or(rest.len()));
        let whole = frame_octets(rest).is_some();
        rest = after;
        let before = filter.output.len();
        let fed = filter.feed(frame);
        let replies = decoded(&filter.output[before..]);
        if fed.is_err() {
            assert_eq!(replies, [], "a reply to a mistake");
            return;
        }
        let kind = frame.get(4).and_then(|letter| CommandKind::from_letter(*letter));
        let expected = match kind {
            Some(CommandKind::Negotiate) if whole => {
                assert!(matches!(replies[..], [Reply::Negotiated(..)]), "{replies:?}");
                0
            }
            Some(kind) if whole => usize::from(filter.awaits_reply(kind)),
            _ => {
                assert_eq!(replies, [], "a reply to a part of a frame");
                0
            }
        };
        let verdicts = replies.iter().filter(|reply| matches!(reply, Reply::Verdict(_))).count();
        assert_eq!(verdicts, expected, "{kind:?} got {replies:?}");
        if expected == 1 {
            assert!(matches!(replies.last(), Some(Reply::Verdict(_))), "more after the last word");
        }
        let skips = replies.iter().any(|reply| matches!(reply, Reply::Verdict(Verdict::Skip)));
        assert!(!skips, "SKIP was sent");
    }
}

/// How long the first frame is, its length included; nothing when it is not complete.
fn frame_octets(input: &[u8]) -> Option<usize> {
    let (length, rest) = input.split_first_chunk()?;
    let octets = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    (octets <= rest.len()).then_some(length.len() + octets)
}

fn decoded(mut output: &[u8]) -> Vec<Reply> {
    let mut replies = Vec::new();
    while !output.is_empty() {
        let reply = Reply::decode(output).expect("what is written can be read");
        let (reply, octets) = reply.expect("replies are written whole");
        replies.push(reply);
        output = &output[octets..];
    }
    replies
}

/// A filter that answers by rote and writes down what it sees.
struct Filter {
    session: Session,
    answers: u8,
    /// What was reported, body pieces joined.
    seen: Vec<String>,
    body: Vec<u8>,
    output: Vec<u8>,
}

impl Filter {
    fn new(wants: u8, answers: u8) -> Self {
        let session = Session::new(options(wants));
        Self { session, answers, seen: Vec::new(), body: Vec::new(), output: Vec::new() }
    }

    fn awaits_reply(&self, kind: CommandKind) -> bool {
        self.session.terms().is_some_and(|terms| terms.awaits_reply(kind))
    }

    fn feed(&mut self, input: &[u8]) -> Result<(), ProtocolError> {
        let mut rest = input;
        loop {
            let step = match self.session.receive(rest) {
                Ok(step) => step,
                Err(error) => return Err(self.fail(error)),
            };
            rest = &rest[step.consumed..];
            if let Event::Body(piece) = step.event {
                assert!(!piece.is_empty(), "an empty piece was reported");
                self.body.extend_from_slice(piece);
                continue;
            }
            if matches!(step.event, Event::NeedMore) {
                break;
            }
            let shown = described(&step.event);
            let answer = Answer::to(step.event);
            self.end_body();
            self.seen.push(shown);
            self.answer(answer);
        }
        assert!(rest.is_empty(), "input was left");
        self.output.append(&mut self.session.take_output());
        Ok(())
    }

    fn fail(&mut self, error: ProtocolError) -> ProtocolError {
        let outstanding = matches!(error, ProtocolError::AnswerOutstanding { .. });
        assert!(!outstanding, "everything was answered: {error}");
        assert!(!error.to_string().contains(char::is_control), "{error:?} breaks a log line");
        assert!(self.session.receive(b"x").is_err(), "input is taken after an error");
        self.output.append(&mut self.session.take_output());
        error
    }

    fn end_body(&mut self) {
        let body = std::mem::take(&mut self.body);
        if !body.is_empty() {
            self.seen.push(format!("body {}", body.escape_ascii()));
        }
    }

    fn answer(&mut self, answer: Answer) {
        let given = match answer {
            Answer::None => Ok(()),
            Answer::Connect(token) => self.session.answer_connect(token, self.connect_reply()),
            Answer::Headers(token) => self.session.answer_headers(token, self.headers_reply()),
            Answer::Message(token) => self.conclude(token),
        };
        assert_eq!(given, Ok(()), "an answer was not taken");
    }

    fn conclude(&mut self, token: MessageToken) -> Result<(), twinseal_milter::AnswerError> {
        if self.answers & 0x80 != 0 {
            self.session.progress(&token)?;
        }
        let mut reply = token.reply();
        let granted = reply.terms().actions;
        let added = reply.insert_header(1, "X-Seal", b" a=b;\r\n\tc=d");
        assert_eq!(added.is_ok(), granted.contains(Actions::ADD_HEADERS), "{added:?}");
        let deleted = reply.delete_header(1, "X-Other");
        assert_eq!(deleted.is_ok(), granted.contains(Actions::CHANGE_HEADERS), "{deleted:?}");
        self.session.answer_message(reply, self.disposition())
    }

    fn connect_reply(&self) -> ConnectReply {
        match self.answers & 3 {
            0 | 1 => ConnectReply::Continue,
            2 => ConnectReply::Accept,
            _ => ConnectReply::TempFail,
        }
    }

    fn headers_reply(&self) -> HeadersReply {
        match self.answers >> 2 & 3 {
            0 | 1 => HeadersReply::Continue,
            2 => HeadersReply::Accept,
            _ => HeadersReply::Discard,
        }
    }

    fn disposition(&self) -> Disposition {
        match self.answers >> 4 & 3 {
            0 => Disposition::Accept,
            1 => Disposition::Continue,
            2 => Disposition::Reject,
            _ => Disposition::Shutdown,
        }
    }
}

fn options(wants: u8) -> Options {
    let bit = |at: u8| wants >> at & 1 != 0;
    let small = Limits { command_octets: 64, body_octets: 64, macro_octets: 64, macros: 3 };
    Options {
        decide_at_connect: bit(0),
        stages: WantedStages { helo: bit(1), recipients: bit(2), data: bit(3), unknown: bit(4) },
        needed: Actions::NONE,
        useful: if bit(5) { Actions::ADD_HEADERS } else { Actions::from_bits(u32::MAX) },
        limits: if bit(6) { small } else { Limits::default() },
        ..Options::default()
    }
}

/// A token that has to go back.
enum Answer {
    None,
    Connect(ConnectToken),
    Headers(HeadersToken),
    Message(MessageToken),
}

impl Answer {
    fn to(event: Event<'_>) -> Self {
        match event {
            Event::Connect { reply: Some(token), .. } => Self::Connect(token),
            Event::EndOfHeaders(token) => Self::Headers(token),
            Event::EndOfMessage(token) => Self::Message(token),
            _ => Self::None,
        }
    }
}

/// What happened, without the serials of its tokens, which are never the same.
fn described(event: &Event<'_>) -> String {
    match event {
        Event::Connect { client, reply } => format!("connect {client:?} {}", reply.is_some()),
        Event::EndOfHeaders(_) => "end of headers".to_owned(),
        Event::EndOfMessage(_) => "end of message".to_owned(),
        Event::MailFrom(mail) => format!("mail {mail:?} {:?}", mail.arguments().count()),
        other => format!("{other:?}"),
    }
}
