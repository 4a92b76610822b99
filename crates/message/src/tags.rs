//! Writing a field that holds a list of tags, folded (RFC 6376 §3.2, RFC 4870 §A).

/// A line of a written field is folded before it grows longer than this, in octets; mail wants at
/// most 78 (RFC 5322 §2.1.1).
const LINE_OCTETS: usize = 76;

/// A field that we made and somebody is to put into the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewField {
    /// Its name.
    pub name: &'static str,
    /// Everything after the colon: a leading space, folds as CRLF and white space, no final line
    /// end.
    pub value: String,
}

impl NewField {
    /// The field with its name, without a final line end.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        format!("{}:{}", self.name, self.value).into_bytes()
    }
}

/// Writes a tag list, tag by tag.
///
/// The last tag is the signature, on a line of its own: nothing in front of it moves when it is
/// filled in (trap H7).
#[derive(Debug, Clone)]
pub struct TagWriter {
    name: &'static str,
    value: String,
    column: usize,
}

/// A field that is complete but for its signature.
#[derive(Debug, Clone)]
pub struct Unsigned {
    name: &'static str,
    value: String,
}

impl TagWriter {
    /// Begins the field `name`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, value: String::new(), column: name.len() + 1 }
    }

    /// Writes a tag whose value is never folded.
    pub fn tag(&mut self, name: &str, value: &str) {
        let octets = name.len() + value.len() + 2;
        if self.column + 1 + octets > LINE_OCTETS {
            self.fold("\t");
        } else {
            self.put(" ");
        }
        for part in [name, "=", value, ";"] {
            self.put(part);
        }
    }

    /// Writes a tag whose value is a list joined by colons, which may fold after each of them. It
    /// begins a line of its own.
    pub fn list<'n>(&mut self, name: &str, items: impl IntoIterator<Item = &'n str>) {
        self.fold("\t");
        self.put(name);
        let mut before = "=";
        for item in items {
            self.put(before);
            if before == ":" && self.column + item.len() + 1 > LINE_OCTETS {
                self.fold("\t ");
            }
            self.put(item);
            before = ":";
        }
        self.put(";");
    }

    /// Writes a tag whose value may fold between any two of these pieces. It begins a line of its
    /// own.
    pub fn pieces<'p>(&mut self, name: &str, pieces: impl IntoIterator<Item = &'p str>) {
        self.fold("\t");
        self.put(name);
        self.put("=");
        for piece in pieces {
            if self.column + piece.len() + 1 > LINE_OCTETS {
                self.fold("\t ");
            }
            self.put(piece);
        }
        self.put(";");
    }

    /// Ends the list with the empty tag `name`, which waits for the signature.
    #[must_use]
    pub fn unsigned(mut self, name: &str) -> Unsigned {
        self.fold("\t");
        self.put(name);
        self.put("=");
        Unsigned { name: self.name, value: self.value }
    }

    fn fold(&mut self, indent: &str) {
        self.value.push_str("\r\n");
        self.column = 0;
        self.put(indent);
    }

    fn put(&mut self, text: &str) {
        self.value.push_str(text);
        self.column += text.len();
    }
}

impl Unsigned {
    /// The field with the signature's value empty, without a final line end: what DKIM hashes
    /// (RFC 6376 §3.7).
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        format!("{}:{}", self.name, self.value).into_bytes()
    }

    /// Fills the signature in, given as base64.
    #[must_use]
    pub fn filled(self, signature: &str) -> NewField {
        let Self { name, mut value } = self;
        let mut column = value.len() - value.rfind('\n').map_or(0, |at| at + 1);
        for ch in signature.chars() {
            if column >= LINE_OCTETS {
                value.push_str("\r\n\t ");
                column = 2;
            }
            value.push(ch);
            column += 1;
        }
        NewField { name, value }
    }
}

#[cfg(test)]
mod tests {
    use super::TagWriter;

    #[test]
    fn lines_stay_short_and_the_signature_moves_nothing() {
        let mut tags = TagWriter::new("DKIM-Signature");
        for (name, value) in
            [("v", "1"), ("a", "rsa-sha256"), ("d", "a-rather-long-name.example.com")]
        {
            tags.tag(name, value);
        }
        tags.tag("s", "a-selector-that-does-not-fit-on-the-line");
        tags.list("h", ["From"; 40]);
        let unsigned = tags.unsigned("b");
        let before = String::from_utf8(unsigned.octets()).unwrap();
        let field = String::from_utf8(unsigned.filled(&"A".repeat(344)).octets()).unwrap();
        assert!(field.starts_with(&before), "{field}");
        assert!(field.lines().all(|line| line.len() <= 78), "{field}");
        assert!(field.split("\r\n").skip(1).all(|line| line.starts_with('\t')), "{field}");
        let unfolded: String = field.split_whitespace().collect();
        assert_eq!(unfolded.matches("From").count(), 40);
        assert!(unfolded.ends_with(&format!(";b={}", "A".repeat(344))), "{unfolded}");
    }

    #[test]
    fn a_value_in_pieces_folds_between_them_and_nowhere_else() {
        let mut tags = TagWriter::new("X");
        tags.pieces("z", ["=3D"; 100]);
        let value = tags.unsigned("b").filled("").value;
        assert!(value.starts_with("\r\n\tz==3D"), "{value}");
        for line in value.split("\r\n") {
            assert!(line.len() <= 76, "{line}");
            let pieces = line.trim_start().trim_start_matches("z=").trim_end_matches(';');
            assert!(pieces == "b=" || pieces.replace("=3D", "").is_empty(), "{line}");
        }
        assert_eq!(value.matches("=3D").count(), 100);
    }

    #[test]
    fn a_value_too_long_for_any_line_stays_whole() {
        let mut tags = TagWriter::new("X");
        tags.tag("d", &"a".repeat(200));
        assert_eq!(
            tags.unsigned("b").filled("").value,
            format!("\r\n\td={};\r\n\tb=", "a".repeat(200))
        );
    }
}
