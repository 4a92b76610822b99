//! What the figures have to be: counted from what was sent, and from what came back.

use std::collections::{BTreeMap, BTreeSet};
use twinseal_e2e::message::{Field, tag};
use twinseal_e2e::milter::Frame;
use twinseal_e2e::prometheus::{Labels, Sample};

/// So many domains that sign have figures of their own.
const MOST_DOMAINS: usize = 100;

/// What is counted of a message: a metric, and its labels.
pub(crate) type Count = (&'static str, Vec<(&'static str, &'static str)>);

/// The metrics whose figures are compared, each with all its labels: what is not expected is zero.
const COMPARED: &[&str] = &[
    "messages_total",
    "seals_total",
    "not_signed_total",
    "seals_left_out_total",
    "obstructed_total",
    "signatures_verified_total",
    "actions_total",
    "forged_results_removed_total",
    "forecast_total",
    "connections_total",
    "connections_failed_total",
    "reloads_total",
    "signing_duration_seconds_count",
    "dns_duration_seconds_count",
    "dns_answers_total",
    "dns_records",
    "signing_domains",
    "signing_keys",
    "testing_domains",
    "last_reload_success",
    "connections",
    "connections_limit",
];

/// Figures by metric and labels.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    figures: BTreeMap<(String, Labels), u64>,
    domains: BTreeSet<String>,
}

impl Expected {
    /// So many more.
    pub(crate) fn add(&mut self, name: &str, labels: &[(&str, &str)], number: u64) {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        *self.figures.entry((name.to_owned(), labels.collect())).or_default() += number;
    }

    /// How often that is expected.
    pub(crate) fn figure(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let key = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let key = (name.to_owned(), labels.iter().map(key).collect::<Labels>());
        self.figures.get(&key).copied().unwrap_or_default()
    }

    /// One more of each.
    pub(crate) fn count(&mut self, counts: &[Count]) {
        for (name, labels) in counts {
            self.add(name, labels, 1);
        }
    }

    /// What came back tells of seals, of results, and of fields that were removed.
    pub(crate) fn take(&mut self, answers: &[Frame]) {
        for (letter, payload) in answers {
            match letter {
                b'i' => self.inserted(payload.get(4..).unwrap_or_default()),
                b'm' => self.add("forged_results_removed_total", &[], 1),
                _ => {}
            }
        }
    }

    fn inserted(&mut self, payload: &[u8]) {
        let mut parts = payload.split(|&octet| octet == 0);
        let [name, value] = [parts.next(), parts.next()].map(Option::unwrap_or_default);
        let field = Field { octets: [name, b":", value].concat() };
        if field.is("Authentication-Results") {
            let text = String::from_utf8_lossy(value).into_owned();
            for (_, rest) in
                text.match_indices("dkim=").map(|(at, found)| text.split_at(at + found.len()))
            {
                let result =
                    rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
                self.add("signatures_verified_total", &[("result", result)], 1);
            }
            return;
        }
        let seal = if field.is("DKIM-Signature") { "dkim" } else { "domainkeys" };
        let said = |name| tag(&field, name).expect("every seal says so");
        let (domain, algorithm) = (said("d"), said("a"));
        if self.domains.len() < MOST_DOMAINS {
            self.domains.insert(domain.clone());
        }
        let domain = if self.domains.contains(&domain) { &*domain } else { "other" };
        let labels = [("seal", seal), ("domain", domain), ("algorithm", &algorithm)];
        self.add("seals_total", &labels, 1);
    }

    /// Fails unless all figures are these.
    pub(crate) fn compare(&self, samples: &[Sample], log: &str) {
        let counted = samples.iter().filter_map(|sample| {
            let name = sample.name.strip_prefix("twinseal_")?;
            let is_compared = COMPARED.contains(&name) && sample.value != 0.0;
            is_compared.then(|| ((name.to_owned(), sample.labels.clone()), sample.value))
        });
        let served: BTreeMap<(String, Labels), f64> = counted.collect();
        let mut wrong = Vec::new();
        let keys: BTreeSet<_> = served.keys().chain(self.figures.keys()).collect();
        for key in keys {
            let is = served.get(key).copied().unwrap_or_default();
            let want = self.figures.get(key).copied().unwrap_or_default() as f64;
            if is != want {
                wrong.push(format!("{} {:?}: {is}, and counted were {want}", key.0, key.1));
            }
        }
        assert!(wrong.is_empty(), "{log}\n{}", wrong.join("\n"));
        // Every message has one outcome.
        let outcomes = served.iter().filter(|((name, _), _)| name == "messages_total");
        assert_eq!(outcomes.map(|(_, value)| value).sum::<f64>(), super::run::MESSAGES as f64);
    }

    /// The domains that have figures of their own.
    pub(crate) fn domains(&self) -> &BTreeSet<String> {
        &self.domains
    }
}
