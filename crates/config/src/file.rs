//! The native file: a tree of YAML, held against the table.

use crate::command_line::shown;
use crate::files::Files;
use crate::lists::{Meant, octets};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::params::{Kind, PARAMS, Param, Place, named};
use crate::raw::{Given, Raw, RawKey, RawRule, Set, Setter, Target};
use crate::suggest::closest;
use crate::tree::{Node, Value, read};
use crate::wrong::{Quoted, Wrong};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::Arc;

/// Reads the file into `raw`, over what is there. `None` when there is nothing to be read: then
/// what seems to be missing may well be in it.
pub(crate) fn load(
    path: &Path,
    named: &Origin,
    files: &dyn Files,
    raw: &mut Raw,
    report: &mut Report,
) -> Option<()> {
    let octets = report.take(named, "config", octets(path, files, Meant::CONFIGURATION))?;
    let path: Arc<Path> = path.into();
    let source = match std::str::from_utf8(&octets) {
        Ok(source) => source,
        Err(error) => {
            let valid = octets.get(..error.valid_up_to()).unwrap_or_default();
            let line = valid.iter().filter(|&&octet| octet == b'\n').count();
            let origin = Origin::line(&path, crate::lists::line_number(line));
            report.mistake(&origin, "", Wrong::NotUtf8);
            return None;
        }
    };
    let reader = Reader { source, path };
    match read(source) {
        Ok(root) => {
            reader.section(&root, "", "", &mut Target::Top(raw), report);
            Some(())
        }
        Err(no) => {
            let (path, column) = (reader.path, Some(no.column));
            report.mistake(&Origin::File { path, line: no.line, column }, "", no.wrong);
            None
        }
    }
}

struct Reader<'s> {
    source: &'s str,
    path: Arc<Path>,
}

/// The rows that one structure knows, each with its name inside it.
fn known(target: &Target<'_>) -> impl Iterator<Item = (&'static str, &'static Param)> + use<> {
    let place = match target {
        Target::Top(_) => Level::Top,
        Target::Rule(_) => Level::Rule,
        Target::Key(_) => Level::Key,
    };
    PARAMS.iter().filter_map(move |param| Some((place.name(param)?, param)))
}

#[derive(Clone, Copy)]
enum Level {
    Top,
    Rule,
    Key,
}

impl Level {
    /// The row's name inside a structure; `None` if it is not known there.
    fn name(self, param: &'static Param) -> Option<&'static str> {
        let rule = param.name.strip_prefix("signing.");
        let key = param.name.strip_prefix("signing.keys.");
        let seal = matches!(param.setter, Setter::Seals(_));
        match self {
            Self::Top => (rule.is_none() && param.is_in_file()).then_some(param.name),
            Self::Rule if seal => Some(param.name),
            Self::Rule => rule.filter(|_| key.is_none()),
            Self::Key => key,
        }
    }
}

impl Reader<'_> {
    fn origin(&self, node: &Node<'_>) -> Origin {
        Origin::line(&self.path, node.line)
    }

    /// Walks a mapping. `prefix` is where it stands inside its structure, `shown` where it stands
    /// in the file.
    fn section(
        &self,
        node: &Node<'_>,
        prefix: &str,
        shown: &str,
        target: &mut Target<'_>,
        report: &mut Report,
    ) {
        let entries = match &node.value {
            Value::Map(entries) => entries,
            // A section of which every line is commented out.
            Value::Null => return,
            Value::Text(_) | Value::Plain { .. } | Value::List(_) => {
                let key = shown.trim_end_matches('.');
                let wrong = Wrong::Shape {
                    found: self.found(node),
                    wanted: format!("a section with the keys {}", here(target, prefix).join(", ")),
                };
                return report.mistake(&self.origin(node), key, wrong);
            }
        };
        let mut seen: HashMap<&str, u32> = HashMap::new();
        for (key, value) in entries {
            let Some(name) = key.text(self.source) else {
                let wrong = Wrong::KeyNotText { found: key.what() };
                report.mistake(&self.origin(key), shown.trim_end_matches('.'), wrong);
                continue;
            };
            let key_shown = format!("{shown}{}", Quoted::plain(name));
            match seen.entry(name) {
                Entry::Occupied(first) => {
                    let wrong = Wrong::Repeated { first: *first.get() };
                    report.mistake(&self.origin(key), &key_shown, wrong);
                }
                Entry::Vacant(place) => {
                    place.insert(key.line);
                }
            }
            self.entry((prefix, name), &key_shown, (key, value), target, report);
        }
    }

    /// One key and its value.
    fn entry(
        &self,
        (prefix, word): (&str, &str),
        shown: &str,
        (key, value): (&Node<'_>, &Node<'_>),
        target: &mut Target<'_>,
        report: &mut Report,
    ) {
        // The dots of the table are sections in the file.
        if word.contains('.') {
            return report.mistake(&self.origin(key), shown, unknown(prefix, word, target));
        }
        let name = format!("{prefix}{word}");
        let inside = format!("{name}.");
        let has_keys = known(target).any(|(known, _)| known.starts_with(&inside));
        match known(target).find(|&(known, _)| *known == *name) {
            Some((_, param)) if has_keys && !is_scalar(value) => {
                // A section with settings in it means yes.
                let given = param.given(shown, "yes", &self.origin(key));
                target.set(param, &given, report);
                self.section(value, &inside, &format!("{shown}."), target, report);
            }
            Some((_, param)) => target.watched(param, report, |target, report| {
                self.value(param, shown, (key, value), target, report);
            }),
            None if has_keys => {
                self.section(value, &inside, &format!("{shown}."), target, report);
            }
            None => report.mistake(&self.origin(key), shown, unknown(prefix, word, target)),
        }
    }

