//! The letters and parameters of opendkim: those that its predecessor had, in its own way, and
//! those that it alone has.

use super::case::{
    BACKGROUND, BAD, BELOW, BY_SENDER, CUT, Case, Elsewhere, FORGED, GOOD, LOG, NO_DATE, OURS,
    OUTSIDE, SEVERAL, STRANGER, UNSIGNED,
};
use super::dkim_filter_letters::{ERRORS, REPORTING, REPORTS, RESTARTS};
use super::{dkim_filter_letters, dkim_filter_parameters};
use std::collections::BTreeSet;
use twinseal_e2e::observed::Mail;

/// Enough to sign with.
const SIGNS: Case = Case {
    lines: "Socket @DIR@/run/s\nBackground no\nMode s\nRequireSafeKeys no\nDomain example.com\n\
            Selector sel\nKeyFile @DATA@/keys/rsa1024.pem\n",
    mail: &[OURS],
    ..Case::USUAL
};

/// The same with tables.
const TABLES: Case = Case {
    lines: "Socket @DIR@/run/s\nBackground no\nMode s\nRequireSafeKeys no\n\
            KeyTable @DIR@/keys\nSigningTable @DIR@/senders\n",
    ..SIGNS
};

/// Enough to verify with.
pub(super) const VERIFIES: Case = Case {
    lines: "Socket @DIR@/run/s\nBackground no\nMode v\nTestPublicKeys @DATA@/verify/keys.txt\n\
            AuthservID mx.example.net\n",
    mail: &[GOOD],
    ..Case::USUAL
};

/// A key that everybody can read.
const UNSAFE: &str = "Socket @DIR@/run/s\nBackground no\nMode s\nDomain example.com\nSelector sel\n\
    KeyFile @DATA@/keys/rsa1024.pem\n";

const SEAL: &str = "inserts 0: DKIM-Signature";
const TRUTH: &[(&str, &str)] = &[("perhaps", "yes or no"), ("", "value")];
const SET: &[(&str, &str)] = &[("@DIR@/nowhere", "nowhere"), ("dsn:x", "refused")];

