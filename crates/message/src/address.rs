//! The address that a From or Sender field names.

use crate::domain::Domain;
use crate::lexical::{Parsed, atom, cfws, word};
use crate::text::shown;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while};
use nom::combinator::{all_consuming, opt, recognize, value};
use nom::multi::{many0, many1, separated_list1};
use nom::sequence::delimited;

/// A mailbox: a local part and a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    local: Box<[u8]>,
    domain: Domain,
}

/// No address can be read from the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAddress {
    /// The field does not follow the grammar (RFC 5322 §3.4).
    #[error("byte {at}: not an address list")]
    Syntax {
        /// Where the text that cannot be read begins, in octets from the start of the value.
        at: usize,
    },
    /// The field holds a group without members (RFC 6854 §2.1), or nothing.
    #[error("it names no mailbox")]
    Empty,
    /// What follows the at sign is no domain name.
    #[error(transparent)]
    Domain(#[from] crate::domain::BadDomain),
}

impl Mailbox {
    /// The first mailbox in the value of a From or Sender field.
    ///
    /// The whole value has to be an address list, in the form of RFC 5322 §3.4 or the obsolete one
    /// of RFC 5322 §4.4, with UTF-8 as RFC 6532 has it: a signature must not vouch for an author
    /// that other programs may read differently.
    ///
    /// # Errors
    /// [`BadAddress`], with the place where reading stopped.
    pub fn first(value: &[u8]) -> Result<Self, BadAddress> {
        match all_consuming(address_list).parse(value) {
            Ok((_, mut found)) if !found.is_empty() => found.swap_remove(0).resolve(),
            Ok(_) => Err(BadAddress::Empty),
            Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
                Err(BadAddress::Syntax { at: value.len() - error.input.len() })
            }
            Err(nom::Err::Incomplete(_)) => Err(BadAddress::Syntax { at: value.len() }),
        }
    }

    /// The local part, unquoted: its octets, of any value (RFC 6532 §3.2).
    #[must_use]
    pub fn local(&self) -> &[u8] {
        &self.local
    }

    /// The domain.
    #[must_use]
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }
}

impl std::fmt::Display for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", shown(&String::from_utf8_lossy(&self.local)), self.domain)
    }
}

/// What the grammar yields, before the domain is looked at.
#[derive(Clone)]
struct AddrSpec {
    local: Vec<u8>,
    domain: Vec<u8>,
}

impl AddrSpec {
    fn resolve(self) -> Result<Mailbox, BadAddress> {
        let domain = Domain::parse(&String::from_utf8_lossy(&self.domain))?;
        Ok(Mailbox { local: self.local.into(), domain })
    }
}

/// Addresses and commas; RFC 5322 §4.4 allows empty places between commas.
fn address_list(input: &[u8]) -> Parsed<'_, Vec<AddrSpec>> {
    let place = alt((address, value(Vec::new(), cfws)));
    let (rest, places) = separated_list1(tag(","), place).parse(input)?;
    Ok((rest, places.into_iter().flatten().collect()))
}

fn address(input: &[u8]) -> Parsed<'_, Vec<AddrSpec>> {
    alt((mailbox.map(|one| vec![one]), group)).parse(input)
}

/// RFC 5322 §3.4, allowed in From by RFC 6854 §2.1.
fn group(input: &[u8]) -> Parsed<'_, Vec<AddrSpec>> {
    let member = alt((mailbox.map(Some), value(None, cfws)));
    let members = separated_list1(tag(","), member);
    let (rest, found) =
        delimited((phrase, tag(":")), members, (cfws, tag(";"), cfws)).parse(input)?;
    Ok((rest, found.into_iter().flatten().collect()))
}

fn mailbox(input: &[u8]) -> Parsed<'_, AddrSpec> {
    alt((name_addr, addr_spec)).parse(input)
}

fn name_addr(input: &[u8]) -> Parsed<'_, AddrSpec> {
    let route = (many1((cfws, opt(tag(",")), cfws, tag("@"), domain)), tag(":"));
    delimited((opt(phrase), cfws, tag("<"), opt(route)), addr_spec, (tag(">"), cfws)).parse(input)
}

