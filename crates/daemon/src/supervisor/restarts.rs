//! How often something may be started again.

use std::collections::VecDeque;
use std::time::Instant;
use twinseal_config::{Restart, RestartRate};

/// The restarts so far, as far as they matter.
#[derive(Debug)]
pub(super) struct Restarts {
    allowed: Restart,
    count: u32,
    /// The last ones, at most as many as the rate allows.
    times: VecDeque<Instant>,
}

/// It has died too often.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Exceeded {
    /// Altogether.
    #[error("maximum restart count exceeded")]
    Count,
    /// In too short a time.
    #[error("maximum restart rate exceeded")]
    Rate,
}

impl Restarts {
    pub(super) const fn new(allowed: Restart) -> Self {
        Self { allowed, count: 0, times: VecDeque::new() }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// [`Exceeded`], when that would be one too many.
    pub(super) fn permit(&mut self, now: Instant) -> Result<(), Exceeded> {
        if self.allowed.count.is_some_and(|count| self.count >= count) {
            return Err(Exceeded::Count);
        }
        self.count = self.count.saturating_add(1);
        let Some(RestartRate { restarts, within }) = self.allowed.rate else { return Ok(()) };
        while self.times.front().is_some_and(|&time| now.duration_since(time) >= within) {
            self.times.pop_front();
        }
        if u32::try_from(self.times.len()).unwrap_or(u32::MAX) >= restarts {
            return Err(Exceeded::Rate);
        }
        self.times.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Exceeded, Restarts};
    use std::time::{Duration, Instant};
    use twinseal_config::{Restart, RestartRate};

    fn restarts(count: Option<u32>, rate: Option<(u32, u64)>) -> Restarts {
        let rate = rate.map(|(restarts, seconds)| {
            let within = Duration::from_secs(seconds);
            RestartRate { restarts, within }
        });
        Restarts::new(Restart { auto: true, count, rate })
    }

    #[test]
    fn so_many_altogether() {
        let mut some = restarts(Some(2), None);
        let now = Instant::now();
        let said: Vec<_> = (0..3).map(|_| some.permit(now)).collect();
        assert_eq!(said, [Ok(()), Ok(()), Err(Exceeded::Count)]);
        let mut any = restarts(None, None);
        assert!((0..10_000).all(|_| any.permit(now).is_ok()));
        assert!(any.times.is_empty());
    }

    #[test]
    fn so_many_in_any_span_of_time() {
        let begin = Instant::now();
        let run = |seconds: &[u64]| {
            let mut some = restarts(None, Some((3, 60)));
            let at = |&second: &u64| some.permit(begin + Duration::from_secs(second)).is_ok();
            seconds.iter().map(at).collect::<Vec<_>>()
        };
        assert_eq!(run(&[0, 10, 20, 59]), [true, true, true, false]);
        assert_eq!(run(&[0, 10, 20, 60, 65]), [true, true, true, true, false]);
        // It is the time of each that counts, not the interval before it.
        assert_eq!(run(&[0, 30, 60, 90, 120, 150]), [true; 6]);
    }
}
