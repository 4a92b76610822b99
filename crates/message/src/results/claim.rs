//! Whose name an Authentication-Results field bears, however it is read (RFC 8601 §5).
//!
//! A forged field is written for the program that reads it after us, and such programs differ:
//! some know that comments nest and some do not, some let comments stand between the labels of a
//! name, some split at the first semicolon, some decode encoded words first. So a field is ours
//! when *any* of these readings finds a name of ours at its beginning, and also when its beginning
//! is disguised in a way that nobody needs who means well.

use crate::header::Field;
use crate::results::{FIELD_NAME, Results};

mod host;
mod reading;

use host::Host;
use reading::Reading;

/// The names under which fields are removed.
#[derive(Debug, Clone, Default)]
pub struct Claimants(Vec<Pattern>);

/// One of those names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// That name.
    Exactly(Host),
    /// Every name below that one.
    Below(Host),
}

/// Who seems to have written a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It bears one of the names, or may be read so.
    Ours,
    /// It bears another name.
    Foreign,
    /// It bears no name at all, as some providers write it (trap A6).
    Nobody,
}

/// Which of the fields that bear our name are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal<'m> {
    /// All of them.
    All,
    /// Those with a result of one of these methods, and those of which nobody can say.
    Reporting(&'m [&'m str]),
}

impl Claimants {
    /// The names: authserv-ids, or `.example.org` for every name below `example.org`. Texts without
    /// a name are passed over.
    pub fn new<'t>(names: impl IntoIterator<Item = &'t str>) -> Self {
        Self(names.into_iter().filter_map(Pattern::new).collect())
    }

    /// Who seems to have written the field with that value.
    #[must_use]
    pub fn claim(&self, value: &[u8]) -> Claim {
        let mut nobody = false;
        for reading in Reading::all(value) {
            match reading {
                Reading::Disguised if !self.0.is_empty() => return Claim::Ours,
                Reading::Name(name) if self.has(&name) => return Claim::Ours,
                Reading::Nobody => nobody = true,
                Reading::Disguised | Reading::Name(_) => {}
            }
        }
        if nobody { Claim::Nobody } else { Claim::Foreign }
    }

    fn has(&self, name: &Host) -> bool {
        self.0.iter().any(|pattern| pattern.matches(name))
    }

    /// The fields to remove, by their places among the Authentication-Results fields of the
    /// header, counted from 1.
    ///
    /// The highest comes first: an MTA counts anew after each one that it removes (trap W11).
    /// Remove before inserting (trap W12), and no field that is not there (trap W13).
    pub fn indices<'a>(
        &self,
        fields: impl IntoIterator<Item = Field<'a>>,
        removal: Removal<'_>,
    ) -> Vec<u32> {
        let named = fields.into_iter().filter(|field| field.is_named(FIELD_NAME));
        let goes = |field: &Field<'_>| {
            self.claim(field.value()) == Claim::Ours && removal.concerns(field.value())
        };
        let mut indices: Vec<_> =
            (1..).zip(named).filter(|(_, field)| goes(field)).map(|(at, _)| at).collect();
        indices.reverse();
        indices
    }
}

impl Pattern {
    fn new(text: &str) -> Option<Self> {
        let below = text.trim_start().starts_with('.');
        let host = Host::new(text)?;
        Some(if below { Self::Below(host) } else { Self::Exactly(host) })
    }

    fn matches(&self, name: &Host) -> bool {
        match self {
            Self::Exactly(host) => name.is(host),
            Self::Below(host) => name.is_under(host),
        }
    }
}

impl Removal<'_> {
    /// Whether it asks for that field.
    fn concerns(self, value: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Reporting(methods) => may_report(value, methods),
        }
    }
}

/// Whether any reader may find a result of one of these methods: the field cannot be read, or has
/// an encoded word, or a method and what makes a result of it stand anywhere, be it in a comment.
fn may_report(value: &[u8], methods: &[&str]) -> bool {
    let mut before = b' ';
    for (at, &octet) in value.iter().enumerate() {
        let begins = !is_keyword(before);
        let rest = value.get(at..).unwrap_or_default();
        if begins && methods.iter().any(|method| assigns(method, rest)) {
            return true;
        }
        before = octet;
    }
    reading::has_encoded_word(value) || Results::parse(value).is_err()
}

/// What may stand in the name of a method or a property.
const fn is_keyword(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.')
}

/// Whether the text begins with the method, and goes on with an equals sign or with what may stand
/// in front of one: a version or a comment. Nobody looks behind those, so that a field of nothing
/// else costs no more than its length.
fn assigns(method: &str, text: &[u8]) -> bool {
    let Some((name, rest)) = text.split_at_checked(method.len()) else {
        return false;
    };
    name.eq_ignore_ascii_case(method.as_bytes())
        && rest
            .iter()
            .find(|octet| !octet.is_ascii_whitespace())
            .is_some_and(|octet| matches!(octet, b'=' | b'/' | b'('))
}

#[cfg(test)]
mod tests;
