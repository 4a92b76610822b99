//! What the historic doors do with mail.

use super::{connect, deliver, insertions, mta, start};
use crate::VERSION;
use crate::serve::FileSystem;
use crate::server::Server;
use crate::serving::service::Service;
use std::ffi::OsString;
use std::sync::Arc;
use twinseal_config::{Door, Request};
use twinseal_milter::CommandKind;
use twinseal_milter::client::{Connection, Outcome, Verdict};
use twinseal_milter::{MacroStage, Offer, Steps};

const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/keys/rsa1024.pem");

/// The service of that door; `@KEY@` is a key, `@LIST@` a file with that text.
pub(super) fn service(door: Door, words: &str, list: &str) -> Arc<Service> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("list");
    std::fs::write(&file, list.replace("@KEY@", KEY)).unwrap();
    let words = words.replace("@KEY@", KEY).replace("@LIST@", &file.display().to_string());
    let words = words.split_whitespace().map(OsString::from);
    match twinseal_config::serve(door, words, &FileSystem) {
        Ok(Request::Serve(loaded)) => Server::prepare(&loaded.config, |_| {}).unwrap().service(),
        other => panic!("the configuration of the test is wrong: {other:?}"),
    }
}

/// What becomes of that message from that client.
pub(super) async fn outcome(
    service: Arc<Service>,
    client: &'static str,
    message: &'static str,
) -> Outcome {
    let (_running, stream) = start(service);
    mta(move || {
        let mut mta = Connection::open(stream, Offer::USUAL).unwrap();
        mta.set_macros(MacroStage::Connect, &[("j", "mx.example.com")]);
        mta.set_macros(MacroStage::EndOfMessage, &[("i", "4AB12")]);
        connect(&mut mta, client);
        deliver(&mut mta, message.as_bytes())
    })
    .await
}

/// The tag of that name in the one field that was inserted.
pub(super) fn tag(outcome: &Outcome, name: &str) -> Option<String> {
    let fields = insertions(outcome);
    assert_eq!(fields.len(), 1, "{fields:?}");
    let value = fields[0].2.replace(['\n', '\t', ' '], "");
    let tags = value.split(';').filter_map(|tag| tag.split_once('='));
    tags.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}

pub(super) const DK: &str = "-p /s -f -d example.com -s @KEY@ -S s";
pub(super) const DKIM: &str = "-p /s -f -d example.com -k @KEY@ -s s";
pub(super) const MESSAGE: &str = "From: a@example.com\r\nTo: b@example.net\r\n\r\nHello.\r\n";
pub(super) const FOREIGN: &str = "From: a@example.net\r\nTo: b@example.net\r\n\r\nHello.\r\n";
const BELOW: &str = "From: a@mail.example.com\r\nTo: b@example.net\r\n\r\nHello.\r\n";

#[tokio::test]
async fn each_door_makes_its_own_seal() {
    for (door, words, field, canonicalization) in [
        (Door::DkFilter, DK, "DomainKey-Signature", "simple"),
        (Door::DkimFilter, DKIM, "DKIM-Signature", "simple/simple"),
    ] {
        let outcome = outcome(service(door, words, ""), "127.0.0.1", MESSAGE).await;
        let fields = insertions(&outcome);
        assert_eq!((fields[0].0.as_str(), fields[0].1), (field, 1), "{door:?}");
        assert_eq!(tag(&outcome, "c").as_deref(), Some(canonicalization), "{door:?}");
    }
}

#[tokio::test]
async fn a_host_of_the_peer_list_is_sent_on_its_way_at_connect() {
    for (door, words) in [(Door::DkFilter, DK), (Door::DkimFilter, DKIM)] {
        for (more, address, verdict) in [
            ("", "192.0.2.1", Verdict::Continue),
            ("-a @LIST@", "192.0.2.2", Verdict::Continue),
            ("-a @LIST@", "192.0.2.1", Verdict::Accept),
        ] {
            let (_running, stream) =
                start(service(door, &format!("{words} {more}"), "192.0.2.1\n"));
            let answer =
                mta(move || connect(&mut Connection::open(stream, Offer::USUAL).unwrap(), address));
            assert_eq!(answer.await, verdict, "{door:?} {more} {address}");
        }
    }
}

#[tokio::test]
async fn every_message_gets_the_trace_field_above_its_seal() {
    let words = format!("{DK} -h");
    let trace = |id: &str| format!(" Twinseal DomainKeys Filter v{VERSION} mx.example.com {id}");
    for (client, message, seals) in [
        ("127.0.0.1", MESSAGE, 1),
        ("127.0.0.1", FOREIGN, 0),
        ("192.0.2.1", MESSAGE, 0),
        ("127.0.0.1", "To: b@example.net\r\n\r\n", 0),
    ] {
        let outcome = outcome(service(Door::DkFilter, &words, ""), client, message).await;
        let fields = insertions(&outcome);
        assert_eq!(fields.len(), seals + 1, "{fields:?}");
        let (name, index, value) = fields.last().unwrap();
        assert_eq!((name.as_str(), *index, value), ("X-DomainKeys", 1, &trace("4AB12")));
        assert_eq!(
            (outcome.verdict, outcome.decided_at),
            (Verdict::Accept, CommandKind::EndOfBody)
        );
        if let [(_, _, seal), _] = fields.as_slice() {
            assert!(!seal.to_lowercase().contains("x-domainkeys"), "{seal}");
        }
    }
}

