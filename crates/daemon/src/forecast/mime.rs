//! Parts that say that they are 8-bit, as Postfix finds them.
//!
//! To a hop without 8BITMIME it encodes anew what is declared as 8bit or binary, whatever is in it,
//! and leaves alone what is not, whatever is in it (trap P10). It takes the last boundary that a
//! line begins with, minds no MIME-Version, and looks into messages in messages.

use super::watcher::line_end;
use memchr::memmem;
use twinseal_message::{Field, HeaderBlock};

/// How many parts may lie in each other: Postfix's own limit.
const MAX_DEPTH: usize = 100;

/// The longest boundary that is kept, in octets; seventy are allowed.
const MAX_BOUNDARY: usize = 256;

/// How much of a header field of a part is kept, in octets.
// LIMIT: a boundary or an encoding that stands behind is not seen.
const MAX_FIELD: usize = 4096;

const TYPE: &str = "content-type";
const ENCODING: &str = "content-transfer-encoding";

/// A body with parts.
#[derive(Debug)]
pub(super) struct Mime {
    boundaries: Vec<Boundary>,
    at: At,
    /// The line that is being collected.
    line: Vec<u8>,
    /// Where it began, and how many octets have passed.
    line_start: u64,
    passed: u64,
    /// The header field of a part that is being collected, and where it began.
    field: Vec<u8>,
    field_start: u64,
    /// Whether the part is a message.
    is_message: bool,
    found: Option<u64>,
}

#[derive(Debug)]
struct Boundary {
    text: Vec<u8>,
    /// Whether parts are messages unless they say something else.
    is_of_digest: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// In the header of a part.
    Header,
    /// At the beginning of a line of its body.
    LineStart,
    /// Somewhere in a line that is no boundary.
    Text,
    /// There are no parts any more.
    End,
}

/// What a Content-Type says.
#[derive(Debug, PartialEq, Eq)]
enum Type {
    Parts { boundary: Vec<u8>, is_digest: bool },
    Message,
    Other,
}

/// Whether a field declares a body as 8bit or binary.
pub(super) fn is_declared(field: Field<'_>) -> bool {
    field.is_named(ENCODING) && is_eight_bit(field.value())
}

/// Whether a body is one part that is no message.
pub(super) fn is_leaf(header: &HeaderBlock) -> bool {
    let kind = header.named(TYPE).next_back().map(|field| Type::parse(field.value()));
    match kind {
        None | Some(Type::Other) => true,
        Some(Type::Parts { .. } | Type::Message) => false,
    }
}

