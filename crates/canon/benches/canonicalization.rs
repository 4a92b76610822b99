//! What the canonicalizers cost beside the digests of the same octets.
//!
//! Each round measures every candidate once, each time in another order, in CPU time of this
//! thread, and the figures are medians of the ratios of one round, so that what else the machine
//! does falls on all of them alike. 100 % is the bare digest over the body as it came: a form that
//! leaves octets out has fewer to hash, and can come out above.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a benchmark that cannot go on says so and stops"
)]

use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use twinseal_canon::domainkeys::Canonicalization;
use twinseal_canon::{Sink, dkim, domainkeys, reference};
use twinseal_keys::{Sha1, Sha256};

const OCTETS: usize = 5 * 1024 * 1024;
const ROUNDS: usize = 12;
/// What the daemon feeds at once, and what an MTA sends at once.
const CHUNKS: [usize; 2] = [8192, 65_535];

struct Digests {
    sha256: Sha256,
    sha1: Sha1,
}

struct ToSha256<'a>(&'a mut Digests);
struct ToSha1<'a>(&'a mut Digests);

impl Sink for ToSha256<'_> {
    fn put(&mut self, octets: &[u8]) {
        self.0.sha256.update(octets);
    }
}

impl Sink for ToSha1<'_> {
    fn put(&mut self, octets: &[u8]) {
        self.0.sha1.update(octets);
    }
}

/// What a message is signed with: a DKIM form into SHA-256, a DomainKeys form into SHA-1, or both.
#[derive(Clone, Copy)]
struct Seals {
    name: &'static str,
    dkim: Option<dkim::Kind>,
    domainkeys: Option<Canonicalization>,
}

const SEALS: [Seals; 5] = [
    Seals { name: "dkim simple", dkim: Some(dkim::Kind::Simple), domainkeys: None },
    Seals { name: "dkim relaxed", dkim: Some(dkim::Kind::Relaxed), domainkeys: None },
    Seals { name: "domainkeys simple", dkim: None, domainkeys: Some(Canonicalization::Simple) },
    Seals { name: "domainkeys nofws", dkim: None, domainkeys: Some(Canonicalization::Nofws) },
    Seals {
        name: "relaxed and nofws",
        dkim: Some(dkim::Kind::Relaxed),
        domainkeys: Some(Canonicalization::Nofws),
    },
];

impl Seals {
    fn bare(self, octets: &[u8], digests: &mut Digests) {
        for chunk in octets.chunks(CHUNKS[0]) {
            if self.dkim.is_some() {
                digests.sha256.update(chunk);
            }
            if self.domainkeys.is_some() {
                digests.sha1.update(chunk);
            }
        }
    }

    fn fast(self, octets: &[u8], chunk: usize, digests: &mut Digests) {
        let mut dkim = self.dkim.map(dkim::Body::new);
        let mut domainkeys = self.domainkeys.map(domainkeys::Body::new);
        for chunk in octets.chunks(chunk) {
            if let Some(body) = &mut dkim {
                body.feed(chunk, &mut ToSha256(digests));
            }
            if let Some(body) = &mut domainkeys {
                body.feed(chunk, &mut ToSha1(digests));
            }
        }
        if let Some(body) = dkim {
            body.finish(&mut ToSha256(digests));
        }
        if let Some(body) = domainkeys {
            body.finish(&mut ToSha1(digests));
        }
    }

    fn reference(self, octets: &[u8], digests: &mut Digests) {
        if let Some(kind) = self.dkim {
            reference::dkim_body(kind, octets, &mut ToSha256(digests));
        }
        if let Some(kind) = self.domainkeys {
            reference::domainkeys_body(kind, octets, &mut ToSha1(digests));
        }
    }

