//! What well-behaved MTAs say, and what they hear.

use super::*;

/// Two messages, the second after an abort, and a new connection.
fn conversation() -> Vec<Command<'static>> {
    let long: &'static [u8] = &[b'x'; 300];
    let mut commands = vec![
        OFFER,
        Command::Macros(CommandKind::Connect, &[(b"j", b"mx"), (b"{daemon_name}", b"smtp")]),
        CONNECT,
        Command::Macros(CommandKind::Helo, &[]),
        Command::Helo(b"client"),
    ];
    commands.extend(MESSAGE);
    commands.extend([MAIL, Command::Abort, Command::Macros(CommandKind::Mail, &[(b"i", b"2")])]);
    commands.extend([Command::Mail(b"", &[]), Command::Header(b"X", long), Command::EndOfHeaders]);
    commands.extend([Command::Body(long), Command::Body(b"\r"), Command::EndOfBody(b"\nend")]);
    commands.extend([
        Command::QuitNewConnection,
        CONNECT,
        Command::Unknown(b"ETRN"),
        Command::Quit,
    ]);
    commands
}

#[test]
fn events_and_replies_do_not_depend_on_where_the_input_is_cut() {
    let input = encoded(&conversation());
    let whole = {
        let mut filter = Filter::new(Options::default());
        filter.feed(&input).unwrap();
        (filter.seen.clone(), filter.session.take_output())
    };
    assert_eq!(whole.0.len(), 21, "{:#?}", whole.0);
    for cut in 0..=input.len() {
        let mut filter = Filter::new(Options::default());
        let (a, b) = input.split_at(cut);
        filter.feed(a).unwrap();
        filter.feed(b).unwrap();
        assert_eq!(
            (filter.seen.clone(), filter.session.take_output()),
            whole,
            "cut at octet {cut}"
        );
    }
    let mut filter = Filter::new(Options::default());
    input.iter().for_each(|octet| filter.feed(&[*octet]).unwrap());
    assert_eq!((filter.seen.clone(), filter.session.take_output()), whole, "octet by octet");
}

#[test]
fn a_conversation_is_reported_in_order() {
    let mut filter = Filter::new(Options::default());
    filter.feed(&encoded(&conversation())).unwrap();
    let long = "x".repeat(300);
    let want = [
        "negotiated 6",
        "connect mx.example.com Inet(192.0.2.1:25)",
        "helo client",
        "mail <a@example.com>",
        "rcpt <b@example.org>",
        "data",
        "Subject: x",
        "end of headers",
        "body text\\r\\n",
        "end of message",
        "mail <a@example.com>",
        "abort",
        "mail ",
        &format!("X:{long}"),
        "end of headers",
        &format!("body {long}\\r\\nend"),
        "end of message",
        "quit, new connection",
        "connect mx.example.com Inet(192.0.2.1:25)",
        "unknown ETRN",
        "quit",
    ];
    assert_eq!(filter.seen, want);
}

#[test]
fn every_version_is_spoken() {
    for version in 2..=6 {
        let mut filter = Filter::new(Options::default());
        filter.feed(&encoded(&[Command::Negotiate(Offer::of_version(version))])).unwrap();
        let terms = *filter.session.terms().unwrap();
        assert_eq!(terms.version, version);
        assert_eq!(terms.leading_space(), version == 6, "version {version}");
        let Reply::Negotiated(answer, lists) = filter.replies().remove(0) else {
            panic!("version {version}: no negotiation")
        };
        assert_eq!((answer.version, answer.steps, lists), (version, terms.steps, vec![]));
        for command in [CONNECT].iter().chain(&MESSAGE) {
            let kind = command.kind();
            let replies = filter.say(command).unwrap().len();
            assert_eq!(replies, usize::from(terms.awaits_reply(kind)), "version {version}, {kind}");
        }
    }
}

#[test]
fn trap_w1_values_are_exact_with_leading_space_and_uniform_without() {
    let values: [&[u8]; 4] = [b" a", b"  a", b"a", b"\ta"];
    for (offer, want) in [
        (Offer::USUAL, ["X: a", "X:  a", "X:a", "X:\\ta"]),
        // What an old MTA has made of them: one space is gone, then ours comes in front.
        (Offer::of_version(2), ["X: a", "X:  a", "X: a", "X: \\ta"]),
    ] {
        let mut filter = after(&[Command::Negotiate(offer), CONNECT, MAIL]);
        let terms = *filter.session.terms().unwrap();
        for value in values {
            let mut input = Vec::new();
            Command::Header(b"X", value).say(&terms, &mut input);
            filter.feed(&input).unwrap();
        }
        assert_eq!(filter.seen, want, "version {}", offer.version);
    }
}

