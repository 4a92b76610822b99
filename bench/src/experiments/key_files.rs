//! Many signing rules with a key file each.

use crate::body::Body;
use crate::configuration::{Rules, Twinseal};
use crate::failure::Result;
use crate::load;
use crate::peer::Peer;
use crate::report::{Report, Table, figure};
use crate::workbench::Workbench;
use std::time::Instant;

/// The most that it may take until the first message is signed, in seconds.
const START: f64 = 5.0;

/// The most memory that it may take, in MiB.
const MEMORY: f64 = 300.0;

/// One rule in so many gets a message.
const SHARE: usize = 50;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let count = workbench.scale.rules;
    workbench.copy_keys(count)?;
    let rules = Rules::KeyFiles(count);
    let name = format!("{count} rules with a key file each");
    let mail = rules.mail(Body::Text, 2 << 10);
    let how = Twinseal { name: format!("twinseal, {name}"), rules, ..Twinseal::both() };
    report.say("The files are copies of one key, and nothing in the program looks for equal ones.");
    let peer = workbench.twinseal(&how, &mail)?;
    let mut table = Table::new(&["", "since start s", "CPU s", "resident MiB", "peak MiB"]);
    let start = peer.start.as_secs_f64();
    table.row(row(&peer, "the first message", start)?);
    // A program may read keys when they are first needed.
    let begun = Instant::now();
    for number in (0..count).step_by(SHARE) {
        load::once(&peer, &rules.mail_of(number, Body::Text, 2 << 10))?;
    }
    let elapsed = start + begun.elapsed().as_secs_f64();
    let what = format!("one message more for each of {} domains", count.div_ceil(SHARE));
    table.row(row(&peer, &what, elapsed)?);
    report.table(&table);
    report.goal(format!("{name}, start"), START, "s", start);
    let what = format!("{name}, memory after those messages");
    report.goal(what, MEMORY, "MiB", peer.memory()?.peak);
    Ok(())
}

fn row(peer: &Peer, after: &str, elapsed: f64) -> Result<[String; 5]> {
    let (memory, processor) = (peer.memory()?, peer.processor_time()?.as_secs_f64());
    let figures = [elapsed, processor, memory.resident, memory.peak].map(figure);
    let [elapsed, processor, resident, peak] = figures;
    Ok([format!("after {after}"), elapsed, processor, resident, peak])
}
