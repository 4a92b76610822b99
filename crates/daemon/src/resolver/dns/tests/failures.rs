//! What is no answer, and who else is asked then.

use super::{HASTY, NAME, PATIENT, answer, ask, resolver, texts};
use crate::resolver::Resolver as _;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use twinseal_dkim::{LookupFailure, TxtAnswer};
use twinseal_e2e::hostile_dns::{Datagram, HostileDns, Reply, Stream, code};

fn failed(failure: LookupFailure) -> TxtAnswer {
    TxtAnswer::Failed(failure)
}

/// An address of this host where nobody listens.
fn nobody() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn truncated() -> Reply {
    Reply::txt(NAME, "v=DKIM1; p=").over_udp(Datagram::Truncated)
}

#[tokio::test]
async fn codes_are_told_apart_to_the_end() {
    // Trap H17
    for (reply, want) in [
        (Reply::code(code::NXDOMAIN).with_soa(60), TxtAnswer::NoName),
        (Reply::code(code::NXDOMAIN), TxtAnswer::NoName),
        (Reply::code(code::NO_ERROR).with_soa(60), TxtAnswer::NoRecord),
        (Reply::code(code::NO_ERROR), TxtAnswer::NoRecord),
        (Reply::code(code::SERVFAIL), failed(LookupFailure::ServerFailure)),
        (Reply::code(code::REFUSED), failed(LookupFailure::Refused)),
        (Reply::code(code::FORMERR), failed(LookupFailure::Refused)),
        (Reply::code(code::NOTIMP), failed(LookupFailure::Refused)),
        (Reply::code(9), failed(LookupFailure::Refused)),
        (Reply::code(15), failed(LookupFailure::Refused)),
    ] {
        assert_eq!(answer(reply.clone()).await, want, "{reply:?}");
    }
}

#[tokio::test]
async fn a_failure_with_records_is_a_failure() {
    let reply = Reply::txt(NAME, "v=DKIM1; p=").with_code(code::SERVFAIL);
    assert_eq!(answer(reply).await, failed(LookupFailure::ServerFailure));
}

#[tokio::test]
async fn silence_ends_with_the_time() {
    for reply in [
        Reply::txt(NAME, "x").over_udp(Datagram::Silence),
        Reply::txt(NAME, "x").after(PATIENT),
        // Without our id it may come from anybody.
        Reply::txt(NAME, "x").over_udp(Datagram::Noise(vec![0; 300])),
        Reply::txt(NAME, "x").over_udp(Datagram::Noise(vec![7])),
        truncated().over_tcp(Stream::Silence),
    ] {
        let server = HostileDns::start([(NAME, reply.clone())]);
        let begun = Instant::now();
        assert_eq!(ask(&server, HASTY).await, failed(LookupFailure::Timeout), "{reply:?}");
        assert!(begun.elapsed() >= HASTY, "{reply:?}: {:?}", begun.elapsed());
        assert!(server.asked(NAME) >= 1, "{reply:?}");
    }
}

#[tokio::test]
async fn a_question_that_is_lost_goes_out_again() {
    let server = HostileDns::start([(NAME, Reply::code(0).over_udp(Datagram::Silence))]);
    assert_eq!(ask(&server, HASTY).await, failed(LookupFailure::Timeout));
    assert_eq!(server.asked(NAME), super::super::super::servers::TRIES);
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let with_length = [&[0xFF, 0xFF][..], &[0xAA; 65_535]].concat();
    let too_short = [&[0xFF, 0xFF][..], &[0; 20]].concat();
    for reply in [
        truncated().over_udp(Datagram::Garbage(vec![0x80; 900])).over_tcp(Stream::Closed),
        truncated().over_udp(Datagram::Garbage(Vec::new())).over_tcp(Stream::Half),
        truncated().over_tcp(Stream::Garbage(with_length)),
        truncated().over_tcp(Stream::Garbage(vec![0, 0])),
        truncated().over_tcp(Stream::Garbage(too_short)),
        truncated().over_tcp(Stream::Half),
        truncated().over_tcp(Stream::Closed),
    ] {
        assert_eq!(answer(reply.clone()).await, failed(LookupFailure::Unusable), "{reply:?}");
    }
}

