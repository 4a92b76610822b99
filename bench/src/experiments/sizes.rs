//! Text of 2 KiB to 5 MiB.

use crate::bare::Bare;
use crate::body::{Body, size};
use crate::configuration::{Opendkim, Twinseal};
use crate::experiments::processor_table;
use crate::failure::Result;
use crate::mail::Mail;
use crate::report::Report;
use crate::rounds::{Candidate, interleave};
use crate::workbench::Workbench;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let (rounds, time, large) =
        (workbench.scale.rounds, workbench.scale.round, workbench.scale.large);
    let probe = Mail::plain(Body::Text, 200 << 10);
    let peers = [
        workbench.opendkim(&Opendkim::relaxed(), &probe)?,
        workbench.twinseal(&Twinseal::dkim_only(), &probe)?,
        workbench.twinseal(&Twinseal::both(), &probe)?,
    ];
    report.say("Four connections, many messages on each; relaxed/relaxed, and nofws.");
    for octets in [2 << 10, 20 << 10, 200 << 10, large] {
        let body = Body::Text.octets(octets);
        let mail = Mail::plain(Body::Text, octets);
        let bare = [Bare::dkim(&workbench.key, &body), Bare::both(&workbench.key, &body)];
        let mut candidates: Vec<_> = bare.iter().map(|bare| Candidate::Bare(bare, time)).collect();
        candidates.extend(peers.iter().map(|peer| Candidate::usual(peer, &mail, time)));
        let all = interleave(&candidates, rounds)?;
        let [bare, bare_both, opendkim, dkim, _] = all.as_slice() else { return Ok(()) };
        let own = vec![bare, bare_both, bare, bare, bare_both];
        let beside = [("× own bare", own), ("× opendkim", vec![opendkim; all.len()])];
        report.say(&format!("{} of text:", size(octets)));
        report.table(&processor_table(&all, &beside));
        if octets == large {
            let what = format!(
                "CPU per message, {} of text, DKIM relaxed/relaxed, to opendkim",
                size(octets)
            );
            report.goal(what, 0.15, "×", dkim.ratio(opendkim));
        }
    }
    Ok(())
}
