use super::*;
use twinseal_dkim::Security;

/// Counts what is known, and forgets nothing of interest.
fn find(memory: &mut Memory, name: &str, now: Instant) -> Option<TxtAnswer> {
    memory.find(name, now).0
}

fn store(
    memory: &mut Memory,
    name: &str,
    answer: &TxtAnswer,
    holds: Option<Duration>,
    now: Instant,
) -> usize {
    memory.store(name, answer, holds, now).answers.len()
}

fn record(octets: usize) -> TxtAnswer {
    TxtAnswer::Records { texts: vec![vec![b'x'; octets]], security: Security::Unproved }
}

const HOUR: Option<Duration> = Some(Duration::from_secs(3600));

#[test]
fn times_are_kept_within_bounds() {
    let second = Duration::from_secs(1);
    let failed = TxtAnswer::Failed;
    for (answer, holds, want) in [
        (record(1), Some(60), Some(Duration::from_secs(60))),
        (record(1), Some(0), Some(SHORTEST)),
        (record(1), Some(u64::from(u32::MAX)), Some(LONGEST)),
        (TxtAnswer::NoName, Some(60), Some(Duration::from_secs(60))),
        (TxtAnswer::NoName, Some(86_400), Some(LONGEST_NEGATIVE)),
        (TxtAnswer::NoName, None, Some(SHORTEST)),
        (TxtAnswer::NoRecord, Some(86_400), Some(LONGEST_NEGATIVE)),
        (TxtAnswer::NoRecord, None, Some(SHORTEST)),
        (failed(LookupFailure::Timeout), None, Some(FAILURE)),
        (failed(LookupFailure::ServerFailure), None, Some(FAILURE)),
        (failed(LookupFailure::Refused), None, Some(FAILURE)),
        (failed(LookupFailure::AliasLoop), None, Some(FAILURE)),
        (failed(LookupFailure::Unusable), None, None),
    ] {
        let (mut memory, now) = (Memory::default(), Instant::now());
        store(&mut memory, "a", &answer, holds.map(Duration::from_secs), now);
        let Some(want) = want else {
            assert_eq!(find(&mut memory, "a", now), None, "{answer:?}");
            continue;
        };
        let last = now + want - second;
        assert_eq!(find(&mut memory, "a", last), Some(answer.clone()), "{answer:?} {holds:?}");
        assert_eq!(find(&mut memory, "a", now + want), None, "{answer:?} {holds:?}");
    }
}

#[test]
fn a_new_answer_takes_the_place_of_the_old_one() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    store(&mut memory, "a", &record(100), HOUR, now);
    store(&mut memory, "a", &TxtAnswer::NoName, HOUR, now);
    assert_eq!(find(&mut memory, "a", now), Some(TxtAnswer::NoName));
    assert_eq!(memory.young.octets, octets("a", &TxtAnswer::NoName));
    // One that is not kept does away with it as well.
    store(&mut memory, "a", &TxtAnswer::Failed(LookupFailure::Unusable), None, now);
    assert_eq!(find(&mut memory, "a", now), None);
    assert_eq!(memory.young.octets, 0);
}

#[test]
fn two_generations_of_answers_are_kept_and_no_more() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    let mut forgotten = 0;
    for number in 0..5 * MAX_ANSWERS {
        forgotten += store(&mut memory, &format!("n{number}"), &TxtAnswer::NoName, HOUR, now);
        let held = memory.young.answers.len() + memory.old.answers.len();
        assert!(held <= 2 * MAX_ANSWERS, "{held} after {number}");
        assert_eq!(held + forgotten, number + 1);
    }
    assert_eq!(forgotten, 3 * MAX_ANSWERS);
}

#[test]
fn octets_are_bounded_as_well() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    for number in 0..2000 {
        store(&mut memory, &format!("n{number}"), &record(7000), HOUR, now);
        assert!(memory.young.octets <= MAX_OCTETS && memory.old.octets <= MAX_OCTETS);
    }
    let held = memory.young.answers.len() + memory.old.answers.len();
    assert!((MAX_OCTETS / 7200..=2 * MAX_OCTETS / 7000).contains(&held), "{held}");
}

#[test]
fn an_answer_that_is_too_large_is_not_kept() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    let beside = octets("a", &record(0));
    store(&mut memory, "a", &record(MAX_KEPT - beside), HOUR, now);
    assert!(find(&mut memory, "a", now).is_some());
    store(&mut memory, "a", &record(MAX_KEPT - beside + 1), HOUR, now);
    assert_eq!(find(&mut memory, "a", now), None);
}

#[test]
fn what_is_asked_for_stays_when_strangers_pass_through() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    store(&mut memory, "friend", &record(400), HOUR, now);
    store(&mut memory, "idle", &record(400), HOUR, now);
    for number in 0..10 * MAX_ANSWERS {
        store(&mut memory, &format!("n{number}"), &TxtAnswer::NoName, HOUR, now);
        if number % 1000 == 0 {
            assert_eq!(find(&mut memory, "friend", now), Some(record(400)), "{number}");
        }
    }
    assert_eq!(find(&mut memory, "idle", now), None);
}