#[test]
fn trap_w1_inserted_values_start_as_the_mta_needs_them() {
    for (version, value) in [(6, b" v".to_vec()), (2, b"v".to_vec())] {
        let mut filter = after(&[Command::Negotiate(Offer::of_version(version)), CONNECT]);
        filter.answers.edit = |reply| reply.insert_header(1, "X", b" v");
        filter.feed(&encoded(&MESSAGE)).unwrap();
        let insert = Modification::InsertHeader { index: 1, name: b"X".to_vec(), value };
        let replies = filter.replies();
        assert!(replies.contains(&Reply::Modification(insert)), "version {version}: {replies:?}");
    }
}

#[test]
fn traps_w2_w3_folds_arrive_as_they_are_and_can_come_first() {
    let mut filter = after(&[OFFER, CONNECT, MAIL]);
    filter.feed(&encoded(&[Command::Header(b"Subject", b"\n text\n\tmore")])).unwrap();
    assert_eq!(filter.seen, ["Subject:\\n text\\n\\tmore"]);
}

#[test]
fn trap_w5_an_empty_body_is_no_body_event() {
    let commands = [MAIL, HEADER, Command::EndOfHeaders, END];
    let mut filter = after(&[OFFER, CONNECT]);
    filter.feed(&encoded(&commands)).unwrap();
    assert_eq!(filter.seen[2..], ["end of headers", "end of message"]);
    let empty_frame = [MAIL, Command::EndOfHeaders, Command::Body(b""), END];
    let mut filter = after(&[OFFER, CONNECT]);
    filter.feed(&encoded(&empty_frame)).unwrap();
    assert_eq!(filter.seen[1..], ["end of headers", "end of message"]);
}

#[test]
fn trap_w6_the_end_of_the_body_can_carry_its_last_piece() {
    let commands = [MAIL, Command::EndOfHeaders, Command::Body(b"a"), Command::EndOfBody(b"\0b")];
    let mut filter = after(&[OFFER, CONNECT]);
    filter.feed(&encoded(&commands)).unwrap();
    assert_eq!(filter.seen[1..], ["end of headers", "body a\\x00b", "end of message"]);
    assert_eq!(filter.replies(), [CONTINUE, ACCEPT]);
}

#[test]
fn trap_w15_aborts_reset_the_message_and_come_in_rows() {
    let connect_macros = Command::Macros(CommandKind::Connect, &[(b"j", b"mx")]);
    let mail_macros = Command::Macros(CommandKind::Mail, &[(b"i", b"1")]);
    for stop in 0..=MESSAGE.len() {
        let mut filter = after(&[OFFER, connect_macros.clone(), CONNECT, mail_macros.clone()]);
        filter.feed(&encoded(&MESSAGE[..stop])).unwrap();
        filter.feed(&encoded(&[Command::Abort, Command::Abort, Command::Abort])).unwrap();
        let macros = filter.session.macros();
        let kept = (macros.value("j"), macros.value("i"));
        assert_eq!(kept, (Some(&b"mx"[..]), None), "after {stop} commands");
        filter.seen.clear();
        filter.feed(&encoded(&MESSAGE)).unwrap();
        assert_eq!(filter.seen.len(), MESSAGE.len(), "after {stop} commands");
    }
}

#[test]
fn trap_w17_macros_are_known_from_when_they_come() {
    let early = Command::Macros(CommandKind::Mail, &[(b"i", b"early")]);
    let late = Command::Macros(CommandKind::Data, &[(b"i", b"late")]);
    for (before_mail, before_data, seen) in
        [(Some(early), None, Some(&b"early"[..])), (None, Some(late), None)]
    {
        let mut filter = after(&[OFFER, CONNECT]);
        filter.feed(&encoded(&before_mail.into_iter().collect::<Vec<_>>())).unwrap();
        filter.feed(&encoded(&[MAIL])).unwrap();
        assert_eq!(filter.session.macros().value("{i}"), seen, "at MAIL");
        filter.feed(&encoded(&before_data.into_iter().collect::<Vec<_>>())).unwrap();
        assert!(filter.session.macros().value("i").is_some(), "at DATA");
        filter.feed(&encoded(&MESSAGE[2..])).unwrap();
        assert_eq!(filter.session.macros().value("i"), None, "after the message");
    }
}

