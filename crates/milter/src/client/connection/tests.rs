use super::*;
use crate::client::Header;
use crate::event::ClientAddress;
use crate::testing::{Answers, Filter};
use crate::{Actions, Disposition, HeadersReply, Options, SmtpReply, Steps, WantedStages};

const CLIENT: ConnectInfo<'_> =
    ConnectInfo { hostname: b"localhost", address: ClientAddress::Unknown(b"") };

fn everything() -> Options {
    Options { useful: Actions::from_bits(0x1ff), ..Options::default() }
}

fn header() -> Header {
    let (mut header, _) = Header::parse(b"From: a@b\r\nSubject: x\r\n\ty\r\n\r\n");
    header.put_received(b" here");
    header
}

fn outcome(options: Options, answers: Answers, offer: Offer) -> (Outcome, Terms) {
    let mut connection = Connection::open(Filter::answering(options, answers), offer).unwrap();
    assert_eq!(connection.connect(CLIENT, b"client").unwrap(), Verdict::Continue);
    let header = header();
    let outcome = connection.deliver(&message(&header, b"text\r\n")).unwrap();
    (outcome, *connection.terms())
}

fn message<'a>(header: &'a Header, body: &'a [u8]) -> Message<'a> {
    Message {
        sender: b"<a@b>",
        sender_arguments: &[],
        recipients: &[b"<c@d>", b"<e@f>"],
        header,
        body,
    }
}

#[test]
fn every_disposition_comes_back() {
    let refusal = SmtpReply::new(550, "5.7.1", "100% no").unwrap();
    let cases = [
        (Disposition::Accept, Verdict::Accept),
        (Disposition::Continue, Verdict::Continue),
        (Disposition::Reject, Verdict::Reject),
        (Disposition::TempFail, Verdict::TempFail),
        (Disposition::Discard, Verdict::Discard),
        (Disposition::Shutdown, Verdict::Shutdown),
        (Disposition::Refuse(refusal), Verdict::Refuse(b"550 5.7.1 100%% no".to_vec())),
    ];
    for (message, verdict) in cases {
        let answers = Answers { message, ..Answers::default() };
        let (outcome, _) = outcome(everything(), answers, Offer::USUAL);
        assert_eq!((outcome.verdict, outcome.decided_at), (verdict, CommandKind::EndOfBody));
    }
}

#[test]
fn every_modification_comes_back() {
    let answers = Answers {
        edit: |reply| {
            reply.add_header("A", b" 1;\r\n\t2")?;
            reply.insert_header(7, "B", b" 3")?;
            reply.change_header(2, "C", b" 4")?;
            reply.delete_header(u32::MAX, "D")?;
            reply.replace_body(&[b'x'; MAX_CHUNK + 1])?;
            reply.add_recipient("<g@h>")?;
            reply.add_recipient_with_arguments("<i@j>", "NOTIFY=NEVER")?;
            reply.delete_recipient("<c@d>")?;
            reply.change_sender("<>", "")?;
            reply.change_sender("<k@l>", "SIZE=1")?;
            reply.quarantine("odd")
        },
        ..Answers::default()
    };
    let (outcome, _) = outcome(everything(), answers, Offer::USUAL);
    let bytes = |text: &str| text.as_bytes().to_vec();
    let want = [
        Modification::AddHeader { name: bytes("A"), value: bytes(" 1;\n\t2") },
        Modification::InsertHeader { index: 7, name: bytes("B"), value: bytes(" 3") },
        Modification::ChangeHeader { instance: 2, name: bytes("C"), value: bytes(" 4") },
        Modification::ChangeHeader { instance: u32::MAX, name: bytes("D"), value: bytes("") },
        Modification::ReplaceBody(vec![b'x'; MAX_CHUNK]),
        Modification::ReplaceBody(bytes("x")),
        Modification::AddRecipient { address: bytes("<g@h>"), arguments: bytes("") },
        Modification::AddRecipient { address: bytes("<i@j>"), arguments: bytes("NOTIFY=NEVER") },
        Modification::DeleteRecipient { address: bytes("<c@d>") },
        Modification::ChangeSender { address: bytes("<>"), arguments: bytes("") },
        Modification::ChangeSender { address: bytes("<k@l>"), arguments: bytes("SIZE=1") },
        Modification::Quarantine { reason: bytes("odd") },
    ];
    assert_eq!(outcome.modifications, want);
}

#[test]
fn trap_w1_an_inserted_field_reads_the_same_whatever_was_agreed() {
    for version in 2..=6 {
        let answers = Answers {
            edit: |reply| reply.insert_header(1, "DKIM-Signature", b" v=1;\r\n\tb="),
            ..Answers::default()
        };
        let (outcome, terms) = outcome(Options::default(), answers, Offer::of_version(version));
        let mut header = header();
        for modification in &outcome.modifications {
            header.apply(modification, terms.leading_space());
        }
        assert_eq!(
            String::from_utf8(header.to_bytes()).unwrap(),
            "Received: here\r\nDKIM-Signature: v=1;\r\n\tb=\r\nFrom: a@b\r\nSubject: x\r\n\ty\r\n",
            "version {version}"
        );
    }
}

