//! The grammar of Authentication-Results (RFC 8601 §2.2), and what the world has made of it.
//!
//! Beyond the standard, because providers write so: no authserv-id (trap A6), a job id behind it
//! without quotes, values of any characters without quotes, properties without a type
//! (`action=none`), nothing behind the last semicolon.

use crate::lexical::{Parsed, cfws, comment, quoted_string};
use crate::results::{MAX_PARTS, MethodResult, Part, Property, Results};
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while1};
use nom::combinator::{eof, map_opt, opt, peek, recognize, value};
use nom::multi::many0;
use nom::sequence::{delimited, preceded, terminated};

/// The field cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadResults {
    /// It does not follow the grammar.
    #[error("byte {at}: not a list of results")]
    Syntax {
        /// Where the text that cannot be read begins, in octets from the start of the value.
        at: usize,
    },
    /// It holds more than anybody has to say.
    #[error("it has more than {MAX_PARTS} results and properties")]
    TooMany,
}

impl Results {
    /// Reads the value of an Authentication-Results field.
    ///
    /// Octets that are no UTF-8 become replacement characters. Comments are kept where they follow
    /// a result, and passed over elsewhere.
    ///
    /// # Errors
    /// [`BadResults`], with the place where reading stopped.
    pub fn parse(value: &[u8]) -> Result<Self, BadResults> {
        let (mut rest, (authserv_id, version)) = head(value).map_err(|error| at(value, &error))?;
        // Used up by the first one too many.
        let mut room = MAX_PARTS + 1;
        let mut results = Vec::new();
        while !rest.is_empty() {
            let (after, one) = place(rest, &mut room).map_err(|error| at(value, &error))?;
            if room == 0 {
                return Err(BadResults::TooMany);
            }
            results.extend(one);
            rest = after;
        }
        Ok(Self { authserv_id, version, results })
    }
}

/// Where reading stopped.
fn at(value: &[u8], error: &nom::Err<nom::error::Error<&[u8]>>) -> BadResults {
    let rest = match error {
        nom::Err::Error(error) | nom::Err::Failure(error) => error.input.len(),
        nom::Err::Incomplete(_) => 0,
    };
    BadResults::Syntax { at: value.len() - rest }
}

/// Authserv-id and version, up to the first semicolon; nothing where a result comes first.
fn head(input: &[u8]) -> Parsed<'_, (Option<String>, Option<u32>)> {
    let nobody = value((None, None), peek(preceded(cfws, method)));
    let bare = take_while1(|octet| is_token(octet) || octet == b'/').map(text);
    let id = delimited(cfws, alt((quoted_string.map(|id| text(&id)), bare)), cfws);
    let named = (id.map(Some), opt(terminated(number, cfws)));
    alt((nobody, terminated(named, end))).parse(input)
}

/// What stands between two semicolons, the first one included where there is one.
fn place<'a>(input: &'a [u8], room: &mut usize) -> Parsed<'a, Option<MethodResult>> {
    *room = room.saturating_sub(1);
    let (input, _) = (opt(tag(";")), cfws).parse(input)?;
    if let Ok((rest, _)) = terminated(opt((tag_no_case("none"), cfws)), end).parse(input) {
        return Ok((rest, None));
    }
    let (mut rest, mut result) = method(input)?;
    loop {
        let (after, _) = blanks(rest)?;
        if *room == 0 || end(after).is_ok() {
            return Ok((after, Some(result)));
        }
        let (after, part) = part(after)?;
        *room -= 1;
        result.parts.push(part);
        rest = after;
    }
}

/// The end of a place: a semicolon, or nothing more.
fn end(input: &[u8]) -> Parsed<'_, &[u8]> {
    peek(alt((tag(";"), eof))).parse(input)
}

/// `dkim/1 = pass`
fn method(input: &[u8]) -> Parsed<'_, MethodResult> {
    let version = opt(preceded((cfws, tag("/"), cfws), number));
    let (rest, (method, version, _, result)) =
        (keyword, version, (cfws, tag("="), cfws), keyword).parse(input)?;
    Ok((rest, MethodResult { method, version, result, parts: Vec::new() }))
}

fn part(input: &[u8]) -> Parsed<'_, Part> {
    alt((recognize(comment).map(|comment| Part::Comment(unescaped(comment))), property))
        .parse(input)
}

/// `header.d=example.com`, `reason="no key"`, `action=none`
fn property(input: &[u8]) -> Parsed<'_, Part> {
    let kind = terminated(keyword, (cfws, tag("."), cfws));
    let (rest, (kind, name, _, value)) =
        (opt(kind), keyword, (cfws, tag("="), cfws), pvalue).parse(input)?;
    let part = match kind {
        None if name.eq_ignore_ascii_case("reason") => Part::Reason(value),
        kind => Part::Property(Property { kind: kind.unwrap_or_default(), name, value }),
    };
    Ok((rest, part))
}

/// A value, quoted, bare, or an address of which one part is quoted; it may be empty.
fn pvalue(input: &[u8]) -> Parsed<'_, String> {
    let bare = take_while1(|octet: u8| {
        octet >= 0x80 || (octet.is_ascii_graphic() && !b";()\"\\".contains(&octet))
    });
    let piece = alt((quoted_string, bare.map(<[u8]>::to_vec)));
    many0(piece).map(|pieces| text(&pieces.concat())).parse(input)
}

/// RFC 8601 §2.2: letters, digits and hyphens; the underscore is seen too.
fn keyword(input: &[u8]) -> Parsed<'_, String> {
    take_while1(|octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
        .map(text)
        .parse(input)
}

fn number(input: &[u8]) -> Parsed<'_, u32> {
    map_opt(take_while1(|octet: u8| octet.is_ascii_digit()), |digits| text(digits).parse().ok())
        .parse(input)
}

fn blanks(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(|octet: u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n')).parse(input)
}

/// RFC 2045 §5.1, with the octets above 0x7F that RFC 6532 §3.1 adds.
fn is_token(octet: u8) -> bool {
    octet >= 0x80 || (octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet))
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// What a comment says: without the parentheses around it, backslashes and folds; a fold and the
/// blank behind it are one blank.
fn unescaped(comment: &[u8]) -> String {
    let mut rest = comment.get(1..comment.len().saturating_sub(1)).unwrap_or_default();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&first, after)) = rest.split_first() {
        let (octet, after) = match (first, after) {
            (b'\\', [escaped, after @ ..]) => (*escaped, after),
            (b'\r', [b'\n', b' ' | b'\t', after @ ..]) | (b'\n', [b' ' | b'\t', after @ ..]) => {
                (b' ', after)
            }
            _ => (first, after),
        };
        out.push(octet);
        rest = after;
    }
    text(&out)
}

#[cfg(test)]
mod tests;
