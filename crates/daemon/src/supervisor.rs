//! Starting again what has died.
//!
//! The process that was started stays what it is, and starts the program once more, which serves.
//! It knows nothing of mail: it waits, passes signals on, and starts the other one anew when that
//! has died, until that happens too often. It keeps the rights that it was started with, because
//! the next one has to read the same keys. What keeps the first one from serving, and what a
//! restart cannot mend, ends both with that code.

mod restarts;

use crate::background::{self, CannotLaunch, Launched, READY};
use crate::pid_file::PidFile;
use crate::privileges::Account;
use crate::serve::log_to;
use crate::server::{CannotServe, write_pid_file};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, getppid};
use restarts::Restarts;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tracing_subscriber::filter::LevelFilter;
use twinseal_config::{Config, ExitCode, LogTo};

/// The variable that tells the second process who watches over it: a number, that of its parent.
const SUPERVISOR: &str = "TWINSEAL_SUPERVISOR";

/// What is passed on.
const PASSED_ON: [Signal; 4] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1];

/// The pause before one is started again that has died at once.
const PAUSE: Duration = Duration::from_secs(1);

/// The process that somebody watches over.
#[derive(Debug)]
pub struct Supervised {
    by: Pid,
}

/// Whether this is the process that somebody watches over. It takes that name, or the one that it
/// was started by.
#[must_use]
pub fn supervised(name: Option<&str>) -> Option<Supervised> {
    background::is_started_by(SUPERVISOR).then(|| {
        background::take_name(name);
        // The other one waits for it, and has left it held back for us.
        let mut child = SigSet::empty();
        child.add(Signal::SIGCHLD);
        let _ = child.thread_unblock();
        Supervised { by: getppid() }
    })
}

impl Supervised {
    /// Ends with the one that watches: a successor of that one would find its sockets taken. To be
    /// called when the user has been changed, which undoes it.
    ///
    /// # Errors
    /// When that one is gone already.
    pub fn end_with_parent(&self) -> io::Result<()> {
        let _ = set_pdeathsig(Signal::SIGTERM);
        if getppid() == self.by {
            Ok(())
        } else {
            Err(io::Error::other("the process that watches over it is gone"))
        }
    }

    /// Says that it serves, and leaves the terminal if the other one is about to.
    ///
    /// # Errors
    /// When nobody waits any more, or /dev/null cannot be opened.
    pub fn ready(self, stays: bool) -> io::Result<()> {
        background::say_ready(stays)
    }
}

/// Starts the process that serves, and starts it again, until it is told to stop or may not any
/// more. `directory` is the one in which it has been started itself.
///
/// # Errors
/// [`CannotServe`] when no process can be started or the pid file cannot be written.
pub fn supervise(
    config: &Config,
    launched: Option<Launched>,
    directory: &Path,
) -> Result<ExitCode, CannotServe> {
    let answered: SigSet = PASSED_ON.into_iter().chain([Signal::SIGCHLD]).collect();
    // Before the log has a thread: that one must not get them either.
    answered.thread_block().map_err(failed)?;
    let signals = SignalFd::with_flags(&answered, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC);
    let level = match (&launched, config.log.to) {
        (Some(_), LogTo::Stderr) => LevelFilter::WARN,
        _ => LevelFilter::INFO,
    };
    let _flush = log_to(config, level)?;
    let supervisor = Supervisor {
        config,
        directory,
        signals: signals.map_err(failed)?,
        launched,
        pid_file: None,
        has_served: false,
        stopping: false,
    };
    supervisor.run()
}

struct Supervisor<'c> {
    config: &'c Config,
    directory: &'c Path,
    signals: SignalFd,
    /// Who waits until the first one serves.
    launched: Option<Launched>,
    pid_file: Option<PidFile>,
    /// Whether one has served already.
    has_served: bool,
    /// Whether we were told to stop.
    stopping: bool,
}

/// How a process has ended.
struct Ended {
    status: ExitStatus,
    /// Whether it has served before.
    served: bool,
}

