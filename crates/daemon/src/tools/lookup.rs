//! DNS, asked by a tool: a few names at once, and waiting for all of the answers.

use super::options::{Takes, ToolOption};
use crate::resolver::{DnsResolver, Settings, ask_all};
use crate::terminal::Terminal;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use twinseal_dkim::{LookupFailure, TxtAnswer};

/// How long DNS may take for what is asked together: as long as the milter waits unless told
/// otherwise.
const BUDGET: Duration = Duration::from_secs(5);

/// How many names are asked for at once: what one zone may have of the resolver's places.
const AT_ONCE: usize = 32;

/// The option that says whom to ask.
pub(super) const NAMESERVER: ToolOption = ToolOption {
    name: "nameserver",
    takes: Takes::Text("ADDR[:PORT]"),
    help: "whom to ask in place of the system's servers; may be repeated",
};

/// Somebody who can be asked.
pub(super) struct Dns {
    resolver: DnsResolver,
    runtime: Runtime,
}

impl Dns {
    /// These servers; none stands for those of the system.
    pub(super) fn new(servers: Vec<SocketAddr>, terminal: &mut Terminal<'_>) -> io::Result<Self> {
        let settings = Settings { servers, timeout: BUDGET };
        let resolver = DnsResolver::new(&settings, |warning| terminal.complain(warning));
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { resolver, runtime })
    }

    /// The answers for these names, in their order: so many are asked for at once, each lot within
    /// the time that there is.
    pub(super) fn ask(&self, names: &[&str]) -> Vec<TxtAnswer> {
        names.chunks(AT_ONCE).flat_map(|names| self.ask_together(names)).collect()
    }

    fn ask_together(&self, names: &[&str]) -> Vec<TxtAnswer> {
        let mut answers = vec![TxtAnswer::Failed(LookupFailure::Timeout); names.len()];
        self.runtime.block_on(async {
            let mut questions = ask_all(&self.resolver, names, BUDGET);
            while let Some((index, answer)) = questions.next().await {
                if let Some(place) = answers.get_mut(index) {
                    *place = answer;
                }
            }
        });
        answers
    }

    /// The answer for one name.
    pub(super) fn ask_one(&self, name: &str) -> TxtAnswer {
        let answer = self.ask(&[name]).pop();
        answer.unwrap_or(TxtAnswer::Failed(LookupFailure::Unusable))
    }
}
