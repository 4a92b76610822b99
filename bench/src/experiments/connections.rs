//! How the way of connecting matters: 2 KiB, where it matters most.

use crate::body::Body;
use crate::configuration::{Opendkim, Twinseal};
use crate::failure::Result;
use crate::load::{Load, Reuse, Until};
use crate::mail::Mail;
use crate::report::{Report, Table, figure};
use crate::rounds::{Candidate, interleave};
use crate::workbench::Workbench;

/// Connections at a time, and what they are good for.
const WAYS: [(usize, Reuse, &str); 5] = [
    (1, Reuse::ManyMessages, "1"),
    (4, Reuse::ManyMessages, "4"),
    (16, Reuse::ManyMessages, "16"),
    (100, Reuse::ManyMessages, "100"),
    (4, Reuse::OneMessage, "4, new for each message"),
];

/// Five ways take their time.
const MOST_ROUNDS: usize = 5;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let scale = workbench.scale;
    let mail = Mail::plain(Body::Text, 2 << 10);
    let peers = [
        workbench.opendkim(&Opendkim::relaxed(), &mail)?,
        workbench.twinseal(&Twinseal::dkim_only(), &mail)?,
        workbench.twinseal(&Twinseal::both(), &mail)?,
    ];
    let mut table = Table::new(&[
        "connections",
        "filter",
        "CPU ms/message",
        "× opendkim",
        "messages/s",
        "end p50 ms",
        "p99",
        "message p50 ms",
        "p99",
    ]);
    for (connections, reuse, way) in WAYS {
        let until = Until::Elapsed(scale.round);
        let load = Load { mail: &mail, connections, reuse, until };
        let candidates = peers.each_ref().map(|peer| Candidate::under(peer, load));
        let all = interleave(&candidates, scale.rounds.min(MOST_ROUNDS))?;
        for series in &all {
            let figures = [
                series.processor(),
                series.ratio(&all[0]),
                series.rate(),
                series.end(0.5),
                series.end(0.99),
                series.whole(0.5),
                series.whole(0.99),
            ];
            table.row([way.to_owned(), series.name.clone()].into_iter().chain(figures.map(figure)));
        }
    }
    report.say("2 KiB of text; relaxed/relaxed, and nofws.");
    report.table(&table);
    Ok(())
}
