//! One connection from an MTA: octets in, octets out, messages between.

use super::macros;
use super::protocol;
use super::service::{Client, Service};
use super::transaction::{self, Done, Ending, Facts, Obstacle, Provenance, Told, Transaction};
use crate::monitoring::tally::Fate;
use crate::signing::policy::Fidelity;
use crate::verifying::forgeries::Guard;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use twinseal_config::{Action, Limits};
use twinseal_message::text::shown;
use twinseal_milter::{
    Actions, AnswerError, ConnectReply, Disposition, Event, HeadersReply, HeadersToken,
    MessageReply, MessageToken, Options, ProtocolError, Session,
};

/// How much is read at once, in octets: all of a body that is held, and only while it is taken.
const READ_OCTETS: usize = 8 * 1024;

/// How often the MTA hears from us while DNS is waited for (trap W16).
const PROGRESS: Duration = Duration::from_secs(2);

/// Why a connection ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// The MTA did not keep to the protocol.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The MTA went away in the middle of something.
    #[error("the MTA closed the connection {0}")]
    Cut(&'static str),
    /// The MTA was silent for too long.
    #[error("the MTA was silent for {} seconds {when}", patience.as_secs())]
    Silent {
        /// How long we waited.
        patience: Duration,
        /// What it should have gone on with.
        when: &'static str,
    },
    /// The socket failed.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// A mistake of ours: an answer that the session does not take.
    #[error("internal mistake: {0}")]
    Answer(#[from] AnswerError),
}

/// Serves one connection until the MTA quits, or until `stop` says so and no message is under way.
///
/// # Errors
/// [`Ended`], for the one log line that such an end deserves.
pub async fn serve<S>(
    mut stream: S,
    service: Arc<Service>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection::new(service);
    loop {
        let Wait { until, patience, when } = connection.wait();
        let octets = tokio::select! {
            octets = timeout_at(until, read(&mut stream)) => {
                octets.map_err(|_| Ended::Silent { patience, when })??
            }
            _ = stop.wait_for(|stop| *stop), if connection.is_idle() => return Ok(()),
        };
        if octets.is_empty() {
            let is_orderly = connection.is_idle() && connection.session.terms().is_some();
            return if is_orderly { Ok(()) } else { Err(Ended::Cut(when)) };
        }
        let mut rest = octets.as_slice();
        loop {
            let taken = connection.take(&mut rest).await;
            // What was answered before the mistake is owed to the MTA nevertheless.
            connection.flush(&mut stream).await?;
            match taken? {
                Said::More => break,
                Said::Quit => return Ok(()),
                Said::Waits => connection.wait_for_answers(&mut stream).await?,
            }
        }
    }
}

/// What has arrived; nothing at the end. Who waits holds no memory for it: it lies on the stack
/// until it is known how much it is.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    poll_fn(|context| {
        let mut octets = [MaybeUninit::uninit(); READ_OCTETS];
        let mut octets = ReadBuf::uninit(&mut octets);
        let read = ready!(Pin::new(&mut *stream).poll_read(context, &mut octets));
        Poll::Ready(read.map(|()| octets.filled().to_vec()))
    })
    .await
}

async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    output: &[u8],
    patience: Duration,
) -> Result<(), Ended> {
    if output.is_empty() {
        return Ok(());
    }
    let silent = Ended::Silent { patience, when: "while an answer was written" };
    Ok(timeout(patience, stream.write_all(output)).await.map_err(|_| silent)??)
}

/// How long to wait for the next octets.
struct Wait {
    until: Instant,
    patience: Duration,
    /// What the connection had come to.
    when: &'static str,
}

struct Connection {
    service: Arc<Service>,
    session: Session,
    client: Client,
    /// The sender in the envelope of the message under way.
    sender: Vec<u8>,
    /// The message under way.
    message: Option<Transaction>,
    /// The frame that has not arrived whole, and when it has to have.
    dawdling: Option<(u64, Instant)>,
    /// Who watches over the name of our results, which is the MTA's own unless another was
    /// configured.
    guard: Option<Arc<Guard>>,
    /// The end of a message that waits for DNS.
    ending: Option<MessageToken>,
    /// What the log is told about messages whose answer has not been written yet, with their queue
    /// ids.
    told: Vec<(Option<String>, Told)>,
}

#[derive(Debug)]
enum Said {
    /// It has said all that has arrived.
    More,
    /// It is gone.
    Quit,
    /// A message has ended, and DNS has not said everything yet.
    Waits,
}

