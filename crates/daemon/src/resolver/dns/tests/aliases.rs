//! From alias to alias.

use super::super::super::aliases::MAX_ALIASES;
use super::{NAME, PATIENT, ask, texts};
use twinseal_dkim::{LookupFailure, Security, TxtAnswer};
use twinseal_e2e::hostile_dns::{Data, HostileDns, Record, Reply, code};

/// The name of a link.
fn link(number: usize) -> String {
    if number == 0 { NAME.to_owned() } else { format!("link{number}.example") }
}

/// Aliases from the first link to the last.
fn chain(links: usize) -> Vec<Record> {
    (0..links).map(|number| Record::cname(&link(number), &link(number + 1))).collect()
}

#[tokio::test]
async fn a_chain_in_one_answer_is_followed() {
    // Trap H19. The order in which they stand means nothing.
    let mut records = chain(MAX_ALIASES);
    records.push(Record::txt(&link(MAX_ALIASES), "end"));
    records.reverse();
    let server = HostileDns::start([(NAME, Reply::records(records))]);
    assert_eq!(ask(&server, PATIENT).await, texts(&["end"]));
    assert_eq!(server.asked(&link(1)), 0);
}

#[tokio::test]
async fn a_chain_that_breaks_off_is_asked_on() {
    let [first, second] = [link(1), link(3)];
    let server = HostileDns::start([
        (NAME, Reply::records(chain(1))),
        (&*first, Reply::records(chain(3).split_off(1))),
        (&*second, Reply::txt(&second, "end")),
    ]);
    assert_eq!(ask(&server, PATIENT).await, texts(&["end"]));
    assert_eq!((server.asked(&first), server.asked(&second)), (1, 1));
}

#[tokio::test]
async fn a_chain_that_is_too_long_fails() {
    let too_far = TxtAnswer::Failed(LookupFailure::AliasLoop);
    let mut records = chain(MAX_ALIASES + 1);
    records.push(Record::txt(&link(MAX_ALIASES + 1), "end"));
    let server = HostileDns::start([(NAME, Reply::records(records.clone()))]);
    assert_eq!(ask(&server, PATIENT).await, too_far, "in one answer");
    let server = HostileDns::start([]);
    for record in records {
        server.set(&record.owner.clone(), Reply::records([record]));
    }
    assert_eq!(ask(&server, PATIENT).await, too_far, "in many answers");
    assert_eq!(server.asked(&link(MAX_ALIASES + 1)), 0);
}

#[tokio::test]
async fn a_loop_fails() {
    let too_far = TxtAnswer::Failed(LookupFailure::AliasLoop);
    let there_and_back = [Record::cname(NAME, "b.example"), Record::cname("b.example", NAME)];
    let in_one = Reply::records(there_and_back.clone());
    let [there, back] = there_and_back.map(|record| Reply::records([record]));
    let itself = Reply::records([Record::cname(NAME, NAME)]);
    for script in
        [vec![(NAME, in_one)], vec![(NAME, there), ("b.example", back)], vec![(NAME, itself)]]
    {
        assert_eq!(ask(&HostileDns::start(script.clone()), PATIENT).await, too_far, "{script:?}");
    }
}

#[tokio::test]
async fn below_a_dname_the_owner_is_replaced() {
    // Trap H19
    let dname = Record::new("a.example", Data::Dname("b.example".to_owned()));
    let renamed = "s._domainkey.b.example";
    let synthesized = Record::cname(NAME, renamed);
    let end = Record::txt(renamed, "end");
    for (records, asked) in [
        (vec![dname.clone(), synthesized.clone(), end.clone()], 0),
        (vec![dname.clone(), end.clone()], 0),
        (vec![dname.clone(), synthesized], 1),
        (vec![dname.clone()], 1),
    ] {
        let server = HostileDns::start([
            (NAME, Reply::records(records.clone())),
            (renamed, Reply::records([end.clone()])),
        ]);
        assert_eq!(ask(&server, PATIENT).await, texts(&["end"]), "{records:?}");
        assert_eq!(server.asked(renamed), asked, "{records:?}");
    }
}

#[tokio::test]
async fn a_dname_renames_nothing_but_what_is_below_its_owner() {
    let owners = [NAME, "other.example", "ample", "x.s._domainkey.a.example"];
    let records = owners.map(|owner| Record::new(owner, Data::Dname("b.example".to_owned())));
    let server = HostileDns::start([(NAME, Reply::records(records))]);
    assert_eq!(ask(&server, PATIENT).await, TxtAnswer::NoRecord);
}

#[tokio::test]
async fn what_is_said_of_the_last_name_counts() {
    // Trap H17, RFC 6604 §3
    for (reply, want) in [
        (Reply::records(chain(2)).with_code(code::NXDOMAIN), TxtAnswer::NoName),
        (Reply::records(chain(2)).with_soa(60), TxtAnswer::NoRecord),
        (
            Reply::records(chain(2)).with_code(code::SERVFAIL),
            TxtAnswer::Failed(LookupFailure::ServerFailure),
        ),
    ] {
        let server = HostileDns::start([(NAME, reply.clone())]);
        assert_eq!(ask(&server, PATIENT).await, want, "{reply:?}");
        assert_eq!(server.asked(&link(2)), 0, "{reply:?}");
    }
    let server = HostileDns::start([(NAME, Reply::records(chain(1)))]);
    assert_eq!(ask(&server, PATIENT).await, TxtAnswer::NoName, "asked on");
}

#[tokio::test]
async fn one_link_without_proof_leaves_all_unproved() {
    let target = link(1);
    let proved = |reply: Reply, is: bool| if is { reply.authentic() } else { reply };
    for (first, second) in [(true, true), (true, false), (false, true)] {
        let server = HostileDns::start([
            (NAME, proved(Reply::records(chain(1)), first)),
            (&*target, proved(Reply::txt(&target, "end"), second)),
        ]);
        let security = if first && second { Security::Secure } else { Security::Unproved };
        let want = TxtAnswer::Records { texts: vec![b"end".to_vec()], security };
        assert_eq!(ask(&server, PATIENT).await, want, "{first} {second}");
    }
}
