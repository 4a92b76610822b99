//! The one place that knows who signs for an address, and with which key.
//!
//! Today the answer stands in files that were read at start. A store that has to be asked over a
//! network will be another source beside it: that is why the question is asynchronous, and why "no"
//! and "cannot say now" are different answers.

use super::keyring::Keyring;
use super::order::Order;
use std::path::PathBuf;
use std::sync::Arc;
use twinseal_config::{Origin, Rules};
use twinseal_keys::KeyError;
use twinseal_message::{Mailbox, text};

/// Answers who signs for an address.
#[derive(Debug)]
pub struct Directory(Source);

#[derive(Debug)]
enum Source {
    Files { rules: Rules, keys: Keyring },
}

/// What the answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign.
    Sign,
    /// To say who would have signed. The order has no keys: nobody can make us fetch them with mail
    /// that will not be signed.
    Tell,
}

/// The answer is not to be had now; asking later may help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// Who knows does not answer.
    #[error("the signing rules cannot be asked now: {0}")]
    Rules(String),
    /// A key that was not needed before turns out to be none.
    #[error("{origin}: {}: {error}", text::path(file))]
    Key {
        /// Its file.
        file: PathBuf,
        /// Where it is named.
        origin: Origin,
        /// What is wrong with it.
        error: Arc<KeyError>,
    },
}

impl Directory {
    /// Rules from a configuration, and the keys of each.
    #[must_use]
    pub const fn from_files(rules: Rules, keys: Keyring) -> Self {
        Self(Source::Files { rules, keys })
    }

    /// The order of the first rule that matches the address; `None` when there is none.
    ///
    /// # Errors
    /// [`Unavailable`] when it cannot be said now.
    #[expect(clippy::unused_async, reason = "a source that is asked over a network takes time")]
    pub async fn order(
        &self,
        address: &Mailbox,
        purpose: Purpose,
    ) -> Result<Option<Order>, Unavailable> {
        let Source::Files { rules, keys } = &self.0;
        let Some(found) = rules.find(address) else { return Ok(None) };
        let keys = match purpose {
            Purpose::Sign => keys.of_rule(found.index, found.rule)?,
            Purpose::Tell => Arc::default(),
        };
        Ok(Some(Order {
            domain: found.domain,
            keys,
            dkim: found.rule.dkim.clone(),
            domainkeys: found.rule.domainkeys.clone(),
        }))
    }
}
