//! What is done with mail that leaves, seen from the MTA.

use super::doors::{DK, DKIM, FOREIGN, MESSAGE, outcome, service, tag};
use super::{connect, deliver, insertions, mta, serving, start};
use crate::VERSION;
use std::io::{Read as _, Write as _};
use twinseal_config::Door;
use twinseal_milter::client::{Connection, Header, Message, Modification, Outcome, Verdict};
use twinseal_milter::{CommandKind, MacroStage, Offer};

/// What the MTA tells at some stage.
type Told = &'static [(MacroStage, &'static [(&'static str, &'static str)])];

/// How many fields a message from elsewhere gets, of which the MTA tells that.
async fn fields_of_stranger(door: Door, words: &str, told: Told) -> usize {
    let (_running, stream) = start(service(door, words, ""));
    mta(move || {
        let mut mta = Connection::open(stream, Offer::USUAL).unwrap();
        for (stage, macros) in told {
            mta.set_macros(*stage, macros);
        }
        connect(&mut mta, "192.0.2.1");
        deliver(&mut mta, MESSAGE.as_bytes()).modifications.len()
    })
    .await
}

#[tokio::test]
async fn the_mail_of_a_daemon_is_ours_by_its_name_and_by_a_macro() {
    const DAEMON: Told = &[(MacroStage::Connect, &[("{daemon_name}", "Submission")])];
    const ANOTHER: Told = &[(MacroStage::Connect, &[("{daemon_name}", "MTA")])];
    const LATE: Told = &[(MacroStage::EndOfHeaders, &[("{verify}", "ok")])];
    const EMPTY: Told = &[(MacroStage::Mail, &[("{verify}", "")])];
    for (door, line) in [(Door::DkFilter, DK), (Door::DkimFilter, &format!("{DKIM} -b s"))] {
        for (more, told, want) in [
            ("", DAEMON, 0),
            ("-m MSA,submission", DAEMON, 1),
            ("-m MSA,submission", ANOTHER, 0),
            ("-m MSA", DAEMON, 0),
            ("-M daemon_name=MSA|SUBMISSION", DAEMON, 1),
            ("-M daemon_name=MSA", DAEMON, 0),
            ("-M daemon_name", ANOTHER, 1),
            ("-M other,verify", LATE, 1),
            ("-M verify=OK", LATE, 1),
            ("-M verify", EMPTY, 0),
            ("-M verify", &[], 0),
        ] {
            let found = fields_of_stranger(door, &format!("{line} {more}"), told).await;
            assert_eq!(found, want, "{door:?} {more} {told:?}");
        }
    }
}

#[tokio::test]
async fn an_mta_is_asked_for_macros_that_count_and_for_nothing_otherwise() {
    let asked = |more: &'static str| async move {
        let (_running, mut stream) = start(service(Door::DkimFilter, more, ""));
        mta(move || {
            stream.write_all(b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff").unwrap();
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut reply = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
            stream.read_exact(&mut reply).unwrap();
            String::from_utf8_lossy(&reply[13..]).into_owned()
        })
        .await
    };
    let key = "-p /s -f -b s -d example.com -k @KEY@ -s s";
    assert_eq!(asked(key.to_owned().leak()).await, "");
    let lists = asked(format!("{key} -M verify=a|b,x,auth_type,verify -m MSA").leak()).await;
    let wants = [
        "\0\0\0\0j {daemon_name} {verify} x {auth_type}\0",
        "\0\0\0\x02i {auth_type} {auth_authen} {verify} x\0",
        "\0\0\0\x06i {verify} x {auth_type}\0",
        "\0\0\0\x05i\0",
    ];
    assert_eq!(lists, wants.concat());
    // Where nothing is signed, nobody needs them.
    assert_eq!(asked("-p /s -f -b v -M verify").await, "");
}

/// What becomes of the message for these recipients.
async fn sent_to(words: &str, recipients: &'static [&'static str]) -> Outcome {
    let (_running, stream) = start(service(Door::DkimFilter, &format!("{DKIM} -x @LIST@"), words));
    mta(move || {
        let mut mta = Connection::open(stream, Offer::USUAL).unwrap();
        connect(&mut mta, "127.0.0.1");
        let (header, body) = Header::parse(MESSAGE.as_bytes());
        let sender = b"<a@example.com>";
        let recipients: Vec<&[u8]> = recipients.iter().map(|one| one.as_bytes()).collect();
        let recipients = recipients.as_slice();
        let message = Message { sender, sender_arguments: &[], recipients, header: &header, body };
        let outcome = mta.deliver(&message).unwrap();
        // The next message has recipients of its own.
        let next = deliver(&mut mta, MESSAGE.as_bytes());
        assert_eq!(insertions(&next).len(), 1);
        outcome
    })
    .await
}

