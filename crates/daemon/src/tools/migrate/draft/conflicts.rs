//! Where two programs that become one say different things about the same.

use super::{Draft, Value};
use crate::tools::migrate::old::Old;
use twinseal_config::render::{Pieces, ShownValue};
use twinseal_config::{Config, Origin};

/// Whether two configurations say the same.
type Same = fn(&Config, &Config) -> bool;

/// What decides about mail, and whether two configurations have the same.
const DECISIVE: [(&str, Same); 6] = [
    ("internal-hosts", |one, other| one.internal_hosts == other.internal_hosts),
    ("peers", |one, other| one.peers == other.peers),
    ("internal-daemons", |one, other| one.leaving.daemons == other.leaving.daemons),
    ("internal-macros", |one, other| one.leaving.macros == other.leaving.macros),
    ("unsigned-recipients", |one, other| {
        one.leaving.unsigned_recipients.is_empty() == other.leaving.unsigned_recipients.is_empty()
    }),
    ("actions.signature-error", |one, other| {
        one.actions.signature_error == other.actions.signature_error
    }),
];

/// What each of them has of its own, or what only DKIM is about.
const OWN: [&str; 9] = [
    "socket",
    "user",
    "pid-file",
    "foreground",
    "mode",
    "umask",
    "socket-mode",
    "sender-headers",
    "require-safe-keys",
];

/// Takes what the program for DomainKeys says and the other one does not, and tells where they
/// differ.
pub(super) fn settle(
    (dkim, first): (&Old, &Pieces),
    (domainkeys, second): (&Old, &Pieces),
    draft: &mut Draft,
) {
    sockets((dkim, first), (domainkeys, second), draft);
    users(dkim, domainkeys, draft);
    if domainkeys.signs() {
        draft.changed.push(format!(
            "where a Resent field cannot be read, {} signed by Sender or From nevertheless; here, \
             who is asked first has to be readable for either seal",
            domainkeys.name()
        ));
        draft.changed.push(format!(
            "{} looked for signatures in mail that {} signed alone; here, mail is either signed \
             or verified",
            dkim.name(),
            domainkeys.name()
        ));
        for (name, same) in DECISIVE {
            if !same(&dkim.config, &domainkeys.config) {
                decisive(name, (dkim, first), (domainkeys, second), draft);
            }
        }
    }
    for shown in &second.values {
        let is_seal = shown.name.starts_with("dkim") || shown.name.starts_with("domainkeys");
        let decides = DECISIVE.iter().any(|(name, _)| *name == shown.name);
        if is_seal || decides || OWN.contains(&shown.name) || shown.origin == Origin::Default {
            continue;
        }
        let other = find(first, shown.name);
        if other.is_some_and(|other| other.value == shown.value) {
            continue;
        }
        if other.is_some_and(|other| other.origin != Origin::Default) {
            draft.changed.push(format!(
                "{}: {} has {} ({}), and {} has another, which is taken",
                shown.name,
                domainkeys.name(),
                shown.value,
                domainkeys.said(&shown.origin).unwrap_or_default(),
                dkim.name()
            ));
            continue;
        }
        draft.values.retain(|value| value.name != shown.name);
        draft.values.push(Value {
            name: shown.name,
            value: shown.value.clone(),
            comments: Vec::new(),
            from: domainkeys.said(&shown.origin),
        });
    }
}

fn find<'p>(pieces: &'p Pieces, name: &str) -> Option<&'p ShownValue> {
    pieces.values.iter().find(|shown| shown.name == name)
}

/// Tells of a difference that the one file cannot have. Mail is verified as it was, so the program
/// that does that is the one that counts.
fn decisive(
    name: &str,
    (dkim, first): (&Old, &Pieces),
    (domainkeys, second): (&Old, &Pieces),
    draft: &mut Draft,
) {
    let told = |old: &Old, pieces: &Pieces| {
        let shown = find(pieces, name);
        let value = shown.map_or("nothing", |shown| shown.value.as_str());
        let place = shown.and_then(|shown| old.said(&shown.origin));
        format!("{value} in {} ({})", old.name(), place.unwrap_or_else(|| "not set".to_owned()))
    };
    draft.lost.push(format!(
        "{name}: {} and {} are not the same, and there is one for both seals: that of {}",
        told(domainkeys, second),
        told(dkim, first),
        dkim.name()
    ));
}

/// One daemon listens where both did.
fn sockets(
    (dkim, first): (&Old, &Pieces),
    (domainkeys, second): (&Old, &Pieces),
    draft: &mut Draft,
) {
    let socket = |pieces| find(pieces, "socket").map(|shown| shown.value.as_str());
    let (Some(one), Some(other)) = (socket(first), socket(second)) else { return };
    if one == other {
        return;
    }
    draft.values.retain(|value| value.name != "socket");
    draft.values.push(Value {
        name: "socket",
        value: format!("[{one}, {other}]"),
        comments: vec![
            format!(
                "that of {} and that of {}; each makes both seals,",
                dkim.name(),
                domainkeys.name()
            ),
            format!("so take the second one out of smtpd_milters and non_smtpd_milters: {other}"),
        ],
        from: None,
    });
}

fn users(dkim: &Old, domainkeys: &Old, draft: &mut Draft) {
    let user = |old: &Old| old.config.user.as_ref().map(|user| user.name.clone());
    if let (Some(one), Some(other)) = (user(dkim), user(domainkeys))
        && one != other
    {
        draft.changed.push(format!(
            "user: {one}, who has to be able to make the sockets of both; {other} made the second"
        ));
    }
}
