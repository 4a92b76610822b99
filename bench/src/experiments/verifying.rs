//! Verification: bodies of 2 KiB to 5 MiB, and many signatures on one message.

use crate::bare::Bare;
use crate::body::{Body, size};
use crate::configuration::Verifier;
use crate::experiments::processor_table;
use crate::failure::Result;
use crate::mail::Mail;
use crate::peer::Peer;
use crate::report::Report;
use crate::rounds::{Candidate, Series, interleave};
use crate::workbench::{SELECTORS, Workbench};
use twinseal_e2e::hostile_dns::{HostileDns, Record, Reply};

/// The body that the figure to reach is about.
const USUAL: usize = 20 << 10;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let ten = workbench.signed(Body::Text, USUAL, SELECTORS)?;
    let server = HostileDns::start([]);
    for (name, text) in workbench.records()? {
        // Longer than the experiment takes.
        server.set(&name, Reply::records([Record::txt(&name, &text).holds(3600)]));
    }
    // The probe has all signatures, so that all keys are known afterwards.
    let peers = [
        workbench.opendkim_verifier(&ten)?,
        workbench.verifier(&Verifier::ours(), &ten)?,
        workbench.verifier(&Verifier::asking(server.address()), &ten)?,
    ];
    report.say(
        "Four connections, many messages on each; relaxed/relaxed, rsa-sha256, keys known: from a \
         file, and from a cache of what was asked before.",
    );
    for octets in [2 << 10, USUAL, 200 << 10, workbench.scale.large] {
        let mail = workbench.signed(Body::Text, octets, 1)?;
        report.say(&format!("{} of text:", size(octets)));
        let all = measure(workbench, report, &peers, &mail)?;
        if let (USUAL, [_, opendkim, ours, cached]) = (octets, all.as_slice()) {
            let what = "CPU per verified message of 20 KiB, to opendkim";
            report.goal(format!("{what}, key from a file"), 0.20, "×", ours.ratio(opendkim));
            report.goal(format!("{what}, key from the cache"), 0.20, "×", cached.ratio(opendkim));
        }
    }
    report.say(&format!("{} of text, {SELECTORS} signatures:", size(USUAL)));
    measure(workbench, report, &peers, &ten)?;
    Ok(())
}

/// The bare operations and the peers, with this message.
fn measure(
    workbench: &Workbench,
    report: &mut Report<'_>,
    peers: &[Peer],
    mail: &Mail,
) -> Result<Vec<Series>> {
    let (rounds, time) = (workbench.scale.rounds, workbench.scale.round);
    let bare = Bare::verifying(&workbench.key, mail.body(), mail.results.count)?;
    let mut candidates = vec![Candidate::Bare(&bare, time)];
    candidates.extend(peers.iter().map(|peer| Candidate::usual(peer, mail, time)));
    let all = interleave(&candidates, rounds)?;
    let beside = [("× bare", vec![&all[0]; all.len()]), ("× opendkim", vec![&all[1]; all.len()])];
    report.table(&processor_table(&all, &beside));
    Ok(all)
}
