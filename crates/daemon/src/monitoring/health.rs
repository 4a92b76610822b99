//! The records of the signing keys, compared with the keys on a timer.
//!
//! A record that is mangled, withdrawn or forgotten breaks every signature and no message that we
//! see. So each is asked for once in a while, at the resolver and without a memory of our own, and
//! held against the key that signs by the same code as in `twinseal check`.

use super::status::{DnsHealth, DomainHealth, Fault, RecordHealth, RecordState, ZoneLine};
use crate::resolver::{Resolver, TRIES};
use crate::server;
use crate::serving::service::{Service, system_clock};
use crate::signing::keyring::AtHand;
use crate::tools::check::finding::Grade;
use crate::tools::check::published::kinds;
use crate::tools::check::published::record::{self, Wanted};
use crate::tools::signers::{Seals, Signer, Signers};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;
use twinseal_config::{Config, Dns};
use twinseal_dkim::{KeyQuery, TxtAnswer};
use twinseal_keys::{KeyKind, PublicKey};
use twinseal_message::{Domain, Selector};

/// So many records are asked for at once: nothing waits for them, and the resolver has other work.
const AT_ONCE: usize = 16;

/// How many sockets that takes at most.
pub(crate) const MAX_SOCKETS: usize = AT_ONCE * TRIES;

/// So many records whose state has changed are logged by a round; of more, their number.
const MOST_LOGGED: usize = 20;

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

/// A record that has to be there.
#[derive(Debug, Clone)]
struct Record {
    subject: Arc<Subject>,
    found: Arc<Found>,
}

/// Whose record it is.
#[derive(Debug)]
struct Subject {
    domain: Domain,
    selector: Selector,
    seals: Seals,
    key: Arc<Key>,
}

/// A key; the domains that sign with it share it.
#[derive(Debug)]
struct Key {
    at_hand: Option<AtHand>,
    /// Its public half, once somebody has looked.
    public: OnceLock<Result<(Arc<PublicKey>, KeyKind), String>>,
}

/// What was found at a name.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    state: RecordState,
    faults: Arc<[Fault]>,
    since: Option<u64>,
}

/// A key, for who wants to know how old it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyAge {
    /// The domain that signs with it.
    pub(crate) domain: String,
    /// The selector.
    pub(crate) selector: String,
    /// `rsa` or `ed25519`.
    pub(crate) algorithm: &'static str,
    /// When its file was written, in seconds since 1970.
    pub(crate) written: u64,
}

/// What came of asking for a record.
type Seen = (RecordState, Vec<Fault>);

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
        (now, faults): Seen,
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Record {
    fn domain(&self) -> &str {
        self.subject.domain.as_str()
    }

    fn shown(&self) -> RecordHealth {
        let Found { state, faults, since } = &*self.found;
        let line = |key| ZoneLine { owner: self.subject.name(), key };
        RecordHealth {
            selector: self.subject.selector.as_str().to_owned(),
            state: *state,
            faults: Arc::clone(faults),
            since: *since,
            wanted: self.subject.key.known().filter(|_| state.is_bad()).map(line),
        }
    }
}

impl Found {
    /// Nobody has looked.
    fn nothing() -> Self {
        Self { state: RecordState::Unchecked, faults: Arc::default(), since: None }
    }
}

impl Subject {
    fn name(&self) -> String {
        KeyQuery::new(&self.selector, &self.domain).name().to_owned()
    }

    /// How old its key is; `None` while nobody has looked what it is.
    fn age(&self) -> Option<KeyAge> {
        let algorithm = match self.key.public.get()?.as_ref().ok()?.1 {
            KeyKind::Rsa { .. } => "rsa",
            KeyKind::Ed25519 => "ed25519",
        };
        let (domain, selector) = (self.domain.as_str(), self.selector.as_str());
        let (domain, selector) = (domain.to_owned(), selector.to_owned());
        Some(KeyAge { domain, selector, algorithm, written: self.key.written()? })
    }
}

impl Key {
    fn written(&self) -> Option<u64> {
        self.at_hand.as_ref()?.written()
    }

    /// Its public half, if somebody has looked.
    fn known(&self) -> Option<Arc<PublicKey>> {
        let (public, _) = self.public.get()?.as_ref().ok()?;
        Some(Arc::clone(public))
    }

