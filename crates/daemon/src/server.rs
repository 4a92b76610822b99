//! A daemon: its keys, its sockets, its user, and its end.

mod cannot_serve;
mod resolving;

pub use cannot_serve::CannotServe;
pub(crate) use resolving::asked;

use crate::VERSION;
use crate::core_dumps;
use crate::descriptors;
use crate::manager::Manager;
use crate::monitoring::monitor::Monitor;
use crate::monitoring::tally::Tally;
use crate::monitoring::troubles::Troubles;
use crate::monitoring::{health, http};
use crate::pid_file::PidFile;
use crate::privileges::{self, Account};
use crate::reload::{Reloader, Within};
use crate::resolver::{MAX_SOCKETS, Resolver};
use crate::serve::Typed;
use crate::serving::in_force::InForce;
use crate::serving::passed::Passed as PassedSockets;
use crate::serving::service::Service;
use crate::serving::socket::{Bound, CannotBind, FileRights, Place};
use crate::signals::Held;
use crate::signing::credentials::Passed;
use crate::signing::directory::Directory;
use crate::signing::keyfile::Exposure;
use crate::signing::keyring::{self, Keyring, Parse};
use crate::signing::sender_keys::SenderKeys;
use crate::verifying::office::Office;
use nix::sys::stat::{Mode, umask};
use resolving::resolver;
use std::io;
use std::net::TcpListener;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use twinseal_config::{Config, Dns, Door, ExitCode, Loaded, Origin};

/// How long what is still under way may take when all messages have ended.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// A daemon whose configuration and keys are known to be good.
#[derive(Debug)]
pub struct Server {
    service: Arc<Service>,
    /// The users that may own what leads to a key.
    trusted: Vec<u32>,
    account: Option<Account>,
    rights: FileRights,
}

/// A daemon that listens.
#[derive(Debug)]
pub struct Listening {
    in_force: InForce,
    door: Door,
    trusted: Vec<u32>,
    reloader: Option<Reloader>,
    sockets: Vec<Bound>,
    pid_file: Option<PidFile>,
    signals: Held,
    watched: Option<Watched>,
    /// How many threads serve.
    workers: usize,
}

/// What others can see of it.
#[derive(Debug)]
struct Watched {
    monitor: Arc<Monitor>,
    listener: TcpListener,
    /// The host, as it is configured.
    host: String,
}

impl Server {
    /// Reads the keys, as the user who starts us, and finds the user to become. What works and is
    /// probably not meant goes to `warn`.
    ///
    /// # Errors
    /// [`CannotServe`], with every key that cannot be used, as far as that is known before it is
    /// needed: see [`keyring::PARSED_AT_START`].
    pub fn prepare(config: &Config, warn: impl FnMut(String)) -> Result<Self, CannotServe> {
        Self::with_keys(config, Parse::WhenNeeded, warn)
    }

    /// The same, with every key parsed, for who wants to know whether we could serve.
    ///
    /// # Errors
    /// [`CannotServe`], with every key that cannot be used.
    pub fn check(config: &Config, warn: impl FnMut(String)) -> Result<(), CannotServe> {
        Self::with_keys(config, Parse::Now, warn).map(drop)
    }

    fn with_keys(
        config: &Config,
        parse: Parse,
        mut warn: impl FnMut(String),
    ) -> Result<Self, CannotServe> {
        let tally = Arc::new(Tally::default());
        let resolver = resolver(config, None, &tally, &mut warn)?;
        let connections = config.limits.connections;
        let mut sockets = if resolver.is_some() { MAX_SOCKETS } else { 0 };
        if config.metrics.is_some() {
            sockets += http::MOST_CONNECTIONS + health::MAX_SOCKETS;
        }
        // Now, because root can do most about it.
        if let Err(possible) = descriptors::provide(connections, sockets) {
            let grants = "the system grants file descriptors for";
            warn(format!("limits.connections: {grants} {possible}, not for {connections}"));
        }
        let account = account(config);
        let trusted: Vec<u32> = account.iter().flatten().map(Account::uid).collect();
        let (account, keys) = match (account, keyring::load(config, &trusted, parse, warn)) {
            (Ok(account), Ok(keys)) => (account, keys),
            (Err(user), Err(keys)) => {
                return Err(CannotServe::Several(vec![user, keys.into()]));
            }
            (Err(user), Ok(_)) => return Err(user),
            (Ok(_), Err(keys)) => return Err(keys.into()),
        };
        let rights = FileRights {
            mode: config.socket_mode,
            group: config.socket_group.as_deref().map(privileges::group).transpose()?,
        };
        let service = Arc::new(service(config, keys, resolver).counted_by(tally));
        Ok(Self { service, trusted, account, rights })
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
        self.open_with(config, PassedSockets::default(), config.pid_file.as_deref())
    }

