//! The server that takes what the MTA delivers: on loopback, bounded in everything, and for nobody
//! but the recipients that it is told of.

use crate::locks::lock;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How many clients are served at once. An MTA brings two messages.
const MAX_CONNECTIONS: usize = 8;

/// How long one client may take, all in all.
const PATIENCE: Duration = Duration::from_secs(120);

/// The longest command, in octets (RFC 5321 §4.5.3.1.4 asks for 512, and for more with extensions).
const MAX_COMMAND: u64 = 2048;

/// How many commands one client may give.
const MAX_COMMANDS: usize = 100;

/// The largest message, in octets. Ours has some hundred, and each hop adds a few fields.
const MAX_MESSAGE: usize = 256 * 1024;

/// Strangers' mail is not refused for good: it only has the wrong way.
const NOT_OURS: &[u8] = b"451 4.3.0 only mail of the self-test is taken here\r\n";

/// What was taken, and whose mail is.
#[derive(Debug, Default)]
struct Letters {
    wanted: Vec<String>,
    taken: Vec<(String, Vec<u8>)>,
}

/// A server that listens until it is dropped.
#[derive(Debug)]
pub(super) struct Sink {
    port: u16,
    letters: Arc<Mutex<Letters>>,
    news: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl Sink {
    /// Listens on that port of loopback, or on one that is free, inside a runtime.
    ///
    /// # Errors
    /// When the port is not to be had.
    pub(super) async fn open(port: Option<u16>) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
        let listener = TcpListener::bind(address).await?;
        let port = listener.local_addr()?.port();
        let (letters, news) = (Arc::<Mutex<Letters>>::default(), Arc::<Notify>::default());
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let shared = (Arc::clone(&letters), Arc::clone(&news));
        let listening = tokio::spawn(async move {
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (letters, news) = (Arc::clone(&shared.0), Arc::clone(&shared.1));
                tokio::spawn(async move {
                    let (reader, writer) = stream.into_split();
                    let client = Client { reader: BufReader::new(reader), writer };
                    // Who breaks off has delivered nothing.
                    let _ = timeout(PATIENCE, client.serve(&letters, &news)).await;
                    drop(place);
                });
            }
        });
        Ok(Self { port, letters, news, listening })
    }

    /// Its port.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// From now on, mail to that address is taken.
    pub(super) fn expect(&self, recipient: &str) {
        lock(&self.letters).wanted.push(recipient.to_ascii_lowercase());
    }

    fn take(&self, recipient: &str) -> Option<Vec<u8>> {
        let mut letters = lock(&self.letters);
        let at = letters.taken.iter().position(|(to, _)| to == recipient)?;
        Some(letters.taken.swap_remove(at).1)
    }

    /// Waits for the message to that address.
    pub(super) async fn next(&self, recipient: &str) -> Vec<u8> {
        let recipient = recipient.to_ascii_lowercase();
        loop {
            let news = self.news.notified();
            if let Some(octets) = self.take(&recipient) {
                return octets;
            }
            news.await;
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Client {
    async fn serve(mut self, letters: &Mutex<Letters>, news: &Notify) -> io::Result<()> {
        self.writer.write_all(b"220 twinseal selftest ESMTP\r\n").await?;
        let mut to: Option<String> = None;
        for _ in 0..MAX_COMMANDS {
            let Some(command) = self.command().await? else { return Ok(()) };
            let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let reply: &[u8] = match verb.as_str() {
                "EHLO" => b"250-twinseal\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                "RCPT" => {
                    match recipient(&command).filter(|one| lock(letters).wanted.contains(one)) {
                        Some(one) => {
                            to = Some(one);
                            b"250 2.1.5 ok\r\n"
                        }
                        None => NOT_OURS,
                    }
                }
                "DATA" => match to.take() {
                    None => b"503 5.5.1 whose mail is it?\r\n",
                    Some(to) => {
                        self.writer.write_all(b"354 go on\r\n").await?;
                        match self.data().await? {
                            Some(octets) => {
                                let mut letters = lock(letters);
                                letters.wanted.retain(|one| *one != to);
                                letters.taken.push((to, octets));
                                news.notify_waiters();
                                b"250 2.0.0 kept\r\n"
                            }
                            None => b"552 5.3.4 too large\r\n",
                        }
                    }
                },
                "QUIT" => return self.writer.write_all(b"221 2.0.0 bye\r\n").await,
                "RSET" => {
                    to = None;
                    b"250 2.0.0 ok\r\n"
                }
                "HELO" | "MAIL" | "NOOP" => b"250 2.0.0 ok\r\n",
                _ => b"502 5.5.1 not here\r\n",
            };
            self.writer.write_all(reply).await?;
        }
        self.writer.write_all(b"421 4.7.0 enough\r\n").await
    }

    /// The next line; `None` at the end, or when it is longer than any command.
    async fn command(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.reader).take(MAX_COMMAND).read_until(b'\n', &mut line).await?;
        let whole = line.ends_with(b"\n");
        Ok(whole.then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    /// The message up to its dot, dots un-doubled (RFC 5321 §4.5.2); `None` when it is too large.
    async fn data(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut octets, mut fits) = (Vec::new(), true);
        let (mut at_start, mut after_cr) = (true, false);
        loop {
            let mut line = Vec::new();
            // A line of any length is read in pieces.
            let read = (&mut self.reader).take(MAX_COMMAND).read_until(b'\n', &mut line).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if at_start && line == b".\r\n" {
                return Ok(fits.then_some(octets));
            }
            let text = if at_start { line.strip_prefix(b".").unwrap_or(&line) } else { &line };
            fits &= octets.len() + text.len() <= MAX_MESSAGE;
            if fits {
                octets.extend_from_slice(text);
            }
            // A piece may end between the two.
            at_start = line.ends_with(b"\r\n") || (after_cr && line == b"\n");
            after_cr = line.ends_with(b"\r");
        }
    }
}

/// The address of `RCPT TO:<address> parameters`, in lower case.
fn recipient(command: &str) -> Option<String> {
    let (_, path) = command.split_once(':')?;
    let path = path.trim_start().strip_prefix('<')?;
    Some(path.split_once('>')?.0.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{MAX_COMMANDS, MAX_CONNECTIONS, MAX_MESSAGE, Sink};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    /// What the sink says to all of that, up to where it hangs up.
    async fn said(port: u16, text: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let mut answers = Vec::new();
        let write = async {
            // It may have hung up.
            let _ = writer.write_all(text).await;
            let _ = writer.shutdown().await;
        };
        let _ = tokio::join!(write, reader.read_to_end(&mut answers));
        String::from_utf8(answers).unwrap()
    }

    const HELLO: &str = "EHLO x\r\nMAIL FROM:<a@b.example>\r\n";

    #[tokio::test]
    async fn what_it_waits_for_arrives_octet_by_octet_and_nothing_else_does() {
        let sink = Sink::open(None).await.unwrap();
        sink.expect("Probe-1@selftest.example");
        let stranger = format!("{HELLO}RCPT TO:<c@d.example>\r\nDATA\r\nQUIT\r\n");
        let answer = said(sink.port(), stranger.as_bytes()).await;
        assert!(answer.contains("451 4.3.0") && answer.contains("503 5.5.1"), "{answer}");
        let ours = format!(
            "{HELLO}RCPT TO:<probe-1@SELFTEST.example> X=y\r\nDATA\r\nA: b\r\n\r\n..x\r\n\n.\ny \r\n\
             .\r\nQUIT\r\n"
        );
        let answer = said(sink.port(), ours.as_bytes()).await;
        assert!(answer.contains("250 2.0.0 kept"), "{answer}");
        let octets = sink.next("probe-1@selftest.example").await;
        assert_eq!(octets, b"A: b\r\n\r\n.x\r\n\n.\ny \r\n");
        let again = said(sink.port(), ours.as_bytes()).await;
        assert!(again.contains("451 4.3.0"), "it is taken once: {again}");
    }

    #[tokio::test]
    async fn a_message_is_bounded() {
        let sink = Sink::open(None).await.unwrap();
        for (more, answer) in [(0, "250 2.0.0 kept"), (1, "552 5.3.4")] {
            sink.expect("p@s.example");
            let body = "x".repeat(MAX_MESSAGE - 2 + more);
            let text = format!("{HELLO}RCPT TO:<p@s.example>\r\nDATA\r\n{body}\r\n.\r\nQUIT\r\n");
            let said = said(sink.port(), text.as_bytes()).await;
            assert!(said.contains(answer) && said.contains("221 "), "{more}: {said}");
        }
    }

    #[tokio::test]
    async fn commands_and_clients_are_bounded() {
        let sink = Sink::open(None).await.unwrap();
        let text = "NOOP\r\n".repeat(MAX_COMMANDS + 1);
        let answer = said(sink.port(), text.as_bytes()).await;
        assert!(answer.ends_with("421 4.7.0 enough\r\n"), "{answer}");
        assert_eq!(answer.matches("250 ").count(), MAX_COMMANDS);
        let long = format!("{}\r\n", "x".repeat(5000));
        assert!(!said(sink.port(), long.as_bytes()).await.contains("502"));
        let mut clients = Vec::new();
        for _ in 0..=MAX_CONNECTIONS {
            clients.push(TcpStream::connect(("127.0.0.1", sink.port())).await.unwrap());
        }
        let mut greeted = 0;
        for client in &mut clients {
            let wait = Duration::from_millis(300);
            greeted +=
                usize::from(timeout(wait, client.read_u8()).await.is_ok_and(|read| read.is_ok()));
        }
        assert_eq!(greeted, MAX_CONNECTIONS);
    }
}
