//! The parameters of opendkim.conf that decide what becomes of mail that arrives.

use super::case::{CUT, Case, GOOD, IN_OUR_NAME, NO_DATE, STRANGER};

/// Enough to verify with.
const VERIFIES: Case = Case {
    lines: "Socket @DIR@/run/s\nBackground no\nMode v\nTestDNSData @DATA@/verify/keys.txt\n\
            AuthservID mx.example.net\n",
    mail: &[GOOD],
    ..Case::USUAL
};

const TRUTH: &[(&str, &str)] = &[("perhaps", "yes or no"), ("", "value")];

pub(super) const CASES: &[Case] = &[
    // The MTA is asked for the permission to put mail aside.
    Case {
        name: "CaptureUnknownErrors",
        value: "yes",
        seen: "negotiated 0x6 0x31 ",
        gone: "negotiated 0x6 0x11 ",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "KeepAuthResults",
        value: "yes",
        mail: &[IN_OUR_NAME],
        gone: "changes 1: Authentication-Results",
        bad: TRUTH,
        ..VERIFIES
    },
    // What its predecessor knew is known there, and does the same.
    Case {
        name: "LocalADSP",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nTestDNSData @DATA@/verify/keys.txt\n\
                ADSPDiscard yes\n",
        value: "@DIR@/policies",
        mail: &[STRANGER],
        seen: "answers 550 5.7.1 rejected due to DKIM ADSP evaluation",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/bad-policies", "bad-policies:1"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "LogResults",
        value: "yes",
        seen: "domain=example.com selector=rsa2048 result=\"no signature error\"",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "Minimum",
        value: "100%",
        mail: &[CUT],
        seen: "dkim=policy",
        gone: "dkim=pass",
        bad: &[("half", "half"), ("101%", "101%"), ("", "value")],
        ..VERIFIES
    },
    Case { name: "NoHeaderB", value: "yes", gone: "header.b=", bad: TRUTH, ..VERIFIES },
    Case {
        name: "RequiredHeaders",
        value: "yes",
        mail: &[NO_DATE],
        seen: "answers 550 5.0.0 message does not have exactly one Date field",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "StrictHeaders",
        value: "yes",
        mail: &[NO_DATE],
        seen: "dkim=permerror (bad message/signature format)",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "TestDNSData",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nNameservers 127.0.0.1\n",
        value: "file:@DATA@/verify/keys.txt",
        seen: "dkim=pass",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/no-fields", "no-fields:1"), ("", "value")],
        ..VERIFIES
    },
];
