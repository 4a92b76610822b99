//! Large bodies of each kind, also those that are hardest on canonicalization.

use crate::bare::Bare;
use crate::body::{Body, size};
use crate::configuration::{Opendkim, Twinseal};
use crate::failure::Result;
use crate::load::{Load, Reuse, Until};
use crate::mail::Mail;
use crate::report::{Report, Table, figure};
use crate::rounds::{Candidate, interleave};
use crate::workbench::Workbench;

/// Seven kinds of body take their time; neighbours differ by more than a round's noise.
const MOST_ROUNDS: usize = 3;

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let scale = workbench.scale;
    let probe = Mail::plain(Body::Base64, 20 << 10);
    let peers = [
        workbench.opendkim(&Opendkim::relaxed(), &probe)?,
        workbench.twinseal(&Twinseal::dkim_only(), &probe)?,
        workbench.twinseal(&Twinseal::both(), &probe)?,
    ];
    report.say(&format!(
        "{}, one connection, CPU ms per message; relaxed/relaxed, and nofws.",
        size(scale.large)
    ));
    let mut table = Table::new(&[
        "body",
        "bare SHA-256 + RSA",
        "opendkim",
        "DKIM only",
        "× opendkim",
        "× bare",
        "both seals",
        "× opendkim",
    ]);
    for body in Body::ALL {
        let mail = Mail::plain(body, scale.large);
        let bare = Bare::dkim(&workbench.key, &body.octets(scale.large));
        let load = Load {
            mail: &mail,
            connections: 1,
            reuse: Reuse::ManyMessages,
            until: Until::Elapsed(scale.round),
        };
        let mut candidates = vec![Candidate::Bare(&bare, scale.round / 4)];
        candidates.extend(peers.iter().map(|peer| Candidate::under(peer, load)));
        let all = interleave(&candidates, scale.rounds.min(MOST_ROUNDS))?;
        let [bare, opendkim, dkim, both] = all.as_slice() else { return Ok(()) };
        let figures = [
            bare.processor(),
            opendkim.processor(),
            dkim.processor(),
            dkim.ratio(opendkim),
            dkim.ratio(bare),
            both.processor(),
            both.ratio(opendkim),
        ];
        table.row([body.name().to_owned()].into_iter().chain(figures.map(figure)));
    }
    report.table(&table);
    Ok(())
}
