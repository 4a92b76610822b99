//! The bare operations that no signer and no verifier can do without, measured beside them.

use crate::failure::{Failure, Result};
use crate::measure::own_processor_time;
use std::error::Error;
use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use twinseal_keys::{PublicKey, Sha1, Sha256, SigningKey};
use twinseal_milter::MAX_CHUNK;

/// The operations that a message needs.
#[derive(Clone, Debug)]
pub struct Bare {
    /// As tables name it.
    pub name: String,
    work: Work,
    /// What to digest before; nothing, when the operations with keys stand alone.
    body: Arc<[u8]>,
}

/// What is done with a key.
#[derive(Clone, Debug)]
enum Work {
    /// The signature of a DKIM seal, with SHA-256, and that of a DomainKeys seal, with SHA-1.
    Signing { key: Arc<SigningKey>, sha256: bool, sha1: bool },
    /// So many verifications of one signature over a digest; the key is parsed once.
    Verifying { key: Arc<PublicKey>, signature: Arc<[u8]>, count: usize },
}

/// What the bare signature is over: as long as a digest.
const SIGNED: [u8; 32] = [0x5a; 32];

impl Bare {
    /// The two private-key operations of both seals.
    pub fn two_operations(key: &Arc<SigningKey>) -> Self {
        let work = Work::Signing { key: Arc::clone(key), sha256: true, sha1: true };
        Self { name: "two bare RSA operations".to_owned(), work, body: Arc::default() }
    }

    /// What a DKIM seal needs: SHA-256 of a body, and the private-key operation.
    pub fn dkim(key: &Arc<SigningKey>, body: &[u8]) -> Self {
        let work = Work::Signing { key: Arc::clone(key), sha256: true, sha1: false };
        Self { name: "bare operations, DKIM".to_owned(), work, body: body.into() }
    }

    /// What both seals need: SHA-256 and SHA-1 of a body, and two private-key operations.
    pub fn both(key: &Arc<SigningKey>, body: &[u8]) -> Self {
        let work = Work::Signing { key: Arc::clone(key), sha256: true, sha1: true };
        Self { name: "bare operations, both seals".to_owned(), work, body: body.into() }
    }

    /// What a verifier needs: SHA-256 of a body, and a public-key operation per signature.
    ///
    /// # Errors
    /// When the key refuses.
    pub fn verifying(key: &SigningKey, body: &[u8], count: usize) -> Result<Self> {
        let public = key.public().map_err(refused)?;
        let mut digest = Sha256::new();
        digest.update(&SIGNED);
        let signature = key.sign_sha256(&digest.finish()).map_err(refused)?;
        let work = Work::Verifying { key: Arc::new(public), signature: signature.into(), count };
        Ok(Self { name: "bare operations, verifying".to_owned(), work, body: body.into() })
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
            self.once()?;
            messages += 1;
        }
        Ok((own_processor_time()?.saturating_sub(before), messages))
    }

    fn once(&self) -> Result<()> {
        match &self.work {
            Work::Signing { key, sha256, sha1 } => {
                if *sha256 {
                    black_box(key.sign_sha256(&self.sha256()).map_err(refused)?);
                }
                if *sha1 {
                    let mut digest = Sha1::new();
                    self.body.chunks(MAX_CHUNK).for_each(|chunk| digest.update(chunk));
                    black_box(key.sign_sha1(&digest.finish()).map_err(refused)?);
                }
            }
            Work::Verifying { key, signature, count } => {
                black_box(self.sha256());
                for _ in 0..*count {
                    if !key.verifies(black_box(&SIGNED), signature) {
                        return Err(refused("a signature of our own does not hold"));
                    }
                }
            }
        }
        Ok(())
    }

    fn sha256(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        self.body.chunks(MAX_CHUNK).for_each(|chunk| digest.update(chunk));
        digest.finish()
    }
}

fn refused(error: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
    Failure::system("a bare operation")(io::Error::other(error))
}
