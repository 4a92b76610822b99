//! Single values: from text to a type that nothing has to check again.

mod life;
mod verify;

use crate::settings::{
    Algorithm, Facility, Forecast, HttpSocket, LogFormat, LogTo, MacroTest, Mode, Sandbox, User,
};
use crate::wrong::{Quoted, Wrong};
use std::path::PathBuf;
use std::time::Duration;
use twinseal_canon::domainkeys;
use twinseal_dkim::adsp::Practice;
use twinseal_dkim::{Canonicalization, Identity};
use twinseal_message::{Domain, FieldName, Mailbox, Selector};

pub(crate) use life::{level, restart_count, restart_rate};
pub(crate) use verify::{
    action, authserv_pattern, body_coverage, key_bits, maximum_signatures, octets,
};
pub use verify::{authserv_id, name_server};

/// The permission bits that a umask can take away.
const UMASK_BITS: u32 = 0o777;

/// The most connections that can be asked for: more descriptors than Linux gives a process without
/// being told so by its own configuration (`fs.nr_open`) are a mistake.
const MAX_CONNECTIONS: usize = 1_000_000;

/// The longest name that syslog files a log under: what its headers have room for (RFC 3164 §4.1.3).
const MAX_SYSLOG_NAME: usize = 32;

/// The words for yes, then those for no, as YAML knows them.
const SWITCH: [(&[&str], bool); 2] =
    [(&["true", "yes", "on"], true), (&["false", "no", "off"], false)];

/// The units of time and their length in seconds.
const UNITS: [(&str, u64); 5] =
    [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60), ("w", 7 * 24 * 60 * 60)];

pub(crate) fn switch(text: &str) -> Result<bool, Wrong> {
    let of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let known = SWITCH.iter().find(|(words, _)| of(words));
    known.map(|&(_, on)| on).ok_or_else(|| Wrong::value(text, "yes or no, on or off"))
}

/// A umask is octal whether it begins with a zero or not: nobody who writes 22 means 026.
pub(crate) fn umask(text: &str) -> Result<u32, Wrong> {
    octal(text, "octal digits from 000 to 777, such as \"007\"")
}

pub(crate) fn permissions(text: &str) -> Result<u32, Wrong> {
    octal(text, "octal digits from 000 to 777, such as \"660\"")
}

fn octal(text: &str, wanted: &str) -> Result<u32, Wrong> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let octal = digits.bytes().all(|octet| matches!(octet, b'0'..=b'7'));
    let bits = u32::from_str_radix(digits, 8).ok().filter(|&bits| octal && bits <= UMASK_BITS);
    bits.ok_or_else(|| Wrong::value(text, wanted))
}

/// A duration names its unit: 14 of what, nobody remembers.
pub(crate) fn duration(text: &str) -> Result<Duration, Wrong> {
    let wanted = "a whole number above 0 and its unit: 90s, 30m, 12h, 14d or 2w";
    span(text).filter(|span| !span.is_zero()).ok_or_else(|| Wrong::value(text, wanted))
}

/// The same, which may be nothing.
pub(crate) fn duration_or_none(text: &str) -> Result<Duration, Wrong> {
    span(text)
        .ok_or_else(|| Wrong::value(text, "a whole number and its unit: 90s, 30m, 12h, 14d or 2w"))
}

fn span(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|ch: char| !ch.is_ascii_digit());
    let unit = text.strip_prefix(digits).unwrap_or_default().trim_start();
    let &(_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let plain = digits.bytes().all(|octet| octet.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| plain)?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// Letters in any order, however often.
pub(crate) fn mode(text: &str) -> Result<Mode, Wrong> {
    let known = text.chars().all(|letter| matches!(letter, 's' | 'v'));
    match (known, text.contains('s'), text.contains('v')) {
        (true, true, true) => Ok(Mode::Both),
        (true, true, false) => Ok(Mode::Sign),
        (true, false, true) => Ok(Mode::Verify),
        _ => Err(Wrong::value(text, "s (sign), v (verify) or sv")),
    }
}

pub(crate) fn user(text: &str) -> Result<User, Wrong> {
    let (name, group) =
        text.split_once(':').map_or((text, None), |(name, group)| (name, Some(group)));
    let legal = |word: &str| {
        let odd = |ch: char| ch.is_whitespace() || ch.is_control() || matches!(ch, ':' | '/');
        !word.is_empty() && !word.contains(odd)
    };
    if !legal(name) || !group.is_none_or(legal) {
        return Err(Wrong::value(text, "a user, or a user and a group as in twinseal:postfix"));
    }
    Ok(User { name: name.to_owned(), group: group.map(ToOwned::to_owned) })
}

pub(crate) fn group(text: &str) -> Result<String, Wrong> {
    match user(text) {
        Ok(User { name, group: None }) => Ok(name),
        _ => Err(Wrong::value(text, "a group, by name or by number")),
    }
}

pub(crate) fn connections(text: &str) -> Result<usize, Wrong> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit());
    let number = text.parse().ok().filter(|number| plain && (1..=MAX_CONNECTIONS).contains(number));
    number.ok_or_else(|| Wrong::value(text, format!("a number from 1 to {MAX_CONNECTIONS}")))
}

