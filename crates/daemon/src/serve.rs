//! `twinseal serve`, and the programs in whose place it stands: from a command line to listening
//! sockets, and to the end.

use crate::VERSION;
use crate::asked;
use crate::background::{self, Launched};
use crate::command::print;
use crate::files::Recording;
use crate::logging::{
    self, Datagrams, Flush, Form, JOURNAL_SOCKET, Journal, Lines, Queue, SYSLOG_SOCKET,
    StandardError, Syslog,
};
use crate::manager::Manager;
use crate::monitoring::troubles::Troubles;
use crate::reload::Within;
use crate::reporting::courier::Courier;
use crate::sandbox::{self, Entered, Needs};
use crate::server::{CannotServe, Server};
use crate::serving::passed::Passed;
use crate::signing::keyring::{self, Former};
use crate::supervisor::{self, Supervised};
use crate::terminal::Terminal;
use crate::trial;
use nix::fcntl::OFlag;
use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use twinseal_config::render;
use twinseal_config::{Config, Door, ExitCode, Files, Loaded, LogTo, Mistakes, Request, Sandbox};

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

    fn enter(&self, directory: &Path) -> io::Result<()> {
        env::set_current_dir(directory)
    }
}

/// What was typed, and where.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The command line, without the words that say which door it is.
    pub words: Vec<OsString>,
    /// The directory in which it was typed.
    pub directory: PathBuf,
}

/// Runs the command of that door.
pub fn run(door: Door, words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    terminal.program = door.program();
    let directory = env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let files = Recording::default();
    let (loaded, only_check) = match twinseal_config::serve(door, words.iter().cloned(), &files) {
        Ok(Request::Help) => return print(terminal, &render::help()),
        Ok(Request::Usage) => {
            let _ = write!(terminal.errors, "{}", render::usage(door));
            return ExitCode::Usage;
        }
        Ok(Request::Value(found)) => return asked::value(found, terminal),
        Ok(Request::Query) => return asked::query(&FileSystem, terminal),
        Ok(Request::Version) => return print(terminal, &version(door)),
        Ok(Request::Test(loaded)) => return trial::run(&loaded, terminal),
        Ok(Request::Check(loaded)) => (loaded, true),
        Ok(Request::Serve(loaded)) => (loaded, false),
        Err(mistakes) => return misconfigured(&mistakes, door, terminal),
    };
    if only_check {
        return check(&loaded, terminal);
    }
    let read = Read { loaded: &loaded, files: files.into_files() };
    match start(Typed { words, directory }, read, terminal) {
        Ok(code) => code,
        Err(error) => refuse(&error, terminal),
    }
}

/// What was read, and from which files.
struct Read<'l> {
    loaded: &'l Loaded,
    files: BTreeSet<PathBuf>,
}

/// Serves, in this process or in another one that it starts.
fn start(
    typed: Typed,
    read: Read<'_>,
    terminal: &mut Terminal<'_>,
) -> Result<ExitCode, CannotServe> {
    let config = &read.loaded.config;
    let name = config.door.is_historic().then(|| config.door.program());
    let passed = Passed::from_environment()?;
    let supervised = supervisor::supervised(name);
    let launched = background::launched(name);
    let is_first = supervised.is_none() && launched.is_none();
    // Who passes sockets waits for this very process, and so does who wants to be told.
    let awaited = !passed.is_empty() || (is_first && Manager::waits_for_us());
    let leaves = !config.foreground && !awaited;
    if leaves && is_first {
        return Ok(background::launch(&typed.directory)?);
    }
    if config.life.restart.auto && supervised.is_none() {
        // It waits for this very process, watches it, and starts it again itself.
        if passed.is_empty() && !Manager::is_there() {
            return supervisor::supervise(config, launched, &typed.directory);
        }
        terminal.complain("warning: restart.auto has no effect: a service manager has started it");
    }
    let watched = Watched { leaves, supervised, launched };
    here(typed, read, passed, watched, terminal)
}

