//! What `dk-filter` had for mail that arrives. There, nothing is verified.

use super::{ROW, letter};
use crate::caution::Caution;
use crate::lists::actions;
use crate::mistake::Report;
use crate::params::{Acts, Kind, Param, Place};
use crate::raw::{Given, Setter};
use crate::value;

/// Why nothing follows from them.
const NOT_VERIFIED: &str = "DomainKeys is never verified";

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "dk-action-list",
        dk_filter: letter('C'),
        kind: Kind::Text("result=action, and more of them behind commas"),
        place: Place::Historic,
        summary: "what happens to mail that cannot be signed, as internal=action",
        manual: "Results are nosignature, badsignature, signaturemissing, dnserror, internal, \
                 security and default, or no, bad, miss, dns, int, sec and def; of actions, the \
                 first letter will do. As nothing is verified, only internal is ever asked for.",
        setter: Setter::Top(|raw, given, report| {
            actions::put_for_signing(given, &mut raw.action_list, report);
        }),
        ..ROW
    },
    Param {
        name: "dk-quarantine",
        dk_filter: letter('q'),
        place: Place::Historic,
        summary: "have the MTA keep back mail that fails verification",
        manual: "No mail is verified.",
        acts: Acts::No(NOT_VERIFIED),
        setter: Setter::Top(|_, given, report| notice(given, report)),
        ..ROW
    },
    Param {
        name: "dk-reports",
        dk_filter: letter('R'),
        place: Place::Historic,
        summary: "send reports of mail that fails verification",
        manual: "No mail is verified.",
        acts: Acts::No(NOT_VERIFIED),
        setter: Setter::Top(|_, given, report| notice(given, report)),
        ..ROW
    },
    Param {
        name: "dk-dns-timeout",
        dk_filter: letter('T'),
        kind: Kind::Number,
        place: Place::Historic,
        summary: "how many seconds to wait for DNS",
        manual: "Nothing is asked of DNS.",
        acts: Acts::No(NOT_VERIFIED),
        setter: Setter::Top(|_, given, report| {
            let mut seconds = None;
            given.put(&mut seconds, report, value::seconds);
            if seconds.is_some() {
                notice(given, report);
            }
        }),
        ..ROW
    },
];

fn notice(given: &Given, report: &mut Report) {
    report.warn(&given.origin, &given.key, Caution::NoEffect { reason: NOT_VERIFIED });
}
