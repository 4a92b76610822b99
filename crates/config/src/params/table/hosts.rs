//! What is done with whose mail.

use super::{ROW, historic, letter, parameter};
use crate::params::Instead::{Same, Value};
use crate::params::{Form, Kind, Param, Sample, Unsaid};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "mode",
        dk_filter: letter('b'),
        dkim_filter: historic('b', "Mode", Form::Word),
        opendkim: historic('b', "Mode", Form::Word),
        kind: Kind::Choice(&["s", "v", "sv"]),
        default: Some("sv"),
        summary: "what to do: s signs what leaves, v verifies what arrives, sv both",
        manual: "Mail of internal and authenticated clients is signed, and all other verified. \
                 With v alone, no signing entry is needed.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.mode, report, value::mode);
        }),
        ..ROW
    },
    Param {
        name: "internal-hosts",
        dk_filter: letter('i'),
        dkim_filter: historic('i', "InternalHosts", Form::Word),
        opendkim: parameter("InternalHosts", Form::Set),
        kind: Kind::Hosts,
        default: Some("127.0.0.1,::1"),
        unsaid: Unsaid {
            dk_filter: Value("127.0.0.1"),
            dkim_filter: Value("127.0.0.1"),
            opendkim: Same,
        },
        summary: "clients whose mail is signed",
        manual: "Names, .names for everything below a domain, addresses, networks, and ! in front \
                 of an exception, which stands behind what it is an exception from, and, if it is \
                 written here, in quotes. A list replaces the default: 127.0.0.1 has to be in \
                 it. Authenticated clients count as internal wherever they are.",
        setter: Setter::Top(|raw, given, _| given.put_source(&mut raw.internal_hosts)),
        ..ROW
    },
    Param {
        name: "peers",
        dk_filter: letter('a'),
        dkim_filter: historic('a', "PeerList", Form::Word),
        opendkim: parameter("PeerList", Form::Set),
        kind: Kind::Hosts,
        default: Some(""),
        summary: "clients whose mail is none of our business",
        manual: "Their mail is neither signed nor verified. Written like internal-hosts.",
        setter: Setter::Top(|raw, given, _| given.put_source(&mut raw.peers)),
        ..ROW
    },
    Param {
        name: "external-ignore",
        dk_filter: letter('I'),
        dkim_filter: historic('I', "ExternalIgnoreList", Form::Word),
        opendkim: parameter("ExternalIgnoreList", Form::Set),
        kind: Kind::Hosts,
        default: Some(""),
        summary: "clients that may use our domains from outside without a warning",
        manual: "Their mail is not signed for that. Written like internal-hosts.",
        setter: Setter::Top(|raw, given, _| given.put_source(&mut raw.external_ignore)),
        ..ROW
    },
    Param {
        name: "exempt-domains",
        opendkim: parameter("ExemptDomains", Form::Set),
        kind: Kind::Domains,
        summary: "domains whose mail is none of our business",
        manual: "That of the author counts. It is neither signed nor verified. A star stands for \
                 any characters.",
        sample: Sample::Example("[partner.example]"),
        setter: Setter::Top(|raw, given, _| given.put_source(&mut raw.opendkim.exempt)),
        ..ROW
    },
];