/// Who has started this process and waits for its word, if anybody does.
struct Watched {
    /// Whether it leaves the terminal.
    leaves: bool,
    supervised: Option<Supervised>,
    launched: Option<Launched>,
}

impl Watched {
    fn ready(self) -> io::Result<()> {
        match (self.supervised, self.launched) {
            (Some(supervised), _) => supervised.ready(!self.leaves),
            (None, Some(launched)) => launched.ready(),
            (None, None) => Ok(()),
        }
    }
}

/// Serves in this process.
fn here(
    typed: Typed,
    Read { loaded, files }: Read<'_>,
    passed: Passed,
    watched: Watched,
    terminal: &mut Terminal<'_>,
) -> Result<ExitCode, CannotServe> {
    let config = &loaded.config;
    let mut warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    // Its number is for who sends signals, and those go to the process that watches.
    let pid_file = config.pid_file.as_deref().filter(|_| watched.supervised.is_none());
    let prepared = Server::prepare(config, |warning| warnings.push(warning));
    let listening = prepared
        .and_then(|server| server.open_with(config, passed, pid_file))
        .inspect_err(|_| complain(&warnings, terminal))?;
    let mut watching = watched.supervised.iter();
    watching.try_for_each(Supervised::end_with_parent).map_err(CannotServe::Background)?;
    let (entered, within) = confined(config, files)?;
    // On a terminal that it is about to leave, only what is wrong is of interest.
    let level = if watched.leaves && config.log.to == LogTo::Stderr {
        LevelFilter::WARN
    } else if config.life.protocol_log {
        LevelFilter::DEBUG
    } else {
        LevelFilter::INFO
    };
    let _flush = log_beside(config, level, listening.troubles())?;
    let arguments = shown(&typed.words);
    tracing::info!("{} starting (args: {arguments})", config.door.product(VERSION));
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    entered.iter().for_each(Entered::tell);
    let listening = listening.reloading(typed, loaded, within);
    listening.run(&watch::channel(false).0, || watched.ready())?;
    Ok(ExitCode::Ok)
}

/// Gives up what a daemon does not need that was read from those files; before its log has a
/// thread, which would keep everything.
fn confined(
    config: &Config,
    files: BTreeSet<PathBuf>,
) -> Result<(Option<Entered>, Within), CannotServe> {
    let wanted = config.life.sandbox;
    let reports = config.reports.as_ref().filter(|_| wanted != Sandbox::Off);
    let courier = reports.map(|reports| Courier::start(&reports.command)).transpose();
    let courier = courier.map_err(CannotServe::Runtime)?.map(Arc::new);
    let mut entered = sandbox::enter(wanted, &Needs::of(config, files))?;
    let boundary = entered.as_mut().and_then(|entered| entered.boundary.take()).map(Arc::new);
    Ok((entered, Within { boundary, courier }))
}

/// Says all that is wrong with a command line and its files.
fn misconfigured(mistakes: &Mistakes, door: Door, terminal: &mut Terminal<'_>) -> ExitCode {
    let warnings: Vec<_> = mistakes.warnings().iter().map(ToString::to_string).collect();
    complain(&warnings, terminal);
    mistakes.lines().for_each(|line| terminal.complain(line));
    // The keys that it names may be mistakes too; they are looked at in the same run.
    let keys = keyring::mistakes(mistakes.keys(), &Former::default());
    keys.iter().for_each(|line| terminal.complain(line));
    if mistakes.exit_code() == ExitCode::Usage {
        terminal.complain(match door {
            Door::Native => "twinseal serve --help lists the options",
            Door::DkFilter | Door::DkimFilter | Door::Opendkim => "(use \"-?\" for help)",
        });
    }
    mistakes.exit_code()
}

