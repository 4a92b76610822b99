//! What all connections share to verify with.

use super::forgeries::Guard;
use super::report::METHODS;
use super::verification::Means;
use crate::resolver::Resolver;
use nix::unistd::gethostname;
use std::sync::Arc;
use std::time::Duration;
use twinseal_config::{Adsp, AuthservPattern, BodyCoverage, Config, Door, Results, Verify};
use twinseal_dkim::{BodyDemand, Demands};
use twinseal_message::results::Removal;

/// What stands for the name of an MTA that does not tell it, in the historic doors.
pub const UNKNOWN_HOST: &str = "unknown-host";

/// What stands for the name of this host in `AuthservID`.
const HOSTNAME: &str = "HOSTNAME";

/// Who verifies, how, and what follows.
#[derive(Debug)]
pub struct Office {
    /// Who is asked for keys.
    pub resolver: Arc<dyn Resolver>,
    /// How long all answers about a message together may take.
    pub budget: Duration,
    /// What is asked of signatures.
    pub demands: Demands,
    /// Whether the header has to have the fields of RFC 5322 §3.6.
    pub required_headers: bool,
    /// Whether the MTA is to hold mail of which no signature is valid.
    pub quarantine: bool,
    /// The Authentication-Results field.
    pub results: Results,
    /// Whether names of others are compared whole, and none stands for those below it.
    pub compares_whole: bool,
    /// Whether forged fields are left where they are.
    pub keeps_results: bool,
    /// What is asked about authors' domains, if anything.
    pub adsp: Option<Adsp>,
    /// Who we are to readers of mail, where neither the configuration nor the MTA says it.
    host: String,
}

impl Office {
    /// What a configuration says, with somebody to ask.
    #[must_use]
    pub fn new(config: &Config, resolver: Arc<dyn Resolver>) -> Self {
        let host = match config.door {
            Door::Native => gethostname().ok().and_then(|name| name.into_string().ok()),
            Door::DkFilter | Door::DkimFilter | Door::Opendkim => None,
        };
        Self {
            resolver,
            budget: config.dns.timeout,
            demands: demands(&config.verify),
            required_headers: config.verify.required_headers,
            quarantine: config.quarantine,
            results: named(config),
            compares_whole: config.door == Door::Opendkim,
            keeps_results: config.further.keeps_results,
            adsp: config.adsp.clone(),
            host: host.unwrap_or_else(|| UNKNOWN_HOST.to_owned()),
        }
    }

    /// In whose name results are written, given the MTA's own name.
    #[must_use]
    pub fn authserv_id<'o>(&'o self, mta: Option<&'o str>) -> &'o str {
        self.results.authserv_id.as_deref().or(mta).unwrap_or(&self.host)
    }

    /// Who watches over that name, and has it.
    #[must_use]
    pub fn guard(&self, mta: Option<&str>) -> Guard {
        if self.keeps_results {
            return Guard::idle(self.authserv_id(mta));
        }
        let others_lose =
            if self.results.remove_all { Removal::All } else { Removal::Reporting(METHODS) };
        // opendkim compares whole names, and none begins with a dot.
        let whole = |name: &&str| !self.compares_whole || !name.starts_with('.');
        let others = self.results.remove_from.iter().map(AuthservPattern::as_str).filter(whole);
        Guard::new((self.authserv_id(mta), Removal::All), (others, others_lose))
    }

    /// What a message is verified with.
    #[must_use]
    pub fn means(&self, now: u64) -> Means<'_> {
        Means {
            resolver: &*self.resolver,
            budget: self.budget,
            demands: &self.demands,
            adsp: self.adsp.as_ref(),
            required_headers: self.required_headers,
            now,
        }
    }
}

/// The field's settings; opendkim knows a word for the name of this host.
#[must_use]
pub fn named(config: &Config) -> Results {
    let mut results = config.results.clone();
    let is_word = results.authserv_id.as_deref() == Some(HOSTNAME);
    if config.door == Door::Opendkim && is_word {
        results.authserv_id = gethostname().ok().and_then(|name| name.into_string().ok());
    }
    results
}

/// The demands of a configuration, as signatures know them.
fn demands(verify: &Verify) -> Demands {
    let trusted = verify.trusted.clone();
    Demands {
        signatures: verify.maximum_signatures,
        key_bits: usize::from(verify.minimum_key_bits),
        clock_drift: verify.clock_drift,
        body: match verify.minimum_body {
            BodyCoverage::Octets(octets) => BodyDemand::Octets(octets),
            BodyCoverage::Percent(part) => BodyDemand::Percent(part),
            BodyCoverage::Unsigned(octets) => BodyDemand::AllBut(octets),
        },
        fields: verify.must_be_signed.clone(),
        trusted: trusted.map(|list| list as Arc<dyn twinseal_dkim::Trust>),
    }
}
