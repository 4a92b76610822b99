//! One key's record, wherever it is seen.

use super::kinds;
use super::record::{Fault, Wanted, faults};
use super::sightings::{Asking, Sighting, Zone};
use crate::resolver::direct::{Kind, Reply};
use crate::tools::check::finding::{Area, Mend, Sheet};
use crate::tools::signers::Signer;
use std::collections::BTreeMap;
use twinseal_dkim::{KeyQuery, LookupFailure};
use twinseal_keys::PublicKey;
use twinseal_message::Domain;

/// So many servers are named where they say the same.
const MOST_NAMED: usize = 4;

/// What is looked at.
pub(super) struct Subject<'s> {
    pub(super) domain: &'s Domain,
    pub(super) signer: &'s Signer,
    pub(super) key: &'s PublicKey,
    /// Whether identities below the domain are signed.
    pub(super) below: bool,
    /// The zone, where it could be found.
    pub(super) zone: Option<&'s Zone>,
}

/// A fault, and the places where it is seen.
type Places = BTreeMap<(&'static str, String), (Fault, Vec<String>)>;

impl Subject<'_> {
    fn name(&self) -> String {
        KeyQuery::new(&self.signer.key.selector, self.domain).name().to_owned()
    }

    /// The line that has to be in the zone.
    fn line(&self) -> String {
        self.key.record().zone_line(&format!("{}.", self.name()))
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted { key: self.key, seals: self.signer.seals, below: self.below }
    }

    /// Looks at the record at the resolver and at every server of the zone.
    pub(super) async fn look(&self, asking: &Asking, sheet: &mut Sheet) {
        let name = self.name();
        let resolved = asking.resolve(&name, Kind::Texts).await;
        let seen = self.seen(&name, asking).await;
        self.unanswered(&resolved, &seen, sheet);
        let of = |reply: &Reply| faults(&reply.joined(), &self.wanted());
        let at_resolver = resolved.as_ref().ok().map(of);
        let at_servers: Vec<(&Sighting, Vec<Fault>)> = seen
            .iter()
            .filter_map(|one| Some((one, of(one.reply.as_ref().ok().filter(|_| one.counts())?))))
            .collect();
        let all = at_servers.len() + usize::from(at_resolver.is_some());
        let mut places = Places::new();
        for fault in at_resolver.iter().flatten() {
            note(&mut places, fault, "the resolver".to_owned());
        }
        for (sighting, faults) in &at_servers {
            faults.iter().for_each(|fault| note(&mut places, fault, place(sighting)));
        }
        let servers_are_right =
            !at_servers.is_empty() && at_servers.iter().all(|(_, faults)| faults.is_empty());
        if servers_are_right && !places.is_empty() {
            return self.stale(resolved.ok().and_then(|reply| reply.seconds), places, sheet);
        }
        if places.is_empty() && all > 0 {
            let what = match at_servers.len() {
                0 => format!("{}, as on disk, at the resolver", self.key.kind()),
                1 => {
                    format!("{}, as on disk, at the resolver and the name server", self.key.kind())
                }
                many => format!(
                    "{}, as on disk, at the resolver and {many} addresses of name servers",
                    self.key.kind()
                ),
            };
            sheet.pass(Area::Dns, &name, what);
        }
        let state = if places.is_empty() { "as on disk" } else { "see its findings" };
        sheet.list("DNS record", &name, &self.signer.key.origin, state);
        let right = at_servers.iter().filter(|(_, faults)| faults.is_empty());
        let right: Vec<String> = right.map(|(sighting, _)| place(sighting)).collect();
        for (fault, at) in places.into_values() {
            let everywhere = at.len() == all;
            self.tell(&fault, &at, (everywhere, &right), asking, sheet).await;
        }
    }

    /// What the servers of its zone say: that of the domain's keys, or one of its own below.
    async fn seen(&self, name: &str, asking: &Asking) -> Vec<Sighting> {
        let Some(zone) = self.zone else { return Vec::new() };
        // An alias leads to a zone elsewhere, which is not asked about this name.
        let own = asking.zone_of(name).await.ok().filter(|own| {
            let below = own.name.len() > zone.name.len();
            below && (name == own.name || name.ends_with(&format!(".{}", own.name)))
        });
        asking.sightings(name, own.as_deref().unwrap_or(zone)).await
    }

    async fn tell(
        &self,
        fault: &Fault,
        at: &[String],
        (everywhere, right): (bool, &[String]),
        asking: &Asking,
        sheet: &mut Sheet,
    ) {
        let (name, line) = (self.name(), self.line());
        let place = if everywhere { name.clone() } else { format!("{name} at {}", named(at)) };
        if fault.kind == &kinds::MISSING
            && everywhere
            && let Some(doubled) = self.doubled(asking).await
        {
            let what = format!("the record is at {doubled}");
            let mend = Mend::publish("put a final dot behind the name", line);
            sheet.find(&kinds::DOUBLED_NAME, place, what, mend);
            return;
        }
        let mend = if right.is_empty() {
            Mend::publish("put this record there, in place of what is there", line)
        } else {
            let right = named(right);
            let advice = format!("{right} has it right: have the zone taken over from there");
            Mend::publish(advice, line)
        };
        sheet.find(fault.kind, place, &fault.what, mend);
    }

    /// The name that comes of a missing final dot, if the record is there.
    async fn doubled(&self, asking: &Asking) -> Option<String> {
        let zone = self.zone.map_or(self.domain.as_str(), |zone| &zone.name);
        let doubled = format!("{}.{zone}", self.name());
        let reply = asking.resolve(&doubled, Kind::Texts).await.ok()?;
        let is_ours = !reply.texts.is_empty()
            && faults(&reply.joined(), &self.wanted())
                .iter()
                .all(|fault| fault.kind != &kinds::OTHER_KEY);
        is_ours.then_some(doubled)
    }

    /// All servers have it right; the resolver has not asked them since.
    fn stale(&self, seconds: Option<u32>, places: Places, sheet: &mut Sheet) {
        for (fault, _) in places.into_values() {
            let until =
                seconds.map_or_else(String::new, |seconds| format!(" for {seconds} s more"));
            let what = format!("{}; the name servers have it right", fault.what);
            let advice = format!("wait: the resolver keeps what it has{until}");
            let place = format!("{} at the resolver", self.name());
            sheet.find(&kinds::STALE, place, what, Mend::say(advice));
        }
        sheet.list("DNS record", self.name(), &self.signer.key.origin, "not yet at the resolver");
    }

    /// Who does not answer.
    fn unanswered(
        &self,
        resolved: &Result<Reply, LookupFailure>,
        seen: &[Sighting],
        sheet: &mut Sheet,
    ) {
        let name = self.name();
        if let Err(failure) = resolved {
            let mend = Mend::say(
                "see whether the zone's name servers answer, and sign it anew if it has DNSSEC",
            );
            sheet.find(&kinds::NO_ANSWER, format!("{name} at the resolver"), failure, mend);
        }
        for sighting in seen {
            let (at, zone) = (place(sighting), &sighting.zone);
            match (&sighting.reply, sighting.address) {
                (Ok(_), _) if sighting.counts() => {}
                (Ok(_) | Err(LookupFailure::Refused), _) => {
                    let what = "it does not answer for the zone";
                    let advice =
                        "configure the zone there, or take the server out of its NS records";
                    let at = format!("{zone} at {at}");
                    sheet.find(&kinds::LAME, at, what, Mend::say(advice));
                }
                (Err(_), None) => {
                    let what = "the name of this server leads to no address";
                    let advice = "give it an address, or take it out of the NS records";
                    let at = format!("{zone} at {at}");
                    sheet.find(&kinds::SILENT_SERVER, at, what, Mend::say(advice));
                }
                (Err(failure), Some(_)) => {
                    let advice = "start it, let UDP and TCP of port 53 through to it, or take it \
                                  out of the NS records of its zones";
                    let at = format!("{zone} at {at}");
                    sheet.find(&kinds::SILENT_SERVER, at, failure, Mend::say(advice));
                }
            }
        }
    }
}

fn note(places: &mut Places, fault: &Fault, place: String) {
    let key = (fault.kind.code, fault.what.clone());
    places.entry(key).or_insert_with(|| (fault.clone(), Vec::new())).1.push(place);
}

/// A server, as it is shown.
fn place(sighting: &Sighting) -> String {
    match sighting.address {
        Some(address) => format!("{} ({address})", sighting.server),
        None => sighting.server.clone(),
    }
}

fn named(places: &[String]) -> String {
    let first = places.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match places.len().saturating_sub(MOST_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
