//! Hostile mail: what a message costs that was made to cost much, beside an honest one.

use crate::body::Body;
use crate::configuration::Verifier;
use crate::failure::Result;
use crate::load::{Load, Reuse, Until};
use crate::mail::{DOMAIN, Mail, Results};
use crate::peer::Peer;
use crate::report::{Report, Table, figure};
use crate::rounds::{Candidate, interleave, median, millis};
use crate::workbench::{SELECTORS, Workbench};
use twinseal_milter::client::Header;

/// How many signatures are looked at; nothing is said about the others.
const LOOKED_AT: usize = SELECTORS;

/// Each has some 800 octets, and the header may have 1 MiB.
const MANY_SIGNATURES: usize = 1_000;

/// With their colons they are as much as one frame can carry beside a signature.
const MANY_NAMES: usize = 100_000;

/// As much in one tag, where white space is allowed.
const MUCH_SPACE: usize = 200_000;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let honest = workbench.signed(Body::Text, 20 << 10, 1)?;
    let mails = hostile(&honest);
    let ours = workbench.verifier(&Verifier::ours(), &honest)?;
    let time = workbench.scale.round;
    let candidates: Vec<_> = std::iter::once(&honest)
        .chain(&mails)
        .map(|mail| Candidate::usual(&ours, mail, time).called(&mail.name))
        .collect();
    let all = interleave(&candidates, workbench.scale.rounds)?;
    report.say("Four connections, many messages on each, keys from a file.");
    let mut table = Table::new(&["", "CPU ms/message", "× the first", "message p99 ms"]);
    for series in &all {
        let figures = [series.processor(), series.ratio(&all[0]), series.whole(0.99)];
        table.row([series.name.clone()].into_iter().chain(figures.map(figure)));
    }
    report.table(&table);
    beside(&ours, &honest, &mails, workbench, report)
}

/// How long honest mail waits for its answers while three other connections send hostile mail,
/// beside how long it waits while they send what it is itself.
fn beside(
    ours: &Peer,
    honest: &Mail,
    mails: &[Mail],
    workbench: &Workbench,
    report: &mut Report<'_>,
) -> Result<()> {
    let (time, rounds) = (workbench.scale.round, workbench.scale.rounds);
    let load = |mail, connections| Load {
        mail,
        connections,
        reuse: Reuse::ManyMessages,
        until: Until::Elapsed(time),
    };
    let others: Vec<&Mail> = std::iter::once(honest).chain(mails).collect();
    let mut waits: Vec<Vec<f64>> = vec![Vec::new(); others.len()];
    for _ in 0..rounds {
        for (other, waits) in others.iter().zip(&mut waits) {
            let tally = load(honest, 1).run_beside(&load(other, 3), ours)?;
            waits.push(median(tally.wholes.iter().map(|time| millis(*time)).collect()));
        }
    }
    report.say("One connection sends honest mail, and three others send:");
    let mut table = Table::new(&["", "its message p50 ms", "× the first"]);
    for (other, own) in others.iter().zip(&waits) {
        let ratios = own.iter().zip(&waits[0]).map(|(own, first)| own / first);
        let figures = [median(own.clone()), median(ratios.collect())];
        table.row(std::iter::once(other.name.clone()).chain(figures.map(figure)));
    }
    report.table(&table);
    Ok(())
}

/// A message for each way to make a verifier work.
fn hostile(honest: &Mail) -> [Mail; 3] {
    let (sent, unsigned) = (honest.sent(), Mail::plain(Body::Text, honest.body_octets()).sent());
    let (header, _) = Header::parse(&sent);
    let signature = header.fields().first().map(|field| field.value.clone()).unwrap_or_default();
    let field = |value: &[u8]| [b"DKIM-Signature:", value, b"\r\n"].concat();
    let names = ":x".repeat(MANY_NAMES);
    let names = format!(" v=1; a=rsa-sha256; d={DOMAIN}; s=s0; h=from{names}; bh=AAAA; b=AAAA");
    let space = [signature.as_slice(), &vec![b' '; MUCH_SPACE]].concat();
    let mail = |name: String, top: Vec<u8>, word, count| {
        let octets = [top.as_slice(), &unsigned].concat();
        Mail::arrived(name, &octets, Results { word, count })
    };
    [
        mail(
            format!("{MANY_SIGNATURES} signatures that hold"),
            field(&signature).repeat(MANY_SIGNATURES),
            "pass",
            LOOKED_AT,
        ),
        mail(format!("a list of {MANY_NAMES} names"), field(names.as_bytes()), "permerror", 1),
        mail(format!("{MUCH_SPACE} octets of white space in a tag"), field(&space), "pass", 1),
    ]
}
