//! The header block: fields in the order of the message, every octet as it arrived.

/// A header larger than this is not held, so the message cannot be signed, in octets.
///
/// Real headers stay under 100 KiB, the size at which Postfix cuts a single field
/// (`header_size_limit`); ten times that leaves room for many long ones, and bounds what one
/// connection can make us remember.
pub const MAX_HEADER_OCTETS: usize = 1024 * 1024;

/// The most fields that are held. Each costs memory beside its octets, and a message with more of
/// them is none that a person or a mailing list wrote.
pub const MAX_FIELDS: usize = 16_384;

/// The header grew past a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderTooLarge {
    /// It has too many octets.
    #[error("its header is larger than {limit} octets")]
    Octets {
        /// The limit.
        limit: usize,
    },
    /// It has too many fields.
    #[error("its header has more than {MAX_FIELDS} fields")]
    Fields,
}

/// The fields of a message, top-down, in one buffer.
#[derive(Debug, Clone)]
pub struct HeaderBlock {
    octets: Vec<u8>,
    spans: Vec<Span>,
    limit: usize,
}

/// Where one field lies in the buffer.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    colon: usize,
    end: usize,
}

/// One header field. Its line end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    octets: &'a [u8],
    colon: usize,
}

impl Default for HeaderBlock {
    fn default() -> Self {
        Self::with_limit(MAX_HEADER_OCTETS)
    }
}

impl HeaderBlock {
    /// An empty header that will hold at most `limit` octets.
    #[must_use]
    pub const fn with_limit(limit: usize) -> Self {
        Self { octets: Vec::new(), spans: Vec::new(), limit }
    }

    /// Appends a field whose name and value came apart, as the milter protocol brings them.
    ///
    /// The value is everything after the colon, leading space included (trap W1). Folds, which
    /// arrive as a bare LF (trap W2), are stored as the CRLF that the wire will carry; a CRLF stays
    /// what it is.
    ///
    /// # Errors
    /// [`HeaderTooLarge`] when the field does not fit; the block is then unchanged.
    pub fn push(&mut self, name: &[u8], value: &[u8]) -> Result<(), HeaderTooLarge> {
        let start = self.octets.len();
        self.octets.extend_from_slice(name);
        self.octets.push(b':');
        let mut last = 0;
        for &octet in value {
            if octet == b'\n' && last != b'\r' {
                self.octets.push(b'\r');
            }
            self.octets.push(octet);
            last = octet;
        }
        self.close(Span { start, colon: start + name.len(), end: self.octets.len() })
    }

    /// Appends to the last field; used while a folded field is read line by line.
    pub(crate) fn extend_last(&mut self, octets: &[u8]) -> Result<(), HeaderTooLarge> {
        let Some(span) = self.spans.pop() else {
            return Ok(());
        };
        self.octets.extend_from_slice(octets);
        self.close(Span { end: self.octets.len(), ..span })
    }

    fn close(&mut self, span: Span) -> Result<(), HeaderTooLarge> {
        if span.end > self.limit {
            self.octets.truncate(span.start);
            return Err(HeaderTooLarge::Octets { limit: self.limit });
        }
        if self.spans.len() == MAX_FIELDS {
            self.octets.truncate(span.start);
            return Err(HeaderTooLarge::Fields);
        }
        self.spans.push(span);
        Ok(())
    }

    /// The fields from top to bottom.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = Field<'_>> + ExactSizeIterator {
        self.spans.iter().map(|span| Field {
            octets: self.octets.get(span.start..span.end).unwrap_or_default(),
            colon: span.colon - span.start,
        })
    }

    /// The fields of that name, compared without case, from top to bottom.
    pub fn named<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = Field<'a>> {
        self.fields().filter(move |field| field.is_named(name))
    }

    /// How many fields there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// How many octets the fields take, line ends not counted.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets.len()
    }
}

impl<'a> Field<'a> {
    /// A field from its octets, without the line end that closes it; `None` when there is no colon.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Option<Self> {
        let colon = octets.iter().position(|&octet| octet == b':')?;
        Some(Self { octets, colon })
    }

    /// The whole field as it came: name, colon, value, folds as CRLF.
    #[must_use]
    pub const fn octets(self) -> &'a [u8] {
        self.octets
    }

    /// The name, in the message's own capitalization, without the white space that may stand before
    /// the colon (RFC 5322 §4.5).
    #[must_use]
    pub fn name(self) -> &'a [u8] {
        let name = self.octets.get(..self.colon).unwrap_or_default();
        let end =
            name.iter().rposition(|octet| !matches!(octet, b' ' | b'\t')).map_or(0, |at| at + 1);
        name.get(..end).unwrap_or_default()
    }

    /// Everything after the colon, leading white space and folds included.
    #[must_use]
    pub fn value(self) -> &'a [u8] {
        self.octets.get(self.colon + 1..).unwrap_or_default()
    }

    /// Whether the field has that name, compared without case.
    #[must_use]
    pub fn is_named(self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, HeaderBlock, HeaderTooLarge, MAX_FIELDS};

    #[test]
    fn a_field_keeps_every_octet() {
        let mut header = HeaderBlock::default();
        header.push(b"Subject", b"\n  first\n\tsecond \xff").unwrap();
        header.push(b"X-Empty", b"").unwrap();
        let fields: Vec<_> = header.fields().map(Field::octets).collect();
        assert_eq!(fields, [&b"Subject:\r\n  first\r\n\tsecond \xff"[..], b"X-Empty:"]);
    }

    #[test]
    fn a_fold_that_is_already_crlf_stays_one() {
        let mut header = HeaderBlock::default();
        header.push(b"A", b" b\r\n c\r").unwrap();
        assert_eq!(header.fields().next().unwrap().value(), b" b\r\n c\r");
    }

    #[test]
    fn names_compare_without_case_and_without_the_space_before_the_colon() {
        let mut header = HeaderBlock::default();
        header.push(b"FROM \t", b" a").unwrap();
        header.push(b"Fromage", b" b").unwrap();
        assert_eq!(header.named("from").map(Field::value).collect::<Vec<_>>(), [b" a"]);
        assert_eq!(header.fields().next().unwrap().octets(), b"FROM \t: a");
    }

    #[test]
    fn the_limit_counts_octets_and_leaves_the_block_as_it_was() {
        let mut header = HeaderBlock::with_limit(6);
        let too_large = Err(HeaderTooLarge::Octets { limit: 6 });
        assert_eq!(header.push(b"A", b" 1234"), too_large);
        header.push(b"A", b" 123").unwrap();
        assert_eq!(header.push(b"B", b""), too_large);
        assert_eq!(header.fields().map(Field::octets).collect::<Vec<_>>(), [b"A: 123"]);
    }

    #[test]
    fn the_number_of_fields_has_a_limit() {
        let mut header = HeaderBlock::default();
        for _ in 0..MAX_FIELDS {
            header.push(b"a", b"").unwrap();
        }
        assert_eq!(header.push(b"a", b""), Err(HeaderTooLarge::Fields));
        assert_eq!((header.len(), header.octets()), (MAX_FIELDS, 2 * MAX_FIELDS));
    }
}
