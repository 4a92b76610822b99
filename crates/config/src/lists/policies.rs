//! What is known here about how domains sign, and need not be asked for: dkim-filter's `LocalADSP`.

use super::{ListFile, Meant, uncommented};
use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::Set;
use crate::value;
use crate::wrong::{Quoted, Wrong};
use std::collections::HashMap;
use twinseal_dkim::adsp::Practice;
use twinseal_message::Domain;

/// Domains and their policies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalPolicies {
    exact: HashMap<Domain, Practice>,
    below: HashMap<Domain, Practice>,
}

impl LocalPolicies {
    /// The policy of that domain: its own, else that for what is below the nearest of its parents.
    #[must_use]
    pub fn find(&self, domain: &Domain) -> Option<Practice> {
        let inherited = || domain.parents().find_map(|parent| self.below.get(&parent));
        self.exact.get(domain).or_else(inherited).copied()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.below.is_empty()
    }

    /// Reads a file of lines `domain:policy`, or `.domain:policy` for what is below it. A domain
    /// that is listed twice is a mistake: one of the two is not in force.
    pub(crate) fn read(
        path: &Set<String>,
        key: &str,
        files: &dyn Files,
        report: &mut Report,
    ) -> Option<Self> {
        let Set { value: path, origin } = path;
        let file = ListFile::read(path, files, (origin, key), Meant::POLICIES, report)?;
        let mut policies = Self::default();
        for (line, origin) in file.entries() {
            let line = uncommented(line);
            let Some((name, domain, policy)) = report.take(&origin, "", entry(line)) else {
                continue;
            };
            let list =
                if name.starts_with('.') { &mut policies.below } else { &mut policies.exact };
            if list.insert(domain, policy).is_some() {
                twice(name, &origin, report);
            }
        }
        Some(policies)
    }
}

fn twice(name: &str, origin: &Origin, report: &mut Report) {
    report.mistake(origin, "", Wrong::DomainTwice { domain: Quoted::new(name) });
}

/// The name as it is written, the domain, and the policy.
fn entry(line: &str) -> Result<(&str, Domain, Practice), Wrong> {
    let (name, policy) =
        line.split_once(':').map(|(name, policy)| (name.trim(), policy.trim())).ok_or_else(
            || Wrong::value(line, "domain:policy, or .domain:policy for what is below it"),
        )?;
    let domain = value::domain(name.strip_prefix('.').unwrap_or(name))?;
    Ok((name, domain, value::practice(policy)?))
}
