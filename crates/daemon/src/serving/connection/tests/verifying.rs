//! What is verified, seen from the MTA.

use super::{Mta, connect, deliver, mta, open, serving, start};
use crate::serving::service::Service;
use std::sync::Arc;
use twinseal_e2e::here;
use twinseal_e2e::hostile_dns::{Datagram, HostileDns, Reply, code};
use twinseal_milter::client::{Command, Connection, Header, Modification, Outcome, Verdict};
use twinseal_milter::{Actions, CommandKind, MacroStage, Offer, Steps};

/// A service that verifies with the test keys, with more lines of configuration.
fn verifying(more: &str) -> Arc<Service> {
    let keys = here("data/keys/records.txt");
    serving(&format!(
        "mode: v\nresults: {{ authserv-id: mx.example.net }}\n\
         dns: {{ test-keys: {} }}\n{more}",
        keys.display()
    ))
}

/// A message of the corpus.
fn message(name: &str) -> Vec<u8> {
    std::fs::read(here("data/verify").join(format!("{name}.eml"))).unwrap()
}

/// The places of the fields that are removed, and the value of the one that is inserted on top.
fn results(outcome: &Outcome) -> (Vec<u32>, Option<String>) {
    let (mut removed, mut inserted) = (Vec::new(), None);
    for change in &outcome.modifications {
        let (at, name, value) = match change {
            Modification::ChangeHeader { instance, name, value } => (*instance, name, value),
            Modification::InsertHeader { index, name, value } => (*index, name, value),
            Modification::AddHeader { .. }
            | Modification::ReplaceBody(_)
            | Modification::AddRecipient { .. }
            | Modification::DeleteRecipient { .. }
            | Modification::ChangeSender { .. }
            | Modification::Quarantine { .. } => panic!("{change:?}"),
        };
        assert_eq!((name.as_slice(), &inserted), (&b"Authentication-Results"[..], &None));
        if value.is_empty() {
            removed.push(at);
        } else {
            assert_eq!(at, 0);
            inserted = Some(String::from_utf8(value.clone()).unwrap());
        }
    }
    (removed, inserted)
}

