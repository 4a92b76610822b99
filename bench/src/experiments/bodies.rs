//! Large bodies of each kind, also those that are hardest on canonicalization.

use crate::bare::Bare;
use crate::body::{Body, size};
use crate::configuration::{Opendkim, Twinseal};
use crate::failure::Result;
use crate::load::{Load, Reuse, Until};
use crate::mail::Mail;
use crate::peer::Peer;
use crate::report::{Report, Table, figure};
use crate::rounds::{Candidate, Series, interleave};
use crate::workbench::Workbench;

/// Seven kinds of body take their time; neighbours differ by more than a round's noise.
const MOST_ROUNDS: usize = 3;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let probe = Mail::plain(Body::Base64, 20 << 10);
    let peers = [
        workbench.opendkim(&Opendkim::relaxed(), &probe)?,
        workbench.twinseal(&Twinseal::dkim_only(), &probe)?,
        workbench.twinseal(&Twinseal::both(), &probe)?,
    ];
    report.say(&format!(
        "{}, one connection, CPU ms per message; relaxed/relaxed, and nofws.",
        size(workbench.scale.large)
    ));
    let mut table = Table::new(&[
        "body",
        "bare, DKIM",
        "bare, both",
        "opendkim",
        "DKIM only",
        "× bare",
        "× opendkim",
        "both seals",
        "× bare",
        "× opendkim",
    ]);
    for body in Body::ALL {
        let all = measure(workbench, &peers, body)?;
        let [bare, bare_both, opendkim, dkim, both] = all.as_slice() else { return Ok(()) };
        let figures = [
            bare.processor(),
            bare_both.processor(),
            opendkim.processor(),
            dkim.processor(),
            dkim.ratio(bare),
            dkim.ratio(opendkim),
            both.processor(),
            both.ratio(bare_both),
            both.ratio(opendkim),
        ];
        table.row([body.name().to_owned()].into_iter().chain(figures.map(figure)));
    }
    report.table(&table);
    Ok(())
}

/// The bare operations of one seal and of both, and the peers, with a large body of this kind.
fn measure(workbench: &Workbench, peers: &[Peer], body: Body) -> Result<Vec<Series>> {
    let scale = workbench.scale;
    let mail = Mail::plain(body, scale.large);
    let octets = body.octets(scale.large);
    let bare = [Bare::dkim(&workbench.key, &octets), Bare::both(&workbench.key, &octets)];
    let load = Load {
        mail: &mail,
        connections: 1,
        reuse: Reuse::ManyMessages,
        until: Until::Elapsed(scale.round),
    };
    let time = scale.round / 4;
    let mut candidates: Vec<_> = bare.iter().map(|bare| Candidate::Bare(bare, time)).collect();
    candidates.extend(peers.iter().map(|peer| Candidate::under(peer, load)));
    interleave(&candidates, scale.rounds.min(MOST_ROUNDS))
}
