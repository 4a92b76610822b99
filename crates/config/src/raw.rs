//! What was typed: every value with the place that it came from, before anything is made of it.

mod leaving;
mod life;
mod metrics;
mod opendkim;
mod reports;
mod trial;
mod verify;

use crate::door::Door;
use crate::lists::sets::DataSet;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::params::Param;
use crate::pattern::Pattern;
use crate::resolve::Entries;
use crate::rules::SigningDomain;
use crate::settings::{Credentials, Facility, Forecast, LogFormat, LogTo, Mode, Setting, User};
use crate::socket::SocketSpec;
use crate::wrong::Wrong;
use std::path::PathBuf;
use std::time::Duration;
use twinseal_canon::domainkeys;
use twinseal_dkim::{Canonicalization, Identity};
use twinseal_message::{FieldName, Selector};

pub(crate) use leaving::{RawContent, RawLeaving};
pub(crate) use life::RawLife;
pub(crate) use metrics::RawMetrics;
pub(crate) use opendkim::RawOpendkim;
pub(crate) use reports::RawReports;
pub(crate) use trial::RawTrial;
pub(crate) use verify::{RawActions, RawAdsp, RawDns, RawResults, RawVerify};

/// A value and its origin.
#[derive(Debug, Clone)]
pub(crate) struct Set<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// A list and its origin, and those of its items.
pub(crate) type SetList<T> = Set<Vec<Set<T>>>;

/// A list that may stand in a file of its own.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// The entries themselves.
    Inline(Vec<Set<String>>),
    /// The path of the file that they are in.
    File(String),
    /// The same, and they are patterns.
    Patterns(String),
}

/// Everything that can be set.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    pub(crate) sockets: Option<SetList<SocketSpec>>,
    pub(crate) user: Option<Set<User>>,
    pub(crate) umask: Option<Set<u32>>,
    pub(crate) socket_mode: Option<Set<u32>>,
    pub(crate) socket_group: Option<Set<String>>,
    pub(crate) mode: Option<Set<Mode>>,
    pub(crate) internal_hosts: Option<Set<Source>>,
    pub(crate) peers: Option<Set<Source>>,
    pub(crate) external_ignore: Option<Set<Source>>,
    pub(crate) require_safe_keys: Option<Set<bool>>,
    pub(crate) pid_file: Option<Set<PathBuf>>,
    pub(crate) foreground: Option<Set<bool>>,
    pub(crate) limits: RawLimits,
    pub(crate) sender_headers: Option<SetList<FieldName>>,
    pub(crate) trace_header: Option<Set<bool>>,
    pub(crate) shadow: Option<Set<bool>>,
    pub(crate) forecast: Option<Set<Forecast>>,
    pub(crate) actions: RawActions,
    /// All actions at once, as dkim-filter's -C has them.
    pub(crate) action_list: Option<Set<RawActions>>,
    pub(crate) quarantine: Option<Set<bool>>,
    pub(crate) verify: RawVerify,
    pub(crate) results: RawResults,
    pub(crate) dns: RawDns,
    pub(crate) adsp: RawAdsp,
    pub(crate) log: RawLog,
    pub(crate) signing: Option<Set<Entries>>,
    pub(crate) options: RawOptions,
    pub(crate) seals: RawSeals,
    pub(crate) leaving: RawLeaving,
    pub(crate) trial: RawTrial,
    pub(crate) reports: RawReports,
    pub(crate) metrics: RawMetrics,
    pub(crate) life: RawLife,
    pub(crate) credentials: Option<Set<Credentials>>,
    pub(crate) opendkim: RawOpendkim,
    /// The same values as text, to be shown.
    pub(crate) settings: Vec<Setting>,
    /// The parameters with a mistake in them: they are not missing as well.
    pub(crate) spoilt: Vec<&'static str>,
}

#[derive(Debug, Default)]
pub(crate) struct RawLimits {
    pub(crate) connections: Option<Set<usize>>,
    pub(crate) idle: Option<Set<Duration>>,
    pub(crate) read: Option<Set<Duration>>,
    pub(crate) write: Option<Set<Duration>>,
}

#[derive(Debug, Default)]
pub(crate) struct RawLog {
    pub(crate) to: Option<Set<LogTo>>,
    pub(crate) format: Option<Set<LogFormat>>,
    pub(crate) facility: Option<Set<Facility>>,
    pub(crate) why: Option<Set<bool>>,
    pub(crate) success: Option<Set<bool>>,
}