fn addr_spec(input: &[u8]) -> Parsed<'_, AddrSpec> {
    let (rest, (local, _, domain)) = (local_part, tag("@"), domain).parse(input)?;
    Ok((rest, AddrSpec { local, domain }))
}

/// Words and dots; white space and comments around each are no part of it (RFC 5322 §4.4).
fn local_part(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    let (rest, words) = separated_list1(tag("."), word).parse(input)?;
    Ok((rest, words.join(&b'.')))
}

fn domain(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    let literal = delimited(cfws, recognize((tag("["), take_while(|o| o != b']'), tag("]"))), cfws);
    let names =
        separated_list1(tag("."), delimited(cfws, atom, cfws)).map(|names| names.join(&b'.'));
    alt((literal.map(<[u8]>::to_vec), names)).parse(input)
}

/// A display name. RFC 5322 §4.1 lets dots stand in it.
fn phrase(input: &[u8]) -> Parsed<'_, ()> {
    value((), (word, many0(alt((value((), word), value((), (tag("."), cfws))))))).parse(input)
}

#[cfg(test)]
mod tests {
    use super::{BadAddress, Mailbox};

    #[test]
    fn the_first_mailbox_is_found_in_every_form() {
        for (value, want) in [
            (&b" joe@football.example.com"[..], "joe@football.example.com"),
            (b"Joe SixPack <joe@Example.COM>", "joe@example.com"),
            (b"<joe@example.com>", "joe@example.com"),
            (b" \"Joe \\\"Q\\\" , <x@y>\" <joe@example.com>", "joe@example.com"),
            (b"Joe Q. Public <joe@example.com>", "joe@example.com"),
            (b"(c (nested \\) ) ) joe (c) @ (c) example . com (c)", "joe@example.com"),
            (b"\r\n joe@example.com\r\n (a\r\n b)", "joe@example.com"),
            (b"\"joe doe\"@example.com", "joe doe@example.com"),
            (b"first.\"se cond\"@example.com", "first.se cond@example.com"),
            (b"<@relay.example,@b.example:joe@example.com>", "joe@example.com"),
            (b"a@example.com, b@example.net", "a@example.com"),
            (b" , ,a@example.com,", "a@example.com"),
            (b"Team: a@example.com, b@example.net;", "a@example.com"),
            (b"=?utf-8?q?J=C3=BCrgen?= <j@example.com>", "j@example.com"),
            ("Jürgen <jürgen@bücher.example>".as_bytes(), "jürgen@xn--bcher-kva.example"),
            (b"Ren\xe9 <rene@example.com>", "rene@example.com"),
            (b"\"a\r\n b\" <a@example.com>", "a@example.com"),
        ] {
            let mailbox = Mailbox::first(value).map(|mailbox| mailbox.to_string());
            assert_eq!(mailbox.as_deref(), Ok(want), "{:?}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn what_is_no_address_list_is_refused() {
        for value in [
            &b"joe"[..],
            b"joe@",
            b"@example.com",
            b"joe@example.com and more",
            b"joe@example.com joe@example.net",
            b"<joe@example.com",
            b"joe@example.com>",
            b"a (unclosed joe@example.com",
            b"\"unclosed joe@example.com",
            b"a@example.com, b",
            b"joe@[192.0.2.1]",
            b"joe@exa_mple..com",
            b"joe\x00@example.com",
        ] {
            assert!(Mailbox::first(value).is_err(), "{:?}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn a_field_without_a_mailbox_says_so() {
        for value in [&b""[..], b"  ", b"undisclosed-recipients:;", b"(only a comment)"] {
            assert_eq!(Mailbox::first(value), Err(BadAddress::Empty), "{value:?}");
        }
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let mut value = vec![b'('; 1_000_000];
        assert!(Mailbox::first(&value).is_err());
        value.extend(vec![b')'; 1_000_000]);
        value.extend(b"a@example.com");
        assert_eq!(Mailbox::first(&value).unwrap().to_string(), "a@example.com");
    }

    #[test]
    fn control_characters_do_not_reach_the_log() {
        let mailbox = Mailbox::first(b"\"a\\\nb\"@example.com").unwrap();
        assert_eq!(mailbox.to_string(), "a\\nb@example.com");
    }
}
