//! Signals that come before anything can answer them.

use nix::sys::signal::{SigSet, Signal};

/// The signals that a daemon answers.
const ANSWERED: [Signal; 4] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1];

/// Signals that wait. Their default action would end the process, and leave its files behind.
#[derive(Debug)]
pub struct Held(SigSet);

impl Held {
    /// Lets them wait, here and in threads that are started from here.
    #[must_use]
    pub fn back() -> Self {
        let signals: SigSet = ANSWERED.into_iter().collect();
        // It fails for no set that can be made.
        let _ = signals.thread_block();
        Self(signals)
    }

    /// Lets them come to this thread, those that came before at once: somebody answers now.
    pub fn release(self) {
        let _ = self.0.thread_unblock();
    }
}
