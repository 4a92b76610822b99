//! The MTA's side: several connections, each a thread that waits for its answers.
//!
//! What is said is what Postfix 3.7 says: the bits that the peer negotiated decide which commands
//! are left out and which are answered; a macro frame stands before each; what needs no answer
//! waits for what does; after a message comes an abort.

use crate::failure::{Failure, Result};
use crate::mail::Mail;
use crate::peer::{Peer, Stream};
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};
use twinseal_milter::client::{ClientError, Command, Connection, Outcome, Verdict};
use twinseal_milter::{ClientAddress, CommandKind, ConnectInfo, MacroStage, Offer, Terms};

/// What a thread of ours needs; 500 of them are little then.
const STACK_OCTETS: usize = 128 * 1024;

/// What to do to a peer.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// The message, sent again and again.
    pub mail: &'a Mail,
    /// How many connections send it at the same time.
    pub connections: usize,
    /// What a connection is good for.
    pub reuse: Reuse,
    /// When to stop.
    pub until: Until,
}

/// How many messages a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// All of them: one SMTP session with many messages.
    ManyMessages,
    /// One, and a new connection for the next, as between SMTP sessions.
    OneMessage,
}

/// When a load ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// With the first message that ends after that time, on each connection.
    Elapsed(Duration),
    /// After that many messages on each connection.
    Messages(usize),
}

/// What a load came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Per message: from the end of the body to the answer.
    pub ends: Vec<Duration>,
    /// Per message: from MAIL to the answer to the end of the body.
    pub wholes: Vec<Duration>,
    /// How often an answer was awaited within messages.
    pub round_trips: u64,
    /// Processor time that the peer used.
    pub processor: Duration,
    /// How long all of it took.
    pub wall: Duration,
}

type Filter = Connection<Box<dyn Stream>>;

impl Load<'_> {
    /// Puts the load on a peer.
    ///
    /// Connections that stay open are opened before the peer's clock is read, and closed after it
    /// was read again.
    ///
    /// # Errors
    /// When a connection breaks, or the answer to a message is not the expected one.
    pub fn run(&self, peer: &Peer) -> Result<Tally> {
        let kept = match self.reuse {
            Reuse::ManyMessages => self.connections,
            Reuse::OneMessage => 0,
        };
        let open = (0..kept).map(|_| open(peer));
        let mut open = open.collect::<Result<Vec<Filter>>>()?.into_iter();
        let (begun, before) = (Instant::now(), peer.processor_time()?);
        let ended: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..self.connections)
                .map(|_| {
                    let filter = open.next();
                    let work = move || self.one_connection(peer, filter, begun);
                    thread::Builder::new().stack_size(STACK_OCTETS).spawn_scoped(scope, work)
                })
                .collect();
            let join = |thread: std::io::Result<thread::ScopedJoinHandle<'_, _>>| {
                let thread = thread.map_err(Failure::system("a thread for a connection"))?;
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            threads.into_iter().map(join).collect()
        });
        let mut tally = Tally {
            processor: peer.processor_time()?.saturating_sub(before),
            wall: begun.elapsed(),
            ..Tally::default()
        };
        for part in ended {
            let (part, filter) = part?;
            tally.add(part);
            filter.map(Connection::quit).transpose().map_err(talk(peer))?;
        }
        Ok(tally)
    }

    /// Puts the load on a peer while it bears another.
    ///
    /// # Errors
    /// When either of them cannot be put on it.
    pub fn run_beside(&self, other: &Load<'_>, peer: &Peer) -> Result<Tally> {
        thread::scope(|scope| {
            let beside = scope.spawn(|| other.run(peer));
            let tally = self.run(peer);
            beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            tally
        })
    }

    /// Sends messages one after the other; hands back a connection that stays open.
    fn one_connection(
        &self,
        peer: &Peer,
        mut filter: Option<Filter>,
        begun: Instant,
    ) -> Result<(Tally, Option<Filter>)> {
        let mut tally = Tally::default();
        while !self.is_over(&tally, begun) {
            match &mut filter {
                Some(filter) => drop(send(filter, peer, self.mail, &mut tally)?),
                None => {
                    let mut filter = open(peer)?;
                    send(&mut filter, peer, self.mail, &mut tally)?;
                    filter.quit().map_err(talk(peer))?;
                }
            }
        }
        Ok((tally, filter))
    }

    fn is_over(&self, tally: &Tally, begun: Instant) -> bool {
        match self.until {
            // At least one, however late the thread was started.
            Until::Elapsed(time) => !tally.wholes.is_empty() && begun.elapsed() >= time,
            Until::Messages(messages) => tally.wholes.len() >= messages,
        }
    }
}