pub(crate) fn metrics_socket(text: &str) -> Result<HttpSocket, Wrong> {
    HttpSocket::parse(text)
}

pub(crate) fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() || text.contains('\0') {
        return Err(Wrong::value(text, "the path of a file"));
    }
    Ok(PathBuf::from(text))
}

pub(crate) fn domain(text: &str) -> Result<Domain, Wrong> {
    Domain::parse(text).map_err(|bad| Wrong::not(text, "domain name", bad.why))
}

pub(crate) fn selector(text: &str) -> Result<Selector, Wrong> {
    Selector::parse(text).map_err(|bad| Wrong::not(text, "selector", bad.why))
}

pub(crate) fn field_name(text: &str) -> Result<FieldName, Wrong> {
    let why = "it has to be printable ASCII without a space, a colon or a semicolon";
    FieldName::parse(text).map_err(|_| Wrong::not(text, "header field name", why))
}

pub(crate) fn identity(text: &str) -> Result<Identity, Wrong> {
    Identity::parse(text).map_err(|_| Wrong::value(text, "@example.com or user@example.com"))
}

pub(crate) fn dkim_canonicalization(text: &str) -> Result<Canonicalization, Wrong> {
    Canonicalization::parse(text).map_err(|_| {
        let both = Canonicalization::ALL.map(|known| known.to_string());
        Wrong::value(text, format!("{}, simple, relaxed", both.join(", ")))
    })
}

pub(crate) fn domainkeys_canonicalization(
    text: &str,
) -> Result<domainkeys::Canonicalization, Wrong> {
    domainkeys::Canonicalization::parse(text).map_err(|_| {
        let wanted = domainkeys::Canonicalization::ALL.map(domainkeys::Canonicalization::name);
        Wrong::value(text, wanted.join(", "))
    })
}

/// The name that an MTA has for one of its daemons.
pub(crate) fn daemon_name(text: &str) -> Result<String, Wrong> {
    let name = text.trim();
    if name.is_empty() || name.contains(char::is_control) {
        return Err(Wrong::value(text, "the name of a daemon, as the MTA has it"));
    }
    Ok(name.to_owned())
}

/// The name of a macro, without braces.
pub(crate) fn macro_name(text: &str) -> Result<String, Wrong> {
    let test = MacroTest::parse(text).map_err(|_| Wrong::value(text, "the name of a macro"))?;
    Ok(test.name().to_owned())
}

/// RFC 3164 §4.1.3: letters and digits, and what else is printable in a word.
pub(crate) fn syslog_name(text: &str) -> Result<String, Wrong> {
    let plain = |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b'[' | b']' | b':');
    if text.is_empty() || text.len() > MAX_SYSLOG_NAME || !text.bytes().all(plain) {
        return Err(Wrong::value(text, "a word of at most 32 characters"));
    }
    Ok(text.to_owned())
}

pub(crate) fn algorithm(text: &str) -> Result<Algorithm, Wrong> {
    let known = [
        ("rsa-sha256", Algorithm::OfKey),
        ("rsa-sha1", Algorithm::RsaSha1),
        ("ed25519-sha256", Algorithm::OfKey),
    ];
    let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found
        .map(|&(_, one)| one)
        .ok_or_else(|| Wrong::value(text, "rsa-sha256, rsa-sha1, ed25519-sha256"))
}

/// A number of seconds, as getopt's programs have it.
pub(crate) fn seconds(text: &str) -> Result<u64, Wrong> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit());
    let number = text.parse().ok().filter(|_| plain);
    number.ok_or_else(|| Wrong::value(text, "a whole number of seconds"))
}

pub(crate) fn log_to(text: &str) -> Result<LogTo, Wrong> {
    choice(text, LogTo::ALL, LogTo::name)
}

pub(crate) fn forecast(text: &str) -> Result<Forecast, Wrong> {
    choice(text, Forecast::ALL, Forecast::name)
}

pub(crate) fn sandbox(text: &str) -> Result<Sandbox, Wrong> {
    choice(text, Sandbox::ALL, Sandbox::name)
}