    /// The same with sockets that were passed to us, and the path of the pid file if it is ours to
    /// write.
    ///
    /// # Errors
    /// [`CannotServe`], with every socket that cannot be had.
    pub fn open_with(
        self,
        config: &Config,
        mut passed: PassedSockets,
        pid_file: Option<&Path>,
    ) -> Result<Listening, CannotServe> {
        let mut sockets = Vec::new();
        let mut missing = Vec::new();
        for spec in &config.sockets {
            match passed.take(spec) {
                Some(socket) => sockets.push(socket),
                None => missing.push(spec),
            }
        }
        let http = config.metrics.as_ref().map(|metrics| metrics.socket.spec());
        let http_passed = http.as_ref().and_then(|spec| passed.take(spec));
        let http = http.filter(|_| http_passed.is_none());
        let missing = missing.into_iter().chain(&http);
        let found = all(missing.map(|spec| Place::find(spec, &config.sockets)))?;
        // From here on there is something to be cleaned up.
        let signals = Held::back();
        if let Some(account) = &self.account {
            account.assume(self.rights.group)?;
        }
        if let Some(bits) = config.umask {
            umask(Mode::from_bits_truncate(bits));
        }
        let mut bound = all(found.into_iter().map(|place| place.bind(self.rights)))?;
        let http = http_passed.or_else(|| bound.pop_if(|_| http.is_some()));
        let http = config.metrics.as_ref().zip(http);
        sockets.append(&mut bound);
        sockets.extend(passed.rest());
        let pid_file = pid_file.map(write_pid_file).transpose()?;
        if config.life.core_dumps {
            core_dumps::allow().map_err(|error| CannotServe::Runtime(error.into()))?;
        }
        let in_force = InForce::new(self.service);
        let watched = http.and_then(|(metrics, bound)| {
            let listener = bound.into_tcp()?;
            let monitor = Arc::new(Monitor::new(config, in_force.clone()));
            Some(Watched { monitor, listener, host: metrics.socket.host.clone() })
        });
        let (door, trusted) = (config.door, self.trusted);
        // What a service manager grants of the processors is in a file that is outside later.
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Listening {
            in_force,
            door,
            trusted,
            reloader: None,
            sockets,
            pid_file,
            signals,
            watched,
            workers,
        })
    }
}

/// What connections share under that configuration.
pub(crate) fn service(
    config: &Config,
    keys: Keyring,
    resolver: Option<Arc<dyn Resolver>>,
) -> Service {
    let directory = Directory::from_files(config.rules.clone(), keys)
        .with_every_match(config.leaving.multiple_signatures)
        .with_sender_keys(SenderKeys::new(Exposure::of(config)).passed(Passed::of(config)));
    let office = resolver.map(|resolver| Office::new(config, resolver));
    Service::new(config, directory, office)
}

/// The same, in the place of a service that asks DNS in that way.
///
/// # Errors
/// [`CannotServe`], with every key that cannot be used.
pub(crate) fn successor(
    config: &Config,
    trusted: &[u32],
    former: (&Service, &Dns),
    mut warn: impl FnMut(String),
) -> Result<Service, CannotServe> {
    let resolver = resolver(config, Some(former), &former.0.tally, &mut warn);
    let former_keys = former.0.directory.keys();
    let keys = keyring::load_again(config, trusted, (Parse::WhenNeeded, &former_keys), warn);
    match (resolver, keys) {
        (Ok(resolver), Ok(keys)) => Ok(service(config, keys, resolver).in_place_of(former.0)),
        (Err(file), Err(keys)) => Err(CannotServe::Several(vec![file, keys.into()])),
        (Err(file), Ok(_)) => Err(file),
        (Ok(_), Err(keys)) => Err(keys.into()),
    }
}

/// The user to become, if there is to be one.
pub(crate) fn account(config: &Config) -> Result<Option<Account>, CannotServe> {
    let Some(user) = &config.user else { return Ok(None) };
    let place = || {
        let named = config.settings.iter().find(|setting| setting.name == "user");
        named.map_or(Origin::Default, |setting| setting.origin.clone())
    };
    let named = |error| CannotServe::NamedUser { place: place(), error };
    Account::find(user).map(Some).map_err(named)
}

/// Whether mail that is not signed is verified. The door of dk-filter only signs, whatever its mode
/// says.
pub(crate) fn verifies(config: &Config) -> bool {
    config.mode.verifies() && config.door != Door::DkFilter
}

