//! Where log lines go: standard error or syslog.

use std::fmt::{self, Write as _};
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::field::Visit;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use twinseal_config::Facility;

/// The socket of the system's log daemon.
pub const SYSLOG_SOCKET: &str = "/dev/log";

/// How long a log line may wait for the log daemon before it is dropped: mail goes first.
const SYSLOG_PATIENCE: Duration = Duration::from_secs(1);

/// Sends each event's text to a writer that is chosen by its level.
#[derive(Debug)]
pub struct Lines<W> {
    writer: W,
    /// What each line begins with.
    program: &'static str,
    /// Whether the level is part of the text; syslog has it as a number.
    level_in_text: bool,
}

impl<W> Lines<W> {
    /// Lines as people read them on standard error: `twinseal: warning: …`.
    pub const fn to_terminal(program: &'static str, writer: W) -> Self {
        Self { writer, program, level_in_text: true }
    }

    /// Lines as the log daemon takes them: the writer adds priority, program and process.
    pub const fn to_syslog(writer: W) -> Self {
        Self { writer, program: "", level_in_text: false }
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

/// The log daemon, reached over its datagram socket in the format of RFC 3164 §4.1.
///
/// Without a time stamp, which every log daemon adds itself: the C library's stamp is local time,
/// and finding out the local time is not safe in a process with threads.
#[derive(Debug)]
pub struct Syslog {
    path: PathBuf,
    facility: u8,
    tag: String,
    socket: Mutex<Option<UnixDatagram>>,
}

impl Syslog {
    /// Writes as `program[process]` with that facility.
    #[must_use]
    pub fn new(path: &Path, facility: Facility, program: &str) -> Self {
        let tag = format!("{program}[{}]", std::process::id());
        Self { path: path.to_owned(), facility: facility.code(), tag, socket: Mutex::new(None) }
    }

    fn send(&self, datagram: &[u8]) -> io::Result<()> {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(socket) = socket.as_ref()
            && socket.send(datagram).is_ok()
        {
            return Ok(());
        }
        // Not connected yet, or the log daemon was restarted.
        let fresh = UnixDatagram::unbound()?;
        fresh.connect(&self.path)?;
        fresh.set_write_timeout(Some(SYSLOG_PATIENCE))?;
        fresh.send(datagram)?;
        *socket = Some(fresh);
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Syslog {
    type Writer = SyslogLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        SyslogLine { syslog: self, level: Level::INFO }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        SyslogLine { syslog: self, level: *metadata.level() }
    }
}

/// One line on its way to the log daemon.
#[derive(Debug)]
pub struct SyslogLine<'a> {
    syslog: &'a Syslog,
    level: Level,
}

impl io::Write for SyslogLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // RFC 3164 §4.1.1
        let severity = match self.level {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        let priority = u32::from(self.syslog.facility) * 8 + severity;
        let mut datagram = format!("<{priority}>{}: ", self.syslog.tag).into_bytes();
        datagram.extend_from_slice(line.trim_ascii_end());
        self.syslog.send(&datagram)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Syslog};
    use std::os::unix::net::UnixDatagram;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt as _;

    fn receive(socket: &UnixDatagram) -> String {
        let mut octets = [0; 1000];
        let len = socket.recv(&mut octets).unwrap();
        String::from_utf8(octets[..len].to_vec()).unwrap()
    }

    #[test]
    fn syslog_gets_priority_program_and_text_also_after_its_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let daemon = UnixDatagram::bind(&path).unwrap();
        let lines =
            Lines::to_syslog(Syslog::new(&path, twinseal_config::Facility::Mail, "twinseal"));
        let subscriber = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(subscriber, || {
            let tag = format!("twinseal[{}]", std::process::id());
            tracing::info!("A1: signed");
            assert_eq!(receive(&daemon), format!("<22>{tag}: A1: signed"));
            tracing::error!("A2: {}", "broken");
            assert_eq!(receive(&daemon), format!("<19>{tag}: A2: broken"));

            drop(daemon);
            std::fs::remove_file(&path).unwrap();
            tracing::info!("nobody listens");
            let daemon = UnixDatagram::bind(&path).unwrap();
            tracing::warn!("again");
            assert_eq!(receive(&daemon), format!("<20>{tag}: again"));
        });
    }

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
