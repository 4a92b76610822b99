//! What is done with mail that arrives.

mod actions;

use super::options::domain_entry;
use crate::caution::Caution;
use crate::door::Door;
use crate::files::Files;
use crate::lists::domains::DomainList;
use crate::lists::policies::LocalPolicies;
use crate::lists::{ListFile, Meant, uncommented};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::{Raw, RawAdsp, RawDns, RawResults, RawVerify, Set, SetList, Source};
use crate::settings::{
    Actions, Adsp, Dns, MAX_CLOCK_DRIFT, MAX_LOOKUP, MAX_SERVERS, MIN_KEY_BITS, Results,
    USUAL_SIGNATURES, Verify,
};
use crate::wrong::Wrong;
use std::mem;
use std::sync::Arc;
use std::time::Duration;
use twinseal_message::header::MAX_HEADER_OCTETS;

/// Beyond it, more keys are too short than are good enough.
const USUAL_KEY_BITS: u16 = 2048;

/// What is done with it.
pub(super) struct Arriving {
    pub(super) actions: Actions,
    pub(super) verify: Verify,
    pub(super) results: Results,
    pub(super) dns: Dns,
    /// `None` when nobody asks for it.
    pub(super) adsp: Option<Adsp>,
}

/// Checks all of it.
pub(super) fn arriving(
    raw: &mut Raw,
    door: Door,
    files: &dyn Files,
    report: &mut Report,
) -> Option<Arriving> {
    let actions = actions::actions(raw, door, report);
    let verify = verify(mem::take(&mut raw.verify), door, files, report);
    let results = results(mem::take(&mut raw.results));
    let dns = dns(mem::take(&mut raw.dns), door, report);
    let adsp = adsp(mem::take(&mut raw.adsp), files, report);
    Some(Arriving { actions: actions?, verify: verify?, results: results?, dns: dns?, adsp: adsp? })
}

fn verify(raw: RawVerify, door: Door, files: &dyn Files, report: &mut Report) -> Option<Verify> {
    let trusted = raw.trusted.map(|source| domains(source, "verify.trusted", door, files, report));
    // As in opendkim: with 0, nobody counts but the author's domain and who is named.
    let maximum = Some(raw.maximum_signatures?.value).filter(|&number| number > 0);
    let nobody = || maximum.is_none().then(|| Arc::new(DomainList::new([], false)));
    Some(Verify {
        maximum_signatures: maximum.unwrap_or(USUAL_SIGNATURES),
        minimum_key_bits: key_bits(raw.minimum_key_bits?, door, report),
        clock_drift: drift(raw.clock_drift?, door, report),
        must_be_signed: values(raw.must_be_signed),
        minimum_body: raw.minimum_body?.value,
        required_headers: raw.required_headers?.value,
        trusted: trusted.or_else(nobody),
        maximum_header: header_octets(raw.maximum_header?, door, report),
    })
}

pub(super) fn values<T>(list: Option<SetList<T>>) -> Vec<T> {
    list.map(|list| list.value.into_iter().map(|item| item.value).collect()).unwrap_or_default()
}

/// RFC 8301 §3.2. Who comes from opendkim may have 0 there, for keys of any length.
fn key_bits(bits: Set<u16>, door: Door, report: &mut Report) -> u16 {
    let Set { value, origin } = bits;
    let key = "verify.minimum-key-bits";
    if value > USUAL_KEY_BITS {
        report.warn(&origin, key, Caution::LongKeys);
    } else if value < MIN_KEY_BITS && door.is_historic() {
        report.warn(&origin, key, Caution::ShortKeys { bits: MIN_KEY_BITS });
    } else if value < MIN_KEY_BITS {
        let wanted = format!("a number of bits from {MIN_KEY_BITS} on: shorter keys never count");
        report.mistake(&origin, key, Wrong::value(&value.to_string(), wanted));
    }
    value.max(MIN_KEY_BITS)
}

/// In a historic door, 0 is for no limit at all.
fn header_octets(octets: Set<u64>, door: Door, report: &mut Report) -> usize {
    let Set { value, origin } = octets;
    let allowed =
        usize::try_from(value).ok().filter(|octets| (1..=MAX_HEADER_OCTETS).contains(octets));
    if allowed.is_none() {
        limited(&origin, "verify.maximum-header", (&format!("{value}B"), "1MiB"), door, report);
    }
    allowed.unwrap_or(MAX_HEADER_OCTETS)
}

/// The same.
fn lookup(timeout: Set<Duration>, door: Door, report: &mut Report) -> Duration {
    let Set { value, origin } = timeout;
    let allowed = Some(value).filter(|time| !time.is_zero() && *time <= MAX_LOOKUP);
    if allowed.is_none() {
        let (found, limit) =
            (format!("{}s", value.as_secs()), format!("{}s", MAX_LOOKUP.as_secs()));
        limited(&origin, "dns.timeout", (&found, &limit), door, report);
    }
    allowed.unwrap_or(MAX_LOOKUP)
}

