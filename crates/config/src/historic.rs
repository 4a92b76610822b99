//! The configuration file of `dkim-filter`, or `opendkim`: a name and a value on each line.
//!
//! It is read tolerantly: line ends of any kind, any letters in comments, whatever stands behind a
//! value. It is as strict as that program was about names and values, and tells all mistakes.

use crate::caution::Caution;
use crate::door::Door;
use crate::files::Files;
use crate::lists::deltas;
use crate::lists::sets::{DataSet, Row};
use crate::lists::{Meant, configuration, line_number, octets};
use crate::mistake::Report;
use crate::origin::Origin;
use crate::params::{
    Acts, Form, Kind, OPENDKIM_OMITTED, OPENDKIM_SIGNED, PARAMS, Param, Parameter, present_name,
};
use crate::raw::{Given, Raw, Set, Shape, Target};
use crate::suggest::closest;
use crate::wrong::{BadNesting, Quoted, Wrong};
use std::path::Path;
use std::sync::Arc;

/// The bits that a umask can have.
const PERMISSION_BITS: u32 = 0o777;

/// What a number of permissions may look like.
const BITS: &str = "a number from 0 to 0777, octal with a 0 in front: 002";

/// The row of the parameter that names another file.
const INCLUDE: &str = "include";

/// How many files may be one inside the other, beside the first: as many as dkim-filter read.
const MAX_DEPTH: usize = 5;

/// How many files are included altogether: five levels could name any number of them.
const MAX_INCLUDED: usize = 1_000;

/// The row of the recipients whose mail is not signed.
const RECIPIENTS: &str = "unsigned-recipients";

/// The rows of the lists that may say how they differ from the default.
const SIGNED: &str = "dkim.signed-headers";
const OMITTED: &str = "dkim.omitted-headers";

/// The longest line without its comment, in octets. dkim-filter broke lines at 1023 octets and took
/// the rest for another one; a list of domains may be longer than that.
const MAX_LINE_OCTETS: usize = 64 * 1024;

/// The byte-order mark.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads the file into `raw`, over what is there; of a parameter that is given twice, the last one
/// counts. `None` when there is nothing to be read.
pub(crate) fn load(
    path: &Path,
    named: &Origin,
    (door, files): (Door, &dyn Files),
    raw: &mut Raw,
    report: &mut Report,
) -> Option<()> {
    let (path, octets) = configuration(path, named, files, Meant::HISTORIC_FILE, report)?;
    let (inside, included) = (Vec::new(), 0);
    let mut reading = Reading { door, files, raw, report, inside, included };
    reading.text(&path, &octets);
    Some(())
}

/// A file that is read, and those that it includes.
struct Reading<'r> {
    /// In whose words it is written.
    door: Door,
    files: &'r dyn Files,
    raw: &'r mut Raw,
    report: &'r mut Report,
    /// The files that are open, the one that was named first in front.
    inside: Vec<Arc<Path>>,
    /// How many files were included so far.
    included: usize,
}

