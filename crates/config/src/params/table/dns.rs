//! Where keys are asked for.

use super::{ROW, historic, parameter};
use crate::params::{Form, Kind, Param, Sample};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "dns.servers",
        dkim_filter: parameter("Nameservers", Form::Words),
        opendkim: parameter("Nameservers", Form::Words),
        kind: Kind::List("an address, with a port if it is not 53"),
        summary: "the servers that are asked for keys",
        manual: "Without them, those of the system are. A server on the same host that checks \
                 DNSSEC is the best choice. Three are asked at most. An IPv6 address with a port \
                 stands in brackets.",
        sample: Sample::Example("[127.0.0.1, \"[::1]:5353\"]"),
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.dns.servers, report, value::name_server);
        }),
        ..ROW
    },
    Param {
        name: "dns.timeout",
        dkim_filter: historic('T', "DNSTimeout", Form::Seconds),
        opendkim: historic('T', "DNSTimeout", Form::Seconds),
        kind: Kind::Duration,
        default: Some("5s"),
        summary: "how long a message waits for its keys",
        manual: "For all of them together, from the end of its header on. Then actions.dns-\
                 error counts. 300s is the most.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.dns.timeout, report, value::duration_or_none);
        }),
        ..ROW
    },
    Param {
        name: "dns.test-keys",
        dkim_filter: parameter("TestPublicKeys", Form::Word),
        opendkim: parameter("TestDNSData", Form::Set),
        kind: Kind::Path,
        summary: "a file of keys that takes the place of DNS",
        manual: "On each line, a name and its record, or a record as zone files have it: for \
                 tests, and where there is no DNS.",
        sample: Sample::Example("/etc/twinseal/keys.txt"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.dns.test_keys, report, value::path);
        }),
        ..ROW
    },
];
