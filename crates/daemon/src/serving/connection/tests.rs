mod doors;
mod leaving;
mod told;
mod verifying;
mod watched;
mod wording;

use super::{Ended, serve};
use crate::serve::FileSystem;
use crate::server::Server;
use crate::serving::service::Service;
use crate::signing::keyring::PARSED_AT_START;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use twinseal_config::{Door, Request};
use twinseal_milter::client::{
    Command, Connection, Header, Message, Modification, Outcome, Verdict,
};
use twinseal_milter::{ClientAddress, CommandKind, ConnectInfo, MacroStage, Offer, Steps};

type Mta = Connection<StdUnixStream>;

/// A service that signs for example.com, with more lines of configuration.
fn service(more: &str) -> Arc<Service> {
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/keys/rsa1024.pem");
    let entry = entry("example.com", &key);
    serving(&format!("{more}\nsigning:\n{entry}"))
}

fn entry(domain: &str, key: &Path) -> String {
    format!(
        "  - senders: [\"*@{domain}\"]\n    domain: {domain}\n    \
             keys: [{{ file: {key:?}, selector: mail2 }}]\n"
    )
}

/// A service with that configuration.
fn serving(text: &str) -> Arc<Service> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("twinseal.yaml");
    let text = format!("socket: inet:8891@127.0.0.1\nrequire-safe-keys: false\n{text}");
    std::fs::write(&file, text).unwrap();
    let words = vec!["--config".into(), file.into()];
    let Ok(Request::Serve(loaded)) = twinseal_config::serve(Door::Native, words, &FileSystem)
    else {
        panic!("the configuration of the test is wrong");
    };
    Server::prepare(&loaded.config, |_| {}).unwrap().service()
}

struct Running {
    served: JoinHandle<Result<(), Ended>>,
    stop: watch::Sender<bool>,
}

/// A connection that is served, and its other end.
fn start(service: Arc<Service>) -> (Running, StdUnixStream) {
    let (ours, theirs) = StdUnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    theirs.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (stop, stopped) = watch::channel(false);
    let stream = UnixStream::from_std(ours).unwrap();
    (Running { served: tokio::spawn(serve(stream, service, stopped)), stop }, theirs)
}

/// What an MTA sees; it blocks, so it has a thread of its own.
async fn mta<T: Send + 'static>(talk: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(talk).await.unwrap()
}

fn open(stream: StdUnixStream, address: &str) -> Mta {
    let mut mta = Connection::open(stream, Offer::USUAL).unwrap();
    mta.set_macros(MacroStage::EndOfMessage, &[("i", "4AB12")]);
    assert_eq!(connect(&mut mta, address), Verdict::Continue);
    mta
}

fn connect(mta: &mut Mta, address: &str) -> Verdict {
    let address = ClientAddress::Inet(format!("{address}:25").parse().unwrap());
    mta.connect(ConnectInfo { hostname: b"mx.example.net", address }, b"mx.example.net").unwrap()
}

fn deliver(mta: &mut Mta, text: &[u8]) -> Outcome {
    let (header, body) = Header::parse(text);
    let message = Message {
        sender: b"<a@example.com>",
        sender_arguments: &[],
        recipients: &[b"<b@example.net>"],
        header: &header,
        body,
    };
    mta.deliver(&message).unwrap()
}

const MESSAGE: &[u8] =
    b"From: a@example.com\r\nTo: b@example.net\r\nSubject: \r\n x\r\n\r\nHello.\r\n";

/// Names, places and values of the inserted fields; nothing else may have been changed.
fn insertions(outcome: &Outcome) -> Vec<(String, u32, String)> {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    let field = |change: &Modification| {
        let Modification::InsertHeader { index, name, value } = change else {
            panic!("{change:?}");
        };
        assert!(!value.contains(&b'\r'), "{value:?}");
        (text(name), *index, text(value))
    };
    outcome.modifications.iter().map(field).collect()
}

fn inserted(outcome: &Outcome) -> Vec<(String, u32)> {
    insertions(outcome).into_iter().map(|(name, index, _)| (name, index)).collect()
}

fn both_seals() -> Vec<(String, u32)> {
    vec![("DomainKey-Signature".to_owned(), 1), ("DKIM-Signature".to_owned(), 1)]
}

