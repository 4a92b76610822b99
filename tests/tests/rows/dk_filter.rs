//! The letters of dk-filter.

use super::case::{BACKGROUND, BELOW, BY_USERS, Case, Elsewhere, LOG, OURS, OUTSIDE};

/// Enough to sign with.
const SIGNS: &str = "-p @DIR@/run/s -f -d example.com -s @DATA@/keys/rsa1024.pem -S sel";

pub(super) const USUAL: Case = Case { words: SIGNS, mail: &[OURS], ..Case::USUAL };

const SEAL: &str = "inserts 1: DomainKey-Signature";

pub(super) const CASES: &[Case] = &[
    Case { name: "-A", seen: "has 1 children", gone: "has 0 children", ..USUAL },
    Case {
        name: "-a",
        value: "@DIR@/local",
        gone: SEAL,
        bad: &[("@DIR@/nowhere", "nowhere")],
        ..USUAL
    },
    Case {
        name: "-b",
        value: "v",
        seen: "exit status: 78",
        gone: SEAL,
        bad: &[("x", "x")],
        ..USUAL
    },
    Case {
        name: "-c",
        value: "nofws",
        seen: "c=nofws",
        gone: "c=simple",
        bad: &[("relaxed", "simple, nofws"), ("simple/nofws", "simple, nofws")],
        ..USUAL
    },
    Case {
        name: "-d",
        value: "example.org",
        gone: SEAL,
        bad: &[("/nowhere", "/nowhere"), ("exa_mple..com", "exa_mple..com")],
        ..USUAL
    },
    Case { name: "-D", mail: &[BELOW], seen: "d=example.com", ..USUAL },
    Case { name: "-h", seen: "inserts 1: X-DomainKeys | Twinseal", ..USUAL },
    Case { name: "-H", gone: "names the header fields that it covers, as with -H", ..USUAL },
    Case {
        name: "-i",
        value: "@DIR@/hosts",
        mail: &[OUTSIDE],
        seen: SEAL,
        bad: &[("@DIR@/nowhere", "nowhere")],
        ..USUAL
    },
    Case {
        name: "-I",
        value: "@DIR@/hosts",
        mail: &[OUTSIDE],
        gone: "attempted to send as",
        bad: &[("@DIR@/nowhere", "nowhere")],
        ..USUAL
    },
    Case {
        name: "-k",
        words: "-p @DIR@/run/s -f -d example.com -s @DIR@/two-fields -S sel",
        seen: "s=rsa2048.pem",
        gone: "exit status: 78",
        ..USUAL
    },
    Case { name: "-m", value: "MTA,MSA", mail: &[BY_USERS], seen: SEAL, ..USUAL },
    Case {
        name: "-M",
        value: "daemon_name=MTA|MSA",
        mail: &[BY_USERS],
        seen: SEAL,
        bad: &[("=x", "-M")],
        ..USUAL
    },
    Case { name: "-o", value: "subject", gone: ":subject", bad: &[("a:b", "a:b")], ..USUAL },
    Case { name: "-p", value: "inet:0@127.0.0.1", seen: "exit status: 78", ..USUAL },
    Case { name: "-P", value: "@DIR@/run/pid", seen: "file pid", ..USUAL },
    Case {
        name: "-s",
        value: "@DATA@/keys/rsa2048.pem",
        gone: "rsa1024.pem is not safe",
        bad: &[("/nowhere", "/nowhere"), ("@DIR@/hosts", "hosts")],
        ..USUAL
    },
    Case {
        name: "-S",
        value: "other",
        seen: "s=other",
        gone: "s=sel",
        bad: &[("a..b", "a..b")],
        ..USUAL
    },
    Case { name: "-u", value: "nobody", seen: "Uid: 65534", gone: "Uid: 0", ..USUAL },
    Case { name: "-V", seen: "said: dk-filter: Twinseal", gone: SEAL, ..USUAL },
];

pub(super) const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        name: "-C",
        file: "crates/daemon/src/serving/connection/tests/leaving.rs",
        test: "dk_filters_internal_action_is_for_mail_that_cannot_be_signed",
        bad: &[],
    },
    Elsewhere { name: "-f", ..BACKGROUND },
    Elsewhere { name: "-l", ..LOG },
];
