//! Handing the messages over, and waiting for them.

use super::asked::Asked;
use super::mailbox::Mailbox;
use super::probe::Probe;
use super::sink::Sink;
use super::smtp::{Session, queue_id};
use super::step::{Code, Step, WayName};
use crate::tools::child;
use crate::tools::postfix::Instance;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};
use twinseal_message::text::{self, shown};

/// How often a mailbox is looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// How much of what the command complains of is told, in characters.
const MAX_COMPLAINT: usize = 1024;

/// Where messages arrive.
pub(super) enum Place {
    /// In our own server.
    Sink(Sink),
    /// In a mailbox.
    Mailbox(Mailbox),
    /// Where we cannot look.
    Elsewhere,
}

/// What became of a message.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) way: WayName,
    pub(super) probe: Probe,
    pub(super) steps: Vec<Step>,
    /// Whom the MTA takes for the client.
    pub(super) client: IpAddr,
    /// As it arrived.
    pub(super) octets: Option<Vec<u8>>,
}

/// Sends the message on its way, and waits until it is there.
pub(super) async fn send(
    asked: &Asked,
    way: WayName,
    probe: Probe,
    place: &mut Place,
    steps: Vec<Step>,
) -> Sent {
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut sent = Sent { way, probe, steps, client, octets: None };
    if let Place::Sink(sink) = &place {
        sink.expect(&sent.probe.to);
    }
    let since = Instant::now();
    let id = match way {
        WayName::Smtp => by_smtp(asked, &mut sent).await,
        WayName::Sendmail => by_sendmail(asked, &mut sent).await,
    };
    let Some(id) = id else { return sent };
    let found = match place {
        Place::Sink(sink) => timeout(asked.timeout, sink.next(&sent.probe.to)).await.map(Ok),
        Place::Mailbox(mailbox) => timeout(asked.timeout, poll(mailbox, &sent.probe)).await,
        Place::Elsewhere => {
            let what = format!("whether it arrived at {}", sent.probe.to);
            let mend = format!(
                "look there for the subject \"twinseal selftest {}\", save the message with all \
                 its headers, and: twinseal verify < FILE",
                sent.probe.token
            );
            sent.steps.push(Step::not_seen(Code::Arrived, what).mend(mend));
            return sent;
        }
    };
    sent.steps.push(match found {
        Ok(Ok(octets)) => {
            let (number, took) = (octets.len(), since.elapsed().as_secs_f64());
            sent.octets = Some(octets);
            Step::ok(Code::Arrived, format!("arrived after {took:.1} s, {number} octets"))
        }
        Ok(Err(error)) => Step::failed(Code::Arrived, format!("the mailbox: {error}")),
        Err(_) => late(asked, &id),
    });
    sent
}

/// It did not arrive in time.
fn late(asked: &Asked, id: &str) -> Step {
    let what = format!("it did not arrive within {} s", asked.timeout.as_secs());
    let step = Step::failed(Code::Arrived, what);
    let step = step.because("it is deferred, was returned to its sender, or went another way");
    if id.is_empty() {
        return step.mend("mailq; then the MTA's log");
    }
    let remove = asked.postfix.typed(&format!("postsuper -d {id}"));
    step.mend(format!("look for {id} in the MTA's log and in mailq; {remove} removes it"))
}

async fn poll(mailbox: &mut Mailbox, probe: &Probe) -> io::Result<Vec<u8>> {
    loop {
        if let Some(octets) = mailbox.look(probe)? {
            return Ok(octets);
        }
        sleep(PAUSE).await;
    }
}

/// The queue id, if it was taken; it may be unknown, and is empty then.
async fn by_smtp(asked: &Asked, sent: &mut Sent) -> Option<String> {
    let (host, port) = (asked.smtp.0.as_str(), asked.smtp.1);
    let there = format!("{}:{port}", shown(host));
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let session = timeout(asked.timeout, Session::connect(host, port)).await;
    let session = match session.map_err(|_| late()).flatten() {
        Ok(session) => session,
        Err(error) => {
            let step = Step::failed(Code::Connected, format!("no SMTP server at {there}: {error}"));
            let mend = "start the MTA, or name its server with --smtp HOST:PORT";
            sent.steps.push(step.mend(mend));
            return None;
        }
    };
    sent.steps.push(Step::ok(Code::Connected, format!("connected to {there}")));
    sent.client = session.local;
    let delivered = timeout(asked.timeout, session.deliver(&sent.probe)).await;
    match delivered.map_err(|_| late().into()).flatten() {
        Ok(reply) => {
            let id = queue_id(&reply).unwrap_or_default().to_owned();
            let name = if id.is_empty() { format!("{reply:?}") } else { id.clone() };
            sent.steps.push(Step::ok(Code::Accepted, format!("the MTA took it: {name}")));
            Some(id)
        }
        Err(error) => {
            let step = Step::failed(Code::Accepted, format!("the MTA did not take it: {error}"));
            let why = "a restriction of the MTA, or a milter that cannot be reached \
                       (milter_default_action = tempfail)";
            let mend = "the MTA's log says which; --from and --to name other addresses";
            sent.steps.push(step.because(why).mend(mend));
            None
        }
    }
}

/// The same. The command does not tell the id.
async fn by_sendmail(asked: &Asked, sent: &mut Sent) -> Option<String> {
    let (program, postfix) = (asked.sendmail.clone(), asked.postfix.clone());
    let (probe, patience) = (sent.probe.clone(), asked.timeout);
    let name = text::path(&program);
    let call = move || command(program, &postfix, &probe, patience);
    let ended = tokio::task::spawn_blocking(call).await.map_err(io::Error::other).flatten();
    match ended {
        Ok(()) => {
            sent.steps.push(Step::ok(Code::Accepted, format!("{name} took it")));
            Some(String::new())
        }
        Err(error) => {
            let what = format!("{name} did not take it: {error}");
            let mend = "the MTA's log says why; --sendmail PROGRAM names another command";
            sent.steps.push(Step::failed(Code::Accepted, what).mend(mend));
            None
        }
    }
}

fn command(
    program: PathBuf,
    postfix: &Instance,
    probe: &Probe,
    patience: Duration,
) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args(["-i", "-f", &probe.from, "--", &probe.to]).envs(postfix.environment());
    let (done, written) = child::run_with(&mut command, &probe.for_sendmail(), patience)?;
    if done.status.success() {
        return written;
    }
    let said: String = done.errors.trim().chars().take(MAX_COMPLAINT).collect();
    let said = shown(&said);
    Err(io::Error::other(if said.is_empty() { done.status.to_string() } else { said }))
}
