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
    let captures = raw.opendkim.captures.as_ref().is_some_and(|on| on.value);
    let said = |own: &Option<Set<Action>>| Some(decisive(own, &given.default)?.value);
    let dns_error = said(&given.dns_error)?;
    // dkim-filter made no difference between them.
    let key_not_found = match &given.key_not_found {
        None => dns_error,
        one => said(one)?,
    };
    Some(Actions {
        bad_signature: said(&given.bad_signature)?,
        no_signature: said(&given.no_signature)?,
        key_not_found,
        dns_error,
        internal_error: if captures { Action::Quarantine } else { said(&given.internal_error)? },
        security: said(&given.security)?,
        signature_error: said(&given.signature_error)?,
    })
}

/// What somebody said of one reason counts more than what was said of all.
const fn decisive<'s>(
    own: &'s Option<Set<Action>>,
    all: &'s Option<Set<Action>>,
) -> Option<&'s Set<Action>> {
    match (own, all) {
        (Some(Set { origin: Origin::Default, .. }) | None, Some(all)) => Some(all),
        (own, _) => own.as_ref(),
    }
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

/// What is probably not meant, told where it was said: of each reason, by whatever decides about
/// it. A default is not what somebody meant, and what stands in one place is told once.
fn action_cautions(given: &RawActions, report: &mut Report) {
    let mut told = Vec::new();
    // What is said of all counts where it decides about one of the others.
    for (name, own) in named(given).into_iter().skip(1) {
        let Some(Set { value, origin }) = decisive(own, &given.default) else { continue };
        let Some(caution) = caution(name, *value) else { continue };
        let of_all = !own.as_ref().is_some_and(|own| std::ptr::eq(&own.origin, origin));
        let in_one_place = of_all || matches!(origin, Origin::Option(_));
        let kind = discriminant(&caution);
        if *origin == Origin::Default || in_one_place && told.contains(&(origin, kind)) {
            continue;
        }
        report.warn(origin, if of_all { "actions.default" } else { name }, caution);
        told.push((origin, kind));
    }
}

fn caution(name: &str, action: Action) -> Option<Caution> {
    match (action, name) {
        (Action::Discard, _) => Some(Caution::Discards),
        (Action::TempFail, "actions.bad-signature" | "actions.no-signature") => {
            Some(Caution::DefersInVain)
        }
        (Action::Reject, "actions.dns-error" | "actions.internal-error") => {
            Some(Caution::BouncesForNow)
        }
        (Action::Reject, "actions.signature-error") => Some(Caution::BouncesOwn),
        (Action::Accept | Action::Reject | Action::TempFail | Action::Quarantine, _) => None,
    }
}
