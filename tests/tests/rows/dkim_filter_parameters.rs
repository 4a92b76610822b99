//! The parameters of dkim-filter.conf.

use super::case::{
    BAD, BELOW, BY_ANOTHER, BY_SENDER, BY_USERS, CUT, Case, FORECAST, FORGED, GOOD, MISSING,
    NO_DATE, NO_SUBJECT, OURS, OUTSIDE, SANDBOX, SEVERAL, SIGNED_BEFORE, STRANGER, UNANSWERED,
    UNSIGNED, WEAK, metrics,
};

/// Enough to sign with.
const SIGNS: Case = Case {
    lines: "Socket @DIR@/run/s\nBackground no\nMode s\nDomain example.com\nSelector sel\n\
            KeyFile @DATA@/keys/rsa1024.pem\n",
    mail: &[OURS],
    ..Case::USUAL
};

/// Enough to verify with.
const VERIFIES: Case = Case {
    lines: "Socket @DIR@/run/s\nBackground no\nMode v\nTestPublicKeys @DATA@/verify/keys.txt\n\
            AuthservID mx.example.net\n",
    mail: &[GOOD],
    ..Case::USUAL
};

const SEAL: &str = "inserts 1: DKIM-Signature";
const RESULTS: &str = "inserts 0: Authentication-Results";
const LIST: &[(&str, &str)] = &[("@DIR@/nowhere", "nowhere")];
const TRUTH: &[(&str, &str)] = &[("perhaps", "yes or no"), ("", "value")];
const ACTION: &[(&str, &str)] = &[("bounce", "accept, reject, tempfail"), ("", "value")];
const NUMBER: &[(&str, &str)] = &[("many", "many"), ("5x", "5x"), ("", "value")];

