//! The grammar of SPF records (RFC 7208 §12). Nothing is evaluated: only what is written there can
//! be wrong.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use twinseal_message::text::shown;

/// More terms that ask DNS make the record fail (RFC 7208 §4.6.4).
pub(super) const MAX_LOOKUPS: usize = 10;

/// What a record that can be read says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Spf {
    /// How many of its own terms ask DNS; what they include is not counted.
    pub(super) lookups: usize,
    /// Whether every host on earth passes.
    pub(super) passes_all: bool,
}

/// Whether a TXT record is one of SPF, however broken (RFC 7208 §4.5).
pub(super) fn is_one(text: &[u8]) -> bool {
    let version = b"v=spf1";
    let begins = text.get(..version.len()).is_some_and(|start| start.eq_ignore_ascii_case(version));
    begins && matches!(text.get(version.len()), None | Some(b' '))
}

/// Reads a record, its version included.
///
/// # Errors
/// The term that is wrong, and why, in words.
pub(super) fn parse(text: &[u8]) -> Result<Spf, String> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii());
    let text = text.ok_or("it holds characters that are not ASCII")?;
    let mut spf = Spf::default();
    let (mut redirects, mut explanations) = (0, 0);
    for term in text.split(' ').skip(1).filter(|term| !term.is_empty()) {
        let wrong = |why: &str| format!("{}: {why}", shown(term));
        match modifier(term) {
            Some((name, value)) => {
                macros(value).map_err(wrong)?;
                if name.eq_ignore_ascii_case("redirect") {
                    redirects += 1;
                    spf.lookups += 1;
                } else if name.eq_ignore_ascii_case("exp") {
                    explanations += 1;
                }
                if redirects > 1 || explanations > 1 {
                    return Err(wrong("it stands there twice (RFC 7208 §6)"));
                }
            }
            None => mechanism(term, &mut spf).map_err(wrong)?,
        }
    }
    Ok(spf)
}

/// RFC 7208 §12: a name, an equals sign; a mechanism has a colon or a slash before any of those.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic());
    let rest = letters.all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '.'));
    (begins && rest).then_some((name, value))
}

fn mechanism(term: &str, spf: &mut Spf) -> Result<(), &'static str> {
    let bare = term.strip_prefix(['+', '-', '?', '~']).unwrap_or(term);
    let end = bare.find([':', '/']).unwrap_or(bare.len());
    let (name, rest) = bare.split_at_checked(end).unwrap_or((bare, ""));
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "all" if rest.is_empty() => {
            spf.passes_all |= !term.starts_with(['-', '?', '~']);
            Ok(())
        }
        "all" => Err("nothing stands behind all"),
        "include" | "exists" => {
            spf.lookups += 1;
            let domain = rest.strip_prefix(':').filter(|domain| !domain.is_empty());
            macros(domain.ok_or("it needs a colon and a domain")?)
        }
        "a" | "mx" => {
            spf.lookups += 1;
            let rest = sizes(rest)?;
            rest.strip_prefix(':').map_or(Ok(()), named).and(empty_or_named(rest))
        }
        "ptr" => {
            spf.lookups += 1;
            rest.strip_prefix(':').map_or(Ok(()), named).and(empty_or_named(rest))
        }
        "ip4" => network::<Ipv4Addr>(rest, 32),
        "ip6" => network::<Ipv6Addr>(rest, 128),
        _ => Err("there is no such mechanism: all, include, a, mx, ptr, ip4, ip6, exists"),
    }
}

fn named(domain: &str) -> Result<(), &'static str> {
    if domain.is_empty() { Err("a domain is missing behind the colon") } else { macros(domain) }
}

fn empty_or_named(rest: &str) -> Result<(), &'static str> {
    if rest.is_empty() || rest.starts_with(':') { Ok(()) } else { Err("a colon is missing") }
}

/// Takes the sizes of networks off the end: `/24`, `//64`, or both.
fn sizes(rest: &str) -> Result<&str, &'static str> {
    let Some(at) = rest.find('/') else { return Ok(rest) };
    let (before, sizes) = rest.split_at_checked(at).unwrap_or((rest, ""));
    let (four, six) = match sizes.split_once("//") {
        Some((four, six)) => (four.strip_prefix('/').unwrap_or(four), Some(six)),
        None => (sizes.strip_prefix('/').unwrap_or(sizes), None),
    };
    let in_range = |text: &str, most: u8| text.parse::<u8>().is_ok_and(|size| size <= most);
    let four_is_right = four.is_empty() && six.is_some() || in_range(four, 32);
    if four_is_right && six.is_none_or(|six| in_range(six, 128)) {
        Ok(before)
    } else {
        Err("the size of a network is 0 to 32, and behind // 0 to 128")
    }
}

