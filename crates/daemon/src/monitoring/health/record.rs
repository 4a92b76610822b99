//! A record that has to be there: whose it is, and what was found.

use crate::monitoring::status::{Fault, RecordHealth, RecordState, ZoneLine};
use crate::signing::keyring::AtHand;
use crate::tools::signers::Seals;
use std::sync::{Arc, OnceLock};
use twinseal_dkim::KeyQuery;
use twinseal_keys::{KeyKind, PublicKey};
use twinseal_message::{Domain, Selector};

/// A record that has to be there.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) subject: Arc<Subject>,
    pub(super) found: Arc<Found>,
}

/// Whose record it is.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) domain: Domain,
    pub(super) selector: Selector,
    pub(super) seals: Seals,
    pub(super) key: Arc<Key>,
}

/// A key; the domains that sign with it share it.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) at_hand: Option<AtHand>,
    /// Its public half, once somebody has looked.
    pub(super) public: OnceLock<Result<(Arc<PublicKey>, KeyKind), String>>,
}

/// What was found at a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) state: RecordState,
    pub(super) faults: Arc<[Fault]>,
    pub(super) since: Option<u64>,
}

/// A key, for who wants to know how old it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyAge {
    /// The domain that signs with it.
    pub(crate) domain: String,
    /// The selector.
    pub(crate) selector: String,
    /// `rsa` or `ed25519`.
    pub(crate) algorithm: &'static str,
    /// When its file was written, in seconds since 1970.
    pub(crate) written: u64,
}

impl Record {
    pub(super) fn domain(&self) -> &str {
        self.subject.domain.as_str()
    }

    pub(super) fn shown(&self) -> RecordHealth {
        let Found { state, faults, since } = &*self.found;
        let line = |key| ZoneLine { owner: self.subject.name(), key };
        RecordHealth {
            selector: self.subject.selector.as_str().to_owned(),
            state: *state,
            faults: Arc::clone(faults),
            since: *since,
            wanted: self.subject.key.known().filter(|_| state.is_bad()).map(line),
        }
    }
}

impl Found {
    /// Nobody has looked.
    pub(super) fn nothing() -> Self {
        Self { state: RecordState::Unchecked, faults: Arc::default(), since: None }
    }
}

impl Subject {
    pub(super) fn name(&self) -> String {
        KeyQuery::new(&self.selector, &self.domain).name().to_owned()
    }

    /// How old its key is; `None` while nobody has looked what it is.
    pub(super) fn age(&self) -> Option<KeyAge> {
        let algorithm = match self.key.public.get()?.as_ref().ok()?.1 {
            KeyKind::Rsa { .. } => "rsa",
            KeyKind::Ed25519 => "ed25519",
        };
        let (domain, selector) = (self.domain.as_str(), self.selector.as_str());
        let (domain, selector) = (domain.to_owned(), selector.to_owned());
        Some(KeyAge { domain, selector, algorithm, written: self.key.written()? })
    }
}

impl Key {
    pub(super) fn written(&self) -> Option<u64> {
        self.at_hand.as_ref()?.written()
    }

    /// Its public half, if somebody has looked.
    pub(super) fn known(&self) -> Option<Arc<PublicKey>> {
        let (public, _) = self.public.get()?.as_ref().ok()?;
        Some(Arc::clone(public))
    }

    /// Its public half. A key that depends on who sends is in a file that only root may be able to
    /// read, and then nobody knows.
    pub(super) fn public(&self) -> &Result<(Arc<PublicKey>, KeyKind), String> {
        self.public.get_or_init(|| match &self.at_hand {
            Some(at_hand) => at_hand.public().map(|(public, kind)| (Arc::new(public), kind)),
            None => Err("its key is read when it first signs".to_owned()),
        })
    }
}