impl Connection {
    fn new(service: Arc<Service>) -> Self {
        // The macros that are looked at, `i`, `{auth_type}` and `{auth_authen}`, are among those
        // that Postfix and Sendmail send unasked; others have to be asked for.
        let decide_at_connect = !service.peers.is_empty();
        let tests = if service.signs { service.leaving.macros.as_slice() } else { &[] };
        let macros = macros::wanted(tests, service.deciding.sender_macro.as_deref());
        let mut options = Options { decide_at_connect, macros, ..Options::default() };
        if service.changes_nothing() {
            options.needed = Actions::ADD_HEADERS;
        }
        options.stages.recipients = service.minds_recipients();
        if service.shadow {
            // What was not asked for cannot be done by mistake.
            options.needed = Actions::NONE;
        } else if service.may_quarantine() {
            options.needed = options.needed | Actions::QUARANTINE;
        }
        let session = Session::new(options);
        Self {
            service,
            session,
            client: Client::default(),
            sender: Vec::new(),
            message: None,
            dawdling: None,
            guard: None,
            ending: None,
            told: Vec::new(),
        }
    }

    /// Whether the connection can end without a loss.
    fn is_idle(&self) -> bool {
        self.message.is_none() && self.session.unfinished_frame().is_none()
    }

    /// How long to wait for the next octets. A frame has one deadline for all of it.
    fn wait(&mut self) -> Wait {
        let Limits { read, idle, .. } = self.service.limits;
        let now = Instant::now();
        let unfinished = self.session.unfinished_frame();
        match (unfinished, self.dawdling) {
            (Some(frame), Some((same, until))) if frame == same => {
                return Wait { until, patience: read, when: "in the middle of a frame" };
            }
            _ => self.dawdling = unfinished.map(|frame| (frame, now + read)),
        }
        let (patience, when) = if unfinished.is_some() {
            (read, "in the middle of a frame")
        } else if self.session.terms().is_none() {
            (read, "before it said anything")
        } else if self.message.is_some() {
            (idle, "in the middle of a message")
        } else {
            (idle, "between messages")
        };
        Wait { until: now + patience, patience, when }
    }

    /// Takes what has arrived, up to where something has to be waited for.
    async fn take(&mut self, input: &mut &[u8]) -> Result<Said, Ended> {
        if let Some(token) = self.ending.take() {
            self.end_of_message(token)?;
        }
        loop {
            let step = self.session.receive(input)?;
            *input = input.get(step.consumed..).unwrap_or_default();
            if self.service.protocol_log {
                protocol::said(&step.event, step.consumed);
            }
            match step.event {
                Event::NeedMore => return Ok(Said::More),
                Event::Quit => return Ok(Said::Quit),
                Event::Connect { client, reply } => {
                    self.client = Client::new(&client);
                    self.message = None;
                    self.guard = None;
                    if let Some(token) = reply {
                        let is_peer = self.client.is_in(&self.service.peers);
                        let reply =
                            if is_peer { ConnectReply::Accept } else { ConnectReply::Continue };
                        self.session.answer_connect(token, reply)?;
                    }
                }
                Event::MailFrom(envelope) => {
                    let address = envelope.address();
                    let is_null = address.is_empty();
                    // Only reports ask for it later.
                    let sender = self.service.desk.is_some().then(|| address.to_vec());
                    self.begin_message(is_null, sender);
                }
                Event::Header { name, value } => {
                    if let Some(message) = &mut self.message {
                        message.header(name, value);
                    }
                }
                Event::EndOfHeaders(token) => self.end_of_headers(token).await?,
                Event::Body(chunk) => {
                    if let Some(message) = &mut self.message {
                        message.body(chunk);
                    }
                }
                Event::EndOfMessage(token) => {
                    if self.message.as_mut().is_some_and(|message| message.waits().is_some()) {
                        self.ending = Some(token);
                        return Ok(Said::Waits);
                    }
                    self.end_of_message(token)?;
                }
                Event::Abort | Event::QuitNewConnection => self.message = None,
                Event::Negotiated(terms) => tracing::debug!("negotiated {terms:?}"),
                Event::Recipient(recipient) => {
                    if let Some(message) = &mut self.message {
                        message.recipient(recipient.address(), &self.service);
                    }
                }
                Event::Helo(_) | Event::Data | Event::UnknownCommand(_) => {}
            }
        }
    }

    async fn end_of_headers(&mut self, token: HeadersToken) -> Result<(), Ended> {
        let message = self.message.take();
        let mut message = message.unwrap_or_else(|| self.new_message());
        let queue_id = self.queue_id();
        let facts = Facts {
            queue_id: queue_id.as_deref(),
            client: &self.client,
            authenticated: self.is_authenticated(),
            fidelity: self.fidelity(),
            door: self.service.door,
            macros: self.session.macros(),
            tally: &self.service.tally,
        };
        let reply = message.end_of_headers(&self.service, &facts).await;
        if reply == HeadersReply::Continue {
            self.message = Some(message);
        } else {
            self.service.tally.message(message.fate());
        }
        Ok(self.session.answer_headers(token, reply)?)
    }