#[tokio::test]
async fn mail_to_some_recipients_goes_on_as_it_came() {
    let list = "DontSignMailTo *@no.example,root\n";
    for (recipients, signed) in [
        (&["<b@example.org>", "<c@example.org>"][..], true),
        (&["<b@example.org>", "<B@No.Example>"], false),
        (&["root"], false),
        (&["<root@example.org>"], true),
    ] {
        let outcome = sent_to(list, recipients).await;
        let at = if signed { CommandKind::EndOfBody } else { CommandKind::EndOfHeaders };
        assert_eq!((outcome.verdict, outcome.decided_at), (Verdict::Accept, at), "{recipients:?}");
        assert_eq!(outcome.modifications.len(), usize::from(signed), "{recipients:?}");
    }
}

#[tokio::test]
async fn old_signatures_go_from_the_highest_down_when_ours_comes() {
    // Traps W11, W12
    const SIGNED: &str = "DKIM-Signature: v=1; x\r\nFrom: a@example.com\r\n\
                          dkim-signature: y\r\nTo: b\r\nDKIM-SIGNATURE : z\r\n\r\n";
    const STRANGE: &str = "DKIM-Signature: x\r\nFrom: a@example.net\r\n\r\n";
    let words = format!("{DKIM} -b s -x @LIST@");
    let list = "RemoveOldSignatures yes\n";
    let changes = outcome(service(Door::DkimFilter, &words, list), "127.0.0.1", SIGNED).await;
    let mut removed = Vec::new();
    for change in &changes.modifications {
        if let Modification::ChangeHeader { instance, name, value } = change {
            assert_eq!((name.as_slice(), value.as_slice()), (&b"DKIM-Signature"[..], &b""[..]));
            removed.push(*instance);
        } else {
            assert!(matches!(change, Modification::InsertHeader { .. }), "{change:?}");
            assert_eq!(removed, [3, 2, 1]);
        }
    }
    assert_eq!(changes.modifications.len(), 4);
    for (message, list, fields) in [(STRANGE, list, 0), (SIGNED, "RemoveOldSignatures no\n", 1)] {
        let service = service(Door::DkimFilter, &words, list);
        let outcome = outcome(service, "127.0.0.1", message).await;
        assert_eq!(insertions(&outcome).len(), fields, "{message}");
    }
}

#[tokio::test]
async fn every_line_that_matches_signs_where_that_is_asked_for() {
    let list = "*@example.com:one.example:@KEY@\na@*:*:@KEY@\n*@example.net:*:@KEY@\n\
                *@example.com:example.com:@KEY@\n*:two.example:@KEY@\n";
    let directory = tempfile::tempdir().unwrap();
    let keys = directory.path().join("keys");
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/keys/rsa1024.pem");
    std::fs::write(&keys, list.replace("@KEY@", key)).unwrap();
    for (multiple, want) in [
        ("no", &["one.example"][..]),
        // The fourth line has the domain and the key of the second one.
        ("yes", &["one.example", "example.com", "two.example"]),
    ] {
        let file = format!("KeyList {}\nMultipleSignatures {multiple}\n", keys.display());
        let service = service(Door::DkimFilter, "-p /s -f -b s -x @LIST@", &file);
        let outcome = outcome(service, "127.0.0.1", MESSAGE).await;
        let fields = insertions(&outcome);
        let domain = |value: &str| {
            let tag = value.split(';').find_map(|tag| tag.trim().strip_prefix("d="));
            tag.unwrap().to_owned()
        };
        let domains: Vec<String> = fields.iter().map(|(_, _, value)| domain(value)).collect();
        assert_eq!(domains, want, "{multiple}");
    }
}

#[tokio::test]
async fn dkim_filter_leaves_its_trace_on_what_it_signs_or_verifies() {
    let trace = format!(" Twinseal DKIM Filter v{VERSION} mx.example.com 4AB12");
    for (mode, client, message, fields) in [
        ("s", "127.0.0.1", MESSAGE, &["DKIM-Signature", "X-DKIM"][..]),
        ("s", "127.0.0.1", FOREIGN, &[]),
        ("s", "192.0.2.1", MESSAGE, &[]),
        ("sv", "127.0.0.1", MESSAGE, &["DKIM-Signature", "X-DKIM"]),
        ("sv", "192.0.2.1", FOREIGN, &["X-DKIM"]),
        ("v", "192.0.2.1", FOREIGN, &["X-DKIM"]),
    ] {
        let service = service(Door::DkimFilter, &format!("{DKIM} -h -b {mode}"), "");
        let found = insertions(&outcome(service, client, message).await);
        let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, fields, "{mode} {client} {message}");
        for (name, index, value) in &found {
            assert_eq!(*index, 1, "{name}");
            assert!(name != "X-DKIM" || *value == trace, "{value}");
        }
    }
}

