//! The way to a log that mail never waits for.

use super::Form;
use super::datagrams::PATIENCE;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Where lines go.
pub trait Destination: fmt::Debug + Send + Sync + 'static {
    /// The octets for one line of that level; the line has no end.
    fn encoded(&self, level: Level, line: &[u8]) -> Vec<u8>;

    /// Sends them if that takes no waiting, and says whether they are sent.
    fn sent_at_once(&self, octets: &[u8]) -> bool;

    /// Sends them, however long that takes.
    ///
    /// # Errors
    /// When it cannot be done; then they are lost.
    fn send(&self, octets: &[u8]) -> io::Result<()>;
}

/// How many lines wait for a slow log before further ones are dropped and counted: mail goes first,
/// and memory has an end.
pub(super) const WAITING_LINES: usize = 4096;

/// The way to a log. Whoever logs never waits: a line that is not taken at once goes to a queue and
/// a thread of its own, and so do all that follow it. A thread that is woken for each line costs
/// more than the line.
#[derive(Debug)]
pub struct Queue {
    way: Arc<Way>,
    lines: SyncSender<Item>,
}

/// What whoever logs and the sending thread share.
#[derive(Debug)]
struct Way {
    destination: Box<dyn Destination>,
    /// Lines in the queue or under way: a later one must not overtake them.
    waiting: AtomicUsize,
    /// Lines that were dropped since that was last said.
    lost: AtomicUsize,
    /// What a line about that looks like.
    form: Form,
}

/// Waits, when it is dropped, until the log has got what was logged before.
#[derive(Debug)]
pub struct Flush(SyncSender<Item>);

/// What goes to the sending thread.
#[derive(Debug)]
enum Item {
    Line(Vec<u8>),
    /// To be answered when everything before it has been sent.
    Flush(SyncSender<()>),
}

impl Queue {
    /// The way to that destination, for text.
    ///
    /// # Errors
    /// When the system gives us no thread.
    pub fn to(destination: impl Destination) -> io::Result<(Self, Flush)> {
        Self::of(destination, Form::Text)
    }

    /// The same for lines of that form.
    ///
    /// # Errors
    /// When the system gives us no thread.
    pub fn of(destination: impl Destination, form: Form) -> io::Result<(Self, Flush)> {
        let (lines, queue) = sync_channel(WAITING_LINES);
        let way = Arc::new(Way {
            destination: Box::new(destination),
            waiting: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            form,
        });
        let sender = Arc::clone(&way);
        thread::Builder::new().name("log".to_owned()).spawn(move || sender.run(&queue))?;
        let flush = Flush(lines.clone());
        Ok((Self { way, lines }, flush))
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let (done, wait) = sync_channel(1);
        // A queue that is full belongs to a log that nobody reads: there is nothing to wait for.
        if self.0.try_send(Item::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
}

impl Way {
    /// Takes a line from whoever logs.
    fn take(&self, octets: Vec<u8>, lines: &SyncSender<Item>) {
        let clear = |count: &AtomicUsize| count.load(Ordering::Acquire) == 0;
        let may_go = clear(&self.waiting) && clear(&self.lost);
        if may_go && self.destination.sent_at_once(&octets) {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Release);
        if lines.try_send(Item::Line(octets)).is_err() {
            self.waiting.fetch_sub(1, Ordering::Release);
            self.lost.fetch_add(1, Ordering::Release);
        }
    }

    /// The sending thread.
    fn run(&self, queue: &Receiver<Item>) {
        while let Ok(item) = queue.recv() {
            match item {
                Item::Line(octets) => {
                    self.tell_loss();
                    if self.destination.send(&octets).is_err() {
                        self.lost.fetch_add(1, Ordering::Release);
                    }
                    self.waiting.fetch_sub(1, Ordering::Release);
                }
                Item::Flush(done) => {
                    let _ = done.try_send(());
                }
            }
        }
    }

    /// Says how many lines are missing before the one that follows them.
    fn tell_loss(&self) {
        let lost = self.lost.swap(0, Ordering::AcqRel);
        if lost > 0 {
            let text = format!("{lost} log lines could not be delivered");
            let line = self.form.line(Level::WARN, None, text);
            let octets = self.destination.encoded(Level::WARN, line.as_bytes());
            if self.destination.send(&octets).is_err() {
                self.lost.fetch_add(lost, Ordering::Release);
            }
        }
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { to: self, level: Level::INFO }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        Line { to: self, level: *metadata.level() }
    }
}

/// One line on its way to the log.
#[derive(Debug)]
pub struct Line<'a> {
    to: &'a Queue,
    level: Level,
}

impl io::Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Queue { way, lines } = self.to;
        way.take(way.destination.encoded(self.level, line.trim_ascii_end()), lines);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::datagrams::{Datagrams, PATIENCE};
    use super::{Queue, WAITING_LINES};
    use crate::logging::{Lines, Syslog};
    use std::os::unix::net::UnixDatagram;
    use std::path::Path;
    use std::time::Duration;
    use tracing_subscriber::layer::SubscriberExt as _;
    use twinseal_config::Facility;

    fn receive(socket: &UnixDatagram) -> String {
        let mut octets = [0; 1000];
        let len = socket.recv(&mut octets).unwrap();
        String::from_utf8(octets[..len].to_vec()).unwrap()
    }

    fn queue(path: &Path) -> (Queue, super::Flush) {
        Queue::to(Datagrams::new(path, Syslog::new(Facility::Mail, "twinseal"))).unwrap()
    }

    fn listen(path: &Path) -> UnixDatagram {
        let daemon = UnixDatagram::bind(path).unwrap();
        daemon.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        daemon
    }

    #[test]
    fn syslog_gets_priority_program_and_text_also_after_its_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let daemon = listen(&path);
        let (syslog, flush) = queue(&path);
        let subscriber = tracing_subscriber::registry().with(Lines::to(syslog));
        let tag = format!("twinseal[{}]", std::process::id());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("A1: signed");
            assert_eq!(receive(&daemon), format!("<22>{tag}: A1: signed"));
            tracing::error!("A2: {}", "broken");
            assert_eq!(receive(&daemon), format!("<19>{tag}: A2: broken"));

            drop(daemon);
            std::fs::remove_file(&path).unwrap();
            tracing::info!("nobody listens");
            drop(flush);
            let daemon = listen(&path);
            tracing::warn!("again");
            let lost = format!("<20>{tag}: 1 log lines could not be delivered");
            assert_eq!(receive(&daemon), lost);
            assert_eq!(receive(&daemon), format!("<20>{tag}: again"));
        });
    }

    #[test]
    fn whoever_logs_never_waits_for_a_log_daemon_that_does_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let daemon = listen(&path);
        let (syslog, _flush) = queue(&path);
        let subscriber = tracing_subscriber::registry().with(Lines::to(syslog));
        let lines = 2 * WAITING_LINES;
        tracing::subscriber::with_default(subscriber, || {
            // Were one of these to wait for its turn, all of them would take hours.
            (0..lines).for_each(|number| tracing::info!("line {number}"));
            // The thread waits at most this long for one line, and then there is room again.
            daemon.set_read_timeout(Some(2 * PATIENCE)).unwrap();
            let mut seen = 0;
            let lost = loop {
                let line = receive(&daemon);
                if let Some((number, _)) = line.split_once(" log lines could not be delivered") {
                    break number.rsplit(' ').next().unwrap().parse::<usize>().unwrap();
                }
                seen += 1;
                if seen == 1 {
                    tracing::info!("one more");
                }
            };
            assert!(lost > 0 && seen + lost <= lines + 1, "{seen} seen, {lost} lost");
        });
    }
}
