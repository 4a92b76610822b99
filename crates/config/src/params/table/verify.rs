//! What a signature has to be like.

use super::{FIELDS, ROW, TRUTH, historic, parameter};
use crate::params::Instead::{Same, Value};
use crate::params::{Acts, Form, Kind, Param, Place, Sample, Unsaid};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "verify.maximum-signatures",
        dkim_filter: parameter("MaximumSignaturesToVerify", Form::Word),
        opendkim: parameter("MaximumSignaturesToVerify", Form::Word),
        kind: Kind::Number,
        default: Some("10"),
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Same, opendkim: Value("3") },
        summary: "how many signatures of a message are looked at",
        manual: "Those of the author's domain and of trusted domains first, and then from the top \
                 of the header down. Each costs a question to DNS and an operation with a key; \
                 those that cannot pass in any case cost neither and do not count. No more than \
                 100 are read. With 0, only those of the author's domain and of trusted domains \
                 are looked at.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.verify.maximum_signatures, report, value::maximum_signatures);
        }),
        ..ROW
    },
    Param {
        name: "verify.minimum-key-bits",
        dkim_filter: parameter("MinimumKeyBits", Form::Word),
        opendkim: parameter("MinimumKeyBits", Form::Word),
        kind: Kind::Number,
        default: Some("1024"),
        summary: "the least bits of an RSA key that is good enough",
        manual: "Signatures by shorter keys have the result policy. Keys of less than 1024 bits \
                 never count.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.verify.minimum_key_bits, report, value::key_bits);
        }),
        ..ROW
    },
    Param {
        name: "verify.clock-drift",
        dkim_filter: parameter("ClockDrift", Form::Seconds),
        opendkim: parameter("ClockDrift", Form::Seconds),
        kind: Kind::Duration,
        default: Some("300s"),
        summary: "how far the signer's clock may be from ours",
        manual: "A signature that is made in the future, or has expired, by more than that has \
                 the result policy. A day is the most.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.verify.clock_drift, report, value::duration_or_none);
        }),
        ..ROW
    },
    Param {
        name: "verify.must-be-signed",
        dkim_filter: parameter("MustBeSigned", Form::Words),
        opendkim: parameter("MustBeSigned", Form::Set),
        kind: Kind::List(FIELDS),
        summary: "header fields that have to be signed if they are there",
        manual: "A signature that leaves one of them out has the result policy. From has to be \
                 signed in any case.",
        sample: Sample::Example("[subject, date]"),
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.verify.must_be_signed, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "verify.minimum-body",
        dkim_filter: historic('L', "Minimum", Form::Word),
        opendkim: historic('L', "Minimum", Form::Word),
        kind: Kind::Text("octets as 1000, a share as 50%, or octets that may be left as 1000+"),
        default: Some("0"),
        summary: "how much of the body has to be signed",
        manual: "A number of octets, a share of the body with %, or with + the octets at its \
                 end that may be left unsigned. A signature of less has the result policy: 0+ \
                 asks for the whole body, and 0 for nothing.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.verify.minimum_body, report, value::body_coverage);
        }),
        ..ROW
    },
    Param {
        name: "verify.required-headers",
        dkim_filter: historic('r', "RequiredHeaders", TRUTH),
        opendkim: historic('r', "RequiredHeaders", TRUTH),
        default: Some("no"),
        summary: "look at the number of header fields first",
        manual: "One From, one Date, and at most one of those that RFC 5322 has only one of. A \
                 message that is not so has the result permerror, whatever its signatures are; \
                 what becomes of it follows from them all the same.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.verify.required_headers, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "verify.trusted",
        dkim_filter: parameter("TrustSignaturesFrom", Form::Words),
        opendkim: parameter("TrustSignaturesFrom", Form::Set),
        kind: Kind::Domains,
        summary: "domains whose signatures count for mail of other domains",
        manual: "Without it, those of all domains do. That of the author's own domain always \
                 counts. A star stands for any characters.",
        sample: Sample::Example("[lists.example.org]"),
        setter: Setter::Top(|raw, given, _| given.put_source(&mut raw.verify.trusted)),
        ..ROW
    },
    Param {
        name: "verify.maximum-header",
        dkim_filter: parameter("MaximumHeaders", Form::Octets),
        opendkim: parameter("MaximumHeaders", Form::Octets),
        kind: Kind::Size,
        default: Some("1MiB"),
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value("65536B"), opendkim: Value("65536B") },
        summary: "how large the header of a message may be",
        manual: "Of a larger one, only actions.security is asked. 1MiB is the most.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.verify.maximum_header, report, value::octets);
        }),
        ..ROW
    },
    Param {
        name: "allow-weak-hash",
        dkim_filter: parameter("AllowSHA1Only", TRUTH),
        opendkim: parameter("AllowSHA1Only", TRUTH),
        place: Place::Historic,
        summary: "start without SHA-256",
        manual: "No cryptography here is without SHA-256.",
        acts: Acts::No("SHA-256 is always there, and signatures with SHA-1 never pass"),
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
    Param {
        name: "query-cache",
        dkim_filter: parameter("QueryCache", TRUTH),
        opendkim: parameter("QueryCache", TRUTH),
        place: Place::Historic,
        summary: "keep answers of DNS",
        manual: "They are kept in any case, as long as they say themselves.",
        acts: Acts::No("answers are always kept, as long as they may be"),
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
    Param {
        name: "trust-anchor-file",
        dkim_filter: parameter("TrustAnchorFile", Form::Word),
        opendkim: parameter("TrustAnchorFile", Form::Word),
        kind: Kind::Path,
        place: Place::Historic,
        summary: "the keys that DNSSEC begins with",
        manual: "They belong to the resolver.",
        acts: Acts::No("DNSSEC is checked by the resolver that is asked; the file belongs to that"),
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
];
