//! Many signing rules with a key file each.

use crate::body::Body;
use crate::configuration::{Rules, Twinseal};
use crate::failure::Result;
use crate::report::{Report, Table, figure};
use crate::workbench::Workbench;

/// The most that it may take until the first message is signed, in seconds.
const START: f64 = 5.0;

/// The most memory that it may take, in MiB.
const MEMORY: f64 = 300.0;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let count = workbench.scale.rules;
    workbench.copy_keys(count)?;
    let rules = Rules::KeyFiles(count);
    let name = format!("{count} rules with a key file each");
    let mail = rules.mail(Body::Text, 2 << 10);
    let how = Twinseal { name: format!("twinseal, {name}"), rules, ..Twinseal::both() };
    report.say(
        "The files are copies of one key, which no part of the program looks for: each is read, \
         parsed and tried out.",
    );
    let peer = workbench.twinseal(&how, &mail)?;
    let (start, memory) = (peer.start.as_secs_f64(), peer.memory()?);
    let mut table = Table::new(&["", "start s", "resident MiB", "peak MiB", "CPU s at start"]);
    let processor = peer.processor_time()?.as_secs_f64();
    let figures = [start, memory.resident, memory.peak, processor].map(figure);
    table.row([how.name].into_iter().chain(figures));
    report.table(&table);
    report.goal(format!("{name}, start"), START, "s", start);
    report.goal(format!("{name}, memory"), MEMORY, "MiB", memory.peak);
    Ok(())
}
