//! Which rule nearly matches an address, and what would have to differ.

use super::{Found, Rules, SigningRule, listed_domain};
use crate::glob::Glob;
use crate::lists::domains::DomainList;
use crate::pattern::{Pattern, plain};
use crate::suggest::slip;
use std::fmt;
use twinseal_message::{Domain, Mailbox};

/// A rule that does not match an address, and nearly does.
#[derive(Debug, Clone)]
pub struct Near<'r> {
    /// The rule.
    pub rule: &'r SigningRule,
    /// The pattern of it that comes nearest.
    pub pattern: &'r Pattern,
    /// What keeps it from matching.
    pub miss: Miss,
}

/// What keeps a pattern from matching an address. The first kind is the nearest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// It matches, and the list of domains beside the rule has not the sender's domain.
    NotListed {
        /// The sender's domain.
        domain: Domain,
        /// The nearest that is listed: a parent, or a domain that is spelled alike.
        listed: Option<Domain>,
    },
    /// The domain is the same, what stands before the at sign is not.
    OtherLocal,
    /// It is for what is below the sender's domain alone.
    OnlyBelow {
        /// The sender's domain.
        domain: Domain,
    },
    /// It is for a parent of the sender's domain itself, and for nothing below that.
    NotBelow {
        /// That parent.
        parent: Domain,
    },
    /// It is for a domain below the sender's.
    Below {
        /// That domain.
        below: Domain,
    },
    /// Its domain is spelled nearly like the sender's.
    Spelled {
        /// So many letters are others.
        letters: usize,
    },
}

/// How near a pattern comes: the kind of what is wrong, and how much of it.
type Rank = (u8, usize);

impl Rules {
    /// The pattern of the rule that was found, by which it was found.
    #[must_use]
    pub fn pattern_of<'r>(&self, found: &Found<'r>, address: &Mailbox) -> Option<&'r Pattern> {
        self.matching(found.rule, address)
    }

    /// The nearest of the rules that do not match that address, if one comes near. This walks
    /// through all of them.
    #[must_use]
    pub fn nearest(&self, address: &Mailbox) -> Option<Near<'_>> {
        let own = self.counted_as(address.domain());
        let sought = Sought {
            text: plain(address, &own),
            local: String::from_utf8_lossy(address.local()).to_ascii_lowercase(),
            domain: own,
        };
        let mut best: Option<(Rank, &SigningRule, &Pattern)> = None;
        for rule in self.iter() {
            let limit = best.map(|(rank, ..)| rank);
            let near = rule.senders.iter().filter_map(|pattern| {
                let rank = sought.rank(pattern, rule.within.is_some())?;
                Some((rank, rule, pattern))
            });
            let Some(near) = near.min_by_key(|(rank, ..)| *rank) else { continue };
            let nearer = limit.is_none_or(|limit| near.0 < limit);
            if nearer && self.matching(rule, address).is_none() {
                best = Some(near);
            }
        }
        let (_, rule, pattern) = best?;
        Some(Near { rule, pattern, miss: sought.miss(pattern, rule.within.as_deref())? })
    }

    /// The first pattern of the rule that matches, as the index would have it.
    fn matching<'r>(&self, rule: &'r SigningRule, address: &Mailbox) -> Option<&'r Pattern> {
        let own = self.counted_as(address.domain());
        let listed = listed_domain(rule.within.as_deref(), &own)?;
        let texts = [plain(address, &own), plain(address, &listed)];
        let matches = |pattern: &&Pattern| texts.iter().any(|text| pattern.matches_address(text));
        rule.senders.iter().find(matches)
    }
}

/// An address that rules are held against.
struct Sought {
    text: Vec<u8>,
    local: String,
    domain: Domain,
}

