//! How many reports went where: nobody may be flooded by forging mail of a domain.

use std::collections::HashMap;
use twinseal_message::Domain;

/// The time that reports are counted over, in seconds.
const PERIOD: u64 = 60 * 60;

/// How many reports a domain gets in that time.
const PER_DOMAIN: u32 = 10;

/// How many reports are sent in that time altogether, and so how many domains are remembered.
const ALTOGETHER: u32 = 200;

/// Reports of the period under way.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    began: u64,
    sent: u32,
    by_domain: HashMap<Domain, u32>,
}

impl Ledger {
    /// Whether one more may go to that domain; then it counts. `now` is in seconds since 1970.
    pub(super) fn grants(&mut self, domain: &Domain, now: u64) -> bool {
        if now.abs_diff(self.began) >= PERIOD {
            *self = Self { began: now, ..Self::default() };
        }
        let of_domain = self.by_domain.get(domain).copied().unwrap_or(0);
        if self.sent >= ALTOGETHER || of_domain >= PER_DOMAIN {
            return false;
        }
        self.sent += 1;
        self.by_domain.insert(domain.clone(), of_domain + 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{ALTOGETHER, Ledger, PER_DOMAIN, PERIOD};
    use twinseal_message::Domain;

    #[test]
    fn a_domain_gets_a_few_and_all_together_not_many() {
        let mut ledger = Ledger::default();
        let domain = |number: u32| Domain::parse(&format!("d{number}.example")).unwrap();
        let sent = |ledger: &mut Ledger, number: u32, now: u64| {
            (0..PER_DOMAIN + 5).filter(|_| ledger.grants(&domain(number), now)).count()
        };
        assert_eq!(sent(&mut ledger, 0, 1_000_000), 10);
        assert_eq!(sent(&mut ledger, 0, 1_000_000 + PERIOD - 1), 0);
        let others: usize = (1..100).map(|number| sent(&mut ledger, number, 1_000_001)).sum();
        assert_eq!(others, (ALTOGETHER - PER_DOMAIN) as usize);
        assert_eq!(sent(&mut ledger, 0, 1_000_000 + PERIOD), 10);
    }
}
