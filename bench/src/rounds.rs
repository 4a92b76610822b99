//! Interleaved rounds: A B C, A B C, …, and the medians of what each round says.
//!
//! What else the machine does falls on all candidates alike, and a ratio is that of two neighbours
//! in time.

use crate::bare::Bare;
use crate::failure::Result;
use crate::load::{Load, Reuse, Tally, Until};
use crate::mail::Mail;
use crate::peer::Peer;
use std::time::Duration;

/// Something that is measured in each round.
#[derive(Debug)]
pub enum Candidate<'a> {
    /// A peer under a load.
    Peer {
        /// As tables name it.
        name: String,
        /// The peer.
        peer: &'a Peer,
        /// The load.
        load: Load<'a>,
    },
    /// Bare operations for that long.
    Bare(&'a Bare, Duration),
}

/// What one candidate did, round by round.
#[derive(Debug)]
pub struct Series {
    /// Its name.
    pub name: String,
    rounds: Vec<Round>,
}

#[derive(Debug)]
struct Round {
    /// Processor time per message, in milliseconds.
    processor: f64,
    tally: Option<Tally>,
}

impl<'a> Candidate<'a> {
    /// A peer under the usual load: four connections, many messages on each, for one round.
    pub fn usual(peer: &'a Peer, mail: &'a Mail, round: Duration) -> Self {
        let load =
            Load { mail, connections: 4, reuse: Reuse::ManyMessages, until: Until::Elapsed(round) };
        Self::under(peer, load)
    }

    /// A peer under a load.
    pub fn under(peer: &'a Peer, load: Load<'a>) -> Self {
        Self::Peer { name: peer.name().to_owned(), peer, load }
    }

    /// The same under another name.
    pub fn called(self, called: &str) -> Self {
        match self {
            Self::Peer { peer, load, .. } => Self::Peer { name: called.to_owned(), peer, load },
            Self::Bare(..) => self,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Peer { name, .. } => name,
            Self::Bare(bare, _) => &bare.name,
        }
    }

    fn round(&self) -> Result<Round> {
        Ok(match self {
            Self::Peer { peer, load, .. } => {
                let tally = load.run(peer)?;
                let processor = millis(tally.processor) / tally.messages() as f64;
                Round { processor, tally: Some(tally) }
            }
            Self::Bare(bare, time) => Round { processor: millis(bare.run(*time)?), tally: None },
        })
    }
}

/// Measures all candidates in turn, `rounds` times.
///
/// # Errors
/// When one of them cannot be measured.
pub fn interleave(candidates: &[Candidate<'_>], rounds: usize) -> Result<Vec<Series>> {
    let empty = |candidate: &Candidate<'_>| Series {
        name: candidate.name().to_owned(),
        rounds: Vec::with_capacity(rounds),
    };
    let mut all: Vec<Series> = candidates.iter().map(empty).collect();
    for _ in 0..rounds {
        for (candidate, series) in candidates.iter().zip(&mut all) {
            series.rounds.push(candidate.round()?);
        }
    }
    Ok(all)
}

impl Series {
    /// Processor time per message in milliseconds: the median of the rounds.
    pub fn processor(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.processor).collect())
    }

    /// The median of the rounds' ratios of processor time.
    pub fn ratio(&self, other: &Self) -> f64 {
        let pairs = self.rounds.iter().zip(&other.rounds);
        median(pairs.map(|(ours, theirs)| ours.processor / theirs.processor).collect())
    }

    /// The median of the rounds' ratios of the median time from the end of the body to the answer.
    pub fn end_ratio(&self, other: &Self) -> f64 {
        let pairs = self.rounds.iter().zip(&other.rounds);
        median(pairs.map(|(ours, theirs)| ours.end(0.5) / theirs.end(0.5)).collect())
    }

    /// Messages per second of wall-clock time, with the load generator on the same processors.
    pub fn rate(&self) -> f64 {
        let rate = |tally: &Tally| tally.messages() as f64 / tally.wall.as_secs_f64();
        median(self.tallies().map(rate).collect())
    }

    /// How many messages there were.
    pub fn messages(&self) -> usize {
        self.tallies().map(Tally::messages).sum()
    }

    /// Round trips per message.
    pub fn round_trips(&self) -> f64 {
        let trips: u64 = self.tallies().map(|tally| tally.round_trips).sum();
        trips as f64 / self.messages() as f64
    }

    /// That share of the answers to the end of the body came within this many milliseconds.
    pub fn end(&self, share: f64) -> f64 {
        let ends = self.tallies().flat_map(|tally| tally.ends.iter().copied().map(millis));
        quantile(ends.collect(), share)
    }

    /// That share of the messages was done within this many milliseconds.
    pub fn whole(&self, share: f64) -> f64 {
        let wholes = self.tallies().flat_map(|tally| tally.wholes.iter().copied().map(millis));
        quantile(wholes.collect(), share)
    }

    fn tallies(&self) -> impl Iterator<Item = &Tally> {
        self.rounds.iter().filter_map(|round| round.tally.as_ref())
    }
}

impl Round {
    fn end(&self, share: f64) -> f64 {
        let ends = self.tally.iter().flat_map(|tally| tally.ends.iter().copied().map(millis));
        quantile(ends.collect(), share)
    }
}

/// A time in milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The middle one.
pub fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that `share` of all do not exceed; not a number, where there is none.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    values.get((last * share).round() as usize).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(processor: &[f64]) -> Series {
        let round = |processor: &f64| Round { processor: *processor, tally: None };
        Series { name: String::new(), rounds: processor.iter().map(round).collect() }
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_not_the_ratio_of_medians() {
        // The machine was three times as slow in the second round.
        let (ours, theirs) = (series(&[1.0, 3.0, 1.2]), series(&[2.0, 6.0, 2.0]));
        assert_eq!(ours.ratio(&theirs), 0.5);
        assert_eq!(ours.processor(), 1.2);
    }

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let values = || (1..=101).rev().map(f64::from).collect::<Vec<_>>();
        assert_eq!(quantile(values(), 0.0), 1.0);
        assert_eq!(quantile(values(), 0.5), 51.0);
        assert_eq!(quantile(values(), 0.99), 100.0);
        assert_eq!(quantile(values(), 1.0), 101.0);
        assert!(quantile(Vec::new(), 0.5).is_nan());
    }
}
