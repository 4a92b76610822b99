//! A message, taken apart without changing an octet.

/// Header fields and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The fields, each with the CRLF that ends it.
    pub fields: Vec<Field>,
    /// All that follows the blank line, or the line that ended the header in its place.
    pub body: Vec<u8>,
    /// Whether a line without a colon ended the header.
    pub cut_short: bool,
}

/// One header field as it stands in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name, colon, value, folds and the last CRLF.
    pub octets: Vec<u8>,
}

impl Message {
    /// Splits at CRLF; a line without a colon ends the header, as a blank one does.
    pub fn parse(octets: &[u8]) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        let mut rest = octets;
        while !rest.is_empty() {
            let end = find(rest, b"\r\n").map_or(rest.len(), |at| at + 2);
            let (line, after) = rest.split_at(end);
            if line == b"\r\n" {
                return Self { fields, body: after.to_vec(), cut_short: false };
            }
            match fields.last_mut() {
                Some(last) if matches!(line[0], b' ' | b'\t') => {
                    last.octets.extend_from_slice(line);
                }
                _ if line.contains(&b':') => fields.push(Field { octets: line.to_vec() }),
                _ => return Self { fields, body: rest.to_vec(), cut_short: true },
            }
            rest = after;
        }
        Self { fields, body: Vec::new(), cut_short: false }
    }

    /// The fields with this name, whatever its case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.is(name))
    }
}

impl Field {
    /// The name in lower case.
    pub fn name(&self) -> String {
        let end = self.octets.iter().position(|&b| b == b':').unwrap_or(self.octets.len());
        String::from_utf8_lossy(&self.octets[..end]).trim().to_ascii_lowercase()
    }

    /// Whether this is the name, whatever its case.
    pub fn is(&self, name: &str) -> bool {
        self.name() == name.to_ascii_lowercase()
    }

    /// All between the colon and the last CRLF.
    pub fn value(&self) -> &[u8] {
        let start = self.octets.iter().position(|&b| b == b':').map_or(0, |at| at + 1);
        let value = &self.octets[start..];
        value.strip_suffix(b"\r\n").unwrap_or(value)
    }
}

/// What a signature says of its own making: its tags `a`, `c`, `d` and `s`, in this order and with
/// blanks between them. One that is repeated stands there as often, one that is missing does not.
pub fn declared(signature: &Field) -> String {
    let value = String::from_utf8_lossy(signature.value());
    let mut tags: Vec<&str> = value
        .split(';')
        .map(str::trim)
        .filter(|tag| ["a=", "c=", "d=", "s="].iter().any(|name| tag.starts_with(name)))
        .collect();
    tags.sort_unstable();
    tags.join(" ")
}

/// The value of the first tag of this name, without the white space around it.
pub fn tag(signature: &Field, name: &str) -> Option<String> {
    let value = String::from_utf8_lossy(signature.value()).into_owned();
    value.split(';').find_map(|tag| {
        let (found, text) = tag.split_once('=')?;
        (found.trim() == name).then(|| text.trim().to_owned())
    })
}

/// Where `needle` begins in `haystack`.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Every LF that has no CR before it gets one.
pub fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 32);
    let mut last = 0;
    for &octet in octets {
        if octet == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(octet);
        last = octet;
    }
    out
}

/// Every CRLF becomes LF.
pub fn with_lf(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    for (at, &octet) in octets.iter().enumerate() {
        if octet != b'\r' || octets.get(at + 1) != Some(&b'\n') {
            out.push(octet);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_signature_declares_is_found_and_counted() {
        let octets =
            b"DKIM-Signature: v=1; s=x; d=b.example;\r\n\tc=simple; a=rsa; d=c.example;\r\n";
        let field = Field { octets: octets.to_vec() };
        assert_eq!(declared(&field), "a=rsa c=simple d=b.example d=c.example s=x");
        assert_eq!(declared(&Field { octets: b"X: bh=a; b=c=; q=dns\r\n".to_vec() }), "");
    }
}
