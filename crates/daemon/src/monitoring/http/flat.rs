//! Every figure as a name and a number, for tools that keep one number under one name: Cacti, SNMP,
//! and scripts.
//!
//! What can be known beforehand has a line from the start, with a 0: who draws graphs looks for a
//! name once, and is confused by one that comes later.

use crate::monitoring::page::reasons::{CAUSES, OBSTACLES, OUTCOMES, REASONS, RESULTS};
use crate::monitoring::status::{Counts, DnsHealth, RecordState, Status};
use std::collections::BTreeMap;
use std::fmt::Display;

/// A line for each figure.
pub(super) fn lines(status: &Status) -> String {
    let mut lines = Lines::default();
    let Status { now, started, counts, dns, loading, .. } = status;
    lines.put("uptime_seconds", now.saturating_sub(*started));
    lines.put("start_time_seconds", started);
    lines.put("connections", counts.connections);
    lines.put("connections_limit", counts.connections_limit);
    put_counts(counts, &mut lines);
    put_records(dns, &mut lines);
    lines.put("reloads_success", loading.reloads.0);
    lines.put("reloads_failure", loading.reloads.1);
    lines.put("last_reload_success", u8::from(loading.mistakes.is_empty()));
    lines.put("configuration_loaded_timestamp_seconds", loading.in_force_since);
    lines.put("errors", status.troubles.iter().filter(|trouble| trouble.is_error).count());
    put_domains(counts, &mut lines);
    lines.text
}

/// Lines that were put.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn put(&mut self, name: &str, value: impl Display) {
        self.text.push_str(&format!("{name} {value}\n"));
    }

    /// A line for each code, and one for all of them together.
    fn put_codes<'c>(
        &mut self,
        name: &str,
        known: impl Iterator<Item = &'c str>,
        found: &[(&'static str, u64)],
    ) {
        let mut all: BTreeMap<&str, u64> = known.map(|code| (code, 0)).collect();
        for (code, count) in found {
            *all.entry(code).or_default() += count;
        }
        self.put(name, all.values().sum::<u64>());
        for (code, count) in all {
            self.put(&format!("{name}_{}", plain(code)), count);
        }
    }
}

fn put_counts(counts: &Counts, lines: &mut Lines) {
    lines.put_codes("messages", OUTCOMES.iter().map(|one| one.code), &counts.messages);
    for seal in ["dkim", "domainkeys"] {
        let made = counts.seals.iter().filter(|one| one.seal == seal);
        lines.put(&format!("seals_{seal}"), made.map(|one| one.count).sum::<u64>());
    }
    lines.put_codes("not_signed", REASONS.iter().map(|one| one.code), &counts.not_signed);
    for seal in ["dkim", "domainkeys"] {
        let left = counts.left_out.iter().filter(|one| one.seal == seal);
        lines.put(&format!("seals_left_out_{seal}"), left.map(|one| one.count).sum::<u64>());
    }
    lines.put_codes("obstructed", OBSTACLES.iter().map(|one| one.code), &counts.obstructed);
    lines.put_codes("forecast", CAUSES.iter().map(|one| one.code), &counts.forecast);
    lines.put_codes("verified", RESULTS.iter().map(|one| one.code), &counts.verified);
}

fn put_records(dns: &DnsHealth, lines: &mut Lines) {
    lines.put("signing_domains", dns.domains.len());
    let mut states: BTreeMap<RecordState, u64> = RecordState::ALL.map(|state| (state, 0)).into();
    for record in dns.domains.iter().flat_map(|domain| &domain.records) {
        *states.entry(record.state).or_default() += 1;
    }
    lines.put("signing_keys", states.values().sum::<u64>());
    let bad = states.iter().filter(|(state, _)| state.is_bad()).map(|(_, count)| count);
    lines.put("dns_records_bad", bad.sum::<u64>());
    for state in RecordState::ALL {
        let count = states.get(&state).copied().unwrap_or_default();
        lines.put(&format!("dns_records_{}", state.name()), count);
    }
    if let Some(checked) = dns.checked {
        lines.put("dns_checked_timestamp_seconds", checked);
    }
}

/// The seals of each domain, whatever their algorithm.
fn put_domains(counts: &Counts, lines: &mut Lines) {
    let mut all: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for one in &counts.seals {
        *all.entry((one.seal, &one.domain)).or_default() += one.count;
    }
    for ((seal, domain), count) in all {
        lines.put(&format!("domain_{seal}_{domain}"), count);
    }
}

/// A code as a part of a name.
fn plain(code: &str) -> String {
    code.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::monitoring::page::sample;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_is_a_name_and_a_number_and_no_name_comes_twice() {
        for status in [sample::well(), sample::troubled()] {
            let text = lines(&status);
            let mut names = BTreeSet::new();
            for line in text.lines() {
                let (name, value) = line.split_once(' ').unwrap();
                assert!(value.parse::<u64>().is_ok(), "{line}");
                assert!(names.insert(name), "{name} comes twice");
            }
        }
    }

    #[test]
    fn figures_are_those_of_the_status() {
        let text = lines(&sample::troubled());
        for line in [
            "uptime_seconds 90061",
            "connections 7",
            "messages 1011",
            "messages_signed 1000",
            "messages_not_signed 8",
            "messages_refused 0",
            "seals_dkim 1500",
            "seals_domainkeys 999",
            "not_signed 8",
            "not_signed_no_signing_rule 5",
            "not_signed_already_sealed 0",
            "seals_left_out_domainkeys 4",
            "obstructed_key_failed 3",
            "forecast_long_line 2",
            "verified_pass 0",
            "signing_domains 3",
            "signing_keys 4",
            "dns_records_bad 2",
            "dns_records_missing 1",
            "dns_records_wrong 1",
            "last_reload_success 0",
            "reloads_failure 1",
            "domain_dkim_a.example 1500",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
