//! What is in force, in the words of our own file: `twinseal config show`.

use super::senders::{Matching, Senders, of_rule};
use super::yaml::{list, scalar};
use crate::door::Door;
use crate::lists::hosts::HostList;
use crate::origin::Origin;
use crate::params::{Acts, Kind, PARAMS, Param, Place};
use crate::rules::SigningRule;
use crate::settings::{Action, Actions, Config, Mode, Setting};
use std::fmt::Write as _;
use twinseal_dkim::{BodyLength, HeaderSelection};
use twinseal_message::{FieldName, text};

/// Whether each value comes with the place that it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origins {
    /// It does, as a comment.
    Shown,
    /// It does not.
    Hidden,
}

/// The configuration as our own file would have it. What our own door cannot do is a comment in
/// front.
///
/// A file that consists of this is the same configuration, as far as there is no such comment.
/// Nothing of a key is in it but its path.
#[must_use]
pub fn shown(config: &Config, origins: Origins) -> String {
    let mut out = Output { text: String::new(), origins, section: "" };
    let entries = entries(config);
    for note in notes(config) {
        let _ = writeln!(out.text, "# {note}");
    }
    for (rule, said) in &entries {
        if let Err(why) = said {
            let _ = writeln!(out.text, "# no entry says the same as {}: {why}", rule.origin);
        }
    }
    for line in lines(config) {
        out.line(&line);
    }
    if !entries.is_empty() {
        let _ = writeln!(out.text, "\nsigning:");
    }
    for (rule, said) in entries {
        for senders in said.into_iter().flatten() {
            out.entry(rule, &senders, config);
        }
    }
    out.text
}

/// What becomes of mail of listed domains.
pub(super) const DEFERRED: &str = "mail of a listed domain is deferred when no rule signs for it";

/// A value, as it will be printed.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) origin: Origin,
}

struct Output {
    text: String,
    origins: Origins,
    section: &'static str,
}

impl Output {
    fn comment(&self, origin: &Origin) -> String {
        match self.origins {
            Origins::Shown => format!("  # {}", text::escaped(&origin.to_string())),
            Origins::Hidden => String::new(),
        }
    }

    fn line(&mut self, line: &Line) {
        let (section, word) = line.name.rsplit_once('.').unwrap_or(("", line.name));
        if section != self.section {
            self.section = section;
            if !section.is_empty() {
                let _ = writeln!(self.text, "{section}:");
            }
        }
        let indent = if section.is_empty() { "" } else { "  " };
        let comment = self.comment(&line.origin);
        let _ = writeln!(self.text, "{indent}{word}: {}{comment}", line.value);
    }

    fn entry(&mut self, rule: &SigningRule, said: &Senders, config: &Config) {
        let comment = self.comment(&rule.origin);
        let senders = list(said.patterns.iter().map(String::as_str));
        let _ = writeln!(self.text, "  - senders: {senders}{comment}");
        let _ = writeln!(self.text, "    domain: {}", scalar(&said.domain));
        let _ = writeln!(self.text, "    keys:");
        for key in &rule.keys {
            let (file, comment) = (key.file.to_string_lossy(), self.comment(&key.origin));
            let _ = writeln!(self.text, "      - file: {}{comment}", scalar(&file));
            let _ = writeln!(self.text, "        selector: {}", scalar(key.selector.as_str()));
        }
        self.seal(
            "dkim",
            dkim_of(rule, said, config),
            config.seals.dkim.as_deref().map(dkim_values).as_ref(),
        );
        let domainkeys = rule.domainkeys.as_deref().map(domainkeys_values);
        let default = config.seals.domainkeys.as_deref().map(domainkeys_values);
        self.seal("domainkeys", domainkeys, default.as_ref());
    }

    /// A seal of an entry, as far as it is another than by default.
    fn seal(&mut self, name: &str, own: Option<Values>, default: Option<&Values>) {
        let own = match (own, default) {
            (Some(own), _) => own,
            (None, None) => return,
            (None, Some(_)) => {
                let _ = writeln!(self.text, "    {name}: no");
                return;
            }
        };
        let same = |value: &Value| default.is_some_and(|values| values.contains(value));
        let other = own.into_iter().filter(|value| !same(value));
        let mut head = format!("    {name}:\n");
        for (word, value) in other {
            let Some(value) = value else { continue };
            let _ = writeln!(self.text, "{head}      {word}: {value}");
            head.clear();
        }
    }
}

