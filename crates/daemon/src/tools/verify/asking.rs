//! Who is asked for the keys, and asking.

use super::failure::Failure;
use crate::resolver::{DnsResolver, KeyFileResolver, Resolver, Settings, ask_all};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime;
use twinseal_dkim::{KeyQuery, TxtAnswer, Verifier};
use twinseal_message::text;

/// How long DNS may take for all keys together: as long as the milter waits unless told otherwise.
const BUDGET: Duration = Duration::from_secs(5);

/// Where keys come from.
pub(super) enum Source {
    /// A file in place of DNS.
    File(PathBuf),
    /// These servers; none stands for those of the system.
    Dns { servers: Vec<SocketAddr> },
}

impl Source {
    pub(super) fn open(&self, warn: impl FnMut(String)) -> Result<Box<dyn Resolver>, Failure> {
        match self {
            Self::File(path) => {
                let file = text::path(path);
                let octets = fs::read(path).map_err(|error| Failure::file(&file, error))?;
                let keys = KeyFileResolver::parse(octets);
                let keys = keys.map_err(|mistakes| Failure::Keys { file, mistakes })?;
                Ok(Box::new(keys))
            }
            Self::Dns { servers } => {
                let settings = Settings { servers: servers.clone(), timeout: BUDGET };
                Ok(Box::new(DnsResolver::new(&settings, warn)))
            }
        }
    }
}

/// Asks for all keys at once, and hands the answers in. Gives them back too, with what was asked.
pub(super) fn ask(
    resolver: &dyn Resolver,
    verifier: &mut Verifier,
) -> Result<Vec<(KeyQuery, TxtAnswer)>, Failure> {
    let queries = verifier.queries().to_vec();
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let answers = runtime.map_err(Failure::Runtime)?.block_on(async {
        let mut questions = ask_all(resolver, queries.iter().map(KeyQuery::name), BUDGET);
        let mut answers = Vec::with_capacity(queries.len());
        while let Some(answer) = questions.next().await {
            answers.push(answer);
        }
        answers
    });
    let answered = answers.into_iter().filter_map(|(index, answer)| {
        verifier.answer(index, &answer);
        Some((queries.get(index)?.clone(), answer))
    });
    Ok(answered.collect())
}