/// All of the sockets, or all that is wrong with any of them.
fn all<T>(sockets: impl Iterator<Item = Result<T, CannotBind>>) -> Result<Vec<T>, CannotServe> {
    let (mut good, mut failures) = (Vec::new(), Vec::new());
    for socket in sockets {
        match socket {
            Ok(socket) => good.push(socket),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(good) } else { Err(CannotServe::Sockets(failures)) }
}

pub(crate) fn write_pid_file(path: &Path) -> Result<PidFile, CannotServe> {
    PidFile::write(path).map_err(|error| CannotServe::PidFile { path: path.to_owned(), error })
}

impl Listening {
    /// Lets signals reload the configuration, which came from those words, within that boundary.
    #[must_use]
    pub(crate) fn reloading(mut self, typed: Typed, loaded: &Loaded, within: Within) -> Self {
        within.holds(&self.in_force.service());
        let (trusted, in_force) = (self.trusted.clone(), self.in_force.clone());
        let monitor = self.watched.as_ref().map(|watched| Arc::clone(&watched.monitor));
        if let Some(monitor) = &monitor {
            monitor.came_from(loaded.file.as_deref());
        }
        let reloader = Reloader::new(typed, loaded, trusted, in_force).within(within);
        self.reloader = Some(reloader.watched_by(monitor));
        self
    }

    /// Who wants to hear what goes wrong, beside the log.
    pub(crate) fn troubles(&self) -> Option<Troubles> {
        self.watched.as_ref().map(|watched| watched.monitor.troubles())
    }

    /// Serves until `stop` is sent or a signal asks for it, and lets messages under way finish.
    /// `ready` is called when it serves.
    ///
    /// # Errors
    /// [`CannotServe::Runtime`] when the system gives us no threads, [`CannotServe::Background`]
    /// when `ready` fails.
    pub fn run(
        self,
        stop: &watch::Sender<bool>,
        ready: impl FnOnce() -> io::Result<()>,
    ) -> Result<(), CannotServe> {
        let door = self.door;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.workers)
            .enable_all()
            .build()
            .map_err(CannotServe::Runtime)?;
        let ready = || {
            self.signals.release();
            ready()
        };
        let (asked, manager) = (Arc::new(Notify::new()), Arc::new(Manager::from_environment()));
        if let Some(reloader) = self.reloader {
            runtime.spawn(reloader.run(Arc::clone(&asked), Arc::clone(&manager)));
        }
        // Who asks how it is gets answers until the last message has ended.
        let ending = watch::Sender::new(false);
        if let Some(Watched { monitor, listener, host }) = self.watched {
            monitor.stops_with(stop.subscribe());
            if let Ok(address) = listener.local_addr() {
                tracing::info!("metrics and the status page are at http://{address}/");
            }
            let listener = {
                let _inside = runtime.enter();
                tokio::net::TcpListener::from_std(listener).map_err(CannotServe::Runtime)?
            };
            runtime.spawn(Arc::clone(&monitor).watch_records());
            runtime.spawn(http::serve(listener, Some(host), monitor, ending.subscribe()));
        }
        let controls = Controls { door, stop: stop.clone(), reload: asked, manager };
        let served = runtime.block_on(serve(self.sockets, self.in_force, controls, ready));
        ending.send_replace(true);
        drop(self.pid_file);
        let status = served.as_ref().err().map_or(ExitCode::Ok, CannotServe::exit_code).number();
        if let Err(error) = &served {
            tracing::error!("{error}");
        }
        // A program that sends a report may hang; nobody waits for it.
        runtime.shutdown_timeout(LAST_WAIT);
        tracing::info!("{}", last_words(door, status));
        served
    }
}

/// The line in the log that ends it.
fn last_words(door: Door, status: u8) -> String {
    let product = door.product(VERSION);
    match door {
        Door::Native => format!("{product} terminating with status {status}"),
        // What an error was is in a line of its own.
        Door::DkFilter | Door::DkimFilter | Door::Opendkim => {
            format!("{product} terminating with status {status}, errno = 0")
        }
    }
}

/// What signals do.
struct Controls {
    door: Door,
    /// Ends it.
    stop: watch::Sender<bool>,
    /// Has the configuration read again.
    reload: Arc<Notify>,
    /// Who is told.
    manager: Arc<Manager>,
}

async fn serve(
    sockets: Vec<Bound>,
    in_force: InForce,
    Controls { door, stop, reload, manager }: Controls,
    ready: impl FnOnce() -> io::Result<()>,
) -> Result<(), CannotServe> {
    let signals = |kind| signal(kind).map_err(CannotServe::Runtime);
    let mut terminate = signals(SignalKind::terminate())?;
    let mut interrupt = signals(SignalKind::interrupt())?;
    let mut hangup = signals(SignalKind::hangup())?;
    let mut user1 = signals(SignalKind::user_defined1())?;
    let mut listeners = JoinSet::new();
    let count = sockets.len();
    for socket in sockets {
        tracing::info!("listening on {}", socket.name());
        listeners.spawn(socket.serve(in_force.clone(), stop.subscribe()));
    }
    ready().map_err(CannotServe::Background)?;
    manager.ready(count);
    let alive = Arc::clone(&manager);
    tokio::spawn(async move { alive.keep_alive().await });
    let mut stopped = stop.subscribe();
    let mut told = false;
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop), if !told => {
                told = true;
                manager.stopping();
            }
            _ = terminate.recv() => { stop.send_replace(true); }
            _ = interrupt.recv() => { stop.send_replace(true); }
            _ = hangup.recv() => if door.hangup_stops() {
                stop.send_replace(true);
            } else {
                reload.notify_one();
            },
            _ = user1.recv() => reload.notify_one(),
            ended = listeners.join_next() => match ended {
                None => {
                    // All had ended before it came to that.
                    if !told {
                        manager.stopping();
                    }
                    return Ok(());
                }
                Some(Ok(ended)) => ended.map_err(CannotServe::Runtime)?,
                Some(Err(error)) => return Err(CannotServe::Runtime(io::Error::other(error))),
            },
        }
    }
}
