//! Which domains sign with which keys under which names, as far as a configuration says it without
//! a message: what has to be published.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use twinseal_config::{
    Config, KeySource, NamedKey, NamedPlace, Origin, Pattern, SenderKey, SigningDomain, SigningRule,
};
use twinseal_message::{Domain, Selector};
use zeroize::Zeroizing;

/// Where a path has a `%` for the domain, so many domains are looked for at most.
const MOST_FOUND: usize = 100_000;

/// A key that a domain signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    /// The domain that signs.
    pub(crate) domain: Domain,
    /// Where the key is, and under which name it is published.
    pub(crate) key: KeySource,
    /// The seals that it makes, as far as its kind allows.
    pub(crate) seals: Seals,
}

/// Which seals are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seals {
    /// The DKIM seal.
    pub(crate) dkim: bool,
    /// The DomainKeys seal.
    pub(crate) domainkeys: bool,
}

/// A rule of which it depends on the sender who signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    /// Where the rule stands.
    pub(crate) origin: Origin,
    /// Which senders it is that nothing can be said about.
    pub(crate) senders: String,
}

/// All that a configuration says.
#[derive(Debug, Default)]
pub(crate) struct Signers {
    /// What is known, each domain's in one place.
    pub(crate) known: Vec<Signer>,
    /// What is not.
    pub(crate) open: Vec<Open>,
    /// Keys that would have to be published under a name that another one has.
    pub(crate) clashes: Vec<(Signer, KeySource)>,
}

impl Signers {
    /// Those of that configuration, which may be none.
    pub(crate) fn of(config: &Config) -> Self {
        let mut signers = Self::default();
        if !config.mode.signs() {
            return signers;
        }
        for rule in config.rules.iter() {
            signers.take(rule, config);
        }
        signers.settle();
        signers
    }

    /// Makes one of what several rules say of the same key, and tells keys apart that have one name.
    fn settle(&mut self) {
        let mut places: HashMap<(Domain, String), usize> = HashMap::new();
        let mut settled: Vec<Signer> = Vec::new();
        for signer in std::mem::take(&mut self.known) {
            let selector = signer.key.selector.as_str().to_ascii_lowercase();
            let place = places.entry((signer.domain.clone(), selector)).or_insert(settled.len());
            let Some(known) = settled.get_mut(*place) else {
                settled.push(signer);
                continue;
            };
            if is_same(&known.key, &signer.key) {
                known.seals.dkim |= signer.seals.dkim;
                known.seals.domainkeys |= signer.seals.domainkeys;
            } else {
                self.clashes.push((known.clone(), signer.key));
            }
        }
        settled.sort_by(|one, other| one.domain.cmp(&other.domain));
        self.known = settled;
    }

    /// The domains that sign, each once.
    pub(crate) fn domains(&self) -> impl Iterator<Item = (&Domain, &[Signer])> {
        self.known.chunk_by(|one, other| one.domain == other.domain).filter_map(|same| {
            let first = same.first()?;
            Some((&first.domain, same))
        })
    }

    fn take(&mut self, rule: &SigningRule, config: &Config) {
        let seals = Seals { dkim: rule.dkim.is_some(), domainkeys: rule.domainkeys.is_some() };
        let of_sender = rule.tabled.as_deref().and_then(|tabled| tabled.key.as_ref());
        let Some(of_sender) = of_sender else {
            for domain in self.signing_domains(rule) {
                let signer =
                    |key: &KeySource| Signer { domain: domain.clone(), key: key.clone(), seals };
                self.known.extend(rule.keys.iter().map(signer));
            }
            return;
        };
        match of_sender {
            SenderKey::File { .. } => self.take_files(rule, (of_sender, &rule.domain), seals),
            SenderKey::Named(named) => {
                let pool = config.rules.get(named.pool());
                let mut rows: Vec<(&Domain, &NamedKey)> = named.iter().collect();
                rows.sort_by_key(|(name, _)| *name);
                let may_be = |name: &Domain| rule.senders.iter().any(|one| one.may_be_at(name));
                for (name, key) in rows.into_iter().filter(|(name, _)| may_be(name)) {
                    let domain = key.signing_domain(name);
                    match &key.place {
                        NamedPlace::Pool(place) => {
                            let key = pool.and_then(|pool| pool.keys.get(*place));
                            let signer = key.cloned().map(|key| Signer { domain, key, seals });
                            self.known.extend(signer);
                        }
                        NamedPlace::File(file) => {
                            self.known.extend(of_file(file, name, domain, &rule.origin, seals));
                        }
                    }
                }
            }
        }
    }

