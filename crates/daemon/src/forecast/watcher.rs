//! What can be seen of a body that passes, in chunks cut anywhere (trap W4).

use super::MAX_LINE;
use super::mime::Mime;
use memchr::{memchr, memrchr};
use twinseal_message::HeaderBlock;

/// How many octets a line has at most with its end.
const WITH_END: usize = MAX_LINE + 2;

/// The longest line that quoted-printable leaves whole, in octets (RFC 2045 §6.7).
const MAX_ENCODED: usize = 76;

/// Watches a body. What was found once is not looked for any more.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    /// How many octets have passed.
    passed: u64,
    /// How many of them since the last LF.
    line: usize,
    /// Whether the last one was CR.
    after_cr: bool,
    minds_cr: Minds,
    found: Found,
    mime: Option<Box<Mime>>,
    encoding: Option<Encoding>,
}

/// Whether CR is looked for.
#[derive(Debug, Default, PartialEq, Eq)]
enum Minds {
    #[default]
    Yes,
    No,
}

/// The first octet of the body that each cause changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) long_line: Option<u64>,
    pub(super) eight_bit: Option<u64>,
    pub(super) bare_cr: Option<u64>,
}

/// Looks for what quoted-printable writes otherwise.
#[derive(Debug, Default)]
struct Encoding {
    line: usize,
    after_blank: bool,
}

impl Watcher {
    /// Leaves CR out.
    pub(super) fn pass_over_cr(&mut self) {
        self.minds_cr = Minds::No;
    }

    /// Looks at parts as well, as that header announces them, or at what an encoding changes.
    pub(super) fn look_into(&mut self, header: &HeaderBlock, is_encoded_anew: bool) {
        self.mime = Mime::of(header).map(Box::new);
        self.encoding = is_encoded_anew.then(Encoding::default);
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) {
        if chunk.is_empty() {
            return;
        }
        if self.found.long_line.is_none() {
            self.look_at_lines(chunk);
        }
        if self.found.bare_cr.is_none() && self.minds_cr == Minds::Yes {
            self.look_for_cr(chunk);
        }
        if self.found.eight_bit.is_none() {
            let parts = self.mime.as_mut().and_then(|mime| mime.feed(chunk));
            let encoded = self.encoding.as_mut().and_then(|one| one.feed(chunk));
            let encoded = encoded.map(|at| self.passed + at);
            self.found.eight_bit = parts.or(encoded);
        }
        self.after_cr = chunk.last() == Some(&b'\r');
        self.passed += chunk.len() as u64;
    }

    /// Jumps from one line end to the last one within reach of it.
    fn look_at_lines(&mut self, chunk: &[u8]) {
        let mut at = 0;
        loop {
            let rest = chunk.get(at..).unwrap_or_default();
            let reach = WITH_END.saturating_sub(self.line);
            let window = rest.get(..reach).unwrap_or(rest);
            if let Some(end) = memrchr(b'\n', window) {
                at += end + 1;
                self.line = 0;
            } else if rest.len() >= reach {
                let start = self.passed + at as u64 - self.line as u64;
                self.found.long_line = Some(start + MAX_LINE as u64);
                return;
            } else {
                self.line += rest.len();
                return;
            }
        }
    }

    fn look_for_cr(&mut self, chunk: &[u8]) {
        if self.after_cr && chunk.first() != Some(&b'\n') {
            self.found.bare_cr = Some(self.passed.saturating_sub(1));
            return;
        }
        // One pass without a way out is vector instructions; the place is asked for once.
        let behind = chunk.get(1..).unwrap_or_default();
        let bare = |(&octet, &next): (&u8, &u8)| (octet == b'\r') & (next != b'\n');
        if chunk.iter().zip(behind).fold(false, |any, pair| any | bare(pair)) {
            let place = chunk.iter().zip(behind).position(bare);
            self.found.bare_cr = place.map(|at| self.passed + at as u64);
        }
    }

    pub(super) fn finish(mut self) -> Found {
        if self.found.long_line.is_none() && self.line > MAX_LINE && !self.after_cr {
            let start = self.passed.saturating_sub(self.line as u64);
            self.found.long_line = Some(start + MAX_LINE as u64);
        }
        if self.found.bare_cr.is_none() && self.after_cr && self.minds_cr == Minds::Yes {
            self.found.bare_cr = Some(self.passed.saturating_sub(1));
        }
        // A line end that is missing will be added.
        if self.found.eight_bit.is_none() && self.encoding.is_some_and(|one| one.after_blank) {
            self.found.eight_bit = Some(self.passed.saturating_sub(1));
        }
        self.found
    }
}

