//! The grammar of DMARC records (RFC 7489 §6.3).

use twinseal_message::text::shown;
use twinseal_message::{Tag, TagList};

/// Whether a TXT record is one of DMARC, however broken (RFC 7489 §6.6.3).
pub(super) fn is_one(text: &[u8]) -> bool {
    let version = b"v=dmarc1";
    text.get(..version.len()).is_some_and(|start| start.eq_ignore_ascii_case(version))
}

/// What is wrong with a record, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is none: receivers ignore all of it.
    Record(String),
    /// A tag means nothing: receivers take its default (RFC 7489 §6.3).
    Tag(String),
}

/// Looks for what is wrong with a record.
///
/// # Errors
/// The first thing that is, and what is allowed.
pub(super) fn check(text: &[u8]) -> Result<(), Wrong> {
    let tags = TagList::parse(text).map_err(|error| Wrong::Record(error.to_string()))?;
    let mut all = tags.tags();
    let version = all.next().is_some_and(|tag| tag.name() == "v" && tag.value() == b"DMARC1");
    if !version {
        return Err(Wrong::Record("it has to begin with v=DMARC1, in capitals".to_owned()));
    }
    match tags.get("p") {
        None if tags.get("rua").is_none() => return Err(Wrong::Record("p= is missing".to_owned())),
        Some(_) if all.next().is_none_or(|second| second.name() != "p") => {
            return Err(Wrong::Record("p= has to follow v=DMARC1".to_owned()));
        }
        _ => {}
    }
    tags.tags().try_for_each(tag)
}

fn tag(tag: Tag<'_>) -> Result<(), Wrong> {
    let value = String::from_utf8_lossy(tag.value());
    // RFC 5234 §2.3: words of a grammar are in any case.
    let value = value.trim().to_ascii_lowercase();
    let value = value.as_str();
    let (right, allowed) = match tag.name() {
        "p" | "sp" | "np" => (
            ["none", "quarantine", "reject"].iter().any(|word| value.eq_ignore_ascii_case(word)),
            "none, quarantine or reject",
        ),
        "adkim" | "aspf" => (matches!(value, "r" | "s"), "r or s"),
        "pct" => (value.parse::<u8>().is_ok_and(|part| part <= 100), "0 to 100"),
        "ri" => (value.parse::<u32>().is_ok(), "a number of seconds"),
        "fo" => {
            let each = |option: &str| matches!(option.trim(), "0" | "1" | "d" | "s");
            (value.split(':').all(each), "0, 1, d or s, joined by colons")
        }
        "rua" | "ruf" => (value.split(',').all(is_address), "mailto:ADDRESS, joined by commas"),
        _ => return Ok(()),
    };
    if right {
        return Ok(());
    }
    let why = format!("{}= is {:?}, allowed: {allowed}", tag.name(), shown(value));
    Err(if tag.name() == "p" { Wrong::Record(why) } else { Wrong::Tag(why) })
}

/// RFC 7489 §6.4: an address, perhaps with the size of a report behind an exclamation mark.
fn is_address(uri: &str) -> bool {
    let uri = uri.trim();
    let (uri, size) = uri.split_once('!').map_or((uri, None), |(uri, size)| (uri, Some(size)));
    let size_is_right = size.is_none_or(|size| {
        let digits = size.strip_suffix(['k', 'm', 'g', 't']).unwrap_or(size);
        !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit())
    });
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let named = !scheme.is_empty() && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric());
    let mail = !scheme.eq_ignore_ascii_case("mailto") || rest.contains('@');
    size_is_right && named && mail && !rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{Wrong, check, is_one};

    #[test]
    fn records_as_they_are_published_are_right() {
        for text in [
            "v=DMARC1; p=none",
            "v=DMARC1;p=reject;",
            "v=DMARC1; p=quarantine; sp=none; adkim=s; aspf=r; pct=50; fo=1:d; ri=86400",
            "v=DMARC1; p=none; rua=mailto:a@example.com!10m, mailto:b@example.org; x=y",
            "v=DMARC1; rua=mailto:a@example.com",
            "v=DMARC1; p=None; adkim=S; fo=D; rua=MAILTO:a@example.com!10M",
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_tag_that_is_wrong_is_named() {
        for (text, why) in [
            ("v=DMARC1", "p= is missing"),
            ("v=dmarc1; p=none", "in capitals"),
            ("p=none; v=DMARC1", "begin with v=DMARC1"),
            ("v=DMARC1; pct=10; p=none", "p= has to follow"),
            ("v=DMARC1; p=deny", "p= is \"deny\""),
            ("v=DMARC1; p=none; pct=101", "0 to 100"),
            ("v=DMARC1; p=none; adkim=relaxed", "r or s"),
            ("v=DMARC1; p=none; rua=postmaster@example.com", "mailto:"),
            ("v=DMARC1; p=none; rua=mailto:a@example.com!x", "mailto:"),
            ("v=DMARC1; p=none; fo=2", "0, 1, d or s"),
            ("v=DMARC1; p=none; p=none", "twice"),
        ] {
            let (Wrong::Record(found) | Wrong::Tag(found)) = check(text.as_bytes()).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
        assert!(matches!(check(b"v=DMARC1; p=none; pct=101"), Err(Wrong::Tag(_))));
        assert!(is_one(b"V=Dmarc1; p=none") && !is_one(b"v=spf1"));
    }
}