    /// The domains that rule signs as; what it leaves open is noted.
    fn signing_domains(&mut self, rule: &SigningRule) -> Vec<Domain> {
        if rule.senders.is_empty() {
            return Vec::new();
        }
        let listed = rule.within.as_deref();
        let (mut domains, mut open): (Vec<Domain>, Vec<String>) = match (&rule.domain, listed) {
            (SigningDomain::Fixed(domain), _) => return vec![domain.clone()],
            (SigningDomain::Listed, Some(list)) => {
                let may_be = |domain: &Domain| rule.senders.iter().any(|one| one.may_be_in(domain));
                let exact = list.exact().into_iter().filter(|domain| may_be(domain));
                (exact.cloned().collect(), list.patterns().map(str::to_owned).collect())
            }
            (SigningDomain::Sender | SigningDomain::Listed, _) => {
                let written = |one: &Pattern| one.as_str().to_owned();
                let open = rule.senders.iter().filter(|one| one.only_domain().is_none());
                let known = rule.senders.iter().filter_map(Pattern::only_domain);
                (known.collect(), open.map(written).collect())
            }
        };
        domains.sort();
        domains.dedup();
        open.dedup();
        let origin = &rule.origin;
        self.open.extend(open.into_iter().map(|senders| Open { origin: origin.clone(), senders }));
        domains
    }

    /// The keys of a rule whose path has the sender's domain in it: of the domains that its
    /// patterns name, and otherwise of those for which there is a file.
    fn take_files(
        &mut self,
        rule: &SigningRule,
        (key, domain): (&SenderKey, &SigningDomain),
        seals: Seals,
    ) {
        let named: Option<Vec<Domain>> = rule.senders.iter().map(Pattern::only_domain).collect();
        let senders = named.unwrap_or_else(|| {
            let written: Vec<&str> = rule.senders.iter().map(Pattern::as_str).collect();
            self.open.push(Open { origin: rule.origin.clone(), senders: written.join(", ") });
            let may_be = |name: &Domain| rule.senders.iter().any(|one| one.may_be_at(name));
            with_files(key).into_iter().filter(may_be).collect()
        });
        for sender in senders {
            let domain = match domain {
                SigningDomain::Fixed(domain) => domain.clone(),
                SigningDomain::Sender | SigningDomain::Listed => sender.clone(),
            };
            self.known.extend(of_file(key, &sender, domain, &rule.origin, seals));
        }
    }
}

/// Whether two files hold one key: they are one file, or a copy of it.
fn is_same(one: &KeySource, other: &KeySource) -> bool {
    let read = |source: &KeySource| fs::read(&source.file).ok().map(Zeroizing::new);
    one.file == other.file || read(one).is_some_and(|key| Some(key) == read(other))
}

/// The signer whose key is in a file that depends on the sender.
fn of_file(
    key: &SenderKey,
    sender: &Domain,
    domain: Domain,
    origin: &Origin,
    seals: Seals,
) -> Option<Signer> {
    let selector: Selector = match key {
        SenderKey::File { selector, .. } => selector.clone(),
        SenderKey::Named(_) => return None,
    };
    let file = PathBuf::from(key.path(sender)?);
    let key = KeySource { file, selector, origin: origin.clone(), inline: None };
    Some(Signer { domain, key, seals })
}

/// The domains for which a file is there, where the domain is a folder or a file's whole name.
fn with_files(key: &SenderKey) -> Vec<Domain> {
    let SenderKey::File { path, .. } = key else { return Vec::new() };
    let above = path.split('%').next().filter(|above| above.ends_with('/'));
    let Some(entries) = above.and_then(|above| fs::read_dir(Path::new(above)).ok()) else {
        return Vec::new();
    };
    let names =
        entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok());
    let behind = path.split_once('%').map_or("", |(_, behind)| behind);
    let ending = behind.split('/').next().unwrap_or_default();
    let domains = names.filter_map(|name| Domain::parse(name.strip_suffix(ending)?).ok());
    let is_there = |domain: &Domain| key.path(domain).is_some_and(|path| Path::new(&path).exists());
    let mut found: Vec<Domain> = domains.filter(is_there).take(MOST_FOUND).collect();
    found.sort();
    found
}