#[test]
fn trap_w21_a_message_takes_two_round_trips_beside_the_negotiation() {
    let header = header();
    let mut connection = Connection::open(Filter::new(Options::default()), Offer::USUAL).unwrap();
    connection.set_macros(MacroStage::EndOfHeaders, &[("i", "1")]);
    connection.connect(CLIENT, b"client").unwrap();
    connection.deliver(&message(&header, b"x")).unwrap();
    assert_eq!(connection.round_trips(), 3);
    let mut connection =
        Connection::open(Filter::new(Options::default()), Offer::of_version(2)).unwrap();
    connection.connect(CLIENT, b"client").unwrap();
    connection.deliver(&message(&header, b"x")).unwrap();
    assert_eq!(connection.round_trips(), 8, "version 2 waits for each command that it sends");
}

#[test]
fn a_decision_at_the_end_of_headers_ends_the_message() {
    let answers = Answers { headers: HeadersReply::Accept, ..Answers::default() };
    let mut connection =
        Connection::open(Filter::answering(Options::default(), answers), Offer::USUAL).unwrap();
    connection.connect(CLIENT, b"client").unwrap();
    let header = header();
    for _ in 0..2 {
        let outcome = connection.deliver(&message(&header, &[b'x'; 200_000])).unwrap();
        assert_eq!(
            (outcome.verdict, outcome.decided_at),
            (Verdict::Accept, CommandKind::EndOfHeaders)
        );
    }
    connection.quit_new_connection().unwrap();
    connection.connect(CLIENT, b"client").unwrap();
    let filter = connection.quit().unwrap();
    assert_eq!(filter.seen.last().map(String::as_str), Some("quit"));
    assert!(!filter.seen.iter().any(|seen| seen.starts_with("body")));
}

#[test]
fn macros_and_wanted_commands_reach_the_filter() {
    let stages = WantedStages { recipients: true, ..WantedStages::default() };
    let filter = Filter::new(Options { stages, ..Options::default() });
    let mut connection = Connection::open(filter, Offer::USUAL).unwrap();
    connection.set_macros(MacroStage::Helo, &[("tls_version", "TLSv1.3")]);
    connection.connect(CLIENT, b"client").unwrap();
    let header = header();
    connection.deliver(&message(&header, b"")).unwrap();
    let filter = connection.quit().unwrap();
    assert_eq!(filter.session.macros().value("tls_version"), None, "quit drops them");
    let seen: Vec<&str> = filter.seen.iter().map(String::as_str).collect();
    let want = [
        "negotiated 6",
        "connect localhost Unknown([])",
        "mail <a@b>",
        "rcpt <c@d>",
        "rcpt <e@f>",
        "From: a@b",
        "Subject: x\\n\\ty",
        "end of headers",
        "end of message",
        "quit",
    ];
    assert_eq!(seen, want);
}

/// A filter that reads nothing and says what it is told to.
struct Recording {
    says: Vec<u8>,
    octets_a_read: usize,
}

impl Read for Recording {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let octets = self.says.len().min(self.octets_a_read).min(buffer.len());
        buffer[..octets].copy_from_slice(&self.says[..octets]);
        self.says.drain(..octets);
        Ok(octets)
    }
}

impl Write for Recording {
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        Ok(input.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn recorded(terms: Offer, says: &[u8]) -> Result<Connection<Recording>, ClientError> {
    let mut all = Vec::new();
    terms.encode(&mut all);
    all.extend_from_slice(says);
    // One octet at a time: replies are put together from pieces.
    Connection::open(Recording { says: all, octets_a_read: 1 }, Offer::USUAL)
}

const NO_STEPS: Offer = Offer { steps: Steps::NONE, ..Offer::USUAL };

#[test]
fn filters_that_break_the_protocol_are_told_apart() {
    let over = Offer { version: 7, ..Offer::USUAL };
    assert!(matches!(recorded(over, b""), Err(ClientError::Overreaching { .. })));
    let cases: [(&[u8], &str); 4] = [
        (b"", "the filter closed the connection instead of answering the DATA command"),
        (b"\0\0\0\x01?", "unknown reply '?'"),
        (
            b"\0\0\0\x03-x\0",
            "the filter answered the DATA command with Modification(DeleteRecipient",
        ),
        (b"\0\0\0\0", "reply frame of length 0"),
    ];
    for (says, message) in cases {
        let mut connection = recorded(NO_STEPS, says).unwrap();
        let error = connection.say(&Command::Data).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn skip_is_honoured_until_another_command_comes() {
    let mut connection = recorded(NO_STEPS, b"\0\0\0\x01s\0\0\0\x01p\0\0\0\x01a").unwrap();
    for _ in 0..3 {
        let outcome = connection.say(&Command::Body(b"x")).unwrap();
        assert_eq!(outcome.verdict, Verdict::Continue);
    }
    assert_eq!(connection.round_trips(), 2, "negotiation and the first piece");
    let end = connection.say(&Command::EndOfBody(b"")).unwrap();
    assert_eq!(end.verdict, Verdict::Accept, "after progress");
}

#[test]
fn trap_w22_a_reply_that_was_not_asked_for_is_noticed() {
    let mut connection = recorded(NO_STEPS, b"\0\0\0\x01c\0\0\0\x01s").unwrap();
    connection.stream.octets_a_read = 100;
    let error = connection.say(&Command::Data).unwrap_err();
    assert!(matches!(error, ClientError::Unasked { command: CommandKind::Data, octets: 5 }));
}
