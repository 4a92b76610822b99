//! `twinseal serve`: from a command line to listening sockets, and to the end.

use crate::VERSION;
use crate::command::print;
use crate::logging::syslog::Flush;
use crate::logging::{Lines, SYSLOG_SOCKET, Syslog};
use crate::privileges::{Account, CannotBecome};
use crate::serving::listener::{self, Bound, CannotBind, MAX_CONNECTIONS};
use crate::serving::service::{Service, system_clock};
use crate::signing::directory::Directory;
use crate::signing::keyring::{self, KeyMistakes};
use crate::terminal::Terminal;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, umask};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use twinseal_config::render;
use twinseal_config::{Config, ExitCode, Files, LogTo, Request};
use twinseal_message::text;

/// Why the daemon does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotServe {
    /// Keys that cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyMistakes),
    /// The user cannot be had.
    #[error(transparent)]
    User(#[from] CannotBecome),
    /// Sockets that cannot be had.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Sockets(Vec<CannotBind>),
    /// The pid file cannot be written.
    #[error("{}: the process's number cannot be written: {error}", text::path(path))]
    PidFile {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Several of these; the first one says how the program ends.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Self>),
    /// The system gives us no threads, or no signals.
    #[error("the runtime cannot be started: {0}")]
    Runtime(io::Error),
}

impl CannotServe {
    /// How the program ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Several(all) => all.first().map_or(ExitCode::Internal, Self::exit_code),
            Self::Keys(_) | Self::PidFile { .. } => ExitCode::Configuration,
            Self::User(error) => error.exit_code(),
            Self::Sockets(_) => ExitCode::Unavailable,
            Self::Runtime(_) => ExitCode::System,
        }
    }
}

/// The file system.
#[derive(Debug, Clone, Copy)]
pub struct FileSystem;

impl Files for FileSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // A pipe would keep us waiting, a device would never end.
        let nonblocking = OFlag::O_NONBLOCK.bits();
        let mut file = fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut octets = Vec::new();
        file.read_to_end(&mut octets)?;
        Ok(octets)
    }

    fn exists(&self, path: &Path) -> bool {
        !matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Runs the command.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let arguments = shown(&words);
    let (loaded, only_check) = match twinseal_config::serve(words, &FileSystem) {
        Ok(Request::Help) => return print(terminal, &render::help()),
        Ok(Request::Version) => return print(terminal, &version()),
        Ok(Request::Check(loaded)) => (loaded, true),
        Ok(Request::Serve(loaded)) => (loaded, false),
        Err(mistakes) => {
            let warnings: Vec<_> = mistakes.warnings().iter().map(ToString::to_string).collect();
            complain(&warnings, terminal);
            mistakes.lines().for_each(|line| terminal.complain(line));
            // The keys that it names may be mistakes too; they are looked at in the same run.
            let keys = keyring::mistakes(mistakes.keys());
            keys.iter().for_each(|line| terminal.complain(line));
            if mistakes.exit_code() == ExitCode::Usage {
                terminal.complain("twinseal serve --help lists the options");
            }
            return mistakes.exit_code();
        }
    };
    let mut warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let prepared = Server::prepare(&loaded.config, |warning| warnings.push(warning));
    if only_check {
        complain(&warnings, terminal);
        return match prepared {
            Ok(_) => print(terminal, "the configuration is valid\n"),
            Err(error) => refuse(&error, terminal),
        };
    }
    let listening = match prepared.and_then(|server| server.open(&loaded.config)) {
        Ok(listening) => listening,
        Err(error) => {
            complain(&warnings, terminal);
            return refuse(&error, terminal);
        }
    };
    let _flush = match log_to(&loaded.config) {
        Ok(flush) => flush,
        Err(error) => return refuse(&error, terminal),
    };
    tracing::info!("twinseal {VERSION} starting (args: {arguments})");
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    match listening.run(&watch::channel(false).0) {
        Ok(()) => ExitCode::Ok,
        Err(error) => refuse(&error, terminal),
    }
}

fn complain(warnings: &[String], terminal: &mut Terminal<'_>) {
    warnings.iter().for_each(|warning| terminal.complain(format_args!("warning: {warning}")));
}

/// Says why we do not serve, a line for each reason.
fn refuse(error: &CannotServe, terminal: &mut Terminal<'_>) -> ExitCode {
    error.to_string().lines().for_each(|line| terminal.complain(line));
    error.exit_code()
}

/// What `-V` prints.
fn version() -> String {
    format!(
        "twinseal {VERSION}\n\tDKIM: rsa-sha256, ed25519-sha256; simple, relaxed\n\tDomainKeys: \
         rsa-sha1; simple, nofws\n"
    )
}