/// Says whether we could serve.
fn check(loaded: &Loaded, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let checked = Server::check(&loaded.config, |warning| warnings.push(warning));
    complain(&warnings, terminal);
    match checked {
        Ok(()) => print(terminal, "the configuration is valid\n"),
        Err(error) => refuse(&error, terminal),
    }
}

pub(crate) fn complain(warnings: &[String], terminal: &mut Terminal<'_>) {
    warnings.iter().for_each(|warning| terminal.complain(format_args!("warning: {warning}")));
}

/// Says why we do not serve, a line for each reason.
pub(crate) fn refuse(error: &CannotServe, terminal: &mut Terminal<'_>) -> ExitCode {
    error.to_string().lines().for_each(|line| terminal.complain(line));
    error.exit_code()
}

/// What `-V` prints: the program, and what it makes.
fn version(door: Door) -> String {
    let product = match door {
        Door::Native => door.product(VERSION),
        Door::DkFilter | Door::DkimFilter | Door::Opendkim => {
            format!("{}: {}", door.program(), door.product(VERSION))
        }
    };
    let dkim = "\tDKIM: rsa-sha256, ed25519-sha256; simple, relaxed\n";
    let domainkeys = "\tDomainKeys: rsa-sha1; simple, nofws\n";
    match door {
        Door::Native | Door::DkimFilter | Door::Opendkim => {
            format!("{product}\n{dkim}{domainkeys}")
        }
        Door::DkFilter => format!("{product}\n{domainkeys}"),
    }
}

