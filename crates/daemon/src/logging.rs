//! Where log lines go: standard error, syslog or the journal.

pub mod datagrams;
pub mod journal;
mod json;
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
use std::time::SystemTime;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::field::Visit;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use twinseal_config::{Log, LogFormat, LogTo};

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It is a sentence.
    Text,
    /// It is a JSON object.
    Json {
        /// Whether it says when that was.
        timed: bool,
    },
}

impl Form {
    /// The form that the configuration asks for. Where the destination notes the time itself, the
    /// line has none.
    #[must_use]
    pub fn of(log: &Log) -> Self {
        match log.format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json { timed: log.to == LogTo::Stderr },
        }
    }

    /// A line of that level, with the members of its event if it has one.
    fn line(self, level: Level, members: Option<&str>, message: String) -> String {
        match self {
            Self::Text => message,
            Self::Json { timed } => {
                json::line(level, timed.then(SystemTime::now), members, &message)
            }
        }
    }
}

/// Sends each event's text to a writer that is chosen by its level, and that knows what a line of
/// that level looks like.
#[derive(Debug)]
pub struct Lines<W> {
    writer: W,
    form: Form,
}

impl<W> Lines<W> {
    /// Lines to that writer, as text.
    pub const fn to(writer: W) -> Self {
        Self { writer, form: Form::Text }
    }

    /// The same in another form.
    #[must_use]
    pub fn of(self, form: Form) -> Self {
        Self { form, ..self }
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
        let mut text = Text { message: String::new(), members: None, form: self.form };
        event.record(&mut text);
        let Text { message, members, form } = text;
        let line = form.line(*event.metadata().level(), members.as_deref(), message);
        let mut writer = self.writer.make_writer_for(event.metadata());
        // There is nowhere to complain about a log that cannot be written.
        let _ = io::Write::write_all(&mut writer, line.as_bytes());
    }
}

/// Takes the message of an event, which is a whole sentence, and its members where they are wanted.
struct Text {
    message: String,
    members: Option<String>,
    form: Form,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        match (field.name(), self.form) {
            // Writing to a String cannot fail.
            ("message", _) => {
                let _ = write!(self.message, "{value:?}");
            }
            ("event", Form::Json { .. }) => self.members = Some(format!("{value:?}")),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Lines, ours};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing::Level;
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt as _;
    use twinseal_config::{Door, Facility, Log, LogFormat, LogTo};

    #[derive(Clone, Default)]
    struct Octets(Arc<Mutex<Vec<u8>>>);

    impl Write for Octets {
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
        let log = Octets::default();
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

    #[test]
    fn as_json_a_line_has_the_members_of_its_event_beside_its_text() {
        let log = Octets::default();
        let writer = log.clone();
        let lines = Lines::to(move || writer.clone()).of(Form::Json { timed: false });
        let what = crate::event::What::Unsigned;
        let event = crate::event::Event { door: Door::Native, queue_id: "A1", what };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            event.log();
            tracing::warn!("socket {:?}", "a\"b");
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let unsigned = r#"{"level":"info","event":"unsigned","queue_id":"A1","message":"A1: no DKIM signature data"}"#;
        let other = r#"{"level":"warning","event":"other","message":"socket \"a\\\"b\""}"#;
        assert_eq!(log.lines().collect::<Vec<_>>(), [unsigned, other]);
    }

    #[test]
    fn a_line_says_the_time_where_nobody_else_does() {
        for (to, timed) in [(LogTo::Stderr, true), (LogTo::Syslog, false), (LogTo::Journald, false)]
        {
            let facility = Facility::Mail;
            let mut config =
                Log { to, format: LogFormat::Json, facility, why: false, success: true };
            assert_eq!(Form::of(&config), Form::Json { timed });
            config.format = LogFormat::Text;
            assert_eq!(Form::of(&config), Form::Text);
        }
        let line = Form::Json { timed: true }.line(Level::INFO, None, "x".to_owned());
        assert!(line.starts_with("{\"time\":\"20"), "{line}");
    }
}
