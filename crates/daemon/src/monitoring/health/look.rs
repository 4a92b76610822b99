//! One record is looked at, and what has changed is told.

use super::record::Subject;
use crate::monitoring::status::{Fault, RecordState};
use crate::resolver::Resolver;
use crate::tools::check::finding::Grade;
use crate::tools::check::published::kinds;
use crate::tools::check::published::record::{self, Wanted};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use twinseal_dkim::TxtAnswer;

/// So many records whose state has changed are logged by a round; of more, their number.
const MOST_LOGGED: usize = 20;

/// What came of asking for a record.
type Seen = (RecordState, Vec<Fault>);

/// What the record of that key is.
pub(super) async fn look(subject: &Subject, resolver: &dyn Resolver, below: bool) -> Seen {
    let ours = Arc::clone(&subject.key);
    // Parsing a key takes as long as a signature.
    let public = spawn_blocking(move || ours.public().clone()).await;
    let public = match public {
        Ok(Ok((public, _))) => public,
        Ok(Err(why)) => return (RecordState::Unchecked, vec![fault("key", why, NO_KEY)]),
        Err(error) => {
            return (RecordState::Unchecked, vec![fault("key", error.to_string(), NO_KEY)]);
        }
    };
    let texts = match resolver.txt(&subject.name()).await {
        TxtAnswer::Records { texts, .. } => texts,
        TxtAnswer::NoRecord | TxtAnswer::NoName => Vec::new(),
        TxtAnswer::Failed(failure) => {
            return (RecordState::Unreachable, vec![fault("dns", failure.to_string(), NO_ANSWER)]);
        }
    };
    let seals = subject.seals;
    let faults = record::faults(&texts, &Wanted { key: &public, seals, below });
    (state(&faults), faults.into_iter().map(Fault::from).collect())
}

const NO_KEY: &str = "the record cannot be compared with it";
const NO_ANSWER: &str = "verifiers that ask the same way cannot verify the mail of the domain";

fn fault(code: &'static str, what: String, why: &'static str) -> Fault {
    Fault { code, what, why }
}

impl From<record::Fault> for Fault {
    fn from(record::Fault { kind, what }: record::Fault) -> Self {
        Self { code: kind.code, what, why: kind.why }
    }
}

/// What these faults come to: the worst of them.
fn state(faults: &[record::Fault]) -> RecordState {
    let one = |fault: &record::Fault| {
        let is = |kind: &'static _| std::ptr::eq(fault.kind, kind);
        if is(&kinds::MISSING) {
            RecordState::Missing
        } else if is(&kinds::REVOKED) {
            RecordState::Revoked
        } else if [&kinds::UNREADABLE, &kinds::QUOTES, &kinds::CUT, &kinds::SPLIT]
            .into_iter()
            .any(is)
        {
            RecordState::Unusable
        } else if is(&kinds::TEST_MODE) {
            RecordState::Testing
        } else if fault.kind.grade == Grade::Wrong {
            RecordState::Wrong
        } else {
            RecordState::Good
        }
    };
    let rank = |state: &RecordState| RecordState::ALL.iter().position(|known| known == state);
    faults.iter().map(one).min_by_key(rank).unwrap_or(RecordState::Good)
}

/// What a round has said in the log.
#[derive(Debug, Default)]
pub(super) struct Logged {
    count: usize,
    /// How many records nobody could say anything about that could be asked for before.
    unreachable: usize,
}

impl Logged {
    /// Tells what is bad now, or is good again.
    pub(super) fn tell(
        &mut self,
        name: &str,
        (before, now): (RecordState, RecordState),
        faults: &[Fault],
    ) {
        if now == RecordState::Unreachable {
            self.unreachable += 1;
            return;
        }
        if !now.is_bad() && !before.is_bad() {
            return;
        }
        self.count += 1;
        if self.count > MOST_LOGGED {
            return;
        }
        match faults.first().filter(|_| now.is_bad()) {
            Some(fault) => tracing::warn!("DNS: {name}: {} (code={})", fault.what, fault.code),
            None => tracing::info!("DNS: {name}: the record is {} now", now.name()),
        }
    }

    pub(super) fn end(&self) {
        if self.unreachable > 0 {
            tracing::warn!("DNS: {} records of keys cannot be asked for", self.unreachable);
        }
        if let Some(more) = self.count.checked_sub(MOST_LOGGED).filter(|more| *more > 0) {
            tracing::warn!("DNS: {more} more records have changed; the status page lists them");
        }
    }
}
