//! One seal, the other, both: beside the bare private-key operations, and beside opendkim.

use crate::bare::Bare;
use crate::body::Body;
use crate::configuration::{Opendkim, Twinseal};
use crate::experiments::processor_table;
use crate::failure::Result;
use crate::mail::Mail;
use crate::report::Report;
use crate::rounds::{Candidate, interleave};
use crate::workbench::Workbench;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let mail = Mail::plain(Body::Text, 20 << 10);
    let (rounds, time) = (workbench.scale.rounds, workbench.scale.round);
    let two = Bare::two_operations(&workbench.key);
    let mut peers = vec![workbench.opendkim(&Opendkim::relaxed(), &mail)?];
    for how in ours() {
        peers.push(workbench.twinseal(&how, &mail)?);
    }
    let simple = Opendkim {
        name: "opendkim, relaxed/simple".to_owned(),
        canonicalization: "relaxed/simple",
        ..Opendkim::relaxed()
    };
    peers.push(workbench.opendkim(&simple, &mail)?);
    let mut candidates = vec![Candidate::Bare(&two, time)];
    candidates.extend(peers.iter().map(|peer| Candidate::usual(peer, &mail, time)));
    let all = interleave(&candidates, rounds)?;
    let [bare, opendkim, both, dkim, ..] = all.as_slice() else { return Ok(()) };
    report.say("Four connections, many messages on each.");
    let beside =
        [("× two operations", vec![bare; all.len()]), ("× opendkim", vec![opendkim; all.len()])];
    report.table(&processor_table(&all, &beside));
    let what = "CPU per message of 20 KiB, both seals";
    report.goal(format!("{what}, to two bare operations"), 1.10, "×", both.ratio(bare));
    report.goal(format!("{what}, to opendkim's one"), 0.61, "×", both.ratio(opendkim));
    let what = "CPU per message of 20 KiB, DKIM only, to opendkim";
    report.goal(what, 0.35, "×", dkim.ratio(opendkim));
    Ok(())
}

fn ours() -> [Twinseal; 6] {
    let both = Twinseal::both();
    let named = |name: &str| format!("twinseal, {name}");
    [
        both.clone(),
        Twinseal::dkim_only(),
        Twinseal { name: named("DomainKeys only"), dkim: None, ..both.clone() },
        Twinseal {
            name: named("both as by default, relaxed/simple"),
            dkim: Some("relaxed/simple"),
            ..both.clone()
        },
        Twinseal {
            name: named("both, simple throughout"),
            dkim: Some("simple/simple"),
            domainkeys: Some("simple"),
            ..both.clone()
        },
        Twinseal {
            name: named("DKIM only, relaxed/simple"),
            dkim: Some("relaxed/simple"),
            domainkeys: None,
            ..both
        },
    ]
}
