//! A running daemon reads its configuration again.
//!
//! Everything is read and checked first: files, lists, keys. Only when nothing is wrong does the
//! new configuration come into force, for connections that begin from then on; otherwise every
//! mistake is in the log and the old one stays. What only a start can change is named and stays as
//! it is, and DNS is asked by who was asked before, who remembers the answers.

use crate::manager::Manager;
use crate::monitoring::monitor::Monitor;
use crate::reporting::courier::Courier;
use crate::sandbox::{Boundary, Outside};
use crate::serve::{FileSystem, Typed};
use crate::server::{self, CannotServe};
use crate::serving::in_force::InForce;
use crate::serving::service::Service;
use crate::signing::keyring;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Notify;
use twinseal_config::{Config, Dns, Door, Files, Loaded, Mistakes, Rules, params};
use twinseal_message::text;

/// What it takes to read the configuration again.
#[derive(Debug)]
pub struct Reloader {
    door: Door,
    typed: Typed,
    file: Option<PathBuf>,
    /// The users that may own what leads to a key.
    trusted: Vec<u32>,
    in_force: InForce,
    /// How DNS is asked now.
    dns: Dns,
    /// What it was started with, without its rules: what only a start can change is as it says.
    started: Config,
    /// Who is told what came of it.
    monitor: Option<Arc<Monitor>>,
    within: Within,
}

/// What a start has settled for good.
#[derive(Debug, Default)]
pub(crate) struct Within {
    /// What the sandbox lets in, where there is one.
    pub(crate) boundary: Option<Arc<Boundary>>,
    /// Who runs the command that sends reports, where we cannot.
    pub(crate) courier: Option<Arc<Courier>>,
}

impl Within {
    /// Lets a service know, which cannot read and run all that it would.
    pub(crate) fn holds(&self, service: &Service) {
        if let Some((courier, desk)) = self.courier.as_ref().zip(service.desk.as_ref()) {
            desk.sends_by(courier);
        }
        if let Some(boundary) = &self.boundary {
            service.directory.is_within(boundary);
        }
    }
}

