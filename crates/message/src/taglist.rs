//! Reading a list of tags (RFC 6376 §3.2): a signature's field, a key record, an ADSP record. What
//! writes one is in [`tags`](crate::tags).

use crate::text::shown;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::combinator::{opt, peek, recognize, value};
use nom::multi::many0_count;
use nom::sequence::delimited;
use nom::{IResult, Parser};
use std::ops::Range;

/// The most tags that a list may have: the standards name fewer than thirty, and what nobody reads
/// need not be kept (trap H20).
pub const MAX_TAGS: usize = 64;

/// A list of tags, as it stands in a text that it borrows from.
///
/// Tags with names that nobody knows are kept: it is for the reader of the list to ignore them
/// (trap H12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagList<'a>(Vec<Tag<'a>>);

/// One tag of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    name: &'a str,
    /// Everything between the `=` and the next `;`.
    raw: &'a [u8],
    /// Where that begins.
    start: usize,
}

/// The text is no list of tags. Every place is in octets from the start of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagListError {
    /// There is nothing in it; a list has one tag at least (RFC 6376 §3.2).
    #[error("the list of tags is empty")]
    Empty,
    /// No tag begins where one has to. A name is a letter, then letters, digits and underscores.
    #[error("byte {at}: no tag name begins here")]
    NoName {
        /// Where the name is missing.
        at: usize,
    },
    /// A name has no value: not even an empty one, which would be an equals sign.
    #[error("byte {at}: tag \"{name}\" is not followed by an equals sign")]
    NoValue {
        /// The tag's name, made fit to be shown.
        name: String,
        /// Where the equals sign is missing.
        at: usize,
    },
    /// A control character, or a line end that is no fold, stands in a value.
    #[error("byte {at}: octet 0x{octet:02x} cannot stand in the value of tag \"{name}\"")]
    BadOctet {
        /// The tag's name, made fit to be shown.
        name: String,
        /// What stands there.
        octet: u8,
        /// Where it stands.
        at: usize,
    },
    /// A tag name occurs more than once (RFC 6376 §3.2).
    #[error("byte {at}: tag \"{name}\" appears twice")]
    Duplicate {
        /// The tag's name, made fit to be shown.
        name: String,
        /// Where the second one's value starts.
        at: usize,
    },
    /// There are more than [`MAX_TAGS`].
    #[error("byte {at}: more than {MAX_TAGS} tags")]
    TooMany {
        /// Where the first one's value starts that is too many.
        at: usize,
    },
}

impl<'a> TagList<'a> {
    /// Reads a list.
    ///
    /// White space may be folded, at CRLF or, as some programs hand header fields on, at LF alone.
    /// A value may hold any octet above 0x7F: UTF-8 is allowed in it (RFC 8616 §5), and what is not
    /// UTF-8 is for the reader of that tag to refuse. After the last `;` there may be white space:
    /// the grammar has none there, and signers write it.
    ///
    /// # Errors
    /// [`TagListError`], with the place of what is wrong. A list without any tag is one, because
    /// the grammar of RFC 6376 §3.2 asks for one at least; so is an empty place between two `;`.
    pub fn parse(text: &'a [u8]) -> Result<Self, TagListError> {
        let mut tags: Vec<Tag<'a>> = Vec::new();
        let mut rest = skip_fws(text);
        if rest.is_empty() {
            return Err(TagListError::Empty);
        }
        while !rest.is_empty() {
            let (after, tag) = tag_spec(text, rest)?;
            if tags.len() == MAX_TAGS {
                return Err(TagListError::TooMany { at: tag.start });
            }
            if tags.iter().any(|other| other.name == tag.name) {
                return Err(TagListError::Duplicate { name: shown(tag.name), at: tag.start });
            }
            tags.push(tag);
            rest = skip_fws(after);
        }
        Ok(Self(tags))
    }

