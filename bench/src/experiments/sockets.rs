//! Nagle's algorithm, and what it does to answers of several small packets.

use crate::body::Body;
use crate::configuration::{Carrier, Opendkim, Twinseal};
use crate::failure::Result;
use crate::load::{Load, Reuse, Until};
use crate::mail::Mail;
use crate::report::{Report, Table, figure};
use crate::rounds::{Candidate, interleave};
use crate::workbench::Workbench;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let scale = workbench.scale;
    let mail = Mail::plain(Body::Text, 2 << 10);
    let mut peers = Vec::new();
    for (carrier, text) in [(Carrier::Unix, "unix socket"), (Carrier::Tcp, "TCP")] {
        let both = Twinseal::both();
        let ours = Twinseal { name: format!("{}, {text}", both.name), carrier, ..both };
        let theirs = Opendkim { name: format!("opendkim, {text}"), carrier, ..Opendkim::relaxed() };
        peers.push(workbench.twinseal(&ours, &mail)?);
        peers.push(workbench.opendkim(&theirs, &mail)?);
    }
    let load = Load {
        mail: &mail,
        connections: 1,
        reuse: Reuse::ManyMessages,
        until: Until::Elapsed(scale.round),
    };
    let candidates: Vec<_> = peers.iter().map(|peer| Candidate::under(peer, load)).collect();
    let all = interleave(&candidates, scale.rounds)?;
    let [unix, _, tcp, _] = all.as_slice() else { return Ok(()) };
    let mut table =
        Table::new(&["", "end p50 ms", "p99", "message p50 ms", "p99", "CPU ms/message"]);
    for series in &all {
        let times = [series.end(0.5), series.end(0.99), series.whole(0.5), series.whole(0.99)];
        let figures = times.into_iter().chain([series.processor()]).map(figure);
        table.row([series.name.clone()].into_iter().chain(figures));
    }
    report.say("2 KiB of text, one connection.");
    report.table(&table);
    let what = "end of message over TCP, p50, to a unix socket";
    report.goal(what, 1.2, "×", tcp.end_ratio(unix));
    Ok(())
}
