//! What there is to the process.

use crate::files::Files;
use crate::mistake::Report;
use crate::raw::{RawLife, Set};
use crate::settings::{Life, Restart};
use crate::wrong::{Quoted, Wrong};

/// What follows from what was typed; nothing of it can contradict anything.
pub(super) fn life(raw: &RawLife) -> Option<Life> {
    Some(Life {
        restart: Restart {
            auto: raw.auto.as_ref()?.value,
            count: raw.count.as_ref()?.value,
            rate: raw.rate.as_ref()?.value,
        },
        sandbox: raw.sandbox.as_ref()?.value,
        core_dumps: raw.core_dumps.as_ref()?.value,
        protocol_log: raw.protocol.as_ref()?.value > 0,
    })
}

/// Enters the directory in which relative paths begin, before anything is read that they name.
pub(crate) fn enter(raw: &RawLife, files: &dyn Files, report: &mut Report) {
    let Some(Set { value, origin }) = &raw.base else { return };
    if let Err(error) = files.enter(value) {
        let wrong =
            Wrong::Unreadable { path: Quoted::path(value), reason: error.to_string(), hint: "" };
        report.mistake(origin, "base-directory", wrong);
    }
}
