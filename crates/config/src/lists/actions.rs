//! The actions of `-C`: `RESULT=ACTION[,...]`, in `dkim-filter` and in `dk-filter`.

use crate::caution::Caution;
use crate::mistake::Report;
use crate::raw::{Given, RawActions, Set};
use crate::settings::Action;
use crate::wrong::{BadActions, Quoted, Wrong};
use twinseal_message::text;

/// Where an action goes.
type Place = fn(&mut RawActions) -> &mut Option<Set<Action>>;

/// A result, in full and in short, and where its action goes.
type Row = ([&'static str; 2], Place);

/// The words for everything that is not named.
const DEFAULT: [&str; 2] = ["default", "def"];

/// The results of dkim-filter.
const RESULTS: &[Row] = &[
    (["nosignature", "no"], |actions| &mut actions.no_signature),
    (["badsignature", "bad"], |actions| &mut actions.bad_signature),
    (["dnserror", "dns"], |actions| &mut actions.dns_error),
    (["internal", "int"], |actions| &mut actions.internal_error),
    (["security", "sec"], |actions| &mut actions.security),
    (DEFAULT, |actions| &mut actions.default),
];

/// Those of dk-filter, of whatever release. Only one of them is about mail that is signed.
const RESULTS_OF_SIGNING: &[Row] = &[
    (["nosignature", "no"], |actions| &mut actions.no_signature),
    (["badsignature", "bad"], |actions| &mut actions.bad_signature),
    (["signaturemissing", "miss"], |actions| &mut actions.no_signature),
    (["dnserror", "dns"], |actions| &mut actions.dns_error),
    (["internal", "int"], |actions| &mut actions.internal_error),
    (["security", "sec"], |actions| &mut actions.security),
    (DEFAULT, |actions| &mut actions.default),
];

/// Reads the pairs, from the left to the right. Every wrong one is reported, and leaves what was
/// there.
pub(crate) fn put(given: &Given, place: &mut Option<Set<RawActions>>, report: &mut Report) {
    if let Some(actions) = read_all(given, RESULTS, report) {
        *place = Some(Set { value: actions, origin: given.origin.clone() });
    }
}

/// The same for a program that only signs: what happens to mail that cannot be signed is what
/// `internal` says, or `default`. The other results never come about, which is told once.
pub(crate) fn put_for_signing(
    given: &Given,
    place: &mut Option<Set<RawActions>>,
    report: &mut Report,
) {
    let Some(actions) = read_all(given, RESULTS_OF_SIGNING, report) else { return };
    let RawActions { default, bad_signature, no_signature, dns_error, security, .. } = &actions;
    if [bad_signature, no_signature, dns_error, security].iter().any(|action| action.is_some()) {
        let reason = "of these results only internal counts: DomainKeys is never verified";
        report.warn(&given.origin, &given.key, Caution::NoEffect { reason });
    }
    let signing = actions.internal_error.as_ref().or(default.as_ref()).cloned();
    let value = RawActions { signature_error: signing, ..RawActions::default() };
    *place = Some(Set { value, origin: given.origin.clone() });
}

/// The pairs, or nothing where one of them is wrong.
fn read_all(given: &Given, results: &'static [Row], report: &mut Report) -> Option<RawActions> {
    let text = given.items.first().map(|item| item.value.as_str()).unwrap_or_default();
    let before = report.mistakes.count();
    let mut actions = RawActions::default();
    let mut later = 0;
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let read = read(pair, results).map_err(Wrong::Actions);
        let Some(((words, place), action)) = report.take(&given.origin, &given.key, read) else {
            continue;
        };
        if *words == DEFAULT {
            if later > 0 {
                let reason = "of what stands in front of default=, nothing is left by it";
                report.warn(&given.origin, &given.key, Caution::NoEffect { reason });
            }
            actions = RawActions::default();
        }
        later += 1;
        *place(&mut actions) = Some(Set { value: action, origin: given.origin.clone() });
    }
    (report.mistakes.count() == before).then_some(actions)
}

fn read(pair: &str, results: &'static [Row]) -> Result<(&'static Row, Action), BadActions> {
    let sides = pair.split_once('=').map(|(result, action)| (result.trim(), action.trim()));
    let (result, action) = sides
        .filter(|(result, action)| !result.is_empty() && !action.is_empty())
        .ok_or_else(|| BadActions::Syntax { found: Quoted::new(pair) })?;
    let is = |word: &str| word.eq_ignore_ascii_case(result);
    let row =
        results.iter().find(|(words, _)| words.iter().any(|word| is(word))).ok_or_else(|| {
            let words: Vec<&str> = results.iter().map(|([word, _], _)| *word).collect();
            let wanted = words.join(", ");
            BadActions::Parameter { found: text::escaped(result), wanted }
        })?;
    let action = self::action(action).ok_or_else(|| {
        let wanted = Action::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
        BadActions::Value { found: text::escaped(action), wanted }
    })?;
    Ok((row, action))
}

/// An action, by its name or its first letter.
fn action(text: &str) -> Option<Action> {
    let is = |name: &str| {
        let first = name.get(..1).is_some_and(|first| first.eq_ignore_ascii_case(text));
        first || name.eq_ignore_ascii_case(text)
    };
    Action::ALL.iter().copied().find(|known| is(known.name()))
}
