//! What the file of `opendkim` is asked on its command line: one value, or one entry of a data set.

use crate::door::Door;
use crate::files::Files;
use crate::glob::Glob;
use crate::lists::Meant;
use crate::lists::sets::DataSet;
use crate::mistake::{Mistakes, Report};
use crate::origin::Origin;
use crate::params::{Form, PARAMS, Param};
use crate::settings::Config;
use crate::wrong::{Quoted, Wrong};

/// What a configuration has for the name of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extracted {
    /// This value.
    Value(String),
    /// Nothing: it is not set.
    Unset,
    /// There is no such parameter.
    Unknown,
}

/// The value of a parameter, by its name in that door, as it is in force and was given.
pub(crate) fn extract(name: &str, door: Door, config: &Config) -> Extracted {
    let is_it = |param: &&Param| {
        let names = [param.parameter_in(door), param.dkim_filter.parameter];
        names.iter().flatten().any(|known| known.name.eq_ignore_ascii_case(name))
    };
    let Some(param) = PARAMS.iter().find(is_it) else { return Extracted::Unknown };
    let given = |name| {
        let mut settings = config.settings.iter();
        settings.find(|one| one.name == name && one.origin != Origin::Default)
    };
    let Some(setting) = given(param.name) else { return Extracted::Unset };
    let value = setting.value.as_str();
    Extracted::Value(match param.parameter_in(door).map(|known| known.form) {
        Some(Form::Truth { yes, .. }) => (if value == yes { "True" } else { "False" }).to_owned(),
        Some(Form::Seconds | Form::Octets) => value.trim_end_matches(['s', 'B']).to_owned(),
        Some(Form::Word | Form::Words | Form::Bits | Form::Initial | Form::Set) | None => {
            setting.items.join(", ")
        }
    })
}

/// Looks something up in a data set: `what` is the key and how many fields are wanted, as in
/// `key/1`. `None` when nothing is found.
///
/// # Errors
/// [`Mistakes`] when the set, or the question, cannot be read.
pub fn query(set: &str, what: &str, files: &dyn Files) -> Result<Option<Vec<String>>, Mistakes> {
    let mut report = Report::new(Door::Opendkim);
    let found = look_up(set, what, files, &mut report);
    if report.mistakes.is_empty() { Ok(found) } else { Err(report.into_mistakes()) }
}

fn look_up(set: &str, what: &str, files: &dyn Files, report: &mut Report) -> Option<Vec<String>> {
    let place = Origin::option("-Q");
    let wanted = "a key, a slash and a number of fields, such as example.com/1";
    let question = what.rsplit_once('/').and_then(|(key, count)| Some((key, count.parse().ok()?)));
    let question = question
        .ok_or_else(|| Wrong::Value { found: Quoted::new(what), wanted: wanted.to_owned() });
    let (key, count): (&str, usize) = report.take(&place, "", question)?;
    let set = report.take(&place, "", DataSet::parse(set))?;
    let rows = set.rows(Meant::DATA_SET, files, (&place, ""), report)?;
    let text = key.to_ascii_lowercase();
    let is_it = |known: &str| match set {
        DataSet::Patterns(_) => Glob::new(known).matches(text.as_bytes()),
        DataSet::Here(_) | DataSet::File(_) => known.eq_ignore_ascii_case(key),
    };
    let row = rows.into_iter().find(|row| is_it(&row.value.key))?;
    let fields = row.value.value.split(':').map(|field| field.trim().to_owned());
    Some(fields.take(count).collect())
}
