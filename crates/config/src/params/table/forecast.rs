//! What is said beforehand of mail that will not arrive as it is signed.

use super::{ROW, parameter};
use crate::params::Instead::Value;
use crate::params::{Form, Kind, Param, Unsaid};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[Param {
    name: "forecast",
    dkim_filter: parameter("Forecast", Form::Word),
    opendkim: parameter("Forecast", Form::Word),
    kind: Kind::Choice(&["warn", "reject", "off"]),
    default: Some("warn"),
    unsaid: Unsaid { dk_filter: Value("off"), dkim_filter: Value("off"), opendkim: Value("off") },
    summary: "what is done about mail of ours whose seals will break",
    manual: "With warn, a log line for each cause, and the mail goes on; with reject, it is refused, \
             and the text tells its sender what to change. Only mail that is signed is looked at, \
             and mail of our own senders that is not because it has no From. docs/forecast.md has \
             the causes.",
    setter: Setter::Top(|raw, given, report| {
        given.put(&mut raw.forecast, report, value::forecast);
    }),
    ..ROW
}];
