//! DNS, with a memory: each question is asked once, whoever waits for it.

use super::lookup::{self, Found};
use super::memory::Memory;
use super::places::{MAX_QUESTIONS, Places};
use super::servers::{Servers, TRIES};
use super::{Lookup, Resolver, deadline};
use crate::locks::lock;
use std::collections::HashMap;
use std::fmt::Debug;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use twinseal_dkim::{LookupFailure, TxtAnswer};

/// How many sockets that takes at most: each try has one of its own, with a port of its own.
pub const MAX_SOCKETS: usize = MAX_QUESTIONS * TRIES;

/// How DNS is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whom to ask, in this order; nobody stands for whom this host asks. The first three count.
    pub servers: Vec<SocketAddr>,
    /// How long a question may take with all that follows from it: other servers, TCP, aliases.
    pub timeout: Duration,
}

/// Asks DNS. Clones share what they know.
#[derive(Debug, Clone)]
pub struct DnsResolver(Arc<Inner>);

/// Who wants to know how DNS answers.
pub trait Observer: Send + Sync + Debug {
    /// This has come, so long after it was asked for.
    fn answered(&self, answer: &TxtAnswer, after: Duration);
}

#[derive(Debug)]
struct Inner {
    observer: Option<Arc<dyn Observer>>,
    servers: Servers,
    places: Places,
    memory: Mutex<Memory>,
    asked: Mutex<HashMap<Box<str>, Answering>>,
}

/// An answer that is on its way, and where it comes from.
type Awaited = watch::Receiver<Option<TxtAnswer>>;
type Answering = watch::Sender<Option<TxtAnswer>>;

impl DnsResolver {
    /// Asks the servers of the settings, or else those of this host ([`super::system::CONFIGURATION`]),
    /// which is read now. What works and is probably not meant goes to `warn`.
    #[must_use]
    pub fn new(settings: &Settings, warn: impl FnMut(String)) -> Self {
        Self(Arc::new(Inner {
            observer: None,
            servers: Servers::of(settings, warn),
            places: Places::default(),
            memory: Mutex::default(),
            asked: Mutex::default(),
        }))
    }

    /// The same, not having been asked for anything yet, with somebody who is told how it is answered.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self(Arc::new(Inner { observer: Some(observer), ..inner })),
            // Somebody asks already, who is not to be observed.
            Err(shared) => Self(shared),
        }
    }

    /// The answer that somebody already waits for, or else a new question, in a task of its own:
    /// who asked first may go away, and the others still get their answer. When the last of them
    /// has gone, it is not asked any more: others want its place.
    fn awaited(&self, name: Box<str>) -> Awaited {
        let mut asked = lock(&self.0.asked);
        if let Some(answer) = asked.get(&name) {
            return answer.subscribe();
        }
        let (answer, awaited) = watch::channel(None);
        asked.insert(name.clone(), answer.clone());
        drop(asked);
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let begun = Instant::now();
            let question = Question { inner: &inner, name, answer: answer.clone() };
            let found = tokio::select! {
                found = inner.ask(&question.name) => found,
                () = question.is_idle() => return,
            };
            inner.remember(&question.name, &found);
            if let Some(observer) = &inner.observer {
                observer.answered(&found.answer, begun.elapsed());
            }
            // Whoever asks from now on finds it remembered, or asks anew.
            drop(question);
            let _ = answer.send(Some(found.answer));
        });
        awaited
    }
}

impl Resolver for DnsResolver {
    fn known(&self, name: &str) -> Option<TxtAnswer> {
        self.0.recall(&canonical(name))
    }

    fn txt(&self, name: &str) -> Lookup {
        let name = canonical(name);
        if let Some(answer) = self.0.recall(&name) {
            return Box::pin(ready(answer));
        }
        let mut awaited = self.awaited(name);
        Box::pin(async move {
            let answer = awaited.wait_for(Option::is_some).await;
            // Without an answer the task is gone: the runtime ends.
            let answer = answer.ok().and_then(|answer| answer.clone());
            answer.unwrap_or(TxtAnswer::Failed(LookupFailure::Unusable))
        })
    }
}

impl Inner {
    async fn ask(&self, name: &str) -> Found {
        let deadline = deadline(self.servers.timeout());
        // It is never closed; and without a place there is no answer in time.
        let Ok(Ok(_place)) = timeout_at(deadline, self.places.take(name)).await else {
            return Found { answer: TxtAnswer::Failed(LookupFailure::Timeout), holds: None };
        };
        lookup::txt(&self.servers, name, deadline).await
    }

    fn recall(&self, name: &str) -> Option<TxtAnswer> {
        let (answer, forgotten) = lock(&self.memory).find(name, Instant::now());
        // Others need not wait for that.
        drop(forgotten);
        answer
    }

    fn remember(&self, name: &str, found: &Found) {
        let mut memory = lock(&self.memory);
        let forgotten = memory.store(name, &found.answer, found.holds, Instant::now());
        drop(memory);
        drop(forgotten);
    }
}

/// A question that is being asked, until this is dropped, whatever ends it.
struct Question<'i> {
    inner: &'i Inner,
    name: Box<str>,
    answer: Answering,
}

impl Question<'_> {
    /// Waits until nobody waits for the answer, and nobody finds the question any more.
    async fn is_idle(&self) {
        loop {
            self.answer.closed().await;
            let mut asked = lock(&self.inner.asked);
            // Whoever has joined since then did so under this lock.
            if self.answer.receiver_count() == 0 {
                asked.remove(&self.name);
                return;
            }
        }
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        let mut asked = lock(&self.inner.asked);
        // Somebody may have asked anew.
        if asked.get(&self.name).is_some_and(|answer| answer.same_channel(&self.answer)) {
            asked.remove(&self.name);
        }
    }
}

/// Names that differ in case are one name.
fn canonical(name: &str) -> Box<str> {
    name.to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests;