    /// The tag of that name, if there is one. Names are case-sensitive (RFC 6376 §3.2).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Tag<'a>> {
        self.0.iter().find(|tag| tag.name == name).copied()
    }

    /// All tags, in the order of the text.
    pub fn tags(&self) -> impl Iterator<Item = Tag<'a>> + '_ {
        self.0.iter().copied()
    }
}

impl<'a> Tag<'a> {
    /// Its name, as written.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.name
    }

    /// Its value without the white space around it; folds within it are still there.
    #[must_use]
    pub fn value(self) -> &'a [u8] {
        self.raw.trim_ascii()
    }

    /// Its value without any white space, as base64 and lists are read (trap H11).
    #[must_use]
    pub fn compact(self) -> Vec<u8> {
        self.raw.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect()
    }

    /// Where its value stands, in octets from the start of the text: from behind the `=` to the
    /// next `;` or the end, with the white space around it. That is what leaves a signature's field
    /// when `b=` is emptied (RFC 6376 §3.7, trap H7).
    #[must_use]
    pub const fn place(self) -> Range<usize> {
        self.start..self.start + self.raw.len()
    }
}

type Parsed<'a, T> = IResult<&'a [u8], T>;

/// Reads the tag that `rest`, the end of `text`, begins with, and the `;` behind it. Each step
/// knows what it is that it misses.
fn tag_spec<'a>(text: &'a [u8], rest: &'a [u8]) -> Result<(&'a [u8], Tag<'a>), TagListError> {
    let at = |rest: &[u8]| text.len() - rest.len();
    let (rest, name) = delimited(fws, tag_name, fws)
        .parse(rest)
        .map_err(|_| TagListError::NoName { at: at(skip_fws(rest)) })?;
    let (rest, _) =
        equals(rest).map_err(|_| TagListError::NoValue { name: shown(name), at: at(rest) })?;
    let (start, (rest, raw)) = (at(rest), tag_value(rest).unwrap_or((rest, b"")));
    let tag = Tag { name, raw, start };
    match rest {
        [] => Ok((rest, tag)),
        [b';', rest @ ..] => Ok((rest, tag)),
        [octet, ..] => {
            Err(TagListError::BadOctet { name: shown(name), octet: *octet, at: at(rest) })
        }
    }
}

fn equals(input: &[u8]) -> Parsed<'_, &[u8]> {
    tag("=").parse(input)
}

/// A letter, then letters, digits and underscores: always ASCII.
fn tag_name(input: &[u8]) -> Parsed<'_, &str> {
    let first = take_while_m_n(1, 1, |octet: u8| octet.is_ascii_alphabetic());
    let others = take_while(|octet: u8| octet.is_ascii_alphanumeric() || octet == b'_');
    recognize((first, others)).map_res(std::str::from_utf8).parse(input)
}

/// The value and the white space on both its sides; both may be empty.
fn tag_value(input: &[u8]) -> Parsed<'_, &[u8]> {
    recognize(many0_count(alt((value((), take_while1(is_value_octet)), white_space)))).parse(input)
}

/// RFC 6376 §3.2: visible characters except `;`. RFC 8616 §5 adds UTF-8.
const fn is_value_octet(octet: u8) -> bool {
    matches!(octet, 0x21..=0x3a | 0x3c..=0x7e | 0x80..)
}

/// White space and folds, also none.
fn fws(input: &[u8]) -> Parsed<'_, ()> {
    value((), many0_count(white_space)).parse(input)
}

/// Blanks, or a line end with a blank behind it. More than one fold in a row is taken: lines of
/// nothing but white space are legal in a header (RFC 5322 §4.2, trap H8).
fn white_space(input: &[u8]) -> Parsed<'_, ()> {
    let blanks = take_while1(|octet| matches!(octet, b' ' | b'\t'));
    let fold = (opt(tag("\r")), tag("\n"), peek(alt((tag(" "), tag("\t")))));
    alt((value((), blanks), value((), fold))).parse(input)
}

fn skip_fws(input: &[u8]) -> &[u8] {
    fws(input).map_or(input, |(rest, ())| rest)
}

#[cfg(test)]
mod tests;