/// What it has in a way of its own.
const OWN: &[Case] = &[
    Case {
        name: "KeyTable",
        lines: "Socket @DIR@/run/s\nBackground no\nMode s\nRequireSafeKeys no\n\
                SigningTable @DIR@/senders\n",
        value: "@DIR@/keys",
        seen: "s=first",
        bad: SET,
        ..SIGNS
    },
    Case {
        name: "SigningTable",
        lines: "Socket @DIR@/run/s\nBackground no\nMode s\nRequireSafeKeys no\n\
                KeyTable @DIR@/keys\n",
        value: "refile:@DIR@/patterns",
        seen: "s=second",
        bad: SET,
        ..SIGNS
    },
    Case { name: "MultipleSignatures", value: "yes", seen: "s=second", bad: TRUTH, ..TABLES },
    Case { name: "ExemptDomains", value: "example.com", gone: SEAL, bad: SET, ..SIGNS },
    Case {
        name: "OversignHeaders",
        value: "Subject",
        seen: "Date:From:Subject;",
        bad: SET,
        ..SIGNS
    },
    Case { name: "SignHeaders", value: "*,-subject", gone: "Subject", bad: SET, ..SIGNS },
    Case { name: "OmitHeaders", value: "*,+date", gone: ":Date", bad: SET, ..SIGNS },
    Case { name: "RequestReports", value: "yes", seen: "r=y;", bad: TRUTH, ..SIGNS },
    Case { name: "SoftwareHeader", value: "yes", seen: "DKIM-Filter", bad: TRUTH, ..SIGNS },
    Case {
        name: "StrictHeaders",
        value: "yes",
        mail: &[NO_DATE],
        seen: "dkim=permerror (bad message/signature format)",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "RequiredHeaders",
        value: "yes",
        mail: &[NO_DATE],
        seen: "550 5.0.0 message does not have exactly one Date field",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "-r",
        mail: &[NO_DATE],
        seen: "550 5.0.0 message does not have exactly one Date field",
        ..VERIFIES
    },
    Case {
        name: "IgnoreMalformedMail",
        value: "yes",
        mail: &[NOBODY],
        gone: "dkim=permerror",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "KeepAuthResults",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nAuthservID relay.example\n",
        value: "yes",
        mail: &[FORGED],
        gone: "changes",
        bad: TRUTH,
        ..VERIFIES
    },
    Case { name: "NoHeaderB", value: "yes", gone: "header.b=", bad: TRUTH, ..VERIFIES },
    Case {
        name: "LogResults",
        value: "yes",
        seen: "result=\"no signature error\"",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "MaximumSignaturesToVerify",
        value: "1",
        mail: &[SEVERAL],
        seen: "ignoring ",
        bad: &[("many", "many")],
        ..VERIFIES
    },
    Case {
        name: "SenderMacro",
        value: "mail_addr",
        mail: &[BY_MACRO],
        seen: SEAL,
        bad: &[("{", "macro")],
        ..SIGNS
    },
    Case {
        name: "SenderHeaders",
        value: "Sender",
        mail: &[BY_SENDER],
        gone: SEAL,
        bad: SET,
        ..SIGNS
    },
    Case { name: "Domain", value: "example.org", gone: SEAL, bad: SET, ..SIGNS },
    Case { name: "SubDomains", value: "yes", mail: &[BELOW], seen: SEAL, bad: TRUTH, ..SIGNS },
    Case {
        name: "InternalHosts",
        value: "192.0.2.0/24",
        mail: &[OUTSIDE],
        seen: SEAL,
        bad: SET,
        ..SIGNS
    },
    Case {
        name: "ExternalIgnoreList",
        value: "192.0.2.1",
        mail: &[OUTSIDE],
        gone: "attempted to send as",
        bad: SET,
        ..SIGNS
    },
    Case { name: "PeerList", value: "127.0.0.1", gone: SEAL, bad: SET, ..SIGNS },
    Case {
        name: "AlwaysAddARHeader",
        value: "yes",
        mail: &[UNSIGNED],
        seen: "dkim=none",
        bad: TRUTH,
        ..VERIFIES
    },
    Case { name: "RequireSafeKeys", lines: UNSAFE, value: "no", seen: SEAL, bad: TRUTH, ..SIGNS },
    Case {
        name: "TestDNSData",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\n",
        value: "file:@DATA@/verify/keys.txt",
        seen: "dkim=pass",
        bad: &[("@DIR@/nowhere", "nowhere"), ("ldap:x", "refused")],
        ..VERIFIES
    },
    Case { name: "-L", mail: &[CUT], value: "100%", seen: "dkim=policy", ..VERIFIES },
    Case {
        name: "Minimum",
        mail: &[CUT],
        value: "100%",
        seen: "dkim=policy",
        bad: &[("x", "x")],
        ..VERIFIES
    },
    Case { name: "-q", mail: &[BAD], seen: "quarantines opendkim: ", ..VERIFIES },
    Case {
        name: "Quarantine",
        mail: &[BAD],
        value: "yes",
        seen: "quarantines opendkim: ",
        bad: TRUTH,
        ..VERIFIES
    },
    Case { name: "-V", seen: "said: opendkim: Twinseal", ..SIGNS },
    Case {
        name: "LocalADSP",
        value: "@DIR@/policies",
        mail: &[STRANGER],
        seen: "dkim-adsp=discard",
        bad: &[("/nowhere", "/nowhere")],
        ..VERIFIES
    },
    Case {
        name: "DontSignMailTo",
        value: "bob@example.net",
        seen: "skipping signing of mail to 'bob@example.net'",
        bad: SET,
        ..SIGNS
    },
    Case { name: "-e", lines: SIGNS.lines, value: "Selector", seen: "said: sel", ..Case::USUAL },
];