#[tokio::test]
async fn what_the_mta_does_not_tell_is_unknown_in_the_trace_field() {
    let (_running, stream) = start(service(Door::DkFilter, &format!("{DK} -h"), ""));
    let outcome = mta(move || {
        let offer = Offer { steps: Steps::USUAL.without(Steps::LEADING_SPACE), ..Offer::USUAL };
        let mut mta = Connection::open(stream, offer).unwrap();
        connect(&mut mta, "127.0.0.1");
        deliver(&mut mta, FOREIGN.as_bytes())
    })
    .await;
    let want = format!("Twinseal DomainKeys Filter v{VERSION} unknown-host (unknown-jobid)");
    assert_eq!(insertions(&outcome)[0].2, want);
}

#[tokio::test]
async fn a_message_without_the_trace_field_passes_without_its_body() {
    let outcome = outcome(service(Door::DkFilter, DK, ""), "127.0.0.1", FOREIGN).await;
    assert_eq!(
        (outcome.verdict, outcome.decided_at, outcome.modifications.len()),
        (Verdict::Accept, CommandKind::EndOfHeaders, 0)
    );
}

#[tokio::test]
async fn a_listed_domain_without_a_key_is_deferred_if_it_is_ours() {
    let words = "-p /s -f -d example.com,lost.example -K -k @LIST@";
    let list = "*@example.com:*:@KEY@\n";
    let lost = "From: a@lost.example\r\nTo: b@example.net\r\n\r\n";
    for (client, message, verdict, fields) in [
        ("127.0.0.1", MESSAGE, "accept", 1),
        ("127.0.0.1", lost, "451 4.7.0 DKIM signing error", 0),
        ("192.0.2.1", lost, "accept", 0),
        ("127.0.0.1", FOREIGN, "accept", 0),
    ] {
        let outcome = outcome(service(Door::DkimFilter, words, list), client, message).await;
        assert_eq!(outcome.verdict.to_string(), verdict, "{client} {message}");
        assert_eq!(outcome.modifications.len(), fields, "{client} {message}");
    }
    // dk-filter's key list lets it pass.
    let words = "-p /s -f -d example.com,lost.example -k -s @LIST@";
    let outcome = outcome(service(Door::DkFilter, words, list), "127.0.0.1", lost).await;
    assert_eq!((outcome.verdict, outcome.modifications.len()), (Verdict::Accept, 0));
}

#[tokio::test]
async fn a_parent_that_signs_says_so_in_the_identity_of_dkim_filter() {
    let words = format!("{DKIM} -D");
    let below = outcome(service(Door::DkimFilter, &words, ""), "127.0.0.1", BELOW).await;
    assert_eq!(tag(&below, "d").as_deref(), Some("example.com"));
    assert_eq!(tag(&below, "i").as_deref(), Some("@example.com"));
    let itself = outcome(service(Door::DkimFilter, &words, ""), "127.0.0.1", MESSAGE).await;
    assert_eq!(tag(&itself, "i"), None);
    let without = outcome(service(Door::DkimFilter, DKIM, ""), "127.0.0.1", BELOW).await;
    assert!(without.modifications.is_empty());
}

#[tokio::test]
async fn the_first_field_of_the_list_that_is_there_decides() {
    const FROM: &str = "From: a@example.com\r\nTo: b@example.net\r\n";
    for (more, dkim, domainkeys) in [
        ("", true, true),
        ("Sender: a@example.net\r\n", false, false),
        ("Resent-From: a@example.net\r\n", false, true),
        ("Resent-From: a@example.com\r\nSender: a@example.net\r\n", true, false),
        ("Resent-Sender: a@example.net\r\nResent-From: a@example.com\r\n", false, true),
        ("Resent-From: a@example.com\r\nResent-From: a@example.net\r\n", true, true),
        ("Resent-From: nobody\r\n", false, true),
        ("From: a@example.com\r\n", false, false),
    ] {
        let message: &'static str = format!("{more}{FROM}\r\n").leak();
        for (door, words, signed) in
            [(Door::DkimFilter, DKIM, dkim), (Door::DkFilter, DK, domainkeys)]
        {
            let outcome = outcome(service(door, words, ""), "127.0.0.1", message).await;
            assert_eq!(outcome.modifications.len(), usize::from(signed), "{door:?} {message}");
        }
    }
}

#[tokio::test]
async fn from_is_listed_once_more_and_nothing_else() {
    let outcome = outcome(service(Door::DkimFilter, DKIM, ""), "127.0.0.1", MESSAGE).await;
    assert_eq!(tag(&outcome, "h").as_deref(), Some("From:To:From"));
}

#[tokio::test]
async fn with_domainkeys_in_its_file_dkim_filter_makes_both_seals() {
    let file = "DomainKeys yes\nOmitHeaders Subject\n";
    let words = format!("{DKIM} -x @LIST@");
    let message = "From: a@example.com\r\nTo: b@example.net\r\nSubject: x\r\n\r\n";
    let outcome = outcome(service(Door::DkimFilter, &words, file), "127.0.0.1", message).await;
    let fields = insertions(&outcome);
    let names: Vec<&str> = fields.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["DomainKey-Signature", "DKIM-Signature"]);
    for (_, _, value) in &fields {
        assert!(!value.to_lowercase().contains("subject"), "{value}");
    }
}

#[tokio::test]
async fn a_mode_that_only_verifies_passes_everything() {
    for message in [MESSAGE, FOREIGN] {
        let service = service(Door::DkimFilter, "-p /s -f -b v", "");
        let outcome = outcome(service, "127.0.0.1", message).await;
        assert_eq!((outcome.verdict, outcome.modifications.len()), (Verdict::Accept, 0));
    }
}
