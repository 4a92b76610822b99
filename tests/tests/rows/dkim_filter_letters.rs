//! The letters of dkim-filter.

use super::case::{
    BACKGROUND, BAD, BELOW, BY_USERS, CUT, Case, Elsewhere, LOG, NO_DATE, OURS, OUTSIDE,
};

/// Enough to sign with.
const SIGNS: Case = Case {
    words: "-p @DIR@/run/s -f -b s -d example.com -k @DATA@/keys/rsa1024.pem -s sel",
    mail: &[OURS],
    ..Case::USUAL
};

/// Enough to verify with.
pub(super) const VERIFIES: Case = Case {
    words: "-p @DIR@/run/s -f -b v",
    lines: "TestPublicKeys @DATA@/verify/keys.txt\nAuthservID mx.example.net\n",
    ..Case::USUAL
};

const SEAL: &str = "inserts 1: DKIM-Signature";

/// What is sent by a command that takes it from us.
const REPORTS: Elsewhere = Elsewhere {
    name: "",
    file: "tests/tests/reports.rs",
    test: "a_changed_body_is_reported_once_and_nothing_else_is",
    bad: &[],
};

const REPORTING: Elsewhere = Elsewhere {
    name: "",
    file: "crates/daemon/src/reporting/tests.rs",
    test: "only_what_the_signer_asks_for_is_reported",
    bad: &[],
};

/// What takes several deaths.
const RESTARTS: Elsewhere = Elsewhere {
    name: "",
    file: "tests/tests/supervised.rs",
    test: "what_dies_too_often_is_given_up",
    bad: &[],
};

/// What no mail and no configuration brings about.
const ERRORS: Elsewhere = Elsewhere {
    name: "",
    file: "crates/daemon/src/serving/transaction/obstacle.rs",
    test: "an_error_of_ours_has_the_action_for_it",
    bad: &[],
};

const LIST: &[(&str, &str)] = &[("@DIR@/nowhere", "nowhere")];

