//! The bare operations that no signer can do without, measured beside the signers.

use crate::failure::{Failure, Result};
use crate::measure::own_processor_time;
use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use twinseal_keys::{Sha1, Sha256, SignError, SigningKey};
use twinseal_milter::MAX_CHUNK;

/// The operations that a message needs.
#[derive(Clone, Debug)]
pub struct Bare {
    /// As tables name it.
    pub name: String,
    /// The key.
    pub key: Arc<SigningKey>,
    /// Whether to make the signature of a DKIM seal, with SHA-256.
    pub sha256: bool,
    /// Whether to make the signature of a DomainKeys seal, with SHA-1.
    pub sha1: bool,
    /// What to digest before; nothing, when the private-key operations stand alone.
    pub body: Arc<[u8]>,
}

impl Bare {
    /// The two private-key operations of both seals.
    pub fn two_operations(key: &Arc<SigningKey>) -> Self {
        let name = "two bare RSA operations".to_owned();
        Self { name, key: Arc::clone(key), sha256: true, sha1: true, body: Arc::default() }
    }

    /// What a DKIM seal needs: SHA-256 of a body, and the private-key operation.
    pub fn dkim(key: &Arc<SigningKey>, body: &[u8]) -> Self {
        let name = "bare operations, DKIM".to_owned();
        Self { name, key: Arc::clone(key), sha256: true, sha1: false, body: body.into() }
    }

    /// What both seals need: SHA-256 and SHA-1 of a body, and two private-key operations.
    pub fn both(key: &Arc<SigningKey>, body: &[u8]) -> Self {
        let name = "bare operations, both seals".to_owned();
        Self { name, key: Arc::clone(key), sha256: true, sha1: true, body: body.into() }
    }

    /// Repeats them for that long; processor time for one message.
    ///
    /// As many threads do it as there are processors: a processor whose neighbour is busy can be
    /// slower, and beside a filter at work there is no idle one.
    ///
    /// # Errors
    /// When the key refuses, or there is no clock.
    pub fn run(&self, time: Duration) -> Result<Duration> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let parts: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.repeat(time))).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            started.into_iter().map(join).collect()
        });
        let (mut processor, mut messages) = (Duration::ZERO, 0);
        for part in parts {
            let (time, done) = part?;
            processor += time;
            messages += done;
        }
        Ok(processor / messages)
    }

    fn repeat(&self, time: Duration) -> Result<(Duration, u32)> {
        let (begun, before) = (Instant::now(), own_processor_time()?);
        let mut messages = 0;
        while messages == 0 || begun.elapsed() < time {
            let refused =
                |error: SignError| Failure::system("a bare operation")(io::Error::other(error));
            self.once().map_err(refused)?;
            messages += 1;
        }
        Ok((own_processor_time()?.saturating_sub(before), messages))
    }

    fn once(&self) -> std::result::Result<(), SignError> {
        if self.sha256 {
            let mut digest = Sha256::new();
            self.body.chunks(MAX_CHUNK).for_each(|chunk| digest.update(chunk));
            black_box(self.key.sign_sha256(&digest.finish())?);
        }
        if self.sha1 {
            let mut digest = Sha1::new();
            self.body.chunks(MAX_CHUNK).for_each(|chunk| digest.update(chunk));
            black_box(self.key.sign_sha1(&digest.finish())?);
        }
        Ok(())
    }
}