impl Supervisor<'_> {
    fn run(mut self) -> Result<ExitCode, CannotServe> {
        let mut restarts = Restarts::new(self.config.life.restart);
        loop {
            let started = Instant::now();
            let Ended { status, served } = self.one()?;
            if self.stopping {
                return Ok(ExitCode::Ok);
            }
            if !served && (!self.has_served || is_for_good(status)) {
                // It has said itself why.
                return Ok(background::ended(status)?);
            }
            let what = words(status);
            if let Err(exceeded) = restarts.permit(Instant::now()) {
                tracing::error!("{what}");
                tracing::error!("{exceeded}");
                return Ok(ExitCode::Unavailable);
            }
            tracing::warn!("{what}, restarting");
            if started.elapsed() < PAUSE {
                self.pause()?;
                if self.stopping {
                    return Ok(ExitCode::Ok);
                }
            }
        }
    }

    /// Starts one and waits for its end.
    fn one(&mut self) -> Result<Ended, CannotServe> {
        let mut command = background::again(SUPERVISOR).map_err(CannotLaunch::from)?;
        let command = command.current_dir(self.directory);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(CannotLaunch::from)?;
        let mut pipe = process.stdout.take();
        let mut served = false;
        loop {
            let speaks = self.wait(pipe.as_ref(), PollTimeout::NONE)?;
            if speaks {
                let mut word = [0; READY.len()];
                let heard = pipe.as_mut().map(|pipe| pipe.read(&mut word));
                served = matches!(heard, Some(Ok(count)) if word.get(..count) == Some(READY));
                pipe = None;
                if served && let Err(error) = self.serves() {
                    end(&mut process);
                    return Err(error);
                }
            }
            self.pass_on(Some(&process));
            if let Some(status) = process.try_wait().map_err(CannotLaunch::from)? {
                return Ok(Ended { status, served });
            }
        }
    }

    /// The first time that one serves, whoever waits for that may go on.
    fn serves(&mut self) -> Result<(), CannotServe> {
        if !self.has_served {
            self.pid_file = self.config.pid_file.as_deref().map(write_pid_file).transpose()?;
            let user = self.config.user.as_ref().map(Account::find).transpose()?;
            if let (Some(file), Some(user)) = (&self.pid_file, user) {
                // As if who serves had written it: after us, that one writes over it.
                let _ = file.give_to(user.uid());
            }
        }
        self.has_served = true;
        let launched = self.launched.take();
        launched.map_or(Ok(()), Launched::ready).map_err(CannotServe::Background)
    }

    /// Waits for a signal, or for the pipe to have something; says whether it has.
    fn wait(&self, pipe: Option<&ChildStdout>, patience: PollTimeout) -> Result<bool, CannotServe> {
        let mut watched = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        watched.extend(pipe.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
        match poll(&mut watched, patience) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(failed(error)),
        }
        Ok(watched.get(1).is_some_and(|pipe| pipe.any().unwrap_or_default()))
    }

    /// Passes on what has come meanwhile.
    fn pass_on(&mut self, process: Option<&Child>) {
        while let Ok(Some(came)) = self.signals.read_signal() {
            let number = i32::try_from(came.ssi_signo).unwrap_or_default();
            let Ok(signal) = Signal::try_from(number) else { continue };
            if !PASSED_ON.contains(&signal) {
                continue;
            }
            let hangup = self.config.door.hangup_stops() && signal == Signal::SIGHUP;
            self.stopping |= hangup || [Signal::SIGTERM, Signal::SIGINT].contains(&signal);
            if let Some(pid) = process.and_then(|process| i32::try_from(process.id()).ok()) {
                let _ = kill(Pid::from_raw(pid), signal);
            }
        }
    }

    /// Waits a while, or until it is told to stop.
    fn pause(&mut self) -> Result<(), CannotServe> {
        let until = Instant::now() + PAUSE;
        while !self.stopping {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let milliseconds = u16::try_from(left.as_millis()).unwrap_or(u16::MAX);
            self.wait(None, PollTimeout::from(milliseconds.saturating_add(1)))?;
            self.pass_on(None);
        }
        Ok(())
    }
}

/// Ends a process that may not go on.
fn end(process: &mut Child) {
    if let Ok(pid) = i32::try_from(process.id()) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    let _ = process.wait();
}

/// Whether it would end in the same way once more: somebody has to mend something first.
fn is_for_good(status: ExitStatus) -> bool {
    let code = status.code().and_then(ExitCode::with_number);
    code.is_some_and(|code| {
        use ExitCode::{Configuration, Data, NoInput, Permission, Usage};
        [Configuration, Data, NoInput, Permission, Usage].contains(&code)
    })
}

/// The words of dkim-filter.
fn words(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("terminated with signal {signal}"),
        (None, code) => format!("exited with status {}", code.unwrap_or_default()),
    }
}

fn failed(error: Errno) -> CannotServe {
    CannotServe::Runtime(error.into())
}
