//! What all experiments share: a scratch directory, a key, the program, and how much to do.

mod verifying;

pub use verifying::SELECTORS;

use crate::cleanup;
use crate::configuration::{Carrier, Opendkim, SELECTOR, Twinseal, key_copy};
use crate::duty::{Duty, Seals};
use crate::failure::{Failure, Result};
use crate::judge::{Judge, Sample};
use crate::mail::Mail;
use crate::peer::{Address, Peer, Plan};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use twinseal_keys::SigningKey;

/// The other program.
const OPENDKIM: &str = "/usr/sbin/opendkim";

/// Larger bodies take the independent verifier too long; the differential tests have them.
const LARGEST_SAMPLE: usize = 256 * 1024;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Rounds of an experiment.
    pub rounds: usize,
    /// How long a candidate is measured in each.
    pub round: Duration,
    /// Octets of a large body.
    pub large: usize,
    /// Octets of the largest body.
    pub huge: usize,
    /// Connections, where there are to be many.
    pub crowd: usize,
    /// How long a crowd is at work.
    pub crowd_time: Duration,
    /// Signing rules, where there are to be many.
    pub rules: usize,
}

impl Scale {
    /// What figures are measured with.
    pub const FULL: Self = Self {
        rounds: 7,
        round: Duration::from_millis(700),
        large: 5 << 20,
        huge: 100 << 20,
        crowd: 500,
        crowd_time: Duration::from_secs(4),
        rules: 100_000,
    };

    /// Enough to see that everything works; its figures say nothing.
    pub const QUICK: Self = Self {
        rounds: 1,
        round: Duration::from_millis(20),
        large: 256 << 10,
        huge: 1 << 20,
        crowd: 20,
        crowd_time: Duration::from_millis(100),
        rules: 200,
    };
}

/// The place where experiments are made.
#[derive(Debug)]
pub struct Workbench {
    /// How much is done.
    pub scale: Scale,
    /// The key that all peers sign with, RSA with 2048 bits.
    pub key: Arc<SigningKey>,
    directory: TempDir,
    program: PathBuf,
    key_file: PathBuf,
    started: usize,
    samples: Vec<Sample>,
}

impl Workbench {
    /// Makes a scratch directory and a key.
    ///
    /// # Errors
    /// When the program or opendkim is not there, or the directory cannot be made.
    pub fn new(program: PathBuf, scale: Scale) -> Result<Self> {
        for needed in [program.as_path(), Path::new(OPENDKIM)] {
            fs::metadata(needed).map_err(Failure::system(needed.display().to_string()))?;
        }
        let directory = tempfile::Builder::new().prefix("twinseal-bench-").tempdir();
        let directory = directory.map_err(Failure::system("a scratch directory"))?;
        cleanup::note_directory(directory.path());
        let key = SigningKey::generate_rsa(2048).map_err(io::Error::other);
        let key = key.map_err(Failure::system("a key"))?;
        let pem = key.to_pem().map_err(io::Error::other).map_err(Failure::system("the key"))?;
        let key_file = directory.path().join("key");
        fs::write(&key_file, &*pem).map_err(Failure::system("the key's file"))?;
        let (key, samples) = (Arc::new(key), Vec::new());
        Ok(Self { scale, key, directory, program, key_file, started: 0, samples })
    }

    /// Starts the program; `probe` is the message by which it shows that it signs.
    ///
    /// # Errors
    /// When it does not.
    pub fn twinseal(&mut self, how: &Twinseal, probe: &Mail) -> Result<Peer> {
        let (address, base) = self.place(how.carrier)?;
        let file = self.write(&base, "yaml", &how.to_yaml(&address, &self.key_file))?;
        let arguments = vec!["serve".to_owned(), "--config".to_owned(), file];
        let program = self.program.clone();
        let log = base.with_extension("log");
        let (name, duty) = (how.name.clone(), Duty::Seal(how.seals()));
        self.start(Plan { name, program, arguments, address, log, duty }, probe)
    }

    /// Starts opendkim, likewise.
    ///
    /// # Errors
    /// When it does not sign.
    pub fn opendkim(&mut self, how: &Opendkim, probe: &Mail) -> Result<Peer> {
        let (address, base) = self.place(how.carrier)?;
        let file = self.write(&base, "conf", &how.to_conf(&address, &self.key_file, &base))?;
        if let Some((keys, senders)) = how.tables(&self.key_file) {
            self.write(&base, "keys", &keys)?;
            self.write(&base, "senders", &senders)?;
        }
        let arguments = vec!["-f".to_owned(), "-x".to_owned(), file];
        let (name, program, log) = (how.name.clone(), OPENDKIM.into(), base.with_extension("log"));
        let duty = Duty::Seal(Seals { dkim: true, domainkeys: false });
        self.start(Plan { name, program, arguments, address, log, duty }, probe)
    }

    /// Copies the key to that many files, where rules with a key file each expect them.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn copy_keys(&self, count: usize) -> Result<()> {
        let copies = self.directory.path().join("key.d");
        let written = fs::read(&self.key_file).and_then(|pem| {
            for number in 0..count {
                let path = copies.join(key_copy(number));
                if number % 1000 == 0 {
                    fs::create_dir_all(path.parent().unwrap_or(&copies))?;
                }
                fs::write(path, &pem)?;
            }
            Ok(())
        });
        written.map_err(Failure::system("copies of the key"))
    }

    /// Lets the independent verifier look at one message of each peer; a sentence about it, if
    /// there was a peer.
    ///
    /// # Errors
    /// When it does not agree with a signature.
    pub fn judge(&self) -> Result<Option<String>> {
        if self.samples.is_empty() {
            return Ok(None);
        }
        let record = self.key.record().map_err(io::Error::other);
        let record = record.map_err(Failure::system("the key's record"))?.to_string();
        Judge { directory: self.directory.path(), selector: SELECTOR, record: &record }
            .ask(&self.samples)
            .map(Some)
    }

    fn start(&mut self, plan: Plan, probe: &Mail) -> Result<Peer> {
        let mut peer = Peer::start(plan, probe)?;
        let octets = std::mem::take(&mut peer.sealed);
        let Some(seals) = peer.duty().seals() else { return Ok(peer) };
        if probe.body_octets() <= LARGEST_SAMPLE {
            let name = peer.name().to_owned();
            self.samples.push(Sample { name, domain: probe.domain.clone(), seals, octets });
        }
        Ok(peer)
    }

    /// A new address, and what the names of the files beside it begin with.
    fn place(&mut self, carrier: Carrier) -> Result<(Address, PathBuf)> {
        self.started += 1;
        let base = self.directory.path().join(format!("peer{}", self.started));
        let address = match carrier {
            Carrier::Unix => Address::Unix(base.with_extension("sock")),
            Carrier::Tcp => Address::free_port()?,
        };
        Ok((address, base))
    }

    fn write(&self, base: &Path, extension: &str, text: &str) -> Result<String> {
        let path = base.with_extension(extension).display().to_string();
        fs::write(&path, text).map_err(Failure::system(path.clone()))?;
        Ok(path)
    }
}
