//! Who says what about a name: the resolver, and every name server of its zone.

use crate::resolver::direct::{Direct, Kind, Reply};
use crate::resolver::system;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use twinseal_dkim::LookupFailure;

/// So many failures in a row, with no answer before them, and nobody is asked any more.
const HOPELESS: usize = 12;

/// The name servers of one zone, each with so many addresses, are asked.
const MAX_SERVERS: usize = 13;
const MAX_ADDRESSES: usize = 4;

/// A chain of aliases is followed so far from zone to zone.
const MAX_ZONES: usize = 8;

/// What one server says about a name.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    /// The zone that it is asked about.
    pub(super) zone: String,
    /// Its name in the zone.
    pub(super) server: String,
    pub(super) address: IpAddr,
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
    pub(super) servers: Vec<(String, Vec<IpAddr>)>,
}

/// Asks, and remembers what many names have in common.
#[derive(Debug)]
pub(super) struct Asking {
    direct: Direct,
    zones: Mutex<HashMap<String, Shared<Zone>>>,
    hosts: Mutex<HashMap<String, Shared<Vec<IpAddr>>>>,
    failures: AtomicUsize,
}

type Shared<T> = Arc<OnceCell<Arc<T>>>;

impl Asking {
    pub(super) fn new(direct: Direct) -> Self {
        Self {
            direct,
            zones: Mutex::default(),
            hosts: Mutex::default(),
            failures: AtomicUsize::new(0),
        }
    }

    /// Whether the resolver has never answered, and will not.
    pub(super) fn is_hopeless(&self) -> bool {
        let failures = self.failures.load(Ordering::Relaxed);
        failures != ANSWERS && failures >= HOPELESS
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
        let authority = self.resolve(name, Kind::Authority).await?;
        let Some((zone, _)) = authority.zone else { return Err(LookupFailure::Unusable) };
        let cell = shared(&self.zones, &zone);
        let found = cell.get_or_try_init(async || self.zone(zone).await.map(Arc::new)).await?;
        Ok(Arc::clone(found))
    }

    async fn zone(&self, name: String) -> Result<Zone, LookupFailure> {
        let names = self.resolve(if name.is_empty() { "." } else { &name }, Kind::NameServers);
        let mut servers = Vec::new();
        for server in names.await?.servers.into_iter().take(MAX_SERVERS) {
            let addresses = self.addresses(&server).await?;
            servers.push((server, addresses.to_vec()));
        }
        servers.sort();
        Ok(Zone { name, servers })
    }

    async fn addresses(&self, host: &str) -> Result<Arc<Vec<IpAddr>>, LookupFailure> {
        let cell = shared(&self.hosts, host);
        let found = cell.get_or_try_init(async || {
            let four = self.resolve(host, Kind::A).await?.addresses;
            let six = self.resolve(host, Kind::Aaaa).await?.addresses;
            let both =
                four.into_iter().take(MAX_ADDRESSES).chain(six.into_iter().take(MAX_ADDRESSES));
            Ok(Arc::new(both.collect()))
        });
        found.await.map(Arc::clone)
    }

    /// What every server of the zone says about a name of it. Where all of them say that it is an
    /// alias, the servers of what it stands for are asked about that, and so on.
    pub(super) async fn sightings(&self, name: &str, zone: &Zone) -> Vec<Sighting> {
        let mut all = self.of_zone(name, zone).await;
        let mut last = all.clone();
        for _ in 0..MAX_ZONES {
            let Some(target) = common_alias(&last) else { break };
            let Ok(zone) = self.zone_of(&target).await else { break };
            last = self.of_zone(&target, &zone).await;
            all.retain(|sighting| sighting.reply.is_err() || !is_alias(sighting));
            all.extend(last.iter().cloned());
        }
        all
    }

    async fn of_zone(&self, name: &str, zone: &Zone) -> Vec<Sighting> {
        let mut seen = Vec::new();
        for (server, addresses) in &zone.servers {
            let mut of_server = Vec::new();
            for address in addresses {
                let to = SocketAddr::new(*address, system::PORT);
                let reply = self.direct.ask(to, name, Kind::Texts).await;
                let (zone, server) = (zone.name.clone(), server.clone());
                of_server.push(Sighting { zone, server, address: *address, reply });
            }
            // Where this host has no IPv6, that is nothing about the server.
            let answered = of_server.iter().any(|one| one.address.is_ipv4() && one.reply.is_ok());
            of_server.retain(|one| {
                let unusable = matches!(one.reply, Err(LookupFailure::Unusable));
                !(answered && one.address.is_ipv6() && unusable)
            });
            seen.extend(of_server);
        }
        seen
    }
}

/// In place of a number of failures: it has answered.
const ANSWERS: usize = usize::MAX;

fn shared<T>(map: &Mutex<HashMap<String, Shared<T>>>, name: &str) -> Shared<T> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(map.entry(name.to_owned()).or_default())
}

/// An alias whose records the server does not have itself.
fn is_alias(sighting: &Sighting) -> bool {
    let of_reply = |reply: &Reply| reply.aliases > 0 && reply.texts.is_empty();
    sighting.reply.as_ref().is_ok_and(of_reply)
}

/// What all servers that answered say a name stands for, if they agree.
fn common_alias(seen: &[Sighting]) -> Option<String> {
    let mut targets = seen.iter().filter_map(|one| one.reply.as_ref().ok());
    let first = targets.next()?;
    let alias = first.aliases > 0 && first.texts.is_empty();
    let same = alias && targets.all(|other| other.name == first.name && other.texts.is_empty());
    same.then(|| first.name.clone())
}
