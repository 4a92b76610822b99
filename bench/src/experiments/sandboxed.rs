//! What it costs to be sandboxed: the same daemon without it, and as it is by default.

use crate::bare::Bare;
use crate::body::{Body, size};
use crate::configuration::Twinseal;
use crate::experiments::processor_table;
use crate::failure::Result;
use crate::mail::Mail;
use crate::report::Report;
use crate::rounds::{Candidate, interleave};
use crate::workbench::Workbench;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let octets = 20 << 10;
    let mail = Mail::plain(Body::Text, octets);
    let named = |name: &str, more: &str| Twinseal {
        name: format!("twinseal, {name}"),
        more: more.to_owned(),
        ..Twinseal::both()
    };
    let peers = [
        workbench.twinseal(&named("no sandbox", "sandbox: off\n"), &mail)?,
        workbench.twinseal(&named("as by default", ""), &mail)?,
    ];
    let (scale, bare) = (&workbench.scale, Bare::both(&workbench.key, &Body::Text.octets(octets)));
    let mut candidates = vec![Candidate::Bare(&bare, scale.round)];
    candidates.extend(peers.iter().map(|peer| Candidate::usual(peer, &mail, scale.round)));
    let all = interleave(&candidates, scale.rounds)?;
    let [bare, without, ..] = all.as_slice() else { return Ok(()) };
    let beside = [("× own bare", vec![bare; all.len()]), ("× without", vec![without; all.len()])];
    report.say(&format!("Both seals, {} of text:", size(octets)));
    report.table(&processor_table(&all, &beside));
    Ok(())
}