impl Encoding {
    /// The place of the first octet that does not stay as it is.
    fn feed(&mut self, chunk: &[u8]) -> Option<u64> {
        // Most lines are plain, and this is a header that hardly anybody leaves unsigned.
        for (at, &octet) in chunk.iter().enumerate() {
            let blank_at_end = octet == b'\r' && self.after_blank;
            let is_plain = matches!(octet, b'\t' | b'\r' | b'\n' | b' '..=b'<' | b'>'..=b'~');
            self.line = if octet == b'\n' { 0 } else { self.line + 1 };
            self.after_blank = matches!(octet, b' ' | b'\t');
            if blank_at_end || !is_plain || self.line > MAX_ENCODED + 1 {
                return Some(at as u64);
            }
        }
        None
    }
}

/// Where the next LF is.
pub(super) fn line_end(octets: &[u8]) -> Option<usize> {
    memchr(b'\n', octets)
}

#[cfg(test)]
mod tests {
    use super::{Found, MAX_LINE, Watcher};
    use twinseal_message::HeaderBlock;

    fn header(kind: &str) -> HeaderBlock {
        let mut header = HeaderBlock::default();
        header.push(b"Content-Type", kind.as_bytes()).unwrap();
        header
    }

    fn watched(kind: &str, encoded: bool, chunks: &[&[u8]]) -> Found {
        let mut watcher = Watcher::default();
        watcher.look_into(&header(kind), encoded);
        chunks.iter().for_each(|chunk| watcher.feed(chunk));
        watcher.finish()
    }

    fn lines(lengths: &[usize]) -> Vec<u8> {
        lengths.iter().flat_map(|&length| [vec![b'x'; length], b"\r\n".to_vec()].concat()).collect()
    }

    #[test]
    fn a_line_of_998_octets_is_one_and_of_999_is_too_long() {
        for (lengths, want) in [
            (&[998, 0, 998, 998][..], None),
            (&[999], Some(998)),
            (&[10, 998, 999], Some(12 + 1000 + 998)),
            (&[0, 0, 5000, 1], Some(4 + 998)),
        ] {
            let body = lines(lengths);
            assert_eq!(watched("text/plain", false, &[&body]).long_line, want, "{lengths:?}");
        }
        // Without an end, which a hop will add.
        for (length, want) in [(998, None), (999, Some(998)), (1000, Some(998))] {
            let found = watched("text/plain", false, &[&vec![b'x'; length]]);
            assert_eq!(found.long_line, want, "{length}");
        }
    }

    #[test]
    fn what_is_found_does_not_depend_on_chunking() {
        let part = b"x\r\n--b\r\nContent-Type: text/plain\r\ncontent-transfer-encoding:\r\n 8BIT\
                     \r\n\r\ny\r\n--b--\r\n";
        let bodies: Vec<Vec<u8>> = vec![
            lines(&[998, 997, 3]),
            lines(&[3, 999]),
            vec![b'x'; MAX_LINE + 1],
            [&lines(&[2])[..], b"a\rb\r\n\r"].concat(),
            b"a\r\n\r\n\rb\r\n".to_vec(),
            part.to_vec(),
            b"--b\r\n\r\n--b--\r\n--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".to_vec(),
            b"plain\r\nwith blank \r\n".to_vec(),
        ];
        for body in &bodies {
            let want = watched("multipart/mixed; boundary=b", true, &[body]);
            for cut in 0..=body.len() {
                let (a, b) = body.split_at(cut);
                let found = watched("multipart/mixed; boundary=b", true, &[a, b]);
                assert_eq!(found, want, "{:?} cut at {cut}", String::from_utf8_lossy(body));
            }
            let octets: Vec<&[u8]> = body.chunks(1).collect();
            assert_eq!(watched("multipart/mixed; boundary=b", true, &octets), want);
        }
        assert!(watched("multipart/mixed; boundary=b", false, &[part]).eight_bit.is_some());
    }

    #[test]
    fn a_cr_is_bare_wherever_no_lf_follows() {
        for (body, want) in [
            (&b"a\r\nb\r\n"[..], None),
            (b"a\rb\r\n", Some(1)),
            (b"\r\r\n", Some(0)),
            (b"a\r", Some(1)),
            (b"a\nb\r\n", None),
        ] {
            assert_eq!(watched("text/plain", false, &[body]).bare_cr, want, "{body:?}");
        }
    }

    #[test]
    fn an_encoding_changes_what_is_not_plain() {
        for (body, want) in [
            (&b"plain text\r\n"[..], None),
            (b"a=b\r\n", Some(1)),
            ("aü\r\n".as_bytes(), Some(1)),
            (b"a \r\n", Some(2)),
            (b"a ", Some(1)),
        ] {
            assert_eq!(watched("text/plain", true, &[body]).eight_bit, want, "{body:?}");
        }
    }
}