    /// The value of a parameter.
    fn value(
        &self,
        param: &'static Param,
        shown: &str,
        (key, value): (&Node<'_>, &Node<'_>),
        target: &mut Target<'_>,
        report: &mut Report,
    ) {
        let origin = self.origin(key);
        if matches!(value.value, Value::Null) {
            return report.mistake(&origin, shown, Wrong::NoValue { wanted: param.wanted() });
        }
        if matches!(param.kind, Kind::Entries(_)) {
            return self.entries(param, shown, (&origin, value), target, report);
        }
        if let Some(given) = self.given(param, shown, value, report) {
            target.set(param, &given, report);
        }
    }

    /// A scalar, or the scalars of a list; whatever else it is is reported.
    fn given(
        &self,
        param: &'static Param,
        shown: &str,
        node: &Node<'_>,
        report: &mut Report,
    ) -> Option<Given> {
        let origin = self.origin(node);
        if let Some(text) = node.text(self.source) {
            // A comma separates nothing in a file: YAML has lists.
            return Some(Given::one(shown, text, &origin));
        }
        let wrong =
            |node: &Node<'_>| Wrong::Shape { found: self.found(node), wanted: param.wanted() };
        let Value::List(list) = &node.value else {
            report.mistake(&origin, shown, wrong(node));
            return None;
        };
        if !param.takes_list() {
            report.mistake(&origin, shown, wrong(node));
            return None;
        }
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            match item.text(self.source) {
                Some(text) => items.push(Set { value: text.to_owned(), origin: self.origin(item) }),
                None => report.mistake(&self.origin(item), shown, wrong(item)),
            }
        }
        let complete = items.len() == list.len();
        complete.then(|| Given { key: shown.to_owned(), items, list: true, origin })
    }

    /// The entries of `signing`, or the keys of one of them.
    fn entries(
        &self,
        param: &'static Param,
        shown: &str,
        (origin, node): (&Origin, &Node<'_>),
        target: &mut Target<'_>,
        report: &mut Report,
    ) {
        let Value::List(list) = &node.value else {
            let wrong = Wrong::Shape { found: self.found(node), wanted: param.wanted() };
            return report.mistake(&self.origin(node), shown, wrong);
        };
        let inside = format!("{shown}.");
        match target {
            Target::Top(raw) => {
                let mut rules = Vec::with_capacity(list.len());
                for entry in list {
                    let mut rule = RawRule::new(self.origin(entry));
                    self.section(entry, "", &inside, &mut Target::Rule(&mut rule), report);
                    // What is no section has been reported, and nothing is missing in it.
                    rules.extend(is_section(entry).then_some(rule));
                }
                raw.signing = Some(Set { value: rules, origin: origin.clone() });
            }
            Target::Rule(rule) => {
                let mut keys = Vec::with_capacity(list.len());
                for entry in list {
                    let mut key = RawKey::new(self.origin(entry));
                    self.section(entry, "", &inside, &mut Target::Key(&mut key), report);
                    keys.extend(is_section(entry).then_some(key));
                }
                if keys.is_empty() == list.is_empty() {
                    rule.keys = Some(Set { value: keys, origin: origin.clone() });
                }
            }
            Target::Key(_) => {}
        }
    }

    /// What stands there, in a message.
    fn found(&self, node: &Node<'_>) -> String {
        let text = node.text(self.source).map(|text| Quoted::new(text).to_string());
        text.unwrap_or_else(|| node.what().to_owned())
    }
}

const fn is_section(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Map(_) | Value::Null)
}

const fn is_scalar(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Text(_) | Value::Plain { .. })
}

/// The keys that may stand at that place, without what is inside them.
fn here(target: &Target<'_>, prefix: &str) -> Vec<&'static str> {
    let mut keys: Vec<&str> = known(target)
        .filter_map(|(name, _)| name.strip_prefix(prefix)?.split('.').next())
        .collect();
    keys.dedup();
    keys
}

fn unknown(prefix: &str, word: &str, target: &Target<'_>) -> Wrong {
    if let (Target::Top(_), Some(param)) = (target, named(word))
        && param.place == Place::CommandLine
    {
        return Wrong::CommandLineOnly { option: shown(param) };
    }
    let known = here(target, prefix);
    // Who comes from dkim-filter or opendkim writes its names.
    let mut in_file = PARAMS.iter().filter(|param| param.is_in_file());
    let historic = in_file.find(|param| {
        let names = [param.dkim_filter.name(), param.opendkim];
        names.iter().flatten().any(|historic| historic.eq_ignore_ascii_case(word))
    });
    let at_the_top = matches!(target, Target::Top(_));
    let like = historic.filter(|_| at_the_top).map(|param| param.name);
    let like = like.or_else(|| closest(word, known.iter().copied()));
    Wrong::UnknownKey { like: like.map(ToOwned::to_owned), known }
}