fn network<A: FromStr>(rest: &str, most: u8) -> Result<(), &'static str> {
    let text = rest.strip_prefix(':').ok_or("it needs a colon and an address")?;
    let (address, size) = text.split_once('/').map_or((text, None), |(a, s)| (a, Some(s)));
    let size_is_right = size.is_none_or(|size| size.parse::<u8>().is_ok_and(|size| size <= most));
    match (address.parse::<A>(), size_is_right) {
        (Ok(_), true) => Ok(()),
        (Ok(_), false) => Err("the size of the network is too large, or no number"),
        (Err(_), _) => Err("that is no address of this kind"),
    }
}

/// RFC 7208 §7.1: what a percent sign may begin.
fn macros(text: &str) -> Result<(), &'static str> {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('%') {
        rest = match behind.chars().next() {
            Some('%' | '_' | '-') => behind.get(1..).unwrap_or_default(),
            Some('{') => {
                let (inside, behind) = behind.split_once('}').ok_or("a macro is not closed")?;
                let mut inside = inside.chars().skip(1);
                let letter =
                    inside.next().is_some_and(|ch| "slodiphcrtv".contains(ch.to_ascii_lowercase()));
                let rest_is_right =
                    inside.all(|ch| ch.is_ascii_digit() || "r.-+,/_=R".contains(ch));
                if !letter || !rest_is_right {
                    return Err("there is no such macro");
                }
                behind
            }
            _ => return Err("a percent sign begins no macro"),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Spf, is_one, parse};

    #[test]
    fn records_of_every_mechanism_are_read() {
        for (text, lookups, passes_all) in [
            ("v=spf1", 0, false),
            ("V=SPF1 -all", 0, false),
            ("v=spf1 mx ~all", 1, false),
            ("v=spf1 a mx/24 a:mail.example.com/28//64 mx//120 ?all", 4, false),
            ("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.example.net -all", 1, false),
            ("v=spf1 exists:%{ir}.sbl.example.org ptr ptr:example.com all", 3, true),
            ("v=spf1 redirect=_spf.%{d2} exp=explain._spf.%{d} x-unknown=%%", 1, false),
            ("v=spf1 +all", 0, true),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(Spf { lookups, passes_all }), "{text}");
        }
    }

    #[test]
    fn the_term_that_is_wrong_is_named() {
        for (text, why) in [
            ("v=spf1 ip4:192.0.2.300 -all", "ip4:192.0.2.300: that is no address"),
            ("v=spf1 ip4:192.0.2.0/33", "too large"),
            ("v=spf1 ip4 -all", "needs a colon"),
            ("v=spf1 include -all", "needs a colon and a domain"),
            ("v=spf1 -all:example.com", "nothing stands behind all"),
            ("v=spf1 a: ~all", "a domain is missing"),
            ("v=spf1 a/33", "0 to 32"),
            ("v=spf1 mx//129", "0 to 128"),
            ("v=spf1 ipv4:192.0.2.1 -all", "ipv4:192.0.2.1: there is no such mechanism"),
            ("v=spf1 exists:%{z}.example.com", "no such macro"),
            ("v=spf1 exists:%{d.example.com", "not closed"),
            ("v=spf1 exists:100%.example.com", "begins no macro"),
            ("v=spf1 redirect=a.example redirect=b.example", "twice"),
            ("v=spf1 mx \u{2014}all", "not ASCII"),
        ] {
            let found = parse(text.as_bytes()).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }

    #[test]
    fn only_what_begins_with_the_version_is_a_record_of_spf() {
        for (text, want) in [
            ("v=spf1", true),
            ("v=spf1 a", true),
            ("v=SPF1 a", true),
            ("v=spf10 a", false),
            ("v=spf1;a", false),
            ("spf2.0/pra", false),
            ("", false),
        ] {
            assert_eq!(is_one(text.as_bytes()), want, "{text}");
        }
    }
}
