//! Conversations by chance: whatever an MTA says, nothing panics, and nothing is answered that was
//! declined.

use super::*;
use crate::testing::Answers;

/// Xorshift: the same numbers from the same seed, everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn bits(&mut self) -> u32 {
        u32::try_from(self.next() >> 32).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

fn options(chance: &mut Chance) -> Options {
    Options {
        decide_at_connect: chance.one_in(2),
        stages: WantedStages {
            helo: chance.one_in(2),
            recipients: chance.one_in(2),
            data: chance.one_in(2),
            unknown: chance.one_in(2),
        },
        needed: Actions::NONE,
        useful: Actions::from_bits(chance.bits()),
        ..Options::default()
    }
}

fn answers(chance: &mut Chance) -> Answers {
    let connect = [ConnectReply::Continue, ConnectReply::Continue, ConnectReply::Accept];
    let headers = [HeadersReply::Continue, HeadersReply::Accept, HeadersReply::TempFail];
    let message = [Disposition::Accept, Disposition::Continue, Disposition::Reject];
    Answers {
        connect: chance.pick(&connect),
        headers: chance.pick(&headers),
        message: chance.pick(&message),
        ..Answers::default()
    }
}

/// Mostly the next command of a proper conversation, sometimes any.
fn command(chance: &mut Chance, last: CommandKind) -> Command<'static> {
    let body: &'static [u8] = &[b'b'; 40];
    let piece = &body[..chance.below(body.len())];
    let any = [
        Command::Macros(CommandKind::Header, &[(b"i", b"1")]),
        CONNECT,
        Command::Helo(b"x"),
        MAIL,
        Command::Recipient(b"<>", &[]),
        Command::Data,
        Command::Unknown(b"x"),
        HEADER,
        Command::EndOfHeaders,
        Command::Body(piece),
        Command::EndOfBody(piece),
        Command::Abort,
        Command::QuitNewConnection,
    ];
    let next: &[Command<'static>] = match last {
        _ if chance.one_in(8) => &any,
        CommandKind::Negotiate | CommandKind::QuitNewConnection => &[CONNECT],
        CommandKind::Mail => &[any[4].clone(), HEADER, any[5].clone()],
        CommandKind::Recipient | CommandKind::Data => &[any[5].clone(), HEADER],
        CommandKind::Header => &[HEADER, Command::EndOfHeaders],
        CommandKind::EndOfHeaders | CommandKind::Body => &[any[9].clone(), any[10].clone()],
        CommandKind::Macros
        | CommandKind::Connect
        | CommandKind::Helo
        | CommandKind::Unknown
        | CommandKind::EndOfBody
        | CommandKind::Abort
        | CommandKind::Quit => &[MAIL, MAIL, any[2].clone(), any[6].clone(), Command::Abort],
    };
    chance.pick(next)
}

/// Feeds `input` in pieces.
fn feed(filter: &mut Filter, chance: &mut Chance, input: &[u8]) -> Result<(), ProtocolError> {
    let mut rest = input;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + chance.below(rest.len()));
        filter.feed(piece)?;
        rest = after;
    }
    Ok(())
}

fn verdicts(replies: &[Reply]) -> usize {
    replies.iter().filter(|reply| matches!(reply, Reply::Verdict(_))).count()
}

#[test]
fn trap_w22_no_conversation_gets_a_reply_that_was_declined() {
    let mut finished = 0;
    for seed in 1..=3000 {
        println!("seed {seed}");
        let mut chance = Chance(seed);
        let mut filter = Filter::answering(options(&mut chance), answers(&mut chance));
        let version = 2 + u32::try_from(chance.below(6)).unwrap();
        let offer = Offer {
            version,
            actions: Actions::from_bits(chance.bits()),
            steps: Steps::from_bits(chance.bits()),
        };
        filter.feed(&encoded(&[Command::Negotiate(offer)])).unwrap();
        assert!(matches!(filter.replies()[..], [Reply::Negotiated(..)]), "seed {seed}");
        let terms = *filter.session.terms().unwrap();
        let mut last = CommandKind::Negotiate;
        for _ in 0..60 {
            let command = command(&mut chance, last);
            let kind = command.kind();
            let given = feed(&mut filter, &mut chance, &encoded(&[command]));
            let replies = filter.replies();
            if given.is_err() {
                assert_eq!(replies, [], "seed {seed}: a reply to a mistake");
                break;
            }
            let expected = usize::from(terms.awaits_reply(kind));
            assert_eq!(verdicts(&replies), expected, "seed {seed}: {kind} got {replies:?}");
            finished += usize::from(kind == CommandKind::EndOfBody);
            if kind != CommandKind::Macros {
                last = kind;
            }
        }
    }
    assert!(finished > 2000, "only {finished} messages came to their end");
}

#[test]
fn broken_conversations_never_panic() {
    let whole = encoded(&[[OFFER, CONNECT].as_slice(), &MESSAGE, &MESSAGE].concat());
    for seed in 1..=5000 {
        println!("seed {seed}");
        let mut chance = Chance(seed);
        let mut input = whole.clone();
        for _ in 0..=chance.below(4) {
            let at = chance.below(input.len());
            match chance.below(3) {
                0 => input[at] = u8::try_from(chance.below(256)).unwrap(),
                1 => drop(input.remove(at)),
                _ => input.insert(at, u8::try_from(chance.below(256)).unwrap()),
            }
        }
        let mut filter = Filter::answering(options(&mut chance), answers(&mut chance));
        if let Err(error) = feed(&mut filter, &mut chance, &input) {
            assert!(!error.to_string().contains('\n'), "seed {seed}: {error}");
        }
        let _ = filter.replies();
    }
}