fn is_eight_bit(value: &[u8]) -> bool {
    let mut words = Words(value);
    words.skip();
    // In quotes, it is none to Postfix.
    if words.0.first() == Some(&b'"') {
        return false;
    }
    let word = words.word().unwrap_or_default();
    [&b"8bit"[..], b"binary"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

impl Mime {
    /// What a header announces, if that is parts.
    pub(super) fn of(header: &HeaderBlock) -> Option<Self> {
        let mut mime = Self {
            boundaries: Vec::new(),
            at: At::End,
            line: Vec::new(),
            line_start: 0,
            passed: 0,
            field: Vec::new(),
            field_start: 0,
            is_message: false,
            found: None,
        };
        header.named(TYPE).for_each(|field| mime.is_of(Type::parse(field.value())));
        mime.end_of_header();
        (mime.at != At::End).then_some(mime)
    }

    fn is_of(&mut self, kind: Type) {
        self.is_message = matches!(kind, Type::Message);
        if let Type::Parts { boundary, is_digest } = kind
            && self.boundaries.len() < MAX_DEPTH
            && (1..=MAX_BOUNDARY).contains(&boundary.len())
        {
            self.boundaries.push(Boundary { text: boundary, is_of_digest: is_digest });
        }
    }

    fn end_of_header(&mut self) {
        self.at = match (self.is_message, self.boundaries.is_empty()) {
            (true, _) => At::Header,
            (false, false) => At::LineStart,
            (false, true) => At::End,
        };
        self.is_message = false;
    }

    /// Takes the next octets. Gives the place of the first declaration.
    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<u64> {
        let mut rest = chunk;
        while !rest.is_empty() && self.found.is_none() {
            let left = match self.at {
                At::End => return None,
                At::Header => self.collect(rest),
                At::LineStart => self.line_of_body(rest),
                At::Text => self.skip(rest),
            };
            self.passed += (rest.len() - left.len()) as u64;
            rest = left;
        }
        self.found
    }

    /// Adds to the line, and acts on it when it is complete.
    fn collect<'c>(&mut self, rest: &'c [u8]) -> &'c [u8] {
        if self.line.is_empty() {
            self.line_start = self.passed;
        }
        let (more, behind, is_complete) = match line_end(rest) {
            Some(end) => {
                let (line, behind) = rest.split_at(end + 1);
                (line, behind, true)
            }
            None => (rest, &[][..], false),
        };
        let room = MAX_FIELD.saturating_sub(self.line.len());
        self.line.extend_from_slice(more.get(..room).unwrap_or(more));
        if is_complete {
            let line = std::mem::take(&mut self.line);
            self.complete(without_end(&line));
            self.line = line;
            self.line.clear();
        }
        behind
    }

    /// A line that may be a boundary: two dashes say so.
    fn line_of_body<'c>(&mut self, rest: &'c [u8]) -> &'c [u8] {
        let dashes = b"--".iter().skip(self.line.len());
        if dashes.zip(rest).all(|(dash, octet)| dash == octet) {
            return self.collect(rest);
        }
        self.line.clear();
        self.at = At::Text;
        rest
    }

    /// Goes on to the next line that begins with a dash or two.
    fn skip<'c>(&mut self, rest: &'c [u8]) -> &'c [u8] {
        // The end of the chunk may hide them.
        let near = || rest.ends_with(b"\n-").then(|| rest.len() - 2);
        let last = || rest.ends_with(b"\n").then(|| rest.len() - 1);
        let Some(end) = memmem::find(rest, b"\n--").or_else(near).or_else(last) else {
            return &[];
        };
        self.at = At::LineStart;
        rest.get(end + 1..).unwrap_or_default()
    }

    /// A line of a part's header, or one that may be a boundary.
    fn complete(&mut self, line: &[u8]) {
        if let Some(boundary) = self.boundary(line) {
            self.end_of_field();
            self.begin_part(line, boundary);
            return;
        }
        match self.at {
            At::Header if line.is_empty() => {
                self.end_of_field();
                self.end_of_header();
            }
            At::Header if line.first().is_some_and(|octet| matches!(octet, b' ' | b'\t')) => {
                let room = MAX_FIELD.saturating_sub(self.field.len());
                self.field.extend_from_slice(line.get(..room).unwrap_or(line));
            }
            At::Header => {
                self.end_of_field();
                if is_field(line) {
                    self.field.extend_from_slice(line);
                    self.field_start = self.line_start;
                } else {
                    self.is_message = false;
                    self.end_of_header();
                }
            }
            At::LineStart | At::Text | At::End => {}
        }
    }

    /// Which boundary a line begins with, the innermost one first.
    fn boundary(&self, line: &[u8]) -> Option<usize> {
        let text = line.strip_prefix(b"--")?;
        self.boundaries.iter().rposition(|boundary| text.starts_with(&boundary.text))
    }

    fn begin_part(&mut self, line: &[u8], index: usize) {
        self.boundaries.truncate(index + 1);
        let Some(boundary) = self.boundaries.last() else { return };
        let behind = line.get(2 + boundary.text.len()..).unwrap_or_default();
        if behind.starts_with(b"--") {
            self.boundaries.pop();
            self.is_message = false;
            self.end_of_header();
        } else {
            self.is_message = boundary.is_of_digest;
            self.at = At::Header;
        }
    }

    fn end_of_field(&mut self) {
        let octets = std::mem::take(&mut self.field);
        if let Some(field) = Field::new(&octets) {
            if field.is_named(TYPE) {
                self.is_of(Type::parse(field.value()));
            } else if is_declared(field) {
                self.found = Some(self.field_start + ENCODING.len() as u64);
            }
        }
        self.field = octets;
        self.field.clear();
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line begins a header field.
fn is_field(line: &[u8]) -> bool {
    let Some(field) = Field::new(line) else { return false };
    !field.name().is_empty() && field.name().iter().all(u8::is_ascii_graphic)
}

impl Type {
    fn parse(value: &[u8]) -> Self {
        let mut words = Words(value);
        let kind = words.word().unwrap_or_default();
        let sub = if words.takes(b'/') { words.word() } else { None }.unwrap_or_default();
        let is = |word: &[u8], known: &str| word.eq_ignore_ascii_case(known.as_bytes());
        if is(&kind, "message") && (is(&sub, "rfc822") || is(&sub, "global")) {
            return Self::Message;
        }
        if !is(&kind, "multipart") {
            return Self::Other;
        }
        while words.seek(b';') {
            if words.word().is_some_and(|name| is(&name, "boundary")) && words.takes(b'=') {
                let boundary = words.word().unwrap_or_default();
                return Self::Parts { boundary, is_digest: is(&sub, "digest") };
            }
        }
        Self::Other
    }
}

/// The words of a structured field (RFC 2045 §5.1).
struct Words<'v>(&'v [u8]);

impl Words<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// Goes past white space and comments.
    fn skip(&mut self) {
        let mut depth = 0_usize;
        while let Some(&octet) = self.0.first() {
            match octet {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'\\' if depth > 0 => self.0 = self.0.get(1..).unwrap_or_default(),
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if depth > 0 => {}
                _ => return,
            }
            self.next();
        }
    }

    fn takes(&mut self, sign: u8) -> bool {
        self.skip();
        let found = self.0.first() == Some(&sign);
        if found {
            self.next();
        }
        found
    }

    /// Goes behind the next such sign outside of quotes and comments.
    fn seek(&mut self, sign: u8) -> bool {
        loop {
            if self.takes(sign) {
                return true;
            }
            if self.word().is_none() && self.next().is_none() {
                return false;
            }
        }
    }

    /// The next word, or what is in quotes; `None` in front of anything else.
    fn word(&mut self) -> Option<Vec<u8>> {
        self.skip();
        if self.0.first() == Some(&b'"') {
            self.next();
            let mut text = Vec::new();
            while let Some(octet) = self.next() {
                match octet {
                    b'"' => break,
                    b'\\' => text.extend(self.next()),
                    _ => text.push(octet),
                }
            }
            return Some(text);
        }
        let is_of_word =
            |octet: &u8| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(octet);
        let end = self.0.iter().position(|octet| !is_of_word(octet)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then(|| word.to_vec())
    }
}
