//! Keys that were parsed when they were first needed.

use crate::locks::lock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use twinseal_keys::{KeyError, SigningKey};

/// How many parsed keys are kept. A parsed key of 2048 bits takes 5 KiB, one of 4096 bits 8, so all
/// of them take 20 to 33 MiB; a key that has to be parsed again costs its message a millisecond.
pub const MAX_PARSED: usize = 4096;

/// A key, or why it is none: what was read does not change, so neither does the answer.
pub type Outcome = Result<Arc<SigningKey>, Arc<KeyError>>;

/// Parsed keys by their numbers, at most [`MAX_PARSED`] of them: the ones that were used last.
#[derive(Debug, Default)]
pub struct ParsedKeys(Mutex<Slots>);

#[derive(Debug, Default)]
struct Slots {
    /// How often any of them was asked for.
    uses: u64,
    by_number: HashMap<usize, Slot>,
}

#[derive(Debug)]
struct Slot {
    last_use: u64,
    outcome: Arc<OnceLock<Outcome>>,
}

impl ParsedKeys {
    /// The key of that number. Who asks first parses it; who asks for the same one meanwhile waits
    /// for that, and who asks for another one does not.
    ///
    /// # Errors
    /// What `parse` said.
    pub fn key(
        &self,
        number: usize,
        parse: impl FnOnce() -> Result<SigningKey, KeyError>,
    ) -> Outcome {
        let outcome = self.slot(number);
        outcome.get_or_init(|| parse().map(Arc::new).map_err(Arc::new)).clone()
    }

    fn slot(&self, number: usize) -> Arc<OnceLock<Outcome>> {
        // Nothing is half done where a thread could have died.
        let mut slots = lock(&self.0);
        slots.uses += 1;
        let last_use = slots.uses;
        if let Some(slot) = slots.by_number.get_mut(&number) {
            slot.last_use = last_use;
            return Arc::clone(&slot.outcome);
        }
        if slots.by_number.len() >= MAX_PARSED {
            slots.drop_least_recent();
        }
        let outcome = Arc::new(OnceLock::new());
        slots.by_number.insert(number, Slot { last_use, outcome: Arc::clone(&outcome) });
        outcome
    }
}

impl Slots {
    /// To look at all of them takes some microseconds, and happens before a key is parsed.
    fn drop_least_recent(&mut self) {
        let least = self.by_number.iter().min_by_key(|(_, slot)| slot.last_use);
        if let Some(number) = least.map(|(&number, _)| number) {
            self.by_number.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PARSED, ParsedKeys};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier};
    use std::thread;
    use twinseal_keys::{KeyError, SigningKey};

    fn key() -> Result<SigningKey, KeyError> {
        SigningKey::generate_ed25519()
    }

    #[test]
    fn who_asks_at_once_gets_a_key_that_was_parsed_once() {
        let (keys, parsed, barrier) = (ParsedKeys::default(), AtomicUsize::new(0), Barrier::new(8));
        let ask = || {
            barrier.wait();
            let parse = || {
                parsed.fetch_add(1, Ordering::SeqCst);
                thread::yield_now();
                key()
            };
            keys.key(7, parse).unwrap()
        };
        let all: Vec<_> = thread::scope(|scope| {
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(parsed.load(Ordering::SeqCst), 1);
        assert!(all.iter().all(|one| Arc::ptr_eq(one, &all[0])));
    }

    #[test]
    fn only_the_keys_used_last_are_kept() {
        let keys = ParsedKeys::default();
        let first = keys.key(0, key).unwrap();
        for number in 1..MAX_PARSED {
            keys.key(number, key).unwrap();
        }
        let unneeded = || panic!("it is parsed a second time");
        assert!(Arc::ptr_eq(&first, &keys.key(0, unneeded).unwrap()));
        // One more than there is room for: number 1 has not been used for longest.
        keys.key(MAX_PARSED, key).unwrap();
        assert_eq!(keys.0.lock().unwrap().by_number.len(), MAX_PARSED);
        assert!(Arc::ptr_eq(&first, &keys.key(0, unneeded).unwrap()));
        let mut again = false;
        keys.key(1, || {
            again = true;
            key()
        })
        .unwrap();
        assert!(again);
    }

    #[test]
    fn a_key_that_is_none_is_not_tried_again() {
        let keys = ParsedKeys::default();
        let bad = || Err(KeyError::WrongAlgorithm);
        assert!(keys.key(0, bad).is_err());
        assert!(keys.key(0, || panic!("it is parsed a second time")).is_err());
    }
}
