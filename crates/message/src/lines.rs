//! A header read line by line, from a file or standard input.

use crate::header::{HeaderBlock, HeaderTooLarge};

/// Collects a header from lines that end in LF or CRLF.
///
/// Every line end is stored as CRLF, because that is what the message will carry on the wire, and
/// what is signed.
#[derive(Debug, Default)]
pub struct HeaderLines {
    header: HeaderBlock,
}

/// What a line turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// It belongs to the header.
    Header,
    /// It is the empty line that separates header and body.
    Separator,
    /// It is the first line of the body: a line that is no field ends the header without a
    /// separator (trap P17).
    Body,
}

impl HeaderLines {
    /// Takes one line, with its line end where it has one.
    ///
    /// # Errors
    /// [`HeaderTooLarge`] when the header does not fit any more.
    pub fn line(&mut self, line: &[u8]) -> Result<Line, HeaderTooLarge> {
        let text =
            line.strip_suffix(b"\n").map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
        if text.is_empty() {
            return Ok(Line::Separator);
        }
        if matches!(text.first(), Some(b' ' | b'\t')) && !self.header.is_empty() {
            self.header.extend_last(b"\r\n")?;
            self.header.extend_last(text)?;
            return Ok(Line::Header);
        }
        match split_field(text) {
            Some((name, value)) => self.header.push(name, value).map(|()| Line::Header),
            None => Ok(Line::Body),
        }
    }

    /// The header that was read.
    #[must_use]
    pub fn finish(self) -> HeaderBlock {
        self.header
    }
}

/// Name and value of a field's first line; `None` when it is no field.
fn split_field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = text.iter().position(|&octet| octet == b':')?;
    let (name, rest) = text.split_at_checked(colon)?;
    // RFC 5322 §3.6.8: printable US-ASCII but the colon; RFC 5322 §4.5 lets white space precede the
    // colon.
    let end = name.iter().rposition(|octet| !matches!(octet, b' ' | b'\t'))?;
    let printable = name.get(..=end)?.iter().all(|octet| (0x21..=0x7e).contains(octet));
    printable.then_some((name, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::{HeaderLines, Line};
    use crate::header::Field;

    fn read(lines: &[&[u8]]) -> (Vec<Line>, Vec<Vec<u8>>) {
        let mut reader = HeaderLines::default();
        let seen = lines.iter().map(|line| reader.line(line).unwrap()).collect();
        (seen, reader.finish().fields().map(|field: Field<'_>| field.octets().to_vec()).collect())
    }

    #[test]
    fn lf_and_crlf_give_the_same_header() {
        let (_, with_lf) = read(&[b"A : 1\n", b" 2\n", b"B:\n", b"\t\n"]);
        let (_, with_crlf) = read(&[b"A : 1\r\n", b" 2\r\n", b"B:\r\n", b"\t\r\n"]);
        assert_eq!(with_lf, with_crlf);
        assert_eq!(with_lf, [b"A : 1\r\n 2".to_vec(), b"B:\r\n\t".to_vec()]);
    }

    #[test]
    fn a_line_that_is_no_field_begins_the_body() {
        for line in
            [&b"no colon\r\n"[..], b"two words: x\r\n", b": no name\r\n", b"\x01: control\r\n"]
        {
            assert_eq!(read(&[b"A: 1\r\n", line]).0, [Line::Header, Line::Body], "{line:?}");
        }
    }

    #[test]
    fn a_continuation_without_a_field_begins_the_body() {
        assert_eq!(read(&[b" continued\r\n"]).0, [Line::Body]);
    }

    #[test]
    fn an_empty_line_separates_whatever_its_line_end() {
        for line in [&b"\n"[..], b"\r\n"] {
            assert_eq!(read(&[b"A: 1\n", line]).0, [Line::Header, Line::Separator], "{line:?}");
        }
    }

    #[test]
    fn a_bare_cr_inside_a_line_is_data() {
        assert_eq!(read(&[b"A: 1\r2\n"]).1, [b"A: 1\r2".to_vec()]);
    }
}
