//! Daemons to be shown.

use crate::monitoring::status::{
    Counts, DnsHealth, DomainHealth, Fault, LeftOut, Loading, RecordHealth, RecordState, SealCount,
    Status, Trouble, ZoneLine,
};
use std::sync::Arc;
use std::time::Duration;
use twinseal_keys::PublicKey;

const NOW: u64 = 1_764_309_600;

/// One that signs for one domain, all of it in order.
pub(crate) fn well() -> Status {
    Status {
        product: "Twinseal 0.1.0".to_owned(),
        host: "mail.a.example".to_owned(),
        now: NOW,
        started: NOW - 90_061,
        signs: true,
        verifies: false,
        counts: Counts {
            connections: 7,
            connections_limit: 500,
            messages: vec![("signed", 1000)],
            seals: vec![seal("dkim", "rsa-sha256", 1000), seal("domainkeys", "rsa-sha1", 999)],
            ..Counts::default()
        },
        dns: Arc::new(DnsHealth {
            checked: Some(NOW - 600),
            interval: Some(Duration::from_secs(3600)),
            domains: vec![domain("a.example", vec![record("mail", RecordState::Good)])],
            open: Vec::new(),
        }),
        loading: Loading {
            in_force_since: NOW - 90_061,
            file: Some("/etc/twinseal/twinseal.yaml".to_owned()),
            reloads: (0, 0),
            mistakes: Vec::new(),
            attempted: NOW - 90_061,
        },
        troubles: Vec::new(),
    }
}

/// One of which a lot is wrong.
pub(crate) fn troubled() -> Status {
    let mut status = well();
    let counts = &mut status.counts;
    counts.messages.extend([("not-signed", 8), ("obstructed", 3)]);
    counts.seals.push(seal("dkim", "ed25519-sha256", 500));
    counts.not_signed = vec![("no-signing-rule", 5), ("external-host", 3)];
    counts.left_out = vec![LeftOut { seal: "domainkeys", reason: "key-not-rsa", count: 4 }];
    counts.obstructed = vec![("key-failed", 3)];
    counts.forecast = vec![("long-line", 2)];
    let mut missing = record("mail", RecordState::Missing);
    missing.wanted = Some(line("mail._domainkey.b.example"));
    missing.since = Some(NOW - 7200);
    missing.faults = Arc::new([Fault {
        code: "dns-missing",
        what: "there is no record".to_owned(),
        why: "receivers take the signatures for broken",
    }]);
    Arc::make_mut(&mut status.dns).domains.extend([
        domain("b.example", vec![missing]),
        domain(
            "c.example",
            vec![record("mail", RecordState::Wrong), record("ed1", RecordState::Testing)],
        ),
    ]);
    status.loading.mistakes = vec!["/etc/twinseal/twinseal.yaml:3: keys: nothing".to_owned()];
    status.loading.reloads = (2, 1);
    status.loading.attempted = NOW - 60;
    status.troubles = vec![Trouble {
        at: NOW - 120,
        is_error: true,
        text: "4AB13: the key does not do its work".to_owned(),
        code: Some("key-failed"),
        count: 3,
    }];
    status
}

/// One that signs for so many domains; the record of each of the first few is missing.
pub(crate) fn crowded(domains: usize, bad: usize) -> Status {
    let mut status = well();
    Arc::make_mut(&mut status.dns).domains = (0..domains)
        .map(|at| {
            let state = if at < bad { RecordState::Missing } else { RecordState::Good };
            domain(&format!("d{at}.example"), vec![record("mail", state)])
        })
        .collect();
    status
}

/// The record of some key there.
pub(crate) fn line(owner: &str) -> ZoneLine {
    let key = Arc::new(PublicKey::ed25519(&BASE_POINT).unwrap());
    ZoneLine { owner: owner.to_owned(), key }
}

/// A key like any other (RFC 8032 §5.1): the base point, as it is written.
const BASE_POINT: [u8; 32] = {
    let mut octets = [0x66; 32];
    octets[0] = 0x58;
    octets
};

fn domain(name: &str, records: Vec<RecordHealth>) -> DomainHealth {
    DomainHealth { domain: name.to_owned(), records }
}

fn record(selector: &str, state: RecordState) -> RecordHealth {
    RecordHealth {
        selector: selector.to_owned(),
        state,
        faults: Arc::default(),
        since: Some(NOW - 86_400),
        wanted: None,
    }
}

fn seal(seal: &'static str, algorithm: &'static str, count: u64) -> SealCount {
    SealCount { seal, domain: "a.example".to_owned(), algorithm, count }
}