/// The configuration in force stays.
#[derive(Debug, thiserror::Error)]
enum CannotReload {
    /// Files that say something wrong.
    #[error(transparent)]
    Configuration(Mistakes),
    /// What the sandbox keeps from us.
    #[error(transparent)]
    Outside(#[from] Outside),
    /// Keys, or what takes the place of DNS.
    #[error(transparent)]
    Service(#[from] CannotServe),
}

impl Reloader {
    /// That of a daemon which was started like that.
    #[must_use]
    pub(crate) fn new(typed: Typed, loaded: &Loaded, trusted: Vec<u32>, in_force: InForce) -> Self {
        let started = Config { rules: Rules::default(), ..loaded.config.clone() };
        let (door, dns) = (started.door, started.dns.clone());
        let (file, monitor) = (loaded.file.clone(), None);
        let within = Within::default();
        Self { door, typed, file, trusted, in_force, dns, started, monitor, within }
    }

    /// The same, which takes nothing that is outside.
    #[must_use]
    pub(crate) fn within(self, within: Within) -> Self {
        Self { within, ..self }
    }

    /// The same, with somebody who is told what comes of it.
    #[must_use]
    pub(crate) fn watched_by(self, monitor: Option<Arc<Monitor>>) -> Self {
        Self { monitor, ..self }
    }

    /// Reads the configuration again whenever it is asked to. Who asks while it reads is answered
    /// by one more time.
    pub(crate) async fn run(mut self, asked: Arc<Notify>, manager: Arc<Manager>) {
        loop {
            asked.notified().await;
            manager.reloading();
            // Files may be on a slow disk, and a hundred thousand keys take a while.
            let reloaded = tokio::task::spawn_blocking(move || {
                let outcome = self.reload();
                (self, outcome)
            });
            match reloaded.await {
                Ok((reloader, outcome)) => {
                    self = reloader;
                    manager.ready_again(outcome);
                }
                Err(error) => {
                    return tracing::error!("reload: ended by a mistake of ours: {error}");
                }
            }
        }
    }

    /// Reads the configuration again, and logs what came of it; in a few words, for the service
    /// manager.
    fn reload(&mut self) -> &'static str {
        if matches!(self.door, Door::DkimFilter | Door::Opendkim) && self.file.is_none() {
            // As it did: without its file, there is nothing to be read.
            tracing::error!("ignoring reload signal");
            return "there is no file to reload";
        }
        match self.replace() {
            Ok(()) => {
                match &self.file {
                    Some(file) => {
                        tracing::info!("configuration reloaded from {}", text::path(file));
                    }
                    None => tracing::info!("configuration reloaded"),
                }
                "configuration reloaded"
            }
            Err(error) => {
                if let Some(monitor) = &self.monitor {
                    monitor.not_reloaded(&error.to_string());
                }
                error.to_string().lines().for_each(|line| tracing::error!("reload: {line}"));
                tracing::error!("reload: nothing has changed, the configuration in force stays");
                "the last reload has failed, the configuration before it is in force"
            }
        }
    }

    fn replace(&mut self) -> Result<(), CannotReload> {
        let former = self.in_force.service();
        self.within.boundary.iter().for_each(|boundary| boundary.look_anew());
        let Loaded { config, warnings, .. } = self.load(&former)?;
        if let Some(boundary) = &self.within.boundary {
            boundary.around_all(&config, self.started.reports.as_ref(), &self.dns)?;
        }
        let mut said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let had = (&*former, &self.dns);
        let warn = |warning| said.push(warning);
        let service = server::successor(&config, &self.trusted, had, warn)?;
        self.within.holds(&service);
        said.iter().for_each(|warning| warn_of(warning));
        for name in self.started.needs_restart(&config) {
            warn_of(&format!("{}: a new value needs a restart", self.named(name)));
        }
        if let Some(monitor) = &self.monitor {
            monitor.reloaded(&config, &service);
        }
        self.in_force.replace(service);
        self.dns = config.dns;
        Ok(())
    }

    /// The files, with all that is wrong with them and with the keys that they name.
    fn load(&self, former: &Service) -> Result<Loaded, CannotReload> {
        let words = self.typed.words.iter().cloned();
        let boundary = self.within.boundary.as_deref();
        let files = InPlace { directory: &self.typed.directory, boundary };
        let loaded = twinseal_config::reload(self.door, words, &files);
        loaded.map(|loaded| *loaded).map_err(|mistakes| {
            mistakes.warnings().iter().for_each(|warning| warn_of(warning));
            let keys = keyring::mistakes(mistakes.keys(), &former.directory.keys());
            keys.iter().for_each(|line| tracing::error!("reload: {line}"));
            CannotReload::Configuration(mistakes)
        })
    }

    /// A parameter, by the name that whoever reads the log has typed.
    fn named(&self, name: &'static str) -> String {
        let param = params::named(name);
        let historic = match self.door {
            Door::Native => None,
            Door::DkFilter => param
                .and_then(|param| param.letter_in(self.door))
                .map(|letter| format!("-{}", letter.letter)),
            Door::DkimFilter | Door::Opendkim => param
                .and_then(|param| param.parameter_in(self.door))
                .map(|known| known.name.to_owned()),
        };
        historic.unwrap_or_else(|| name.to_owned())
    }
}

/// The file system, as a process sees it that has gone where its paths begin: those of its own
/// files begin where they were typed.
struct InPlace<'t> {
    directory: &'t Path,
    boundary: Option<&'t Boundary>,
}

impl Files for InPlace<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.boundary.map_or(Ok(()), |boundary| boundary.hold(path))?;
        FileSystem.read(path)
    }

    fn read_configuration(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read(&self.directory.join(path))
    }

    fn exists(&self, path: &Path) -> bool {
        FileSystem.exists(path)
    }
}

fn warn_of(what: &dyn Display) {
    tracing::warn!("reload: {what}");
}

#[cfg(test)]
mod tests {
    use crate::serve::FileSystem;
    use crate::server::{Server, successor};
    use std::sync::Arc;
    use twinseal_config::{Config, Door, Request};

    fn config(more: &str) -> Config {
        let words = format!("-p inet:8891@127.0.0.1 -b v --dns-servers 127.0.0.1 {more}");
        let words = words.split_whitespace().map(Into::into);
        let request = twinseal_config::serve(Door::Native, words, &FileSystem).unwrap();
        let Request::Serve(loaded) = request else { panic!("{request:?}") };
        loaded.config
    }

    #[test]
    fn what_dns_has_said_is_remembered_and_the_room_is_the_same() {
        let before = config("");
        let former = Server::prepare(&before, |_| {}).unwrap().service();
        for (more, same) in [("--limits-connections 7", true), ("--dns-timeout 9s", false)] {
            let after = config(more);
            let had = (&*former, &before.dns);
            let service = successor(&after, &[], had, |_| {}).unwrap();
            let resolvers = [&former, &Arc::new(service)].map(|one| {
                assert!(Arc::ptr_eq(&one.connections, &former.connections));
                assert_eq!(one.limits.connections, former.limits.connections);
                Arc::clone(&one.office.as_ref().unwrap().resolver)
            });
            assert_eq!(Arc::ptr_eq(&resolvers[0], &resolvers[1]), same, "{more}");
        }
    }
}
