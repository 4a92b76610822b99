//! What only historic programs have names for.

use super::{FIELDS, ROW, TRUTH, historic, letter, parameter};
use crate::params::Instead::{Same, Value};
use crate::params::{Acts, Form, Kind, Param, Place, Unsaid};
use crate::raw::{Set, Setter};
use crate::value;
use twinseal_message::FieldName;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "sender-headers",
        dkim_filter: parameter("SenderHeaders", Form::Words),
        opendkim: parameter("SenderHeaders", Form::Set),
        kind: Kind::List(FIELDS),
        default: Some("from"),
        unsaid: Unsaid {
            dk_filter: Value("sender,from"),
            dkim_filter: Value("resent-sender,resent-from,sender,from"),
            opendkim: Same,
        },
        place: Place::File,
        summary: "the header fields that say whose message it is; the first one that is there does",
        manual: "From counts at the end, named or not. For the DomainKeys seal, it is Sender, \
                 else From, whatever stands here.",
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.sender_headers, report, value::field_name);
            if let (Some(list), Ok(from)) = (&mut raw.sender_headers, FieldName::parse("from"))
                && !list.value.iter().any(|name| name.value == from)
            {
                let origin = list.origin.clone();
                list.value.push(Set { value: from, origin });
            }
        }),
        ..ROW
    },
    Param {
        name: "trace-header",
        dk_filter: letter('h'),
        dkim_filter: historic('h', "X-Header", TRUTH),
        opendkim: parameter("SoftwareHeader", TRUTH),
        default: Some("no"),
        place: Place::Historic,
        summary: "add a field that says which program has seen the message",
        manual: "X-DomainKeys in the place of dk-filter, whether it is signed or not; X-DKIM in \
                 the place of dkim-filter, if it is signed or verified; DKIM-Filter in that of \
                 opendkim.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.trace_header, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "pop-database",
        dk_filter: letter('U'),
        dkim_filter: historic('U', "POPDBFile", Form::Word),
        opendkim: parameter("POPDBFile", Form::Word),
        kind: Kind::Path,
        place: Place::Historic,
        summary: "a database of clients that have authenticated over POP",
        manual: "Clients that authenticate over SMTP are known without it.",
        acts: Acts::Refused(
            "who is in a POP database is not known here, and would not be signed for; let clients \
             authenticate over SMTP, or list them with -i",
        ),
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
];
