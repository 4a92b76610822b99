//! Single values for mail that arrives.

use super::choice;
use crate::settings::{Action, AuthservPattern, BodyCoverage};
use crate::wrong::Wrong;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// More signatures than this on one message are an attack, whoever asks for them.
const MAX_SIGNATURES: usize = 100;

/// The largest RSA key that anybody publishes, in bits.
const MAX_KEY_BITS: u16 = 16_384;

/// The port of DNS (RFC 1035 §4.2).
const DNS_PORT: u16 = 53;

/// The longest name that fields may speak in: that of a host, and some room.
const MAX_AUTHSERV_ID: usize = 255;

/// The units of sizes.
const UNITS: [(&str, u64); 3] = [("B", 1), ("KiB", 1024), ("MiB", 1024 * 1024)];

pub(crate) fn action(text: &str) -> Result<Action, Wrong> {
    choice(text, Action::ALL, Action::name)
}

pub(crate) fn maximum_signatures(text: &str) -> Result<usize, Wrong> {
    let number = plain(text).and_then(|number| usize::try_from(number).ok());
    number
        .filter(|&number| number <= MAX_SIGNATURES)
        .ok_or_else(|| Wrong::value(text, format!("a number up to {MAX_SIGNATURES}")))
}

/// How many bits; whether they are too few depends on who asks.
pub(crate) fn key_bits(text: &str) -> Result<u16, Wrong> {
    let number = plain(text).and_then(|number| u16::try_from(number).ok());
    number
        .filter(|&number| number <= MAX_KEY_BITS)
        .ok_or_else(|| Wrong::value(text, format!("a number of bits up to {MAX_KEY_BITS}")))
}

/// How much of a body: octets, per cent, or octets that may be left.
pub(crate) fn body_coverage(text: &str) -> Result<BodyCoverage, Wrong> {
    let share = |digits| plain(digits).and_then(|number| u8::try_from(number).ok());
    let read = match (text.strip_suffix('%'), text.strip_suffix('+')) {
        (Some(digits), _) => share(digits).filter(|&share| share <= 100).map(BodyCoverage::Percent),
        (None, Some(digits)) => plain(digits).map(BodyCoverage::Unsigned),
        (None, None) => plain(text).map(BodyCoverage::Octets),
    };
    let wanted = "octets that have to be signed, as 1000, a share of the body, as 50%, or octets \
                  that may be left unsigned, as 1000+";
    read.ok_or_else(|| Wrong::value(text, wanted))
}

/// A size names its unit.
pub(crate) fn octets(text: &str) -> Result<u64, Wrong> {
    let digits = text.trim_end_matches(|ch: char| !ch.is_ascii_digit());
    let unit = text.strip_prefix(digits).unwrap_or_default().trim_start();
    let of_unit = UNITS.iter().find(|(name, _)| *name == unit).map(|&(_, octets)| octets);
    let octets = plain(digits).zip(of_unit).and_then(|(number, unit)| number.checked_mul(unit));
    octets.ok_or_else(|| Wrong::value(text, "a whole number and its unit: 1000B, 64KiB or 1MiB"))
}

/// A name to write Authentication-Results in.
///
/// # Errors
/// [`Wrong`] when it has no letter and no digit, is too long, or has a control character in it.
pub fn authserv_id(text: &str) -> Result<String, Wrong> {
    let why = if !has_name(text) {
        "there is no letter and no digit in it"
    } else if text.len() > MAX_AUTHSERV_ID {
        "it has more than 255 octets"
    } else if text.contains(char::is_control) {
        "it has a control character in it"
    } else {
        return Ok(text.to_owned());
    };
    Err(Wrong::not(text, "name to speak in", why))
}

pub(crate) fn authserv_pattern(text: &str) -> Result<AuthservPattern, Wrong> {
    let name = text.strip_prefix('.').unwrap_or(text);
    let odd = |ch: char| ch.is_whitespace() || ch.is_control() || matches!(ch, '*' | '/' | ',');
    if !has_name(name) || name.contains(odd) {
        return Err(Wrong::value(text, "a host's name, or a domain with a dot in front"));
    }
    Ok(AuthservPattern(text.to_owned()))
}

