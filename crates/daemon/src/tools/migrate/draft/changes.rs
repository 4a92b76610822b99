//! What means something else than it did, program by program.

use super::Draft;
use crate::tools::migrate::old::Old;
use twinseal_config::params::named;
use twinseal_config::{Action, Config, Door, Mode, SocketSpec};

/// What our own daemon does in another way than all others, whatever is set.
const ALWAYS: [&str; 2] = [
    "the log is in our own words; docs/log.md lists them",
    "a reload, on SIGHUP and SIGUSR1, takes this file; nothing is typed any more",
];

/// What there is to know about a value.
pub(super) fn of_value(name: &str, old: &Old) -> Vec<String> {
    let program = old.name();
    let text = match name {
        "sender-headers" if old.is_of_domainkeys() => {
            "whose mail it is follows from these as it did; without this line, From would decide"
                .to_owned()
        }
        "sender-headers" => format!(
            "the first of these that is there says whose mail it is, as it did for {program}; \
             without this line, From would decide"
        ),
        "dkim.oversigned-headers" => {
            "beside these, From is signed once more than it is there: nobody may add another one"
                .to_owned()
        }
        "require-safe-keys" => format!(
            "{program} took keys that others can read; with yes they are refused, which is safer"
        ),
        "domainkeys.canonicalization" => {
            "the seal names the header fields that it covers, whether -H was there or not"
                .to_owned()
        }
        _ => return Vec::new(),
    };
    vec![text]
}

/// What was not set and is now.
pub(super) fn unset(old: &Old, note: &str, draft: &mut Draft) {
    let name = note.rsplit(": ").next().unwrap_or_default().trim_end_matches(" is not set");
    if draft.values.iter().any(|value| value.name == name) {
        return;
    }
    let ours = named(name).and_then(|param| param.default).unwrap_or_default();
    let change = format!("{name}: {} had none; it is {ours} now", old.name());
    draft.changed.push(change);
}

/// Says what changes with the program itself.
pub(super) fn note(old: &Old, draft: &mut Draft) {
    let (name, config) = (old.name(), &old.config);
    draft.changed.extend(old.warnings.iter().cloned());
    for text in ALWAYS {
        if !draft.changed.iter().any(|known| known == text) {
            draft.changed.push(text.to_owned());
        }
    }
    if let Some(path) = &config.pid_file {
        draft.changed.push(format!(
            "no pid file: {name} wrote {}, and a service manager needs none; pid-file: names one",
            path.display()
        ));
    }
    for directory in directories(config) {
        draft.changed.push(format!(
            "{directory} is gone after a restart of the host, and the start script of {name} made \
             it: have it made by a line of tmpfiles.d, or RuntimeDirectory= of the unit"
        ));
    }
    if old.verifies_without_key {
        draft.changed.push(format!(
            "{name} has nothing to sign with; its start script starts it to verify (-b v), and so \
             does mode: v"
        ));
    }
    if let Some(user) = &old.started.user
        && config.user.is_none()
    {
        draft.set("user", twinseal_config::render::scalar(&user.text), "its unit started it so");
    }
    if old.verifies() {
        draft.changed.push(format!(
            "Authentication-Results is written in the words of RFC 8601, not in those of {name}"
        ));
    }
    decisions(old, draft);
}

/// The directories of sockets that nobody makes any more.
fn directories(config: &Config) -> impl Iterator<Item = String> {
    config.sockets.iter().filter_map(|socket| match socket {
        SocketSpec::Unix { path } => {
            let is_fleeting = path.starts_with("/run") || path.starts_with("/var/run");
            path.parent().filter(|_| is_fleeting).map(|parent| parent.display().to_string())
        }
        SocketSpec::Inet { .. } => None,
    })
}

/// What was decided in a way that our own file does not know.
fn decisions(old: &Old, draft: &mut Draft) {
    let (name, config) = (old.name(), &old.config);
    if old.is_of_domainkeys() {
        return;
    }
    if config.verify.required_headers && old.signs() {
        draft.lost.push(format!(
            "verify.required-headers: {name} left mail unsigned whose header is not as RFC 5322 \
             wants it, and accepted such mail whatever its signatures were"
        ));
    }
    if config.mode == Mode::Sign && config.actions.security != Action::Accept {
        draft.changed.push(format!(
            "verify.maximum-header: {name} answered larger headers with {}; mode: s does not look \
             at it and leaves such mail unsigned beyond 1MiB",
            config.actions.security.name()
        ));
    }
    let defers_revoked = old.verifies() && config.door == Door::DkimFilter;
    if defers_revoked && config.actions.bad_signature != Action::TempFail {
        draft.changed.push(format!(
            "{name} deferred mail whose key is revoked; here it is mail with a bad signature \
             (actions.bad-signature)"
        ));
    }
}
