//! DNS, asked by a tool: a few names at once, and waiting for all of the answers.

use super::options::{Takes, ToolOption};
use crate::resolver::{DnsResolver, Resolver, Settings, ask_all};
use crate::terminal::Terminal;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use twinseal_config::ExitCode;
use twinseal_dkim::{LookupFailure, TxtAnswer};

/// How long DNS may take for what is asked together: as long as the milter waits unless told
/// otherwise.
pub(super) const BUDGET: Duration = Duration::from_secs(5);

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
    /// These servers; none stands for those of the system. `warn` is told of what is odd about
    /// those.
    ///
    /// # Errors
    /// When the system has no threads for us.
    pub(super) fn new(servers: Vec<SocketAddr>, warn: impl FnMut(String)) -> io::Result<Self> {
        let settings = Settings { servers, timeout: BUDGET };
        let resolver = DnsResolver::new(&settings, warn);
        Ok(Self { resolver, runtime: runtime()? })
    }

    /// The same for a tool that can do nothing without it: why there is none is on the terminal,
    /// and the tool ends so.
    pub(super) fn open(
        servers: Vec<SocketAddr>,
        terminal: &mut Terminal<'_>,
    ) -> Result<Self, ExitCode> {
        let dns = Self::new(servers, |warning| terminal.complain(warning));
        dns.map_err(|error| {
            terminal.complain(error);
            ExitCode::System
        })
    }

    /// The answers for these names, in their order: so many are asked for at once, each lot within
    /// the time that there is.
    pub(super) fn ask(&self, names: &[&str]) -> Vec<TxtAnswer> {
        names
            .chunks(AT_ONCE)
            .flat_map(|names| together(&self.resolver, &self.runtime, names))
            .collect()
    }

    /// The answer for one name.
    pub(super) fn ask_one(&self, name: &str) -> TxtAnswer {
        let answer = self.ask(&[name]).pop();
        answer.unwrap_or(TxtAnswer::Failed(LookupFailure::Unusable))
    }
}

/// The answers of that resolver for these names, in their order, all asked for at once. What has
/// no answer within [`BUDGET`] has [`LookupFailure::Timeout`] for one.
pub(super) fn together(
    resolver: &dyn Resolver,
    runtime: &Runtime,
    names: &[&str],
) -> Vec<TxtAnswer> {
    let mut answers = vec![TxtAnswer::Failed(LookupFailure::Timeout); names.len()];
    runtime.block_on(async {
        let mut questions = ask_all(resolver, names, BUDGET);
        while let Some((index, answer)) = questions.next().await {
            if let Some(place) = answers.get_mut(index) {
                *place = answer;
            }
        }
    });
    answers
}

/// What waits for answers.
///
/// # Errors
/// When the system has no threads for us.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