    /// Waits until DNS has said everything, at most as long as a message may wait for it, and lets
    /// the MTA know that we are still here (trap W16).
    async fn wait_for_answers<S>(&mut self, stream: &mut S) -> Result<(), Ended>
    where
        S: AsyncWrite + Unpin,
    {
        let (Some(message), Some(token)) = (&mut self.message, &self.ending) else {
            return Ok(());
        };
        let Some(verification) = message.waits() else { return Ok(()) };
        let patience = self.service.limits.write;
        while timeout(PROGRESS, verification.answers()).await.is_err() {
            self.session.progress(token)?;
            write(stream, self.session.output(), patience).await?;
            self.session.clear_output();
        }
        Ok(())
    }

    /// Writes what was answered, and then the log: what it says was added has left.
    async fn flush<S>(&mut self, stream: &mut S) -> Result<(), Ended>
    where
        S: AsyncWrite + Unpin,
    {
        write(stream, self.session.output(), self.service.limits.write).await?;
        if self.service.protocol_log {
            protocol::answered(self.session.output());
        }
        self.session.clear_output();
        for (queue_id, told) in self.told.drain(..) {
            told.count(&self.service);
            told.log(&self.service, queue_id.as_deref());
            if let Some(witness) = &self.service.witness {
                witness.note(told);
            }
        }
        Ok(())
    }

    fn end_of_message(&mut self, token: MessageToken) -> Result<(), Ended> {
        let queue_id = self.queue_id();
        let host = self.macro_value("j");
        let message = self.message.take();
        let message = message.unwrap_or_else(|| self.new_message());
        let mut reply = token.reply();
        let ending = Ending { queue_id: queue_id.as_deref(), host: host.as_deref() };
        let ended = message.end_of_message(&self.service, &mut reply, &ending);
        let fate = ended.as_ref().map_or(Fate::Obstructed, |done| done.fate);
        self.service.tally.message(fate);
        let disposition = match ended {
            Ok(Done { disposition, told, .. }) => {
                if let Told::Judged(judged) = &told {
                    let (sender, client) = (self.sender.as_slice(), self.client.address());
                    let whence = Provenance { queue_id: queue_id.as_deref(), sender, client };
                    judged.report(&self.service, &whence);
                }
                self.told.push((queue_id, told));
                disposition
            }
            Err(obstacle) => {
                transaction::log_obstacle(&self.service, queue_id.as_deref(), &obstacle);
                self.despite(&obstacle, &mut reply)
            }
        };
        Ok(self.session.answer_message(reply, disposition)?)
    }

    /// What becomes of a message that cannot be dealt with at its end.
    fn despite(&self, obstacle: &Obstacle, reply: &mut MessageReply) -> Disposition {
        let why = obstacle.why();
        match obstacle.action(&self.service.actions, self.service.door) {
            Action::Accept => Disposition::Accept,
            Action::Reject => {
                let refused = why.reject(self.service.door);
                refused.map_or(Disposition::Reject, Disposition::Refuse)
            }
            Action::TempFail => why.defer().map_or(Disposition::TempFail, Disposition::Refuse),
            Action::Discard => Disposition::Discard,
            // Where it cannot be held, it must not go on.
            Action::Quarantine => {
                match reply.quarantine(&transaction::held(why, self.service.door)) {
                    Ok(()) => Disposition::Accept,
                    Err(_) => Disposition::TempFail,
                }
            }
        }
    }

    /// A message begins; its sender may be the null one, and may be needed.
    fn begin_message(&mut self, is_null: bool, sender: Option<Vec<u8>>) {
        let mut message = self.new_message();
        message.sender_is_null(is_null);
        self.message = Some(message);
        self.sender = sender.unwrap_or_default();
    }

    /// A message that begins.
    fn new_message(&mut self) -> Transaction {
        // In the shadow of another filter, nothing is removed, and so nothing looked for.
        if let Some(office) = self.service.office.as_ref().filter(|_| !self.service.shadow) {
            // Some MTAs say it with the first message only.
            let host = self.macro_value("j");
            let name = office.authserv_id(host.as_deref());
            if self.guard.as_ref().is_none_or(|guard| guard.name() != name) {
                self.guard = Some(Arc::new(office.guard(host.as_deref())));
            }
        }
        Transaction::new(&self.service, self.guard.clone())
    }

    fn queue_id(&self) -> Option<String> {
        self.macro_value("i")
    }

    fn macro_value(&self, name: &str) -> Option<String> {
        let value = self.session.macros().value(name).filter(|value| !value.is_empty())?;
        Some(shown(&String::from_utf8_lossy(value)))
    }

    fn is_authenticated(&self) -> bool {
        macros::tell_of_a_login(self.session.macros(), self.service.door)
    }

    fn fidelity(&self) -> Fidelity {
        let exact = self.session.terms().is_some_and(|terms| terms.leading_space());
        if exact { Fidelity::Exact } else { Fidelity::Approximate }
    }
}

#[cfg(test)]
mod tests;
