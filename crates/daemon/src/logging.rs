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