/// The signing options of dk-filter, and those of dkim-filter.
#[derive(Debug, Default)]
pub(crate) struct RawOptions {
    pub(crate) domains: Option<Set<String>>,
    pub(crate) subdomains: Option<Set<bool>>,
    pub(crate) key: Option<Set<String>>,
    pub(crate) key_list: Option<Set<bool>>,
    /// The key list that a historic file names.
    pub(crate) list: Option<Set<String>>,
    pub(crate) selector: Option<Set<Selector>>,
    pub(crate) list_headers: Option<Set<bool>>,
}

/// One entry of `signing`.
#[derive(Debug)]
pub(crate) struct RawRule {
    pub(crate) origin: Origin,
    pub(crate) senders: Option<SetList<Pattern>>,
    pub(crate) domain: Option<Set<SigningDomain>>,
    pub(crate) keys: Option<Set<Vec<RawKey>>>,
    /// Most entries override nothing, and there may be very many entries.
    pub(crate) seals: Option<Box<RawSeals>>,
    pub(crate) spoilt: Vec<&'static str>,
}

/// One of the `keys` of an entry.
#[derive(Debug)]
pub(crate) struct RawKey {
    pub(crate) origin: Origin,
    pub(crate) file: Option<Set<PathBuf>>,
    pub(crate) selector: Option<Set<Selector>>,
    pub(crate) spoilt: Vec<&'static str>,
}

/// How the seals are made: by default, or for one entry.
#[derive(Debug, Default)]
pub(crate) struct RawSeals {
    pub(crate) dkim: Option<Set<bool>>,
    pub(crate) canonicalization: Option<Set<Canonicalization>>,
    pub(crate) expire_after: Option<Set<Duration>>,
    pub(crate) identity: Option<Set<Identity>>,
    pub(crate) signed: Option<SetList<FieldName>>,
    pub(crate) oversigned: Option<SetList<FieldName>>,
    /// Names that a historic door leaves out of both seals.
    pub(crate) dkim_omitted: Option<SetList<FieldName>>,
    pub(crate) domainkeys: Option<Set<bool>>,
    pub(crate) domainkeys_canonicalization: Option<Set<domainkeys::Canonicalization>>,
    pub(crate) omitted: Option<SetList<FieldName>>,
    /// What else the DKIM seal covers and says.
    pub(crate) content: RawContent,
}

impl RawRule {
    pub(crate) fn new(origin: Origin) -> Self {
        let spoilt = Vec::new();
        Self { origin, senders: None, domain: None, keys: None, seals: None, spoilt }
    }
}

impl RawKey {
    pub(crate) const fn new(origin: Origin) -> Self {
        Self { origin, file: None, selector: None, spoilt: Vec::new() }
    }
}

/// How a value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As one text, which may be the path of a list.
    One,
    /// As a list.
    List,
    /// As the path of a list of patterns.
    Patterns,
}

/// A value on its way from text into one of the structures above.
#[derive(Debug)]
pub(crate) struct Given {
    /// The key, with its sections, as messages show it.
    pub(crate) key: String,
    /// The value, or the items of a list.
    pub(crate) items: Vec<Set<String>>,
    /// How it was written.
    pub(crate) shape: Shape,
    /// Where it stands.
    pub(crate) origin: Origin,
}

impl Given {
    /// One value from that place.
    pub(crate) fn one(key: &str, text: &str, origin: &Origin) -> Self {
        let item = Set { value: text.to_owned(), origin: origin.clone() };
        Self { key: key.to_owned(), items: vec![item], shape: Shape::One, origin: origin.clone() }
    }

    /// A list whose items are separated by commas, as command lines have them.
    pub(crate) fn commas(key: &str, text: &str, origin: &Origin) -> Self {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let item = |text: &str| Set { value: text.to_owned(), origin: origin.clone() };
        let items = items.map(item).collect();
        Self { key: key.to_owned(), items, shape: Shape::List, origin: origin.clone() }
    }

    /// Reads a single value into its place; a wrong one leaves what was there.
    pub(crate) fn put<T>(
        &self,
        place: &mut Option<Set<T>>,
        report: &mut Report,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) {
        let text = self.items.first().map(|item| item.value.as_str()).unwrap_or_default();
        if let Some(value) = report.take(&self.origin, &self.key, read(text)) {
            *place = Some(Set { value, origin: self.origin.clone() });
        }
    }

