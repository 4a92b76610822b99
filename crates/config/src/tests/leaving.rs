//! What is done with mail that leaves, in all doors.

use super::{Map, load, load_in, mistakes, mistakes_in, warnings};
use crate::{Action, Door, Leaving, Loaded};
use std::time::Duration;
use twinseal_dkim::{BodyLength, Settings};
use twinseal_message::FieldName;

const PATH: &str = "/etc/dkim-filter.conf";
const SIGN: &str = "Socket inet:8891@localhost\nDomain example.com\nKeyFile /k/mail2\n\
                    Selector mail2\nSyslog yes\nMode s\n";
const NATIVE: &str = "socket: /s\nsigning:\n  - senders: [\"*@example.com\"]\n    \
                      domain: example.com\n    keys: [{ file: /k/mail2 }]\n";

/// dkim-filter with these words and lines more.
fn dkim_filter(words: &str, lines: &str) -> Loaded {
    let files = Map::default().with(PATH, &format!("{SIGN}{lines}"));
    load_in(Door::DkimFilter, &format!("-x {PATH} {words}"), &files)
}

/// What the six lines above and these make wrong.
fn wrong(lines: &str) -> Vec<String> {
    let files = Map::default().with(PATH, &format!("{SIGN}{lines}"));
    mistakes_in(Door::DkimFilter, &format!("-x {PATH}"), &files)
}

fn dk_filter(words: &str) -> Loaded {
    let words = format!("-p /s -d example.com -s /k/mail2 -S 2007 -H -l -b s {words}");
    load_in(Door::DkFilter, &words, &Map::default())
}

fn native(lines: &str) -> Loaded {
    load("--config t.yaml", &Map::default().with("t.yaml", &format!("{NATIVE}{lines}")))
}

fn dkim(loaded: &Loaded) -> Settings {
    let rule = loaded.config.rules.iter().next().unwrap();
    rule.dkim.as_deref().unwrap().clone()
}

fn names(list: &[FieldName]) -> Vec<&str> {
    list.iter().map(FieldName::as_str).collect()
}

#[test]
fn daemons_and_macros_are_told_in_every_door() {
    let of = |loaded: Loaded| {
        let Leaving { macros, .. } = &loaded.config.leaving;
        let macros: Vec<_> = macros.iter().map(|test| test.name().to_owned()).collect();
        let accepts = |name: &str| loaded.config.leaving.is_internal_daemon(name);
        (accepts("msa"), accepts("submission"), macros.join(","))
    };
    let want = (true, true, "auth_type,client_name".to_owned());
    for loaded in [
        dk_filter("-m MSA,Submission -M auth_type,client_name=mx1|mx2"),
        dkim_filter("-m MSA,Submission -M auth_type,client_name=mx1|mx2", ""),
        dkim_filter("", "MTA MSA,Submission\nMacroList {auth_type},client_name=mx1\n"),
        native("internal-daemons: [MSA, Submission]\ninternal-macros: [auth_type, client_name=m]"),
    ] {
        assert_eq!(of(loaded), want);
    }
    assert_eq!(of(dkim_filter("", "")), (false, false, String::new()));
    let allowed = "found \"a b\", allowed: the name of a macro, or macro=value|value";
    assert_eq!(
        mistakes_in(Door::DkFilter, "-p /s -d a.example -s /k -S s -l -M a=", &Map::default()),
        ["-M: found \"a=\", allowed: the name of a macro, or macro=value|value"]
    );
    assert_eq!(
        mistakes(
            "--config t.yaml",
            &Map::default().with("t.yaml", &format!("{NATIVE}internal-macros: [a b]"))
        ),
        [format!("t.yaml:6: internal-macros: {allowed}")]
    );
}

#[test]
fn recipients_and_old_signatures_are_told_natively_and_to_dkim_filter() {
    for loaded in [
        dkim_filter(
            "",
            "DontSignMailTo *@example.net,root\nRemoveOldSignatures yes\n\
                         MultipleSignatures yes\n",
        ),
        native(
            "unsigned-recipients: [\"*@example.net\", root]\nremove-old-signatures: yes\n\
                multiple-signatures: yes",
        ),
    ] {
        let leaving = loaded.config.leaving;
        assert!(leaving.leaves_unsigned(b"<b@example.net>") && leaving.leaves_unsigned(b"root"));
        assert!(!leaving.leaves_unsigned(b"<b@example.org>"));
        assert!(leaving.remove_old_signatures && leaving.multiple_signatures);
    }
    let leaving = dkim_filter("", "").config.leaving;
    assert!(!leaving.leaves_unsigned(b"<b@example.net>"));
    assert!(!leaving.remove_old_signatures && !leaving.multiple_signatures);
}

