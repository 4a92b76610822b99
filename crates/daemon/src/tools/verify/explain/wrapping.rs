//! Lines that were broken for their length (trap P9), joined again.

/// How long a line may be before MTAs break it, in octets (RFC 5321 §4.5.3.1.6).
const LINE_OCTETS: usize = 998;

/// How long a line is at which Sendmail breaks it, with an exclamation mark for its last octet.
const SENDMAIL_OCTETS: usize = 990;

/// Joined as Postfix breaks: the rest of a line of 998 octets follows behind CRLF and a space.
/// `None` when no line is broken so.
pub(super) fn unwrapped(octets: &[u8]) -> Option<Vec<u8>> {
    joined(octets, |line| (line.len() >= LINE_OCTETS).then_some(line))
}

/// Joined as Sendmail breaks: with an exclamation mark in front of the CRLF.
pub(super) fn without_marks(octets: &[u8]) -> Option<Vec<u8>> {
    joined(octets, |line| line.strip_suffix(b"!").filter(|rest| rest.len() + 1 >= SENDMAIL_OCTETS))
}

/// `broken` says of a line without its CRLF whether it goes on in the next, and what of it stays.
fn joined(octets: &[u8], broken: impl Fn(&[u8]) -> Option<&[u8]>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    let mut any = false;
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let (line, after) = rest.split_at(end);
        let next = after.get(2..).unwrap_or_default();
        match (broken(line), next.strip_prefix(b" ")) {
            (Some(kept), Some(next)) => {
                out.extend_from_slice(kept);
                rest = next;
                any = true;
                // What follows may be broken again, at 998 octets of its own.
                continue;
            }
            _ => {
                out.extend_from_slice(line);
                out.extend_from_slice(b"\r\n");
                rest = next;
            }
        }
    }
    out.extend_from_slice(rest);
    any.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::{unwrapped, without_marks};

    #[test]
    fn broken_lines_are_joined_and_others_are_left() {
        let long = "x".repeat(2500);
        let (first, rest) = long.split_at(998);
        let (second, third) = rest.split_at(998);
        let broken = format!("a\r\n b\r\n{first}\r\n {second}\r\n {third}\r\nend\r\n");
        let want = format!("a\r\n b\r\n{long}\r\nend\r\n");
        assert_eq!(unwrapped(broken.as_bytes()), Some(want.into_bytes()));
        assert_eq!(unwrapped(b"a\r\n b\r\n"), None);
    }

    #[test]
    fn exclamation_marks_of_sendmail_go_with_the_break() {
        let (long, rest) = ("y".repeat(989), "y".repeat(20));
        let broken = format!("{long}!\r\n {rest}\r\nYes!\r\n ok\r\n");
        let want = format!("{long}{rest}\r\nYes!\r\n ok\r\n");
        assert_eq!(without_marks(broken.as_bytes()), Some(want.into_bytes()));
    }
}
