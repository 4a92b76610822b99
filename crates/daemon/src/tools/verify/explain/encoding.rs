//! Parts in quoted-printable, turned back to what they were before a relay re-encoded them (trap
//! P10).

use std::collections::HashSet;

const NAME: &[u8] = b"content-transfer-encoding";

/// The body with every part in quoted-printable decoded, and labelled as 8bit where the label
/// stands in the body. `encoding` and `content_type` are those of the message itself. `None` when
/// nothing is in quoted-printable.
pub(super) fn decoded(
    body: &[u8],
    encoding: Option<&[u8]>,
    content_type: Option<&[u8]>,
) -> Option<Vec<u8>> {
    if encoding.is_some_and(is_quoted_printable) {
        return Some(quoted_printable(body));
    }
    let mut parts = Parts { boundaries: HashSet::new(), out: Vec::with_capacity(body.len()) };
    parts.boundaries.extend(content_type.and_then(boundary));
    parts.decode(body).then_some(parts.out)
}

fn is_quoted_printable(value: &[u8]) -> bool {
    value.trim_ascii().eq_ignore_ascii_case(b"quoted-printable")
}

/// The parts of a multipart body, nested ones too.
struct Parts {
    boundaries: HashSet<Vec<u8>>,
    out: Vec<u8>,
}

impl Parts {
    /// Whether any part was in quoted-printable.
    fn decode(&mut self, body: &[u8]) -> bool {
        let (mut any, mut in_header, mut encoded) = (false, false, false);
        let mut part = Vec::new();
        let mut header = Vec::new();
        for line in body.split_inclusive(|&octet| octet == b'\n') {
            if self.is_boundary(line) {
                self.end_part(&mut part, std::mem::take(&mut encoded));
                self.out.append(&mut header);
                self.out.extend_from_slice(line);
                in_header = true;
            } else if in_header {
                header.extend_from_slice(line);
                if line == b"\r\n" {
                    in_header = false;
                    encoded = self.end_header(&header);
                    any |= encoded;
                    header.clear();
                }
            } else {
                part.extend_from_slice(line);
            }
        }
        self.end_part(&mut part, encoded);
        self.out.append(&mut header);
        any
    }

    /// Whether the line is one of the boundaries.
    fn is_boundary(&self, line: &[u8]) -> bool {
        let line = line.trim_ascii_end();
        let Some(name) = line.strip_prefix(b"--") else { return false };
        let last = name.strip_suffix(b"--").is_some_and(|name| self.boundaries.contains(name));
        last || self.boundaries.contains(name)
    }

    /// Writes the header of a part, and says whether it is in quoted-printable.
    fn end_header(&mut self, header: &[u8]) -> bool {
        let mut encoded = false;
        let mut content_type = Vec::new();
        let mut in_type = false;
        for line in header.split_inclusive(|&octet| octet == b'\n') {
            let (name, value) = split(line);
            in_type = if line.starts_with(b" ") || line.starts_with(b"\t") {
                in_type
            } else {
                name.eq_ignore_ascii_case(b"content-type")
            };
            if in_type {
                content_type.extend_from_slice(line);
            }
            if name.eq_ignore_ascii_case(NAME) && is_quoted_printable(value) {
                encoded = true;
                self.out.extend_from_slice(name);
                self.out.extend_from_slice(b": 8bit\r\n");
            } else {
                self.out.extend_from_slice(line);
            }
        }
        self.boundaries.extend(boundary(&content_type));
        encoded
    }

    fn end_part(&mut self, part: &mut Vec<u8>, encoded: bool) {
        if encoded {
            self.out.extend(quoted_printable(part));
            part.clear();
        } else {
            self.out.append(part);
        }
    }
}

fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = line.iter().position(|&octet| octet == b':').unwrap_or(line.len());
    let (name, value) = line.split_at(colon);
    (name, value.get(1..).unwrap_or_default())
}

/// The `boundary` parameter of a Content-Type (RFC 2045 §5.1).
fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    const PARAMETER: &[u8] = b"boundary=";
    let starts = |window: &[u8]| window.eq_ignore_ascii_case(PARAMETER);
    let at = content_type.windows(PARAMETER.len()).position(starts)?;
    let value = content_type.get(at + PARAMETER.len()..)?;
    let found: &[u8] = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|&octet| octet == b'"').next()?,
        None => value.split(|octet| octet.is_ascii_whitespace() || *octet == b';').next()?,
    };
    (!found.is_empty()).then(|| found.to_vec())
}

/// RFC 2045 §6.7. What is no code stays as it is.
fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((&octet, after)) = rest.split_first() {
        rest = match (octet, after) {
            (b'=', [b'\r', b'\n', after @ ..]) => after,
            (b'=', [high, low, after @ ..]) => match code(*high, *low) {
                Some(code) => {
                    out.push(code);
                    after
                }
                None => {
                    out.push(b'=');
                    rest.get(1..).unwrap_or_default()
                }
            },
            _ => {
                out.push(octet);
                after
            }
        };
    }
    out
}

fn code(high: u8, low: u8) -> Option<u8> {
    let digit =
        |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_whole_body_is_decoded() {
        let body = b"Gr=C3=BC=\r\n=c3=9fe =3D =zz\r\n";
        let got = decoded(body, Some(b" Quoted-Printable"), None).unwrap();
        assert_eq!(got, "Grüße = =zz\r\n".as_bytes());
        assert_eq!(decoded(body, Some(b" 8bit"), None), None);
        assert_eq!(decoded(body, None, None), None);
    }

    #[test]
    fn parts_are_decoded_nested_ones_too() {
        let body = "preamble =41\r\n--a\r\nContent-Type: multipart/alternative;\r\n boundary=b\r\n\r\n\
                    --b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: LABEL\r\n\r\n\
                    TEXT\r\n--b--\r\n--a\r\n\r\n=41\r\n--a--\r\nepilogue\r\n";
        let encoded = body.replace("LABEL", "quoted-printable").replace("TEXT", "=FC=\r\n!");
        let kind = Some(&b" multipart/mixed; boundary=\"a\""[..]);
        let got = decoded(encoded.as_bytes(), None, kind).unwrap();
        let want = body.replace("LABEL", "8bit").replace("TEXT", "\u{fc}!");
        let want: Vec<u8> = want.chars().map(|ch| u8::try_from(u32::from(ch)).unwrap()).collect();
        assert_eq!(got, want);
    }
}
