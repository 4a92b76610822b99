//! Many signing rules with one key, by name and by wildcard, beside one rule.

use crate::body::Body;
use crate::configuration::{Opendkim, Rules, Twinseal};
use crate::failure::Result;
use crate::mail::Mail;
use crate::peer::Peer;
use crate::report::{Report, Table, figure};
use crate::rounds::{Candidate, Series, interleave};
use crate::workbench::Workbench;

/// A filter and the message that its last rule signs.
type Pair = (Peer, Mail);

/// What many rules may cost: until the first message is signed, at most in memory, and per message
/// beside one rule.
const LIMITS: [(&str, f64, &str); 3] =
    [("start", 1.0, "s"), ("memory", 100.0, "MiB"), ("CPU to one rule", 1.10, "×")];

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let count = workbench.scale.rules;
    let ways = [(Rules::Names(count), "by name"), (Rules::Wildcards(count), "by wildcard")];
    let mut pairs = vec![ours(workbench, Rules::One, "one rule")?];
    let mut many = Vec::new();
    for (rules, way) in ways {
        let name = format!("{count} rules {way}");
        match ours(workbench, rules, &name) {
            Ok(pair) => {
                many.push((pairs.len(), name));
                pairs.push(pair);
            }
            Err(failure) => {
                goals(report, &name, [f64::NAN; 3]);
                report.failure(&name, &failure);
            }
        }
    }
    let first = pairs.len();
    pairs.push(theirs(workbench, Rules::One, "one rule")?);
    pairs.push(theirs(workbench, Rules::Names(count), &format!("{count} entries by name"))?);
    pairs.push(theirs(workbench, Rules::Wildcards(count), &format!("{count} patterns"))?);
    let round = workbench.scale.round;
    let candidates: Vec<_> =
        pairs.iter().map(|(peer, mail)| Candidate::usual(peer, mail, round)).collect();
    let all = interleave(&candidates, workbench.scale.rounds)?;
    report.say("2 KiB of text, four connections; the last rule signs. Both seals, opendkim's one.");
    report.table(&table(&pairs, &all, first)?);
    for (at, name) in many {
        let (peer, _) = &pairs[at];
        let peak = peer.memory()?.peak;
        goals(report, &name, [peer.start.as_secs_f64(), peak, all[at].ratio(&all[0])]);
    }
    Ok(())
}

fn goals(report: &mut Report<'_>, name: &str, measured: [f64; 3]) {
    for ((what, limit, unit), measured) in LIMITS.into_iter().zip(measured) {
        report.goal(format!("{name}, {what}"), limit, unit, measured);
    }
}

fn ours(workbench: &mut Workbench, rules: Rules, name: &str) -> Result<Pair> {
    let mail = rules.mail(Body::Text, 2 << 10);
    let how = Twinseal { name: format!("twinseal, {name}"), rules, ..Twinseal::both() };
    Ok((workbench.twinseal(&how, &mail)?, mail))
}

fn theirs(workbench: &mut Workbench, rules: Rules, name: &str) -> Result<Pair> {
    let mail = rules.mail(Body::Text, 2 << 10);
    let how = Opendkim { name: format!("opendkim, {name}"), rules, ..Opendkim::relaxed() };
    Ok((workbench.opendkim(&how, &mail)?, mail))
}

/// What each costs; the first one of ours and the first one of theirs have a single rule.
fn table(pairs: &[Pair], all: &[Series], first: usize) -> Result<Table> {
    let mut table =
        Table::new(&["", "start s", "resident MiB", "peak MiB", "CPU ms/message", "× one rule"]);
    for (at, ((peer, _), series)) in pairs.iter().zip(all).enumerate() {
        let memory = peer.memory()?;
        let one = if at < first { &all[0] } else { &all[first] };
        let figures = [
            peer.start.as_secs_f64(),
            memory.resident,
            memory.peak,
            series.processor(),
            series.ratio(one),
        ];
        table.row([series.name.clone()].into_iter().chain(figures.map(figure)));
    }
    Ok(table)
}
