//! Who signs for whom.

mod index;
mod inline;
mod nearest;
mod tabled;

use crate::lists::domains::DomainList;
use crate::origin::Origin;
use crate::pattern::{Pattern, plain};
use index::{Index, Place};
pub use nearest::{Miss, Near};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twinseal_message::{Domain, Mailbox, Selector};

pub use inline::InlineKey;
pub(crate) use tabled::DOMAIN_MARK;
pub use tabled::{NamedKey, NamedKeys, NamedPlace, SenderKey, Tabled};

/// The signing rules, in the order of the configuration: the first one that matches decides.
///
/// There may be hundreds of thousands: they are shared, not copied, and looked up by an index.
#[derive(Debug, Clone, Default)]
pub struct Rules(Arc<Indexed>);

/// Rules, and the index that decides as a walk through them would.
#[derive(Debug, Default)]
struct Indexed {
    rules: Vec<SigningRule>,
    groups: Vec<Group>,
    /// The list whose domains speak for those below them, before any rule is asked.
    parents: Option<Arc<DomainList>>,
}

/// The rules that have the same list of domains beside them.
#[derive(Debug)]
struct Group {
    within: Option<Arc<DomainList>>,
    index: Index,
}

/// Whose mail is signed, as which domain, with which keys, with which seals.
#[derive(Debug, Clone)]
pub struct SigningRule {
    /// The addresses that it signs for: those that match one of these. One without any holds keys
    /// for others.
    pub senders: Vec<Pattern>,
    /// The domains that the address has to be in as well. A historic key list does not widen the
    /// list of domains beside it.
    pub within: Option<Arc<DomainList>>,
    /// The domain that signs.
    pub domain: SigningDomain,
    /// The keys, each of which signs; at least one, unless a table names one by the sender.
    pub keys: Vec<KeySource>,
    /// How to make the DKIM seal; `None` leaves it out.
    pub dkim: Option<Arc<twinseal_dkim::Settings>>,
    /// How to make the DomainKeys seal; `None` leaves it out.
    pub domainkeys: Option<Arc<twinseal_domainkeys::Settings>>,
    /// Where the rule stands.
    pub origin: Origin,
    /// What only a table of `opendkim` says.
    pub tabled: Option<Box<Tabled>>,
}

/// The domain that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningDomain {
    /// This one.
    Fixed(Domain),
    /// The one that the address is in, or counts as.
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
    /// The key itself, where it stands in a table; `file` is then the place.
    pub inline: Option<InlineKey>,
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
    pub fn new(rules: Vec<SigningRule>) -> Self {
        Self::with(rules, None)
    }

    /// The same for senders who count as the nearest of their parent domains that is in the list,
    /// where that lets sub-domains in: all rules see them there, and nowhere else.
    #[must_use]
    pub fn counting_as_parents(rules: Vec<SigningRule>, parents: Arc<DomainList>) -> Self {
        Self::with(rules, Some(parents))
    }

    fn with(mut rules: Vec<SigningRule>, parents: Option<Arc<DomainList>>) -> Self {
        rules.shrink_to_fit();
        let groups = groups(&rules);
        Self(Arc::new(Indexed { rules, groups, parents }))
    }

    /// The rule that signs for that address, and the domain that it signs as.
    #[must_use]
    pub fn find(&self, address: &Mailbox) -> Option<Found<'_>> {
        let Indexed { rules, groups, .. } = &*self.0;
        let own = &self.counted_as(address.domain());
        let text = plain(address, own);
        let (mut first, mut listed) = (usize::MAX, None);
        for Group { within, index } in groups {
            let Some(domain) = listed_domain(within.as_deref(), own) else { continue };
            let mut earliest = index.earliest(&text, rules, first);
            if domain != *own {
                earliest = index.earliest(&plain(address, &domain), rules, earliest);
            }
            if earliest < first {
                (first, listed) = (earliest, Some(domain));
            }
        }
        let rule = rules.get(first)?;
        Some(Found { index: first, rule, domain: rule.domain.of(own, listed?) })
    }

    /// The rules that sign for that address, in their order: so many of them at most.
    #[must_use]
    pub fn find_all(&self, address: &Mailbox, most: usize) -> Vec<Found<'_>> {
        let Indexed { rules, groups, .. } = &*self.0;
        let own = &self.counted_as(address.domain());
        let text = plain(address, own);
        let mut found = BTreeMap::new();
        for Group { within, index } in groups {
            let Some(domain) = listed_domain(within.as_deref(), own) else { continue };
            let mut places = index.all(&text, rules);
            if domain != *own {
                places.append(&mut index.all(&plain(address, &domain), rules));
            }
            found.extend(places.into_iter().map(|rule| (rule, domain.clone())));
        }
        let rule = |(index, listed)| {
            let rule = rules.get(index)?;
            Some(Found { index, rule, domain: rule.domain.of(own, listed) })
        };
        found.into_iter().take(most).filter_map(rule).collect()
    }

    /// The domain that senders in that one count as: it, or a parent of it.
    fn counted_as(&self, own: &Domain) -> Domain {
        let parent = self.0.parents.as_ref().and_then(|list| list.signing_domain(own));
        parent.unwrap_or_else(|| own.clone())
    }

    /// The list as whose domains senders below them count, if there is one.
    pub(crate) fn parents(&self) -> Option<&DomainList> {
        self.0.parents.as_deref().filter(|list| list.subdomains())
    }

    /// The rule of that index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&SigningRule> {
        self.0.rules.get(index)
    }

    /// All rules, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &SigningRule> {
        self.0.rules.iter()
    }

    /// The same rules with other paths to their keys.
    #[must_use]
    pub fn with_key_files(&self, path: impl Fn(&Path) -> PathBuf) -> Self {
        let mut rules = self.0.rules.clone();
        for key in rules.iter_mut().flat_map(|rule| &mut rule.keys) {
            key.file = path(&key.file);
        }
        Self::with(rules, self.0.parents.clone())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.rules.is_empty()
    }
}

/// The indexes over the patterns of all rules.
fn groups(rules: &[SigningRule]) -> Vec<Group> {
    let mut lists: Vec<Option<&Arc<DomainList>>> = Vec::new();
    let mut places: Vec<Vec<Place>> = Vec::new();
    for (rule, SigningRule { within, senders, .. }) in rules.iter().enumerate() {
        let same = |list: &Option<&Arc<DomainList>>| match (list, within) {
            (Some(list), Some(within)) => Arc::ptr_eq(list, within),
            (None, None) => true,
            _ => false,
        };
        let group = lists.iter().position(same).unwrap_or(lists.len());
        if group == lists.len() {
            lists.push(within.as_ref());
            places.push(Vec::new());
        }
        if let Some(places) = places.get_mut(group) {
            places.extend((0..senders.len()).map(|sender| Place { rule, sender }));
        }
    }
    let group = |(within, places): (Option<&Arc<DomainList>>, _)| Group {
        within: within.map(Arc::clone),
        index: Index::new(places, rules),
    };
    lists.into_iter().zip(places).map(group).collect()
}

/// The domain in the list that the address is in, if it has to be in one.
fn listed_domain(within: Option<&DomainList>, own: &Domain) -> Option<Domain> {
    within.map_or_else(|| Some(own.clone()), |within| within.signing_domain(own))
}

impl SigningDomain {
    /// The domain, for an address of the domain `own` that is in the list as `listed`.
    fn of(&self, own: &Domain, listed: Domain) -> Domain {
        match self {
            Self::Fixed(domain) => domain.clone(),
            Self::Sender => own.clone(),
            Self::Listed => listed,
        }
    }
}

#[cfg(test)]
mod tests;
