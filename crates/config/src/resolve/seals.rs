//! How the seals are made.

use crate::caution::Caution;
use crate::door::Door;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::{RawContent, RawSeals, Set, SetList};
use crate::wrong::Wrong;
use std::sync::Arc;
use twinseal_dkim::{BadSelection, BodyLength, HeaderSelection, Identity, Layout};
use twinseal_message::FieldName;

/// The fields that say whose message it is (RFC 4870 §3.3): DomainKeys has to cover them.
const DECISIVE: [&str; 2] = ["from", "sender"];

/// The settings of both seals; many rules share them.
#[derive(Debug, Clone)]
pub(super) struct Seals {
    pub(super) dkim: Option<Arc<twinseal_dkim::Settings>>,
    pub(super) domainkeys: Option<Arc<twinseal_domainkeys::Settings>>,
    pub(super) identity: Option<Set<Identity>>,
    /// Whether anything is to be made at all.
    pub(super) any: bool,
    headers: Option<HeaderSelection>,
    omitted: Option<Vec<FieldName>>,
    layout: Layout,
}

/// What the sections at the top say.
pub(super) fn defaults(raw: &RawSeals, door: Door, report: &mut Report) -> Seals {
    let mut seals = Seals {
        dkim: None,
        domainkeys: None,
        identity: None,
        any: false,
        headers: headers(raw, raw, report),
        omitted: raw.omitted.as_ref().map(|list| omitted(list, door, report)),
        layout: match door {
            Door::Opendkim => Layout::Opendkim,
            Door::Native | Door::DkFilter | Door::DkimFilter => Layout::Own,
        },
    };
    if let Some(list) = &raw.dkim_omitted {
        leave_out(list, &mut seals, report);
    }
    if door == Door::Opendkim {
        let spelled = raw.content.spelled.clone();
        seals.headers = seals.headers.map(|headers| headers.oversigned_as(spelled));
    }
    seals.fill(&RawSeals::default(), raw);
    seals
}

/// What an entry makes of that. Settings that it does not touch are shared.
pub(super) fn of_entry(
    own: &RawSeals,
    raw: &RawSeals,
    defaults: &Seals,
    report: &mut Report,
) -> Seals {
    let mut seals = defaults.clone();
    if own.signed.is_some() || own.oversigned.is_some() || own.content.always.is_some() {
        seals.headers = headers(own, raw, report);
    }
    if let Some(list) = &own.omitted {
        seals.omitted = Some(omitted(list, Door::Native, report));
    }
    seals.fill(own, raw);
    if !own.touches_dkim() {
        seals.dkim.clone_from(&defaults.dkim);
    }
    if !own.touches_domainkeys() {
        seals.domainkeys.clone_from(&defaults.domainkeys);
    }
    seals
}

impl Seals {
    /// The same, with the settings of others where they are alike: entry after entry may say the
    /// same thing, and settings are large.
    pub(super) fn sharing(mut self, others: &Self) -> Self {
        if self.dkim == others.dkim {
            self.dkim.clone_from(&others.dkim);
        }
        if self.domainkeys == others.domainkeys {
            self.domainkeys.clone_from(&others.domainkeys);
        }
        self
    }

    /// Makes the settings of what is checked by now.
    fn fill(&mut self, own: &RawSeals, raw: &RawSeals) {
        let on = |own, raw| pick(own, raw).copied().unwrap_or_default();
        let dkim_on: bool = on(&own.dkim, &raw.dkim);
        let domainkeys_on: bool = on(&own.domainkeys, &raw.domainkeys);
        self.any = dkim_on || domainkeys_on;
        self.identity = own.identity.as_ref().or(raw.identity.as_ref()).cloned();
        self.dkim = self.dkim(own, raw).filter(|_| dkim_on).map(Arc::new);
        self.domainkeys = self.domainkeys(own, raw).filter(|_| domainkeys_on).map(Arc::new);
    }

    fn dkim(&self, own: &RawSeals, raw: &RawSeals) -> Option<twinseal_dkim::Settings> {
        let on = |own, raw| pick(own, raw).copied().unwrap_or_default();
        Some(twinseal_dkim::Settings {
            canonicalization: *pick(&own.canonicalization, &raw.canonicalization)?,
            headers: self.headers.clone()?,
            expire_after: pick(&own.expire_after, &raw.expire_after)
                .copied()
                .filter(|valid| !valid.is_zero()),
            identity: pick(&own.identity, &raw.identity).cloned(),
            body_length: body_length(&own.content)
                .or_else(|| body_length(&raw.content))
                .unwrap_or_default(),
            copies_header: *pick(&own.content.copies, &raw.content.copies)?,
            mends_line_ends: *pick(&own.content.mends, &raw.content.mends)?,
            requests_reports: on(&own.content.reports, &raw.content.reports),
            layout: self.layout,
        })
    }

    fn domainkeys(&self, own: &RawSeals, raw: &RawSeals) -> Option<twinseal_domainkeys::Settings> {
        let own = &own.domainkeys_canonicalization;
        let canonicalization = *pick(own, &raw.domainkeys_canonicalization)?;
        Some(twinseal_domainkeys::Settings { canonicalization, omitted: self.omitted.clone()? })
    }
}