/// The settings of an entry's DKIM seal. Where a parent domain says so in its identity, it is said.
pub(super) fn dkim_of(rule: &SigningRule, said: &Senders, config: &Config) -> Option<Values> {
    let mut dkim = rule.dkim.as_deref().map(dkim_values);
    if let Some(signer) = rule.tabled.as_ref().and_then(|tabled| tabled.signer.as_deref()) {
        let own = dkim.iter_mut().flatten().find(|(word, _)| *word == "identity");
        let at = if signer.contains('@') { "" } else { "@" };
        own.into_iter().for_each(|(_, one)| *one = Some(scalar(&format!("{at}{signer}"))));
    }
    if said.below && config.parent_identity {
        let own = dkim.iter_mut().flatten().find(|(word, _)| *word == "identity");
        if let Some((_, identity @ None)) = own {
            *identity = Some(scalar(&format!("@{}", said.domain)));
        }
    }
    dkim
}

/// One setting of a seal, and its value if it has one.
type Value = (&'static str, Option<String>);
pub(super) type Values = Vec<Value>;

pub(super) fn dkim_values(settings: &twinseal_dkim::Settings) -> Values {
    let expire = settings.expire_after.unwrap_or_default().as_secs();
    let yes_or_no = |on| Some(if on { "yes" } else { "no" }.to_owned());
    // A limit says that there is a length, and a length alone that there is no limit.
    let (length, most) = match settings.body_length {
        BodyLength::Unlimited => (yes_or_no(false), None),
        BodyLength::Whole => (yes_or_no(true), None),
        BodyLength::AtMost(most) => (None, Some(format!("{most}B"))),
    };
    let headers: &HeaderSelection = &settings.headers;
    vec![
        ("canonicalization", Some(settings.canonicalization.to_string())),
        ("expire-after", Some(format!("{expire}s"))),
        ("identity", settings.identity.as_ref().map(|identity| scalar(&identity.to_string()))),
        ("signed-headers", Some(names(headers.signed()))),
        ("oversigned-headers", Some(names(headers.oversigned()))),
        ("always-signed-headers", Some(names(headers.always()))),
        ("body-length", length),
        ("maximum-signed-body", most),
        ("copied-headers", yes_or_no(settings.copies_header)),
        ("mend-line-ends", yes_or_no(settings.mends_line_ends)),
        ("request-reports", yes_or_no(settings.requests_reports)),
    ]
}

pub(super) fn domainkeys_values(settings: &twinseal_domainkeys::Settings) -> Values {
    vec![
        ("canonicalization", Some(settings.canonicalization.name().to_owned())),
        ("omitted-headers", Some(names(&settings.omitted))),
    ]
}

fn names(names: &[FieldName]) -> String {
    list(names.iter().map(FieldName::as_str))
}

/// The rules, each with the entries that say the same.
pub(super) fn entries(
    config: &Config,
) -> Vec<(&SigningRule, Result<Vec<Senders>, super::senders::Unsayable>)> {
    let parents = config.rules.parents();
    let matching = if config.leaving.multiple_signatures { Matching::All } else { Matching::First };
    let rule = |rule| (rule, of_rule(rule, parents, matching).map(|said| joined(said, config)));
    // What has no sender holds keys for others.
    config.rules.iter().filter(|rule| !rule.senders.is_empty()).map(rule).collect()
}

/// Senders of a domain, and below it, are one entry, unless the seals of the latter say so.
fn joined(said: Vec<Senders>, config: &Config) -> Vec<Senders> {
    let mut entries: Vec<Senders> = Vec::with_capacity(said.len());
    for one in said {
        match entries.last_mut() {
            Some(last) if one.below && last.domain == one.domain && !config.parent_identity => {
                last.patterns.extend(one.patterns);
            }
            _ => entries.push(one),
        }
    }
    entries
}

/// The values, in the order of the table.
pub(super) fn lines(config: &Config) -> Vec<Line> {
    PARAMS.iter().filter(|param| param.is_in_file()).filter_map(|param| of(param, config)).collect()
}

/// The line of a parameter that has a value.
fn of(param: &'static Param, config: &Config) -> Option<Line> {
    let setting = config.settings.iter().find(|setting| setting.name == param.name);
    let origin = setting.map_or(Origin::Default, |setting| setting.origin.clone());
    let by_closeness = config.door == Door::Opendkim;
    let value = match param.name.split_once('.') {
        Some(("signing", _)) => None,
        Some(("dkim", word)) => seal_value(word, config.seals.dkim.as_deref().map(dkim_values)),
        Some(("domainkeys", word)) => {
            seal_value(word, config.seals.domainkeys.as_deref().map(domainkeys_values))
        }
        Some(("actions", word)) => action(word, &config.actions).map(|one| one.name().to_owned()),
        Some(_) => setting.map(|setting| written(param, setting)),
        None => match param.name {
            // A section with settings in it means yes.
            "dkim" => config.seals.dkim.is_none().then(|| "no".to_owned()),
            "domainkeys" => config.seals.domainkeys.is_none().then(|| "no".to_owned()),
            // It signs, whatever it is told beside that.
            "mode" if config.door == Door::DkFilter => Some(Mode::Sign.letters().to_owned()),
            // Our own door wants rules where mail is signed; without them, all mail is verified.
            "mode" if config.rules.is_empty() && config.mode == Mode::Both => {
                Some(Mode::Verify.letters().to_owned())
            }
            "mode" => Some(config.mode.letters().to_owned()),
            // There, the closest entry decides, and here the last one: they are in that order.
            "internal-hosts" if by_closeness => Some(hosts(&config.internal_hosts)),
            "peers" if by_closeness => Some(hosts(&config.peers)),
            "external-ignore" if by_closeness => Some(hosts(&config.external_ignore)),
            _ => setting.map(|setting| written(param, setting)),
        },
    }?;
    Some(Line { name: param.name, value, origin })
}

fn hosts(hosts: &HostList) -> String {
    let entries: Vec<String> = hosts.entries().map(ToString::to_string).collect();
    list(entries.iter().map(String::as_str))
}

fn seal_value(word: &str, values: Option<Values>) -> Option<String> {
    values.into_iter().flatten().find(|(name, _)| *name == word)?.1
}

/// What happens for that reason. What is said for all of them is in each.
fn action(word: &str, actions: &Actions) -> Option<Action> {
    match word {
        "bad-signature" => Some(actions.bad_signature),
        "no-signature" => Some(actions.no_signature),
        "key-not-found" => Some(actions.key_not_found),
        "dns-error" => Some(actions.dns_error),
        "internal-error" => Some(actions.internal_error),
        "security" => Some(actions.security),
        "signature-error" => Some(actions.signature_error),
        _ => None,
    }
}

/// A value as it was written, as YAML.
fn written(param: &Param, setting: &Setting) -> String {
    if setting.is_list && param.takes_list() {
        return list(setting.items.iter().map(String::as_str));
    }
    if param.kind == Kind::Octal { format!("{:?}", setting.value) } else { scalar(&setting.value) }
}

/// What our own file has no words for.
pub(super) fn notes(config: &Config) -> Vec<String> {
    let program = config.door.program();
    let rows = PARAMS.iter().filter(|param| param.acts == Acts::Yes && !is_told(param));
    let mut notes: Vec<String> = rows.filter_map(|param| note(param, config)).collect();
    if config.must_sign.is_some() {
        notes.push(DEFERRED.to_owned());
    }
    notes.iter_mut().for_each(|note| note.insert_str(0, &format!("only in place of {program}: ")));
    notes
}

fn note(param: &Param, config: &Config) -> Option<String> {
    let setting = config.settings.iter().find(|setting| setting.name == param.name);
    match (param.place, setting) {
        (Place::Historic, Some(Setting { value, origin, .. })) => {
            let (value, origin) = (text::escaped(value), text::escaped(&origin.to_string()));
            let known = param.default == Some(value.as_str());
            (!known).then(|| format!("{}: {value} ({origin}): {}", param.name, param.summary))
        }
        (Place::Both | Place::File, None) if config.door.is_historic() => {
            param.default.map(|_| format!("{} is not set", param.name))
        }
        (Place::Both | Place::File | Place::CommandLine | Place::Historic, _) => None,
    }
}

/// Whether what it means is in other values.
fn is_told(param: &Param) -> bool {
    let elsewhere = [
        "dkim.omitted-headers",
        "action-list",
        "dk-action-list",
        "include",
        "key-list-file",
        "key-table",
        "signing-table",
        "signature-algorithm",
    ];
    let seal = ["dkim", "domainkeys", "actions"];
    let section = param.name.split('.').next().unwrap_or_default();
    elsewhere.contains(&param.name) || seal.contains(&section)
}

#[cfg(test)]
mod tests {
    use super::{action, dkim_values, domainkeys_values};
    use crate::params::PARAMS;
    use crate::settings::{Action, Actions};

    #[test]
    fn every_setting_of_a_seal_and_every_action_is_shown() {
        let all = Action::Accept;
        let actions = Actions {
            bad_signature: all,
            no_signature: all,
            key_not_found: all,
            dns_error: all,
            internal_error: all,
            security: all,
            signature_error: all,
        };
        let words = |values: super::Values| values.into_iter().map(|(word, _)| word);
        let dkim: Vec<&str> = words(dkim_values(&twinseal_dkim::Settings::default())).collect();
        let settings = twinseal_domainkeys::Settings::default();
        let domainkeys: Vec<&str> = words(domainkeys_values(&settings)).collect();
        for param in PARAMS.iter().filter(|param| param.is_in_file()) {
            let is_shown = match param.name.split_once('.') {
                Some(("dkim", word)) => dkim.contains(&word),
                Some(("domainkeys", word)) => domainkeys.contains(&word),
                // What is said of all of them is in each.
                Some(("actions", word)) => word == "default" || action(word, &actions).is_some(),
                _ => true,
            };
            assert!(is_shown, "{}", param.name);
        }
    }
}
