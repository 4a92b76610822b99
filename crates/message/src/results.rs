//! Authentication-Results (RFC 8601): who may be read as its author, what it says, and writing one.
//!
//! Reading has two sides. What a field *says* is a matter of the grammar, and [`Results::parse`]
//! follows it. Whose name it *bears* is a matter of safety: a forger writes for whatever program
//! reads the field after us, so [`Claimants`] asks how any of them might read it.
//!
//! | module | what is in it |
//! |---|---|
//! | [`claim`] | [`Claimants`]: does this field bear our name, and has it to go? |
//! | `grammar` | [`Results::parse`] |
//! | [`writer`] | [`ResultsWriter`]: a new field, folded |
//! | [`prefix`] | [`unique_prefixes`]: how much of each `b=` tells signatures apart |

pub mod claim;
mod grammar;
pub mod prefix;
pub mod writer;

pub use claim::{Claim, Claimants, Removal};
pub use grammar::BadResults;
pub use prefix::unique_prefixes;
pub use writer::{Layout, ResultsWriter, is_bare};

/// The field's name.
pub const FIELD_NAME: &str = "Authentication-Results";

/// The most results and parts of results that are read in one field. Real ones have dozens; each
/// costs memory beside its octets.
pub const MAX_PARTS: usize = 1_000;

/// What an Authentication-Results field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// Who says it; `None` where the field names nobody (trap A6).
    pub authserv_id: Option<String>,
    /// The version of the syntax, where it is written.
    pub version: Option<u32>,
    /// One for each method, in order; empty for `none`.
    pub results: Vec<MethodResult>,
}

/// The result of one method (RFC 8601 §2.2, `resinfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodResult {
    /// The method, `dkim` say, in the field's own capitalization.
    pub method: String,
    /// The method's version, where it is written.
    pub version: Option<u32>,
    /// The result's word.
    pub result: String,
    /// What follows it, in order.
    pub parts: Vec<Part>,
}

/// What may follow a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A comment; nested ones keep their parentheses.
    Comment(String),
    /// Why the result is what it is.
    Reason(String),
    /// What the method looked at.
    Property(Property),
}

/// Something that a method looked at, or found: `header.d=example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Where it comes from: `smtp`, `header`, `body`, `policy`; empty where the field has none, as
    /// some providers write it (`action=none`).
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its value, unquoted.
    pub value: String,
}

impl MethodResult {
    /// A bare result. Comments, reason and properties follow in the order in which they are to be
    /// written; a reason stands before the properties (RFC 8601 §2.2).
    #[must_use]
    pub fn new(method: &str, result: &str) -> Self {
        Self { method: method.into(), version: None, result: result.into(), parts: Vec::new() }
    }

    /// Adds a comment.
    #[must_use]
    pub fn comment(self, text: impl Into<String>) -> Self {
        self.with(Part::Comment(text.into()))
    }

    /// Adds the reason.
    #[must_use]
    pub fn reason(self, text: impl Into<String>) -> Self {
        self.with(Part::Reason(text.into()))
    }

    /// Adds a property: `property("header", "d", "example.com")`.
    #[must_use]
    pub fn property(self, kind: &str, name: &str, value: impl Into<String>) -> Self {
        self.with(Part::Property(Property {
            kind: kind.into(),
            name: name.into(),
            value: value.into(),
        }))
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Whether this is a result of that method, compared without case.
    #[must_use]
    pub fn is_of(&self, method: &str) -> bool {
        self.method.eq_ignore_ascii_case(method)
    }

    /// The value of the first property of that kind and name, compared without case.
    #[must_use]
    pub fn value(&self, kind: &str, name: &str) -> Option<&str> {
        self.parts.iter().find_map(|part| match part {
            Part::Property(one)
                if one.kind.eq_ignore_ascii_case(kind) && one.name.eq_ignore_ascii_case(name) =>
            {
                Some(one.value.as_str())
            }
            Part::Property(_) | Part::Comment(_) | Part::Reason(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
