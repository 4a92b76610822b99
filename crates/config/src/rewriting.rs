//! Rules that turn header fields into what the MTA is going to make of them.

use crate::wrong::Wrong;
use regex::bytes::{Regex, RegexBuilder};
use std::borrow::Cow;
use twinseal_message::{FieldName, HeaderBlock};

/// How large a compiled expression may be, in octets.
const MAX_COMPILED: usize = 1024 * 1024;

/// How many times its length a field may grow by all rules together, and be used still.
const MAX_GROWTH: usize = 16;

/// The rules, and the fields that they are for.
#[derive(Debug, Clone)]
pub struct Rewriting {
    rules: Vec<Rule>,
    /// `None` for all fields.
    fields: Option<Vec<FieldName>>,
}

/// What takes the place of what an expression matches.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    matches: Regex,
    instead: String,
}

impl Rule {
    /// Reads an expression and what takes its place, with a tab between them.
    pub(crate) fn parse(line: &str) -> Result<Self, Wrong> {
        let wanted = "a regular expression, a tab, and what takes the place of what it matches";
        let (expression, instead) =
            line.split_once('\t').ok_or_else(|| Wrong::value(line, wanted))?;
        let built = RegexBuilder::new(expression)
            .size_limit(MAX_COMPILED)
            .unicode(false)
            .dot_matches_new_line(true)
            .build();
        let matches = built.map_err(|error| Wrong::Expression { what: one_line(&error) })?;
        Ok(Self { matches, instead: instead.trim_start_matches('\t').to_owned() })
    }
}

/// The last line says what is wrong; those before it show where.
fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}

impl Rewriting {
    pub(crate) const fn new(rules: Vec<Rule>, fields: Option<Vec<FieldName>>) -> Self {
        Self { rules, fields }
    }

    /// The value of that field after all rules, each of which sees what the one before it made.
    #[must_use]
    pub fn applied<'v>(&self, name: &[u8], value: &'v [u8]) -> Cow<'v, [u8]> {
        let is_it = |field: &FieldName| name.eq_ignore_ascii_case(field.as_str().as_bytes());
        if self.fields.as_ref().is_some_and(|fields| !fields.iter().any(is_it)) {
            return Cow::Borrowed(value);
        }
        let mut now = Cow::Borrowed(value);
        for Rule { matches, instead } in &self.rules {
            let limit = (value.len() + instead.len()).saturating_mul(MAX_GROWTH);
            if let Some(replaced) = replaced(matches, instead.as_bytes(), &now, limit) {
                now = Cow::Owned(replaced);
            }
        }
        now
    }

    /// The header after all rules, or as it is when that would be too large for one.
    #[must_use]
    pub fn header(&self, header: &HeaderBlock) -> HeaderBlock {
        let mut new = HeaderBlock::default();
        for field in header.fields() {
            if new.push(field.name(), &self.applied(field.name(), field.value())).is_err() {
                return header.clone();
            }
        }
        new
    }
}

/// All matches replaced; `None` without any, and as soon as that is longer than the limit.
fn replaced(matches: &Regex, instead: &[u8], value: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut between = matches.split(value);
    let mut new = between.next()?.to_vec();
    let mut any = false;
    for rest in between {
        any = true;
        new.extend_from_slice(instead);
        new.extend_from_slice(rest);
        if new.len() > limit {
            return None;
        }
    }
    any.then_some(new)
}

#[cfg(test)]
mod tests {
    use super::{Rewriting, Rule};
    use twinseal_message::FieldName;

    fn rewriting(lines: &[&str], fields: Option<&[&str]>) -> Rewriting {
        let rules = lines.iter().map(|line| Rule::parse(line).unwrap()).collect();
        let names = fields
            .map(|fields| fields.iter().map(|name| FieldName::parse(name).unwrap()).collect());
        Rewriting::new(rules, names)
    }

    #[test]
    fn rules_are_applied_one_after_the_other() {
        let rules = rewriting(&["@inside[.]example\t@example.com", "joe\tann"], None);
        for (value, want) in [
            (" joe@inside.example", " ann@example.com"),
            (" x@inside.example, y@inside.example", " x@example.com, y@example.com"),
            (" x@insideXexample", " x@insideXexample"),
            ("", ""),
        ] {
            assert_eq!(&*rules.applied(b"From", value.as_bytes()), want.as_bytes(), "{value:?}");
        }
        assert_eq!(&*rewriting(&["a\t$0b"], None).applied(b"X", b"a"), b"$0b");
    }

    #[test]
    fn only_the_named_fields_are_rewritten() {
        let rules = rewriting(&["a\tb"], Some(&["from"]));
        assert_eq!(&*rules.applied(b"FROM", b"a"), b"b");
        assert_eq!(&*rules.applied(b"To", b"a"), b"a");
    }

    #[test]
    fn a_field_does_not_grow_without_end() {
        let rules = rewriting(&["a\taaaaaaaa"; 8], None);
        assert!(rules.applied(b"X", &[b'a'; 100]).len() < 4096);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for (line, why) in [("no tab", "a tab"), ("(\tx", "unclosed group")] {
            let error = Rule::parse(line).unwrap_err().to_string();
            assert!(error.contains(why), "{line:?}: {error}");
        }
    }
}
