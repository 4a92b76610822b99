//! What is not counted and has a value now: set each time that somebody asks.

use super::{KeyAge, MOST_DOMAINS, Monitor, RecordState};
use crate::VERSION;
use crate::monitoring::status::{DnsHealth, Loading};
use crate::monitoring::tally::kinds::{self, counters, gauge, gauges};
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Registry};

/// So many bad records, and so many keys, have series of their own.
const MOST_NAMED: usize = MOST_DOMAINS;

#[derive(Debug)]
pub(super) struct Gauges {
    registry: Registry,
    connections_limit: IntGauge,
    reloads: IntCounterVec,
    last_reload: IntGauge,
    loaded: IntGauge,
    domains: IntGauge,
    keys: IntGauge,
    written: IntGaugeVec,
    /// Only there where a key is in a file.
    oldest: Option<IntGauge>,
    records: IntGaugeVec,
    bad: IntGaugeVec,
    /// Only there once there is something to be said.
    checked: Option<IntGauge>,
    testing: IntGauge,
}

impl Gauges {
    pub(super) fn new(registry: &Registry, started: u64) -> Self {
        let r = registry;
        let build = gauges(r, "build_info", "The program's version.", &["version"]);
        build.with_label_values(&[VERSION]).set(1);
        gauge(r, "start_time_seconds", "When the daemon was started.").set(value(started));
        Self {
            registry: r.clone(),
            connections_limit: gauge(r, "connections_limit", "Connections that there may be."),
            reloads: counters(
                r,
                "reloads_total",
                "How often the configuration was read again, by what came of it.",
                &["result"],
            ),
            last_reload: gauge(
                r,
                "last_reload_success",
                "Whether the configuration was in order when it was read last.",
            ),
            loaded: gauge(
                r,
                "configuration_loaded_timestamp_seconds",
                "When the configuration in force was read.",
            ),
            domains: gauge(r, "signing_domains", "Domains that sign, as far as rules name them."),
            keys: gauge(r, "signing_keys", "Keys that they sign with, by domain and selector."),
            written: gauges(
                r,
                "key_modified_timestamp_seconds",
                "When the file of a key was last written to; the first hundred keys.",
                &["domain", "selector", "algorithm"],
            ),
            oldest: None,
            records: gauges(
                r,
                "dns_records",
                "Records of signing keys in DNS, by what they were found to be.",
                &["state"],
            ),
            bad: gauges(
                r,
                "dns_record_bad",
                "Records because of which signatures do not verify; the first hundred.",
                &["domain", "selector", "state"],
            ),
            checked: None,
            testing: gauge(
                r,
                "testing_domains",
                "Domains with a record in test mode (t=y), whose signatures count for nothing.",
            ),
        }
    }

    /// Sets all of them.
    pub(super) fn set(&mut self, monitor: &Monitor) {
        self.connections_limit.set(value(monitor.counts().connections_limit));
        self.set_loading(&monitor.loading());
        let (domains, keys) = monitor.health.size();
        self.domains.set(value(domains as u64));
        self.keys.set(value(keys as u64));
        self.set_ages(&monitor.health.ages(MOST_NAMED));
        self.set_records(&monitor.health.snapshot());
    }

    fn set_loading(&self, loading: &Loading) {
        for (result, count) in [("success", loading.reloads.0), ("failure", loading.reloads.1)] {
            let counter = self.reloads.with_label_values(&[result]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
        self.last_reload.set(i64::from(loading.mistakes.is_empty()));
        self.loaded.set(value(loading.in_force_since));
    }

    fn set_ages(&mut self, (first, oldest): &(Vec<KeyAge>, Option<u64>)) {
        self.written.reset();
        for KeyAge { domain, selector, algorithm, written } in first {
            let labels = [domain.as_str(), selector, algorithm];
            self.written.with_label_values(&labels).set(value(*written));
        }
        let help = "When the oldest of all key files was last written to.";
        let name = "oldest_key_modified_timestamp_seconds";
        set(&mut self.oldest, &self.registry, (name, help), *oldest);
    }

    fn set_records(&mut self, dns: &DnsHealth) {
        let all = || dns.domains.iter().flat_map(|domain| &domain.records);
        for state in RecordState::ALL {
            let count = all().filter(|record| record.state == state).count();
            self.records.with_label_values(&[state.name()]).set(value(count as u64));
        }
        self.bad.reset();
        let named = dns.domains.iter().flat_map(|domain| {
            domain.records.iter().map(move |record| (domain.domain.as_str(), record))
        });
        let bad = named.filter(|(_, record)| record.state.is_bad());
        for (domain, record) in bad.take(MOST_NAMED) {
            let labels = [domain, record.selector.as_str(), record.state.name()];
            self.bad.with_label_values(&labels).set(1);
        }
        let is_testing = |state| state == RecordState::Testing;
        let testing = dns
            .domains
            .iter()
            .filter(|domain| domain.records.iter().any(|record| is_testing(record.state)));
        self.testing.set(value(testing.count() as u64));
        let help = "When all records had last been compared with their keys.";
        let name = "dns_checked_timestamp_seconds";
        set(&mut self.checked, &self.registry, (name, help), dns.checked);
    }
}

/// Sets a gauge that is only there while it has a value.
fn set(
    gauge: &mut Option<IntGauge>,
    registry: &Registry,
    (name, help): (&str, &str),
    now: Option<u64>,
) {
    match now {
        Some(now) => {
            gauge.get_or_insert_with(|| kinds::gauge(registry, name, help)).set(value(now))
        }
        None => {
            // It was registered when it was made.
            let _ = gauge.take().map(|gauge| registry.unregister(Box::new(gauge)));
        }
    }
}

fn value(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
