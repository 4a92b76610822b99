//! Who says what about a name: the resolver, and every name server of its zone.

use crate::locks::lock;
use crate::resolver::direct::{Direct, Kind, Reply};
use crate::resolver::system;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use twinseal_dkim::LookupFailure;

/// So many failures in a row, with no answer before them, and nobody is asked any more.
const HOPELESS: usize = 12;

/// The name servers of one zone, each with so many addresses, are asked.
const MAX_SERVERS: usize = 13;
const MAX_ADDRESSES: usize = 4;

/// An address that was silent so often is asked no more: each time costs seconds.
const MOST_SILENT: usize = 3;

/// So many names above one another are asked for name servers.
const MAX_LABELS: usize = 16;

/// A chain of aliases is followed so far from zone to zone.
const MAX_ZONES: usize = 8;

/// What one server says about a name.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    /// The zone that it is asked about.
    pub(super) zone: String,
    /// Its name in the zone.
    pub(super) server: String,
    /// Where it was asked; `None` where its name leads nowhere.
    pub(super) address: Option<IpAddr>,
    pub(super) reply: Result<Reply, LookupFailure>,
}

impl Sighting {
    /// Whether the server answers for the zone itself: it says so, and if it says that there is
    /// nothing, it does not speak for a zone above.
    pub(super) fn counts(&self) -> bool {
        self.reply.as_ref().is_ok_and(|reply| {
            let above = |zone: &str| {
                zone != self.zone && (zone.is_empty() || self.zone.ends_with(&format!(".{zone}")))
            };
            let nothing = reply.texts.is_empty();
            let of_above = reply.zone.as_ref().is_some_and(|(zone, _)| above(zone));
            reply.authoritative && !(nothing && of_above)
        })
    }
}

/// A zone, and where its servers are.
#[derive(Debug, Default)]
pub(super) struct Zone {
    /// Without a final dot; empty for the root.
    pub(super) name: String,
    pub(super) servers: Vec<(String, Addresses)>,
}

/// Where a server is, or why nobody knows.
type Addresses = Result<Vec<IpAddr>, LookupFailure>;

/// Asks, and remembers what many names have in common.
#[derive(Debug)]
pub(super) struct Asking {
    direct: Arc<Direct>,
    zones: Mutex<HashMap<String, Shared<Zone>>>,
    hosts: Mutex<HashMap<String, Shared<Addresses>>>,
    /// How often an address was silent; who answers once is never counted as silent.
    silent: Mutex<HashMap<IpAddr, usize>>,
    failures: AtomicUsize,
}

type Shared<T> = Arc<OnceCell<Arc<T>>>;

impl Asking {
    pub(super) fn new(direct: Direct) -> Self {
        Self {
            direct: Arc::new(direct),
            zones: Mutex::default(),
            hosts: Mutex::default(),
            silent: Mutex::default(),
            failures: AtomicUsize::new(0),
        }
    }

    /// Whether the resolver has never answered, and will not.
    pub(super) fn is_hopeless(&self) -> bool {
        let failures = self.failures.load(Ordering::Relaxed);
        failures != ANSWERS && failures >= HOPELESS
    }

    /// Whether it has been asked, and never answered.
    pub(super) fn is_silent(&self) -> bool {
        let failures = self.failures.load(Ordering::Relaxed);
        failures != ANSWERS && failures > 0
    }

