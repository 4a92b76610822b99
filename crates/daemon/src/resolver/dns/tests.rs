//! The resolver against a server that does what it is told.

mod aliases;
mod failures;
mod fairness;
mod sharing;

use super::super::{DnsResolver, Resolver as _, Settings};
use std::net::SocketAddr;
use std::time::Duration;
use twinseal_dkim::dns::{MAX_RECORD_OCTETS, MAX_RECORDS};
use twinseal_dkim::{Security, TxtAnswer};
use twinseal_e2e::hostile_dns::{Data, Datagram, HostileDns, Record, Reply, code};
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::scratch::Scratch;

const NAME: &str = "s._domainkey.a.example";

/// For answers that come, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(20);

/// For answers that never come.
const HASTY: Duration = Duration::from_millis(400);

fn resolver(servers: &[SocketAddr], timeout: Duration) -> DnsResolver {
    let settings = Settings { servers: servers.to_vec(), timeout };
    DnsResolver::new(&settings, |warning| panic!("{warning}"))
}

/// What the server's answer to one question is taken for.
async fn ask(server: &HostileDns, timeout: Duration) -> TxtAnswer {
    resolver(&[server.address()], timeout).txt(NAME).await
}

async fn answer(reply: Reply) -> TxtAnswer {
    ask(&HostileDns::start([(NAME, reply)]), PATIENT).await
}

fn texts(texts: &[&str]) -> TxtAnswer {
    let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    TxtAnswer::Records { texts, security: Security::Unproved }
}

#[tokio::test]
async fn strings_of_a_record_are_joined_with_nothing_between() {
    // Trap H19
    let strings = ["v=DKIM1; p=AB", "", "CD "].map(|string| string.as_bytes().to_vec());
    let reply = Reply::records([Record::new(NAME, Data::Txt(strings.to_vec()))]);
    assert_eq!(answer(reply).await, texts(&["v=DKIM1; p=ABCD "]));
}

#[tokio::test]
async fn all_records_of_the_name_come_in_their_order_and_no_others() {
    // Trap H19
    let reply = Reply::records([
        Record::new(NAME, Data::Rrsig),
        Record::txt("other.example", "not ours"),
        Record::txt(NAME, "second to none"),
        Record::new(NAME, Data::Rrsig),
        Record::txt(&NAME.to_uppercase(), "v=DKIM1; p="),
    ]);
    assert_eq!(answer(reply).await, texts(&["second to none", "v=DKIM1; p="]));
}

#[tokio::test]
async fn records_beyond_the_limits_are_not_looked_at() {
    let long = "x".repeat(MAX_RECORD_OCTETS);
    let too_long = format!("{long}x");
    let over_tcp =
        |records: Vec<Record>| answer(Reply::records(records).over_udp(Datagram::Truncated));
    let records = vec![Record::txt(NAME, &too_long), Record::txt(NAME, &long)];
    assert_eq!(over_tcp(records).await, texts(&[&long]));
    assert_eq!(over_tcp(vec![Record::txt(NAME, &too_long)]).await, TxtAnswer::NoRecord);
    let numbers: Vec<String> = (0..=MAX_RECORDS).map(|number| number.to_string()).collect();
    let records = numbers.iter().map(|number| Record::txt(NAME, number)).collect();
    let first: Vec<&str> = numbers.iter().take(MAX_RECORDS).map(String::as_str).collect();
    assert_eq!(over_tcp(records).await, texts(&first));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_comes_over_tcp() {
    // Trap H19
    let text = "k".repeat(3000);
    let server = HostileDns::start([(NAME, Reply::txt(NAME, &text).over_udp(Datagram::Truncated))]);
    assert_eq!(ask(&server, PATIENT).await, texts(&[&text]));
    assert_eq!(server.asked_over_tcp(NAME), 1);
}

#[tokio::test]
async fn a_server_that_is_too_old_for_edns_is_asked_without() {
    for old in [code::FORMERR, code::NOTIMP] {
        let server = HostileDns::start([(NAME, Reply::txt(NAME, "v=DKIM1; p=").without_edns(old))]);
        assert_eq!(ask(&server, PATIENT).await, texts(&["v=DKIM1; p="]), "code {old}");
        assert_eq!(server.asked(NAME), 2, "code {old}");
    }
}

#[tokio::test]
async fn who_changes_the_letters_of_the_question_is_asked_over_tcp() {
    let server =
        HostileDns::start([(NAME, Reply::txt(NAME, "true").over_udp(Datagram::LowerCase))]);
    assert_eq!(ask(&server, PATIENT).await, texts(&["true"]));
    assert_eq!(server.asked_over_tcp(NAME), 1);
}

#[tokio::test]
async fn a_name_is_absolute_and_its_case_does_not_matter() {
    let server = HostileDns::start([("localhost", Reply::txt("localhost", "one label"))]);
    let resolver = resolver(&[server.address()], PATIENT);
    assert_eq!(resolver.txt("LocalHost").await, texts(&["one label"]));
    assert_eq!(resolver.txt("no-such-host").await, TxtAnswer::NoName);
    assert_eq!((server.asked("localhost"), server.asked("no-such-host")), (1, 1));
}

#[tokio::test]
async fn a_name_that_is_too_long_for_dns_does_not_exist() {
    let server = HostileDns::start([]);
    let name = format!("{}example", "a.".repeat(130));
    let answer = resolver(&[server.address()], PATIENT).txt(&name).await;
    assert_eq!(answer, TxtAnswer::NoName);
    assert_eq!(server.asked(&name), 0);
}

#[tokio::test]
async fn there_may_be_all_the_time_in_the_world() {
    let server = HostileDns::start([(NAME, Reply::txt(NAME, "true"))]);
    assert_eq!(ask(&server, Duration::MAX).await, texts(&["true"]));
}

#[tokio::test]
async fn the_proof_of_the_server_is_handed_on() {
    let texts = vec![b"v=DKIM1; p=".to_vec()];
    let proved = answer(Reply::txt(NAME, "v=DKIM1; p=").authentic()).await;
    assert_eq!(proved, TxtAnswer::Records { texts, security: Security::Secure });
}

#[tokio::test]
async fn a_real_server_is_understood() {
    let scratch = Scratch::new("resolver");
    let long = "p".repeat(700);
    let zone = Zone {
        name: "a.example".to_owned(),
        lines: format!(
            "s._domainkey IN TXT \"v=DKIM1; \" \"p=\"\n\
             b._domainkey IN CNAME s._domainkey\n\
             old IN DNAME new\ns.new IN TXT \"renamed\"\n\
             long IN TXT {}\n",
            format!("\"{}\" ", long.get(..250).unwrap()).repeat(10)
        ),
    };
    let server = Nameserver::start(&[zone], &scratch);
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    let resolver = resolver(&[address], PATIENT);
    let long = long.get(..250).unwrap().repeat(10);
    for (name, want) in [
        ("s._domainkey.a.example", texts(&["v=DKIM1; p="])),
        ("b._domainkey.a.example", texts(&["v=DKIM1; p="])),
        ("s.old.a.example", texts(&["renamed"])),
        ("long.a.example", texts(&[&long])),
        ("ns.a.example", TxtAnswer::NoRecord),
        ("nobody.a.example", TxtAnswer::NoName),
    ] {
        assert_eq!(resolver.txt(name).await, want, "{name}");
    }
}
