//! The parameters of opendkim.conf that decide who signs what, and how.

use super::case::{
    BY_MACRO, BY_SENDER, Case, FORECAST, NO_AUTHOR, OURS, OUTSIDE, SANDBOX, metrics,
};

/// Enough to sign with.
const SIGNS: Case = Case {
    lines: "RequireSafeKeys no\nSocket @DIR@/run/s\nBackground no\nMode s\nDomain example.com\n\
            Selector sel\nKeyFile @DATA@/keys/rsa1024.pem\n",
    mail: &[OURS],
    ..Case::USUAL
};

/// The same, and what was signed can be read.
const COPIES: Case = Case {
    lines: "RequireSafeKeys no\nSocket @DIR@/run/s\nBackground no\nMode s\nDomain example.com\n\
            Selector sel\nKeyFile @DATA@/keys/rsa1024.pem\nDiagnostics yes\n",
    ..SIGNS
};

const SEAL: &str = "inserts 0: DKIM-Signature";
const TRUTH: &[(&str, &str)] = &[("perhaps", "yes or no"), ("", "value")];
const FIELDS: &[(&str, &str)] = &[
    ("a:b", "a:b"),
    ("/nowhere", "/nowhere"),
    ("dsn:mysql://db/table", "file:PATH"),
    ("", "value"),
];

const HOSTS: &[(&str, &str)] =
    &[("@DIR@/nowhere", "nowhere"), ("memcache:host/x", "file:PATH"), ("", "value")];

pub(super) const CASES: &[Case] = &[
    Case { lines: SIGNS.lines, ..FORECAST },
    Case { lines: SIGNS.lines, ..SANDBOX },
    Case { lines: SIGNS.lines, ..metrics("inet:29172@127.0.0.1") },
    Case {
        name: "Domain",
        value: "csl:example.org",
        gone: SEAL,
        bad: &[
            ("/nowhere", "/nowhere"),
            ("exa_mple..com", "exa_mple..com"),
            ("mdb:/etc/domains", "file:PATH"),
            ("", "value"),
        ],
        ..SIGNS
    },
    Case {
        name: "DontSignMailTo",
        value: "ann@example.net, bob@example.net",
        seen: "skipping signing of mail to 'bob@example.net'",
        gone: SEAL,
        bad: &[("/nowhere", "/nowhere"), ("ldap://host/base", "file:PATH"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "ExemptDomains",
        value: "example.org, example.com",
        seen: "(reason=exempt-domain)",
        gone: SEAL,
        bad: &[("@DIR@/nowhere", "nowhere"), ("lua:/etc/x", "file:PATH"), ("", "value")],
        ..SIGNS
    },
    Case {
        name: "ExternalIgnoreList",
        value: "203.0.113.1, 192.0.2.0/24",
        mail: &[OUTSIDE],
        gone: "attempted to send as",
        bad: HOSTS,
        ..SIGNS
    },
    Case {
        name: "IgnoreMalformedMail",
        value: "yes",
        mail: &[NO_AUTHOR],
        gone: "dkim=permerror (bad message/signature format)",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "InternalHosts",
        value: "refile:@DIR@/near",
        mail: &[OUTSIDE],
        seen: SEAL,
        bad: HOSTS,
        ..SIGNS
    },
    Case {
        name: "KeyTable",
        lines: "RequireSafeKeys no\nSocket @DIR@/run/s\nBackground no\nMode s\n\
                SigningTable refile:@DIR@/signers\n",
        value: "@DIR@/keys",
        seen: "s=tabled",
        gone: "SigningTable: it needs KeyTable",
        bad: &[
            ("/nowhere", "/nowhere"),
            ("@DIR@/no-fields", "no-fields:1"),
            ("bdb:/etc/keys", "file:PATH"),
            ("", "value"),
        ],
        ..SIGNS
    },
    Case {
        name: "MultipleSignatures",
        lines: "RequireSafeKeys no\nSocket @DIR@/run/s\nBackground no\nMode s\n\
                KeyTable @DIR@/keys\nSigningTable csl:example.com=one,*=two\n",
        value: "yes",
        seen: "s=second",
        bad: TRUTH,
        ..SIGNS
    },
    Case { name: "OmitHeaders", value: "*,+date", gone: ":Date", bad: FIELDS, ..SIGNS },
    Case { name: "OversignHeaders", value: "x-none", seen: ":x-none", bad: FIELDS, ..SIGNS },
    Case { name: "PeerList", value: "csl:127.0.0.1", gone: SEAL, bad: HOSTS, ..SIGNS },
    Case {
        name: "ReplaceHeaders",
        lines: "RequireSafeKeys no\nSocket @DIR@/run/s\nBackground no\nMode s\n\
                Domain example.com\nSelector sel\nKeyFile @DATA@/keys/rsa1024.pem\n\
                Diagnostics yes\nReplaceRules @DIR@/rules\n",
        value: "To, Cc",
        seen: "hello",
        gone: "goodbye",
        bad: FIELDS,
        ..SIGNS
    },
    Case {
        name: "ReplaceRules",
        value: "@DIR@/rules",
        seen: "goodbye",
        gone: "hello",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/bad-rules", "bad-rules:1"), ("", "value")],
        ..COPIES
    },
    Case { name: "RequestReports", value: "yes", seen: "; r=y", bad: TRUTH, ..SIGNS },
    Case {
        name: "RequireSafeKeys",
        lines: "Socket @DIR@/run/s\nBackground no\nMode s\nDomain example.com\nSelector sel\n\
                KeyFile @DATA@/keys/rsa1024.pem\n",
        value: "no",
        seen: SEAL,
        gone: "exit status: 78",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "SenderHeaders",
        value: "Sender",
        mail: &[BY_SENDER],
        gone: SEAL,
        bad: FIELDS,
        ..SIGNS
    },
    Case {
        name: "SenderMacro",
        value: "{x_author}",
        mail: &[BY_MACRO],
        gone: SEAL,
        bad: &[("=x", "the name of a macro"), ("", "value")],
        ..SIGNS
    },
    Case { name: "SignHeaders", value: "*,-subject", gone: "ubject:", bad: FIELDS, ..SIGNS },
    Case {
        name: "SigningTable",
        lines: "RequireSafeKeys no\nSocket @DIR@/run/s\nBackground no\nMode s\n\
                KeyTable @DIR@/keys\n",
        value: "refile:@DIR@/signers",
        seen: "s=tabled",
        gone: "KeyTable: it needs SigningTable",
        bad: &[
            ("/nowhere", "/nowhere"),
            ("@DIR@/signers", "signers:1"),
            ("refile:@DIR@/unknown-key", "unknown-key:1"),
            ("dsn:mysql://db/table", "file:PATH"),
            ("", "value"),
        ],
        ..SIGNS
    },
    Case {
        name: "SoftwareHeader",
        value: "yes",
        seen: "inserts 0: DKIM-Filter | Twinseal",
        bad: TRUTH,
        ..SIGNS
    },
    Case {
        name: "SyslogName",
        value: "outgoing",
        seen: "log: outgoing: listening on",
        gone: "log: opendkim: ",
        bad: &[("out:going", "a word of at most 32 characters"), ("", "value")],
        ..SIGNS
    },
];
