//! The records of the signing keys, compared with the keys on a timer.
//!
//! A record that is mangled, withdrawn or forgotten breaks every signature and no message that we
//! see. So each is asked for once in a while, at the resolver and without a memory of our own, and
//! held against the key that signs by the same code as in `twinseal check`.

mod look;
mod record;

pub(crate) use record::KeyAge;

use super::status::{DnsHealth, DomainHealth, Fault, RecordState};
use crate::locks::lock;
use crate::resolver::TRIES;
use crate::server;
use crate::serving::service::{Service, system_clock};
use crate::tools::signers::{Signer, Signers};
use look::{Logged, look};
use record::{Found, Key, Record, Subject};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::sleep;
use twinseal_config::{Config, Dns};

/// So many records are asked for at once: nothing waits for them, and the resolver has other work.
const AT_ONCE: usize = 16;

/// How many sockets that takes at most.
pub(crate) const MAX_SOCKETS: usize = AT_ONCE * TRIES;

/// What has to be published, and what was found.
#[derive(Debug)]
pub(crate) struct Health {
    state: Mutex<State>,
    /// What is shown of it, made once for all who ask until something changes.
    shown: Mutex<Option<(u64, Arc<DnsHealth>)>>,
    /// There is something else to be looked at.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    interval: Option<Duration>,
    dns: Dns,
    below: bool,
    /// Sorted by domain.
    records: Vec<Record>,
    open: Vec<String>,
    checked: Option<u64>,
    /// How often the records were taken from a configuration.
    generation: u64,
    /// How often anything has changed.
    version: u64,
}

impl Health {
    /// Of what that configuration says, with the keys of that service.
    pub(crate) fn new(config: &Config, service: &Service) -> Self {
        let state = Mutex::new(State::new(config, service));
        Self { state, shown: Mutex::default(), changed: Notify::new() }
    }

    /// The configuration is another one. What was found stays known for the records that stay, as
    /// long as anybody asks for them.
    pub(crate) fn renew(&self, config: &Config, service: &Service) {
        let mut state = State::new(config, service);
        let mut former = self.state();
        if config.metrics.is_none() {
            // Whoever can still see it, until the restart that this needs, sees it as it was meant.
            state.interval = former.interval;
        }
        if state.interval.is_some() {
            state.take_over(&former.records);
            state.checked = former.checked;
        }
        state.generation = former.generation + 1;
        state.version = former.version + 1;
        *former = state;
        drop(former);
        self.changed.notify_one();
    }