impl RawSeals {
    const fn touches_dkim(&self) -> bool {
        self.dkim.is_some()
            || self.canonicalization.is_some()
            || self.expire_after.is_some()
            || self.identity.is_some()
            || self.signed.is_some()
            || self.oversigned.is_some()
            || self.content.is_set()
    }

    const fn touches_domainkeys(&self) -> bool {
        self.domainkeys.is_some()
            || self.domainkeys_canonicalization.is_some()
            || self.omitted.is_some()
    }
}

/// The entry's own value, else the default.
fn pick<'s, T>(own: &'s Option<Set<T>>, default: &'s Option<Set<T>>) -> Option<&'s T> {
    own.as_ref().or(default.as_ref()).map(|set| &set.value)
}

/// How much of the body is signed, if that is said: a limit says that there is one.
fn body_length(content: &RawContent) -> Option<BodyLength> {
    let said = content.body_length.as_ref().map(|said| said.value);
    match (content.maximum.as_ref(), said) {
        (Some(most), _) => Some(BodyLength::AtMost(most.value)),
        (None, Some(true)) => Some(BodyLength::Whole),
        (None, Some(false)) => Some(BodyLength::Unlimited),
        (None, None) => None,
    }
}

/// The selection of header fields. Whoever shortens the list of signed fields does not want the
/// rest of them signed because they are over-signed by default.
fn headers(own: &RawSeals, raw: &RawSeals, report: &mut Report) -> Option<HeaderSelection> {
    let default = HeaderSelection::default();
    let signed = own.signed.as_ref().or(raw.signed.as_ref());
    let oversigned = own.oversigned.as_ref().or(raw.oversigned.as_ref());
    let always = own.content.always.as_ref().or(raw.content.always.as_ref());
    if signed.is_none() && oversigned.is_none() && always.is_none() {
        return Some(default);
    }
    let names = |list: &SetList<FieldName>| -> Vec<FieldName> {
        list.value.iter().map(|name| name.value.clone()).collect()
    };
    let signed_names = signed.map_or_else(|| default.signed().to_vec(), names);
    let oversigned_names = oversigned.map_or_else(
        || {
            let kept = |name: &&FieldName| signed_names.contains(name);
            default.oversigned().iter().filter(kept).cloned().collect()
        },
        names,
    );
    let always_names = always.map_or_else(Vec::new, names);
    let selection = HeaderSelection::new(signed_names, oversigned_names);
    match selection.and_then(|selection| selection.listing_always(always_names)) {
        Ok(selection) => Some(selection),
        Err(bad) => {
            let lists = [
                (oversigned, "dkim.oversigned-headers"),
                (signed, "dkim.signed-headers"),
                (always, "dkim.always-signed-headers"),
            ];
            let (origin, key) = culprit(&bad, &lists);
            report.mistake(&origin, key, Wrong::Selection(bad));
            None
        }
    }
}

/// Leaves the names out of both seals, as far as that is possible: what changes on the way breaks
/// one seal as well as the other.
fn leave_out(list: &SetList<FieldName>, seals: &mut Seals, report: &mut Report) {
    let names = || list.value.iter().map(|name| &name.value);
    if names().any(|name| name.as_str() == "from") {
        let reason = "From is always signed";
        report.warn(&list.origin, "dkim.omitted-headers", Caution::NoEffect { reason });
    }
    let kept = |known: &&FieldName| !names().any(|name| name == *known);
    let selected = seals.headers.as_ref().and_then(|headers| {
        let keep = |names: &[FieldName]| names.iter().filter(kept).cloned().collect();
        let kept = HeaderSelection::new(keep(headers.signed()), keep(headers.oversigned())).ok();
        kept?.listing_always(headers.always().to_vec()).ok()
    });
    seals.headers = selected.or(seals.headers.take());
    let others = names().filter(|name| !DECISIVE.contains(&name.as_str())).cloned();
    seals.omitted.get_or_insert_default().extend(others);
}

/// Where the name stands that cannot be selected.
fn culprit(
    bad: &BadSelection,
    lists: &[(Option<&SetList<FieldName>>, &'static str)],
) -> (Origin, &'static str) {
    let place = |&(list, key): &(Option<&SetList<FieldName>>, &'static str)| {
        let named = |item: &&Set<FieldName>| item.value == *bad.name();
        Some((list?.value.iter().find(named)?.origin.clone(), key))
    };
    lists.iter().find_map(place).unwrap_or((Origin::Default, "dkim.signed-headers"))
}

/// The names to leave out, without those that have to stay. A command line that worked goes on
/// working.
fn omitted(list: &SetList<FieldName>, door: Door, report: &mut Report) -> Vec<FieldName> {
    const NAME: &str = "domainkeys.omitted-headers";
    let mut names = Vec::with_capacity(list.value.len());
    for Set { value: name, origin } in &list.value {
        if !DECISIVE.contains(&name.as_str()) {
            names.push(name.clone());
        } else if door.is_historic() {
            let reason = "From and Sender are always signed: they say whose message it is";
            report.warn(origin, NAME, Caution::NoEffect { reason });
        } else {
            report.mistake(origin, NAME, Wrong::Decisive { name: name.clone() });
        }
    }
    names
}
