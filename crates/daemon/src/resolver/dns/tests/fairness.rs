//! Names that never answer, and the mail of others.

use super::{NAME, PATIENT, resolver, texts};
use crate::resolver::Resolver as _;
use crate::resolver::places::{MAX_OF_ZONE, MAX_QUESTIONS};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use twinseal_e2e::hostile_dns::{Datagram, HostileDns, Reply, code};

/// More than there are places.
const MANY: usize = MAX_QUESTIONS + 600;

fn silence() -> Reply {
    Reply::code(code::NO_ERROR).over_udp(Datagram::Silence)
}

/// A server that never answers for these names, and does for [`NAME`].
fn black_holes(names: &[String]) -> HostileDns {
    let silent = names.iter().map(|name| (name.as_str(), silence()));
    HostileDns::start(silent.chain([(NAME, Reply::txt(NAME, "honest"))]))
}

/// An answer to [`NAME`], long before anything that is silent is given up.
async fn honest(resolver: &crate::resolver::DnsResolver) {
    let answer = timeout(PATIENT / 4, resolver.txt(NAME)).await;
    assert_eq!(answer.expect("it waits for the others"), texts(&["honest"]));
}

#[tokio::test]
async fn a_zone_that_never_answers_leaves_places_to_others() {
    let names: Vec<String> =
        (0..MANY).map(|number| format!("s{number}._domainkey.black.example")).collect();
    let server = black_holes(&names);
    let resolver = resolver(&[server.address()], PATIENT * 3);
    let waiting: Vec<_> = names.iter().map(|name| resolver.txt(name)).collect();
    sleep(Duration::from_millis(200)).await;
    honest(&resolver).await;
    let asked = names.iter().filter(|name| server.asked(name) > 0).count();
    assert!((1..=MAX_OF_ZONE).contains(&asked), "{asked}");
    drop(waiting);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_asked() {
    let names: Vec<String> =
        (0..MANY).map(|number| format!("s._domainkey.d{number}.example")).collect();
    let server = black_holes(&names);
    let resolver = resolver(&[server.address()], PATIENT * 3);
    let waiting: Vec<_> = names.iter().map(|name| resolver.txt(name)).collect();
    sleep(Duration::from_millis(200)).await;
    // Mail from elsewhere that was begun and given up; two still wait for one of the names.
    let (first, last) = (names.first().unwrap(), names.last().unwrap());
    let kept = [resolver.txt(first), resolver.txt(last)];
    drop(waiting);
    honest(&resolver).await;
    let mut all = 0;
    for _ in 0..50 {
        all = names.iter().filter(|name| server.asked(name) > 0).count();
        if server.asked(last) > 0 {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(server.asked(first) > 0 && server.asked(last) > 0, "who still waits is forgotten");
    assert!(all <= MAX_QUESTIONS + 1, "{all} were asked");
    drop(kept);
}

#[tokio::test]
async fn a_question_that_was_given_up_can_be_asked_again() {
    let server = HostileDns::start([(NAME, silence())]);
    let resolver = resolver(&[server.address()], PATIENT);
    for _ in 0..20 {
        drop(resolver.txt(NAME));
    }
    server.set(NAME, Reply::txt(NAME, "honest"));
    honest(&resolver).await;
}
