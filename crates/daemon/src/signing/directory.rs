//! The one place that knows who signs for an address, and with which key.
//!
//! Today the answer stands in files that were read at start. A store that has to be asked over a
//! network will be another source beside it: that is why the question is asynchronous, and why "no"
//! and "cannot say now" are different answers.

use super::keyfile::KeyFileError;
use super::keyring::{Former, Keyring};
use super::order::{Order, SelectedKey};
use super::sender_keys::SenderKeys;
use crate::sandbox::Boundary;
use std::path::PathBuf;
use std::sync::Arc;
use twinseal_config::{Found, NamedKey, NamedPlace, Origin, Rules, SenderKey};
use twinseal_keys::KeyError;
use twinseal_message::{Domain, Mailbox, text};

/// How many rules sign for one address at most: more signatures of a message are not looked at by
/// verifiers (trap H20).
const MAX_ORDERS: usize = 10;

/// Answers who signs for an address.
#[derive(Debug)]
pub struct Directory(Source);

#[derive(Debug)]
enum Source {
    Files { rules: Rules, keys: Keyring, of_senders: SenderKeys, every: bool },
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
    /// A table names the key by the sender's domain, and has none of that name.
    #[error("{origin}: the table has no key by the name of {domain}")]
    NoKeyOf {
        /// The domain.
        domain: Domain,
        /// Where the rule stands.
        origin: Origin,
    },
    /// A key that depends on the sender cannot be read.
    #[error("{origin}: {}: {error}", text::path(file))]
    SenderKey {
        /// Its file.
        file: PathBuf,
        /// Where the rule stands.
        origin: Origin,
        /// What is wrong with it.
        error: Arc<KeyFileError>,
    },
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
    pub fn from_files(rules: Rules, keys: Keyring) -> Self {
        Self(Source::Files { rules, keys, of_senders: SenderKeys::default(), every: false })
    }

    /// The same, with those keys for rules whose key depends on the sender.
    #[must_use]
    pub fn with_sender_keys(self, of_senders: SenderKeys) -> Self {
        let Source::Files { rules, keys, every, .. } = self.0;
        Self(Source::Files { rules, keys, of_senders, every })
    }

    /// Has what is outside of that boundary said where such a key is opened.
    pub(crate) fn is_within(&self, boundary: &Arc<Boundary>) {
        let Source::Files { of_senders, .. } = &self.0;
        of_senders.is_within(boundary);
    }

    /// The same; if `every` says so, every rule that matches signs, and not the first one alone.
    #[must_use]
    pub fn with_every_match(self, every: bool) -> Self {
        let Source::Files { rules, keys, of_senders, .. } = self.0;
        Self(Source::Files { rules, keys, of_senders, every })
    }

    /// The keys that are at hand, for who loads them again.
    #[must_use]
    pub fn keys(&self) -> Former<'_> {
        let Source::Files { rules, keys, .. } = &self.0;
        Former::of(keys, rules)
    }

    /// The order of the first rule that matches the address, and with it those of up to nine
    /// further ones if they sign as well; `None` when there is none.
    ///
    /// # Errors
    /// [`Unavailable`] when it cannot be said now.
    #[expect(clippy::unused_async, reason = "a source that is asked over a network takes time")]
    pub async fn order(
        &self,
        address: &Mailbox,
        purpose: Purpose,
    ) -> Result<Option<Order>, Unavailable> {
        let Source::Files { rules, keys, of_senders, every } = &self.0;
        let found = matching(rules, *every, address);
        let orders = found
            .into_iter()
            .map(|found| order(found, address.domain(), (rules, keys, of_senders), purpose));
        Ok(joined(orders.collect::<Result<_, _>>()?))
    }
}

/// The rules that sign for that address: the first one that matches, or if `every` says so all of
/// them, up to a bound.
#[must_use]
pub fn matching<'r>(rules: &'r Rules, every: bool, address: &Mailbox) -> Vec<Found<'r>> {
    if every {
        rules.find_all(address, MAX_ORDERS)
    } else {
        rules.find(address).into_iter().collect()
    }
}

/// What one rule says about a sender in that domain.
fn order(
    found: Found<'_>,
    sender: &Domain,
    (rules, keys, of_senders): (&Rules, &Keyring, &SenderKeys),
    purpose: Purpose,
) -> Result<Order, Unavailable> {
    let rule = found.rule;
    let tabled = rule.tabled.as_deref();
    let of_sender = tabled.and_then(|tabled| tabled.key.as_ref());
    let named = match of_sender {
        Some(SenderKey::Named(named)) => Some(named.find(sender).ok_or_else(|| {
            Unavailable::NoKeyOf { domain: sender.clone(), origin: rule.origin.clone() }
        })?),
        Some(SenderKey::File { .. }) | None => None,
    };
    let domain = named.map_or(found.domain, |(key, _)| key.signing_domain(sender));
    let keys = match (purpose, of_sender, named) {
        (Purpose::Tell, _, _) => Arc::default(),
        (Purpose::Sign, _, Some((NamedKey { place: NamedPlace::Pool(place), .. }, pool))) => {
            let holder = rules.get(pool).unwrap_or(rule);
            keys.of_place(pool, holder, *place)?
        }
        (Purpose::Sign, _, Some((NamedKey { place: NamedPlace::File(key), .. }, _)))
        | (Purpose::Sign, Some(key), None) => of_senders.of(key, sender, &rule.origin)?,
        (Purpose::Sign, None, None) => keys.of_rule(found.index, rule)?,
    };
    let identity = tabled.and_then(|tabled| tabled.identity(&domain, sender));
    let dkim = rule.dkim.clone().map(|mut settings| {
        if let Some(identity) = identity {
            Arc::make_mut(&mut settings).identity = Some(identity);
        }
        settings
    });
    Ok(Order { domain, keys, dkim, domainkeys: rule.domainkeys.clone(), also: Vec::new() })
}

/// All orders as one. A key that several rules name for one domain signs once.
fn joined(orders: Vec<Order>) -> Option<Order> {
    let mut orders = orders.into_iter();
    let mut first = orders.next()?;
    for mut order in orders {
        let known = |key: &SelectedKey| {
            let same = |other: &SelectedKey| other.selector == key.selector;
            first.all().any(|one| one.domain == order.domain && one.keys.iter().any(same))
        };
        let fresh: Vec<SelectedKey> =
            order.keys.iter().filter(|key| !known(key)).cloned().collect();
        if !fresh.is_empty() {
            order.keys = fresh.into();
            first.also.push(order);
        }
    }
    Some(first)
}
