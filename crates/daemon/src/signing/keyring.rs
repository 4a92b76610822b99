//! All keys that a configuration names, read once.

use super::keyfile::{self, Exposure, KeyFileError};
use super::order::SelectedKey;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use twinseal_config::mistake::{MAX_KEPT, NamedKey};
use twinseal_config::{Config, Origin, SigningRule};
use twinseal_keys::{KeyKind, SigningKey};
use twinseal_message::text;

/// RSA keys above this size are more than a DomainKeys verifier has to take (RFC 4870 §3.2.4), in
/// bits.
const DOMAINKEYS_COMMON_BITS: u32 = 2048;

/// Every key that cannot be used, one line each.
#[derive(Debug)]
pub struct KeyMistakes(Vec<String>);

impl fmt::Display for KeyMistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for KeyMistakes {}

/// Reads the keys of each rule, in the order of the rules; a file that several rules name is read
/// once. `trusted` users may own what leads to a key, beside root and the user we are.
///
/// # Errors
/// [`KeyMistakes`], all of them.
pub fn load(
    config: &Config,
    trusted: &[u32],
    mut warn: impl FnMut(String),
) -> Result<Vec<Arc<[SelectedKey]>>, KeyMistakes> {
    let exposure = if config.require_safe_keys { Exposure::Refused } else { Exposure::Warned };
    let mut files: HashMap<&Path, Option<Arc<SigningKey>>> = HashMap::new();
    let (mut rules, mut mistakes) = (Vec::new(), Vec::new());
    let mut told = None;
    // A mode that does not sign starts without its keys.
    for rule in config.rules.iter().filter(|_| config.mode.signs()) {
        let mut keys = Vec::new();
        for source in &rule.keys {
            let key = files.entry(source.file.as_path()).or_insert_with(|| {
                match keyfile::load(&source.file, exposure, trusted) {
                    Ok(loaded) => {
                        let exposed = loaded.exposed.iter();
                        exposed.for_each(|exposed| warn(format!("{}: {exposed}", source.origin)));
                        Some(Arc::new(loaded.key))
                    }
                    Err(error) => {
                        mistakes.push(mistake(&source.origin, &source.file, &error));
                        None
                    }
                }
            });
            let selector = source.selector.clone();
            keys.extend(key.clone().map(|key| SelectedKey { selector, key }));
        }
        // A line of a list may be two rules.
        if told != Some(&rule.origin) {
            caution(rule, &keys).into_iter().for_each(&mut warn);
        }
        told = Some(&rule.origin);
        rules.push(keys.into());
    }
    if mistakes.is_empty() { Ok(rules) } else { Err(KeyMistakes(mistakes)) }
}

/// What is wrong with keys that a configuration names which is wrong itself.
#[must_use]
pub fn mistakes(keys: &[NamedKey]) -> Vec<String> {
    let mut seen: Vec<&Path> = Vec::new();
    let wrong = keys.iter().filter_map(|source| {
        if seen.contains(&source.file.as_path()) {
            return None;
        }
        seen.push(&source.file);
        // Whether an exposed key is refused is part of what is not known.
        let loaded = keyfile::load(&source.file, Exposure::Warned, &[]);
        loaded.err().map(|error| mistake(&source.origin, &source.file, &error))
    });
    wrong.take(MAX_KEPT).collect()
}

fn mistake(origin: &Origin, file: &Path, error: &KeyFileError) -> String {
    format!("{origin}: {}: {error}", text::path(file))
}

/// What is legal and probably not meant.
fn caution(rule: &SigningRule, keys: &[SelectedKey]) -> Vec<String> {
    if rule.domainkeys.is_none() || keys.is_empty() {
        return Vec::new();
    }
    let bits = |selected: &SelectedKey| match selected.key.kind() {
        KeyKind::Rsa { bits } => Some((selected.selector.clone(), bits)),
        KeyKind::Ed25519 => None,
    };
    let rsa: Vec<_> = keys.iter().filter_map(bits).collect();
    if rsa.is_empty() {
        // Trap K5
        let text = "none of its keys is an RSA key, so the DomainKeys seal is left out";
        return vec![format!("{}: {text}", rule.origin)];
    }
    let large = rsa.iter().filter(|(_, bits)| *bits > DOMAINKEYS_COMMON_BITS);
    let text = |(selector, bits): &(_, u32)| {
        format!(
            "{}: the key {selector} has {bits} bits; DomainKeys verifiers need not take more than \
             {DOMAINKEYS_COMMON_BITS}",
            rule.origin
        )
    };
    large.map(text).collect()
}
