//! Which of very many patterns can match an address at all.
//!
//! Whatever matches a pattern ends in what stands behind its last star. So the patterns are filed
//! under that text, and an address is looked up under each of its own ends: not under all of them,
//! only those of a length that some pattern has. Patterns that end alike are filed under their
//! beginnings as well. What is found this way is still held against the address, in the order of
//! the rules.

use super::SigningRule;
use crate::pattern::Pattern;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// So many patterns with the same end are walked through; of more, those are picked out that begin
/// as the address does. A comparison takes some nanoseconds, another look-up some tens of them.
const WALKED: usize = 16;

/// A pattern: that sender of that rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) rule: usize,
    pub(super) sender: usize,
}

/// An index over the patterns of rules.
#[derive(Debug)]
pub(super) struct Index {
    by_end: Filed<Bucket>,
    /// The patterns of each bucket, in the order of the rules.
    places: Vec<Place>,
}

/// Patterns with the same end.
#[derive(Debug)]
enum Bucket {
    /// Few, or none that begins with something.
    Few(Range<usize>),
    /// Many, by their beginnings.
    Many(Box<Filed<Range<usize>>>),
}

/// Values under texts, and how long those texts are.
#[derive(Debug)]
struct Filed<V> {
    lengths: Vec<usize>,
    under: HashMap<Box<[u8]>, V>,
}

impl Index {
    /// Files these patterns, which come in the order of their rules.
    pub(super) fn new(mut all: Vec<Place>, rules: &[SigningRule]) -> Self {
        let end = |place: &Place| place.pattern(rules).map(Pattern::end).unwrap_or_default();
        let start = |place: &Place| place.pattern(rules).map(Pattern::start).unwrap_or_default();
        // Stable, so that patterns with the same end stay in the order of the rules.
        all.sort_by_key(end);
        let mut places = Vec::with_capacity(all.len());
        let mut buckets = Vec::new();
        for bucket in all.chunk_by_mut(|one, other| end(one) == end(other)) {
            let Some(shared) = bucket.first().map(end) else { continue };
            let few = bucket.len() <= WALKED;
            let bucket = if few {
                Bucket::Few(append(&mut places, bucket))
            } else {
                bucket.sort_by_key(start);
                let parts = bucket.chunk_by(|one, other| start(one) == start(other));
                let filed = parts.map(|part| {
                    let shared = part.first().map(start).unwrap_or_default();
                    (shared, append(&mut places, part))
                });
                Bucket::Many(Box::new(filed.collect()))
            };
            buckets.push((shared, bucket));
        }
        Self { by_end: buckets.into_iter().collect(), places }
    }

    /// The earliest rule before `limit` with a pattern that matches, or `limit`. The address is in
    /// the form of [`crate::pattern::plain`].
    pub(super) fn earliest(&self, address: &[u8], rules: &[SigningRule], limit: usize) -> usize {
        let end = |length: usize| address.get(address.len().checked_sub(length)?..);
        let start = |length: usize| address.get(..length);
        self.by_end.at(end).fold(limit, |limit, bucket| match bucket {
            Bucket::Few(places) => self.walk(places, address, rules, limit),
            Bucket::Many(by_start) => by_start
                .at(start)
                .fold(limit, |limit, places| self.walk(places, address, rules, limit)),
        })
    }

    /// All rules with a pattern that matches, in no order, some of them more than once.
    pub(super) fn all(&self, address: &[u8], rules: &[SigningRule]) -> Vec<usize> {
        let end = |length: usize| address.get(address.len().checked_sub(length)?..);
        let start = |length: usize| address.get(..length);
        let mut found = Vec::new();
        let mut walk = |places: &Range<usize>| {
            let places = self.places.get(places.clone()).unwrap_or_default();
            let matches = |place: &&Place| {
                place.pattern(rules).is_some_and(|pattern| pattern.matches_address(address))
            };
            found.extend(places.iter().filter(matches).map(|place| place.rule));
        };
        for bucket in self.by_end.at(end) {
            match bucket {
                Bucket::Few(places) => walk(places),
                Bucket::Many(by_start) => by_start.at(start).for_each(&mut walk),
            }
        }
        found
    }

    fn walk(
        &self,
        places: &Range<usize>,
        address: &[u8],
        rules: &[SigningRule],
        limit: usize,
    ) -> usize {
        let places = self.places.get(places.clone()).unwrap_or_default();
        let mut earlier = places.iter().take_while(|place| place.rule < limit);
        let matches = |place: &&Place| {
            place.pattern(rules).is_some_and(|pattern| pattern.matches_address(address))
        };
        earlier.find(matches).map_or(limit, |place| place.rule)
    }
}

fn append(places: &mut Vec<Place>, more: &[Place]) -> Range<usize> {
    let from = places.len();
    places.extend_from_slice(more);
    from..places.len()
}

impl Place {
    fn pattern(self, rules: &[SigningRule]) -> Option<&Pattern> {
        rules.get(self.rule)?.senders.get(self.sender)
    }
}

impl<V> Filed<V> {
    /// What is filed under one of the texts that `part` cuts out of another one, by their lengths.
    fn at<'t>(&self, part: impl Fn(usize) -> Option<&'t [u8]>) -> impl Iterator<Item = &V> {
        self.lengths.iter().filter_map(move |&length| self.under.get(part(length)?))
    }
}

impl<'t, V> FromIterator<(&'t str, V)> for Filed<V> {
    fn from_iter<I: IntoIterator<Item = (&'t str, V)>>(filed: I) -> Self {
        let mut lengths = BTreeSet::new();
        let under = filed.into_iter().map(|(text, value)| {
            lengths.insert(text.len());
            (text.as_bytes().into(), value)
        });
        let under = under.collect();
        Self { lengths: lengths.into_iter().collect(), under }
    }
}
