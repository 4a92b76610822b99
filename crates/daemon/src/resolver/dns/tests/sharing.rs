//! Who else gets an answer: those who wait for the same, and those who come later.

use super::{HASTY, NAME, PATIENT, resolver, texts};
use crate::resolver::Resolver as _;
use std::time::Duration;
use tokio::task::JoinSet;
use twinseal_dkim::{LookupFailure, TxtAnswer};
use twinseal_e2e::hostile_dns::{Datagram, HostileDns, Record, Reply, code};

const LATE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn equal_questions_in_flight_share_one_answer() {
    let server = HostileDns::start([(NAME, Reply::txt(NAME, "shared").after(LATE))]);
    let resolver = resolver(&[server.address()], PATIENT);
    let mut askers: JoinSet<TxtAnswer> = JoinSet::new();
    for number in 0..50 {
        let name = if number % 2 == 0 { NAME.to_owned() } else { NAME.to_uppercase() };
        askers.spawn(resolver.clone().txt(&name));
    }
    for answer in askers.join_all().await {
        assert_eq!(answer, texts(&["shared"]));
    }
    assert_eq!(server.asked(NAME), 1);
}

#[tokio::test]
async fn who_asked_first_may_go_away() {
    let server = HostileDns::start([(NAME, Reply::txt(NAME, "shared").after(LATE))]);
    let resolver = resolver(&[server.address()], PATIENT);
    let first = resolver.txt(NAME);
    let second = resolver.txt(NAME);
    drop(first);
    assert_eq!(second.await, texts(&["shared"]));
    assert_eq!(server.asked(NAME), 1);
}

#[tokio::test]
async fn an_answer_is_known_until_it_expires() {
    let reply = Reply::records([Record::txt(NAME, "known").holds(3600)]);
    let server = HostileDns::start([(NAME, reply)]);
    let resolver = resolver(&[server.address()], PATIENT);
    assert_eq!(resolver.known(NAME), None);
    assert_eq!(resolver.txt(NAME).await, texts(&["known"]));
    assert_eq!(resolver.known(&NAME.to_uppercase()), Some(texts(&["known"])));
    assert_eq!(resolver.txt(NAME).await, texts(&["known"]));
    assert_eq!(server.asked(NAME), 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3599)).await;
    assert_eq!(resolver.known(NAME), Some(texts(&["known"])));
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(resolver.known(NAME), None);
}

#[tokio::test]
async fn the_shortest_time_of_a_chain_counts() {
    let server = HostileDns::start([
        (NAME, Reply::records([Record::cname(NAME, "b.example").holds(60)])),
        ("b.example", Reply::records([Record::txt("b.example", "end").holds(3600)])),
    ]);
    let resolver = resolver(&[server.address()], PATIENT);
    assert_eq!(resolver.txt(NAME).await, texts(&["end"]));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(58)).await;
    assert!(resolver.known(NAME).is_some());
    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(resolver.known(NAME), None);
}

#[tokio::test]
async fn what_is_not_there_is_known_as_long_as_its_zone_says() {
    let server = HostileDns::start([
        ("no-name.example", Reply::code(code::NXDOMAIN).with_soa(120)),
        ("no-record.example", Reply::code(code::NO_ERROR).with_soa(120)),
    ]);
    let resolver = resolver(&[server.address()], PATIENT);
    let both = [("no-name.example", TxtAnswer::NoName), ("no-record.example", TxtAnswer::NoRecord)];
    for (name, want) in &both {
        assert_eq!(resolver.txt(name).await, *want);
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(118)).await;
    for (name, want) in &both {
        assert_eq!(resolver.known(name).as_ref(), Some(want));
    }
    tokio::time::advance(Duration::from_secs(3)).await;
    for (name, _) in &both {
        assert_eq!(resolver.known(name), None);
    }
}

#[tokio::test]
async fn a_failure_is_not_waited_for_twice() {
    let server = HostileDns::start([(NAME, Reply::code(0).over_udp(Datagram::Silence))]);
    let resolver = resolver(&[server.address()], HASTY);
    let failed = TxtAnswer::Failed(LookupFailure::Timeout);
    assert_eq!(resolver.txt(NAME).await, failed);
    assert_eq!(resolver.known(NAME), Some(failed));
    server.set(NAME, Reply::txt(NAME, "mended"));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
    assert_eq!(resolver.txt(NAME).await, texts(&["mended"]));
}
