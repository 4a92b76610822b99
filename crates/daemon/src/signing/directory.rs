//! The one place that knows who signs for an address, and with which key.
//!
//! Today the answer stands in files that were read at start. A store that has to be asked over a
//! network will be another source beside it: that is why the question is asynchronous, and why "no" and
//! "cannot say now" are different answers.

use super::order::{Order, SelectedKey};
use std::sync::Arc;
use twinseal_config::Rules;
use twinseal_message::Mailbox;

/// Answers who signs for an address.
#[derive(Debug)]
pub struct Directory(Source);

#[derive(Debug)]
enum Source {
    Files {
        rules: Rules,
        /// The keys of each rule, in the order of the rules.
        keys: Vec<Arc<[SelectedKey]>>,
    },
}

/// The answer is not to be had now; asking later may help.
#[derive(Debug, thiserror::Error)]
#[error("the signing rules cannot be asked now: {0}")]
pub struct Unavailable(pub String);

impl Directory {
    /// Rules from a configuration, and the keys of each.
    #[must_use]
    pub const fn from_files(rules: Rules, keys: Vec<Arc<[SelectedKey]>>) -> Self {
        Self(Source::Files { rules, keys })
    }

    /// The order of the first rule that matches the address; `None` when there is none.
    ///
    /// # Errors
    /// [`Unavailable`] when it cannot be said now.
    #[expect(clippy::unused_async, reason = "a source that is asked over a network takes time")]
    pub async fn order(&self, address: &Mailbox) -> Result<Option<Order>, Unavailable> {
        match &self.0 {
            Source::Files { rules, keys } => Ok(rules.find(address).and_then(|found| {
                Some(Order {
                    domain: found.domain,
                    keys: Arc::clone(keys.get(found.index)?),
                    dkim: found.rule.dkim.clone(),
                    domainkeys: found.rule.domainkeys.clone(),
                })
            })),
        }
    }
}
