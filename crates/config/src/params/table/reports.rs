//! Reports to those whose signatures fail here.

use super::{ROW, TRUTH, historic, parameter};
use crate::params::{Form, Kind, Param, Sample};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "reports.send",
        dkim_filter: historic('R', "SendReports", TRUTH),
        opendkim: parameter("SendReports", TRUTH),
        default: Some("no"),
        summary: "tell domains that ask for it that their signature does not match",
        manual: "They ask with r= in the key record, or with r=y in the signature and a record at \
                 _report._domainkey (RFC 6651). The report goes to an address in that domain, \
                 never for mail without a sender or for reports, at most ten an hour for a domain.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.reports.send, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "reports.adsp",
        dkim_filter: parameter("SendADSPReports", TRUTH),
        opendkim: parameter("SendADSPReports", TRUTH),
        default: Some("no"),
        summary: "tell an author's domain that its mail came without its signature",
        manual: "It asks for that with r= in its ADSP record, which is asked for here, then.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.reports.adsp, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "reports.address",
        dkim_filter: parameter("ReportAddress", Form::Word),
        opendkim: parameter("ReportAddress", Form::Word),
        kind: Kind::Text("an address"),
        summary: "who reports are from",
        manual: "Without it, postmaster at this host.",
        sample: Sample::Example("postmaster@example.com"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.reports.address, report, value::address);
        }),
        ..ROW
    },
    Param {
        name: "reports.command",
        kind: Kind::Path,
        default: Some("/usr/sbin/sendmail"),
        summary: "the program that sends reports",
        manual: "It is run as sendmail is, with -i -t -f <>, and reads the report.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.reports.command, report, value::path);
        }),
        ..ROW
    },
];
