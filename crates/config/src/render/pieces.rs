//! What is in force as pieces of our own file, for who puts several configurations into one.

use super::senders::Senders;
use super::show::{self, Line, Values};
use crate::lists::domains::DomainList;
use crate::origin::Origin;
use crate::rules::{KeySource, SigningRule};
use crate::settings::Config;
use std::collections::HashSet;
use twinseal_message::Domain;

/// A configuration in pieces.
#[derive(Debug, Clone)]
pub struct Pieces {
    /// What our own file has no words for.
    pub notes: Vec<String>,
    /// The rules that no entry says the same as, and why.
    pub unsayable: Vec<(Origin, String)>,
    /// The values outside the entries, in the order of the table.
    pub values: Vec<ShownValue>,
    /// The entries, in their order.
    pub entries: Vec<ShownEntry>,
}

/// A value outside the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownValue {
    /// The parameter.
    pub name: &'static str,
    /// Its value, as YAML.
    pub value: String,
    /// Where it is from.
    pub origin: Origin,
}

/// An entry of `signing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownEntry {
    /// Its patterns of addresses.
    pub senders: Vec<String>,
    /// Its domain; `*` for the sender's own.
    pub domain: String,
    /// Its keys.
    pub keys: Vec<KeySource>,
    /// Its DKIM seal, if it makes one.
    pub dkim: Option<ShownSeal>,
    /// Its DomainKeys seal, if it makes one.
    pub domainkeys: Option<ShownSeal>,
    /// Where it stands.
    pub origin: Origin,
}

/// What is special about a seal of an entry: names, and values as YAML.
pub type ShownSeal = Vec<(&'static str, String)>;

/// The configuration in pieces.
#[must_use]
pub fn pieces(config: &Config) -> Pieces {
    let value = |Line { name, value, origin }| ShownValue { name, value, origin };
    let (mut unsayable, mut entries) = (Vec::new(), Vec::new());
    for (rule, said) in show::entries(config) {
        match said {
            Ok(said) => entries.extend(said.iter().map(|said| entry(rule, said, config))),
            Err(why) => unsayable.push((rule.origin.clone(), why.to_string())),
        }
    }
    let mut notes = show::notes(config);
    if unsayable.is_empty()
        && config.must_sign.as_deref().is_some_and(|list| covers(&entries, list))
    {
        notes.retain(|note| !note.ends_with(show::DEFERRED));
    }
    Pieces {
        notes,
        unsayable,
        values: show::lines(config).into_iter().map(value).collect(),
        entries,
    }
}

/// Whether some entry signs for every sender in the list, so that nothing follows from its absence.
fn covers(entries: &[ShownEntry], list: &DomainList) -> bool {
    let patterns: HashSet<&str> =
        entries.iter().flat_map(|entry| &entry.senders).map(String::as_str).collect();
    let all = ["*", "*@*"].iter().any(|all| patterns.contains(all));
    let listed = |domain: &&Domain| {
        let below = format!("*@*.{domain}");
        patterns.contains(format!("*@{domain}").as_str())
            && (!list.subdomains() || patterns.contains(below.as_str()))
    };
    all || (!list.has_patterns() && list.exact().iter().all(listed))
}

fn entry(rule: &SigningRule, said: &Senders, config: &Config) -> ShownEntry {
    let dkim = config.seals.dkim.as_deref().map(show::dkim_values);
    let domainkeys = config.seals.domainkeys.as_deref().map(show::domainkeys_values);
    let own = rule.domainkeys.as_deref().map(show::domainkeys_values);
    ShownEntry {
        senders: said.patterns.clone(),
        domain: said.domain.clone(),
        keys: rule.keys.clone(),
        dkim: show::dkim_of(rule, said, config).map(|own| special(own, dkim)),
        domainkeys: own.map(|own| special(own, domainkeys)),
        origin: rule.origin.clone(),
    }
}

/// The values that are not those of the defaults.
fn special(own: Values, defaults: Option<Values>) -> ShownSeal {
    let defaults = defaults.unwrap_or_default();
    let other = own.into_iter().filter(|value| !defaults.contains(value));
    other.filter_map(|(name, value)| Some((name, value?))).collect()
}
