//! The keys of the rules that match, as the daemon would find them.

use super::answer::{KeyAnswer, KeyWord};
use crate::signing::keyring::{KeyState, Looked};
use twinseal_config::{Found, KeySource};
use twinseal_keys::KeyKind;
use twinseal_message::text;

/// Those of these rules.
pub(super) fn of_rules(found: &[Found<'_>], looked: &[Looked<'_>]) -> Vec<KeyAnswer> {
    let sources = found.iter().flat_map(|found| &found.rule.keys);
    let known = sources.filter_map(|source| {
        let one = looked.iter().find(|one| one.source.file == source.file)?;
        Some(answer(source, &one.state))
    });
    known.collect()
}

/// What is to be said of one.
fn answer(source: &KeySource, state: &KeyState) -> KeyAnswer {
    let (state, kind, bits, error) = match state {
        KeyState::Usable { kind: KeyKind::Rsa { bits }, exposed } => {
            (KeyWord::Usable, Some("rsa"), Some(*bits), exposed.clone())
        }
        KeyState::Usable { kind: KeyKind::Ed25519, exposed } => {
            (KeyWord::Usable, Some("ed25519"), None, exposed.clone())
        }
        KeyState::Denied(error) => (KeyWord::Denied, None, None, Some(error.to_string())),
        KeyState::Unusable(error) => (KeyWord::Unusable, None, None, Some(error.to_string())),
    };
    KeyAnswer {
        file: text::path(&source.file),
        selector: source.selector.to_string(),
        origin: source.origin.to_string(),
        state,
        kind,
        bits,
        error,
    }
}
