//! The signed fields once more, in the signature itself: for who looks for what has changed on the
//! way.

use crate::selection::Entry;

/// How many octets of copied fields a signature holds at most. MTAs cut fields that are much longer
/// (Postfix at 100 KiB), and a field that is cut is no signature any more.
pub const MAX_COPIED_OCTETS: usize = 16 * 1024;

/// The value of `z=` (RFC 6376 §3.5), in pieces between which it may be folded: the fields that are
/// signed, from the top down, as far as there is room. No field is copied in part, and nobody asks
/// for all of them.
pub(crate) fn copied(entries: &[Entry<'_>]) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut octets = 0;
    for field in entries.iter().filter_map(|entry| entry.field) {
        let bar = (!pieces.is_empty()).then(|| "|".to_owned());
        let name = String::from_utf8_lossy(field.name()).into_owned() + ":";
        let length = usize::from(bar.is_some())
            + name.len()
            + field.value().iter().map(|&octet| if is_safe(octet) { 1 } else { 3 }).sum::<usize>();
        if octets + length <= MAX_COPIED_OCTETS {
            octets += length;
            pieces.extend(bar.into_iter().chain([name]));
            pieces.extend(field.value().iter().map(|&octet| encoded(octet)));
        }
    }
    pieces
}

/// One octet in dkim-quoted-printable (RFC 6376 §2.11).
fn encoded(octet: u8) -> String {
    if is_safe(octet) { char::from(octet).to_string() } else { format!("={octet:02X}") }
}

/// RFC 6376 §2.10: everything printable but the semicolon and the equals sign is safe. The bar
/// stands between fields, and is encoded in them, as is all white space (RFC 6376 §3.5).
const fn is_safe(octet: u8) -> bool {
    octet.is_ascii_graphic() && !matches!(octet, b';' | b'=' | b'|')
}

#[cfg(test)]
mod tests {
    use super::{MAX_COPIED_OCTETS, copied};
    use crate::HeaderSelection;
    use twinseal_message::HeaderBlock;

    fn copies(fields: &[(&str, &str)]) -> String {
        let mut header = HeaderBlock::default();
        for (name, value) in fields {
            header.push(name.as_bytes(), value.as_bytes()).unwrap();
        }
        copied(&HeaderSelection::default().entries(&header)).concat()
    }

    #[test]
    fn signed_fields_are_copied_so_that_they_cannot_end_the_tag() {
        let fields =
            [("X-Mine", " x"), ("From", " a@b"), ("Subject", " b=1; z|\r\n\tj\u{fc}"), ("To", "")];
        let want = "From:=20a@b|Subject:=20b=3D1=3B=20z=7C=0D=0A=09j=C3=BC|To:";
        assert_eq!(copies(&fields), want);
    }

    #[test]
    fn a_field_that_does_not_fit_is_left_out_and_the_next_one_is_not() {
        let room = MAX_COPIED_OCTETS - "From:a|".len() - "|To:b".len() - "Subject:".len();
        let fits = "s".repeat(room);
        let copied = copies(&[("From", "a"), ("Subject", &fits), ("To", "b")]);
        assert_eq!(copied.len(), MAX_COPIED_OCTETS);
        let copied = copies(&[("From", "a"), ("Subject", &(fits + "ssssss")), ("To", "b")]);
        assert_eq!(copied, "From:a|To:b");
    }
}
