//! The DKIM seal.

use super::{FIELDS, ROW, historic, parameter};
use crate::params::Instead::{Same, Value};
use crate::params::{Form, Kind, Param, Place, Sample, Unsaid};
use crate::raw::Setter;
use crate::value;

/// What `dkim-filter` signed, wherever it occurred. From is signed in any case.
const DKIM_FILTER_SIGNED: &str = "sender,reply-to,subject,date,message-id,to,cc,mime-version,\
    content-type,content-transfer-encoding,content-id,content-description,resent-date,resent-from,\
    resent-sender,resent-to,resent-cc,resent-message-id,in-reply-to,references,list-id,list-help,\
    list-unsubscribe,list-subscribe,list-post,list-owner,list-archive";

/// What `opendkim` signs, wherever it occurs.
pub(crate) const OPENDKIM_SIGNED: &str = "from,reply-to,subject,date,to,cc,resent-date,resent-from,\
    resent-sender,resent-to,resent-cc,in-reply-to,references,list-id,list-help,list-unsubscribe,\
    list-subscribe,list-post,list-owner,list-archive";

/// What `opendkim` leaves out.
pub(crate) const OPENDKIM_OMITTED: &str = "return-path,received,comments,keywords";

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "dkim",
        default: Some("yes"),
        unsaid: Unsaid { dk_filter: Value("no"), dkim_filter: Same, opendkim: Same },
        summary: "make the DKIM seal",
        manual: "In the file, a section with settings in it means yes.",
        sample: Sample::Value(""),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.dkim, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "dkim.canonicalization",
        dkim_filter: historic('c', "Canonicalization", Form::Word),
        opendkim: historic('c', "Canonicalization", Form::Word),
        kind: Kind::Choice(&[
            "simple/simple",
            "simple/relaxed",
            "relaxed/simple",
            "relaxed/relaxed",
            "simple",
            "relaxed",
        ]),
        default: Some("relaxed/simple"),
        unsaid: Unsaid {
            dk_filter: Same,
            dkim_filter: Value("simple/simple"),
            opendkim: Value("simple/simple"),
        },
        summary: "how much change the DKIM seal forgives, in header/body",
        manual: "simple forgives almost nothing, relaxed changes of white space. One word alone \
                 is for the header, and the body is simple then.",
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.canonicalization, report, value::dkim_canonicalization);
        }),
        ..ROW
    },
    Param {
        name: "dkim.expire-after",
        dkim_filter: parameter("SignatureTTL", Form::Seconds),
        opendkim: parameter("SignatureTTL", Form::Seconds),
        kind: Kind::Duration,
        summary: "how long the DKIM seal is valid",
        manual: "Units are s, m, h, d and w. Without it, or with 0s, the seal does not expire.",
        sample: Sample::Example("14d"),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.expire_after, report, value::duration_or_none);
        }),
        ..ROW
    },
    Param {
        name: "dkim.identity",
        kind: Kind::Text("@example.com or user@example.com"),
        summary: "on whose behalf the domain signs",
        manual: "It has to be in the signing domain. Without it, that is everybody in the domain.",
        sample: Sample::Example(r#""@example.com""#),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.identity, report, value::identity);
        }),
        ..ROW
    },
    Param {
        name: "dkim.signed-headers",
        dkim_filter: parameter("SignHeaders", Form::Words),
        opendkim: parameter("SignHeaders", Form::Set),
        kind: Kind::List(FIELDS),
        unsaid: Unsaid {
            dk_filter: Same,
            dkim_filter: Value(DKIM_FILTER_SIGNED),
            opendkim: Value(OPENDKIM_SIGNED),
        },
        summary: "the header fields that the DKIM seal covers, wherever they occur",
        manual: "A list replaces the default. From is always covered.",
        setter: Setter::Seals(|seals, given, report| {
            given.put_all(&mut seals.signed, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "dkim.oversigned-headers",
        opendkim: parameter("OversignHeaders", Form::Set),
        kind: Kind::List(FIELDS),
        // From alone: a name that others may add a field of was never over-signed there.
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value(""), opendkim: Value("") },
        summary: "the header fields of which nobody may add another one",
        manual: "A list replaces the default. From always is one of them, and a field that does \
                 not occur is none.",
        setter: Setter::Seals(|seals, given, report| {
            given.put_all(&mut seals.oversigned, report, value::field_name);
            let names = given.items.iter().map(|item| item.value.clone());
            seals.content.spelled = names.collect();
        }),
        ..ROW
    },
    Param {
        name: "dkim.omitted-headers",
        dkim_filter: historic('o', "OmitHeaders", Form::Words),
        opendkim: historic('o', "OmitHeaders", Form::Set),
        kind: Kind::List(FIELDS),
        place: Place::Historic,
        summary: "header fields that the seals leave out",
        manual: "From cannot be left out; - leaves nothing out.",
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.seals.dkim_omitted, report, value::field_name);
        }),
        ..ROW
    },
];