impl Reading<'_> {
    fn text(&mut self, path: &Arc<Path>, octets: &[u8]) {
        self.inside.push(Arc::clone(path));
        let text = octets.strip_prefix(MARK).unwrap_or(octets);
        for (index, octets) in text.split(|&octet| octet == b'\n').enumerate() {
            let origin = Origin::line(path, line_number(index));
            let telling = uncommented(octets);
            match std::str::from_utf8(telling) {
                Ok(_) if telling.len() > MAX_LINE_OCTETS => {
                    let (octets, limit) = (telling.len(), MAX_LINE_OCTETS);
                    self.report.mistake(&origin, "", Wrong::LongLine { octets, limit });
                }
                Ok(text) => self.entry(text, &origin),
                Err(_) => self.report.mistake(&origin, "", Wrong::NotUtf8),
            }
        }
        self.inside.pop();
    }

    fn entry(&mut self, text: &str, origin: &Origin) {
        let (name, rest) = word(text);
        if name.is_empty() {
            return;
        }
        let present = present_name(name);
        let shown = Quoted::plain(name);
        let Some((param, known)) = row(present.unwrap_or(name), self.door) else {
            return self.report.mistake(origin, &shown, unknown(name, self.door));
        };
        if let Some(present) = present {
            self.report.warn(origin, &shown, Caution::Renamed { name: present });
        }
        // The value of opendkim is all that stands behind the name.
        let (value, more) = match self.door {
            Door::Opendkim => (rest, ""),
            Door::Native | Door::DkFilter | Door::DkimFilter => word(rest),
        };
        if !more.is_empty() {
            let words = Quoted::new(more);
            self.report.warn(origin, known.name, Caution::WordsUnused { words });
        }
        if param.name == INCLUDE && !value.is_empty() {
            return self.include(Path::new(value), known.name, origin);
        }
        let files = self.files;
        Target::Top(self.raw).watched(param, self.report, |target, report| {
            put((param, known), value, (files, origin), target, report);
        });
    }

    /// Reads a file at the place where another one names it.
    fn include(&mut self, path: &Path, key: &str, origin: &Origin) {
        let nesting = if self.inside.iter().any(|open| **open == *path) {
            Some(BadNesting::Loop { path: Quoted::path(path) })
        } else if self.inside.len() > MAX_DEPTH {
            Some(BadNesting::Depth { limit: MAX_DEPTH })
        } else if self.included >= MAX_INCLUDED {
            Some(BadNesting::Count { limit: MAX_INCLUDED })
        } else {
            None
        };
        if let Some(nesting) = nesting {
            return self.report.mistake(origin, key, Wrong::Nesting(nesting));
        }
        self.included += 1;
        let read = octets(path, self.files.read_configuration(path), Meant::HISTORIC_FILE);
        if let Some(octets) = self.report.take(origin, key, read) {
            self.text(&path.into(), &octets);
        }
    }
}