/// Nobody needs more, and with centuries of it no signature would ever expire.
fn drift(drift: Set<Duration>, door: Door, report: &mut Report) -> Duration {
    let Set { value, origin } = drift;
    let (key, limit) = ("verify.clock-drift", format!("{}s", MAX_CLOCK_DRIFT.as_secs()));
    if value > MAX_CLOCK_DRIFT && door.is_historic() {
        report.warn(&origin, key, Caution::Limited { limit });
    } else if value > MAX_CLOCK_DRIFT {
        let found = format!("{}s", value.as_secs());
        report.mistake(&origin, key, Wrong::value(&found, format!("at most {limit}")));
    }
    value.min(MAX_CLOCK_DRIFT)
}

fn limited(
    origin: &Origin,
    key: &str,
    (found, limit): (&str, &str),
    door: Door,
    report: &mut Report,
) {
    if door.is_historic() {
        report.warn(origin, key, Caution::Limited { limit: limit.to_owned() });
    } else {
        let wanted = format!("more than nothing, and at most {limit}");
        report.mistake(origin, key, Wrong::value(found, wanted));
    }
}

/// A list of domains. One of none would be the opposite of none.
pub(super) fn domains(
    source: Set<Source>,
    key: &str,
    door: Door,
    files: &dyn Files,
    report: &mut Report,
) -> Arc<DomainList> {
    let Set { value, origin } = source;
    let before = report.mistakes.count();
    let is_literal = door == Door::Opendkim && !matches!(value, Source::Patterns(_));
    let entry = |text: &str, at: (&Origin, &str), report: &mut Report| {
        if is_literal && text.contains('*') {
            let wrong = Wrong::not(text, "domain", "only a set with `refile:` has patterns");
            report.warn(at.0, at.1, Caution::EntrySkipped { wrong: Box::new(wrong) });
            return None;
        }
        domain_entry(text, at, door, report)
    };
    let mut entries = Vec::new();
    match value {
        Source::Inline(items) => {
            for Set { value, origin } in items {
                entries.extend(entry(value.trim(), (&origin, key), report));
            }
        }
        Source::File(path) | Source::Patterns(path) => {
            let file = ListFile::read(&path, files, (&origin, key), Meant::trusted(door), report);
            for (line, origin) in file.iter().flat_map(ListFile::entries) {
                entries.extend(entry(uncommented(line), (&origin, ""), report));
            }
        }
    }
    // opendkim starts with a set of which nothing can match.
    if entries.is_empty() && !is_literal && report.mistakes.count() == before {
        report.mistake(&origin, key, Wrong::EmptyList);
    }
    Arc::new(DomainList::new(entries.into_iter().map(|entry| entry.value), false))
}

fn results(raw: RawResults) -> Option<Results> {
    Some(Results {
        authserv_id: raw.authserv_id.map(|name| name.value),
        with_job_id: raw.with_job_id?.value,
        always: raw.always?.value,
        remove_all: raw.remove_all?.value,
        remove_from: values(raw.remove_from),
    })
}

fn dns(raw: RawDns, door: Door, report: &mut Report) -> Option<Dns> {
    if let (Some(servers), Some(_)) = (&raw.servers, &raw.test_keys) {
        let reason = "a file of keys takes the place of DNS";
        report.warn(&servers.origin, "dns.servers", Caution::NoEffect { reason });
    }
    let fourth = raw.servers.as_ref().and_then(|list| list.value.get(MAX_SERVERS));
    if let (Some(server), None) = (fourth, &raw.test_keys) {
        report.warn(&server.origin, "dns.servers", Caution::ServersNotAsked);
    }
    Some(Dns {
        servers: values(raw.servers),
        timeout: lookup(raw.timeout?, door, report),
        test_keys: raw.test_keys.map(|path| path.value),
    })
}

/// `None` inside when nobody asks for it. Whoever wants something done about an answer asks.
fn adsp(raw: RawAdsp, files: &dyn Files, report: &mut Report) -> Option<Option<Adsp>> {
    let (evaluate, discard, nxdomain) = (raw.evaluate?, raw.discard?, raw.no_such_domain?);
    let asked = match evaluate {
        Set { value: false, origin: Origin::Default } => {
            discard.value || nxdomain.value || raw.local.is_some()
        }
        Set { value, .. } => value,
    };
    for (one, name) in [(&discard, "adsp.reject-discardable"), (&nxdomain, "adsp.reject-nxdomain")]
    {
        match (asked, one.value) {
            (true, true) if name == "adsp.reject-discardable" => {
                report.warn(&one.origin, name, Caution::RejectsByPolicy);
            }
            (false, true) => {
                let reason = "adsp.evaluate is no";
                report.warn(&one.origin, name, Caution::NoEffect { reason });
            }
            _ => {}
        }
    }
    let read = |path: &Set<String>| LocalPolicies::read(path, "adsp.local", files, report);
    let local = raw.local.as_ref().and_then(read).unwrap_or_default();
    let adsp = Adsp { discard: discard.value, no_such_domain: nxdomain.value, local };
    Some(asked.then_some(adsp))
}
