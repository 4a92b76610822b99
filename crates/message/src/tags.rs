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

/// Where lines of a field are folded.
#[derive(Debug, Clone, Copy)]
struct Folding {
    /// The most columns of a line.
    columns: usize,
    /// How many of them a tab takes.
    tab: usize,
    /// Whether a list stands behind other tags where it has room, and pieces are cut anywhere.
    is_dense: bool,
}

impl Folding {
    const OURS: Self = Self { columns: LINE_OCTETS, tab: 1, is_dense: false };
    /// As `opendkim` folds.
    const OPENDKIM: Self = Self { columns: 75, tab: 8, is_dense: true };
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
    folding: Folding,
}

/// A field that is complete but for its signature.
#[derive(Debug, Clone)]
pub struct Unsigned {
    name: &'static str,
    value: String,
    folding: Folding,
}

impl TagWriter {
    /// Begins the field `name`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, value: String::new(), column: name.len() + 1, folding: Folding::OURS }
    }

    /// The same, folded where `opendkim` folds.
    #[must_use]
    pub fn as_opendkim(name: &'static str) -> Self {
        Self { folding: Folding::OPENDKIM, ..Self::new(name) }
    }

    /// Writes a tag whose value is never folded.
    pub fn tag(&mut self, name: &str, value: &str) {
        self.begin(name.len() + value.len() + 2);
        for part in [name, "=", value, ";"] {
            self.put(part);
        }
    }

    /// A tag of that length begins: on this line where it has room, or on the next one.
    fn begin(&mut self, octets: usize) {
        // The semicolon may stand one column further there.
        let further = usize::from(self.folding.is_dense);
        if self.column + 1 + octets > self.folding.columns + further {
            self.fold("\t");
        } else {
            self.put(" ");
        }
    }

    /// A tag begins whose value may be folded, and which has those parts.
    fn begin_long<'p>(&mut self, name: &str, parts: impl IntoIterator<Item = &'p str>) {
        if self.folding.is_dense {
            let value: usize = parts.into_iter().map(str::len).sum();
            self.begin(name.len() + value + 2);
        } else {
            self.fold("\t");
        }
        self.put(name);
    }

    /// Writes a tag whose value is a list joined by colons, which may fold after each of them. It
    /// begins a line of its own.
    pub fn list<'n>(&mut self, name: &str, items: impl IntoIterator<Item = &'n str> + Clone) {
        let joined = items.clone().into_iter().flat_map(|item| [item, ":"]);
        self.begin_long(name, joined);
        let mut before = "=";
        for item in items {
            self.put(before);
            if before == ":" && self.column + item.len() + 1 > self.folding.columns {
                self.fold("\t ");
            }
            self.put(item);
            before = ":";
        }
        self.put(";");
    }

    /// Writes a tag whose value may fold between any two of these pieces. It begins a line of its
    /// own.
    pub fn pieces<'p>(&mut self, name: &str, pieces: impl IntoIterator<Item = &'p str> + Clone) {
        self.begin_long(name, pieces.clone());
        self.put("=");
        if self.folding.is_dense {
            for octet in pieces.into_iter().flat_map(str::chars) {
                if self.column >= self.folding.columns {
                    self.fold("\t ");
                }
                self.value.push(octet);
                self.column += 1;
            }
            return self.put(";");
        }
        for piece in pieces {
            if self.column + piece.len() + 1 > self.folding.columns {
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
        Unsigned { name: self.name, value: self.value, folding: self.folding }
    }

    fn fold(&mut self, indent: &str) {
        self.value.push_str("\r\n");
        self.column = 0;
        self.put(indent);
    }

    fn put(&mut self, text: &str) {
        self.value.push_str(text);
        let tabs = text.bytes().filter(|&octet| octet == b'\t').count();
        self.column += text.len() + tabs * (self.folding.tab - 1);
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
        let Self { name, mut value, folding } = self;
        let mut column = value.len() - value.rfind('\n').map_or(0, |at| at + 1) + folding.tab - 1;
        for ch in signature.chars() {
            if column >= folding.columns {
                value.push_str("\r\n\t ");
                column = folding.tab + 1;
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
    fn opendkim_folds_where_it_counts_a_tab_as_eight_columns() {
        let line = |domain: &str, selector: &str| {
            let mut tags = TagWriter::as_opendkim("DKIM-Signature");
            let first = [("v", "1"), ("a", "rsa-sha256"), ("c", "relaxed/simple")];
            for (name, value) in first.into_iter().chain([("d", domain), ("s", selector)]) {
                tags.tag(name, value);
            }
            tags.list("h", ["From", "Subject", "From"]);
            let value = tags.unsigned("b").filled(&"A".repeat(344)).value;
            let (head, signature) = value.split_once("\r\n\tb=").unwrap();
            let lengths: Vec<usize> = signature.split("\r\n\t ").map(str::len).collect();
            assert_eq!(lengths, [65, 66, 66, 66, 66, 15]);
            head.split("\r\n\t")
                .map(|line| line.rsplit_once(' ').map_or(line, |two| two.1).to_owned())
                .collect::<Vec<_>>()
        };
        // As that program itself wrote them, one column apart.
        assert_eq!(line("xxxxx.example", "sel"), ["s=sel;", "h=From:Subject:From;"]);
        assert_eq!(line("xxxxxx.example", "sel")[0], "d=xxxxxx.example;");
        assert_eq!(
            line(&format!("{}.example", "x".repeat(12)), "sel")[0],
            "d=xxxxxxxxxxxx.example;"
        );
        assert_eq!(line(&format!("{}.example", "x".repeat(13)), "sel")[0], "c=relaxed/simple;");
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
