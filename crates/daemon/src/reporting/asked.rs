//! What a domain says about reports: whether it wants them, and where.

use twinseal_message::{Domain, HeaderBlock, Selector, TagList};

/// A share of all of them, in per cent.
const ALL: u64 = 100;

/// The longest local part (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// The words of a request that are about signatures that do not match.
const KINDS: [&[u8]; 2] = [b"all", b"v"];

/// The local part that a key record or a policy names with `r=`, as drafts of old had it. A domain
/// behind it is not looked at: reports go to the signer's own.
pub(super) fn by_record(text: &[u8]) -> Option<String> {
    local(TagList::parse(text).ok()?.get("r")?.value())
}

/// The local part that a request for reports names (RFC 6651): `ra=`, unless it wants reports of
/// another kind (`rr=`), or fewer of them: `lot` is a number below 100, and of a hundred of those,
/// `rp=` of them are wanted.
pub(super) fn by_request(text: &[u8], lot: u64) -> Option<String> {
    let tags = TagList::parse(text).ok()?;
    let kinds = tags.get("rr").map(|tag| tag.compact());
    let wanted = kinds
        .is_none_or(|kinds| kinds.split(|&octet| octet == b':').any(|kind| KINDS.contains(&kind)));
    let share = tags.get("rp").and_then(|tag| std::str::from_utf8(tag.value()).ok()?.parse().ok());
    if lot >= share.unwrap_or(ALL) || !wanted {
        return None;
    }
    local(tags.get("ra")?.value())
}

/// Whether a signature by that key asks for reports (`r=y`, RFC 6651).
pub(super) fn in_signature(header: &HeaderBlock, domain: &Domain, selector: &Selector) -> bool {
    header.named("dkim-signature").any(|field| {
        let Ok(tags) = TagList::parse(field.value()) else { return false };
        let is = |name: &str, want: &str| {
            tags.get(name).is_some_and(|tag| tag.value().eq_ignore_ascii_case(want.as_bytes()))
        };
        is("d", domain.as_str()) && is("s", selector.as_str()) && is("r", "y")
    })
}

/// A local part that needs no quotes and means nothing to a shell or a mail program: nothing else
/// is written into a header.
fn local(value: &[u8]) -> Option<String> {
    let local = value.split(|&octet| octet == b'@').next()?;
    let text = std::str::from_utf8(local).ok()?;
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"+-_.=".contains(&octet);
    let is_word = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let fits = is_word && text.len() <= MAX_LOCAL && text.bytes().all(plain);
    (fits && !text.ends_with('.') && !text.contains("..")).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{by_record, by_request, in_signature};
    use twinseal_message::{Domain, HeaderBlock, Selector};

    #[test]
    fn a_record_names_a_local_part_and_nothing_else_counts() {
        for (text, want) in [
            ("v=DKIM1; p=x; r=postmaster", Some("postmaster")),
            ("dkim=all; r=post+dkim@elsewhere.example", Some("post+dkim")),
            ("v=DKIM1; p=x", None),
            ("r=", None),
            ("r=@example.com", None),
            ("r=-oQ/tmp", None),
            ("r=a b", None),
            ("r=a..b", None),
            ("r=.a", None),
            ("r=a,b", None),
            ("r=\"a\"", None),
            ("no tags", None),
        ] {
            assert_eq!(by_record(text.as_bytes()).as_deref(), want, "{text}");
        }
        let long = format!("r={}", "a".repeat(65));
        assert_eq!(by_record(long.as_bytes()), None);
    }

    #[test]
    fn a_request_says_for_what() {
        for (text, want) in [
            ("ra=dkim", Some("dkim")),
            ("ra=dkim; rr=all", Some("dkim")),
            ("ra=dkim; rr=d:v; rp=100", Some("dkim")),
            ("ra=dkim; rr=d:x", None),
            ("ra=dkim; rp=0", None),
            ("ra=dkim; rp=25", None),
            ("ra=dkim; rp=26", Some("dkim")),
            ("ra=dkim; rp=many", Some("dkim")),
            ("rr=all", None),
        ] {
            assert_eq!(by_request(text.as_bytes(), 25).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn the_signature_itself_has_to_ask() {
        let mut header = HeaderBlock::default();
        header.push(b"DKIM-Signature", b" v=1; d=a.example;\n\ts=m; r=y; b=x").unwrap();
        header.push(b"DKIM-Signature", b" v=1; d=b.example; s=m; b=x").unwrap();
        let asks = |domain: &str, selector: &str| {
            let domain = Domain::parse(domain).unwrap();
            in_signature(&header, &domain, &Selector::parse(selector).unwrap())
        };
        assert!(asks("a.example", "m"));
        assert!(!asks("a.example", "n") && !asks("b.example", "m"));
    }
}