    /// Its public half. A key that depends on who sends is in a file that only root may be able to
    /// read, and then nobody knows.
    fn public(&self) -> &Result<(Arc<PublicKey>, KeyKind), String> {
        self.public.get_or_init(|| match &self.at_hand {
            Some(at_hand) => at_hand.public().map(|(public, kind)| (Arc::new(public), kind)),
            None => Err("its key is read when it first signs".to_owned()),
        })
    }
}

/// What the record of that key is.
async fn look(subject: &Subject, resolver: &dyn Resolver, below: bool) -> Seen {
    let ours = Arc::clone(&subject.key);
    // Parsing a key takes as long as a signature.
    let public = spawn_blocking(move || ours.public().clone()).await;
    let public = match public {
        Ok(Ok((public, _))) => public,
        Ok(Err(why)) => return (RecordState::Unchecked, vec![fault("key", why, NO_KEY)]),
        Err(error) => {
            return (RecordState::Unchecked, vec![fault("key", error.to_string(), NO_KEY)]);
        }
    };
    let texts = match resolver.txt(&subject.name()).await {
        TxtAnswer::Records { texts, .. } => texts,
        TxtAnswer::NoRecord | TxtAnswer::NoName => Vec::new(),
        TxtAnswer::Failed(failure) => {
            return (RecordState::Unreachable, vec![fault("dns", failure.to_string(), NO_ANSWER)]);
        }
    };
    let seals = subject.seals;
    let faults = record::faults(&texts, &Wanted { key: &public, seals, below });
    (state(&faults), faults.into_iter().map(Fault::from).collect())
}

const NO_KEY: &str = "the record cannot be compared with it";
const NO_ANSWER: &str = "verifiers that ask the same way cannot verify the mail of the domain";

fn fault(code: &'static str, what: String, why: &'static str) -> Fault {
    Fault { code, what, why }
}

impl From<record::Fault> for Fault {
    fn from(record::Fault { kind, what }: record::Fault) -> Self {
        Self { code: kind.code, what, why: kind.why }
    }
}

/// What these faults come to: the worst of them.
fn state(faults: &[record::Fault]) -> RecordState {
    let one = |fault: &record::Fault| {
        let is = |kind: &'static _| std::ptr::eq(fault.kind, kind);
        if is(&kinds::MISSING) {
            RecordState::Missing
        } else if is(&kinds::REVOKED) {
            RecordState::Revoked
        } else if [&kinds::UNREADABLE, &kinds::QUOTES, &kinds::CUT, &kinds::SPLIT]
            .into_iter()
            .any(is)
        {
            RecordState::Unusable
        } else if is(&kinds::TEST_MODE) {
            RecordState::Testing
        } else if fault.kind.grade == Grade::Wrong {
            RecordState::Wrong
        } else {
            RecordState::Good
        }
    };
    let rank = |state: &RecordState| RecordState::ALL.iter().position(|known| known == state);
    faults.iter().map(one).min_by_key(rank).unwrap_or(RecordState::Good)
}

/// What a round has said in the log.
#[derive(Debug, Default)]
struct Logged {
    count: usize,
    /// How many records nobody could say anything about that could be asked for before.
    unreachable: usize,
}

impl Logged {
    /// Tells what is bad now, or is good again.
    fn tell(&mut self, name: &str, (before, now): (RecordState, RecordState), faults: &[Fault]) {
        if now == RecordState::Unreachable {
            self.unreachable += 1;
            return;
        }
        if !now.is_bad() && !before.is_bad() {
            return;
        }
        self.count += 1;
        if self.count > MOST_LOGGED {
            return;
        }
        match faults.first().filter(|_| now.is_bad()) {
            Some(fault) => tracing::warn!("DNS: {name}: {} (code={})", fault.what, fault.code),
            None => tracing::info!("DNS: {name}: the record is {} now", now.name()),
        }
    }

    fn end(&self) {
        if self.unreachable > 0 {
            tracing::warn!("DNS: {} records of keys cannot be asked for", self.unreachable);
        }
        if let Some(more) = self.count.checked_sub(MOST_LOGGED).filter(|more| *more > 0) {
            tracing::warn!("DNS: {more} more records have changed; the status page lists them");
        }
    }
}