impl Sought {
    /// How near the pattern comes; `None` when it is about something else.
    fn rank(&self, pattern: &Pattern, within_a_list: bool) -> Option<Rank> {
        if pattern.matches_address(&self.text) {
            return within_a_list.then_some((0, 0));
        }
        let (local, domain) = parts(pattern);
        let own = self.domain.as_str();
        if let Some(base) = domain.strip_prefix("*.").filter(|base| !base.contains('*')) {
            return if own == base {
                Some((2, 0))
            } else if is_under(own, base) {
                Some(self.other_local(local))
            } else {
                // Of a sub-domain, what stands where the pattern has its base.
                let labels = base.matches('.').count();
                let end =
                    own.rmatch_indices('.').nth(labels).and_then(|(dot, _)| own.get(dot + 1..));
                slip(base, end.unwrap_or(own))
                    .map(|letters| (5, letters + usize::from(end.is_none())))
            };
        }
        if domain.contains('*') {
            return Glob::new(domain).matches(own.as_bytes()).then(|| self.other_local(local));
        }
        if domain == own {
            Some(self.other_local(local))
        } else if is_under(own, domain) {
            Some((3, own.len() - domain.len()))
        } else if is_under(domain, own) {
            Some((4, domain.len() - own.len()))
        } else {
            slip(own, domain).map(|letters| (5, letters))
        }
    }

    fn other_local(&self, local: &str) -> Rank {
        (1, slip(&self.local, local).unwrap_or(usize::MAX))
    }

    /// The same in words.
    fn miss(&self, pattern: &Pattern, within: Option<&DomainList>) -> Option<Miss> {
        let domain = || self.domain.clone();
        let base = |text: &str| Domain::parse(text).ok();
        let (kind, much) = self.rank(pattern, within.is_some())?;
        Some(match kind {
            0 => Miss::NotListed { domain: domain(), listed: nearest_in(within?, &self.domain) },
            1 => Miss::OtherLocal,
            2 => Miss::OnlyBelow { domain: domain() },
            3 => Miss::NotBelow { parent: base(parts(pattern).1)? },
            4 => Miss::Below { below: base(parts(pattern).1)? },
            _ => Miss::Spelled { letters: much },
        })
    }
}

/// The domain in the list that comes nearest to one that is not in it.
fn nearest_in(list: &DomainList, domain: &Domain) -> Option<Domain> {
    let parent = domain.parents().find(|parent| list.lists(parent));
    let spelled = || {
        let slips = list.exact().into_iter().filter_map(|listed| {
            slip(domain.as_str(), listed.as_str()).map(|letters| (letters, listed))
        });
        slips.min_by_key(|(letters, _)| *letters).map(|(_, listed)| listed.clone())
    };
    parent.or_else(spelled)
}

/// What stands before and behind the at sign; without one, a star may stand for it.
fn parts(pattern: &Pattern) -> (&str, &str) {
    let text = pattern.in_lower_case();
    match text.rsplit_once('@') {
        Some(parts) => parts,
        None => ("*", text.find('*').and_then(|star| text.get(star..)).unwrap_or(text)),
    }
}

fn is_under(domain: &str, parent: &str) -> bool {
    domain.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

/// What would have to differ.
impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotListed { domain, listed: None } => {
                write!(f, "it matches, but {domain} is not in the list of domains beside it")
            }
            Self::NotListed { domain, listed: Some(listed) } if domain.is_under(listed) => write!(
                f,
                "it matches, but {domain} is not in the list of domains beside it: {listed} is, \
                 and what is below it is not signed for"
            ),
            Self::NotListed { domain, listed: Some(listed) } => write!(
                f,
                "it matches, but {domain} is not in the list of domains beside it: {listed} is"
            ),
            Self::OtherLocal => {
                f.write_str("the domain matches, what stands before the at sign does not")
            }
            Self::OnlyBelow { domain } => {
                write!(f, "it is for what is below {domain}, not for {domain} itself")
            }
            Self::NotBelow { parent } => write!(
                f,
                "it is for {parent} itself, not for what is below it; *@*.{parent} would be"
            ),
            Self::Below { below } => write!(f, "it is for {below} alone, which is below"),
            Self::Spelled { letters: 1 } => {
                f.write_str("its domain is spelled with one other letter")
            }
            Self::Spelled { letters } => {
                write!(f, "its domain is spelled with {letters} other letters")
            }
        }
    }
}

#[cfg(test)]
mod tests;