/// The command line as the start line shows it: words joined by spaces, quoted where they hold one.
fn shown(words: &[OsString]) -> String {
    let word = |word: &OsString| {
        let text = word.to_string_lossy();
        if text.contains(' ') { format!("\"{text}\"") } else { text.into_owned() }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Sends log lines where the configuration says, and the last ones when what is returned is dropped.
pub(crate) fn log_to(config: &Config) -> Result<Option<Flush>, CannotServe> {
    let registry = tracing_subscriber::registry().with(LevelFilter::INFO);
    // Where a log is set up already, as in tests, that one stays in force.
    match config.log.to {
        LogTo::Stderr => {
            let _ = registry.with(Lines::to_terminal("twinseal", io::stderr)).try_init();
            Ok(None)
        }
        LogTo::Syslog => {
            let syslog = Syslog::new(Path::new(SYSLOG_SOCKET), config.log.facility, "twinseal");
            let (syslog, flush) = syslog.map_err(CannotServe::Runtime)?;
            let _ = registry.with(Lines::to_syslog(syslog)).try_init();
            Ok(Some(flush))
        }
    }
}

/// A daemon whose configuration and keys are known to be good.
#[derive(Debug)]
pub struct Server {
    service: Arc<Service>,
    account: Option<Account>,
}

/// A daemon that listens.
#[derive(Debug)]
pub struct Listening {
    service: Arc<Service>,
    sockets: Vec<Bound>,
    pid_file: Option<PidFile>,
}

/// The pid file; removed when we are done.
#[derive(Debug)]
struct PidFile(PathBuf);

impl Drop for PidFile {
    fn drop(&mut self) {
        // Its directory may not be ours to write to; then it stays, as it always did.
        let _ = fs::remove_file(&self.0);
    }
}

impl Server {
    /// Reads the keys, as the user who starts us, and finds the user to become. What works and is
    /// probably not meant goes to `warn`.
    ///
    /// # Errors
    /// [`CannotServe`], with every key that cannot be used.
    pub fn prepare(config: &Config, warn: impl FnMut(String)) -> Result<Self, CannotServe> {
        let account = config.user.as_ref().map(Account::find).transpose();
        let trusted: Vec<u32> = account.iter().flatten().map(Account::uid).collect();
        let (account, keys) = match (account, keyring::load(config, &trusted, warn)) {
            (Ok(account), Ok(keys)) => (account, keys),
            (Err(user), Err(keys)) => {
                return Err(CannotServe::Several(vec![user.into(), keys.into()]));
            }
            (Err(user), Ok(_)) => return Err(user.into()),
            (Ok(_), Err(keys)) => return Err(keys.into()),
        };
        let service = Service {
            directory: Directory::from_files(config.rules.clone(), keys),
            internal_hosts: config.internal_hosts.clone(),
            peers: config.peers.clone(),
            external_ignore: config.external_ignore.clone(),
            signs: config.mode.signs(),
            log_why: config.log.why,
            clock: system_clock,
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        };
        Ok(Self { service: Arc::new(service), account })
    }

    /// What the connections will share.
    #[must_use]
    pub fn service(&self) -> Arc<Service> {
        Arc::clone(&self.service)
    }

    /// Gives root up and opens the sockets, which then belong to the user that we have become.
    ///
    /// # Errors
    /// [`CannotServe`], with every socket that cannot be had.
    pub fn open(self, config: &Config) -> Result<Listening, CannotServe> {
        if let Some(account) = &self.account {
            account.assume()?;
        }
        umask(Mode::from_bits_truncate(config.umask));
        let (mut sockets, mut failures) = (Vec::new(), Vec::new());
        for spec in &config.sockets {
            match listener::bind(spec) {
                Ok(bound) => sockets.push(bound),
                Err(failure) => failures.push(failure),
            }
        }
        if !failures.is_empty() {
            return Err(CannotServe::Sockets(failures));
        }
        let pid_file = config.pid_file.as_ref().map(write_pid_file).transpose()?;
        Ok(Listening { service: self.service, sockets, pid_file })
    }
}

fn write_pid_file(path: &PathBuf) -> Result<PidFile, CannotServe> {
    match fs::write(path, format!("{}\n", std::process::id())) {
        Ok(()) => Ok(PidFile(path.clone())),
        Err(error) => Err(CannotServe::PidFile { path: path.clone(), error }),
    }
}

impl Listening {
    /// Serves until `stop` is sent or a signal asks for it, and lets messages under way finish.
    ///
    /// # Errors
    /// [`CannotServe::Runtime`] when the system gives us no threads.
    pub fn run(self, stop: &watch::Sender<bool>) -> Result<(), CannotServe> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(CannotServe::Runtime)?;
        let served = runtime.block_on(serve(self.sockets, self.service, stop.clone()));
        drop(self.pid_file);
        let status = u8::from(served.is_err());
        tracing::info!("twinseal {VERSION} terminating with status {status}");
        served.map_err(CannotServe::Runtime)
    }
}

async fn serve(
    sockets: Vec<Bound>,
    service: Arc<Service>,
    stop: watch::Sender<bool>,
) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Both ask for a reload. Their default action would end the process in the middle of messages.
    let mut hangup = signal(SignalKind::hangup())?;
    let mut user1 = signal(SignalKind::user_defined1())?;
    let mut listeners = JoinSet::new();
    for socket in sockets {
        tracing::info!("listening on {}", socket.name());
        listeners.spawn(socket.serve(Arc::clone(&service), stop.subscribe()));
    }
    loop {
        tokio::select! {
            _ = terminate.recv() => { stop.send_replace(true); }
            _ = interrupt.recv() => { stop.send_replace(true); }
            // LIMIT: a reload is a restart; the signal is answered by a line in the log.
            _ = hangup.recv() => tracing::warn!("SIGHUP: the configuration is read at start only"),
            _ = user1.recv() => tracing::warn!("SIGUSR1: the configuration is read at start only"),
            ended = listeners.join_next() => match ended {
                None => return Ok(()),
                Some(Ok(ended)) => ended?,
                Some(Err(error)) => return Err(io::Error::other(error)),
            },
        }
    }
}