#[test]
fn trap_w17_the_macros_of_a_message_go_with_its_decision_or_with_the_next_mail() {
    let macros = Command::Macros(CommandKind::Mail, &[(b"i", b"1")]);
    for (headers, last) in [(HeadersReply::Accept, 5), (HeadersReply::Continue, 7)] {
        let mut filter = after(&[OFFER, CONNECT, macros.clone()]);
        filter.answers.headers = headers;
        filter.feed(&encoded(&MESSAGE[..4])).unwrap();
        assert_eq!(filter.session.macros().value("i"), Some(&b"1"[..]));
        filter.feed(&encoded(&MESSAGE[4..last])).unwrap();
        assert_eq!(filter.session.macros().value("i"), None);
    }
    let filter = after(&[OFFER, CONNECT, macros, MAIL, MAIL]);
    assert_eq!(filter.session.macros().value("i"), None, "of the first MAIL");
}

#[test]
fn trap_w20_a_new_connection_can_follow_everywhere() {
    let decisions = [
        Answers::default(),
        Answers { connect: ConnectReply::Accept, ..Answers::default() },
        Answers { headers: HeadersReply::Accept, ..Answers::default() },
    ];
    for answers in decisions {
        let mut commands = vec![CONNECT];
        let shown = match (answers.connect, &answers.headers) {
            (ConnectReply::Accept, _) => 0,
            (_, HeadersReply::Accept) => MESSAGE.len() - 2,
            _ => MESSAGE.len(),
        };
        commands.extend(MESSAGE[..shown].iter().cloned());
        let options = Options { decide_at_connect: true, ..Options::default() };
        let mut filter = Filter::answering(options, answers);
        filter.feed(&encoded(&[OFFER])).unwrap();
        for stop in 0..=commands.len() {
            let macros = Command::Macros(CommandKind::Connect, &[(b"j", b"mx")]);
            filter.feed(&encoded(&[macros])).unwrap();
            filter.feed(&encoded(&commands[..stop])).unwrap();
            filter.feed(&encoded(&[Command::QuitNewConnection])).unwrap();
            assert_eq!(filter.session.macros().value("j"), None);
            let _ = filter.replies();
            assert_eq!(filter.say(&CONNECT).unwrap().len(), 1, "after {stop} commands");
            filter.feed(&encoded(&[Command::QuitNewConnection])).unwrap();
        }
    }
}

#[test]
fn after_a_decision_at_connect_only_the_next_connection_comes() {
    let options = Options { decide_at_connect: true, ..Options::default() };
    for reply in [ConnectReply::Accept, ConnectReply::TempFail, ConnectReply::Reject] {
        let answers = Answers { connect: reply, ..Answers::default() };
        let mut filter = Filter::answering(options.clone(), answers);
        filter.feed(&encoded(&[OFFER, CONNECT, Command::Abort, Command::Abort])).unwrap();
        assert_eq!(filter.replies().len(), 2, "{reply:?}");
        filter.feed(&encoded(&[CONNECT, Command::QuitNewConnection, CONNECT])).unwrap();
        assert_eq!(filter.replies().len(), 2, "{reply:?}");
        let error = filter.feed(&encoded(&[Command::Abort, MAIL])).unwrap_err();
        assert_eq!(error.to_string(), "MAIL command out of order after the client was decided on");
    }
}

#[test]
fn trap_w21_a_message_of_sixteen_fields_takes_two_round_trips() {
    let mut filter = after(&[OFFER, CONNECT]);
    filter.feed(&encoded(&[MAIL])).unwrap();
    filter.feed(&encoded(&vec![HEADER; 16])).unwrap();
    assert_eq!(filter.replies(), []);
    assert_eq!(filter.say(&Command::EndOfHeaders).unwrap(), [CONTINUE]);
    assert_eq!(filter.say(&Command::Body(b"x")).unwrap(), []);
    assert_eq!(filter.say(&END).unwrap(), [ACCEPT]);
}

