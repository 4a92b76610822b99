//! The last things that went wrong: what the log was told as an error, or as a warning that is about
//! no message. What is about messages is counted instead: a name of somebody who writes to
//! somebody is in none of these lines.

use super::status::Trouble;
use crate::locks::lock;
use crate::serving::service::system_clock;
use crate::serving::transaction::Obstacle;
use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// So many are kept; the same one again only counts.
const MOST_KEPT: usize = 50;

/// So much of each, in characters.
const LONGEST: usize = 500;

/// The last of them. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Troubles(Arc<Mutex<VecDeque<Trouble>>>);

impl Troubles {
    /// The latest first.
    pub(crate) fn all(&self) -> Vec<Trouble> {
        let kept = lock(&self.0);
        kept.iter().cloned().collect()
    }

    fn note(&self, trouble: Trouble) {
        let mut kept = lock(&self.0);
        let same =
            |known: &Trouble| known.text == trouble.text && known.is_error == trouble.is_error;
        let count = match kept.iter().position(same) {
            Some(place) => kept.remove(place).map_or(0, |known| known.count),
            None => 0,
        };
        kept.push_front(Trouble { count: count + 1, ..trouble });
        if kept.len() > MOST_KEPT {
            // Warnings that strangers can cause push no error out.
            let last = kept.iter().rposition(|known| !known.is_error);
            kept.remove(last.unwrap_or(MOST_KEPT));
        }
    }
}

impl<S: Subscriber> Layer<S> for Troubles {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        if level > Level::WARN {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        let is_error = level == Level::ERROR;
        if said.is_about_message && !is_error {
            return;
        }
        let text = match (said.is_about_message, said.message.split_once(": ")) {
            // Without its queue id, it is the same for the next message.
            (true, Some((_, rest))) => rest.to_owned(),
            (true | false, _) => said.message,
        };
        let text: String = text.chars().take(LONGEST).collect();
        let code = code_in(&text);
        self.note(Trouble { at: system_clock(), is_error, text, code, count: 0 });
    }
}

/// The code of the obstacle that the line is about, if it is about one.
fn code_in(text: &str) -> Option<&'static str> {
    let (_, rest) = text.rsplit_once("(reason=")?;
    Obstacle::CODES.into_iter().find(|code| rest.strip_prefix(code) == Some(")"))
}

#[derive(Default)]
struct Said {
    message: String,
    is_about_message: bool,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            // Writing to a String cannot fail.
            "message" => {
                let _ = write!(self.message, "{value:?}");
            }
            "event" => self.is_about_message = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_KEPT, Troubles};
    use tracing_subscriber::layer::SubscriberExt as _;

    fn said(say: impl FnOnce()) -> Vec<(String, u64, bool)> {
        let troubles = Troubles::default();
        let subscriber = tracing_subscriber::registry().with(troubles.clone());
        tracing::subscriber::with_default(subscriber, say);
        troubles.all().into_iter().map(|one| (one.text, one.count, one.is_error)).collect()
    }

    #[test]
    fn what_is_about_messages_is_kept_only_where_it_is_an_error_of_ours() {
        let kept = said(|| {
            tracing::info!("listening");
            tracing::warn!("connection ended");
            tracing::warn!(event = ?"x", "A1: mallory@example.org is external");
            tracing::error!(event = ?"x", "A1: the key is gone");
            tracing::error!(event = ?"x", "B2: the key is gone");
            tracing::error!("reload: nothing has changed");
        });
        let want = [
            ("reload: nothing has changed".to_owned(), 1, true),
            ("the key is gone".to_owned(), 2, true),
            ("connection ended".to_owned(), 1, false),
        ];
        assert_eq!(kept, want);
    }

    #[test]
    fn the_last_ones_are_kept_and_each_has_an_end() {
        let kept = said(|| {
            for number in 0..2 * MOST_KEPT {
                tracing::warn!("{number}: {}", "x".repeat(10_000));
            }
        });
        assert_eq!(kept.len(), MOST_KEPT);
        assert!(kept[0].0.starts_with("99: "), "{:?}", kept[0]);
        assert!(kept.iter().all(|(text, ..)| text.len() <= 500));
    }
}