    /// Milliseconds for the bare digests, the fast form in chunks of either size, the reference:
    /// the one that is asked for.
    fn candidate(self, which: usize, octets: &[u8]) -> f64 {
        match which {
            0 => time(|digests| self.bare(octets, digests)),
            1 => time(|digests| self.fast(octets, CHUNKS[0], digests)),
            2 => time(|digests| self.fast(octets, CHUNKS[1], digests)),
            _ => time(|digests| self.reference(octets, digests)),
        }
    }

    /// Prints a line: the bare digests in milliseconds, then how fast the others are beside them.
    fn measure(self, octets: &[u8]) {
        let mut bare = Vec::new();
        let mut percent = [const { Vec::new() }; 3];
        for round in 0..ROUNDS {
            let mut times = [0.0; 4];
            // Whatever it is that comes first, or behind the slowest: in another round it does not.
            for turn in 0..times.len() {
                let which = (round + turn) % times.len();
                times[which] = self.candidate(which, octets);
            }
            let [base, ours @ ..] = times;
            bare.push(base);
            percent
                .iter_mut()
                .zip(ours)
                .for_each(|(column, ours)| column.push(100.0 * base / ours));
        }
        let [small, large, reference] = percent.map(median);
        let (name, bare) = (self.name, median(bare));
        println!("  {name:<18} {bare:>6.2} ms {small:>6.0} % {large:>6.0} % {reference:>10.0} %");
    }
}

/// Milliseconds of this thread that a pass over a body takes.
fn time(pass: impl FnOnce(&mut Digests)) -> f64 {
    let now = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    let mut digests = Digests { sha256: Sha256::new(), sha1: Sha1::new() };
    let start = now();
    pass(&mut digests);
    let took = now() - start;
    black_box((digests.sha256.finish(), digests.sha1.finish()));
    took.tv_sec() as f64 * 1e3 + took.tv_nsec() as f64 / 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn bodies() -> [(&'static str, Vec<u8>); 12] {
    let repeat = |line: &str| line.bytes().cycle().take(OCTETS).collect();
    [
        ("text", text("\r\n")),
        ("text, two spaces between sentences, flowed lines", text(" \r\n")),
        ("base64", repeat(&format!("{}\r\n", "QUJD".repeat(19)))),
        (
            "indented markup",
            repeat("\t\t<td>\r\n            <p class=\"a\">words</p>\r\n\t\t</td>\r\n"),
        ),
        ("lines of 998 spaces", repeat(&format!("{}\r\n", " ".repeat(998)))),
        ("spaces, no line end", repeat(" ")),
        ("CRLF only", repeat("\r\n")),
        ("lines of one octet", repeat("a\r\n")),
        ("alternating letter and space", repeat("a ")),
        ("a letter and two spaces", repeat("a  ")),
        ("bare LF only", repeat("\n")),
        ("space and bare CR in turn", repeat(" \r")),
    ]
}

/// Words of many lengths in lines of some 70 octets; two spaces before a sentence where the lines
/// end in a space, too.
fn text(line_end: &str) -> Vec<u8> {
    let between = if line_end.starts_with(' ') { ".  " } else { ". " };
    let (mut out, mut line, mut chance) = (Vec::new(), 0, 0x5eed_u64);
    while out.len() < OCTETS {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let letters = usize::from(chance.to_le_bytes()[0] % 5 + chance.to_le_bytes()[1] % 5 + 1);
        out.extend(b"etaoinshrdluwg".iter().cycle().skip(line % 7).take(letters));
        line += letters + 1;
        if line > 70 {
            out.extend(line_end.bytes());
            line = 0;
        } else {
            out.extend(if chance >> 60 == 0 { between } else { " " }.bytes());
        }
    }
    out.truncate(OCTETS);
    out
}

fn main() {
    // `cargo test --benches` passes this, and wants to know only that it runs.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    println!("5 MiB bodies; speed in percent of the bare digests of the same octets");
    for (name, octets) in bodies() {
        println!("{name}\n  {:<23}bare    8 KiB   64 KiB    reference", "");
        SEALS.iter().for_each(|seals| seals.measure(&octets));
    }
}
