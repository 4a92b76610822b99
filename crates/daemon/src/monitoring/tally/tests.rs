use super::{Fate, MOST_DOMAINS, Tally};
use crate::event::Reason;
use prometheus::TextEncoder;
use std::sync::Arc;

fn text(tally: &Tally) -> String {
    TextEncoder::new().encode_to_string(&tally.registry().gather()).unwrap()
}

#[test]
fn what_has_not_happened_yet_is_there_with_a_zero() {
    let text = text(&Tally::default());
    for line in [
        "twinseal_messages_total{outcome=\"signed\"} 0",
        "twinseal_not_signed_total{reason=\"no-signing-rule\"} 0",
        "twinseal_signatures_verified_total{result=\"temperror\"} 0",
        "twinseal_dns_answers_total{answer=\"timeout\"} 0",
        "twinseal_signing_duration_seconds_count 0",
        "twinseal_connections 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn every_reason_has_its_series() {
    let tally = Tally::default();
    let reason = Reason::Unparsable { field: "resent-sender".to_owned(), error: String::new() };
    tally.not_signed(&reason);
    tally.not_signed(&Reason::NoFrom);
    tally.not_signed(&Reason::NoFrom);
    let counted: Vec<_> =
        tally.counts().not_signed.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [("no-from-field", 2), ("unparsable-resent-sender", 1)]);
}

#[test]
fn domains_behind_the_first_hundred_are_counted_together() {
    let tally = Tally::default();
    let labels: Vec<Arc<str>> =
        (0..MOST_DOMAINS + 5).map(|number| tally.domain(&format!("d{number}.example"))).collect();
    assert_eq!(labels.iter().filter(|label| &***label == "other").count(), 5);
    assert_eq!(&*tally.domain("d7.example"), "d7.example");
    assert_eq!(&*tally.domain("late.example"), "other");
}

#[test]
fn a_connection_is_open_until_it_is_dropped() {
    let tally = Arc::new(Tally::default());
    let open = (tally.connection(), tally.connection());
    assert_eq!(tally.counts().connections, 2);
    drop(open);
    assert_eq!(tally.counts().connections, 0);
    assert!(text(&tally).contains("twinseal_connections_total 2"));
}

#[test]
fn outcomes_are_counted_by_name() {
    let tally = Tally::default();
    for fate in Fate::ALL {
        tally.message(fate);
    }
    assert!(tally.counts().messages.iter().all(|(_, count)| *count == 1));
}
