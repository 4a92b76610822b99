//! Whether the new file decides as the old programs did, message by message.

use super::clients::Client;
use super::corpus;
use super::decision::{Decision, Difference};
use crate::rehearsal::message::Taken;
use crate::rehearsal::{self, Envelope, Silent, Witness};
use crate::serving::service::Service;
use crate::signing::keyring::{KeyMistakes, Parse};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;
use twinseal_config::Config;
use twinseal_message::Mailbox;
use twinseal_message::text::shown as escaped;

/// The envelope of a message that does not say whom it is for.
const SENDER: &[u8] = b"<sender@example.org>";
const RECIPIENT: &[u8] = b"<recipient@example.com>";

/// Why nothing was proved.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotProve {
    #[error("{0}")]
    Corpus(#[from] io::Error),
    #[error("{0}")]
    Keys(#[from] KeyMistakes),
    #[error("no answer: {0}")]
    Silent(#[from] Silent),
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Proof {
    pub(super) messages: usize,
    pub(super) clients: usize,
    pub(super) differences: usize,
    /// The first of them.
    told: Vec<String>,
    /// Files that are no messages.
    skipped: Vec<String>,
}

/// The daemons that decide.
struct Stage {
    runtime: Runtime,
    old: Vec<Arc<Service>>,
    new: Arc<Service>,
}

/// Takes every decision about every message of the corpus, for every client, under the old
/// configurations and under the new one. At most so many differences are told.
///
/// # Errors
/// [`CannotProve`].
pub(super) fn prove(
    corpus: &Path,
    clients: &[Client],
    (old, new): (&[&Config], &Config),
    most: usize,
) -> Result<Proof, CannotProve> {
    let service = |config: &Config| {
        let config = Config { require_safe_keys: false, ..config.clone() };
        rehearsal::service(&config, Parse::WhenNeeded, |_| {}).map(Arc::new)
    };
    let stage = Stage {
        runtime: rehearsal::runtime()?,
        old: old.iter().map(|config| service(config)).collect::<Result<_, _>>()?,
        new: service(new)?,
    };
    let mut proof = Proof { clients: clients.len(), ..Proof::default() };
    for path in corpus::files(corpus)? {
        corpus::each(&path, |name, octets| {
            let taken = match Taken::new(octets, false) {
                Ok(taken) => taken,
                Err(error) => {
                    proof.skipped.push(format!("{}: {error}", escaped(name)));
                    return Ok(());
                }
            };
            proof.messages += 1;
            for client in clients {
                for difference in stage.differences(&taken, client)? {
                    proof.take(name, client, &difference, most);
                }
            }
            Ok::<(), CannotProve>(())
        })?;
    }
    Ok(proof)
}

impl Stage {
    fn differences(&self, taken: &Taken, client: &Client) -> Result<Vec<Difference>, Silent> {
        let recipient = recipient(taken);
        let envelope = Envelope { sender: SENDER, recipients: &[&recipient] };
        let decide = |service: &Arc<Service>| {
            let on = (&self.runtime, service);
            let outcome = rehearsal::show(taken, &client.caller, &envelope, on)?;
            let seen = service.witness.as_ref().map(Witness::take).unwrap_or_default();
            Ok::<_, Silent>(Decision::new(&outcome, &seen))
        };
        let mut old = Decision::default();
        for service in &self.old {
            old = old.and(decide(service)?);
        }
        Ok(old.against(decide(&self.new)?))
    }
}

/// The first one that the message says it is for.
fn recipient(taken: &Taken) -> Vec<u8> {
    let mut fields = taken.header.fields().iter();
    let first = fields.find(|field| field.name.eq_ignore_ascii_case(b"to"));
    let first = first.and_then(|field| Mailbox::first(&field.value).ok());
    first.map_or_else(|| RECIPIENT.to_vec(), |mailbox| format!("<{mailbox}>").into_bytes())
}

impl Proof {
    fn take(&mut self, name: &str, client: &Client, found: &Difference, most: usize) {
        self.differences += 1;
        if self.told.len() < most {
            let Difference { what, old, new } = found;
            let (name, label) = (escaped(name), escaped(&client.label));
            self.told.push(format!("{name}, {label}: {what}: {old} before, {new} now"));
        }
    }

    /// Whether there is no difference.
    pub(super) const fn holds(&self) -> bool {
        self.differences == 0
    }

    /// The differences, and how many there are.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for line in self
            .skipped
            .iter()
            .map(|line| format!("no message: {line}"))
            .chain(self.told.iter().cloned())
        {
            let _ = writeln!(text, "{line}");
        }
        let more = self.differences - self.told.len();
        if more > 0 {
            let _ = writeln!(text, "and {more} differences more");
        }
        let (messages, clients) = (self.messages, self.clients);
        let found = match self.differences {
            0 => "no difference".to_owned(),
            1 => "1 difference".to_owned(),
            count => format!("{count} differences"),
        };
        let _ = writeln!(text, "{messages} messages × {clients} clients: {found}");
        text
    }
}