/// The command line as the start line shows it: words joined by spaces, quoted where they hold one.
fn shown(words: &[OsString]) -> String {
    let word = |word: &OsString| {
        let text = word.to_string_lossy();
        if text.contains(' ') { format!("\"{text}\"") } else { text.into_owned() }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Sends log lines of that level and above where the configuration says, and the last ones when
/// what is returned is dropped.
pub(crate) fn log_to(config: &Config, level: LevelFilter) -> Result<Flush, CannotServe> {
    log_beside(config, level, None)
}

/// The same beside somebody else who hears what goes wrong.
fn log_beside(
    config: &Config,
    level: LevelFilter,
    troubles: Option<Troubles>,
) -> Result<Flush, CannotServe> {
    let (queue, flush) = queue(config, &LogSockets::SYSTEM).map_err(CannotServe::Runtime)?;
    let lines = Lines::to(queue).of(Form::of(&config.log));
    // Where a log is set up already, as in tests, that one stays in force.
    let registry = tracing_subscriber::registry().with(logging::ours(level)).with(lines);
    let _ = registry.with(troubles).try_init();
    Ok(flush)
}

/// Where log daemons listen.
struct LogSockets<P> {
    syslog: P,
    journal: P,
}

impl LogSockets<&str> {
    const SYSTEM: Self = Self { syslog: SYSLOG_SOCKET, journal: JOURNAL_SOCKET };
}

/// The way to where the configuration says, with those sockets.
fn queue<P: AsRef<Path>>(config: &Config, sockets: &LogSockets<P>) -> io::Result<(Queue, Flush)> {
    let name = config.further.syslog_name.as_deref();
    let (facility, program) = (config.log.facility, name.unwrap_or(config.door.program()));
    let form = Form::of(&config.log);
    match config.log.to {
        LogTo::Stderr => Queue::of(StandardError::of(program).form(form), form),
        LogTo::Syslog => {
            let syslog = Syslog::new(facility, program);
            Queue::of(Datagrams::new(sockets.syslog.as_ref(), syslog), form)
        }
        LogTo::Journald => {
            let journal = Journal::new(facility, program).form(form);
            Queue::of(Datagrams::new(sockets.journal.as_ref(), journal), form)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FileSystem, LogSockets, queue};
    use crate::logging::Lines;
    use std::ffi::OsString;
    use std::os::unix::net::UnixDatagram;
    use std::path::Path;
    use tracing_subscriber::layer::SubscriberExt as _;
    use twinseal_config::{Config, Door, Request};

    fn config(door: Door, words: &str) -> Config {
        let words = words.split_whitespace().map(OsString::from);
        match twinseal_config::serve(door, words, &FileSystem) {
            Ok(Request::Serve(loaded)) => loaded.config,
            other => panic!("the configuration of the test is wrong: {other:?}"),
        }
    }

    /// All that has arrived.
    fn received(socket: &UnixDatagram) -> Vec<String> {
        let mut octets = [0; 4096];
        let one = || {
            let length = socket.recv(&mut octets).ok()?;
            Some(String::from_utf8(octets[..length].to_vec()).unwrap())
        };
        std::iter::from_fn(one).collect()
    }

    /// What comes to the socket of syslog, and to that of the journal.
    fn lines(config: &Config, directory: &Path) -> [Vec<String>; 2] {
        let paths = ["log", "journal"].map(|name| directory.join(name));
        let listeners = paths.each_ref().map(|path| {
            let _ = std::fs::remove_file(path);
            let listener = UnixDatagram::bind(path).unwrap();
            listener.set_nonblocking(true).unwrap();
            listener
        });
        let [syslog, journal] = paths;
        let (queue, flush) = queue(config, &LogSockets { syslog, journal }).unwrap();
        let subscriber = tracing_subscriber::registry().with(Lines::to(queue));
        tracing::subscriber::with_default(subscriber, || tracing::info!("A1: signed"));
        drop(flush);
        listeners.each_ref().map(received)
    }

    #[test]
    fn whoever_asks_for_a_log_has_its_lines_there_and_nowhere_else() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let socket = "socket: inet:8891@127.0.0.1\nmode: v\nlog: { to:";
        let native = |name: &str| file(name, &format!("{socket} {name} }}\n"));
        let syslog = |program: &str| format!("<22>{program}[{}]: A1: signed", std::process::id());
        let dk = "-p /s -d example.com -s /k -S s";
        let yes = file("yes.conf", "Socket /s\nMode v\nSyslog yes\n");
        let local3 = file("l3.conf", "Socket /s\nMode v\nSyslog yes\nSyslogFacility local3\n");
        let filed = "<158>dkim-filter[".to_owned();
        let no = file("no.conf", "Socket /s\nMode v\nSyslog no\n");
        for (door, words, want) in [
            (Door::DkFilter, format!("{dk} -l"), [Some(syslog("dk-filter")), None]),
            (Door::DkFilter, dk.to_owned(), [None, None]),
            (Door::DkimFilter, "-p /s -b v -l".to_owned(), [Some(syslog("dkim-filter")), None]),
            (Door::DkimFilter, format!("-x {yes}"), [Some(syslog("dkim-filter")), None]),
            (Door::DkimFilter, format!("-x {local3}"), [Some(filed), None]),
            (Door::DkimFilter, format!("-x {no}"), [None, None]),
            (
                Door::Native,
                format!("--config {}", native("syslog")),
                [Some(syslog("twinseal")), None],
            ),
            (
                Door::Native,
                format!("--config {}", native("journald")),
                [None, Some("\nMESSAGE=A1: signed".to_owned())],
            ),
            (Door::Native, format!("--config {}", native("stderr")), [None, None]),
        ] {
            let found = lines(&config(door, &words), directory.path());
            for (lines, want) in found.iter().zip(want) {
                assert_eq!(lines.len(), usize::from(want.is_some()), "{words}: {found:?}");
                let as_wanted = lines.iter().zip(&want).all(|(line, want)| line.contains(want));
                assert!(as_wanted, "{words}: {found:?}");
            }
        }
    }

    #[test]
    fn log_daemons_are_looked_for_where_they_listen() {
        let LogSockets { syslog, journal } = LogSockets::SYSTEM;
        assert_eq!((syslog, journal), ("/dev/log", "/run/systemd/journal/socket"));
    }
}
