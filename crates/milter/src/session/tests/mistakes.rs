//! What broken MTAs say, and what careless callers do.

use super::*;

fn frame(letter: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 1).unwrap();
    [&length.to_be_bytes()[..], &[letter], payload].concat()
}

fn error_after(commands: &[Command<'_>], input: &[u8]) -> ProtocolError {
    let mut filter = after(commands);
    let error = filter.feed(input).unwrap_err();
    assert_eq!(filter.feed(b"\0"), Err(ProtocolError::Ended), "{error}: more was taken");
    assert_eq!(filter.feed(b""), Ok(()), "{error}");
    error
}

#[test]
fn garbage_is_told_in_one_line_each() {
    let limit = 256 * 1024;
    let cases: [(&[Command<'_>], Vec<u8>, &str); 20] = [
        (&[], b"\0\0\0\0".to_vec(), "frame of length 0"),
        (&[], b"GET / HTTP/1.1".to_vec(), "unknown command '/'"),
        (&[], frame(b'\n', b""), "unknown command '\\n'"),
        (
            &[],
            b"\x80\0\0\0O".to_vec(),
            "negotiation frame of 2147483648 octets is longer than the limit of 262144",
        ),
        (
            &[],
            frame(b'O', b"\0\0\0\x06\0\0\x01\xff\0\0"),
            "negotiation frame: ends before the steps",
        ),
        (
            &[],
            frame(b'O', b"\0\0\0\x01\0\0\x01\xff\0\0\0\0"),
            "the MTA speaks protocol version 1, at least 2 is needed",
        ),
        (&[], frame(b'A', b""), "abort command out of order before the negotiation"),
        (&[], frame(b'D', b"C"), "macro command out of order before the negotiation"),
        (&[OFFER], frame(b'C', b"host\x009"), "connect frame: the address family '9' is unknown"),
        (&[OFFER], frame(b'C', b"host\x004\0"), "connect frame: ends before the port"),
        (&[OFFER], frame(b'C', b"host"), "connect frame: the host name has no NUL at its end"),
        (&[OFFER], frame(b'D', b""), "macro frame: ends before the command"),
        (&[OFFER], frame(b'D', b"?"), "macro frame: the command '?' is unknown"),
        (&[OFFER], frame(b'D', b"Ci\0"), "macro \"i\" for connect has no value"),
        (&[OFFER], frame(b'D', b"Ci\0v"), "macro frame: the last macro has no NUL at its end"),
        (&[OFFER, CONNECT], frame(b'M', b""), "MAIL frame: ends before the address"),
        (
            &[OFFER, CONNECT, MAIL],
            frame(b'L', b"X\0v\0w\0"),
            "header frame: goes on for 2 octets after its last field",
        ),
        (
            &[OFFER, CONNECT, MAIL],
            frame(b'N', b"x"),
            "end-of-headers frame: goes on for 1 octets after its last field",
        ),
        (
            &[OFFER, CONNECT, MAIL],
            frame(b'L', &vec![b'x'; limit]),
            "header frame of 262145 octets is longer than the limit of 262144",
        ),
        (&[OFFER, CONNECT, Command::Quit], vec![0], "octets after the end of the conversation"),
    ];
    for (before, input, message) in cases {
        assert_eq!(error_after(before, &input).to_string(), message);
    }
}

#[test]
fn macros_are_counted() {
    let limits = Limits { macros: 2, ..Limits::default() };
    let two = Command::Macros(CommandKind::Mail, &[(b"a", b""), (b"b", b"")]);
    let three = Command::Macros(CommandKind::Mail, &[(b"a", b""), (b"b", b""), (b"c", b"")]);
    let mut filter = Filter::new(Options { limits, ..Options::default() });
    filter.feed(&encoded(&[OFFER, two])).unwrap();
    let error = ProtocolError::TooManyMacros { command: CommandKind::Mail, limit: 2 };
    assert_eq!(filter.feed(&encoded(&[three])), Err(error));
}

#[test]
fn header_fields_are_taken_up_to_their_limit() {
    let limits = Limits { command_octets: 40, ..Limits::default() };
    let overhead = b"LX\0\0".len();
    for (octets, fits) in [(40 - overhead, true), (41 - overhead, false)] {
        let mut filter = Filter::new(Options { limits, ..Options::default() });
        filter.feed(&encoded(&[OFFER, CONNECT, MAIL])).unwrap();
        let value = vec![b'x'; octets];
        let given = filter.feed(&encoded(&[Command::Header(b"X", &value)]));
        assert_eq!(given.is_ok(), fits, "{octets} octets");
    }
}

/// For each phase, how to get there, and the letters of the commands that may follow.
#[test]
fn commands_come_in_order() {
    const ALWAYS: &str = "DAQK";
    let cases: [(&[Command<'_>], &str); 9] = [
        (&[OFFER], "C"),
        (&[OFFER, Command::Abort], "C"),
        (&[OFFER, CONNECT, MAIL, Command::Helo(b"x")], "CHMU"),
        (&[OFFER, CONNECT], "CHMU"),
        (&[OFFER, CONNECT, MAIL], "CHMURTLN"),
        (&[OFFER, CONNECT, MAIL, HEADER], "LN"),
        (&[OFFER, CONNECT, MAIL, HEADER, Command::EndOfHeaders], "BE"),
        (&[OFFER, CONNECT, MAIL, Command::EndOfHeaders, END], "CHMU"),
        (&[OFFER, CONNECT, MAIL, Command::QuitNewConnection], "C"),
    ];
    let every = [
        OFFER,
        Command::Macros(CommandKind::Mail, &[]),
        CONNECT,
        Command::Helo(b"x"),
        MAIL,
        Command::Recipient(b"x", &[]),
        Command::Data,
        Command::Unknown(b"x"),
        HEADER,
        Command::EndOfHeaders,
        Command::Body(b"x"),
        END,
        Command::Abort,
        Command::Quit,
        Command::QuitNewConnection,
    ];
    assert_eq!(every.len(), CommandKind::ALL.len());
    for (before, allowed) in cases {
        for command in &every {
            let letter = char::from(command.kind().letter());
            let expected = allowed.contains(letter) || ALWAYS.contains(letter);
            let given = after(before).feed(&encoded(std::slice::from_ref(command)));
            match given {
                Ok(()) => assert!(expected, "{letter} after {before:?}"),
                Err(ProtocolError::OutOfOrder { .. }) => {
                    assert!(!expected, "{letter} after {before:?}")
                }
                Err(error) => panic!("{letter} after {before:?}: {error}"),
            }
        }
    }
}

/// Takes the token of the first event that has one.
fn message_token(session: &mut Session, commands: &[Command<'_>]) -> MessageToken {
    let input = encoded(commands);
    let mut rest = input.as_slice();
    loop {
        let step = session.receive(rest).unwrap();
        rest = &rest[step.consumed..];
        assert!(!matches!(step.event, Event::NeedMore), "no message");
        if let Event::EndOfMessage(token) = step.event {
            return token;
        }
        let Event::EndOfHeaders(token) = step.event else { continue };
        session.answer_headers(token, HeadersReply::Continue).unwrap();
    }
}

fn whole_message() -> Vec<Command<'static>> {
    [[OFFER, CONNECT].as_slice(), &MESSAGE].concat()
}

#[test]
fn trap_w22_nothing_is_read_while_an_answer_is_outstanding() {
    let mut session = Session::new(Options::default());
    let token = message_token(&mut session, &whole_message());
    let outstanding = ProtocolError::AnswerOutstanding { command: CommandKind::EndOfBody };
    for input in [&encoded(&[Command::Abort])[..], b""] {
        assert_eq!(session.receive(input).unwrap_err(), outstanding);
    }
    session.answer_message(token.reply(), Disposition::Accept).unwrap();
    let abort = encoded(&[Command::Abort]);
    let step = session.receive(&abort).unwrap();
    assert!(matches!(step.event, Event::Abort), "the mistake changed nothing");
}

#[test]
fn trap_w22_a_token_answers_its_own_message_only() {
    let mut one = Session::new(Options::default());
    let mut two = Session::new(Options::default());
    let token_of_one = message_token(&mut one, &whole_message());
    let token_of_two = message_token(&mut two, &whole_message());
    let _ = (one.take_output(), two.take_output());
    let wrong = Err(AnswerError::WrongToken { command: CommandKind::EndOfBody });
    assert_eq!(one.progress(&token_of_two), wrong);
    assert_eq!(one.answer_message(token_of_two.reply(), Disposition::Accept), wrong);
    assert_eq!(one.output(), b"", "nothing is written for a wrong token");
    assert_eq!(one.answer_message(token_of_one.reply(), Disposition::Accept), Ok(()));
}

#[test]
fn progress_can_be_told_until_the_answer() {
    let mut session = Session::new(Options::default());
    let token = message_token(&mut session, &whole_message());
    session.clear_output();
    session.progress(&token).unwrap();
    let reply = token.reply();
    session.progress(reply.token()).unwrap();
    session.answer_message(reply, Disposition::Continue).unwrap();
    assert_eq!(replies(session.output()), [Reply::Progress, Reply::Progress, CONTINUE]);
}

#[test]
fn an_mta_without_what_is_needed_is_refused_before_anything_is_written() {
    let offer = Offer { actions: Actions::ADD_HEADERS, ..Offer::USUAL };
    let mut filter = Filter::new(Options::default());
    let error = filter.feed(&encoded(&[Command::Negotiate(offer)])).unwrap_err();
    assert!(matches!(error, ProtocolError::ActionsMissing { .. }));
    assert_eq!(filter.session.output(), b"");
    assert_eq!(filter.session.terms(), None);
}

#[test]
fn nothing_follows_a_shutdown_but_a_new_connection() {
    let mut filter = after(&[OFFER, CONNECT]);
    filter.answers.message = Disposition::Shutdown;
    filter.feed(&encoded(&MESSAGE)).unwrap();
    filter.feed(&encoded(&[Command::QuitNewConnection, CONNECT])).unwrap();
    filter.feed(&encoded(&MESSAGE)).unwrap();
    let error = filter.feed(&encoded(&[MAIL])).unwrap_err();
    assert!(matches!(error, ProtocolError::OutOfOrder { command: CommandKind::Mail, .. }));
}

#[test]
fn malformed_frames_name_their_command() {
    let error = error_after(&[OFFER, CONNECT], &frame(b'H', b"x"));
    let fault = FieldError::Unterminated { field: "name" };
    assert_eq!(error, ProtocolError::Malformed { command: CommandKind::Helo, fault });
}
