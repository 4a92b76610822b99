//! Reports to those whose signatures do not match here, where they ask for them.
//!
//! A report is an effect of mail that anybody can forge. So it is sent only to an address in the
//! domain that asked for it, by its own DNS; rarely; never in answer to what may be a report
//! itself; and nothing waits for it.

mod asked;
pub(crate) mod courier;
mod ledger;
pub(crate) mod mail;
pub(crate) mod sendmail;

use crate::event::{Event, What};
use crate::locks::lock;
use crate::resolver::{Resolver, ask_all};
use crate::verifying::office::Office;
use courier::Courier;
use ledger::Ledger;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use twinseal_config::{Door, Reports};
use twinseal_dkim::{AdspQuery, AdspResult, Outcome, TxtAnswer, Verdict};
use twinseal_message::text::shown;
use twinseal_message::{Domain, HeaderBlock, Mailbox, Selector};

/// How many reports are under way at once; what comes beyond that is not reported.
const AT_ONCE: usize = 4;

/// How many domains one message is reported to.
const PER_MESSAGE: usize = 3;

/// Who sends reports.
#[derive(Debug)]
pub struct Desk {
    /// In whose words it tells of them.
    door: Door,
    signatures: bool,
    policies: bool,
    /// The address that reports are from.
    from: String,
    command: PathBuf,
    /// Who runs it, where we cannot.
    courier: OnceLock<Arc<Courier>>,
    resolver: Arc<dyn Resolver>,
    /// How long DNS may take to say where a report goes.
    budget: Duration,
    room: Arc<Semaphore>,
    ledger: Arc<Mutex<Ledger>>,
}

/// What a report can tell about a message.
#[derive(Debug, Clone)]
pub struct Case {
    /// The MTA's queue id.
    pub queue_id: String,
    /// The sender in the envelope, without angle brackets.
    pub sender: Vec<u8>,
    /// The SMTP client.
    pub client: Option<IpAddr>,
    /// The header as it arrived.
    pub header: Arc<HeaderBlock>,
    /// The value of the Authentication-Results field.
    pub results: Option<String>,
    /// When it arrived, in seconds since 1970.
    pub now: u64,
}

/// What went wrong, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Failure {
    /// A signature of that domain does not match.
    Signature { domain: Domain, selector: Selector, identity: String, body: bool, asks: bool },
    /// Mail of that domain has no signature of it, and should.
    Policy { domain: Domain },
}

impl Failure {
    const fn domain(&self) -> &Domain {
        match self {
            Self::Signature { domain, .. } | Self::Policy { domain } => domain,
        }
    }

    /// The records that may say where the report goes, the first of them first.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Signature { domain, selector, asks, .. } => {
                let key = format!("{selector}._domainkey.{domain}");
                let own = asks.then(|| format!("_report._domainkey.{domain}"));
                [Some(key), own].into_iter().flatten().collect()
            }
            Self::Policy { domain } => vec![AdspQuery::new(domain).record_name().to_owned()],
        }
    }
}

impl Desk {
    /// What a configuration says, with somebody to ask.
    #[must_use]
    pub fn new(reports: &Reports, office: &Office, door: Door) -> Self {
        let address = reports.address.as_ref().map(Mailbox::to_string);
        Self {
            door,
            signatures: reports.signatures,
            policies: reports.policies,
            from: address.unwrap_or_else(|| format!("postmaster@{}", mail::host())),
            command: reports.command.clone(),
            courier: OnceLock::new(),
            resolver: Arc::clone(&office.resolver),
            budget: office.budget,
            room: Arc::new(Semaphore::new(AT_ONCE)),
            ledger: Arc::default(),
        }
    }

    /// Has that process run the command from now on.
    pub(crate) fn sends_by(&self, courier: &Arc<Courier>) {
        let _ = self.courier.set(Arc::clone(courier));
    }

    /// Goes on from what another one has sent, whose place it takes.
    pub fn continues(&mut self, other: &Self) {
        self.room = Arc::clone(&other.room);
        self.ledger = Arc::clone(&other.ledger);
    }

    /// Looks at what came of a message, and reports what is to be reported, some time later. Inside
    /// a runtime.
    pub fn consider(self: &Arc<Self>, case: &Case, verdicts: &[Verdict], adsp: Option<AdspResult>) {
        // Whoever may have sent a report must not get one for it.
        if case.sender.is_empty() || is_automatic(&case.header) {
            return;
        }
        for failure in self.failures(case, verdicts, adsp) {
            let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else { return };
            let (desk, case) = (Arc::clone(self), case.clone());
            tokio::spawn(async move {
                desk.report(&failure, &case).await;
                drop(room);
            });
        }
    }

