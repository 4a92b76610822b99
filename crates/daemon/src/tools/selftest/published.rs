//! What DNS has for the keys, asked once for all messages.

use super::expected::{Expected, Seal};
use crate::resolver::{DnsResolver, Settings, ask_all};
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use twinseal_dkim::{KeyQuery, LookupFailure, TxtAnswer};

/// How long DNS may take for all keys together: as long as the milter waits unless told otherwise.
const BUDGET: Duration = Duration::from_secs(5);

/// Answers by the names that were asked for.
#[derive(Debug)]
pub(super) struct Published(Vec<(KeyQuery, TxtAnswer)>);

impl Published {
    /// Asks for the key of every seal. `warn` is told of what is odd about the system's servers.
    ///
    /// # Errors
    /// When the system has no threads for us.
    pub(super) fn of(
        expected: &[&Expected],
        servers: &[SocketAddr],
        warn: impl FnMut(String),
    ) -> io::Result<Self> {
        let seals = expected.iter().flat_map(|one| one.dkim.iter().chain(&one.domainkeys));
        let queries: Vec<KeyQuery> = seals.map(query).collect();
        let names: BTreeSet<&str> = queries.iter().map(KeyQuery::name).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let settings = Settings { servers: servers.to_vec(), timeout: BUDGET };
        let resolver = DnsResolver::new(&settings, warn);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answers = runtime.block_on(async {
            let mut questions = ask_all(&resolver, &names, BUDGET);
            let mut answers = Vec::new();
            while let Some((index, answer)) = questions.next().await {
                answers.extend(names.get(index).map(|name| (*name, answer)));
            }
            answers
        });
        let mut known = Vec::new();
        for (name, answer) in answers {
            let query = queries.iter().find(|query| query.name() == name);
            known.extend(query.map(|query| (query.clone(), answer)));
        }
        Ok(Self(known))
    }

    /// All of them.
    pub(super) fn answers(&self) -> &[(KeyQuery, TxtAnswer)] {
        &self.0
    }

    /// The answer for that seal's key.
    pub(super) fn answer(&self, seal: &Seal) -> TxtAnswer {
        let query = query(seal);
        let found = self.0.iter().find(|(known, _)| *known == query);
        let none = || TxtAnswer::Failed(LookupFailure::Timeout);
        found.map_or_else(none, |(_, answer)| answer.clone())
    }
}

/// Where that seal's key is published.
pub(super) fn query(seal: &Seal) -> KeyQuery {
    KeyQuery::new(&seal.selector, &seal.domain)
}
