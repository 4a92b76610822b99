//! What was answered, until it expires.

use std::collections::HashMap;
use std::mem;
use std::time::Duration;
use tokio::time::Instant;
use twinseal_dkim::{LookupFailure, TxtAnswer};

/// Shorter times are as good as none, and messages that belong together come within seconds.
pub(super) const SHORTEST: Duration = Duration::from_secs(5);

/// Whoever takes a key back expects that to be noticed.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What is not there may appear: who forgot to publish a key mends it within the hour, and the mail
/// that was deferred comes back every quarter of it. RFC 2308 §5 has one to three hours for
/// resolvers; the one that we ask has them.
pub(super) const LONGEST_NEGATIVE: Duration = Duration::from_secs(15 * 60);

/// RFC 9520 §3.2: a failure is remembered, for at least a second, so that mail that comes in
/// numbers does not ask a dead server as often, nor wait for it each time; and for no more than
/// five minutes.
pub(super) const FAILURE: Duration = Duration::from_secs(5);

/// The most answers of one generation. There are two.
pub(super) const MAX_ANSWERS: usize = 4096;

/// The most octets of one generation, as [`octets`] counts them.
pub(super) const MAX_OCTETS: usize = 2 * 1024 * 1024;

/// Answers that are larger are asked for anew each time: four records of the largest keys take
/// less, and who publishes larger ones shall not drive everybody else's keys out.
pub(super) const MAX_KEPT: usize = 8 * 1024;

/// What an answer takes beside its texts and its name.
const BESIDE: usize = 160;

/// Answers by name, in lower case.
///
/// There are two generations. New answers, and those of the old generation that are asked for
/// again, go into the young one; when that is full, it becomes the old one, and what nobody asked
/// for since is forgotten. So nothing is ever searched for what has to go, and what is in use
/// stays.
#[derive(Debug, Default)]
pub(super) struct Memory {
    young: Generation,
    old: Generation,
}

/// What is forgotten; where it is dropped is for the caller to say, since it takes time.
#[derive(Debug, Default)]
#[must_use = "drop it where nobody waits"]
pub(super) struct Generation {
    answers: HashMap<Box<str>, Kept>,
    octets: usize,
}

#[derive(Debug)]
struct Kept {
    answer: TxtAnswer,
    until: Instant,
}

impl Memory {
    /// What is known about a name now.
    pub(super) fn find(&mut self, name: &str, now: Instant) -> (Option<TxtAnswer>, Generation) {
        if let Some(kept) = self.young.answers.get(name) {
            return (kept.valid(now), Generation::default());
        }
        let Some((name, kept)) = self.old.take(name) else {
            return (None, Generation::default());
        };
        let answer = kept.valid(now);
        let forgotten =
            if answer.is_some() { self.keep(name, kept) } else { Generation::default() };
        (answer, forgotten)
    }

    /// Remembers an answer that holds for so long, as far as DNS says.
    pub(super) fn store(
        &mut self,
        name: &str,
        answer: &TxtAnswer,
        holds: Option<Duration>,
        now: Instant,
    ) -> Generation {
        // Whether it is kept or not, what was known before is known better now.
        self.old.take(name);
        self.young.take(name);
        let Some(holds) = kept_for(answer, holds) else { return Generation::default() };
        if octets(name, answer) > MAX_KEPT {
            return Generation::default();
        }
        self.keep(name.into(), Kept { answer: answer.clone(), until: now + holds })
    }

    fn keep(&mut self, name: Box<str>, kept: Kept) -> Generation {
        let octets = octets(&name, &kept.answer);
        let full = self.young.answers.len() >= MAX_ANSWERS
            || self.young.octets.saturating_add(octets) > MAX_OCTETS;
        let forgotten = if full {
            mem::replace(&mut self.old, mem::take(&mut self.young))
        } else {
            Generation::default()
        };
        self.young.octets = self.young.octets.saturating_add(octets);
        self.young.answers.insert(name, kept);
        forgotten
    }
}

impl Generation {
    fn take(&mut self, name: &str) -> Option<(Box<str>, Kept)> {
        let (name, kept) = self.answers.remove_entry(name)?;
        self.octets = self.octets.saturating_sub(octets(&name, &kept.answer));
        Some((name, kept))
    }
}

impl Kept {
    fn valid(&self, now: Instant) -> Option<TxtAnswer> {
        (now < self.until).then(|| self.answer.clone())
    }
}

/// For how long an answer is remembered, if it is.
fn kept_for(answer: &TxtAnswer, holds: Option<Duration>) -> Option<Duration> {
    match answer {
        TxtAnswer::Records { .. } => Some(holds.unwrap_or_default().clamp(SHORTEST, LONGEST)),
        TxtAnswer::NoRecord | TxtAnswer::NoName => {
            Some(holds.unwrap_or_default().clamp(SHORTEST, LONGEST_NEGATIVE))
        }
        TxtAnswer::Failed(failure) => match failure {
            LookupFailure::Timeout
            | LookupFailure::ServerFailure
            | LookupFailure::Refused
            | LookupFailure::AliasLoop => Some(FAILURE),
            // It costs nothing to ask again, and whoever mends it wants to see that.
            LookupFailure::Unusable => None,
        },
    }
}

fn octets(name: &str, answer: &TxtAnswer) -> usize {
    let texts = match answer {
        TxtAnswer::Records { texts, .. } => texts.as_slice(),
        TxtAnswer::NoRecord | TxtAnswer::NoName | TxtAnswer::Failed(_) => &[],
    };
    let held = texts.iter().map(|text| text.len() + size_of::<Vec<u8>>()).sum::<usize>();
    held + name.len() + BESIDE
}

#[cfg(test)]
mod tests;
