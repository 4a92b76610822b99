//! What is asked of a signature beyond the standards.

use crate::verdict::Coverage;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use twinseal_message::{Domain, FieldName};

/// How many signatures of a message are looked at by default (trap H20).
pub const MAX_SIGNATURES: usize = 10;

/// The smallest RSA key that counts, in bits (RFC 8301 §3.2, trap H16).
pub const MIN_RSA_BITS: usize = 1024;

/// How far clocks may be apart by default.
pub const CLOCK_DRIFT: Duration = Duration::from_secs(300);

/// Who knows which domains may sign for others.
pub trait Trust: Debug + Send + Sync {
    /// Whether signatures of that domain count for mail of other domains.
    fn trusts(&self, domain: &Domain) -> bool;
}

/// What is asked of a signature beyond the standards.
#[derive(Debug, Clone)]
pub struct Demands {
    /// How many signatures are gone into: those of the author's domain and of the trusted ones
    /// first, and then from the top. Those that cannot pass in any case do not count.
    pub signatures: usize,
    /// How small an RSA key may be, in bits. [`MIN_RSA_BITS`] are asked for in any case.
    pub key_bits: usize,
    /// How far in the future a signature may be made, and how long after its end it is good.
    pub clock_drift: Duration,
    /// How much of the body has to be covered.
    pub body: BodyDemand,
    /// Fields that have to be signed wherever they occur.
    pub fields: Vec<FieldName>,
    /// The domains whose signatures count beside those of the author's domain; `None` for all.
    pub trusted: Option<Arc<dyn Trust>>,
}

/// How much of a body has to be covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyDemand {
    /// That many octets, or all where there are less.
    Octets(u64),
    /// That part of all octets, in percent.
    Percent(u8),
    /// All but that many octets.
    AllBut(u64),
}

impl Default for Demands {
    /// Ten signatures, 1024 bits, 300 seconds, and nothing else.
    fn default() -> Self {
        Self {
            signatures: MAX_SIGNATURES,
            key_bits: MIN_RSA_BITS,
            clock_drift: CLOCK_DRIFT,
            body: BodyDemand::Octets(0),
            fields: Vec::new(),
            trusted: None,
        }
    }
}

impl BodyDemand {
    pub(super) const fn is_met_by(self, coverage: Coverage) -> bool {
        let Coverage { signed, octets } = coverage;
        if coverage.is_whole() {
            return true;
        }
        match self {
            Self::Octets(wanted) => signed >= wanted,
            Self::Percent(wanted) => signed as u128 * 100 >= octets as u128 * wanted as u128,
            Self::AllBut(left) => octets - signed <= left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BodyDemand::{AllBut, Octets, Percent};
    use crate::verdict::Coverage;

    #[test]
    fn a_demand_is_met_by_enough_or_by_all() {
        for (demand, signed, octets, met) in [
            (Octets(0), 0, 5, true),
            (Octets(5), 4, 9, false),
            (Octets(5), 5, 9, true),
            (Octets(500), 9, 9, true),
            (Percent(0), 0, 9, true),
            (Percent(50), 4, 9, false),
            (Percent(50), 5, 10, true),
            (Percent(100), u64::MAX - 1, u64::MAX, false),
            (Percent(100), 0, 0, true),
            (AllBut(0), 8, 9, false),
            (AllBut(1), 8, 9, true),
        ] {
            let coverage = Coverage { signed, octets };
            assert_eq!(demand.is_met_by(coverage), met, "{demand:?} {coverage:?}");
        }
    }
}
