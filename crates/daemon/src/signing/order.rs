//! Who signs for an address, and how.

use std::sync::Arc;
use twinseal_keys::{KeyKind, SigningKey};
use twinseal_message::{Domain, Selector};

/// What a signing rule says about one address.
#[derive(Debug, Clone)]
pub struct Order {
    /// The signing domain.
    pub domain: Domain,
    /// The keys, each of which signs.
    pub keys: Arc<[SelectedKey]>,
    /// How to make DKIM seals; `None` makes none.
    pub dkim: Option<Arc<twinseal_dkim::Settings>>,
    /// How to make DomainKeys seals; `None` makes none.
    pub domainkeys: Option<Arc<twinseal_domainkeys::Settings>>,
    /// What further rules say, where more than one signs.
    pub also: Vec<Self>,
}

/// A key and the name under which its public half is published.
#[derive(Debug, Clone)]
pub struct SelectedKey {
    /// The name.
    pub selector: Selector,
    /// The key.
    pub key: Arc<SigningKey>,
}

impl Order {
    /// It, and those that sign as well.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.also)
    }

    /// One DKIM signature for each key. Nothing where DKIM is off.
    #[must_use]
    pub fn dkim_requests(&self) -> Vec<twinseal_dkim::Request> {
        let request = |settings: &Arc<twinseal_dkim::Settings>, selected: &SelectedKey| {
            twinseal_dkim::Request {
                domain: self.domain.clone(),
                selector: selected.selector.clone(),
                key: Arc::clone(&selected.key),
                settings: Arc::clone(settings),
            }
        };
        let each = |settings| self.keys.iter().map(move |selected| request(settings, selected));
        let also = self.also.iter().flat_map(Self::dkim_requests);
        self.dkim.iter().flat_map(each).chain(also).collect()
    }

    /// One DomainKeys signature for each RSA key (trap K5). Nothing where DomainKeys is off.
    #[must_use]
    pub fn domainkeys_requests(&self) -> Vec<twinseal_domainkeys::Request> {
        let rsa = || self.keys.iter().filter(|one| matches!(one.key.kind(), KeyKind::Rsa { .. }));
        let request = |settings: &Arc<twinseal_domainkeys::Settings>, selected: &SelectedKey| {
            twinseal_domainkeys::Request {
                domain: self.domain.clone(),
                selector: selected.selector.clone(),
                key: Arc::clone(&selected.key),
                settings: Arc::clone(settings),
            }
        };
        let each = |settings| rsa().map(move |selected| request(settings, selected));
        let also = self.also.iter().flat_map(Self::domainkeys_requests);
        self.domainkeys.iter().flat_map(each).chain(also).collect()
    }
}
