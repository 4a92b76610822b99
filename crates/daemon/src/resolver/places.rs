//! Who may ask now: so many questions at once, and a share of them for each zone.
//!
//! Whoever sends mail chooses the names that are asked for, and may run the servers that never
//! answer. What is asked for in one zone cannot take all places, so the mail of others does not
//! wait for it.

use crate::locks::lock;
use crate::registered::registered;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

/// How many questions are asked at once. Whatever is more waits, within its time.
pub(super) const MAX_QUESTIONS: usize = 512;

/// How many of them are about one zone. Where answers come within 50 ms, that is 640 new keys in a
/// second; where none come, sixteen domains that somebody has to own fill all places.
pub(super) const MAX_OF_ZONE: usize = 32;

/// The places.
#[derive(Debug)]
pub(super) struct Places {
    all: Semaphore,
    zones: Mutex<Zones>,
}

type Zones = HashMap<Box<str>, Arc<Semaphore>>;

/// A place that is taken, until this is dropped.
#[derive(Debug)]
pub(super) struct Place<'p> {
    _place: SemaphorePermit<'p>,
    _share: Share<'p>,
}

/// What a zone has of the places.
#[derive(Debug)]
struct Share<'p> {
    zones: &'p Mutex<Zones>,
    zone: Box<str>,
    places: Arc<Semaphore>,
    taken: bool,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Semaphore::new(MAX_QUESTIONS), zones: Mutex::default() }
    }
}

impl Places {
    /// A place to ask about a name, as soon as there is one: first of its zone's, so that who waits
    /// for those stands in nobody else's way.
    pub(super) async fn take(&self, name: &str) -> Result<Place<'_>, AcquireError> {
        let mut share = self.share(registered(name));
        share.take().await?;
        Ok(Place { _place: self.all.acquire().await?, _share: share })
    }

    fn share(&self, zone: &str) -> Share<'_> {
        let mut zones = lock(&self.zones);
        let places = match zones.get(zone) {
            Some(places) => Arc::clone(places),
            None => {
                let places = Arc::new(Semaphore::new(MAX_OF_ZONE));
                zones.insert(zone.into(), Arc::clone(&places));
                places
            }
        };
        Share { zones: &self.zones, zone: zone.into(), places, taken: false }
    }
}

impl Share<'_> {
    async fn take(&mut self) -> Result<(), AcquireError> {
        self.places.acquire().await?.forget();
        self.taken = true;
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        if self.taken {
            self.places.add_permits(1);
        }
        let mut zones = lock(self.zones);
        // The table's and ours: copies are made under its lock only.
        if Arc::strong_count(&self.places) == 2 {
            zones.remove(&self.zone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_OF_ZONE, MAX_QUESTIONS, Place, Places};
    use crate::locks::lock;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// A place, if there is one now.
    fn now<'p>(places: &'p Places, name: &str) -> Option<Place<'p>> {
        match pin!(places.take(name)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => Some(place.unwrap()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_zone_has_its_share_and_no_more_and_gets_it_back() {
        let places = Places::default();
        let name = |number: usize| format!("s{number}._domainkey.black.example");
        let mut taken: Vec<_> =
            (0..MAX_OF_ZONE).map(|number| now(&places, &name(number)).unwrap()).collect();
        assert!(now(&places, &name(MAX_OF_ZONE)).is_none());
        assert!(now(&places, "s._domainkey.other.example").is_some());
        taken.pop();
        assert!(now(&places, &name(0)).is_some());
        // Nothing is kept of those that are gone.
        taken.clear();
        assert!(lock(&places.zones).is_empty());
    }

    #[test]
    fn all_zones_together_have_all_places() {
        let places = Places::default();
        let name = |number: usize| format!("s._domainkey.d{number}.example");
        let taken: Vec<_> =
            (0..MAX_QUESTIONS).map(|number| now(&places, &name(number)).unwrap()).collect();
        assert!(now(&places, "s._domainkey.other.example").is_none());
        // Who gives up leaves nothing behind.
        assert_eq!(lock(&places.zones).len(), MAX_QUESTIONS);
        drop(taken);
        assert!(now(&places, "s._domainkey.other.example").is_some());
    }
}
