//! One question to its end, from alias to alias.

use super::aliases::{Answer, Trail};
use super::exchange::Question;
use super::servers::Servers;
use hickory_net::proto::rr::Name;
use std::time::Duration;
use tokio::time::Instant;
use twinseal_dkim::{LookupFailure, Security, TxtAnswer};

/// An answer, and for how long it holds as far as DNS says.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) answer: TxtAnswer,
    pub(super) holds: Option<Duration>,
}

/// Asks for the TXT records at a name until there is an answer or the deadline.
pub(super) async fn txt(servers: &Servers, name: &str, deadline: Instant) -> Found {
    // RFC 1035 §2.3.4: a name that is too long for DNS is nobody's.
    let Ok(mut name) = Name::from_ascii(name) else {
        return Found { answer: TxtAnswer::NoName, holds: None };
    };
    // Absolute: no search domain is ever appended.
    name.set_fqdn(true);
    match follow(servers, Trail::from(name), deadline).await {
        Ok(found) => found,
        Err(failure) => Found { answer: TxtAnswer::Failed(failure), holds: None },
    }
}

async fn follow(
    servers: &Servers,
    mut trail: Trail,
    deadline: Instant,
) -> Result<Found, LookupFailure> {
    // Every message has its own proof; one without leaves the whole unproved.
    let mut security = Security::Secure;
    loop {
        let message = servers.ask(&Question::texts(trail.name.clone()), deadline).await?;
        if !message.authentic_data {
            security = Security::Unproved;
        }
        let (answer, seconds) = match trail.follow(&message) {
            Answer::Records(texts, seconds) => {
                (TxtAnswer::Records { texts, security }, Some(seconds))
            }
            Answer::NoRecord(seconds) => (TxtAnswer::NoRecord, seconds),
            Answer::NoName(seconds) => (TxtAnswer::NoName, seconds),
            Answer::TooFar => return Err(LookupFailure::AliasLoop),
            Answer::Elsewhere => continue,
        };
        return Ok(Found { answer, holds: seconds.map(|s| Duration::from_secs(s.into())) });
    }
}
