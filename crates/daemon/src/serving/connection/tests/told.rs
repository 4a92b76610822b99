//! What the log is told of mail.

use super::doors::{DK, DKIM, MESSAGE, outcome, service};
use super::{both_seals, inserted};
use crate::logging::{Lines, ours};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing::Metadata;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use twinseal_config::Door;

/// Lines with their level, those of this thread: it is the one that serves.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(Log, String);

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let lines = Lines::to(log.clone());
        let subscriber = tracing_subscriber::registry().with(ours(LevelFilter::INFO)).with(lines);
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.clone(), String::new())
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Line {
        Line(self.clone(), format!("{} ", of.level()))
    }
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let line_of_log = format!("{}{}", self.1, String::from_utf8_lossy(line));
        self.0.0.lock().unwrap().push(line_of_log);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_client_that_may_use_our_domains_is_not_accused_of_it() {
    let (log, _guard) = Log::begin();
    let accused = "WARN (unknown-jobid) external host mx.example.net [192.0.2.1] attempted to \
                   send as example.com (reason=external-host)";
    let expected = "INFO (unknown-jobid): not signed: mx.example.net [192.0.2.1] is external and \
                    may send as example.com (reason=external-host)";
    for (door, words) in [(Door::DkFilter, DK), (Door::DkimFilter, DKIM)] {
        for (more, want) in [("", accused), (" -I @LIST@", expected)] {
            let service = service(door, &format!("{words}{more}"), "192.0.2.1\n");
            outcome(service, "192.0.2.1", MESSAGE).await;
            let lines = log.take();
            let told: Vec<&String> =
                lines.iter().filter(|line| line.contains("example.net")).collect();
            assert_eq!(told, [want], "{door:?}{more}: {lines:?}");
        }
    }
}

/// The steps in the log; they are at the level of what is wanted in any case.
fn steps(log: &Log) -> Vec<String> {
    let lines = log.take();
    let steps = lines.iter().filter_map(|line| line.strip_prefix("INFO (unknown-jobid): why: "));
    steps.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_steps_to_each_decision_are_told_to_who_asks() {
    let (log, _guard) = Log::begin();
    let internal = "mx.example.net [127.0.0.1] is an internal host";
    let external = "mx.example.net [192.0.2.1] is not internal and not authenticated";
    let dkim = "for DKIM, a@example.com signs as example.com";
    let domainkeys = "for DomainKeys, b@example.org matches no signing rule";
    let cases: [(&str, &str, &[&str]); 5] = [
        ("127.0.0.1", MESSAGE, &[internal, dkim]),
        ("192.0.2.1", MESSAGE, &[external, dkim]),
        (
            "127.0.0.1",
            "From: a@example.com\r\nSender: b@example.org\r\n\r\n",
            &[internal, "for DKIM, b@example.org matches no signing rule", domainkeys],
        ),
        (
            "127.0.0.1",
            "To: a@example.com\r\n\r\n",
            &[internal, "no address decides: it has no From field"],
        ),
        (
            "192.0.2.1",
            "From: a@example.com\r\nFrom: b@example.com\r\n\r\n",
            &[external, "no address decides: it has 2 From fields"],
        ),
    ];
    for (client, message, want) in cases {
        outcome(service(Door::DkimFilter, DKIM, ""), client, message).await;
        assert!(steps(&log).is_empty(), "{client} {message}: nobody asked");
        outcome(service(Door::DkimFilter, &format!("{DKIM} -W"), ""), client, message).await;
        assert_eq!(steps(&log), want, "{client} {message}");
    }
    let both = [internal, dkim, "for DomainKeys, a@example.com signs as example.com"];
    for (more, want) in [("log: { why: no }", &[][..]), ("log: { why: yes }", &both)] {
        let outcome = outcome(super::service(more), "127.0.0.1", MESSAGE).await;
        assert_eq!(inserted(&outcome), both_seals());
        assert_eq!(steps(&log), want, "{more}");
    }
}