pub(super) const CASES: &[Case] = &[
    Case {
        name: "ADSPDiscard",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nTestPublicKeys @DATA@/verify/keys.txt\n\
                LocalADSP @DIR@/policies\n",
        value: "yes",
        mail: &[STRANGER],
        seen: "answers 550 5.7.1 rejected due to DKIM ADSP evaluation",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "ADSPNoSuchDomain",
        value: "yes",
        mail: &[STRANGER],
        seen: "answers 550 5.7.1 sender domain does not exist",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "AlwaysAddARHeader",
        value: "yes",
        mail: &[UNSIGNED],
        seen: "dkim=none",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "AuthservID",
        value: "other.example",
        seen: "Authentication-Results | other.example;",
        bad: &[("...", "..."), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "AuthservIDWithJobID",
        value: "yes",
        seen: "\"mx.example.net/4AB12\"",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "Canonicalization",
        value: "relaxed",
        seen: "c=relaxed/simple",
        bad: &[("nofws", "nofws")],
        ..SIGNS
    },
    Case { name: "DNSTimeout", value: "0", seen: "300s", bad: NUMBER, ..VERIFIES },
    Case {
        name: "Domain",
        value: "example.org",
        gone: SEAL,
        bad: &[("/nowhere", "/nowhere"), ("exa_mple..com", "exa_mple..com"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "DomainKeys",
        value: "yes",
        seen: "inserts 1: DomainKey-Signature",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "ExternalIgnoreList",
        value: "@DIR@/hosts",
        mail: &[OUTSIDE],
        gone: "attempted to send as",
        bad: LIST,
        ..SIGNS
    },
    Case { lines: SIGNS.lines, ..FORECAST },
    Case { lines: SIGNS.lines, ..SANDBOX },
    Case {
        name: "InternalHosts",
        value: "@DIR@/hosts",
        mail: &[OUTSIDE],
        seen: SEAL,
        bad: LIST,
        ..SIGNS
    },
    Case {
        name: "KeyFile",
        value: "@DATA@/keys/rsa2048.pem",
        gone: "rsa1024.pem is not safe",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/hosts", "hosts"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "KeyList",
        lines: "Socket @DIR@/run/s\nBackground no\nMode s\n",
        value: "@DIR@/three-fields",
        seen: "s=rsa2048.pem",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/no-fields", "no-fields:1"), ("", "value")],
        ..SIGNS
    },
    Case { lines: SIGNS.lines, ..metrics("inet:29171@127.0.0.1") },
    Case {
        name: "LocalADSP",
        value: "@DIR@/policies",
        mail: &[STRANGER],
        seen: "x-dkim-adsp=discard",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/bad-policies", "bad-policies:1"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "LogWhy",
        value: "yes",
        mail: &[OUTSIDE],
        seen: "not internal",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "MaximumHeaders",
        value: "100",
        seen: "too much header data",
        gone: RESULTS,
        bad: NUMBER,
        ..VERIFIES
    },
    Case {
        name: "MaximumSignaturesToVerify",
        value: "1",
        mail: &[SEVERAL],
        seen: "ignoring 2 signatures",
        bad: &[("101", "101"), ("many", "many"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "Minimum",
        value: "100%",
        mail: &[CUT],
        seen: "partial verification",
        bad: &[("half", "half"), ("101%", "101%"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "MinimumKeyBits",
        value: "2048",
        mail: &[WEAK],
        gone: "dkim=pass",
        bad: &[("x", "x"), ("", "value")],
        ..VERIFIES
    },
    Case { name: "Mode", value: "v", gone: SEAL, bad: &[("x", "x"), ("", "value")], ..SIGNS },
    Case {
        name: "MustBeSigned",
        value: "subject",
        mail: &[NO_SUBJECT],
        gone: "dkim=pass",
        bad: &[("a:b", "a:b"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "Nameservers",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nTestPublicKeys @DATA@/verify/keys.txt\n",
        value: "127.0.0.1",
        seen: "a file of keys takes the place of DNS",
        bad: &[("localhost", "localhost"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "OmitHeaders",
        value: "subject",
        gone: "ubject:",
        bad: &[("a:b", "a:b"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "On-BadSignature",
        value: "reject",
        mail: &[BAD],
        seen: "answers 550 5.7.0 bad DKIM signature data",
        bad: ACTION,
        ..VERIFIES
    },
    Case {
        name: "On-Default",
        value: "discard",
        mail: &[UNSIGNED],
        seen: "discards",
        bad: ACTION,
        ..VERIFIES
    },
    Case {
        name: "On-DNSError",
        value: "accept",
        mail: &[UNANSWERED],
        gone: "answers 451 4.7.5 DKIM key retrieval failed",
        bad: ACTION,
        ..VERIFIES
    },
    Case {
        name: "On-KeyNotFound",
        value: "reject",
        mail: &[MISSING],
        seen: "answers 550 5.7.0 DKIM key retrieval failed",
        bad: ACTION,
        ..VERIFIES
    },
    Case {
        name: "On-NoSignature",
        value: "reject",
        mail: &[UNSIGNED],
        seen: "answers 550 5.7.0 no DKIM signature data",
        bad: ACTION,
        ..VERIFIES
    },
    Case {
        name: "On-Security",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nMaximumHeaders 100\n",
        value: "reject",
        seen: "answers 550 5.7.0 too much header data",
        bad: ACTION,
        ..VERIFIES
    },
    Case { name: "PeerList", value: "@DIR@/local", gone: SEAL, bad: LIST, ..SIGNS },
    Case { name: "PidFile", value: "@DIR@/run/pid", seen: "file pid", ..SIGNS },
    Case {
        name: "Quarantine",
        value: "yes",
        mail: &[BAD],
        seen: "quarantines dkim-filter: ",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "RemoveARAll",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nRemoveARFrom relay.example\n",
        value: "yes",
        mail: &[FORGED],
        seen: "changes 2: Authentication-Results",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "RemoveARFrom",
        value: "relay.example",
        mail: &[FORGED],
        seen: "changes 1: Authentication-Results",
        bad: &[("*", "*"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "RequiredHeaders",
        value: "yes",
        mail: &[NO_DATE],
        seen: "bad format",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "Selector",
        value: "other",
        seen: "s=other",
        gone: "s=sel",
        bad: &[("a..b", "a..b"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "Socket",
        lines: "Background no\nMode v\n",
        value: "@DIR@/run/s",
        seen: "socket s",
        bad: &[("inet:0@127.0.0.1", "inet:0"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "SubDomains",
        value: "yes",
        mail: &[BELOW],
        seen: "i=@example.com",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "SyslogSuccess",
        value: "yes",
        seen: "DKIM verification successful",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "TestPublicKeys",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nNameservers 127.0.0.1\n",
        value: "@DATA@/verify/keys.txt",
        seen: "dkim=pass",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/no-fields", "no-fields:1"), ("", "value")],
        ..VERIFIES
    },
    Case {
        name: "TrustSignaturesFrom",
        value: "example.org",
        mail: &[BY_ANOTHER],
        gone: "dkim=pass",
        bad: &[("/nowhere", "/nowhere"), ("", "value")],
        ..VERIFIES
    },
    Case { name: "UMask", value: "0077", seen: "Umask: 0077", bad: NUMBER, ..SIGNS },
    Case {
        name: "UserID",
        value: "nobody",
        seen: "Uid: 65534",
        gone: "Uid: 0",
        bad: &[("nosuchuser", "nosuchuser"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "AlwaysSignHeaders",
        value: "x-none",
        seen: ":x-none",
        bad: &[("a:b", "a:b"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "AutoRestart",
        value: "yes",
        seen: "has 1 children",
        gone: "has 0 children",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "BaseDirectory",
        value: "@DIR@/run",
        seen: "works in @DIR@/run",
        bad: &[("/nowhere", "/nowhere"), ("", "value")],
        ..SIGNS
    },
    Case { name: "BodyLengths", value: "yes", seen: "; l=", bad: TRUTH, ..SIGNS },
    Case {
        name: "ClockDrift",
        words: "-t @DATA@/verify/from-the-future.eml -F 1700000000",
        value: "86400",
        seen: "succeeded",
        bad: NUMBER,
        mail: &[],
        ..VERIFIES
    },
    Case { name: "Diagnostics", value: "yes", seen: "; z=", bad: TRUTH, ..SIGNS },
    Case {
        name: "DontSignMailTo",
        value: "bob@example.net",
        seen: "skipping signing of mail to `bob@example.net'",
        gone: SEAL,
        bad: &[("", "value")],
        ..SIGNS
    },
    Case {
        name: "EnableCoredumps",
        lines: "Socket @DIR@/run/s\nBackground no\nMode v\nUserID nobody\n",
        value: "yes",
        seen: "/proc belongs to 65534",
        gone: "/proc belongs to 0",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "Include",
        value: "@DIR@/more.conf",
        seen: "s=other",
        gone: "s=sel",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/no-fields", "no-fields:1"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "MacroList",
        value: "daemon_name=MTA|MSA",
        mail: &[BY_USERS],
        seen: SEAL,
        bad: &[("=x", "=x"), ("", "value")],
        ..SIGNS
    },
    Case { name: "MaximumSignedBytes", value: "3", seen: "; l=3", bad: NUMBER, ..SIGNS },
    Case {
        name: "MilterDebug",
        value: "1",
        seen: "debug: milter: MTA: mail from",
        bad: NUMBER,
        ..SIGNS
    },
    Case {
        name: "MTA",
        value: "MTA,MSA",
        mail: &[BY_USERS],
        seen: SEAL,
        bad: &[("", "value")],
        ..SIGNS
    },
    Case {
        name: "MultipleSignatures",
        lines: "Socket @DIR@/run/s\nBackground no\nMode s\nKeyList @DIR@/two-lines\n",
        value: "yes",
        seen: "s=rsa1024.pem",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "RemoveOldSignatures",
        value: "yes",
        mail: &[SIGNED_BEFORE],
        seen: "changes 1: DKIM-Signature",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "ReplaceRules",
        lines: "Socket @DIR@/run/s\nBackground no\nMode s\nDomain example.com\nSelector sel\n\
                KeyFile @DATA@/keys/rsa1024.pem\nDiagnostics yes\n",
        value: "@DIR@/rules",
        seen: "goodbye",
        gone: "hello",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/bad-rules", "bad-rules:1"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "SenderHeaders",
        value: "From",
        mail: &[BY_SENDER],
        seen: SEAL,
        bad: &[("a:b", "a:b"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "SignatureAlgorithm",
        value: "rsa-sha1",
        seen: "signatures are made with rsa-sha256",
        bad: &[("dsa-sha1", "dsa-sha1"), ("", "value")],
        ..SIGNS
    },
    Case { name: "SignatureTTL", value: "3600", seen: "; x=", bad: NUMBER, ..SIGNS },
    Case {
        name: "SignHeaders",
        value: "subject",
        gone: ":Date",
        bad: &[("a:b", "a:b"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "StrictTestMode",
        words: "-t @DIR@/lf.eml",
        value: "yes",
        mail: &[],
        seen: "exit status: 65",
        gone: "succeeded",
        bad: TRUTH,
        ..VERIFIES
    },
    Case {
        name: "X-Header",
        value: "yes",
        seen: "inserts 1: X-DKIM | Twinseal",
        bad: TRUTH,
        ..SIGNS
    },
];