pub(crate) fn log_format(text: &str) -> Result<LogFormat, Wrong> {
    choice(text, LogFormat::ALL, LogFormat::name)
}

pub(crate) fn facility(text: &str) -> Result<Facility, Wrong> {
    // As syslog.h has it.
    let name = if text == "security" { "auth" } else { text };
    choice(name, Facility::ALL, Facility::name)
}

pub(crate) fn practice(text: &str) -> Result<Practice, Wrong> {
    Practice::parse(&text.to_ascii_lowercase())
        .map_err(|_| Wrong::value(text, "unknown, all, discardable"))
}

/// One of a few, by its name.
/// An address, without a name and without anything else.
pub(crate) fn address(text: &str) -> Result<Mailbox, Wrong> {
    let plain = !text.contains(|ch: char| ch.is_whitespace() || matches!(ch, '<' | ',' | ';'));
    let read = Mailbox::first(text.as_bytes()).ok().filter(|_| plain);
    read.ok_or_else(|| Wrong::value(text, "an address, such as postmaster@example.com"))
}

/// A whole number.
pub(crate) fn number(text: &str) -> Result<u64, Wrong> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| Wrong::value(text, "a whole number"))
}

/// The same on a command line, where it is a mistake of that.
pub(crate) fn typed_number(text: &str) -> Result<u64, Wrong> {
    number(text).map_err(|_| Wrong::NotNumber { found: Quoted::new(text) })
}

/// One of those words.
pub(crate) fn word(text: &str, words: &[&'static str]) -> Result<&'static str, Wrong> {
    choice(text, words, |word| word)
}

fn choice<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, Wrong> {
    let known = all.iter().find(|&&known| name(known).eq_ignore_ascii_case(text));
    known.copied().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|&known| name(known)).collect();
        Wrong::value(text, names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::{connections, duration, group, mode, switch, umask, user};
    use crate::settings::Mode;
    use std::time::Duration;

    #[test]
    fn durations_need_their_unit() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1800), ("12h", 43200), ("14d", 1_209_600), ("2 w", 1_209_600)]
        {
            assert_eq!(duration(text).unwrap(), Duration::from_secs(seconds), "{text:?}");
        }
        for text in ["", "14", "0d", "d", "-1d", "+1d", "1.5h", "14 days", "99999999999999999999d"]
        {
            assert!(duration(text).is_err(), "{text:?}");
        }
        assert!(duration("18446744073709551615w").is_err());
    }

    #[test]
    fn connections_are_a_plain_number_above_0() {
        assert_eq!(connections("1").unwrap(), 1);
        assert_eq!(connections("1000000").unwrap(), 1_000_000);
        for text in ["", "0", "1000001", "-1", "+1", "1k", " 1"] {
            assert!(connections(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_mode_is_its_letters_in_any_order_and_number() {
        for (text, want) in [
            ("s", Mode::Sign),
            ("ss", Mode::Sign),
            ("v", Mode::Verify),
            ("sv", Mode::Both),
            ("svs", Mode::Both),
            ("vs", Mode::Both),
        ] {
            assert_eq!(mode(text).unwrap(), want, "{text:?}");
        }
        for text in ["", "S", "sx", "s v"] {
            assert!(mode(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_group_stands_alone() {
        assert_eq!(group("postfix").unwrap(), "postfix");
        for text in ["", "a:b", "a b"] {
            assert!(group(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn umasks_are_octal() {
        for (text, bits) in [("007", 7), ("7", 7), ("22", 0o22), ("0777", 0o777), ("0o22", 0o22)] {
            assert_eq!(umask(text).unwrap(), bits, "{text:?}");
        }
        for text in ["", "8", "105x", "1000", "0x7", "-7", "+7", "0o"] {
            assert!(umask(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_switch_is_said_in_the_words_of_yaml() {
        for (text, on) in
            [("true", true), ("Yes", true), ("ON", true), ("no", false), ("off", false)]
        {
            assert_eq!(switch(text).unwrap(), on, "{text:?}");
        }
        assert!(switch("maybe").is_err() && switch("").is_err() && switch("1").is_err());
    }

    #[test]
    fn a_user_may_have_a_group() {
        let found = user("twinseal:postfix").unwrap();
        assert_eq!((found.name.as_str(), found.group.as_deref()), ("twinseal", Some("postfix")));
        assert_eq!(user("105").unwrap().group, None);
        for text in ["", ":g", "u:", "a b", "a:b:c"] {
            assert!(user(text).is_err(), "{text:?}");
        }
    }
}