    fn failures(
        &self,
        case: &Case,
        verdicts: &[Verdict],
        adsp: Option<AdspResult>,
    ) -> Vec<Failure> {
        let mut failures: Vec<Failure> = Vec::new();
        if self.signatures {
            for failure in verdicts.iter().filter_map(|verdict| mismatch(verdict, &case.header)) {
                if !failures.iter().any(|known| known.domain() == failure.domain()) {
                    failures.push(failure);
                }
            }
        }
        let author = || Mailbox::first(case.header.named("from").next()?.value()).ok();
        if self.policies
            && matches!(adsp, Some(AdspResult::Fail | AdspResult::Discard))
            && let Some(author) = author()
        {
            failures.push(Failure::Policy { domain: author.domain().clone() });
        }
        failures.truncate(PER_MESSAGE);
        failures
    }

    async fn report(&self, failure: &Failure, case: &Case) {
        let Some(to) = self.recipient(failure).await else { return };
        let granted = {
            let mut ledger = lock(&self.ledger);
            ledger.grants(failure.domain(), case.now)
        };
        if !granted {
            tracing::debug!("{}: no report to {to}: there were enough", case.queue_id);
            return;
        }
        let text = mail::text((&self.from, &to), failure, case);
        let (command, courier) = (self.command.clone(), self.courier.get().cloned());
        let sent = tokio::task::spawn_blocking(move || match courier {
            Some(courier) => courier.send(&text),
            None => sendmail::send(&command, &text),
        })
        .await;
        let log = |what| Event { door: self.door, queue_id: &case.queue_id, what }.log();
        match sent.map_err(std::io::Error::other).and_then(|sent| sent) {
            Ok(()) => log(What::Reported { to: &to }),
            Err(error) => {
                let command = shown(&self.command.display().to_string());
                log(What::NotReported { to: &to, error: &format!("{command}: {error}") });
            }
        }
    }

    /// The address that the domain wants reports at, if it wants any.
    async fn recipient(&self, failure: &Failure) -> Option<String> {
        let names = failure.names();
        let mut questions = ask_all(&*self.resolver, &names, self.budget);
        let mut locals = vec![None; names.len()];
        // Seeded by the system; nothing hangs on how well it is drawn.
        let lot = RandomState::new().build_hasher().finish() % 100;
        while let Some((number, answer)) = questions.next().await {
            let TxtAnswer::Records { texts, .. } = answer else { continue };
            let read = |text: &Vec<u8>| match number {
                0 => asked::by_record(text),
                _ => asked::by_request(text, lot),
            };
            if let Some(place) = locals.get_mut(number) {
                *place = texts.iter().find_map(read);
            }
        }
        let local = locals.into_iter().flatten().next()?;
        Some(format!("{local}@{}", failure.domain()))
    }
}

/// What a verdict says that is worth a report: only what the signer itself may be at fault for.
fn mismatch(verdict: &Verdict, header: &HeaderBlock) -> Option<Failure> {
    let body = verdict.outcome == Outcome::BodyChanged;
    if !body && verdict.outcome != Outcome::SignatureWrong {
        return None;
    }
    let claims = &verdict.claims;
    let (domain, selector) = (claims.domain.clone()?, claims.selector.clone()?);
    let identity = claims.identity.as_ref().map(ToString::to_string);
    Some(Failure::Signature {
        asks: asked::in_signature(header, &domain, &selector),
        identity: identity.unwrap_or_else(|| format!("@{domain}")),
        domain,
        selector,
        body,
    })
}

/// Whether a program wrote it, as programs write reports (RFC 3834).
fn is_automatic(header: &HeaderBlock) -> bool {
    let begins = |name: &str, start: &str| {
        header.named(name).any(|field| {
            let value = String::from_utf8_lossy(field.value()).trim().to_ascii_lowercase();
            value.starts_with(start)
        })
    };
    let is_automatic =
        header.named("auto-submitted").count() > 0 && !begins("auto-submitted", "no");
    is_automatic || begins("content-type", "multipart/report")
}

#[cfg(test)]
mod tests;
