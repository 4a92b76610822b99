//! All keys of a message, asked at once, under one deadline.

use super::{Resolver, deadline};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use twinseal_dkim::{LookupFailure, TxtAnswer};

/// Questions whose answers are taken as they come. Dropping it gives them up.
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
pub fn ask_all(
    resolver: &dyn Resolver,
    names: impl IntoIterator<Item = impl AsRef<str>>,
    budget: Duration,
) -> Questions {
    let mut questions = Questions {
        ready: VecDeque::new(),
        asked: JoinSet::new(),
        unanswered: Vec::new(),
        deadline: deadline(budget),
    };
    for (index, name) in names.into_iter().enumerate() {
        if let Some(answer) = resolver.known(name.as_ref()) {
            questions.ready.push_back((index, answer));
            continue;
        }
        let lookup = resolver.txt(name.as_ref());
        questions.asked.spawn(async move { (index, lookup.await) });
        questions.unanswered.push(index);
    }
    questions
}

impl Questions {
    /// The next answer that has come, with the index of its query. Takes no time.
    pub fn at_hand(&mut self) -> Option<(usize, TxtAnswer)> {
        if let Some(answer) = self.ready.pop_front() {
            return Some(answer);
        }
        let (index, answer) = self.asked.try_join_next()?.ok()?;
        self.unanswered.retain(|waiting| *waiting != index);
        Some((index, answer))
    }

    /// Whether every answer has been taken.
    #[must_use]
    pub fn are_answered(&self) -> bool {
        self.ready.is_empty() && self.unanswered.is_empty()
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolver::Lookup;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::sleep;

    /// Knows what begins with `known`, answers after as many seconds as the name begins with, and
    /// counts who does not wait that long.
    #[derive(Debug, Default)]
    struct Clock {
        left: Arc<AtomicUsize>,
    }

    struct Waiting(Arc<AtomicUsize>);

    impl Drop for Waiting {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Resolver for Clock {
        fn known(&self, name: &str) -> Option<TxtAnswer> {
            name.starts_with("known").then_some(TxtAnswer::NoRecord)
        }

        fn txt(&self, name: &str) -> Lookup {
            let seconds = name.split('.').next().unwrap().parse().unwrap();
            let waiting = Waiting(Arc::clone(&self.left));
            Box::pin(async move {
                sleep(Duration::from_secs(seconds)).await;
                std::mem::forget(waiting);
                TxtAnswer::NoName
            })
        }
    }

    fn queries(selectors: &[&str]) -> Vec<String> {
        selectors.iter().map(|selector| format!("{selector}._domainkey.example.com")).collect()
    }

    async fn all(questions: &mut Questions) -> Vec<(usize, u64, TxtAnswer)> {
        let begun = Instant::now();
        let mut answers = Vec::new();
        while let Some((index, answer)) = questions.next().await {
            answers.push((index, begun.elapsed().as_secs(), answer));
        }
        answers
    }

    #[tokio::test(start_paused = true)]
    async fn answers_come_as_they_are_ready_and_at_the_deadline_the_rest_is_late() {
        let late = TxtAnswer::Failed(LookupFailure::Timeout);
        let clock = Clock::default();
        let queries = queries(&["3", "known", "1", "9", "2"]);
        let mut questions = ask_all(&clock, &queries, Duration::from_secs(5));
        assert_eq!(
            all(&mut questions).await,
            [
                (1, 0, TxtAnswer::NoRecord),
                (2, 1, TxtAnswer::NoName),
                (4, 2, TxtAnswer::NoName),
                (0, 3, TxtAnswer::NoName),
                (3, 5, late),
            ]
        );
        assert_eq!(questions.next().await, None);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(clock.left.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_counts_from_the_question_whenever_the_answer_is_taken() {
        let clock = Clock::default();
        let mut questions = ask_all(&clock, queries(&["1", "6"]), Duration::from_secs(5));
        sleep(Duration::from_secs(7)).await;
        let answers = all(&mut questions).await;
        // Both came while nobody looked; what is there counts.
        assert!(answers.iter().all(|(_, waited, _)| *waited == 0), "{answers:?}");
        assert!(answers.contains(&(0, 0, TxtAnswer::NoName)), "{answers:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_lost_when_somebody_stops_waiting() {
        let clock = Clock::default();
        let mut questions = ask_all(&clock, queries(&["2", "3"]), Duration::from_secs(5));
        for _ in 0..10 {
            let waited = tokio::time::timeout(Duration::from_millis(100), questions.next()).await;
            assert!(waited.is_err());
        }
        assert_eq!(all(&mut questions).await.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_dropped_waits_no_longer() {
        let clock = Clock::default();
        let questions = ask_all(&clock, queries(&["2", "3"]), Duration::from_secs(5));
        tokio::task::yield_now().await;
        drop(questions);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(clock.left.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn there_may_be_all_the_time_in_the_world() {
        let mut questions = ask_all(&Clock::default(), queries(&["3600"]), Duration::MAX);
        assert_eq!(all(&mut questions).await, [(0, 3600, TxtAnswer::NoName)]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_questions_have_no_answers() {
        let mut questions = ask_all(&Clock::default(), [""; 0], Duration::from_secs(5));
        assert_eq!(questions.next().await, None);
    }
}
