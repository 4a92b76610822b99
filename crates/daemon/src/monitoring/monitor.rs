//! All that is known of a daemon while it runs, for who asks over HTTP.

use super::health::{Health, KeyAge};
use super::http::Source;
use super::status::{Counts, Loading, RecordState, SignerTraffic, Status};
use super::tally::{MOST_DOMAINS, Tally};
use super::troubles::Troubles;
use crate::VERSION;
use crate::locks::lock;
use crate::serving::in_force::InForce;
use crate::serving::service::{Service, system_clock};
use gauges::Gauges;
use nix::unistd::gethostname;
use prometheus::TextEncoder;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::sync::watch;
use twinseal_config::Config;
use twinseal_message::text;

mod gauges;

/// So many lines of what is wrong with a configuration are kept.
const MOST_MISTAKES: usize = 50;

/// What is known of a daemon.
#[derive(Debug)]
pub(crate) struct Monitor {
    product: String,
    started: u64,
    tally: Arc<Tally>,
    gauges: Mutex<Gauges>,
    loading: Mutex<Loading>,
    health: Arc<Health>,
    troubles: Troubles,
    in_force: InForce,
    /// Without it, it does not serve yet.
    stop: OnceLock<watch::Receiver<bool>>,
}

impl Monitor {
    /// That of a daemon that begins to serve with this.
    pub(crate) fn new(config: &Config, in_force: InForce) -> Self {
        let service = in_force.service();
        let now = system_clock();
        Self {
            product: format!("Twinseal {VERSION}"),
            started: now,
            gauges: Mutex::new(Gauges::new(service.tally.registry(), now)),
            loading: Mutex::new(Loading {
                in_force_since: now,
                file: None,
                reloads: (0, 0),
                mistakes: Vec::new(),
                attempted: now,
            }),
            health: Arc::new(Health::new(config, &service)),
            tally: Arc::clone(&service.tally),
            troubles: Troubles::default(),
            in_force,
            stop: OnceLock::new(),
        }
    }

    /// The configuration is in that file.
    pub(crate) fn came_from(&self, file: Option<&Path>) {
        self.loading().file = file.map(|file| text::path(file).to_string());
    }

    /// It serves until that says so.
    pub(crate) fn stops_with(&self, stop: watch::Receiver<bool>) {
        let _ = self.stop.set(stop);
    }

    /// Who hears what goes wrong.
    pub(crate) fn troubles(&self) -> Troubles {
        self.troubles.clone()
    }

    /// The configuration was read again, and is in force with that service.
    pub(crate) fn reloaded(&self, config: &Config, service: &Service) {
        let now = system_clock();
        let mut loading = self.loading();
        loading.reloads.0 += 1;
        loading.mistakes.clear();
        (loading.in_force_since, loading.attempted) = (now, now);
        drop(loading);
        self.health.renew(config, service);
    }

    /// It was read again, and that is wrong with it.
    pub(crate) fn not_reloaded(&self, mistakes: &str) {
        let mut loading = self.loading();
        loading.reloads.1 += 1;
        loading.mistakes = mistakes.lines().take(MOST_MISTAKES).map(str::to_owned).collect();
        loading.attempted = system_clock();
    }

    /// Compares records, inside a runtime.
    pub(crate) async fn watch_records(self: Arc<Self>) {
        Arc::clone(&self.health).run().await;
    }

    fn loading(&self) -> MutexGuard<'_, Loading> {
        lock(&self.loading)
    }

    fn counts(&self) -> Counts {
        let connections_limit = self.in_force.service().limits.connections as u64;
        Counts { connections_limit, ..self.tally.counts() }
    }
}

impl Source for Monitor {
    fn metrics(&self) -> String {
        // Who asks at the same time waits: the gauges are set for one answer.
        let mut gauges = lock(&self.gauges);
        gauges.set(self);
        let mut text = String::new();
        let families = self.tally.registry().gather();
        if let Err(error) = TextEncoder::new().encode_utf8(&families, &mut text) {
            tracing::error!("metrics cannot be written: {error}");
        }
        text
    }

    fn status(&self) -> Status {
        let service = self.in_force.service();
        let host = gethostname().ok().and_then(|name| name.into_string().ok());
        Status {
            product: self.product.clone(),
            host: host.unwrap_or_default(),
            now: system_clock(),
            started: self.started,
            signs: service.signs,
            verifies: service.office.is_some(),
            counts: self.counts(),
            dns: self.health.snapshot(),
            loading: self.loading().clone(),
            troubles: self.troubles.all(),
        }
    }

    fn health(&self) -> Result<(), String> {
        match self.stop.get() {
            Some(stop) if !*stop.borrow() => Ok(()),
            Some(_) => Err("it is stopping".to_owned()),
            None => Err("it is starting".to_owned()),
        }
    }

    fn traffic(&self) -> Vec<SignerTraffic> {
        self.tally.traffic().all()
    }
}