/// The name that speaks, and the first result.
fn first_result(outcome: &Outcome) -> String {
    let value = results(outcome).1.unwrap_or_default();
    value.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn each_message_of_a_connection_has_its_own_result() {
    let (running, stream) = start(verifying(""));
    mta(move || {
        let mut mta = open(stream, "192.0.2.1");
        for (name, want) in [
            ("pass-relaxed-relaxed", "mx.example.net; dkim=pass"),
            ("body-changed", "mx.example.net; dkim=fail"),
            ("pass-relaxed-relaxed-ed25519", "mx.example.net; dkim=pass"),
            ("no-key", "mx.example.net; dkim=permerror"),
        ] {
            let outcome = deliver(&mut mta, &message(name));
            assert_eq!(outcome.verdict, Verdict::Accept);
            assert_eq!(first_result(&outcome), want, "{name}");
        }
        // Another SMTP client on the same connection.
        mta.quit_new_connection().unwrap();
        connect(&mut mta, "192.0.2.2");
        let outcome = deliver(&mut mta, &message("pass-simple-simple"));
        assert_eq!(first_result(&outcome), "mx.example.net; dkim=pass");
        mta.quit().unwrap();
    })
    .await;
    running.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn where_the_mta_takes_one_space_away_it_is_there_when_the_header_is_hashed() {
    // Trap W1
    let (_running, stream) = start(verifying(""));
    mta(move || {
        let offer = Offer { steps: Steps::USUAL.without(Steps::LEADING_SPACE), ..Offer::USUAL };
        let mut mta = Connection::open(stream, offer).unwrap();
        connect(&mut mta, "192.0.2.1");
        for name in ["pass-simple-simple", "pass-relaxed-relaxed"] {
            let outcome = deliver(&mut mta, &message(name));
            assert_eq!(first_result(&outcome), "mx.example.net; dkim=pass", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_header_past_its_limit_has_the_action_for_it_whatever_is_forged_in_it() {
    for (action, verdict, at) in [
        ("reject", "550 5.7.0 too much header data", CommandKind::EndOfHeaders),
        ("tempfail", "451 4.7.0 too much header data", CommandKind::EndOfHeaders),
        ("discard", "discard", CommandKind::EndOfHeaders),
        ("accept", "accept", CommandKind::EndOfBody),
    ] {
        let service = verifying(&format!(
            "actions: {{ security: {action} }}\nverify: {{ maximum-header: 2KiB }}"
        ));
        let (_running, stream) = start(service);
        mta(move || {
            let mut text = b"X: ".to_vec();
            text.extend(b"x".repeat(3000));
            text.extend_from_slice(b"\r\nAuthentication-Results: mx.example.net; dkim=pass\r\n");
            text.extend(message("pass-relaxed-relaxed"));
            let outcome = deliver(&mut open(stream, "192.0.2.1"), &text);
            assert_eq!(outcome.verdict.to_string(), verdict, "{action}");
            assert_eq!(outcome.decided_at, at, "{action}");
            let removed = if action == "accept" { vec![1] } else { Vec::new() };
            assert_eq!(results(&outcome), (removed, None), "{action}");
        })
        .await;
    }
}

#[tokio::test]
async fn to_hold_mail_is_asked_for_only_where_something_is_held() {
    for (more, held) in [
        ("", false),
        ("actions: { no-signature: reject }", false),
        ("actions: { no-signature: quarantine }", true),
        ("actions: { default: quarantine }", true),
    ] {
        let (_running, stream) = start(verifying(more));
        mta(move || {
            let mta = Connection::open(stream, Offer::USUAL).unwrap();
            assert_eq!(mta.terms().actions.contains(Actions::QUARANTINE), held, "{more}");
        })
        .await;
    }
}

#[tokio::test]
async fn an_mta_that_cannot_hold_mail_is_told_so_at_once() {
    let (running, stream) = start(verifying("actions: { bad-signature: quarantine }"));
    mta(move || {
        let offer =
            Offer { actions: Actions::ADD_HEADERS | Actions::CHANGE_HEADERS, ..Offer::USUAL };
        assert!(Connection::open(stream, offer).is_err());
    })
    .await;
    let ended = running.served.await.unwrap().unwrap_err().to_string();
    assert!(ended.contains("needed 0x31 (add headers, change headers, quarantine)"), "{ended}");
}

#[tokio::test]
async fn what_is_held_has_a_reason() {
    let more = "actions: { bad-signature: quarantine, no-signature: quarantine }";
    let (_running, stream) = start(verifying(more));
    mta(move || {
        let mut mta = open(stream, "192.0.2.1");
        for (name, why) in
            [("body-changed", "bad DKIM signature data"), ("none", "no DKIM signature data")]
        {
            let outcome = deliver(&mut mta, &message(name));
            assert_eq!(outcome.verdict, Verdict::Accept);
            let reason = Modification::Quarantine { reason: format!("twinseal: {why}").into() };
            assert!(outcome.modifications.contains(&reason), "{name}: {outcome:?}");
        }
    })
    .await;
}

/// A server that answers for one of two selectors.
fn half_dead() -> HostileDns {
    let records = std::fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let name = "rsa2048._domainkey.example.com";
    let record = records.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    let silent = Reply::code(code::NO_ERROR).over_udp(Datagram::Silence);
    HostileDns::start([
        (name, Reply::txt(name, record)),
        ("ed25519._domainkey.example.com", silent),
    ])
}

fn asking(dns: &HostileDns) -> Arc<Service> {
    serving(&format!(
        "mode: v\nresults: {{ authserv-id: mx.example.net }}\n\
         dns: {{ servers: [\"{}\"], timeout: 60s }}",
        dns.address()
    ))
}

/// Shows a message up to the end of its header.
fn begin(mta: &mut Mta, text: &[u8]) {
    let (header, _) = Header::parse(text);
    mta.say(&Command::Mail(b"<a@example.com>", &[])).unwrap();
    for field in header.shown() {
        mta.say(&Command::Header(&field.name, &field.value)).unwrap();
    }
    assert_eq!(mta.say(&Command::EndOfHeaders).unwrap().verdict, Verdict::Continue);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_aborted_while_dns_is_asked_leaves_nothing_behind() {
    let dns = half_dead();
    let (_running, stream) = start(asking(&dns));
    mta(move || {
        let mut mta = open(stream, "192.0.2.1");
        for _ in 0..2 {
            begin(&mut mta, &message("pass-relaxed-relaxed-ed25519"));
            mta.say(&Command::Body(b"Hello.\r\n")).unwrap();
            mta.say(&Command::Abort).unwrap();
            let outcome = deliver(&mut mta, &message("pass-relaxed-relaxed"));
            assert_eq!(first_result(&outcome), "mx.example.net; dkim=pass");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mta_that_leaves_while_dns_is_waited_for_is_not_waited_for() {
    let dns = half_dead();
    let (running, stream) = start(asking(&dns));
    mta(move || {
        let mut other = stream.try_clone().unwrap();
        let mut mta = open(stream, "192.0.2.1");
        begin(&mut mta, &message("pass-relaxed-relaxed-ed25519"));
        let mut end = Vec::new();
        Command::EndOfBody(b"Hello.\r\n").encode(&mut end);
        std::io::Write::write_all(&mut other, &end).unwrap();
    })
    .await;
    // With the next sign of life (trap W16), long before the time for DNS is over.
    assert!(running.served.await.unwrap().is_err());
}

#[tokio::test]
async fn results_are_written_in_the_name_that_is_guarded_and_in_no_other() {
    let keys = here("data/keys/records.txt");
    let service = serving(&format!("mode: v\ndns: {{ test-keys: {} }}", keys.display()));
    let (_running, stream) = start(service);
    mta(move || {
        let mut mta = Connection::open(stream, Offer::USUAL).unwrap();
        connect(&mut mta, "192.0.2.1");
        let forged = [
            &b"Authentication-Results: mx.example.net; dkim=pass header.d=bank.example\r\n"[..],
            &message("pass-relaxed-relaxed"),
        ]
        .concat();
        // The MTA says its name only when the message is there: too late to look for forged fields.
        mta.set_macros(MacroStage::EndOfMessage, &[("j", "mx.example.net")]);
        let (removed, ours) = results(&deliver(&mut mta, &forged));
        assert!(removed.is_empty() && !ours.unwrap().contains("mx.example.net"));
        // From the next message on it is known.
        mta.set_macros(MacroStage::Mail, &[("j", "mx.example.net")]);
        let (removed, ours) = results(&deliver(&mut mta, &forged));
        assert_eq!(removed, [1]);
        let ours = ours.unwrap();
        assert!(ours.starts_with(" mx.example.net;\n"), "{ours:?}");
    })
    .await;
}
