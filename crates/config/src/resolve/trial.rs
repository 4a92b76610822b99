//! A message is tried out: nothing listens, and the client is this host.

use crate::caution::Caution;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::{Raw, RawTrial, Set, Source};
use crate::settings::{LogTo, Mode, Trial};

/// What is to be tried out, if anything is. Then whatever is for a daemon alone is taken out of
/// `raw`.
pub(super) fn trial(raw: &mut Raw, report: &mut Report) -> Option<Trial> {
    let RawTrial { messages, time, verbosity, strict } = std::mem::take(&mut raw.trial);
    let Some(messages) = messages else {
        let origins = [time.map(|one| one.origin), verbosity.map(|one| one.origin)];
        for origin in origins.into_iter().flatten() {
            report.warn(&origin, "", Caution::OnlyWithTrial);
        }
        return None;
    };
    let Set { value: messages, .. } = messages;
    if let Some(mode) = raw.mode.as_mut().filter(|mode| mode.origin == Origin::Default) {
        mode.value = Mode::Verify;
    }
    raw.sockets = None;
    raw.user = None;
    raw.pid_file = None;
    raw.foreground = Some(by_default(true));
    raw.log.to = Some(by_default(LogTo::Stderr));
    // The client is this host, whoever else is listed.
    let here = by_default("127.0.0.1".to_owned());
    raw.internal_hosts = Some(by_default(Source::Inline(vec![here])));
    raw.peers = Some(by_default(Source::Inline(Vec::new())));
    raw.external_ignore = Some(by_default(Source::Inline(Vec::new())));
    Some(Trial {
        messages: messages.split(',').map(str::to_owned).collect(),
        time: time.map(|time| time.value),
        verbosity: verbosity.map_or(0, |verbosity| verbosity.value),
        strict: strict.is_some_and(|strict| strict.value),
    })
}

const fn by_default<T>(value: T) -> Set<T> {
    Set { value, origin: Origin::Default }
}