    /// What the resolver says.
    pub(super) async fn resolve(&self, name: &str, kind: Kind) -> Result<Reply, LookupFailure> {
        if self.is_hopeless() {
            return Err(LookupFailure::Timeout);
        }
        let answer = self.direct.resolve(name, kind).await;
        let nobody = matches!(answer, Err(LookupFailure::Timeout | LookupFailure::Unusable));
        let counted = |before: usize| match (before, nobody) {
            (ANSWERS, _) | (_, false) => Some(ANSWERS),
            (before, true) => Some(before + 1),
        };
        let _ = self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted);
        answer
    }

    /// The zone that a name is in, with its servers.
    pub(super) async fn zone_of(&self, name: &str) -> Result<Arc<Zone>, LookupFailure> {
        let zone = match self.resolve(name, Kind::Authority).await?.zone {
            Some((zone, _)) => zone,
            None => self.above(name).await?,
        };
        let cell = shared(&self.zones, &zone);
        let found = cell.get_or_try_init(|| async { self.zone(zone).await.map(Arc::new) }).await?;
        Ok(Arc::clone(found))
    }

    /// The nearest name above that has name servers, for resolvers that leave out the SOA record
    /// of a negative answer (RFC 2308 §3).
    async fn above(&self, name: &str) -> Result<String, LookupFailure> {
        let parents = name.match_indices('.').filter_map(|(at, _)| name.get(at + 1..));
        for parent in std::iter::once(name).chain(parents).take(MAX_LABELS) {
            if !self.resolve(parent, Kind::NameServers).await?.servers.is_empty() {
                return Ok(parent.to_owned());
            }
        }
        Err(LookupFailure::Unusable)
    }

    async fn zone(&self, name: String) -> Result<Zone, LookupFailure> {
        let names = self.resolve(if name.is_empty() { "." } else { &name }, Kind::NameServers);
        let mut servers = Vec::new();
        for server in names.await?.servers.into_iter().take(MAX_SERVERS) {
            let addresses = self.addresses(&server).await;
            servers.push((server, Addresses::clone(&addresses)));
        }
        servers.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Zone { name, servers })
    }

    async fn addresses(&self, host: &str) -> Arc<Addresses> {
        let cell = shared(&self.hosts, host);
        let found = cell.get_or_init(|| async {
            let four = self.resolve(host, Kind::A).await;
            let six = self.resolve(host, Kind::Aaaa).await;
            let both = match (four, six) {
                (Err(failure), Err(_)) => return Arc::new(Err(failure)),
                (four, six) => [four, six],
            };
            let all = both.into_iter().flatten();
            let all = all.flat_map(|reply| reply.addresses.into_iter().take(MAX_ADDRESSES));
            Arc::new(Ok(all.collect()))
        });
        Arc::clone(found.await)
    }

    /// What every server of the zone says about a name of it. Where they say that it is an alias,
    /// the servers of what it stands for are asked about that, and so on.
    pub(super) async fn sightings(&self, name: &str, zone: &Zone) -> Vec<Sighting> {
        let mut all = self.of_zone(name, zone).await;
        let mut last = all.clone();
        for _ in 0..MAX_ZONES {
            let Some(target) = common_alias(&last) else { break };
            let Ok(zone) = self.zone_of(&target).await else { break };
            last = self.of_zone(&target, &zone).await;
            // Who gave the name alone has said nothing about the records.
            all.retain(|sighting| !is_alias(sighting));
            all.extend(last.iter().cloned());
        }
        all
    }

    /// All servers at once.
    async fn of_zone(&self, name: &str, zone: &Zone) -> Vec<Sighting> {
        let mut asked = JoinSet::new();
        let mut seen = Vec::new();
        for (server, addresses) in &zone.servers {
            let sighting = |address, reply| Sighting {
                zone: zone.name.clone(),
                server: server.clone(),
                address,
                reply,
            };
            match addresses {
                Ok(addresses) if addresses.is_empty() => {
                    seen.push(sighting(None, Err(LookupFailure::Unusable)));
                }
                Ok(addresses) => {
                    for address in addresses {
                        if self.is_given_up(*address) {
                            seen.push(sighting(Some(*address), Err(LookupFailure::Timeout)));
                            continue;
                        }
                        let (direct, name) = (Arc::clone(&self.direct), name.to_owned());
                        let blank = sighting(Some(*address), Err(LookupFailure::Timeout));
                        let to = SocketAddr::new(*address, system::PORT);
                        asked.spawn(async move {
                            let reply = direct.ask(to, &name, Kind::Texts).await;
                            Sighting { reply, ..blank }
                        });
                    }
                }
                Err(failure) => seen.push(sighting(None, Err(*failure))),
            }
        }
        for sighting in asked.join_all().await {
            self.note(&sighting);
            seen.push(sighting);
        }
        seen.sort_by(|one, other| (&one.server, one.address).cmp(&(&other.server, other.address)));
        without_other_family(seen)
    }

    /// Whether an address was silent so often that it is asked no more.
    fn is_given_up(&self, address: IpAddr) -> bool {
        lock(&self.silent).get(&address).is_some_and(|times| (MOST_SILENT..ANSWERS).contains(times))
    }

    fn note(&self, sighting: &Sighting) {
        let Some(address) = sighting.address else { return };
        let mut silent = lock(&self.silent);
        let times = silent.entry(address).or_default();
        match sighting.reply {
            Err(LookupFailure::Timeout) if *times != ANSWERS => *times += 1,
            Err(LookupFailure::Timeout) => {}
            Ok(_) | Err(_) => *times = ANSWERS,
        }
    }
}

/// Where this host has no IPv6, that is nothing about a server that answers by IPv4.
fn without_other_family(mut seen: Vec<Sighting>) -> Vec<Sighting> {
    let is_four = |one: &Sighting| one.address.is_some_and(|address| address.is_ipv4());
    let answered: HashSet<String> = seen
        .iter()
        .filter(|one| is_four(one) && one.reply.is_ok())
        .map(|one| one.server.clone())
        .collect();
    seen.retain(|one| {
        let six = one.address.is_some_and(|address| address.is_ipv6());
        let unusable = matches!(one.reply, Err(LookupFailure::Unusable));
        !(six && unusable && answered.contains(&one.server))
    });
    seen
}

/// In place of a number of failures: it has answered.
const ANSWERS: usize = usize::MAX;

fn shared<T>(map: &Mutex<HashMap<String, Shared<T>>>, name: &str) -> Shared<T> {
    Arc::clone(lock(map).entry(name.to_owned()).or_default())
}

/// An alias whose records the server does not have itself.
fn is_alias(sighting: &Sighting) -> bool {
    let of_reply = |reply: &Reply| reply.aliases > 0 && reply.texts.is_empty();
    sighting.reply.as_ref().is_ok_and(of_reply)
}

/// What those servers say a name stands for that do not have its records themselves, if they agree.
fn common_alias(seen: &[Sighting]) -> Option<String> {
    let mut bare =
        seen.iter().filter(|one| is_alias(one)).filter_map(|one| one.reply.as_ref().ok());
    let first = bare.next()?;
    bare.all(|other| other.name == first.name).then(|| first.name.clone())
}
