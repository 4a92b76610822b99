//! All keys of a message, asked at once, under one deadline.

use super::Resolver;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use twinseal_dkim::{KeyQuery, LookupFailure, TxtAnswer};

/// Questions whose answers are taken as they come. Dropping it gives up waiting; what was asked is
/// still remembered by who was asked.
#[derive(Debug)]
pub struct Questions {
    ready: VecDeque<(usize, TxtAnswer)>,
    asked: JoinSet<(usize, TxtAnswer)>,
    unanswered: Vec<usize>,
    deadline: Instant,
}

/// Asks for all of them, inside a runtime. After `budget`, counted from now, whatever has no answer
/// has [`LookupFailure::Timeout`] for one.
#[must_use]
pub fn ask_all<'q>(
    resolver: &dyn Resolver,
    queries: impl IntoIterator<Item = &'q KeyQuery>,
    budget: Duration,
) -> Questions {
    let mut questions = Questions {
        ready: VecDeque::new(),
        asked: JoinSet::new(),
        unanswered: Vec::new(),
        deadline: Instant::now() + budget,
    };
    for (index, query) in queries.into_iter().enumerate() {
        if let Some(answer) = resolver.known(query.name()) {
            questions.ready.push_back((index, answer));
            continue;
        }
        let lookup = resolver.txt(query.name());
        questions.asked.spawn(async move { (index, lookup.await) });
        questions.unanswered.push(index);
    }
    questions
}

impl Questions {
    /// The next answer, with the index of its query; `None` after the last one. Answers that are at
    /// hand come first. Nothing is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<(usize, TxtAnswer)> {
        if let Some(answer) = self.ready.pop_front() {
            return Some(answer);
        }
        while !self.asked.is_empty() {
            match timeout_at(self.deadline, self.asked.join_next()).await {
                Ok(Some(Ok((index, answer)))) => {
                    self.unanswered.retain(|waiting| *waiting != index);
                    return Some((index, answer));
                }
                // One of them panicked: what it was asked counts as unanswered below.
                Ok(Some(Err(_))) => {}
                // The time is over, or nothing is left: who still asks is stopped.
                Ok(None) | Err(_) => self.asked = JoinSet::new(),
            }
        }
        let index = self.unanswered.pop()?;
        Some((index, TxtAnswer::Failed(LookupFailure::Timeout)))
    }
}