    /// Reads a list into its place. Every wrong item is reported, and leaves what was there.
    pub(crate) fn put_all<T>(
        &self,
        place: &mut Option<SetList<T>>,
        report: &mut Report,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) {
        let mut values = Vec::new();
        for item in &self.items {
            let value = report.take(&item.origin, &self.key, read(&item.value));
            values.extend(value.map(|value| Set { value, origin: item.origin.clone() }));
        }
        if values.len() == self.items.len() {
            *place = Some(Set { value: values, origin: self.origin.clone() });
        }
    }

    /// Notes a list, or the path of the file that it is in.
    pub(crate) fn put_source(&self, place: &mut Option<Set<Source>>) {
        let path = || self.items.first().map(|item| item.value.clone()).unwrap_or_default();
        let source = match self.shape {
            Shape::One => Source::File(path()),
            Shape::List => Source::Inline(self.items.clone()),
            Shape::Patterns => Source::Patterns(path()),
        };
        *place = Some(Set { value: source, origin: self.origin.clone() });
    }

    /// The value as one text.
    fn text(&self) -> String {
        let items: Vec<&str> = self.items.iter().map(|item| item.value.as_str()).collect();
        items.join(",")
    }
}

/// The structure that a value goes into.
pub(crate) enum Target<'r> {
    /// The whole configuration.
    Top(&'r mut Raw),
    /// An entry of `signing`.
    Rule(&'r mut RawRule),
    /// One of an entry's keys.
    Key(&'r mut RawKey),
}

/// How a row puts its value into a structure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Setter {
    /// Into the configuration.
    Top(fn(&mut Raw, &Given, &mut Report)),
    /// Into the settings of the seals, the defaults or those of an entry.
    Seals(fn(&mut RawSeals, &Given, &mut Report)),
    /// Into an entry of `signing`.
    Rule(fn(&mut RawRule, &Given, &mut Report)),
    /// Into one of an entry's keys.
    Key(fn(&mut RawKey, &Given, &mut Report)),
    /// Not by a text: the reader of the file, or of the command line, knows this row.
    Structure,
}

impl Target<'_> {
    /// Hands the value to its row. A row of another structure does not take it; the readers look
    /// rows up by structure, so there is none.
    pub(crate) fn set(&mut self, param: &'static Param, given: &Given, report: &mut Report) {
        if let Self::Top(raw) = self {
            raw.note(param.name, given);
        }
        match (param.setter, self) {
            (Setter::Top(put), Self::Top(raw)) => put(raw, given, report),
            (Setter::Seals(put), Self::Top(raw)) => put(&mut raw.seals, given, report),
            (Setter::Seals(put), Self::Rule(rule)) => {
                put(rule.seals.get_or_insert_default(), given, report);
            }
            (Setter::Rule(put), Self::Rule(rule)) => put(rule, given, report),
            (Setter::Key(put), Self::Key(key)) => put(key, given, report),
            _ => {}
        }
    }
}

impl Target<'_> {
    /// Does something with a parameter, and remembers it if that finds a mistake.
    pub(crate) fn watched(
        &mut self,
        param: &'static Param,
        report: &mut Report,
        set: impl FnOnce(&mut Self, &mut Report),
    ) {
        let before = report.mistakes.count();
        set(self, report);
        if report.mistakes.count() > before {
            let spoilt = match self {
                Self::Top(raw) => &mut raw.spoilt,
                Self::Rule(rule) => &mut rule.spoilt,
                Self::Key(key) => &mut key.spoilt,
            };
            if !spoilt.contains(&param.name) {
                spoilt.push(param.name);
            }
        }
    }
}

/// The row of the table of keys.
const KEY_TABLE: &str = "key-table";

impl Raw {
    /// Remembers the text, in place of an earlier one.
    fn note(&mut self, name: &'static str, given: &Given) {
        self.settings.retain(|setting| setting.name != name);
        let (mut value, origin) = (given.text(), given.origin.clone());
        // There may be keys in it, which are shown to nobody.
        let mut items = given.items.iter().map(|item| item.value.clone()).collect();
        if name == KEY_TABLE && matches!(DataSet::parse(&value), Ok(DataSet::Here(_))) {
            "a list in the file itself".clone_into(&mut value);
            items = vec![value.clone()];
        }
        self.settings.push(Setting {
            name,
            value,
            items,
            is_list: given.shape == Shape::List,
            origin,
        });
    }

    /// The defaults of the table, for that door.
    pub(crate) fn defaults(door: Door, report: &mut Report) -> Self {
        let mut raw = Self::default();
        for param in crate::params::PARAMS {
            if let Some(text) = param.default_in(door) {
                let given = param.given(param.name, text, &Origin::Default);
                Target::Top(&mut raw).set(param, &given, report);
            }
        }
        raw
    }
}
