//! The Authentication-Results field.

use super::{ROW, TRUTH, parameter};
use crate::params::{Form, Kind, Param, Sample};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "results.authserv-id",
        dkim_filter: parameter("AuthservID", Form::Word),
        opendkim: parameter("AuthservID", Form::Word),
        kind: Kind::Text("a name, usually that of the host"),
        summary: "the name that the field Authentication-Results speaks in",
        manual: "Readers of mail have to know it. Without it, it is the MTA's own name (macro \
                 j), else the host's. Fields of others in that name are removed.",
        sample: Sample::Example("mx.example.com"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.results.authserv_id, report, value::authserv_id);
        }),
        ..ROW
    },
    Param {
        name: "results.with-job-id",
        dkim_filter: parameter("AuthservIDWithJobID", TRUTH),
        opendkim: parameter("AuthservIDWithJobID", TRUTH),
        default: Some("no"),
        summary: "put the queue id behind that name",
        manual: "With a slash between them, which few readers of mail expect.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.results.with_job_id, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "results.always",
        dkim_filter: parameter("AlwaysAddARHeader", TRUTH),
        opendkim: parameter("AlwaysAddARHeader", TRUTH),
        default: Some("no"),
        summary: "add the field to mail without a signature too",
        manual: "It says dkim=none.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.results.always, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "results.remove-from",
        dkim_filter: parameter("RemoveARFrom", Form::Words),
        opendkim: parameter("RemoveARFrom", Form::Set),
        kind: Kind::List("the name of a host, or .name for everything below a domain"),
        summary: "whose such fields are removed, besides those in our name",
        manual: "Those in our own name are forged, and always removed. Of these here, fields \
                 that say something about DKIM are.",
        sample: Sample::Example("[mx.example.com, .example.net]"),
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.results.remove_from, report, value::authserv_pattern);
        }),
        ..ROW
    },
    Param {
        name: "results.remove-all",
        dkim_filter: parameter("RemoveARAll", TRUTH),
        opendkim: parameter("RemoveARAll", TRUTH),
        default: Some("no"),
        summary: "remove them whatever they say",
        manual: "Without it, those of remove-from stay that say nothing about DKIM.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.results.remove_all, report, value::switch);
        }),
        ..ROW
    },
];