#[tokio::test]
async fn what_the_file_says_of_the_seal_stands_in_it() {
    for (line, name, want) in [
        ("BodyLengths yes", "l", Some("8")),
        ("MaximumSignedBytes 4", "l", Some("4")),
        ("MaximumSignedBytes 1000", "l", Some("8")),
        ("Selector s", "l", None),
        ("Diagnostics yes", "z", Some("From:=20a@example.com|To:=20b@example.net")),
        ("Diagnostics no", "z", None),
        ("SignHeaders To,X-None", "h", Some("From:To:From")),
        ("SignHeaders X-None", "h", Some("From:From")),
        ("AlwaysSignHeaders X-None,to", "h", Some("From:To:From:x-none")),
        ("OmitHeaders To", "h", Some("From:From")),
        ("SignatureAlgorithm rsa-sha1", "a", Some("rsa-sha256")),
        ("Canonicalization relaxed/relaxed", "c", Some("relaxed/relaxed")),
        ("Canonicalization relaxed", "c", Some("relaxed/simple")),
    ] {
        let words = format!("{DKIM} -b s -x @LIST@");
        let service = service(Door::DkimFilter, &words, &format!("{line}\n"));
        let outcome = outcome(service, "127.0.0.1", MESSAGE).await;
        assert_eq!(tag(&outcome, name).as_deref(), want, "{line}");
    }
    let service = service(Door::DkimFilter, &format!("{DKIM} -x @LIST@"), "SignatureTTL 60\n");
    let outcome = outcome(service, "127.0.0.1", MESSAGE).await;
    let time = |name| tag(&outcome, name).unwrap().parse::<u64>().unwrap();
    assert_eq!(time("t") + 60, time("x"));
}

#[tokio::test]
async fn a_body_with_other_line_ends_is_signed_as_it_will_arrive() {
    let hash = |body: &'static str, line: &'static str| async move {
        let words = format!("{DKIM} -b s -x @LIST@");
        let message: &'static str = format!("From: a@example.com\r\n\r\n{body}").leak();
        let service = service(Door::DkimFilter, &words, line);
        tag(&outcome(service, "127.0.0.1", message).await, "bh")
    };
    let right = hash("a\r\nb\r\n\r\nc\r\n", "FixCRLF no\n").await;
    assert_eq!(hash("a\nb\r\n\rc\n", "FixCRLF yes\n").await, right);
    assert_ne!(hash("a\nb\r\n\rc\n", "FixCRLF no\n").await, right);
}

#[tokio::test]
async fn the_limit_of_the_header_counts_in_every_mode_of_dkim_filter() {
    let large: &'static str = format!("X: {}\r\n{MESSAGE}", "x".repeat(3000)).leak();
    for (mode, action, verdict) in [
        ("s", "r", "550 5.7.0 too much header data"),
        ("v", "r", "550 5.7.0 too much header data"),
        ("sv", "t", "451 4.7.0 too much header data"),
        ("s", "t", "451 4.7.0 too much header data"),
        ("s", "a", "accept"),
    ] {
        let words = format!("{DKIM} -b {mode} -x @LIST@");
        let file = format!("MaximumHeaders 2000\nOn-Security {action}\n");
        let service = service(Door::DkimFilter, &words, &file);
        let outcome = outcome(service, "127.0.0.1", large).await;
        assert_eq!(outcome.verdict.to_string(), verdict, "{mode} {action}");
        assert_eq!(outcome.modifications.len(), 0, "{mode} {action}");
    }
    let words = format!("{DKIM} -b s");
    let signed = outcome(service(Door::DkimFilter, &words, ""), "127.0.0.1", large).await;
    assert_eq!(insertions(&signed).len(), 1);
}

#[tokio::test]
async fn dk_filters_internal_action_is_for_mail_that_cannot_be_signed() {
    let damaged = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let directory = tempfile::tempdir().unwrap();
    let lines = (0..=crate::signing::keyring::PARSED_AT_START).map(|number| {
        let key = directory.path().join(format!("key{number}"));
        std::fs::write(&key, damaged).unwrap();
        format!("*@d{number}.example:{}\n", key.display())
    });
    let list: String = lines.collect();
    let message = "From: a@d7.example\r\nTo: b@example.net\r\n\r\n";
    for (more, verdict) in [
        ("", "451 4.7.0 DKIM signing error"),
        ("-C internal=accept", "accept"),
        ("-C def=reject", "550 5.7.0 DKIM signing error"),
        ("-C bad=reject", "451 4.7.0 DKIM signing error"),
    ] {
        let words = format!("-p /s -f -d *.example -k -s @LIST@ {more}");
        let outcome = outcome(service(Door::DkFilter, &words, &list), "127.0.0.1", message).await;
        assert_eq!(outcome.verdict.to_string(), verdict, "{more}");
    }
}

#[tokio::test]
async fn the_native_file_says_the_same_in_its_own_words() {
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/keys/rsa1024.pem");
    let text = format!(
        "mode: s\ninternal-daemons: [MSA]\nremove-old-signatures: yes\ndomainkeys: off\n\
         dkim: {{ body-length: yes, copied-headers: yes }}\n\
         signing:\n{}",
        super::entry("example.com", std::path::Path::new(key))
    );
    let (_running, stream) = start(serving(&text));
    let outcome = mta(move || {
        let mut mta = Connection::open(stream, Offer::USUAL).unwrap();
        mta.set_macros(MacroStage::Connect, &[("{daemon_name}", "MSA")]);
        connect(&mut mta, "192.0.2.1");
        deliver(&mut mta, MESSAGE.as_bytes())
    })
    .await;
    assert_eq!(tag(&outcome, "l").as_deref(), Some("8"));
    assert!(tag(&outcome, "z").is_some());
}
