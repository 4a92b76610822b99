//! What the domains of authors say about mail without their signature (RFC 5617).

use super::{ROW, TRUTH, parameter};
use crate::params::{Form, Kind, Param, Sample};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "adsp.evaluate",
        default: Some("no"),
        summary: "ask the author's domain about mail without its signature",
        manual: "ADSP (RFC 5617) is a thing of the past, and DMARC has taken its place. The \
                 answer is told in Authentication-Results. What stands below asks as well.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.adsp.evaluate, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "adsp.reject-discardable",
        dkim_filter: parameter("ADSPDiscard", TRUTH),
        default: Some("no"),
        summary: "reject unsigned mail that its domain calls discardable",
        manual: "It is rejected and not discarded, so that an honest sender learns of it.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.adsp.discard, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "adsp.reject-nxdomain",
        dkim_filter: parameter("ADSPNoSuchDomain", TRUTH),
        default: Some("no"),
        summary: "reject mail whose author's domain does not exist",
        manual: "DNS has to say so; that there is no answer is not enough.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.adsp.no_such_domain, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "adsp.local",
        dkim_filter: parameter("LocalADSP", Form::Word),
        kind: Kind::Path,
        summary: "a file of policies that are known here and not asked for",
        manual: "Lines of domain:policy, or .domain:policy for everything below it; the policy \
                 is unknown, all or discardable.",
        sample: Sample::Example("/etc/twinseal/adsp.txt"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.adsp.local, report, |text| Ok(text.to_owned()));
        }),
        ..ROW
    },
];