impl Tally {
    /// How many messages there were.
    pub fn messages(&self) -> usize {
        self.wholes.len()
    }

    fn add(&mut self, other: Self) {
        self.ends.extend(other.ends);
        self.wholes.extend(other.wholes);
        self.round_trips += other.round_trips;
    }
}

/// Sends one message on a connection of its own: what became of it, and what was negotiated.
///
/// # Errors
/// When the connection breaks, or the answer is not the expected one.
pub fn once(peer: &Peer, mail: &Mail) -> Result<(Outcome, Terms)> {
    let mut filter = open(peer)?;
    let outcome = send(&mut filter, peer, mail, &mut Tally::default())?;
    let terms = *filter.terms();
    filter.quit().map_err(talk(peer))?;
    Ok((outcome, terms))
}

/// A connection as Postfix opens it for an SMTP client on this host. The macros are those of its
/// default configuration that have a value; trap W17: a queue id comes with DATA.
fn open(peer: &Peer) -> Result<Filter> {
    let stream = peer.address().connect().map_err(ClientError::from).map_err(talk(peer))?;
    let mut filter = Connection::open(stream, Offer::USUAL).map_err(talk(peer))?;
    let connect = [
        ("j", "mail.example.com"),
        ("{daemon_name}", "mail.example.com"),
        ("{daemon_addr}", "127.0.0.1"),
        ("v", "Postfix 3.7.11"),
        ("_", "localhost [127.0.0.1]"),
    ];
    let mail = [
        ("{mail_addr}", "joe@example.com"),
        ("{mail_host}", "example.com"),
        ("{mail_mailer}", "smtp"),
    ];
    let recipient = [
        ("{rcpt_addr}", "suzie@example.net"),
        ("{rcpt_host}", "example.net"),
        ("{rcpt_mailer}", "smtp"),
    ];
    let queue_id = [("i", "4SxYzT5vZ7z9rxD")];
    filter.set_macros(MacroStage::Connect, &connect);
    filter.set_macros(MacroStage::Helo, &[]);
    filter.set_macros(MacroStage::Mail, &mail);
    filter.set_macros(MacroStage::Recipient, &recipient);
    for stage in [MacroStage::Data, MacroStage::EndOfHeaders, MacroStage::EndOfMessage] {
        filter.set_macros(stage, &queue_id);
    }
    let address = ClientAddress::Inet(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000)));
    let client = ConnectInfo { hostname: b"localhost", address };
    let verdict = filter.connect(client, b"desk.example.com").map_err(talk(peer))?;
    if verdict == Verdict::Continue {
        return Ok(filter);
    }
    let nothing = Outcome { verdict, decided_at: CommandKind::Connect, modifications: Vec::new() };
    Err(wrong(peer, "take a connection".to_owned(), nothing))
}

/// Sends a message, takes the time, and checks the answer.
fn send(filter: &mut Filter, peer: &Peer, mail: &Mail, tally: &mut Tally) -> Result<Outcome> {
    let trips = filter.round_trips();
    let begun = Instant::now();
    let mut ended = begun;
    let mut last = None;
    for command in mail.message().commands() {
        if command.kind() == CommandKind::EndOfBody {
            ended = Instant::now();
        }
        let outcome = filter.say(&command).map_err(talk(peer))?;
        let decided = outcome.verdict != Verdict::Continue;
        last = Some(outcome);
        if decided {
            break;
        }
    }
    tally.ends.push(ended.elapsed());
    tally.wholes.push(begun.elapsed());
    tally.round_trips += filter.round_trips() - trips;
    filter.say(&Command::Abort).map_err(talk(peer))?;
    match last {
        Some(outcome) if peer.duty().is_done(&outcome, mail) => Ok(outcome),
        Some(outcome) => Err(wrong(peer, peer.duty().expects(mail), outcome)),
        None => Err(Failure::NoPeer { peer: peer.name().into(), words: "nothing was said".into() }),
    }
}

fn talk(peer: &Peer) -> impl FnOnce(ClientError) -> Failure {
    |source| Failure::Talk { peer: peer.name().to_owned(), source }
}

fn wrong(peer: &Peer, expected: String, outcome: Outcome) -> Failure {
    Failure::WrongAnswer {
        peer: peer.name().to_owned(),
        verdict: outcome.verdict,
        modifications: outcome.modifications,
        expected,
    }
}