#[test]
fn trap_w22_accepting_at_the_end_of_headers_ends_the_message() {
    let answers = Answers { headers: HeadersReply::Accept, ..Answers::default() };
    let mut filter = Filter::answering(Options::default(), answers);
    filter.feed(&encoded(&[OFFER, CONNECT, MAIL, Command::EndOfHeaders])).unwrap();
    assert_eq!(filter.replies().pop(), Some(ACCEPT));
    filter.seen.clear();
    // An MTA that sends the rest all the same hears the decision again.
    filter.feed(&encoded(&[Command::Body(b"x"), Command::EndOfBody(b"y")])).unwrap();
    assert_eq!((filter.seen.len(), filter.replies()), (0, vec![ACCEPT]));
    filter.feed(&encoded(&[MAIL, HEADER])).unwrap();
    assert_eq!(filter.seen, ["mail <a@example.com>", "Subject: x"]);
}

#[test]
fn traps_w22_w23_every_subset_of_the_no_reply_flags_is_honoured() {
    let flags: Vec<u32> =
        (0..32).map(|bit| 1 << bit).filter(|bit| Steps::NO_REPLY.bits() & bit != 0).collect();
    let stages = WantedStages { helo: true, recipients: true, data: true, unknown: true };
    for subset in 0..1_u32 << flags.len() {
        let chosen = flags.iter().enumerate().filter(|(at, _)| subset & (1 << at) != 0);
        let steps = Steps::from_bits(chosen.map(|(_, bit)| bit).sum());
        let mut filter = Filter::new(Options { stages, ..Options::default() });
        let offer = Offer { steps, ..Offer::USUAL };
        filter.feed(&encoded(&[Command::Negotiate(offer)])).unwrap();
        let _ = filter.session.take_output();
        let terms = *filter.session.terms().unwrap();
        assert!(steps.contains(terms.steps));
        let before = [CONNECT, Command::Helo(b"x"), Command::Unknown(b"y")];
        for command in before.iter().chain(&MESSAGE) {
            let expected = usize::from(terms.awaits_reply(command.kind()));
            let replies = filter.say(command).unwrap();
            assert_eq!(replies.len(), expected, "{steps}: {}", command.kind());
        }
    }
}

#[test]
fn trap_w19_the_whole_answer_is_in_the_output_at_once() {
    let mut filter = after(&[OFFER, CONNECT]);
    filter.answers.edit = |reply| {
        reply.delete_header(2, "Authentication-Results")?;
        reply.insert_header(1, "DKIM-Signature", b" v=1;\r\n\tb=")
    };
    filter.feed(&encoded(&MESSAGE[..6])).unwrap();
    let _ = filter.session.take_output();
    filter.feed(&encoded(&[END])).unwrap();
    assert_eq!(filter.session.output(), filter.session.output().to_vec());
    let replies = replies(filter.session.output());
    assert_eq!(replies.len(), 3);
    assert_eq!(replies.last(), Some(&ACCEPT));
    filter.session.clear_output();
    assert_eq!(filter.session.output(), b"");
}

#[test]
fn modifications_of_a_refused_message_are_not_sent() {
    for message in [Disposition::Reject, Disposition::TempFail, Disposition::Discard] {
        let mut filter = after(&[OFFER, CONNECT]);
        filter.answers.edit = |reply| reply.add_header("X", b" v");
        filter.answers.message = message;
        filter.feed(&encoded(&MESSAGE)).unwrap();
        assert_eq!(filter.replies().len(), 2, "continue at end of headers, then the refusal");
    }
}

#[test]
fn local_mail_needs_no_helo_and_no_brackets() {
    let client = ConnectInfo {
        hostname: b"localhost",
        address: ClientAddress::Inet("127.0.0.1:0".parse().unwrap()),
    };
    let mut filter = after(&[OFFER]);
    let commands = [Command::Connect(client), Command::Mail(b"", &[]), HEADER];
    filter.feed(&encoded(&commands)).unwrap();
    assert_eq!(
        filter.seen,
        ["connect localhost Inet(127.0.0.1:0)", "mail ", "Subject: x"],
        "trap P6"
    );
}
