//! What happens to mail that something is the matter with.

use crate::caution::Caution;
use crate::door::Door;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::{Raw, RawActions, Set};
use crate::settings::{Action, Actions};
use std::mem::discriminant;

/// The actions. A list of them takes the place of what is said one by one.
pub(super) fn actions(raw: &mut Raw, door: Door, report: &mut Report) -> Option<Actions> {
    let single = std::mem::take(&mut raw.actions);
    let given = match raw.action_list.take() {
        None => single,
        Some(list) => {
            let reason = "-C takes the place of all actions in the file";
            for (name, action) in named(&single) {
                if let Some(Set { origin: origin @ Origin::File { .. }, .. }) = action {
                    report.warn(origin, name, Caution::NoEffect { reason });
                }
            }
            over(list.value, Raw::defaults(door, &mut Report::default()).actions)
        }
    };
    action_cautions(&given, report);
    let RawActions { default, .. } = &given;
    // What somebody said of one reason counts more than what is said of all.
    let pick = |one: &Option<Set<Action>>| match (one, default) {
        (Some(Set { origin: Origin::Default, .. }) | None, Some(all)) => Some(all.value),
        (one, _) => one.as_ref().map(|one| one.value),
    };
    let dns_error = pick(&given.dns_error)?;
    // dkim-filter made no difference between them.
    let key_not_found = match &given.key_not_found {
        None => dns_error,
        one => pick(one)?,
    };
    Some(Actions {
        bad_signature: pick(&given.bad_signature)?,
        no_signature: pick(&given.no_signature)?,
        key_not_found,
        dns_error,
        internal_error: pick(&given.internal_error)?,
        security: pick(&given.security)?,
        signature_error: pick(&given.signature_error)?,
    })
}

/// All of them, with the names of their rows.
fn named(actions: &RawActions) -> [(&'static str, &Option<Set<Action>>); 8] {
    [
        ("actions.default", &actions.default),
        ("actions.bad-signature", &actions.bad_signature),
        ("actions.no-signature", &actions.no_signature),
        ("actions.key-not-found", &actions.key_not_found),
        ("actions.dns-error", &actions.dns_error),
        ("actions.internal-error", &actions.internal_error),
        ("actions.security", &actions.security),
        ("actions.signature-error", &actions.signature_error),
    ]
}

fn over(list: RawActions, below: RawActions) -> RawActions {
    RawActions {
        default: list.default.or(below.default),
        bad_signature: list.bad_signature.or(below.bad_signature),
        no_signature: list.no_signature.or(below.no_signature),
        key_not_found: list.key_not_found.or(below.key_not_found),
        dns_error: list.dns_error.or(below.dns_error),
        internal_error: list.internal_error.or(below.internal_error),
        security: list.security.or(below.security),
        signature_error: list.signature_error.or(below.signature_error),
    }
}

/// What is probably not meant. A default is not what somebody meant, and -C is one option.
fn action_cautions(given: &RawActions, report: &mut Report) {
    let mut told = Vec::new();
    for (name, action) in named(given) {
        let Some(Set { value, origin }) = action else { continue };
        let Some(caution) = caution(name, *value) else { continue };
        let kind = discriminant(&caution);
        let again = || matches!(origin, Origin::Option(_)) && told.contains(&(origin, kind));
        if *origin != Origin::Default && !again() {
            report.warn(origin, name, caution);
            told.push((origin, kind));
        }
    }
}

fn caution(name: &str, action: Action) -> Option<Caution> {
    let lasting = matches!(name, "actions.bad-signature" | "actions.no-signature");
    match action {
        Action::Discard => Some(Caution::Discards),
        Action::TempFail if lasting => Some(Caution::DefersInVain),
        Action::Reject if name == "actions.signature-error" => Some(Caution::BouncesOwn),
        Action::Accept | Action::Reject | Action::TempFail | Action::Quarantine => None,
    }
}
