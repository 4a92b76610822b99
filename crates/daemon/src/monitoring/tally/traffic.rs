//! What came of whose signatures, for `dkim-stats`: by signing domain, and so nothing for metrics.

use crate::locks::lock;
use crate::monitoring::status::SignerTraffic;
use std::collections::HashMap;
use std::sync::Mutex;
use twinseal_canon::dkim::Kind;
use twinseal_dkim::{ResultWord, Verdict};
use twinseal_message::Domain;

/// So many domains are remembered, with each way to canonicalize that they use. Strangers choose
/// them: who has not been seen for the longest time makes room for who comes.
pub(crate) const MOST_SIGNERS: usize = 1000;

/// So many are forgotten at once, so that not everybody who comes has to look for the oldest.
const FORGOTTEN: usize = MOST_SIGNERS / 10;

/// A domain, and whether it canonicalizes header and body in the relaxed way.
type Signer = (Domain, (bool, bool));

/// What came of the signatures of each.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Mutex<HashMap<Signer, Row>>);

#[derive(Debug, Clone, Copy)]
struct Row {
    passed: u64,
    failed: u64,
    partial: bool,
    sha256: bool,
    last: u64,
}

impl Traffic {
    /// Takes a signature that passed, or that does not match: what nobody could judge says nothing
    /// about who signs.
    pub(super) fn take(&self, verdict: &Verdict, now: u64) {
        let claims = &verdict.claims;
        let (passed, failed) = match verdict.outcome.word() {
            ResultWord::Pass => (1, 0),
            ResultWord::Fail => (0, 1),
            ResultWord::None
            | ResultWord::Policy
            | ResultWord::Neutral
            | ResultWord::TempError
            | ResultWord::PermError => return,
        };
        let (Some(domain), Some(form)) = (&claims.domain, claims.canonicalization) else { return };
        let relaxed = (form.header == Kind::Relaxed, form.body == Kind::Relaxed);
        let sha256 = claims.algorithm.as_deref().is_some_and(|name| name.ends_with("sha256"));
        let partial = verdict.coverage.is_some_and(|coverage| !coverage.is_whole());
        let mut rows = lock(&self.0);
        let signer = (domain.clone(), relaxed);
        if rows.len() >= MOST_SIGNERS && !rows.contains_key(&signer) {
            forget(&mut rows);
        }
        let none = Row { passed: 0, failed: 0, partial, sha256, last: now };
        let row = rows.entry(signer).or_insert(none);
        let (passed, failed) = (row.passed + passed, row.failed + failed);
        *row = Row { passed, failed, partial, sha256, last: now };
    }

    /// All of them, in the order of their names.
    pub(crate) fn all(&self) -> Vec<SignerTraffic> {
        let rows = lock(&self.0).clone();
        let signer = |((domain, relaxed), row): (Signer, Row)| {
            let Row { passed, failed, partial, sha256, last } = row;
            let domain = domain.to_string();
            SignerTraffic { domain, relaxed, passed, failed, partial, sha256, last }
        };
        let mut all: Vec<SignerTraffic> = rows.into_iter().map(signer).collect();
        all.sort_by(|one, other| (&one.domain, one.relaxed).cmp(&(&other.domain, other.relaxed)));
        all
    }
}

/// Forgets those that have not been seen for the longest time.
fn forget(rows: &mut HashMap<Signer, Row>) {
    let mut times: Vec<u64> = rows.values().map(|row| row.last).collect();
    times.sort_unstable();
    let Some(&until) = times.get(FORGOTTEN) else { return };
    let mut left = FORGOTTEN;
    // Of those that came in one second, no more than have to go.
    rows.retain(|_, row| {
        let goes = row.last <= until && left > 0;
        left -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::{MOST_SIGNERS, Traffic};
    use twinseal_canon::dkim::Kind;
    use twinseal_dkim::{Canonicalization, Claims, Outcome, Verdict};
    use twinseal_message::Domain;

    fn verdict(domain: &str, outcome: Outcome) -> Verdict {
        let claims = Claims {
            domain: Some(Domain::parse(domain).unwrap()),
            algorithm: Some("rsa-sha256".to_owned()),
            canonicalization: Some(Canonicalization { header: Kind::Relaxed, body: Kind::Simple }),
            ..Claims::default()
        };
        Verdict { claims, outcome, key: None, coverage: None }
    }

    #[test]
    fn what_passes_and_what_does_not_match_is_counted_by_who_signed() {
        let traffic = Traffic::default();
        for (domain, outcome, at) in [
            ("b.example", Outcome::Pass, 1),
            ("a.example", Outcome::BodyChanged, 2),
            ("b.example", Outcome::Pass, 3),
            ("b.example", Outcome::SignatureWrong, 4),
            ("c.example", Outcome::NoKey, 5),
        ] {
            traffic.take(&verdict(domain, outcome), at);
        }
        let all = traffic.all();
        let all: Vec<_> =
            all.iter().map(|one| (one.domain.as_str(), one.passed, one.failed, one.last)).collect();
        assert_eq!(all, [("a.example", 0, 1, 2), ("b.example", 2, 1, 4)]);
        assert_eq!(traffic.all()[0].relaxed, (true, false));
    }

    #[test]
    fn strangers_make_room_for_each_other() {
        let traffic = Traffic::default();
        for number in 0..3 * MOST_SIGNERS as u64 {
            traffic.take(&verdict(&format!("d{number}.example"), Outcome::Pass), number);
            traffic.take(&verdict("friend.example", Outcome::Pass), number);
            assert!(traffic.all().len() <= MOST_SIGNERS);
        }
        let all = traffic.all();
        let friend = all.iter().find(|one| one.domain == "friend.example").unwrap();
        assert_eq!(friend.passed, 3 * MOST_SIGNERS as u64);
    }
}
