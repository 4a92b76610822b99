//! Standing beside another filter without touching its mail.

use super::ROW;
use crate::params::Param;
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[Param {
    name: "shadow",
    default: Some("no"),
    summary: "change nothing, and log what another filter does otherwise",
    manual: "For a while beside a filter that signs already, behind it in the MTA's list: every \
             decision is taken and every signature made, none is inserted, and the log tells in what \
             the other one's differ. Nothing is inserted, removed or refused, and no report is sent. \
             docs/shadow.md tells more.",
    setter: Setter::Top(|raw, given, report| {
        given.put(&mut raw.shadow, report, value::switch);
    }),
    ..ROW
}];
