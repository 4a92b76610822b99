//! A message shown to the daemon without an MTA and without a network socket.
//!
//! It goes through a connection of the daemon itself, as an MTA would show it, so that the result is
//! what a running daemon would have decided.

pub(crate) mod message;
mod silence;

use crate::locks::lock;
use crate::privileges::Account;
use crate::server;
use crate::serving::connection::{self, Ended};
use crate::serving::service::{Clock, Service, system_clock};
use crate::serving::transaction::Told;
use crate::signing::keyring::{self, KeyMistakes, Parse};
use message::Taken;
use silence::Silence;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinError;
use twinseal_config::Config;
use twinseal_milter::client::{ClientError, Connection, Message, Outcome, Verdict};
use twinseal_milter::{ClientAddress, CommandKind, ConnectInfo, MacroStage, Offer};

/// The port of a client that there is none of.
const PORT: u16 = 25;

/// An SMTP client that there is none of, and what the MTA tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Its name, or its address in brackets.
    pub(crate) host: String,
    pub(crate) address: IpAddr,
    /// The MTA's macros, each under its name.
    pub(crate) macros: Vec<(String, String)>,
}

/// What is around a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) sender: &'a [u8],
    pub(crate) recipients: &'a [&'a [u8]],
}

/// Who is told what came of each message, where somebody waits for that.
#[derive(Debug, Default)]
pub struct Witness {
    told: Mutex<Vec<Told>>,
    verified: AtomicBool,
}

/// What a witness has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What came of each message that went on to its end.
    pub(crate) told: Vec<Told>,
    /// Whether signatures were looked for.
    pub(crate) verified: bool,
}

impl Witness {
    /// Notes what came of a message.
    pub fn note(&self, told: Told) {
        lock(&self.told).push(told);
    }

    /// Notes that a message counts as arriving, whether it has signatures or not.
    pub fn verifies(&self) {
        self.verified.store(true, Ordering::Relaxed);
    }

    /// All that was noted since it was asked last.
    pub(crate) fn take(&self) -> Seen {
        let mut told = lock(&self.told);
        Seen {
            told: std::mem::take(&mut told),
            verified: self.verified.swap(false, Ordering::Relaxed),
        }
    }
}

/// Why the daemon gives no answer, which is a mistake of ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Silent {
    #[error("{0}")]
    Socket(#[from] io::Error),
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("{0}")]
    Ended(#[from] Ended),
    #[error("{0}")]
    Task(#[from] JoinError),
}

/// A runtime that connections are served in, beside the thread that talks to them.
pub(crate) fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

/// What connections of a daemon with that configuration share. Nobody outside hears of it: DNS is
/// not asked and has no records, no report is sent, and the clock stands still.
///
/// # Errors
/// [`KeyMistakes`], every key that cannot be used.
pub(crate) fn service(
    config: &Config,
    parse: Parse,
    warn: impl FnMut(String),
) -> Result<Service, KeyMistakes> {
    // As for the daemon: what leads to a key may be its user's.
    let account = config.user.as_ref().and_then(|user| Account::find(user).ok());
    let trusted: Vec<u32> = account.iter().map(Account::uid).collect();
    let keys = keyring::load(config, &trusted, parse, warn)?;
    let resolver = server::verifies(config).then(|| Arc::new(Silence) as _);
    Ok(Service {
        clock: Clock::Fixed(system_clock()),
        desk: None,
        witness: Some(Witness::default()),
        ..server::service(config, keys, resolver)
    })
}

/// Shows the message to a connection of the daemon's, as an MTA would.
///
/// # Errors
/// [`Silent`], when the daemon does not answer.
pub(crate) fn show(
    taken: &Taken,
    caller: &Caller,
    envelope: &Envelope<'_>,
    (runtime, service): (&Runtime, &Arc<Service>),
) -> Result<Outcome, Silent> {
    let (ours, theirs) = UnixStream::pair()?;
    theirs.set_nonblocking(true)?;
    let theirs = {
        let _inside = runtime.enter();
        tokio::net::UnixStream::from_std(theirs)?
    };
    let (_stop, stopped) = watch::channel(false);
    let served = runtime.spawn(connection::serve(theirs, Arc::clone(service), stopped));
    let outcome = converse(ours, taken, caller, envelope)?;
    runtime.block_on(served)??;
    Ok(outcome)
}

fn converse(
    stream: UnixStream,
    taken: &Taken,
    caller: &Caller,
    envelope: &Envelope<'_>,
) -> Result<Outcome, ClientError> {
    let mut connection = Connection::open(stream, Offer::USUAL)?;
    let macros: Vec<(&str, &str)> =
        caller.macros.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for stage in [MacroStage::Connect, MacroStage::Mail, MacroStage::EndOfMessage] {
        connection.set_macros(stage, &macros);
    }
    let host = caller.host.as_bytes();
    let address = ClientAddress::Inet(SocketAddr::from((caller.address, PORT)));
    let verdict = connection.connect(ConnectInfo { hostname: host, address }, host)?;
    let outcome = if verdict == Verdict::Continue {
        connection.deliver(&Message {
            sender: envelope.sender,
            sender_arguments: &[],
            recipients: envelope.recipients,
            header: &taken.header,
            body: &taken.body,
        })?
    } else {
        Outcome { verdict, decided_at: CommandKind::Connect, modifications: Vec::new() }
    };
    connection.quit()?;
    Ok(outcome)
}
