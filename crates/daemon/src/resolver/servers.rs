//! Several servers, in turn: a question that stays unanswered goes out again, to the next of them.

use super::exchange::{self, Question};
use super::{FOREVER, Settings, system};
use hickory_net::proto::op::Message;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout_at};
use twinseal_dkim::LookupFailure;

/// How often a question is sent, over all servers. Whoever was asked may answer until the time is
/// over.
pub(crate) const TRIES: usize = twinseal_config::MAX_SERVERS;

/// Between two tries passes this part of the time that there is; so the last one has as much of it
/// as all the others.
const PART: u32 = 4;

/// The servers that may be asked.
#[derive(Debug)]
pub(super) struct Servers {
    addresses: Box<[SocketAddr]>,
    /// Who answered last is asked first: one that is down costs time once, not every time.
    first: AtomicUsize,
    timeout: Duration,
}

impl Servers {
    /// The servers of the settings, or else those of this host ([`system::CONFIGURATION`]), which is
    /// read now. What works and is probably not meant goes to `warn`.
    pub(super) fn of(settings: &Settings, warn: impl FnMut(String)) -> Self {
        let mut addresses = settings.servers.clone();
        if addresses.is_empty() {
            addresses = system::nameservers(Path::new(system::CONFIGURATION), warn);
        }
        Self::new(addresses, settings.timeout)
    }

    /// More than [`TRIES`] would not all be asked: the first ones count.
    pub(super) fn new(mut addresses: Vec<SocketAddr>, timeout: Duration) -> Self {
        addresses.truncate(TRIES);
        Self {
            addresses: addresses.into(),
            first: AtomicUsize::new(0),
            timeout: timeout.min(FOREVER),
        }
    }

    /// How long a question with all that follows from it may take.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The first answer that is one. A server that cannot answer leaves the question to the others
    /// at once, and is not asked again.
    ///
    /// # Errors
    /// What the servers said when all of them failed, or by the deadline.
    pub(super) async fn ask(
        &self,
        question: &Question,
        deadline: Instant,
    ) -> Result<Message, LookupFailure> {
        let mut tries = Tries {
            servers: self,
            waiting: self.order().collect(),
            asked: JoinSet::new(),
            failed: BTreeMap::new(),
        };
        match timeout_at(deadline, tries.answer(question, deadline)).await {
            Ok(answer) => answer,
            Err(_) => Err(tries.failure()),
        }
    }

    /// Whom to ask, in this order.
    fn order(&self) -> impl Iterator<Item = usize> {
        let (first, number) = (self.first.load(Ordering::Relaxed), self.addresses.len());
        (0..TRIES).filter_map(move |at| (first + at).checked_rem(number))
    }
}

struct Tries<'s> {
    servers: &'s Servers,
    /// Whom to ask yet, the next one first.
    waiting: Vec<usize>,
    asked: JoinSet<(usize, Result<Message, LookupFailure>)>,
    failed: BTreeMap<usize, LookupFailure>,
}

impl Tries<'_> {
    async fn answer(
        &mut self,
        question: &Question,
        deadline: Instant,
    ) -> Result<Message, LookupFailure> {
        let part = (self.servers.timeout / PART).max(Duration::from_millis(1));
        let mut next = interval_at(Instant::now() + part, part);
        next.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Not at a tick: even one that is due takes a millisecond.
        self.ask_next(question, deadline);
        while !self.exhausted() {
            tokio::select! {
                _ = next.tick(), if !self.waiting.is_empty() => self.ask_next(question, deadline),
                Some(done) = self.asked.join_next(), if !self.asked.is_empty() => {
                    // It does not panic, and nobody stops it but us.
                    let Ok((server, answer)) = done else { continue };
                    let Err(failure) = answer else {
                        self.servers.first.store(server, Ordering::Relaxed);
                        return answer;
                    };
                    self.failed.entry(server).or_insert(failure);
                    self.waiting.retain(|other| *other != server);
                    self.ask_next(question, deadline);
                    next.reset();
                }
            }
        }
        Err(self.failure())
    }

    /// Whether nothing can come any more.
    fn exhausted(&self) -> bool {
        self.failed.len() == self.servers.addresses.len()
            || (self.waiting.is_empty() && self.asked.is_empty())
    }

    fn ask_next(&mut self, question: &Question, deadline: Instant) {
        if self.waiting.is_empty() {
            return;
        }
        let index = self.waiting.remove(0);
        let Some(server) = self.servers.addresses.get(index).copied() else { return };
        let (question, left) =
            (question.clone(), deadline.saturating_duration_since(Instant::now()));
        self.asked.spawn(async move { (index, exchange::ask(server, &question, left).await) });
    }

    /// The first failure, in the order of the servers: it says more than that nothing came.
    fn failure(&self) -> LookupFailure {
        let nobody = if self.servers.addresses.is_empty() {
            LookupFailure::Unusable
        } else {
            LookupFailure::Timeout
        };
        self.failed.values().copied().next().unwrap_or(nobody)
    }
}
