//! What is reported, and to whom we owe the answers that it takes.

use crate::caution::Caution;
use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::{Raw, RawReports, Set};
use crate::settings::Reports;
use crate::wrong::Quoted;

/// What is in force, if reports are sent at all. Who wants to tell authors' domains about mail
/// without their signature has them asked what they say about that.
pub(super) fn reports(raw: &mut Raw, files: &dyn Files, report: &mut Report) -> Option<Reports> {
    let RawReports { send, adsp, address, command } = std::mem::take(&mut raw.reports);
    let on = |set: Option<Set<bool>>| set.filter(|on| on.value).map(|on| on.origin);
    let (signatures, policies, command) = (on(send), on(adsp), command?);
    if let (Some(origin), Some(evaluate)) = (&policies, &mut raw.adsp.evaluate) {
        match evaluate {
            Set { value: false, origin: Origin::Default } => {
                *evaluate = Set { value: true, origin: origin.clone() };
            }
            Set { value: false, .. } => {
                let reason = "adsp.evaluate is no";
                report.warn(origin, "reports.adsp", Caution::NoEffect { reason });
            }
            Set { .. } => {}
        }
    }
    let (asked, name) = match (&signatures, &policies) {
        (Some(origin), _) => (origin, "reports.send"),
        (None, Some(origin)) => (origin, "reports.adsp"),
        (None, None) => return None,
    };
    if !files.exists(&command.value) {
        let command = Quoted::path(&command.value);
        report.warn(asked, name, Caution::NoCommand { command });
    }
    Some(Reports {
        signatures: signatures.is_some(),
        policies: policies.is_some(),
        address: address.map(|address| address.value),
        command: command.value,
    })
}
