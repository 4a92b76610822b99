//! A log daemon behind a datagram socket, which mail never waits for.

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use std::fmt;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How a log daemon wants its lines.
pub trait Encoding: fmt::Debug + Send + Sync + 'static {
    /// The datagram for one line of that level; the line has no end.
    fn datagram(&self, level: Level, line: &[u8]) -> Vec<u8>;
}

/// How many lines wait for a slow log daemon before further ones are dropped and counted: mail goes
/// first, and memory has an end.
const WAITING_LINES: usize = 4096;

/// How long one line may keep the sending thread waiting, and how long the end of the program waits
/// for the last ones.
const PATIENCE: Duration = Duration::from_secs(2);

/// The way to the log daemon. Whoever logs never waits: a line that the log daemon does not take at
/// once goes to a queue and a thread of its own, and so do all that follow it.
#[derive(Debug)]
pub struct Datagrams {
    encoding: Arc<dyn Encoding>,
    lines: SyncSender<Item>,
    way: Arc<Way>,
}

/// What whoever logs and the sending thread share.
#[derive(Debug, Default)]
struct Way {
    /// The socket, once the thread has connected it.
    socket: Mutex<Option<Arc<UnixDatagram>>>,
    /// Lines in the queue or under way: a later one must not overtake them.
    waiting: AtomicUsize,
    /// Lines that were dropped since that was last said.
    lost: AtomicUsize,
}

/// Waits, when it is dropped, until the log daemon has got what was logged before.
#[derive(Debug)]
pub struct Flush(SyncSender<Item>);

/// What goes to the sending thread.
#[derive(Debug)]
enum Item {
    Datagram(Vec<u8>),
    /// To be answered when everything before it has been sent.
    Flush(SyncSender<()>),
}

impl Datagrams {
    /// Writes to the socket at `path`.
    ///
    /// # Errors
    /// When the system gives us no thread.
    pub fn new(path: &Path, encoding: impl Encoding) -> io::Result<(Self, Flush)> {
        let encoding: Arc<dyn Encoding> = Arc::new(encoding);
        let (lines, waiting) = sync_channel(WAITING_LINES);
        let way = Arc::new(Way::default());
        let sender = Sender {
            path: path.to_owned(),
            way: Arc::clone(&way),
            encoding: Arc::clone(&encoding),
        };
        thread::Builder::new().name("log".to_owned()).spawn(move || sender.run(&waiting))?;
        let flush = Flush(lines.clone());
        Ok((Self { encoding, lines, way }, flush))
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let (done, wait) = sync_channel(1);
        // A queue that is full belongs to a log daemon that does not read: there is nothing to wait
        // for.
        if self.0.try_send(Item::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
}

impl Way {
    /// Sends the line if nothing has to go before it and the log daemon takes it at once. A thread
    /// that is woken for each line costs more than the line.
    fn sent_at_once(&self, datagram: &[u8]) -> bool {
        let clear = |count: &AtomicUsize| count.load(Ordering::Acquire) == 0;
        if !clear(&self.waiting) || !clear(&self.lost) {
            return false;
        }
        let Some(socket) = self.connected() else { return false };
        match send(socket.as_raw_fd(), datagram, MsgFlags::MSG_DONTWAIT) {
            Ok(_) => true,
            Err(Errno::EAGAIN | Errno::ENOBUFS) => false,
            Err(_) => {
                // The log daemon was restarted; the thread will find the new one.
                self.put(None);
                false
            }
        }
    }

    fn connected(&self) -> Option<Arc<UnixDatagram>> {
        self.socket.lock().ok()?.clone()
    }

    fn put(&self, socket: Option<Arc<UnixDatagram>>) {
        if let Ok(mut place) = self.socket.lock() {
            *place = socket;
        }
    }
}

/// The sending thread.
struct Sender {
    path: PathBuf,
    way: Arc<Way>,
    encoding: Arc<dyn Encoding>,
}

impl Sender {
    fn run(self, queue: &Receiver<Item>) {
        while let Ok(item) = queue.recv() {
            match item {
                Item::Datagram(datagram) => {
                    self.tell_loss();
                    if self.send(&datagram).is_err() {
                        self.way.lost.fetch_add(1, Ordering::Release);
                    }
                    self.way.waiting.fetch_sub(1, Ordering::Release);
                }
                Item::Flush(done) => {
                    let _ = done.try_send(());
                }
            }
        }
    }

    /// Says how many lines are missing before the one that follows them.
    fn tell_loss(&self) {
        let lost = self.way.lost.swap(0, Ordering::AcqRel);
        if lost > 0 {
            let text = format!("{lost} log lines could not be delivered");
            let datagram = self.encoding.datagram(Level::WARN, text.as_bytes());
            if self.send(&datagram).is_err() {
                self.way.lost.fetch_add(lost, Ordering::Release);
            }
        }
    }

    fn send(&self, datagram: &[u8]) -> io::Result<()> {
        if let Some(socket) = self.way.connected() {
            match socket.send(datagram) {
                Ok(_) => return Ok(()),
                // It is there and does not read: another attempt would only wait again.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Err(_) => {}
            }
        }
        // Not connected yet, or the log daemon was restarted.
        self.way.put(None);
        let fresh = UnixDatagram::unbound()?;
        fresh.connect(&self.path)?;
        fresh.set_write_timeout(Some(PATIENCE))?;
        fresh.send(datagram)?;
        self.way.put(Some(Arc::new(fresh)));
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Datagrams {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { to: self, level: Level::INFO }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        Line { to: self, level: *metadata.level() }
    }
}

/// One line on its way to the log daemon.
#[derive(Debug)]
pub struct Line<'a> {
    to: &'a Datagrams,
    level: Level,
}

impl io::Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Datagrams { encoding, lines, way } = self.to;
        let datagram = encoding.datagram(self.level, line.trim_ascii_end());
        if !way.sent_at_once(&datagram) {
            way.waiting.fetch_add(1, Ordering::Release);
            if lines.try_send(Item::Datagram(datagram)).is_err() {
                way.waiting.fetch_sub(1, Ordering::Release);
                way.lost.fetch_add(1, Ordering::Release);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Datagrams, PATIENCE, WAITING_LINES};
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
        let (syslog, flush) =
            Datagrams::new(&path, Syslog::new(Facility::Mail, "twinseal")).unwrap();
        let subscriber = tracing_subscriber::registry().with(Lines::to_log_daemon(syslog));
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
        let (syslog, _flush) =
            Datagrams::new(&path, Syslog::new(Facility::Mail, "twinseal")).unwrap();
        let subscriber = tracing_subscriber::registry().with(Lines::to_log_daemon(syslog));
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