#[tokio::test]
async fn every_message_of_a_connection_gets_both_seals() {
    let (running, stream) = start(service(""));
    mta(move || {
        let mut mta = open(stream, "127.0.0.1");
        let before = mta.round_trips();
        for _ in 0..3 {
            let outcome = deliver(&mut mta, MESSAGE);
            assert_eq!(outcome.verdict, Verdict::Accept);
            assert_eq!(inserted(&outcome), both_seals());
        }
        // Trap W21: end of headers and end of message, nothing else.
        assert_eq!(mta.round_trips() - before, 6);
        mta.quit().unwrap();
    })
    .await;
    running.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn mail_from_elsewhere_passes_without_its_body() {
    let (_running, stream) = start(service(""));
    mta(move || {
        let outcome = deliver(&mut open(stream, "192.0.2.1"), MESSAGE);
        assert_eq!(
            (outcome.verdict, outcome.decided_at),
            (Verdict::Accept, CommandKind::EndOfHeaders)
        );
        assert!(outcome.modifications.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_key_that_turns_out_to_be_none_defers_what_it_should_sign_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let key = |number: usize| directory.path().join(format!("key{number}"));
    let damaged = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let others = (1..=PARSED_AT_START).map(|number| (format!("d{number}.example"), number));
    let entries =
        [("example.com".to_owned(), 0)].into_iter().chain(others).map(|(domain, number)| {
            std::fs::write(key(number), damaged).unwrap();
            entry(&domain, &key(number))
        });
    let service = serving(&format!("signing:\n{}", entries.collect::<String>()));
    let (_running, stream) = start(service);
    mta(move || {
        let mut mta = open(stream, "127.0.0.1");
        let deferred = deliver(&mut mta, MESSAGE).verdict.to_string();
        assert_eq!(deferred, "451 4.7.0 DKIM signing error");
        let other = MESSAGE.strip_prefix(b"From: a@example.com").unwrap();
        let other = [b"From: a@other.example", other].concat();
        assert_eq!(deliver(&mut mta, &other).verdict, Verdict::Accept);
        mta.quit_new_connection().unwrap();
        connect(&mut mta, "192.0.2.1");
        assert_eq!(deliver(&mut mta, MESSAGE).verdict, Verdict::Accept);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_has_authenticated_is_ours() {
    let (_running, stream) = start(service(""));
    mta(move || {
        let mut mta = open(stream, "192.0.2.1");
        mta.set_macros(MacroStage::Mail, &[("{auth_type}", "PLAIN"), ("{auth_authen}", "joe")]);
        assert_eq!(inserted(&deliver(&mut mta, MESSAGE)), both_seals());
        // The next client of the same connection has not.
        mta.set_macros(MacroStage::Mail, &[]);
        assert!(deliver(&mut mta, MESSAGE).modifications.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_peer_is_sent_on_its_way_at_once() {
    let (_running, stream) = start(service("peers: [192.0.2.0/24]"));
    mta(move || {
        let mut mta = Connection::open(stream, Offer::USUAL).unwrap();
        assert_eq!(connect(&mut mta, "192.0.2.1"), Verdict::Accept);
        // Trap W20: after an accept at connect, another client may follow.
        mta.quit_new_connection().unwrap();
        assert_eq!(connect(&mut mta, "127.0.0.1"), Verdict::Continue);
        assert_eq!(inserted(&deliver(&mut mta, MESSAGE)), both_seals());
    })
    .await;
}

#[tokio::test]
async fn verify_only_signs_nothing() {
    let (_running, stream) = start(service("mode: v"));
    mta(move || assert!(deliver(&mut open(stream, "127.0.0.1"), MESSAGE).modifications.is_empty()))
        .await;
}

#[tokio::test]
async fn without_exact_values_the_seals_do_not_depend_on_them() {
    // Trap W1
    let more =
        "dkim: { canonicalization: simple/simple }\ndomainkeys: { canonicalization: simple }";
    let (_running, stream) = start(service(more));
    mta(move || {
        let offer = Offer { steps: Steps::USUAL.without(Steps::LEADING_SPACE), ..Offer::USUAL };
        let mut mta = Connection::open(stream, offer).unwrap();
        connect(&mut mta, "127.0.0.1");
        let fields = insertions(&deliver(&mut mta, MESSAGE));
        assert!(fields[0].2.contains("c=nofws;"), "{fields:?}");
        assert!(fields[1].2.contains("c=relaxed/simple;"), "{fields:?}");
    })
    .await;
}

#[tokio::test]
async fn garbage_ends_the_connection_with_a_reason() {
    for (octets, why) in [
        (&b"\0\0\0\0"[..], "length 0"),
        (b"\xff\xff\xff\xffO", "longer than"),
        (b"\0\0\0\x01\x01", "unknown command"),
        (b"\0\0\0\x01E", "out of order"),
        (b"\0\0\0\x0dO\0\0", "in the middle of a frame"),
        (b"GET / HTTP/1.1\r\n\r\n", "unknown command"),
    ] {
        let (mut theirs, ours) = duplex(1000);
        let (_stop, stopped) = watch::channel(false);
        let served = tokio::spawn(serve(ours, service(""), stopped));
        theirs.write_all(octets).await.unwrap();
        theirs.shutdown().await.unwrap();
        let ended = served.await.unwrap().unwrap_err().to_string();
        assert!(ended.contains(why), "{octets:?}: {ended}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_the_connection_after_its_time() {
    for (octets, seconds) in [(&b""[..], 30), (b"\0\0\0\x0dO\0", 30)] {
        let (mut theirs, ours) = duplex(1000);
        let before = tokio::time::Instant::now();
        let (_stop, stopped) = watch::channel(false);
        let served = tokio::spawn(serve(ours, service(""), stopped));
        theirs.write_all(octets).await.unwrap();
        let ended = served.await.unwrap();
        assert!(matches!(ended, Err(Ended::Silent { .. })), "{ended:?}");
        assert_eq!(before.elapsed().as_secs(), seconds, "{octets:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_trickles_in_has_one_deadline() {
    let (mut theirs, ours) = duplex(1000);
    let (_stop, stopped) = watch::channel(false);
    let before = tokio::time::Instant::now();
    let served = tokio::spawn(serve(ours, service(""), stopped));
    for octet in b"\0\0\0\x0dO\0\0" {
        theirs.write_all(&[*octet]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(7)).await;
        if served.is_finished() {
            break;
        }
    }
    let ended = served.await.unwrap();
    assert!(matches!(ended, Err(Ended::Silent { .. })), "{ended:?}");
    assert_eq!(before.elapsed().as_secs(), 35, "the octet after its deadline");
}

#[tokio::test(start_paused = true)]
async fn frames_that_each_come_in_time_may_go_on_for_long() {
    let (mut theirs, ours) = duplex(1000);
    let (_stop, stopped) = watch::channel(false);
    let served = tokio::spawn(serve(ours, service(""), stopped));
    theirs.write_all(b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff\0\0").await.unwrap();
    for _ in 0..20 {
        // Each write ends one abort and begins the next.
        tokio::time::sleep(Duration::from_secs(20)).await;
        theirs.write_all(b"\0\x01A\0\0").await.unwrap();
    }
    assert!(!served.is_finished());
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_worth_a_line() {
    let (theirs, ours) = duplex(1000);
    let (_stop, stopped) = watch::channel(false);
    drop(theirs);
    let ended = serve(ours, service(""), stopped).await.unwrap_err().to_string();
    assert_eq!(ended, "the MTA closed the connection before it said anything");
}

#[tokio::test]
async fn a_stop_lets_the_message_under_way_finish() {
    let (running, stream) = start(service(""));
    let Running { served, stop } = running;
    mta(move || {
        let mut mta = open(stream, "127.0.0.1");
        let (header, _) = Header::parse(MESSAGE);
        mta.say(&Command::Mail(b"<a@example.com>", &[])).unwrap();
        for field in header.shown() {
            let command = Command::Header(&field.name, &field.value);
            mta.say(&command).unwrap();
        }
        mta.say(&Command::EndOfHeaders).unwrap();
        stop.send_replace(true);
        let end = Command::EndOfBody(b"Hello.\r\n");
        assert_eq!(inserted(&mta.say(&end).unwrap()), both_seals());
    })
    .await;
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_ends_an_idle_connection() {
    let (Running { served, stop }, mut stream) = start(service(""));
    stop.send_replace(true);
    served.await.unwrap().unwrap();
    let mut octets = Vec::new();
    mta(move || std::io::Read::read_to_end(&mut stream, &mut octets).unwrap()).await;
}

#[tokio::test]
async fn an_mta_that_closes_between_messages_is_no_mistake() {
    let (mut theirs, ours) = duplex(1000);
    let (_stop, stopped) = watch::channel(false);
    let served = tokio::spawn(serve(ours, service(""), stopped));
    theirs.write_all(b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff").await.unwrap();
    let mut reply = [0; 17];
    theirs.read_exact(&mut reply).await.unwrap();
    drop(theirs);
    served.await.unwrap().unwrap();
}
