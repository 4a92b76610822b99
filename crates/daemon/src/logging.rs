//! Where log lines go: standard error, syslog or the journal.

pub mod datagrams;
pub mod journal;
pub mod syslog;

pub use datagrams::{Datagrams, Flush};
pub use journal::{JOURNAL_SOCKET, Journal};
pub use syslog::{SYSLOG_SOCKET, Syslog};

use std::fmt::{self, Write as _};
use std::io;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::field::Visit;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

/// Sends each event's text to a writer that is chosen by its level.
#[derive(Debug)]
pub struct Lines<W> {
    writer: W,
    /// What each line begins with.
    program: String,
    /// Whether the level is part of the text; a log daemon gets it as a number.
    level_in_text: bool,
}

impl<W> Lines<W> {
    /// Lines as people read them on standard error: `twinseal: warning: …`.
    pub fn to_terminal(program: &str, writer: W) -> Self {
        Self { writer, program: program.to_owned(), level_in_text: true }
    }

    /// Lines as the log daemon takes them: the writer adds priority, program and process.
    pub const fn to_log_daemon(writer: W) -> Self {
        Self { writer, program: String::new(), level_in_text: false }
    }

    fn line(&self, event: &Event<'_>) -> String {
        let mut line = String::new();
        if self.level_in_text {
            let level = match *event.metadata().level() {
                Level::ERROR => "error: ",
                Level::WARN => "warning: ",
                Level::DEBUG => "debug: ",
                _ => "",
            };
            line = format!("{}: {level}", self.program);
        }
        event.record(&mut Text(&mut line));
        line
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = self.line(event);
        line.push('\n');
        let mut writer = self.writer.make_writer_for(event.metadata());
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
    use super::Lines;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn the_terminal_gets_the_level_as_a_word() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&written);
        let writer = move || Shared(Arc::clone(&sink));
        let subscriber =
            tracing_subscriber::registry().with(Lines::to_terminal("twinseal", writer));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("A1: signed");
            tracing::warn!("beware");
        });
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "twinseal: A1: signed\ntwinseal: warning: beware\n");
    }

    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Shared {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
