//! Peak memory, each time of a process that has done nothing else.

use crate::body::{Body, size};
use crate::configuration::{Opendkim, Twinseal, Verifier};
use crate::failure::Result;
use crate::load::{Load, Reuse, Until};
use crate::mail::Mail;
use crate::peer::Peer;
use crate::report::{Report, Table, figure};
use crate::rounds::millis;
use crate::workbench::{Scale, Workbench};

/// Many connections, or a large message.
struct Case {
    what: String,
    connections: usize,
    octets: usize,
    until: Until,
    /// How much memory it may take, in MiB.
    limit: f64,
}

pub(super) fn sealing(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let probe = Mail::plain(Body::Text, 2 << 10);
    let mut table = table();
    for case in cases(workbench.scale) {
        let mail = Mail::plain(Body::Text, case.octets);
        let ours = workbench.twinseal(&Twinseal::both(), &probe)?;
        let peak = case.measure(&ours, &mail, &mut table)?;
        drop(ours);
        report.goal(format!("peak memory, {}", case.what), case.limit, "MiB", peak);
        let theirs = workbench.opendkim(&Opendkim::relaxed(), &probe)?;
        case.measure(&theirs, &mail, &mut table)?;
    }
    report.table(&table);
    Ok(())
}

pub(super) fn verifying(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let probe = workbench.signed(Body::Text, 2 << 10, 1)?;
    let mut table = table();
    for case in cases(workbench.scale) {
        let mail = workbench.signed(Body::Text, case.octets, 1)?;
        let ours = workbench.verifier(&Verifier::ours(), &probe)?;
        let peak = case.measure(&ours, &mail, &mut table)?;
        drop(ours);
        report.goal(format!("peak memory, verifying, {}", case.what), case.limit, "MiB", peak);
        let theirs = workbench.opendkim_verifier(&probe)?;
        case.measure(&theirs, &mail, &mut table)?;
    }
    report.table(&table);
    Ok(())
}

fn cases(scale: Scale) -> [Case; 3] {
    let crowd = |what: &str, octets, limit| Case {
        what: format!("{} active connections, {what}", scale.crowd),
        connections: scale.crowd,
        octets,
        until: Until::Elapsed(scale.crowd_time),
        limit,
    };
    let one = Case {
        what: format!("one message of {}", size(scale.huge)),
        connections: 1,
        octets: scale.huge,
        until: Until::Messages(1),
        limit: 16.0,
    };
    [crowd("2 KiB", 2 << 10, 16.0), crowd("64 KiB", 64 << 10, 24.0), one]
}

fn table() -> Table {
    Table::new(&[
        "",
        "filter",
        "peak MiB",
        "resident MiB",
        "messages",
        "CPU ms/message",
        "message p99 ms",
    ])
}

impl Case {
    /// Puts the load on a fresh peer; its peak memory in MiB.
    fn measure(&self, peer: &Peer, mail: &Mail, table: &mut Table) -> Result<f64> {
        let (connections, until) = (self.connections, self.until);
        let load = Load { mail, connections, reuse: Reuse::ManyMessages, until };
        let tally = load.run(peer)?;
        let memory = peer.memory()?;
        let mut wholes = tally.wholes.clone();
        wholes.sort();
        let slow = wholes.get(wholes.len() * 99 / 100).copied().unwrap_or_default();
        table.row([
            self.what.clone(),
            peer.name().to_owned(),
            figure(memory.peak),
            figure(memory.resident),
            tally.messages().to_string(),
            figure(millis(tally.processor) / tally.messages() as f64),
            figure(millis(slow)),
        ]);
        Ok(memory.peak)
    }
}
