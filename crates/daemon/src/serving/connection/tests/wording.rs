//! The log of the program in whose place we stand, as its analysers read it.

use super::doors::{DKIM, outcome, service};
use crate::logging::{Lines, ours};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use twinseal_config::Door;
use twinseal_milter::client::Outcome;

/// The lines of this thread, which is the one that serves.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = Lines::to(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(ours(LevelFilter::INFO)).with(lines);
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const OURS: &str = "From: a@example.com\r\nTo: b@example.net\r\n\r\nHello.\r\n";
const FOREIGN: &str = "From: a@example.net\r\nTo: b@example.net\r\n\r\nHello.\r\n";

/// That service of dkim-filter's door, with its log of signatures that pass.
fn with_success(words: &str) -> Arc<super::Service> {
    let mut service = service(Door::DkimFilter, words, "");
    Arc::get_mut(&mut service).unwrap().logs_success = true;
    service
}

#[tokio::test]
async fn dkim_filter_tells_of_a_signature_where_success_is_logged() {
    let (log, _guard) = Log::begin();
    let added = "4AB12 \"DKIM-Signature\" header added";
    for (service, want) in
        [(service(Door::DkimFilter, DKIM, ""), &[][..]), (with_success(DKIM), &[added])]
    {
        let outcome = outcome(service, "127.0.0.1", OURS).await;
        assert_eq!(super::inserted(&outcome), [("DKIM-Signature".to_owned(), 1)]);
        assert_eq!(log.take(), want);
    }
}

#[tokio::test]
async fn dkim_filter_tells_the_steps_to_who_asks_in_its_own_words() {
    let (log, _guard) = Log::begin();
    let words = format!("{DKIM} -W");
    let unknown = "(unknown-jobid)";
    let no_domain = format!("{unknown} no signing domain match for `example.net'");
    let no_line = format!("{unknown} no signing keylist match for `a@example.net'");
    let external = [format!("{unknown} not internal"), format!("{unknown} not authenticated")];
    let verifying = format!("{unknown} mode select: verifying");
    let accused = format!(
        "{unknown} external host mx.example.net [192.0.2.1] attempted to send as example.com \
         (reason=external-host)"
    );
    let unsigned = format!("{unknown}: no signature data");
    let [first, second] = &external;
    for (client, message, want) in [
        ("127.0.0.1", OURS, vec![format!("{unknown} mode select: signing")]),
        (
            "127.0.0.1",
            FOREIGN,
            vec![
                no_domain.clone(),
                verifying.clone(),
                format!("{no_line} (reason=no-signing-rule)"),
                unsigned.clone(),
            ],
        ),
        (
            "192.0.2.1",
            FOREIGN,
            [&no_domain, &no_line, first, second, &verifying, &unsigned].map(String::clone).into(),
        ),
        (
            "192.0.2.1",
            OURS,
            [first, second, &verifying, &accused, &unsigned].map(String::clone).into(),
        ),
    ] {
        let _: Outcome = outcome(service(Door::DkimFilter, &words, ""), client, message).await;
        let lines = log.take();
        let historic: Vec<&String> = lines.iter().filter(|line| !line.contains("why: ")).collect();
        assert_eq!(historic, want.iter().collect::<Vec<_>>(), "{client} {message}");
    }
}

#[tokio::test]
async fn mail_of_ours_has_one_line_with_the_reason_when_its_header_is_too_large() {
    let (log, _guard) = Log::begin();
    let large = format!("X-Large: {}\r\n{OURS}", "x".repeat(70_000));
    let large: &'static str = large.leak();
    let told = "(unknown-jobid): too much header data: its header is larger than 65536 octets \
                (reason=header-too-large)";
    for (client, want) in [("127.0.0.1", told), ("192.0.2.1", "too much header data")] {
        outcome(service(Door::DkimFilter, DKIM, ""), client, large).await;
        let lines = log.take();
        let lines: Vec<&String> = lines.iter().filter(|line| line.contains("too much")).collect();
        assert_eq!(lines[0], want, "{lines:?}");
        assert!(lines[1..].iter().all(|line| line.contains("deferred: ")), "{lines:?}");
    }
}

#[tokio::test]
async fn what_is_listed_and_has_no_key_is_told_as_ever() {
    let (log, _guard) = Log::begin();
    let words = "-p /s -f -d example.com,lost.example -K -k @LIST@";
    let list = "*@example.com:*:@KEY@\n";
    let lost = "From: a@lost.example\r\nTo: b@example.net\r\n\r\n";
    outcome(service(Door::DkimFilter, words, list), "127.0.0.1", lost).await;
    let want = "(unknown-jobid) no key selected for signing (reason=no-key-selected)";
    assert_eq!(log.take(), [want]);
}