/// What conversations with opendkim show.
const CONVERSATIONS: Elsewhere =
    Elsewhere { name: "", file: "tests/tests/opendkim_door.rs", test: "limits", bad: &[] };

/// What other tests see.
pub(super) const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere { name: "SendReports", bad: TRUTH, ..REPORTS },
    Elsewhere { name: "SendADSPReports", bad: TRUTH, ..REPORTING },
    Elsewhere { name: "ReportAddress", bad: &[("nobody", "nobody")], ..REPORTS },
    Elsewhere { name: "AutoRestartCount", bad: &[("many", "many")], ..RESTARTS },
    Elsewhere { name: "AutoRestartRate", bad: &[("often", "often")], ..RESTARTS },
    Elsewhere { name: "On-InternalError", bad: &[("bounce", "accept, reject")], ..ERRORS },
    Elsewhere { name: "On-SignatureError", bad: &[("bounce", "accept, reject")], ..ERRORS },
    Elsewhere {
        name: "FixCRLF",
        file: "crates/daemon/src/serving/connection/tests/leaving.rs",
        test: "a_body_with_other_line_ends_is_signed_as_it_will_arrive",
        bad: TRUTH,
    },
    Elsewhere { name: "CaptureUnknownErrors", test: "negotiation", bad: TRUTH, ..CONVERSATIONS },
    Elsewhere {
        name: "ReplaceRules",
        bad: &[("@DIR@/nowhere", "nowhere"), ("@DIR@/no-rules", "a tab")],
        ..CONVERSATIONS
    },
    Elsewhere { name: "ReplaceHeaders", bad: &[("a b", "a b")], ..CONVERSATIONS },
    Elsewhere {
        name: "-Q",
        file: "crates/config/src/tests/opendkim.rs",
        test: "a_data_set_answers_queries",
        bad: &[],
    },
    Elsewhere { name: "-f", ..BACKGROUND },
    Elsewhere { name: "Background", bad: TRUTH, ..BACKGROUND },
    Elsewhere { name: "-l", ..LOG },
    Elsewhere { name: "Syslog", bad: TRUTH, ..LOG },
    Elsewhere { name: "SyslogFacility", bad: &[("local9", "local9")], ..LOG },
    Elsewhere { name: "SyslogName", bad: &[("a b", "a word")], ..LOG },
];

/// A message of nobody.
const NOBODY: Mail<'static> = Mail { text: "To: b@example.net\n\nx\n", ..OUTSIDE };

/// One whose author the MTA tells.
const BY_MACRO: Mail<'static> = Mail {
    macros: &[("{mail_addr}", "ann@example.com")],
    text: "From: eve@elsewhere.example\nTo: b@example.net\nSubject: x\n\nx\n",
    ..OURS
};

/// All cases: its own, and those of dkim-filter under the names that it kept.
pub(super) fn cases(names: &BTreeSet<String>) -> Vec<&'static Case> {
    let own: BTreeSet<&str> =
        OWN.iter().map(|case| case.name).chain(ELSEWHERE.iter().map(|other| other.name)).collect();
    let kept = dkim_filter_letters::CASES.iter().chain(dkim_filter_parameters::CASES);
    let kept = kept.filter(|case| names.contains(case.name) && !own.contains(case.name));
    OWN.iter().chain(kept.map(here)).collect()
}

/// A case of dkim-filter as it is here: fields go to the top, and the keys of tests are no secret.
fn here(case: &'static Case) -> &'static Case {
    let at_the_top =
        |text: &str| -> &'static str { text.replace("inserts 1:", "inserts 0:").leak() };
    let lines = format!("RequireSafeKeys no\n{}", case.lines).leak();
    let case = Case { lines, seen: at_the_top(case.seen), gone: at_the_top(case.gone), ..*case };
    Box::leak(Box::new(case))
}