/// Whether anything is left of it when names are compared. Fields in a name of which that is not
/// true could not be told from others.
fn has_name(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// An address, with a port behind it unless that is the usual one.
///
/// # Errors
/// [`Wrong`] when it is none.
pub fn name_server(text: &str) -> Result<SocketAddr, Wrong> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let address = text.parse::<IpAddr>().ok().or_else(|| bracketed().map(IpAddr::V6));
    let server = match address {
        Some(address) => Some(SocketAddr::new(address, DNS_PORT)),
        None => text.parse::<SocketAddr>().ok().filter(|server| server.port() != 0),
    };
    server.ok_or_else(|| {
        Wrong::value(text, "an address, with a port if it is not 53: 192.0.2.1:5353 or [::1]:5353")
    })
}

/// A number of digits alone.
fn plain(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::{
        authserv_id, authserv_pattern, body_coverage, key_bits, maximum_signatures, name_server,
        octets,
    };
    use crate::settings::BodyCoverage;

    #[test]
    fn a_part_of_a_body_is_octets_or_a_share_or_what_may_be_left() {
        for (text, want) in [
            ("0", BodyCoverage::Octets(0)),
            ("1000", BodyCoverage::Octets(1000)),
            ("0%", BodyCoverage::Percent(0)),
            ("100%", BodyCoverage::Percent(100)),
            ("0+", BodyCoverage::Unsigned(0)),
            ("5+", BodyCoverage::Unsigned(5)),
        ] {
            assert_eq!(body_coverage(text).unwrap(), want, "{text:?}");
        }
        for text in ["", "%", "+", "101%", "-1", "+1", "1 %", "5+%", "1k", "99999999999999999999"] {
            assert!(body_coverage(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sizes_need_their_unit() {
        for (text, want) in [("0B", 0), ("65536 B", 65536), ("64KiB", 65536), ("1MiB", 1 << 20)] {
            assert_eq!(octets(text).unwrap(), want, "{text:?}");
        }
        for text in ["", "1", "B", "1KB", "1k", "-1B", "1.5MiB", "18446744073709551615KiB"] {
            assert!(octets(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_server_is_an_address_with_or_without_its_port() {
        for (text, want) in [
            ("192.0.2.1", "192.0.2.1:53"),
            ("192.0.2.1:5353", "192.0.2.1:5353"),
            ("::1", "[::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[2001:db8::1]:5353", "[2001:db8::1]:5353"),
        ] {
            assert_eq!(name_server(text).unwrap().to_string(), want, "{text:?}");
        }
        for text in ["", "localhost", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "[::1", "[]"]
        {
            assert!(name_server(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn numbers_have_their_limits() {
        assert_eq!(
            (maximum_signatures("0").unwrap(), maximum_signatures("100").unwrap()),
            (0, 100)
        );
        assert_eq!((key_bits("0").unwrap(), key_bits("16384").unwrap()), (0, 16_384));
        for text in ["", "101", "+1", "-1", "ten"] {
            assert!(maximum_signatures(text).is_err(), "{text:?}");
        }
        for text in ["", "16385", "65536", "+1", "2048 bits"] {
            assert!(key_bits(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_to_speak_in_may_be_anything_that_can_be_written() {
        let longest = "a".repeat(255);
        for text in ["mx.example.com", "a b", "m\u{fc}ller", "\"x\"", &longest] {
            assert_eq!(authserv_id(text).unwrap(), text);
        }
        for text in ["", "...", "\"\"", "a\nb", "a\u{7f}", &format!("{longest}a")] {
            assert!(authserv_id(text).is_err(), "{text:?}");
        }
        for text in [".Example.com", "mx", "b\u{fc}cher.example"] {
            assert_eq!(authserv_pattern(text).unwrap().as_str(), text);
        }
        for text in ["", ".", "..", "*.example.com", "a b", "mx/1", "a,b"] {
            assert!(authserv_pattern(text).is_err(), "{text:?}");
        }
    }
}
