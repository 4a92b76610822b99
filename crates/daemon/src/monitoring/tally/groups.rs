//! The metrics that belong together, with their names and what is said of them.

use super::kinds::{Answer, Keyed, Words, counter, counters, gauge, histogram};
use crate::event::Reason;
use crate::forecast::Cause;
use prometheus::{Histogram, IntCounter, IntGauge, Registry};
use std::sync::Arc;
use twinseal_dkim::ResultWord;

/// The upper bounds of the times that signing takes, in seconds: one private-key operation takes
/// from 20 microseconds (Ed25519) to some milliseconds (RSA with 4096 bits).
const SIGNING_SECONDS: &[f64] =
    &[0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0];

/// The upper bounds of the times that a question to DNS takes, in seconds.
const DNS_SECONDS: &[f64] =
    &[0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The words of results, in the order in which they are shown.
const RESULTS: [ResultWord; 7] = [
    ResultWord::Pass,
    ResultWord::Fail,
    ResultWord::Policy,
    ResultWord::Neutral,
    ResultWord::TempError,
    ResultWord::PermError,
    ResultWord::None,
];

/// Mail that is signed, or should be.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) seals: Keyed<(&'static str, Arc<str>, &'static str)>,
    pub(super) not_signed: Words,
    pub(super) left_out: Keyed<(&'static str, &'static str)>,
    pub(super) obstructed: Keyed<(&'static str, &'static str)>,
    pub(super) forecast: Words,
    pub(super) signing: Histogram,
}

impl Leaving {
    pub(super) fn new(registry: &Registry) -> Self {
        let all = |name, help, labels: &[&str]| counters(registry, name, help, labels);
        let seals = "Seals that were added to messages.";
        let not_signed = "Messages that could have been signed and were not, by reason.";
        let left_out = "Seals that were left out of messages that got the other one, by reason.";
        let obstructed = "Messages that something of ours kept from being signed or verified.";
        let forecast = "What a later hop is going to break, by cause.";
        let signing = "How long the signatures of one message took, all together.";
        Self {
            seals: Keyed::new(all("seals_total", seals, &["seal", "domain", "algorithm"])),
            not_signed: Words::new(
                &all("not_signed_total", not_signed, &["reason"]),
                &Reason::CODES,
            ),
            left_out: Keyed::new(all("seals_left_out_total", left_out, &["seal", "reason"])),
            obstructed: Keyed::new(all("obstructed_total", obstructed, &["reason", "action"])),
            forecast: Words::new(
                &all("forecast_total", forecast, &["cause"]),
                &Cause::ALL.map(Cause::code),
            ),
            signing: histogram(registry, ("signing_duration_seconds", signing), SIGNING_SECONDS),
        }
    }
}

/// Mail from elsewhere.
#[derive(Debug)]
pub(super) struct Arriving {
    pub(super) verified: Words,
    pub(super) actions: Keyed<(&'static str, &'static str)>,
    pub(super) forged: IntCounter,
    pub(super) dns: Histogram,
    pub(super) answers: Words,
}

impl Arriving {
    pub(super) fn new(registry: &Registry) -> Self {
        let all = |name, help, labels: &[&str]| counters(registry, name, help, labels);
        let verified = "DKIM signatures by result; none counts messages that have no signature.";
        let actions = "Messages that were not just accepted because of their signatures.";
        let forged = "Authentication-Results fields that claimed to be ours and were removed.";
        let dns = "How long questions to DNS took that were not answered from memory.";
        let answers = "Questions to DNS that were not answered from memory, by what came back.";
        Self {
            verified: Words::new(
                &all("signatures_verified_total", verified, &["result"]),
                &RESULTS.map(ResultWord::as_str),
            ),
            actions: Keyed::new(all("actions_total", actions, &["action", "reason"])),
            forged: counter(registry, "forged_results_removed_total", forged),
            dns: histogram(registry, ("dns_duration_seconds", dns), DNS_SECONDS),
            answers: Words::new(
                &all("dns_answers_total", answers, &["answer"]),
                &Answer::ALL.map(Answer::name),
            ),
        }
    }
}

/// Connections from MTAs.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) opened: IntCounter,
    pub(super) failed: IntCounter,
    pub(super) open: IntGauge,
}

impl Connections {
    pub(super) fn new(registry: &Registry) -> Self {
        let failed = "Connections that ended early, or not as the protocol has it.";
        Self {
            opened: counter(registry, "connections_total", "Connections that MTAs have opened."),
            failed: counter(registry, "connections_failed_total", failed),
            open: gauge(registry, "connections", "Connections that are open."),
        }
    }
}