pub(super) const CASES: &[Case] = &[
    Case { name: "-A", seen: "has 1 children", gone: "has 0 children", ..SIGNS },
    Case {
        name: "-F",
        words: "-t @DATA@/verify/expired.eml",
        value: "1699998500",
        seen: "succeeded",
        bad: &[("soon", "soon")],
        ..VERIFIES
    },
    Case {
        name: "-t",
        value: "@DATA@/verify/pass-relaxed-relaxed.eml",
        seen: "verification (s=rsa2048, d=example.com, 2048-bit key) succeeded",
        ..VERIFIES
    },
    Case { name: "-T", value: "0", seen: "300s", bad: &[("5x", "5x")], ..VERIFIES },
    Case {
        name: "-v",
        words: "-t @DATA@/verify/body-changed.eml",
        seen: "bad signature data (s=rsa2048, d=example.com)",
        ..VERIFIES
    },
    Case { name: "-a", value: "@DIR@/local", gone: SEAL, bad: LIST, ..SIGNS },
    Case { name: "-b", value: "v", gone: SEAL, bad: &[("x", "x")], ..SIGNS },
    Case {
        name: "-c",
        value: "relaxed/simple",
        seen: "c=relaxed/simple",
        gone: "c=simple/simple",
        bad: &[("nofws", "nofws"), ("relaxed/", "relaxed/")],
        ..SIGNS
    },
    Case {
        name: "-C",
        value: "bad=r,no=t",
        mail: &[BAD],
        seen: "answers 550 5.7.0 bad DKIM signature data",
        bad: &[("bad", "bad"), ("good=a", "good"), ("bad=bounce", "bounce")],
        ..VERIFIES
    },
    Case {
        name: "-d",
        value: "example.org",
        gone: SEAL,
        bad: &[("/nowhere", "/nowhere"), ("exa_mple..com", "exa_mple..com")],
        ..SIGNS
    },
    Case { name: "-D", mail: &[BELOW], seen: "i=@example.com", ..SIGNS },
    Case { name: "-h", seen: "inserts 1: X-DKIM | Twinseal", ..SIGNS },
    Case { name: "-i", value: "@DIR@/hosts", mail: &[OUTSIDE], seen: SEAL, bad: LIST, ..SIGNS },
    Case {
        name: "-I",
        value: "@DIR@/hosts",
        mail: &[OUTSIDE],
        gone: "attempted to send as",
        bad: LIST,
        ..SIGNS
    },
    Case {
        name: "-k",
        value: "@DATA@/keys/rsa2048.pem",
        gone: "rsa1024.pem is not safe",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/hosts", "hosts")],
        ..SIGNS
    },
    Case {
        name: "-K",
        words: "-p @DIR@/run/s -f -b s -k @DIR@/three-fields",
        seen: "s=rsa2048.pem",
        gone: "exit status: 78",
        ..SIGNS
    },
    Case {
        name: "-L",
        value: "100%",
        mail: &[CUT],
        seen: "partial verification",
        bad: &[("half", "half"), ("101%", "101%")],
        ..VERIFIES
    },
    Case { name: "-m", value: "MTA,MSA", mail: &[BY_USERS], seen: SEAL, ..SIGNS },
    Case {
        name: "-M",
        value: "daemon_name=MTA|MSA",
        mail: &[BY_USERS],
        seen: SEAL,
        bad: &[("=x", "-M")],
        ..SIGNS
    },
    Case { name: "-n", seen: "said: the configuration is valid", gone: SEAL, ..SIGNS },
    Case { name: "-o", value: "subject", gone: "ubject:", bad: &[("a:b", "a:b")], ..SIGNS },
    Case { name: "-p", value: "inet:0@127.0.0.1", seen: "exit status: 78", ..SIGNS },
    Case { name: "-P", value: "@DIR@/run/pid", seen: "file pid", ..SIGNS },
    Case { name: "-q", mail: &[BAD], seen: "quarantines dkim-filter: ", ..VERIFIES },
    Case { name: "-r", mail: &[NO_DATE], seen: "bad format", ..VERIFIES },
    Case {
        name: "-s",
        value: "other",
        seen: "s=other",
        gone: "s=sel",
        bad: &[("a..b", "a..b")],
        ..SIGNS
    },
    Case {
        name: "-S",
        value: "rsa-sha1",
        seen: "signatures are made with rsa-sha256",
        bad: &[("dsa-sha1", "dsa-sha1")],
        ..SIGNS
    },
    Case { name: "-u", value: "nobody", seen: "Uid: 65534", gone: "Uid: 0", ..SIGNS },
    Case { name: "-V", seen: "said: dkim-filter: Twinseal", gone: SEAL, ..SIGNS },
    Case { name: "-W", mail: &[OUTSIDE], seen: "not internal", ..SIGNS },
    Case {
        name: "-x",
        value: "@DIR@/no-fields",
        seen: "exit status: 78",
        gone: SEAL,
        bad: &[("@DIR@/nowhere", "nowhere")],
        ..SIGNS
    },
];

pub(super) const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere { name: "-R", ..REPORTS },
    Elsewhere { name: "SendReports", bad: &[("perhaps", "yes or no"), ("", "value")], ..REPORTS },
    Elsewhere {
        name: "SendADSPReports",
        bad: &[("perhaps", "yes or no"), ("", "value")],
        ..REPORTING
    },
    Elsewhere { name: "ReportAddress", bad: &[("nobody", "nobody"), ("", "value")], ..REPORTS },
    Elsewhere { name: "AutoRestartCount", bad: &[("many", "many"), ("", "value")], ..RESTARTS },
    Elsewhere {
        name: "AutoRestartRate",
        bad: &[("often", "often"), ("10", "10"), ("", "value")],
        ..RESTARTS
    },
    Elsewhere {
        name: "FixCRLF",
        file: "crates/daemon/src/serving/connection/tests/leaving.rs",
        test: "a_body_with_other_line_ends_is_signed_as_it_will_arrive",
        bad: &[("perhaps", "yes or no"), ("", "value")],
    },
    Elsewhere {
        name: "On-InternalError",
        bad: &[("bounce", "accept, reject"), ("", "value")],
        ..ERRORS
    },
    Elsewhere {
        name: "On-SignatureError",
        bad: &[("bounce", "accept, reject"), ("", "value")],
        ..ERRORS
    },
    Elsewhere { name: "-f", ..BACKGROUND },
    Elsewhere { name: "Background", bad: &[("perhaps", "yes or no"), ("", "value")], ..BACKGROUND },
    Elsewhere { name: "-l", ..LOG },
    Elsewhere { name: "Syslog", bad: &[("perhaps", "yes or no"), ("", "value")], ..LOG },
    Elsewhere { name: "SyslogFacility", bad: &[("local9", "local9"), ("", "value")], ..LOG },
];
