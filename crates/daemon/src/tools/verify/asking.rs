//! Who is asked for the keys, and asking.

use super::failure::Failure;
use crate::resolver::{DnsResolver, KeyFileResolver, Resolver, Settings};
use crate::tools::lookup;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use twinseal_dkim::{KeyQuery, TxtAnswer, Verifier};
use twinseal_message::text;

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
                let settings = Settings { servers: servers.clone(), timeout: lookup::BUDGET };
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
    let runtime = lookup::runtime().map_err(Failure::Runtime)?;
    let names: Vec<&str> = queries.iter().map(KeyQuery::name).collect();
    let answers = lookup::together(resolver, &runtime, &names);
    for (index, answer) in answers.iter().enumerate() {
        verifier.answer(index, answer);
    }
    Ok(queries.into_iter().zip(answers).collect())
}
