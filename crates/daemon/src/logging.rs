//! Where log lines go: standard error, syslog or the journal.

pub mod datagrams;
pub mod journal;
pub mod queue;
pub mod syslog;
pub mod terminal;

pub use datagrams::Datagrams;
pub use journal::{JOURNAL_SOCKET, Journal};
pub use queue::{Flush, Queue};
pub use syslog::{SYSLOG_SOCKET, Syslog};
pub use terminal::StandardError;

use std::fmt::{self, Write as _};
use std::io;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::field::Visit;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

/// Sends each event's text to a writer that is chosen by its level, and that knows what a line of
/// that level looks like.
#[derive(Debug)]
pub struct Lines<W>(W);

impl<W> Lines<W> {
    /// Lines to that writer.
    pub const fn to(writer: W) -> Self {
        Self(writer)
    }
}

/// Lets through what the program itself says, from that level up. Libraries tell of forged and
/// broken answers as well, in the words of who sent them and as often as they come: nobody else's
/// mail shall fill the log.
#[must_use]
pub fn ours(level: LevelFilter) -> Targets {
    Targets::new().with_target(PROGRAM_CRATES, level)
}

/// What the names of our crates begin with.
const PROGRAM_CRATES: &str = "twinseal";

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = String::new();
        event.record(&mut Text(&mut line));
        let mut writer = self.0.make_writer_for(event.metadata());
        // There is nowhere to complain about a log that cannot be written.
        let _ = io::Write::write_all(&mut writer, line.as_bytes());
    }
}

/// Takes the message of an event, and nothing else: our events are whole sentences.
struct Text<'l>(&'l mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a String cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, ours};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let mut log = self.0.lock().unwrap();
            log.extend_from_slice(line);
            log.push(b'\n');
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn libraries_have_no_say_in_the_log() {
        let log = Log::default();
        let writer = log.clone();
        let lines = Lines::to(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(ours(LevelFilter::INFO)).with(lines);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("A1: signed");
            tracing::error!(target: "hickory_net::udp", "detected forged question section");
            tracing::debug!("too much");
            tracing::error!("A2: broken");
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log, "A1: signed\nA2: broken\n");
    }
}