#[test]
fn the_trace_field_is_asked_for_by_letter_and_by_parameter() {
    assert!(dkim_filter("-h", "").config.trace_header);
    assert!(dkim_filter("", "X-Header yes\n").config.trace_header);
    assert!(!dkim_filter("", "X-Header no\n").config.trace_header);
}

#[test]
fn what_a_seal_says_is_told_natively_and_to_dkim_filter() {
    let lines = "BodyLengths yes\nDiagnostics yes\nFixCRLF yes\nSignatureTTL 3600\n\
                 AlwaysSignHeaders X-A,Reply-To\nSignHeaders Subject,Received\n";
    let yaml = "dkim: { body-length: yes, copied-headers: yes, mend-line-ends: yes, \
                expire-after: 1h, always-signed-headers: [X-A, Reply-To], \
                signed-headers: [subject, received] }";
    for (loaded, door) in [(dkim_filter("", lines), "dkim-filter"), (native(yaml), "native")] {
        let settings = dkim(&loaded);
        assert_eq!(settings.body_length, BodyLength::Whole, "{door}");
        assert!(settings.copies_header && settings.mends_line_ends, "{door}");
        assert_eq!(settings.expire_after, Some(Duration::from_secs(3600)), "{door}");
        assert_eq!(names(settings.headers.always()), ["x-a", "reply-to"], "{door}");
        assert_eq!(names(settings.headers.signed()), ["subject", "received"], "{door}");
    }
    let plain = dkim(&dkim_filter("", "SignatureTTL 0\nBodyLengths no\n"));
    assert_eq!((plain.expire_after, plain.body_length), (None, BodyLength::Unlimited));
    assert!(!plain.copies_header && !plain.mends_line_ends);
}

#[test]
fn a_limit_of_the_body_says_that_there_is_a_length() {
    for lines in ["MaximumSignedBytes 1000\n", "BodyLengths no\nMaximumSignedBytes 1000\n"] {
        let loaded = dkim_filter("", lines);
        assert_eq!(dkim(&loaded).body_length, BodyLength::AtMost(1000), "{lines}");
        let told = warnings(&loaded).join("\n");
        assert!(told.contains(": MaximumSignedBytes: anybody can add to the body"), "{told}");
    }
    let own = "    dkim: { body-length: no }\ndkim: { maximum-signed-body: 1KiB }";
    assert_eq!(dkim(&native(own)).body_length, BodyLength::Unlimited);
    let own = "    dkim: { maximum-signed-body: 0B }";
    assert_eq!(dkim(&native(own)).body_length, BodyLength::AtMost(0));
}

#[test]
fn names_that_no_signature_survives_are_left_out_where_they_were_taken_once() {
    let loaded = dkim_filter("", "SignHeaders Subject,Bcc\nAlwaysSignHeaders To,Received\n");
    let headers = dkim(&loaded).headers;
    assert_eq!((names(headers.signed()), names(headers.always())), (vec!["subject"], vec!["to"]));
    let told = warnings(&loaded);
    assert!(told[0].starts_with("/etc/dkim-filter.conf:7: SignHeaders: entry skipped: bcc"));
    assert!(told[1].starts_with("/etc/dkim-filter.conf:8: AlwaysSignHeaders: entry skipped: rec"));
    let text = format!("{NATIVE}dkim: {{ always-signed-headers: [to, received] }}");
    let lines = mistakes("--config t.yaml", &Map::default().with("t.yaml", &text));
    let want = "t.yaml:6: dkim.always-signed-headers: received cannot be over-signed";
    assert!(lines.len() == 1 && lines[0].starts_with(want), "{lines:#?}");
}

#[test]
fn what_is_omitted_is_not_signed_and_what_is_always_signed_stays() {
    let headers = dkim(&dkim_filter("-o Subject,To", "AlwaysSignHeaders To,X-A\n")).headers;
    assert!(!names(headers.signed()).contains(&"subject"));
    assert_eq!(names(headers.always()), ["to", "x-a"]);
}

#[test]
fn sha1_is_asked_for_in_vain() {
    let told = "no verifier of today lets a signature with rsa-sha1 pass: signatures are made \
                with rsa-sha256";
    assert_eq!(warnings(&dkim_filter("-S rsa-sha1", "")), [format!("-S: {told}")]);
    let line = "SignatureAlgorithm RSA-SHA1\n";
    let want = format!("/etc/dkim-filter.conf:7: SignatureAlgorithm: {told}");
    assert_eq!(warnings(&dkim_filter("", line)), [want]);
    assert_eq!(warnings(&dkim_filter("-S rsa-sha256", line)), [""; 0]);
}