/// Hands a value to its row.
fn put(
    (param, known): (&'static Param, Parameter),
    value: &str,
    (files, origin): (&dyn Files, &Origin),
    target: &mut Target<'_>,
    report: &mut Report,
) {
    let text = match translated(param, known, value) {
        Ok(text) => text,
        Err(wrong) => return report.mistake(origin, known.name, wrong),
    };
    if let Some(octal) = decimal_bits(known, value) {
        let found = Quoted::new(value);
        report.warn(origin, known.name, Caution::DecimalBits { found, octal });
    }
    if let Acts::No(reason) = param.acts {
        report.warn(origin, known.name, Caution::NoEffect { reason });
    }
    if known.form == Form::Set {
        let place = (origin, known.name);
        let given = report.take(origin, known.name, DataSet::parse(&text));
        let given = given.and_then(|set| of_set(param, set, &text, (files, place), report));
        return given.into_iter().for_each(|given| target.set(param, &given, report));
    }
    // A list of domains may stand in a file of its own.
    let is_path = param.kind == Kind::Domains && text.starts_with('/');
    let given = if known.form == Form::Words && !is_path {
        Given::commas(known.name, &text, origin)
    } else {
        Given::one(known.name, &text, origin)
    };
    target.set(param, &given, report);
}

/// A data set, as a value of that parameter. Lists of names and of patterns are read at once.
fn of_set(
    param: &Param,
    set: DataSet<'_>,
    text: &str,
    (files, (origin, key)): (&dyn Files, (&Origin, &str)),
    report: &mut Report,
) -> Option<Given> {
    let named = |path: &str, shape| Given { shape, ..Given::one(key, path, origin) };
    Some(match (param.kind, set) {
        (Kind::Hosts | Kind::Domains, DataSet::Here(list)) => Given::commas(key, list, origin),
        (Kind::Hosts | Kind::Domains, DataSet::File(path)) => named(path, Shape::One),
        (Kind::Hosts | Kind::Domains, DataSet::Patterns(path)) => named(path, Shape::Patterns),
        (Kind::List(_), set) => {
            let rows = set.rows(Meant::DATA_SET, files, (origin, key), report)?;
            let item = |row: Set<Row>| Set { value: row.value.whole(), origin: row.origin };
            let items = rows.into_iter().map(item);
            let items =
                items.filter(|item| param.name != RECIPIENTS || is_found(item, set, report));
            let items = items.collect();
            changed(param, Given { items, shape: Shape::List, ..Given::one(key, "", origin) })
        }
        (Kind::Path, DataSet::File(path) | DataSet::Patterns(path)) => named(path, Shape::One),
        // Who looks into it reads it.
        _ => Given::one(key, text, origin),
    })
}

/// Whether a recipient can be looked up by that item: a star stands for itself, but in patterns.
fn is_found(item: &Set<String>, set: DataSet<'_>, report: &mut Report) -> bool {
    let is_literal = !matches!(set, DataSet::Patterns(_));
    if is_literal && item.value.contains('*') {
        let why = "a star stands for itself here; patterns are read from refile:PATH";
        let wrong = Box::new(Wrong::not(&item.value, "recipient", why));
        report.warn(&item.origin, RECIPIENTS, Caution::EntrySkipped { wrong });
        return false;
    }
    true
}

/// A list of header fields that says how it differs from the default, as what it comes to.
fn changed(param: &Param, mut given: Given) -> Given {
    let default: Vec<&str> = match param.name {
        SIGNED => OPENDKIM_SIGNED.split(',').collect(),
        OMITTED => OPENDKIM_OMITTED.split(',').collect(),
        _ => return given,
    };
    let items: Vec<&str> = given.items.iter().map(|item| item.value.as_str()).collect();
    let names = deltas::applied(&items, &default).into_iter();
    let item = |value| Set { value, origin: given.origin.clone() };
    given.items = names.map(item).collect();
    given
}

/// What stands before the number sign, which is never part of a value. Comments of other times are
/// in other alphabets.
fn uncommented(line: &[u8]) -> &[u8] {
    line.split(|&octet| octet == b'#').next().unwrap_or_default()
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(|ch: char| ch.is_ascii_whitespace())
        .map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

/// The row that has a parameter of that name. What `dkim-filter` knew, its successor knows too.
fn row(name: &str, door: Door) -> Option<(&'static Param, Parameter)> {
    PARAMS.iter().find_map(|param| {
        let both = [param.parameter_in(door), param.dkim_filter.parameter];
        let known = both.into_iter().flatten().find(|known| known.name.eq_ignore_ascii_case(name));
        Some((param, known?))
    })
}

fn unknown(name: &str, door: Door) -> Wrong {
    let names = PARAMS.iter().filter_map(|param| Some(param.parameter_in(door)?.name));
    Wrong::UnknownParameter { like: closest(name, names).map(ToOwned::to_owned) }
}

/// The value in the words of our own parameter.
pub(crate) fn translated(param: &Param, known: Parameter, value: &str) -> Result<String, Wrong> {
    if let Acts::Refused(reason) = param.acts {
        return Err(Wrong::Refused { reason });
    }
    if value.is_empty() {
        return Err(Wrong::ValueMissing { wanted: wanted(param, known) });
    }
    match known.form {
        Form::Word if param.kind == Kind::Number => match c_integer(value) {
            Some(number) => Ok(number.to_string()),
            // The row says what it takes.
            None if !value.starts_with('0') => Ok(value.to_owned()),
            None => Err(Wrong::value(value, wanted(param, known))),
        },
        Form::Word | Form::Words | Form::Set => Ok(value.to_owned()),
        Form::Truth { yes, no } => match value.chars().next() {
            Some('t' | 'T' | 'y' | 'Y' | '1') => Ok(yes.to_owned()),
            Some('f' | 'F' | 'n' | 'N' | '0') => Ok(no.to_owned()),
            _ => Err(Wrong::value(value, wanted(param, known))),
        },
        Form::Bits => {
            bits(value).map(|bits| format!("{bits:03o}")).ok_or_else(|| Wrong::value(value, BITS))
        }
        Form::Initial => initial(param, value)
            .map(ToOwned::to_owned)
            .ok_or_else(|| Wrong::value(value, wanted(param, known))),
        Form::Seconds | Form::Octets => {
            let unit = if known.form == Form::Seconds { 's' } else { 'B' };
            c_integer(value)
                .map(|number| format!("{number}{unit}"))
                .ok_or_else(|| Wrong::value(value, wanted(param, known)))
        }
    }
}

/// The word that is meant by itself or by its first letter.
fn initial(param: &Param, value: &str) -> Option<&'static str> {
    let Kind::Choice(words) = param.kind else { return None };
    let first = |word: &str| word.get(..1).is_some_and(|one| one.eq_ignore_ascii_case(value));
    words.iter().copied().find(|word| word.eq_ignore_ascii_case(value) || first(word))
}

pub(crate) fn wanted(param: &Param, known: Parameter) -> String {
    match known.form {
        Form::Seconds => "a whole number of seconds".to_owned(),
        Form::Octets => "a whole number of octets".to_owned(),
        Form::Truth { .. } => "yes or no, true or false, 1 or 0".to_owned(),
        Form::Bits => BITS.to_owned(),
        Form::Word => param.wanted_behind(param.dkim_filter.letter),
        Form::Words | Form::Initial => param.wanted(),
        Form::Set => "a list with commas, file:PATH or refile:PATH".to_owned(),
    }
}

/// An integer as strtol(3) reads it when it is to find out the base.
fn c_integer(text: &str) -> Option<u64> {
    let (digits, radix) = match text.get(..2) {
        Some("0x" | "0X") => (text.get(2..)?, 16),
        _ if text.starts_with('0') => (text, 8),
        _ => (text, 10),
    };
    // Nothing here is less than zero, and a sign in front of more is a slip of the pen.
    let plain = digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

/// Permissions.
fn bits(text: &str) -> Option<u32> {
    c_integer(text)
        .and_then(|bits| u32::try_from(bits).ok())
        .filter(|&bits| bits <= PERMISSION_BITS)
}

/// The bits of a number of which somebody probably thought that it is octal. Of one digit, it is
/// the same.
fn decimal_bits(known: Parameter, value: &str) -> Option<u32> {
    let suspicious = known.form == Form::Bits && !value.starts_with('0');
    bits(value).filter(|&bits| suspicious && bits > 7)
}

#[cfg(test)]
mod tests {
    use super::{c_integer, uncommented, word};

    #[test]
    fn integers_are_those_of_c() {
        for (text, want) in [
            ("022", Some(0o22)),
            ("0x12", Some(0x12)),
            ("0X1f", Some(0x1f)),
            ("105", Some(105)),
            ("0", Some(0)),
            ("", None),
            ("08", None),
            ("1a", None),
            ("0x", None),
            ("+7", None),
            ("-7", None),
            ("0x-7", None),
            ("99999999999", Some(99_999_999_999)),
            ("99999999999999999999", None),
            ("7\u{e4}", None),
        ] {
            assert_eq!(c_integer(text), want, "{text:?}");
        }
    }

    #[test]
    fn a_line_is_a_name_and_a_value() {
        for (text, want) in [
            ("Socket\tinet:1@h\r", ("Socket", "inet:1@h")),
            ("  Socket  a  b ", ("Socket", "a  b")),
            ("Socket", ("Socket", "")),
            ("", ("", "")),
        ] {
            assert_eq!(word(text), want, "{text:?}");
        }
        assert_eq!(uncommented(b"Mode s # both\xe4"), b"Mode s ");
        assert_eq!(uncommented(b"#"), b"");
    }
}
