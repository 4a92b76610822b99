//! Who signs for whom.

use crate::lists::domains::DomainList;
use crate::origin::Origin;
use crate::pattern::{Pattern, plain};
use std::path::PathBuf;
use std::sync::Arc;
use twinseal_message::{Domain, Mailbox, Selector};

/// The signing rules, in the order of the configuration: the first one that matches decides.
#[derive(Debug, Clone, Default)]
pub struct Rules(Vec<SigningRule>);

/// Whose mail is signed, as which domain, with which keys, with which seals.
#[derive(Debug, Clone)]
pub struct SigningRule {
    /// The addresses that it signs for: those that match one of these.
    pub senders: Vec<Pattern>,
    /// The domains that the address has to be in as well. A historic key list does not widen the
    /// list of domains beside it.
    pub within: Option<Arc<DomainList>>,
    /// The domain that signs.
    pub domain: SigningDomain,
    /// The keys, each of which signs; at least one.
    pub keys: Vec<KeySource>,
    /// How to make the DKIM seal; `None` leaves it out.
    pub dkim: Option<Arc<twinseal_dkim::Settings>>,
    /// How to make the DomainKeys seal; `None` leaves it out.
    pub domainkeys: Option<Arc<twinseal_domainkeys::Settings>>,
    /// Where the rule stands.
    pub origin: Origin,
}

/// The domain that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningDomain {
    /// This one.
    Fixed(Domain),
    /// The one that the address is in.
    Sender,
    /// The one in the list of domains that the address is in: its own, or the nearest listed
    /// parent.
    Listed,
}

/// Where a private key is, and where its public half is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    /// The file to read.
    pub file: PathBuf,
    /// The selector.
    pub selector: Selector,
    /// Where the key is named.
    pub origin: Origin,
}

/// The rule that signs for an address.
#[derive(Debug, Clone)]
pub struct Found<'r> {
    /// Its place among the rules, counted from 0.
    pub index: usize,
    /// The rule.
    pub rule: &'r SigningRule,
    /// The domain that it signs as.
    pub domain: Domain,
}

impl Rules {
    /// Rules in the order in which they are tried.
    #[must_use]
    pub const fn new(rules: Vec<SigningRule>) -> Self {
        Self(rules)
    }

    /// The rule that signs for that address, and the domain that it signs as.
    #[must_use]
    pub fn find(&self, address: &Mailbox) -> Option<Found<'_>> {
        // LIMIT: every rule is looked at; an index for many thousands of them is missing.
        self.0.iter().enumerate().find_map(|(index, rule)| {
            Some(Found { index, rule, domain: rule.signing_domain(address)? })
        })
    }

    /// All rules, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &SigningRule> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SigningRule {
    /// The domain that this rule signs as for that address; `None` when it does not match.
    ///
    /// A pattern may match the address itself, or, where sub-domains count, the address as it would
    /// be in the listed parent: a list that says `*@example.com` means those mails too.
    #[must_use]
    pub fn signing_domain(&self, address: &Mailbox) -> Option<Domain> {
        let listed = match &self.within {
            Some(within) => within.signing_domain(address.domain())?,
            None => address.domain().clone(),
        };
        let matches = |domain: &Domain| {
            let address = plain(address, domain);
            self.senders.iter().any(|pattern| pattern.matches_address(&address))
        };
        let own = address.domain();
        let found = matches(own) || (listed != *own && matches(&listed));
        found.then(|| match &self.domain {
            SigningDomain::Fixed(domain) => domain.clone(),
            SigningDomain::Sender => own.clone(),
            SigningDomain::Listed => listed,
        })
    }
}
