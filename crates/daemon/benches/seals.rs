//! What the two seals cost beside the bare operations that they cannot do without.
//!
//! Each round measures every candidate once, in turn, and the figures are medians of the ratios of
//! one round, so that what else the machine does falls on all of them alike.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on says so and stops"
)]

use nix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::Duration;
use twinseal_keys::{Sha1, Sha256, SigningKey};
use twinseal_message::{Domain, HeaderBlock, Selector};

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(120);
/// What an MTA sends at once.
const CHUNK: usize = 65_535;

/// Nanoseconds of processor time for one call, over as many calls as fit into a round.
fn time(mut call: impl FnMut()) -> f64 {
    let now = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let start = now();
    let mut calls = 0_u32;
    while now() - start < ROUND {
        call();
        calls += 1;
    }
    (now() - start).as_nanos() as f64 / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints how long `ours` takes beside `bare`: the median time of one, and the median ratio.
fn compare(what: &str, mut ours: impl FnMut(), mut bare: impl FnMut()) {
    ours();
    bare();
    let (mut times, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (ours, bare) = (time(&mut ours), time(&mut bare));
        times.push(ours / 1e6);
        ratios.push(ours / bare);
    }
    println!("{what:<52} {:>8.3} ms  {:>5.2} x bare", median(times), median(ratios));
}

fn bodies(octets: usize) -> [(&'static str, Vec<u8>); 4] {
    let repeat = |line: &[u8]| line.iter().copied().cycle().take(octets).collect();
    [
        ("text", repeat(b"The quick brown fox jumps over the lazy dog, and so on to its end.\r\n")),
        ("base64", repeat(format!("{}\r\n", "QUJD".repeat(19)).as_bytes())),
        ("letter and space in turn", repeat(b"a a a a a a a a a a a a a a a a a a a a\r\n")),
        ("lines of one octet", repeat(b"a\r\n")),
    ]
}

fn header() -> HeaderBlock {
    let mut header = HeaderBlock::default();
    for (name, value) in [
        ("Received", " from a.example.com (a.example.com [192.0.2.1])\n\tby b; Mon, 1 Jan 2024"),
        ("From", " Joe SixPack <joe@example.com>"),
        ("To", " Suzie Q <suzie@example.net>"),
        ("Subject", " Is dinner ready, and if it is not\n when will it be?"),
        ("Date", " Fri, 11 Jul 2003 21:00:37 -0700"),
        ("Message-ID", " <20030712040037.46341.5F8J@example.com>"),
        ("MIME-Version", " 1.0"),
        ("Content-Type", " text/plain; charset=utf-8"),
    ] {
        header.push(name.as_bytes(), value.as_bytes()).unwrap();
    }
    header
}

struct Signing {
    dkim: twinseal_dkim::Request,
    domainkeys: twinseal_domainkeys::Request,
    header: HeaderBlock,
}

impl Signing {
    fn with(key: &Arc<SigningKey>) -> Self {
        let domain = Domain::parse("example.com").unwrap();
        let selector = Selector::parse("mail2").unwrap();
        let mut dkim = twinseal_dkim::Settings::default();
        dkim.canonicalization.body = twinseal_dkim::Kind::Relaxed;
        Self {
            dkim: twinseal_dkim::Request {
                domain: domain.clone(),
                selector: selector.clone(),
                key: Arc::clone(key),
                settings: Arc::new(dkim),
            },
            domainkeys: twinseal_domainkeys::Request {
                domain,
                selector,
                key: Arc::clone(key),
                settings: Arc::default(),
            },
            header: header(),
        }
    }

    /// Everything but the private-key operations.
    fn digest(
        &self,
        body: &[u8],
    ) -> (Vec<twinseal_dkim::Pending>, Vec<twinseal_domainkeys::Pending>) {
        let mut dkim =
            twinseal_dkim::Signer::new(&self.header, vec![self.dkim.clone()], 1).unwrap();
        let mut domainkeys =
            twinseal_domainkeys::Signer::new(&self.header, vec![self.domainkeys.clone()]).unwrap();
        for chunk in body.chunks(CHUNK) {
            dkim.feed(chunk);
            domainkeys.feed(chunk);
        }
        (dkim.finish(), domainkeys.finish())
    }

    fn seal(&self, body: &[u8]) {
        let (dkim, domainkeys) = self.digest(body);
        dkim.into_iter().for_each(|pending| drop(pending.sign().unwrap()));
        domainkeys.into_iter().for_each(|pending| drop(pending.sign().unwrap()));
    }
}

fn main() {
    // `cargo test --benches` passes this, and wants to know only that it runs.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let key = Arc::new(SigningKey::generate_rsa(2048).unwrap());
    let signing = Signing::with(&key);
    for (name, body) in bodies(20 * 1024) {
        compare(
            &format!("both seals, RSA-2048, 20 KiB, {name}"),
            || signing.seal(&body),
            || {
                std::hint::black_box(key.sign_sha256(&[7; 32]).unwrap());
                std::hint::black_box(key.sign_sha1(&[7; 20]).unwrap());
            },
        );
    }
    for (name, body) in bodies(5 * 1024 * 1024) {
        compare(
            &format!("both canonicalizers and digests, 5 MiB, {name}"),
            || drop(std::hint::black_box(signing.digest(&body))),
            || {
                let (mut sha256, mut sha1) = (Sha256::new(), Sha1::new());
                for chunk in body.chunks(CHUNK) {
                    sha256.update(chunk);
                    sha1.update(chunk);
                }
                std::hint::black_box((sha256.finish(), sha1.finish()));
            },
        );
    }
}