#[test]
fn wrong_values_are_told_with_their_lines() {
    let lines = "BodyLengths maybe\nMaximumSignedBytes 1k\nSignatureTTL -1\nDiagnostics x\n\
                 FixCRLF 2\nSignHeaders Sub:ject\nAlwaysSignHeaders \u{e4}\nX-Header ?\n\
                 SignatureAlgorithm rsa-md5\nMacroList a-b\nRemoveOldSignatures -\n\
                 MultipleSignatures o\nDontSignMailTo\nMTA\nCanonicalization nofws\n";
    let truth = "allowed: yes or no, true or false, 1 or 0";
    let wants = [
        format!("7: BodyLengths: found \"maybe\", {truth}"),
        "8: MaximumSignedBytes: found \"1k\", allowed: a whole number of octets".to_owned(),
        "9: SignatureTTL: found \"-1\", allowed: a whole number of seconds".to_owned(),
        format!("10: Diagnostics: found \"x\", {truth}"),
        format!("11: FixCRLF: found \"2\", {truth}"),
        "12: SignHeaders: \"Sub:ject\" is no header field name".to_owned(),
        "13: AlwaysSignHeaders: \"\u{e4}\" is no header field name".to_owned(),
        format!("14: X-Header: found \"?\", {truth}"),
        "15: SignatureAlgorithm: found \"rsa-md5\", allowed: rsa-sha256, rsa-sha1".to_owned(),
        "16: MacroList: found \"a-b\", allowed: the name of a macro".to_owned(),
        format!("17: RemoveOldSignatures: found \"-\", {truth}"),
        format!("18: MultipleSignatures: found \"o\", {truth}"),
        "19: DontSignMailTo: required value missing; allowed: a recipient, or a".to_owned(),
        "20: MTA: required value missing; allowed: the name of a daemon".to_owned(),
        "21: Canonicalization: found \"nofws\", allowed: simple/simple".to_owned(),
    ];
    let found = wrong(lines);
    assert_eq!(found.len(), wants.len(), "{found:#?}");
    for (line, want) in found.iter().zip(wants) {
        assert!(line.starts_with(&format!("{PATH}:{want}")), "{line}\nis not\n{want}");
    }
}

#[test]
fn of_dk_filters_actions_only_that_for_mail_that_cannot_be_signed_counts() {
    let verifying = "-C: accepted, but without effect: of these results only internal counts: \
                     DomainKeys is never verified";
    for (list, action, told) in [
        ("internal=accept", Action::Accept, &[][..]),
        ("int=a", Action::Accept, &[]),
        ("def=d,int=t", Action::TempFail, &[]),
        ("bad=r,no=a,miss=a,signaturemissing=t,dns=t,sec=r", Action::TempFail, &[verifying]),
        ("internal=a,badsignature=reject", Action::Accept, &[verifying]),
    ] {
        let loaded = dk_filter(&format!("-C {list}"));
        assert_eq!(loaded.config.actions.signature_error, action, "{list}");
        assert_eq!(warnings(&loaded), told, "{list}");
    }
    for (list, want) in [
        ("internal", "syntax error in configuration string: found \"internal\", allowed: result="),
        ("inter=a", "invalid configuration parameter `inter'; allowed: nosignature, badsignature"),
        ("internal=x", "invalid configuration value `x'; allowed: accept, reject, tempfail"),
    ] {
        let words = format!("-p /s -d example.com -s /k/mail2 -S 2007 -l -C {list}");
        let lines = mistakes_in(Door::DkFilter, &words, &Map::default());
        assert!(
            lines[0].starts_with(&format!("-C: invalid action configuration: {want}")),
            "{list}: {lines:#?}"
        );
    }
}

#[test]
fn what_dk_filter_had_for_mail_that_arrives_is_told_to_be_without_effect() {
    let none = "accepted, but without effect: DomainKeys is never verified";
    let want = ["-q", "-R", "-T"].map(|letter| format!("{letter}: {none}"));
    assert_eq!(warnings(&dk_filter("-qRT 0")), want);
    let words = "-p /s -d example.com -s /k/mail2 -S 2007 -l -T 5s";
    let lines = mistakes_in(Door::DkFilter, words, &Map::default());
    assert_eq!(lines, ["-T: found \"5s\", allowed: a whole number of seconds"]);
}