#[tokio::test]
async fn a_datagram_that_cannot_be_read_is_asked_for_over_tcp() {
    for garbage in [vec![0x80; 900], Vec::new()] {
        let reply = Reply::txt(NAME, "true").over_udp(Datagram::Garbage(garbage));
        let server = HostileDns::start([(NAME, reply)]);
        assert_eq!(ask(&server, PATIENT).await, texts(&["true"]));
        assert_eq!(server.asked_over_tcp(NAME), 1);
    }
}

#[tokio::test]
async fn forged_answers_are_passed_over() {
    let reply = Reply::txt(NAME, "true").over_udp(Datagram::ForgeriesFirst);
    assert_eq!(answer(reply).await, texts(&["true"]));
}

#[tokio::test]
async fn a_truncated_answer_needs_tcp() {
    let server = HostileDns::without_tcp([(NAME, truncated())]);
    assert_eq!(ask(&server, PATIENT).await, failed(LookupFailure::Unusable));
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_waited_for() {
    let begun = Instant::now();
    let answer = resolver(&[nobody()], PATIENT).txt(NAME).await;
    assert_eq!(answer, failed(LookupFailure::Unusable));
    assert!(begun.elapsed() < PATIENT / 4, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_cannot_answer_leaves_the_question_to_the_next() {
    for code in [code::SERVFAIL, code::REFUSED, code::NOTIMP] {
        let first = HostileDns::start([(NAME, Reply::code(code))]);
        let second = HostileDns::start([(NAME, Reply::txt(NAME, "second"))]);
        let servers = [nobody(), first.address(), second.address()];
        let begun = Instant::now();
        assert_eq!(resolver(&servers, PATIENT).txt(NAME).await, texts(&["second"]), "code {code}");
        assert!(begun.elapsed() < PATIENT / 4, "code {code}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_asked_of_others() {
    let first = HostileDns::start([]);
    let second = HostileDns::start([(NAME, Reply::txt(NAME, "second"))]);
    let resolver = resolver(&[first.address(), second.address()], PATIENT);
    assert_eq!(resolver.txt(NAME).await, TxtAnswer::NoName);
    assert_eq!(second.asked(NAME), 0);
}

#[tokio::test]
async fn a_silent_server_costs_time_once() {
    let silent = HostileDns::start([]);
    let second = HostileDns::start([]);
    for name in ["a.example", "b.example"] {
        silent.set(name, Reply::code(0).over_udp(Datagram::Silence));
        second.set(name, Reply::txt(name, "second"));
    }
    let resolver = resolver(&[silent.address(), second.address()], Duration::from_secs(4));
    assert_eq!(resolver.txt("a.example").await, texts(&["second"]));
    assert_eq!(resolver.txt("b.example").await, texts(&["second"]));
    assert_eq!((silent.asked("a.example"), silent.asked("b.example")), (1, 0));
}

#[tokio::test]
async fn a_slow_answer_counts_when_others_were_asked_meanwhile() {
    let reply = Reply::txt(NAME, "late").after(Duration::from_millis(900));
    let slow = HostileDns::start([(NAME, reply)]);
    let silent = HostileDns::start([(NAME, Reply::code(0).over_udp(Datagram::Silence))]);
    let servers = [slow.address(), silent.address()];
    let answer = resolver(&servers, Duration::from_secs(2)).txt(NAME).await;
    assert_eq!(answer, texts(&["late"]));
    assert_eq!(silent.asked(NAME), 1);
}

#[tokio::test]
async fn what_a_server_said_is_told_when_another_says_nothing() {
    let failing = HostileDns::start([(NAME, Reply::code(code::SERVFAIL))]);
    let silent = HostileDns::start([(NAME, Reply::code(0).over_udp(Datagram::Silence))]);
    let servers = [silent.address(), failing.address()];
    let answer = resolver(&servers, HASTY).txt(NAME).await;
    assert_eq!(answer, failed(LookupFailure::ServerFailure));
}
