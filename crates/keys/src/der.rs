//! DER, as much of it as a public key is made of (ITU-T X.690, clause 10): ring takes none that
//! stands in an envelope, and OpenSSL takes a hundred microseconds to open it.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const SEQUENCE: u8 = 0x30;

/// The octets are not what DER has for a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadDer {
    /// An element is missing, cut short, of another type, or encoded in one of the ways that DER
    /// does not allow.
    #[error("byte {at}: {what} does not stand here as DER has it")]
    Element {
        /// What it should have been.
        what: &'static str,
        /// Where it should begin, in octets.
        at: usize,
    },
    /// Something follows where nothing may.
    #[error("byte {at}: the key ends here, and more follows")]
    Trailing {
        /// Where that begins, in octets.
        at: usize,
    },
}

/// The content of an element that has not been read yet, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets, at: 0 }
    }

    /// Whether the next element is of that type.
    pub(crate) fn is_at(&self, tag: u8) -> bool {
        self.rest.first() == Some(&tag)
    }

    /// The content of the next element, which is `what` and has to be of that type.
    pub(crate) fn element(&mut self, tag: u8, what: &'static str) -> Result<Self, BadDer> {
        let Some((content, rest)) = split(self.rest, tag) else {
            return Err(BadDer::Element { what, at: self.at });
        };
        let end = self.at + self.rest.len() - rest.len();
        let inner = Self { rest: content, at: end - content.len() };
        *self = Self { rest, at: end };
        Ok(inner)
    }

    /// The octets of a positive number, without zeros in front; none for zero. It has no more zeros
    /// in front than its sign needs: every number has one form.
    pub(crate) fn positive(&mut self, what: &'static str) -> Result<&'a [u8], BadDer> {
        let bad = BadDer::Element { what, at: self.at };
        match self.element(INTEGER, what)?.rest {
            [0] => Ok(&[]),
            [0, number @ ..] if number.first() >= Some(&0x80) => Ok(number),
            number if matches!(number.first(), Some(1..=0x7f)) => Ok(number),
            _ => Err(bad),
        }
    }

    /// Takes `octets`, which are `what`.
    pub(crate) fn exactly(&mut self, octets: &[u8], what: &'static str) -> Result<(), BadDer> {
        let bad = BadDer::Element { what, at: self.at };
        self.rest = self.rest.strip_prefix(octets).ok_or(bad)?;
        self.at += octets.len();
        Ok(())
    }

    /// Nothing may be left.
    pub(crate) const fn end(self) -> Result<(), BadDer> {
        if self.rest.is_empty() { Ok(()) } else { Err(BadDer::Trailing { at: self.at }) }
    }
}

/// The content of the element of that type that `input` begins with, and what follows it.
fn split(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    // Every length has one form, the shortest; 64 KiB is far beyond every key that is read.
    let (len, rest) = match input.strip_prefix(&[tag])? {
        [len @ ..=0x7f, rest @ ..] => (usize::from(*len), rest),
        [0x81, len @ 0x80..=0xff, rest @ ..] => (usize::from(*len), rest),
        [0x82, high @ 1..=0xff, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(len)
}

/// The element of that type with that content, which is shorter than 64 KiB.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let len: &[u8] = match (high, low) {
        (0, ..=0x7f) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], len, content].concat()
}

/// A positive number, from its octets without zeros in front.
pub(crate) fn positive(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first() < Some(&0x80) { &[] } else { &[0] };
    let sign = if number.is_empty() { &[0] } else { sign };
    element(INTEGER, &[sign, number].concat())
}

#[cfg(test)]
mod tests {
    use super::{BadDer, INTEGER, Reader, element, positive};

    #[test]
    fn elements_of_every_length_read_back() {
        for len in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1234, 0xffff] {
            let content = vec![7; len];
            let written = element(INTEGER, &content);
            let mut reader = Reader::new(&written);
            assert_eq!(reader.element(INTEGER, "it").unwrap().rest, content, "{len} octets");
            assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn numbers_read_back() {
        for number in [&[][..], &[1], &[0x7f], &[0x80], &[0xff, 0], &[1, 0, 1]] {
            let written = positive(number);
            assert_eq!(Reader::new(&written).positive("it"), Ok(number), "{written:02x?}");
        }
    }

    #[test]
    fn a_number_or_a_length_in_another_form_than_ders_is_refused() {
        for octets in [
            &[][..],
            &[2],
            &[2, 0],                // no octet
            &[2, 1],                // cut short
            &[2, 2, 1],             // cut short
            &[3, 1, 1],             // another type
            &[2, 1, 0x80],          // negative
            &[2, 2, 0, 0],          // a zero too much
            &[2, 2, 0, 0x7f],       // a zero too much
            &[2, 0x80, 1, 0, 0],    // BER: no length
            &[2, 0x81, 1, 1],       // BER: a longer length than needed
            &[2, 0x82, 0, 1, 1],    // BER: a longer length than needed
            &[2, 0x82, 1],          // cut short
            &[2, 0x83, 0, 0, 1, 1], // longer than anything
            &[2, 0x84, 0xff, 0xff, 0xff, 0xff, 1],
            &[2, 0xff, 1],
        ] {
            let want = Err(BadDer::Element { what: "it", at: 0 });
            assert_eq!(Reader::new(octets).positive("it"), want, "{octets:02x?}");
        }
    }
}
