//! Parameters of features that only some builds of `dkim-filter` had. They are accepted, so that a
//! file that names them starts, and each says why nothing follows from it.

use super::{FIELDS, ROW, TRUTH, parameter};
use crate::params::{Acts, Form, Historic, Kind, Param, Place};
use crate::raw::Setter;
use crate::value;

/// What a signature by a key without DNSSEC was turned into.
const KEY_RESULTS: &[&str] = &["fail", "neutral", "none"];

/// What was done with a policy without DNSSEC.
const POLICY_USES: &[&str] = &["apply", "ignore"];

/// Reads a path, and keeps nothing of it.
const PATH: Setter = Setter::Top(|_, given, report| given.put(&mut None, report, value::path));

/// Reads yes or no, and keeps nothing of it.
const SWITCH: Setter = Setter::Top(|_, given, report| given.put(&mut None, report, value::switch));

/// Reads a number, and keeps nothing of it.
const NUMBER: Setter = Setter::Top(|_, given, report| given.put(&mut None, report, value::number));

/// Reads names of header fields, and keeps nothing of them.
const NAME: Setter =
    Setter::Top(|_, given, report| given.put_all(&mut None, report, value::field_name));

/// Reads one of [`KEY_RESULTS`], and keeps nothing of it.
const KEY_RESULT: Setter = Setter::Top(|_, given, report| {
    given.put(&mut None, report, |text| value::word(text, KEY_RESULTS));
});

/// Reads one of [`POLICY_USES`], and keeps nothing of it.
const POLICY_USE: Setter = Setter::Top(|_, given, report| {
    given.put(&mut None, report, |text| value::word(text, POLICY_USES));
});

/// Takes any word.
const WORD: Setter = Setter::Top(|_, _, _| {});

/// A name of ours, and that of `dkim-filter`.
const fn row(name: &'static str, historic: Historic, kind: Kind, setter: Setter) -> Param {
    Param { name, dkim_filter: historic, kind, place: Place::Historic, setter, ..ROW }
}

/// That row, with what it was for and why it is no more.
const fn without_effect(
    row: Param,
    summary: &'static str,
    manual: &'static str,
    reason: &'static str,
) -> Param {
    Param { summary, manual, acts: Acts::No(reason), ..row }
}

const REPUTATION: &str = "It was there only in builds for such a service, which is gone.";
const NO_REPUTATION: &str = "nobody is asked about anybody's reputation";
const VOUCHING: &str = "RFC 5518 made a header field of it, which nobody reads any more.";
const NO_VOUCHING: &str = "nobody vouches for mail any more: no VBR-Info is added or read";
const VALIDATION: &str = "It was there only in builds that checked DNSSEC themselves.";

pub(super) const ROWS: &[Param] = &[
    without_effect(
        row("body-length-database", parameter("BodyLengthDBFile", Form::Word), Kind::Path, PATH),
        "recipients whose mail got a signature of a part of the body",
        "It is a database of a kind that is not read here.",
        "no signature depends on the recipient; BodyLengths is for all mail",
    ),
    without_effect(
        row("bogus-key", parameter("BogusKey", Form::Word), Kind::Choice(KEY_RESULTS), KEY_RESULT),
        "the result of a signature whose key is forged, as DNSSEC has it",
        VALIDATION,
        "a resolver that checks DNSSEC hands out no forged key: the result is temperror",
    ),
    without_effect(
        row(
            "bogus-policy",
            parameter("BogusPolicy", Form::Word),
            Kind::Choice(POLICY_USES),
            POLICY_USE,
        ),
        "what was done with a policy that is forged, as DNSSEC has it",
        VALIDATION,
        "a resolver that checks DNSSEC hands out no forged policy: it counts as unavailable",
    ),
    without_effect(
        Param {
            opendkim: parameter("UnprotectedKey", Form::Word),
            ..row(
                "insecure-key",
                parameter("InsecureKey", Form::Word),
                Kind::Choice(KEY_RESULTS),
                KEY_RESULT,
            )
        },
        "the result of a good signature whose key DNSSEC does not protect",
        VALIDATION,
        "most keys are not protected, and whether one is, only the resolver can know: its word \
         is told in Authentication-Results and changes no result",
    ),
    without_effect(
        row(
            "insecure-policy",
            parameter("InsecurePolicy", Form::Word),
            Kind::Choice(POLICY_USES),
            POLICY_USE,
        ),
        "what was done with a policy that DNSSEC does not protect",
        VALIDATION,
        "a policy counts, whoever vouches for it",
    ),
    without_effect(
        row("commaize", parameter("Commaize", TRUTH), Kind::Switch, SWITCH),
        "sign address lists as sendmail was going to rewrite them",
        "A seal covers what the MTA shows.",
        "an MTA that rewrites addresses does so before it shows them, or breaks the seal; \
         relaxed canonicalization forgives white space",
    ),
    without_effect(
        row("diagnostic-directory", parameter("DiagnosticDirectory", Form::Word), Kind::Path, PATH),
        "where the header of mail that failed was written to",
        "It held what strangers send, in files.",
        "nothing of a message is written to disk; twinseal verify compares z= with what arrived",
    ),
    without_effect(
        row(
            "report-interval-database",
            parameter("ReportIntervalDB", Form::Word),
            Kind::Path,
            PATH,
        ),
        "when the last report to each domain was sent",
        "It is a database of a kind that is not read here.",
        "the limit of reports to a domain is kept in memory",
    ),
    reputation("reputation-fail", "ReputationFail", Kind::Number, NUMBER),
    reputation("reputation-pass", "ReputationPass", Kind::Number, NUMBER),
    reputation("reputation-reject", "ReputationReject", Kind::Number, NUMBER),
    reputation("reputation-root", "ReputationRoot", Kind::Text("a domain"), WORD),
    without_effect(
        row("selector-header", parameter("SelectorHeader", Form::Words), Kind::List(FIELDS), NAME),
        "the field of a message that named the key to sign with",
        "Whoever writes the message would choose.",
        "the configuration chooses the key; a key list does so by the sender",
    ),
    without_effect(
        row("statistics", parameter("Statistics", Form::Word), Kind::Path, PATH),
        "a database of what was verified",
        "It is a database of a kind that is not written here, and it was written once for each \
         message.",
        "no database is written; the log has every result",
    ),
    without_effect(
        row(
            "standard-version",
            parameter("Version", Form::Word),
            Kind::Text("a draft or an RFC"),
            WORD,
        ),
        "which version of the standard to speak",
        "dkim-filter itself has not known it since 1.0.0.",
        "RFC 6376 is the version that everybody speaks",
    ),
    vouching("vouching-certifiers", "VBR-Certifiers", "who vouches for our mail"),
    vouching(
        "vouching-trusted-certifiers",
        "VBR-TrustedCertifiers",
        "who is believed when he vouches for mail",
    ),
    vouching("vouching-type", "VBR-Type", "the kind of mail that is vouched for"),
];

const fn reputation(
    name: &'static str,
    historic: &'static str,
    kind: Kind,
    setter: Setter,
) -> Param {
    without_effect(
        row(name, parameter(historic, Form::Word), kind, setter),
        "what a reputation service was asked, or its answer meant",
        REPUTATION,
        NO_REPUTATION,
    )
}

const fn vouching(name: &'static str, historic: &'static str, summary: &'static str) -> Param {
    without_effect(
        row(name, parameter(historic, Form::Word), Kind::Text("a word"), WORD),
        summary,
        VOUCHING,
        NO_VOUCHING,
    )
}
