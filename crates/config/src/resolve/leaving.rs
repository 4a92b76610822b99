//! What is done with mail that leaves, beside its rules.

use super::arriving::values;
use crate::caution::Caution;
use crate::door::Door;
use crate::mistake::Report;
use crate::raw::{RawLeaving, RawSeals, Set};
use crate::settings::{Algorithm, Leaving};
use crate::wrong::Wrong;
use std::mem;
use twinseal_dkim::{BadSelection, HeaderSelection};
use twinseal_message::FieldName;

/// Checks all of it.
pub(super) fn leaving(raw: &mut RawLeaving, door: Door, report: &mut Report) -> Option<Leaving> {
    let RawLeaving { daemons, macros, unsigned_recipients, remove_old, multiple, algorithm } =
        mem::take(raw);
    if let Some(Set { value: Algorithm::RsaSha1, origin }) = algorithm {
        report.warn(&origin, "signature-algorithm", Caution::NeverSha1);
    }
    Some(Leaving {
        daemons: values(daemons),
        is_literal: door == Door::Opendkim,
        macros: values(macros),
        unsigned_recipients: values(unsigned_recipients),
        remove_old_signatures: remove_old?.value,
        multiple_signatures: multiple?.value,
    })
}

/// What a seal is told that lets others change signed mail, or makes it fail.
pub(super) fn cautions(seals: &RawSeals, report: &mut Report) {
    let content = &seals.content;
    if let Some(Set { origin, .. }) = &content.maximum {
        report.warn(origin, "dkim.maximum-signed-body", Caution::PartOfBody);
    } else if let Some(Set { value: true, origin }) = &content.body_length {
        report.warn(origin, "dkim.body-length", Caution::PartOfBody);
    }
    if let Some(Set { value: true, origin }) = &content.mends {
        report.warn(origin, "dkim.mend-line-ends", Caution::MendedByOthers);
    }
}

/// The historic programs signed what no signature survives; that is left out.
pub(super) fn drop_unsignable(seals: &mut RawSeals, report: &mut Report) {
    let signed = |name: FieldName| HeaderSelection::new(vec![name], Vec::new());
    let always = |name| HeaderSelection::default().listing_always(vec![name]);
    let mut drop =
        |list: &mut Option<Set<Vec<Set<FieldName>>>>,
         key: &str,
         select: &dyn Fn(FieldName) -> Result<HeaderSelection, BadSelection>| {
            let Some(list) = list else { return };
            list.value.retain(|Set { value: name, origin }| match select(name.clone()) {
                Ok(_) => true,
                Err(bad) => {
                    let wrong = Box::new(Wrong::Selection(bad));
                    report.warn(origin, key, Caution::EntrySkipped { wrong });
                    false
                }
            });
        };
    drop(&mut seals.signed, "dkim.signed-headers", &signed);
    let oversigned = |name| HeaderSelection::new(Vec::new(), vec![name]);
    drop(&mut seals.oversigned, "dkim.oversigned-headers", &oversigned);
    drop(&mut seals.content.always, "dkim.always-signed-headers", &always);
}

/// There, what is over-signed is named also where it does not occur.
pub(super) fn oversign_what_is_missing(seals: &mut RawSeals) {
    let Some(names) = &seals.oversigned else { return };
    match &mut seals.content.always {
        Some(always) => always.value.extend(names.value.iter().cloned()),
        always @ None => *always = Some(names.clone()),
    }
}
