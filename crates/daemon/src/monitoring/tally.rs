//! What is counted, from the start of the daemon to its end.
//!
//! Every series has labels of a known set: words of ours, and the names of domains that sign here,
//! of which the first `MOST_DOMAINS` have series of their own. No label says who wrote to whom.

mod groups;
pub(in crate::monitoring) mod kinds;
mod traffic;

pub(crate) use kinds::Fate;
pub(crate) use traffic::Traffic;

use super::status::{Counts, LeftOut, SealCount};
use crate::event::{Reason, What};
use crate::locks::{read, write};
use crate::resolver::Observer;
use crate::signing::seal::SealedField;
use groups::{Arriving, Connections, Leaving};
use kinds::{Answer, Words, counters};
use prometheus::Registry;
use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use twinseal_dkim::{Outcome, ResultWord, TxtAnswer, Verdict};
use twinseal_domainkeys::FIELD as DOMAINKEYS_FIELD;

/// So many domains have series of their own; the mail of all others is counted together.
pub(crate) const MOST_DOMAINS: usize = 100;

/// Whose series it is when there are more.
const OTHER: &str = "other";

/// Everything that is counted.
#[derive(Debug)]
pub struct Tally {
    registry: Registry,
    domains: RwLock<BTreeSet<Arc<str>>>,
    messages: Words,
    leaving: Leaving,
    arriving: Arriving,
    connections: Connections,
    traffic: Traffic,
}

impl Default for Tally {
    fn default() -> Self {
        let registry = Registry::new();
        let help = "Messages, by what became of them.";
        let messages = counters(&registry, "messages_total", help, &["outcome"]);
        Self {
            messages: Words::new(&messages, &Fate::ALL.map(Fate::name)),
            leaving: Leaving::new(&registry),
            arriving: Arriving::new(&registry),
            connections: Connections::new(&registry),
            domains: RwLock::default(),
            traffic: Traffic::default(),
            registry,
        }
    }
}

impl Tally {
    /// A message has come to its end, as far as we are concerned.
    pub(crate) fn message(&self, fate: Fate) {
        self.messages.count(fate.name());
    }

    /// Something was said about a message. Seals and results are counted where they are made,
    /// because the log may leave them out.
    pub(crate) fn told(&self, what: &What<'_>) {
        match what {
            What::FieldNotAdded { field, reason } => {
                self.leaving.left_out.count((seal(field), reason.code()));
            }
            What::Obstructed { obstacle, action } => {
                self.leaving.obstructed.count((obstacle.code(), action.name()));
            }
            What::Acted { action, why } => self.arriving.actions.count((action.name(), why.code())),
            What::ForgedRemoved(number) => self.arriving.forged.inc_by(*number as u64),
            What::Forecast(foretold) => self.leaving.forecast.count(foretold.cause.code()),
            // Counted where it is known whose mail it is.
            What::NotSigned(_)
            | What::FieldAdded { .. }
            | What::Step(_)
            | What::Tried(_)
            | What::Verified(_)
            | What::ResultOf(_)
            | What::SeveralSignatures(_)
            | What::SignaturesIgnored(_)
            | What::Unsigned
            | What::BadFormat
            | What::HeaderTooLarge(_)
            | What::Reported { .. }
            | What::NotReported { .. }
            | What::Shadowed(_) => {}
        }
    }

    /// A message could have been signed and was not.
    pub(crate) fn not_signed(&self, reason: &Reason) {
        self.leaving.not_signed.count(reason.code());
    }

    /// These seals have left.
    pub(crate) fn sealed(&self, fields: &[SealedField]) {
        for SealedField { field, domain, algorithm, .. } in fields {
            self.leaving.seals.count((seal(field.name), self.domain(domain.as_str()), *algorithm));
        }
    }

    /// That came of the signatures of a message.
    pub(crate) fn judged(&self, verdicts: &[Verdict], now: u64) {
        if verdicts.is_empty() {
            self.arriving.verified.count(ResultWord::None.as_str());
        }
        for verdict in verdicts {
            if !matches!(verdict.outcome, Outcome::NotExamined { .. }) {
                self.arriving.verified.count(verdict.outcome.word().as_str());
                self.traffic.take(verdict, now);
            }
        }
    }

    /// The signatures of a message took so long.
    pub(crate) fn signed_in(&self, time: Duration) {
        self.leaving.signing.observe(time.as_secs_f64());
    }

    /// A connection begins. It is open until what is returned is dropped.
    pub(crate) fn connection(self: &Arc<Self>) -> Open {
        self.connections.opened.inc();
        self.connections.open.inc();
        Open(Arc::clone(self))
    }

    /// A connection has not ended well.
    pub(crate) fn connection_failed(&self) {
        self.connections.failed.inc();
    }

    /// Where others can add what is not counted here.
    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What came of whose signatures.
    pub(crate) const fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The label that stands for that domain.
    fn domain(&self, domain: &str) -> Arc<str> {
        let known = read(&self.domains);
        if let Some(known) = known.get(domain) {
            return Arc::clone(known);
        }
        let is_full = known.len() >= MOST_DOMAINS;
        drop(known);
        if is_full {
            return OTHER.into();
        }
        let mut known = write(&self.domains);
        // Another thread may have been faster.
        if !known.contains(domain) && known.len() >= MOST_DOMAINS {
            return OTHER.into();
        }
        let label: Arc<str> = domain.into();
        known.insert(Arc::clone(&label));
        label
    }

    /// What has been counted by now.
    pub(crate) fn counts(&self) -> Counts {
        let seal = |((seal, domain, algorithm), count): ((_, Arc<str>, _), u64)| SealCount {
            seal,
            domain: domain.to_string(),
            algorithm,
            count,
        };
        let mut seals: Vec<SealCount> = self.leaving.seals.all().into_iter().map(seal).collect();
        seals.sort_by_key(|seal| std::cmp::Reverse(seal.count));
        let left_out = |((seal, reason), count)| LeftOut { seal, reason, count };
        let mut obstructed: Vec<(&'static str, u64)> = Vec::new();
        for ((code, _), count) in self.leaving.obstructed.all() {
            match obstructed.last_mut() {
                Some((known, sum)) if *known == code => *sum += count,
                _ => obstructed.push((code, count)),
            }
        }
        Counts {
            connections: u64::try_from(self.connections.open.get()).unwrap_or_default(),
            connections_limit: 0,
            messages: self.messages.all(),
            seals,
            not_signed: self.leaving.not_signed.all(),
            left_out: self.leaving.left_out.all().into_iter().map(left_out).collect(),
            obstructed,
            forecast: self.leaving.forecast.all(),
            verified: self.arriving.verified.all(),
        }
    }
}

impl Observer for Tally {
    fn answered(&self, answer: &TxtAnswer, after: Duration) {
        self.arriving.dns.observe(after.as_secs_f64());
        self.arriving.answers.count(Answer::of(answer).name());
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(crate) struct Open(Arc<Tally>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.open.dec();
    }
}

/// The seal that is in that field.
fn seal(field: &str) -> &'static str {
    if field == DOMAINKEYS_FIELD { "domainkeys" } else { "dkim" }
}

#[cfg(test)]
mod tests;
