//! Peak memory, each time of a process that has done nothing else.

use crate::body::{Body, size};
use crate::configuration::{Opendkim, Twinseal};
use crate::failure::Result;
use crate::load::{Load, Reuse, Until};
use crate::mail::Mail;
use crate::peer::Peer;
use crate::report::{Report, Table, figure};
use crate::rounds::millis;
use crate::workbench::Workbench;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let scale = workbench.scale;
    let crowd = format!("{} active connections", scale.crowd);
    let active = Until::Elapsed(scale.crowd_time);
    let cases = [
        (format!("{crowd}, 2 KiB"), scale.crowd, 2 << 10, active, 16.0),
        (format!("{crowd}, 64 KiB"), scale.crowd, 64 << 10, active, 24.0),
        (format!("one message of {}", size(scale.huge)), 1, scale.huge, Until::Messages(1), 16.0),
    ];
    let probe = Mail::plain(Body::Text, 2 << 10);
    let mut table = Table::new(&[
        "",
        "filter",
        "peak MiB",
        "resident MiB",
        "messages",
        "CPU ms/message",
        "message p99 ms",
    ]);
    for (what, connections, octets, until, limit) in cases {
        let mail = Mail::plain(Body::Text, octets);
        let load = Load { mail: &mail, connections, reuse: Reuse::ManyMessages, until };
        let ours = workbench.twinseal(&Twinseal::both(), &probe)?;
        let peak = measure(&what, &ours, &load, &mut table)?;
        drop(ours);
        report.goal(format!("peak memory, {what}"), limit, "MiB", peak);
        let theirs = workbench.opendkim(&Opendkim::relaxed(), &probe)?;
        measure(&what, &theirs, &load, &mut table)?;
    }
    report.table(&table);
    Ok(())
}

/// Puts the load on a fresh peer; its peak memory in MiB.
fn measure(what: &str, peer: &Peer, load: &Load<'_>, table: &mut Table) -> Result<f64> {
    let tally = load.run(peer)?;
    let memory = peer.memory()?;
    let mut wholes = tally.wholes.clone();
    wholes.sort();
    let slow = wholes.get(wholes.len() * 99 / 100).copied().unwrap_or_default();
    table.row([
        what.to_owned(),
        peer.name().to_owned(),
        figure(memory.peak),
        figure(memory.resident),
        tally.messages().to_string(),
        figure(millis(tally.processor) / tally.messages() as f64),
        figure(millis(slow)),
    ]);
    Ok(memory.peak)
}