    /// Compares until the runtime ends.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let interval = self.state().interval;
            let Some(interval) = interval else {
                self.changed.notified().await;
                continue;
            };
            tokio::select! {
                () = self.round() => {}
                // Another configuration: from the beginning.
                () = self.changed.notified() => continue,
            }
            tokio::select! {
                () = sleep(interval) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Asks for every record once.
    async fn round(&self) {
        let (subjects, dns, below, generation) = {
            let state = self.state();
            let subjects: Vec<Arc<Subject>> =
                state.records.iter().map(|record| Arc::clone(&record.subject)).collect();
            (subjects, state.dns.clone(), state.below, state.generation)
        };
        // Which servers the system asks may have changed; and nothing may be remembered. Its answers
        // say nothing about the mail, and are not counted with those that do.
        let resolver = match server::asked(&dns, None, |warning| tracing::warn!("{warning}")) {
            Ok(resolver) => resolver,
            Err(error) => return tracing::error!("records of keys cannot be asked for: {error}"),
        };
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut asking = JoinSet::new();
        let mut logged = Logged::default();
        for (index, subject) in subjects.into_iter().enumerate() {
            // It is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let resolver = Arc::clone(&resolver);
            asking.spawn(async move {
                let _place = place;
                let seen = look(&subject, &*resolver, below).await;
                (index, subject, seen)
            });
            while let Some(Ok((index, subject, seen))) = asking.try_join_next() {
                self.note((index, &subject), seen, generation, &mut logged);
            }
        }
        while let Some(joined) = asking.join_next().await {
            if let Ok((index, subject, seen)) = joined {
                self.note((index, &subject), seen, generation, &mut logged);
            }
        }
        let mut state = self.state();
        if state.generation == generation {
            logged.end();
            state.checked = Some(system_clock());
            state.version += 1;
        }
    }

    fn note(
        &self,
        (index, subject): (usize, &Subject),
        (now, faults): (RecordState, Vec<Fault>),
        generation: u64,
        logged: &mut Logged,
    ) {
        let mut state = self.state();
        // After a reload there are others, which another round asks for.
        if state.generation != generation {
            return;
        }
        let Some(record) = state.records.get_mut(index) else { return };
        let before = record.found.state;
        let same = before == now && record.found.since.is_some();
        let since = if same { record.found.since } else { Some(system_clock()) };
        let is_news = !same || *record.found.faults != *faults;
        if is_news {
            record.found = Arc::new(Found { state: now, faults: faults.clone().into(), since });
            state.version += 1;
        }
        drop(state);
        if !same {
            logged.tell(&subject.name(), (before, now), &faults);
        }
    }

    /// How everything is. Who asks while it is put together waits for that one.
    pub(crate) fn snapshot(&self) -> Arc<DnsHealth> {
        let mut shown = lock(&self.shown);
        // Asking goes on meanwhile: only references are copied while it waits.
        let (version, records, open, checked, interval) = {
            let state = self.state();
            if let Some((_, health)) = shown.as_ref().filter(|(one, _)| *one == state.version) {
                return Arc::clone(health);
            }
            (
                state.version,
                state.records.clone(),
                state.open.clone(),
                state.checked,
                state.interval,
            )
        };
        let domains = records.chunk_by(|one, other| one.domain() == other.domain());
        let domain = |records: &[Record]| {
            let first = records.first()?;
            let records = records.iter().map(Record::shown).collect();
            Some(DomainHealth { domain: first.domain().to_owned(), records })
        };
        let domains = domains.filter_map(domain).collect();
        let health = Arc::new(DnsHealth { checked, interval, domains, open });
        *shown = Some((version, Arc::clone(&health)));
        health
    }

    /// How many domains sign, and with how many keys.
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.state();
        let domains = state.records.chunk_by(|one, other| one.domain() == other.domain());
        (domains.count(), state.records.len())
    }

    /// When the first of the keys were written whose kind is known, and when the oldest of all was.
    pub(crate) fn ages(&self, most: usize) -> (Vec<KeyAge>, Option<u64>) {
        let records = self.state().records.clone();
        let first = records.iter().filter_map(|record| record.subject.age()).take(most).collect();
        let oldest = records.iter().filter_map(|record| record.subject.key.written()).min();
        (first, oldest)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// What that configuration says, and nothing that was found.
    fn new(config: &Config, service: &Service) -> Self {
        let Signers { known, open, .. } = Signers::of(config);
        let (former, nothing) = (service.directory.keys(), Arc::new(Found::nothing()));
        let mut keys: HashMap<PathBuf, Arc<Key>> = HashMap::new();
        let mut record = |Signer { domain, key: source, seals }: Signer| {
            let key = keys.entry(source.file).or_insert_with_key(|file| {
                Arc::new(Key { at_hand: former.at_hand(file), public: OnceLock::new() })
            });
            let (selector, key) = (source.selector, Arc::clone(key));
            let subject = Arc::new(Subject { domain, selector, seals, key });
            Record { subject, found: Arc::clone(&nothing) }
        };
        Self {
            interval: config.metrics.as_ref().and_then(|metrics| metrics.dns_interval),
            dns: config.dns.clone(),
            below: config.parent_identity,
            records: known.into_iter().map(&mut record).collect(),
            open: open.iter().map(|open| format!("{}: {}", open.origin, open.senders)).collect(),
            checked: None,
            generation: 0,
            version: 0,
        }
    }

    /// What was found of the records that were there before.
    fn take_over(&mut self, former: &[Record]) {
        for record in &mut self.records {
            let subject = &record.subject;
            // Both are sorted, by the domain alone; and there are few of one domain.
            let from = former.partition_point(|one| one.subject.domain < subject.domain);
            let of_domain = former.get(from..).unwrap_or_default();
            let mut of_domain =
                of_domain.iter().take_while(|one| one.subject.domain == subject.domain);
            let same = of_domain.find(|one| one.subject.selector == subject.selector);
            if let Some(same) = same {
                record.found = Arc::clone(&same.found);
            }
        }
    }
}

#[cfg(test)]
mod tests;
