//! Counters by what their labels are, and the words that labels have.

use crate::locks::{read, write};
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::RwLock;
use twinseal_dkim::{LookupFailure, TxtAnswer};

/// What the names of all metrics begin with.
const NAMESPACE: &str = "twinseal";

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It got a seal.
    Signed,
    /// It could have been signed and was not, and nothing else was done with it.
    NotSigned,
    /// Its signatures were looked for.
    Verified,
    /// It is none of our business.
    Passed,
    /// Something of ours kept it from what should have been done with it.
    Obstructed,
    /// It was refused because of what would have become of it on the way.
    Refused,
}

impl Fate {
    pub(crate) const ALL: [Self; 6] = [
        Self::Signed,
        Self::NotSigned,
        Self::Verified,
        Self::Passed,
        Self::Obstructed,
        Self::Refused,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::NotSigned => "not-signed",
            Self::Verified => "verified",
            Self::Passed => "passed",
            Self::Obstructed => "obstructed",
            Self::Refused => "refused",
        }
    }
}

/// What came back from DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Records,
    Nothing,
    NoSuchDomain,
    Timeout,
    Failure,
    Refused,
    Unusable,
}

impl Answer {
    pub(crate) const ALL: [Self; 7] = [
        Self::Records,
        Self::Nothing,
        Self::NoSuchDomain,
        Self::Timeout,
        Self::Failure,
        Self::Refused,
        Self::Unusable,
    ];

    pub(crate) const fn of(answer: &TxtAnswer) -> Self {
        match answer {
            TxtAnswer::Records { .. } => Self::Records,
            TxtAnswer::NoRecord => Self::Nothing,
            TxtAnswer::NoName => Self::NoSuchDomain,
            TxtAnswer::Failed(LookupFailure::Timeout) => Self::Timeout,
            TxtAnswer::Failed(LookupFailure::ServerFailure) => Self::Failure,
            TxtAnswer::Failed(LookupFailure::Refused) => Self::Refused,
            TxtAnswer::Failed(LookupFailure::AliasLoop | LookupFailure::Unusable) => Self::Unusable,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Nothing => "nothing",
            Self::NoSuchDomain => "no-such-domain",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
            Self::Refused => "refused",
            Self::Unusable => "unusable",
        }
    }
}

/// A counter for each of some words, all there from the start: who looks at a rate sees the first
/// one as well.
#[derive(Debug)]
pub(super) struct Words(Vec<(&'static str, IntCounter)>);

impl Words {
    pub(super) fn new(counters: &IntCounterVec, words: &[&'static str]) -> Self {
        let one = |word: &&'static str| (*word, counters.with_label_values(&[*word]));
        Self(words.iter().map(one).collect())
    }

    pub(super) fn count(&self, word: &str) {
        if let Some((_, counter)) = self.0.iter().find(|(known, _)| *known == word) {
            counter.inc();
        }
    }

    pub(super) fn all(&self) -> Vec<(&'static str, u64)> {
        self.0.iter().map(|(word, counter)| (*word, counter.get())).collect()
    }
}

/// What the labels of a counter are made of.
pub(super) trait Key: Ord + Clone + fmt::Debug {
    fn labels(&self) -> Vec<&str>;
}

impl Key for (&'static str, &'static str) {
    fn labels(&self) -> Vec<&str> {
        vec![self.0, self.1]
    }
}

impl<D: AsRef<str> + Ord + Clone + fmt::Debug> Key for (&'static str, D, &'static str) {
    fn labels(&self) -> Vec<&str> {
        vec![self.0, self.1.as_ref(), self.2]
    }
}

/// A counter for each key that has come.
#[derive(Debug)]
pub(super) struct Keyed<K> {
    counters: IntCounterVec,
    known: RwLock<BTreeMap<K, IntCounter>>,
}

impl<K: Key> Keyed<K> {
    pub(super) fn new(counters: IntCounterVec) -> Self {
        Self { counters, known: RwLock::default() }
    }

    pub(super) fn count(&self, key: K) {
        let known = read(&self.known);
        if let Some(counter) = known.get(&key) {
            return counter.inc();
        }
        drop(known);
        let counter = self.counters.with_label_values(&key.labels());
        counter.inc();
        // The same one, if another thread was faster.
        write(&self.known).insert(key, counter);
    }

    /// In the order of the keys.
    pub(super) fn all(&self) -> Vec<(K, u64)> {
        let known = read(&self.known);
        known.iter().map(|(key, counter)| (key.clone(), counter.get())).collect()
    }
}

fn named(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace(NAMESPACE)
}

/// What every metric goes through: its name is a constant, and has to be one that Prometheus takes
/// and that no other one has.
#[expect(clippy::expect_used, reason = "the names are constants, and each test makes all of them")]
fn registered<M: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<M>,
) -> M {
    let metric = made.expect("a name that Prometheus takes");
    registry.register(Box::new(metric.clone())).expect("a name that no other metric has");
    metric
}

pub(in crate::monitoring) fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    registered(registry, IntCounter::with_opts(named(name, help)))
}

pub(in crate::monitoring) fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> IntCounterVec {
    registered(registry, IntCounterVec::new(named(name, help), labels))
}

pub(in crate::monitoring) fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    registered(registry, IntGauge::with_opts(named(name, help)))
}

pub(in crate::monitoring) fn gauges(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> IntGaugeVec {
    registered(registry, IntGaugeVec::new(named(name, help), labels))
}

pub(super) fn histogram(
    registry: &Registry,
    (name, help): (&str, &str),
    bounds: &[f64],
) -> Histogram {
    let options = HistogramOpts::new(name, help).namespace(NAMESPACE).buckets(bounds.to_vec());
    registered(registry, Histogram::with_opts(options))
}
