//! One connection from an MTA: octets in, octets out, messages between.

use super::service::{Client, Service};
use super::transaction::{self, Ending, Facts, Fate, Transaction};
use crate::signing::policy::Fidelity;
use crate::signing::seal::SealedField;
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
use twinseal_config::Limits;
use twinseal_message::text::shown;
use twinseal_milter::{
    AnswerError, ConnectReply, Disposition, Event, HeadersReply, HeadersToken, MessageToken,
    Options, ProtocolError, Session,
};

/// How much is read at once, in octets: all of a body that is held, and only while it is taken.
const READ_OCTETS: usize = 8 * 1024;

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
        let taken = connection.take(&octets).await;
        // What was answered before the mistake is owed to the MTA nevertheless.
        let patience = connection.service.limits.write;
        write(&mut stream, connection.session.output(), patience).await?;
        connection.session.clear_output();
        // Only now: what the log says was added has left.
        for (queue_id, fields) in connection.added.drain(..) {
            transaction::log_added(queue_id.as_deref(), &fields);
        }
        if taken? == Said::Quit {
            return Ok(());
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
    /// The message under way.
    message: Option<Transaction>,
    /// The frame that has not arrived whole, and when it has to have.
    dawdling: Option<(u64, Instant)>,
    /// What was added to messages whose answer has not been written yet: queue id and fields.
    added: Vec<(Option<String>, Vec<SealedField>)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Said {
    More,
    Quit,
}

impl Connection {
    fn new(service: Arc<Service>) -> Self {
        // The macros that are looked at, `i`, `{auth_type}` and `{auth_authen}`, are among those
        // that Postfix and Sendmail send unasked.
        let decide_at_connect = !service.peers.is_empty();
        let session = Session::new(Options { decide_at_connect, ..Options::default() });
        Self {
            service,
            session,
            client: Client::default(),
            message: None,
            dawdling: None,
            added: Vec::new(),
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

    async fn take(&mut self, mut input: &[u8]) -> Result<Said, Ended> {
        loop {
            let step = self.session.receive(input)?;
            input = input.get(step.consumed..).unwrap_or_default();
            match step.event {
                Event::NeedMore => return Ok(Said::More),
                Event::Quit => return Ok(Said::Quit),
                Event::Connect { client, reply } => {
                    self.client = Client::new(&client);
                    self.message = None;
                    if let Some(token) = reply {
                        let is_peer = self.client.is_in(&self.service.peers);
                        let reply =
                            if is_peer { ConnectReply::Accept } else { ConnectReply::Continue };
                        self.session.answer_connect(token, reply)?;
                    }
                }
                Event::MailFrom(_) => self.message = Some(Transaction::default()),
                Event::Header { name, value } => {
                    self.message.get_or_insert_default().header(name, value);
                }
                Event::EndOfHeaders(token) => self.end_of_headers(token).await?,
                Event::Body(chunk) => {
                    if let Some(message) = &mut self.message {
                        message.body(chunk);
                    }
                }
                Event::EndOfMessage(token) => self.end_of_message(token)?,
                Event::Abort | Event::QuitNewConnection => self.message = None,
                Event::Negotiated(terms) => tracing::debug!("negotiated {terms:?}"),
                Event::Helo(_) | Event::Recipient(_) | Event::Data | Event::UnknownCommand(_) => {}
            }
        }
    }

    async fn end_of_headers(&mut self, token: HeadersToken) -> Result<(), Ended> {
        let queue_id = self.queue_id();
        let facts = Facts {
            queue_id: queue_id.as_deref(),
            client: &self.client,
            authenticated: self.is_authenticated(),
            fidelity: self.fidelity(),
        };
        let mut message = self.message.take().unwrap_or_default();
        let reply = match message.end_of_headers(&self.service, &facts).await {
            Fate::Sealed | Fate::Marked => {
                self.message = Some(message);
                HeadersReply::Continue
            }
            Fate::Passed => HeadersReply::Accept,
            Fate::Deferred => HeadersReply::TempFail,
        };
        Ok(self.session.answer_headers(token, reply)?)
    }

    fn end_of_message(&mut self, token: MessageToken) -> Result<(), Ended> {
        let queue_id = self.queue_id();
        let host = self.macro_value("j");
        let message = self.message.take().unwrap_or_default();
        let mut reply = token.reply();
        let ending = Ending { queue_id: queue_id.as_deref(), host: host.as_deref() };
        let fate = match message.end_of_message(&mut reply, &ending) {
            Ok(fields) => {
                self.added.push((queue_id, fields));
                Fate::Sealed
            }
            Err(obstacle) => {
                transaction::log_deferred(queue_id.as_deref(), &obstacle.to_string());
                obstacle.fate()
            }
        };
        let disposition = match fate {
            Fate::Sealed | Fate::Marked | Fate::Passed => Disposition::Accept,
            Fate::Deferred => Disposition::TempFail,
        };
        Ok(self.session.answer_message(reply, disposition)?)
    }

    fn queue_id(&self) -> Option<String> {
        self.macro_value("i")
    }

    fn macro_value(&self, name: &str) -> Option<String> {
        let value = self.session.macros().value(name).filter(|value| !value.is_empty())?;
        Some(shown(&String::from_utf8_lossy(value)))
    }

    fn is_authenticated(&self) -> bool {
        let set = |name| self.session.macros().value(name).is_some_and(|text| !text.is_empty());
        set("{auth_type}") || set("{auth_authen}")
    }

    fn fidelity(&self) -> Fidelity {
        let exact = self.session.terms().is_some_and(|terms| terms.leading_space());
        if exact { Fidelity::Exact } else { Fidelity::Approximate }
    }
}

#[cfg(test)]
mod tests;
