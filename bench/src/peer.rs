//! The filters that are measured: starting and stopping them, and how they are reached.

use crate::cleanup;
use crate::duty::Duty;
use crate::failure::{Failure, Result};
use crate::load;
use crate::mail::Mail;
use crate::measure::{Memory, processor_time};
use nix::unistd::Pid;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use twinseal_milter::Terms;

/// How long a peer may take until its first message is done. Who reads 100,000 keys at a
/// millisecond each is slow, and worth a figure.
const START: Duration = Duration::from_secs(240);

/// How often it is asked whether it does.
const POLL: Duration = Duration::from_millis(2);

/// How long a peer may be silent. Postfix waits as long.
const SILENCE: Duration = Duration::from_secs(300);

/// Where a peer listens.
#[derive(Clone, Debug)]
pub enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A port on loopback.
    Inet(SocketAddr),
}

/// Something that carries the protocol.
pub trait Stream: Read + Write + Send + fmt::Debug {}
impl<S: Read + Write + Send + fmt::Debug> Stream for S {}

/// A peer that could be started.
#[derive(Debug)]
pub struct Plan {
    /// As tables name it.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where it will listen.
    pub address: Address,
    /// Where its words go.
    pub log: PathBuf,
    /// What it does to messages.
    pub duty: Duty,
}

/// A peer that runs; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Peer {
    plan: Plan,
    process: Child,
    pid: Pid,
    /// From its start until the first message was done.
    pub start: Duration,
    /// What it has negotiated.
    pub terms: Option<Terms>,
    /// The first message as it came back.
    pub sealed: Vec<u8>,
}

impl Address {
    /// A port that nobody listens on at the moment.
    ///
    /// # Errors
    /// When there is none.
    pub fn free_port() -> Result<Self> {
        let free =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
        free.map(Self::Inet).map_err(Failure::system("a port on loopback"))
    }

    /// As both twinseal and opendkim write it.
    pub fn to_config(&self) -> String {
        match self {
            Self::Unix(path) => format!("local:{}", path.display()),
            Self::Inet(address) => format!("inet:{}@{}", address.port(), address.ip()),
        }
    }

    /// Connects. Nagle's algorithm is off on our side, so that only the peer's own stalls show.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(SILENCE))?;
                stream.set_write_timeout(Some(SILENCE))?;
                Box::new(stream)
            }
            Self::Inet(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(SILENCE))?;
                stream.set_write_timeout(Some(SILENCE))?;
                Box::new(stream)
            }
        })
    }
}

impl Peer {
    /// Starts it and waits until it has done to `probe` what it has to do.
    ///
    /// # Errors
    /// When it ends, is silent for too long, or does something else.
    pub fn start(plan: Plan, probe: &Mail) -> Result<Self> {
        let log = File::create(&plan.log).and_then(|log| Ok((log.try_clone()?, log)));
        let (stdout, stderr) = log.map_err(Failure::system(plan.log.display().to_string()))?;
        let begun = Instant::now();
        let process = Command::new(&plan.program)
            .args(&plan.arguments)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(Failure::system(plan.program.display().to_string()))?;
        let pid = Pid::from_raw(i32::try_from(process.id()).unwrap_or_default());
        cleanup::note_process(pid);
        let start = Duration::ZERO;
        let mut peer = Self { plan, process, pid, start, terms: None, sealed: Vec::new() };
        peer.wait_until_it_listens(begun)?;
        let (outcome, terms) = load::once(&peer, probe)?;
        peer.start = begun.elapsed();
        peer.sealed = probe.sealed(&outcome, terms.leading_space());
        peer.terms = Some(terms);
        Ok(peer)
    }

    fn wait_until_it_listens(&mut self, begun: Instant) -> Result<()> {
        while self.plan.address.connect().is_err() {
            let ended = self.process.try_wait().ok().flatten();
            if ended.is_some() || begun.elapsed() > START {
                let log = fs::read_to_string(&self.plan.log).unwrap_or_default();
                let last = log.lines().rfind(|line| !line.trim().is_empty());
                let words = last.unwrap_or("it says nothing").to_owned();
                return Err(Failure::NoPeer { peer: self.plan.name.clone(), words });
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// As tables name it.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// What it has to do to messages.
    pub fn duty(&self) -> Duty {
        self.plan.duty
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.plan.address
    }

    /// Processor time that it has used so far.
    ///
    /// # Errors
    /// When it has ended.
    pub fn processor_time(&self) -> Result<Duration> {
        processor_time(self.pid)
    }

    /// Its memory.
    ///
    /// # Errors
    /// When it has ended.
    pub fn memory(&self) -> Result<Memory> {
        Memory::of(self.pid)
    }
}

impl Drop for Peer {
    /// There is no mail to lose, and libmilter takes up to five seconds to stop when it is asked
    /// to.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        cleanup::forget_process(self.pid);
    }
}
