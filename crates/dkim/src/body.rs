//! The digests of a body: each distinct one is made once, however many signatures want it.

use twinseal_canon::LineEndMender;
use twinseal_canon::dkim::{Body, Kind};
use twinseal_canon::sink::Sink;
use twinseal_keys::Sha256;

/// Every digest that a message needs. One canonicalizer runs for each kind, and one digest for each
/// kind and length.
#[derive(Debug, Default)]
pub(crate) struct BodyDigests {
    forms: Vec<Form>,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    form: usize,
    digest: usize,
}

/// A body in one canonical form.
#[derive(Debug)]
struct Form {
    kind: Kind,
    /// What makes CRLF of other line ends, if anything does.
    mender: Option<LineEndMender>,
    body: Body,
    digests: Digests,
}

/// The digests over one canonical form.
#[derive(Debug, Default)]
struct Digests {
    /// How many canonical octets there were so far.
    octets: u64,
    digests: Vec<Limited>,
}

#[derive(Debug)]
struct Limited {
    /// How many canonical octets count (RFC 6376 §3.5, `l=`); `None` for all of them.
    limit: Option<u64>,
    digest: Sha256,
    /// How many signatures wait for it. Nothing is hashed for nobody.
    wanted: usize,
}

/// A finished digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BodyHash {
    pub(crate) hash: [u8; 32],
    /// How many octets the canonical body has, of which the hash may cover less.
    pub(crate) octets: u64,
}

/// Finished digests, found by their places.
#[derive(Debug)]
pub(crate) struct BodyHashes(Vec<Vec<BodyHash>>);

impl BodyDigests {
    /// The place of the digest over the body in that form, cut after `limit` canonical octets.
    pub(crate) fn place(&mut self, kind: Kind, limit: Option<u64>) -> Place {
        self.place_mended(kind, false, limit)
    }

    /// The same, over a body whose line ends are made CRLF first, if that is asked for.
    pub(crate) fn place_mended(&mut self, kind: Kind, mended: bool, limit: Option<u64>) -> Place {
        let same = |form: &Form| form.kind == kind && form.mender.is_some() == mended;
        let known = self.forms.iter().position(same);
        let form = known.unwrap_or_else(|| {
            let digests = Digests::default();
            let mender = mended.then(LineEndMender::default);
            self.forms.push(Form { kind, mender, body: Body::new(kind), digests });
            self.forms.len() - 1
        });
        let digest = self.forms.get_mut(form).map_or(0, |form| form.digests.place(limit));
        Place { form, digest }
    }

    /// One signature does not wait for that digest any more.
    pub(crate) fn release(&mut self, place: Place) {
        let form = self.forms.get_mut(place.form);
        if let Some(digest) = form.and_then(|form| form.digests.digests.get_mut(place.digest)) {
            digest.wanted = digest.wanted.saturating_sub(1);
        }
    }

    /// Whether anybody waits for a digest.
    pub(crate) fn are_wanted(&self) -> bool {
        self.forms.iter().any(|form| form.digests.are_wanted())
    }

    /// How many canonicalizers run.
    #[cfg(test)]
    pub(crate) const fn count(&self) -> usize {
        self.forms.len()
    }

    /// Takes the next octets of the body.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        for Form { mender, body, digests, .. } in &mut self.forms {
            match mender {
                _ if !digests.are_wanted() => {}
                Some(mender) => mender.feed(chunk, &mut Mended { body, digests }),
                None => body.feed(chunk, digests),
            }
        }
    }

    /// Ends the body.
    pub(crate) fn finish(self) -> BodyHashes {
        BodyHashes(self.forms.into_iter().map(Form::finish).collect())
    }
}

impl BodyHashes {
    pub(crate) fn get(&self, place: Place) -> Option<BodyHash> {
        self.0.get(place.form)?.get(place.digest).copied()
    }
}

impl Form {
    fn finish(mut self) -> Vec<BodyHash> {
        self.body.finish(&mut self.digests);
        let octets = self.digests.octets;
        let digests = self.digests.digests.into_iter();
        digests.map(|limited| BodyHash { hash: limited.digest.finish(), octets }).collect()
    }
}

impl Digests {
    fn place(&mut self, limit: Option<u64>) -> usize {
        for (place, known) in self.digests.iter_mut().enumerate() {
            if known.limit == limit {
                known.wanted += 1;
                return place;
            }
        }
        self.digests.push(Limited { limit, digest: Sha256::new(), wanted: 1 });
        self.digests.len() - 1
    }

    fn are_wanted(&self) -> bool {
        self.digests.iter().any(|digest| digest.wanted > 0)
    }
}

/// A body behind its mender.
struct Mended<'f> {
    body: &'f mut Body,
    digests: &'f mut Digests,
}

impl Sink for Mended<'_> {
    fn put(&mut self, octets: &[u8]) {
        self.body.feed(octets, self.digests);
    }
}

impl Sink for Digests {
    fn put(&mut self, octets: &[u8]) {
        for Limited { limit, digest, .. } in self.digests.iter_mut().filter(|one| one.wanted > 0) {
            // RFC 6376 §3.4.5: canonical octets are counted (trap H4).
            let left = limit.map(|limit| limit.saturating_sub(self.octets));
            let left = left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX);
            digest.update(octets.get(..left).unwrap_or(octets));
        }
        self.octets += octets.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::BodyDigests;
    use twinseal_canon::dkim::Kind;
    use twinseal_keys::Sha256;

    fn sha256(octets: &[u8]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(octets);
        digest.finish()
    }

    #[test]
    fn a_length_counts_canonical_octets_however_the_body_is_cut() {
        // Trap H4
        let body = b"a  b \r\n\r\nc\r\n\r\n";
        let canonical = b"a b\r\n\r\nc\r\n";
        for cut in 0..=body.len() {
            let (first, second) = body.split_at(cut);
            let mut digests = BodyDigests::default();
            let limits = [None, Some(0), Some(3), Some(10), Some(11)];
            let places = limits.map(|limit| digests.place(Kind::Relaxed, limit));
            digests.feed(first);
            digests.feed(second);
            let hashes = digests.finish();
            for (limit, place) in limits.into_iter().zip(places) {
                let hash = hashes.get(place).unwrap();
                let end = usize::try_from(limit.unwrap_or(10).min(10)).unwrap();
                assert_eq!(hash.hash, sha256(&canonical[..end]), "{limit:?} cut at {cut}");
                assert_eq!(hash.octets, 10);
            }
        }
    }

    #[test]
    fn equal_needs_share_a_digest_and_nothing_is_hashed_for_nobody() {
        let mut digests = BodyDigests::default();
        let first = digests.place(Kind::Simple, None);
        assert_eq!(digests.place(Kind::Simple, None), first);
        assert_ne!(digests.place(Kind::Relaxed, None), first);
        assert_eq!(digests.place(Kind::Relaxed, Some(1)).form, 1);
        for _ in 0..2 {
            assert!(digests.are_wanted());
            digests.release(first);
        }
        assert!(digests.are_wanted(), "two of another form wait");
        for limit in [None, Some(1)] {
            let place = digests.place(Kind::Relaxed, limit);
            digests.release(place);
            digests.release(place);
        }
        assert!(!digests.are_wanted());
    }
}
