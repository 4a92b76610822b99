//! What each peer negotiates, and how many answers an MTA waits for per message.

use crate::body::Body;
use crate::configuration::{Opendkim, Twinseal};
use crate::failure::Result;
use crate::load::{Load, Reuse, Until};
use crate::mail::Mail;
use crate::peer::Peer;
use crate::report::{Report, Table, figure};
use crate::rounds::{Candidate, interleave};
use crate::workbench::Workbench;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let mail = Mail::plain(Body::Text, 20 << 10);
    let ours = workbench.twinseal(&Twinseal::both(), &mail)?;
    let theirs = workbench.opendkim(&Opendkim::relaxed(), &mail)?;
    let load = Load {
        mail: &mail,
        connections: 1,
        reuse: Reuse::ManyMessages,
        until: Until::Messages(20),
    };
    let peers = [&ours, &theirs];
    let all = interleave(&peers.map(|peer| Candidate::under(peer, load)), 1)?;
    let mut table = Table::new(&["", "version", "round trips/message"]);
    for (peer, series) in peers.iter().zip(&all) {
        let version = peer.terms.map_or(0, |terms| terms.version);
        table.row([peer.name().to_owned(), version.to_string(), figure(series.round_trips())]);
    }
    report.table(&table);
    peers.iter().for_each(|peer| report.say(&wishes(peer)));
    report.goal("round trips per message, protocol 6", 2.0, "", all[0].round_trips());
    Ok(())
}

/// The bits that a peer asked for, of all that Postfix offers.
fn wishes(peer: &Peer) -> String {
    let wishes = peer.terms.map(|terms| (terms.actions.to_string(), terms.steps.to_string()));
    let (actions, steps) = wishes.unwrap_or_default();
    format!("- {}: actions {actions}; steps {steps}", peer.name())
}
