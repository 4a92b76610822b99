//! What others can see of a running daemon.

use super::{ROW, parameter};
use crate::params::{Form, Kind, Param, Reload, Sample};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "metrics.socket",
        dkim_filter: parameter("Metrics", Form::Word),
        opendkim: parameter("Metrics", Form::Word),
        kind: Kind::Text("inet:PORT@HOST, or inet:PORT for this host alone"),
        reload: Reload::Restart,
        summary: "where metrics and the status page are served",
        manual: "By HTTP: /metrics for Prometheus, / for people, /healthz for balancers. Without a \
                 host only this host can connect. At any other address, whoever can connect can \
                 read, and needs no password. docs/monitoring.md tells more.",
        sample: Sample::Example("inet:9171"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.metrics.socket, report, value::metrics_socket);
        }),
        ..ROW
    },
    Param {
        name: "metrics.dns-interval",
        kind: Kind::Duration,
        default: Some("1h"),
        summary: "how often records in DNS are compared with the keys",
        manual: "Only where metrics.socket is set. 0s is never. A resolver is asked, and one that \
                 remembers answers shows a change when their time is over.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.metrics.dns_interval, report, value::duration_or_none);
        }),
        ..ROW
    },
];
