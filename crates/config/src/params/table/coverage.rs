//! What else the DKIM seal covers and says.

use super::{FIELDS, ROW, TRUTH, parameter};
use crate::params::{Form, Kind, Param, Sample};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "dkim.always-signed-headers",
        dkim_filter: parameter("AlwaysSignHeaders", Form::Words),
        kind: Kind::List(FIELDS),
        default: Some(""),
        summary: "header fields that the DKIM seal names even where they do not occur",
        manual: "Naming a field that does not occur says that nobody may add one: where the MTA \
                 adds it later, as Sendmail adds a missing Date, the seal fails. Where it occurs, \
                 it is signed.",
        setter: Setter::Seals(|seals, given, report| {
            given.put_all(&mut seals.content.always, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "dkim.body-length",
        dkim_filter: parameter("BodyLengths", TRUTH),
        default: Some("no"),
        summary: "let the DKIM seal say how long the body is",
        manual: "Then it stays valid when something is added to the end of the body, as mailing \
                 lists do, and whoever else handles the message can.",
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.content.body_length, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "dkim.maximum-signed-body",
        dkim_filter: parameter("MaximumSignedBytes", Form::Octets),
        opendkim: parameter("MaximumSignedBytes", Form::Octets),
        kind: Kind::Size,
        summary: "how much of the body the DKIM seal covers at most",
        manual: "What follows can be changed by anybody. It says how much that is, as with \
                 body-length.",
        sample: Sample::Example("64KiB"),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.content.maximum, report, value::octets);
        }),
        ..ROW
    },
    Param {
        name: "dkim.copied-headers",
        dkim_filter: parameter("Diagnostics", TRUTH),
        opendkim: parameter("Diagnostics", TRUTH),
        default: Some("no"),
        summary: "copy the signed header fields into the DKIM seal",
        manual: "Where it fails, the copies show what was changed on the way. Up to 16KiB are \
                 copied.",
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.content.copies, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "dkim.mend-line-ends",
        dkim_filter: parameter("FixCRLF", TRUTH),
        opendkim: parameter("FixCRLF", TRUTH),
        default: Some("no"),
        summary: "sign a body as if each bare CR and LF in it were CRLF",
        manual: "That is for mail whose line ends something behind the signer makes so; where \
                 nothing does, the seal of a message with a bare CR or LF fails. Postfix makes \
                 them so before anybody signs. What arrives is verified as it is.",
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.content.mends, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "dkim.request-reports",
        opendkim: parameter("RequestReports", TRUTH),
        default: Some("no"),
        summary: "ask for reports of DKIM seals that fail elsewhere",
        manual: "The seal says r=y, and the domain's record at _report._domainkey says where \
                 reports go (RFC 6651).",
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.content.reports, report, value::switch);
        }),
        ..ROW
    },
];
