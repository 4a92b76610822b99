//! What DNS has for the keys, asked once for all messages.

use super::expected::{Expected, Seal};
use crate::tools::lookup::Dns;
use std::io;
use std::net::SocketAddr;
use twinseal_dkim::{KeyQuery, LookupFailure, TxtAnswer};

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
        let mut queries: Vec<KeyQuery> = seals.map(query).collect();
        queries.sort_by(|one, other| one.name().cmp(other.name()));
        queries.dedup_by(|one, other| one.name() == other.name());
        let names: Vec<&str> = queries.iter().map(KeyQuery::name).collect();
        let answers = Dns::new(servers.to_vec(), warn)?.ask(&names);
        Ok(Self(queries.into_iter().zip(answers).collect()))
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
