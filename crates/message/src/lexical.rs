//! The tokens that structured fields are made of (RFC 5322 §3.2), with UTF-8 as RFC 6532 has it.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::combinator::value;
use nom::multi::many0;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// What a parser of octets yields.
pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T>;

/// An atom or a quoted string, with the white space and comments around it (RFC 5322 §3.2.5).
pub(crate) fn word(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    delimited(cfws, alt((quoted_string, atom.map(<[u8]>::to_vec))), cfws).parse(input)
}

/// RFC 5322 §3.2.3, with the octets above 0x7F that RFC 6532 §3.2 adds.
pub(crate) fn atom(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(|octet: u8| {
        octet.is_ascii_alphanumeric() || octet >= 0x80 || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
    })
    .parse(input)
}

/// The content of a quoted string, backslashes resolved, folds removed (RFC 5322 §3.2.4).
pub(crate) fn quoted_string(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    let plain = take_while1(|octet| !matches!(octet, b'"' | b'\\' | b'\r' | b'\n'));
    let part = alt((plain, quoted_pair, fold));
    let (rest, parts) = delimited(tag("\""), many0(part), tag("\"")).parse(input)?;
    Ok((rest, parts.concat()))
}

fn quoted_pair(input: &[u8]) -> Parsed<'_, &[u8]> {
    let one = |input| nom::bytes::complete::take(1usize).parse(input);
    preceded(tag("\\"), one).parse(input)
}

/// A fold inside a quoted string yields nothing: only the white space after it counts.
fn fold(input: &[u8]) -> Parsed<'_, &[u8]> {
    value(&b""[..], terminated(tag("\r\n"), nom::combinator::peek(alt((tag(" "), tag("\t"))))))
        .parse(input)
}

/// White space, folds and comments, any number of them, none included (RFC 5322 §3.2.2).
pub(crate) fn cfws(input: &[u8]) -> Parsed<'_, ()> {
    let space = value((), take_while1(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n')));
    value((), many0(alt((space, comment)))).parse(input)
}

/// A comment with all that is nested in it. Depth is a counter, not recursion: mail chooses how
/// deep it nests.
pub(crate) fn comment(input: &[u8]) -> Parsed<'_, ()> {
    let (mut rest, _) = tag("(").parse(input)?;
    let mut depth = 1_usize;
    while depth > 0 {
        rest = match rest {
            [b'\\', _, after @ ..] => after,
            [b'(', after @ ..] => {
                depth += 1;
                after
            }
            [b')', after @ ..] => {
                depth -= 1;
                after
            }
            [_, after @ ..] => after,
            [] => {
                let kind = nom::error::ErrorKind::Char;
                return Err(nom::Err::Error(nom::error::Error::new(input, kind)));
            }
        };
    }
    Ok((rest, ()))
}
