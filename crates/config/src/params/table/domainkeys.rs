//! The DomainKeys seal.

use super::{FIELDS, ROW, TRUTH, letter, parameter};
use crate::params::Instead::{Same, Value};
use crate::params::{Acts, Kind, Param, Place, Sample, Unsaid};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "domainkeys",
        dkim_filter: parameter("DomainKeys", TRUTH),
        default: Some("yes"),
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value("no"), opendkim: Value("no") },
        summary: "make the DomainKeys seal",
        manual: "In the file, a section with settings in it means yes.",
        sample: Sample::Value(""),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.domainkeys, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "domainkeys.canonicalization",
        dk_filter: letter('c'),
        kind: Kind::Choice(&["simple", "nofws"]),
        default: Some("nofws"),
        unsaid: Unsaid { dk_filter: Value("simple"), dkim_filter: Same, opendkim: Same },
        summary: "how much change the DomainKeys seal forgives",
        manual: "simple forgives nothing, nofws changes of white space.",
        setter: Setter::Seals(|seals, given, report| {
            let place = &mut seals.domainkeys_canonicalization;
            given.put(place, report, value::domainkeys_canonicalization);
        }),
        ..ROW
    },
    Param {
        name: "domainkeys.omitted-headers",
        dk_filter: letter('o'),
        kind: Kind::List(FIELDS),
        default: Some(""),
        summary: "header fields that the DomainKeys seal leaves out",
        manual: "Those that change on the way are left out in any case.",
        sample: Sample::Example("[x-dkim]"),
        setter: Setter::Seals(|seals, given, report| {
            given.put_all(&mut seals.omitted, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "list-headers",
        dk_filter: letter('H'),
        place: Place::CommandLine,
        summary: "name the signed header fields in the DomainKeys seal",
        manual: "Every DomainKeys seal of ours does.",
        acts: Acts::No("every DomainKeys seal names its header fields"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.list_headers, report, value::switch);
        }),
        ..ROW
    },
];
