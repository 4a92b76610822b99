//! The native file: pieces of YAML, held against the table.

mod known;

use crate::files::{Files, Remembering};
use crate::lists::{Meant, configuration, not_utf8};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::params::{Kind, Param, named};
use crate::raw::{Given, Raw, RawKey, RawRule, Set, Shape, Target};
use crate::resolve::Entries;
use crate::tree::{Node, Piece, Value, read};
use crate::wrong::{Quoted, Wrong};
use known::{Row, here, inside, known, unknown};
use std::borrow::Cow;
use std::collections::BTreeMap;
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
    let (path, octets) = configuration(path, named, files, Meant::CONFIGURATION, report)?;
    let source = match std::str::from_utf8(&octets) {
        Ok(source) => source,
        Err(error) => {
            not_utf8(&path, &octets, error, report);
            return None;
        }
    };
    let reader = Reader { source, path, files: &Remembering::new(files) };
    // What is found in a file that turns out to be no YAML may be an effect of that.
    let mut found = Report::default();
    let mut seen = Seen::new();
    let mut take = |piece: Piece<'_, '_>| reader.piece(piece, &mut seen, raw, &mut found);
    match read(source, SIGNING, &mut take) {
        Ok(()) => {
            report.absorb(found);
            Some(())
        }
        Err(no) => {
            let (path, column) = (reader.path, Some(no.column));
            report.mistake(&Origin::File { path, line: no.line, column }, "", no.wrong);
            None
        }
    }
}

/// The key of the entries that are read one by one.
const SIGNING: &str = "signing";

/// The keys of a section, and their lines. Most sections have few.
type Seen<'n> = BTreeMap<Cow<'n, str>, u32>;

struct Reader<'s> {
    source: &'s str,
    path: Arc<Path>,
    files: &'s dyn Files,
}

impl Reader<'_> {
    /// Takes the next piece of the file.
    fn piece(
        &self,
        piece: Piece<'_, '_>,
        seen: &mut Seen<'static>,
        raw: &mut Raw,
        report: &mut Report,
    ) {
        let target = &mut Target::Top(raw);
        match piece {
            Piece::Entry(key, value) => {
                let name = key.text(self.source).map(|name| Cow::Owned(name.to_owned()));
                self.pair((&key, name), &value, (seen, "", ""), target, report);
            }
            Piece::Root(root) => self.section(&root, "", "", target, report),
            Piece::Item(key, item) => {
                if let Some(param) = named(SIGNING) {
                    let origin = self.origin(key);
                    target.watched(param, report, |target, report| {
                        self.item(&item, SIGNING, &origin, target, report);
                    });
                }
            }
        }
    }

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
        let mut seen = Seen::new();
        for (key, value) in entries {
            let name = key.text(self.source).map(Cow::Borrowed);
            self.pair((key, name), value, (&mut seen, prefix, shown), target, report);
        }
    }

    /// A key of a mapping, and its value.
    fn pair<'n>(
        &self,
        (key, name): (&Node<'_>, Option<Cow<'n, str>>),
        value: &Node<'_>,
        (seen, prefix, shown): (&mut Seen<'n>, &str, &str),
        target: &mut Target<'_>,
        report: &mut Report,
    ) {
        let Some(name) = name else {
            let wrong = Wrong::KeyNotText { found: key.what() };
            return report.mistake(&self.origin(key), shown.trim_end_matches('.'), wrong);
        };
        let key_shown = [shown, &Quoted::plain(&name)].concat();
        if let Some(&first) = seen.get(&name) {
            report.mistake(&self.origin(key), &key_shown, Wrong::Repeated { first });
        }
        self.entry((prefix, &name), &key_shown, (key, value), target, report);
        seen.entry(name).or_insert(key.line);
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
        let rows = known(target);
        match rows.iter().find(|row| row.is(prefix, word)) {
            Some(Row { param, has_keys: true, .. }) if !is_scalar(value) => {
                // A section with settings in it means yes.
                let given = param.given(shown, "yes", &self.origin(key));
                target.set(param, &given, report);
            }
            Some(Row { param, .. }) => {
                return target.watched(param, report, |target, report| {
                    self.value(param, shown, (key, value), target, report);
                });
            }
            None if rows.iter().any(|row| inside(row.name, prefix, word).is_some()) => {}
            None => {
                return report.mistake(&self.origin(key), shown, unknown(prefix, word, target));
            }
        }
        let (inside, shown) = (format!("{prefix}{word}."), format!("{shown}."));
        self.section(value, &inside, &shown, target, report);
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
        complete.then(|| Given { key: shown.to_owned(), items, shape: Shape::List, origin })
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
        if let Target::Top(raw) = target {
            // They have been handed over one by one, unless there is none.
            let empty = || Set { value: Entries::default(), origin: origin.clone() };
            raw.signing.get_or_insert_with(empty);
        }
        for item in list {
            self.item(item, shown, origin, target, report);
        }
        // What is no section has been reported, and nothing is missing in it.
        if let Target::Rule(rule) = target
            && (rule.keys.is_some() || list.is_empty())
        {
            let none = || Set { value: Vec::new(), origin: origin.clone() };
            rule.keys.get_or_insert_with(none);
        }
    }

    /// An entry of `signing`, or a key of one of them. `origin` is where the list stands.
    fn item(
        &self,
        node: &Node<'_>,
        shown: &str,
        origin: &Origin,
        target: &mut Target<'_>,
        report: &mut Report,
    ) {
        let inside = [shown, "."].concat();
        let is_section = matches!(node.value, Value::Map(_) | Value::Null);
        match target {
            Target::Top(raw) => {
                let mut rule = RawRule::new(self.origin(node));
                self.section(node, "", &inside, &mut Target::Rule(&mut rule), report);
                let none = || Set { value: Entries::default(), origin: origin.clone() };
                let entries = raw.signing.get_or_insert_with(none);
                if is_section {
                    entries.value.push(rule, self.files);
                }
            }
            Target::Rule(rule) => {
                let mut key = RawKey::new(self.origin(node));
                self.section(node, "", &inside, &mut Target::Key(&mut key), report);
                let none = || Set { value: Vec::new(), origin: origin.clone() };
                if is_section {
                    rule.keys.get_or_insert_with(none).value.push(key);
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

const fn is_scalar(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Text(_) | Value::Plain { .. })
}
