//! The fields inside a frame: numbers, and texts with a NUL at their end.

/// What is wrong with the fields of a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The frame ends before a field.
    #[error("ends before the {field}")]
    Missing {
        /// What should have come.
        field: &'static str,
    },
    /// A text has no NUL at its end.
    #[error("the {field} has no NUL at its end")]
    Unterminated {
        /// Which text.
        field: &'static str,
    },
    /// A letter in a field stands for nothing.
    #[error("the {field} {letter:?} is unknown")]
    Unknown {
        /// Which field.
        field: &'static str,
        /// The letter.
        letter: char,
    },
    /// The frame goes on after its last field.
    #[error("goes on for {octets} octets after its last field")]
    Trailing {
        /// How many octets are left.
        octets: usize,
    },
}

/// Takes fields from the front of a frame.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(payload: &'a [u8]) -> Self {
        Self { rest: payload }
    }

    fn octet(&mut self, field: &'static str) -> Result<u8, FieldError> {
        let (&[octet], rest) =
            self.rest.split_first_chunk().ok_or(FieldError::Missing { field })?;
        self.rest = rest;
        Ok(octet)
    }

    /// An octet that stands for something.
    pub(crate) fn letter<T>(
        &mut self,
        field: &'static str,
        read: fn(u8) -> Option<T>,
    ) -> Result<T, FieldError> {
        let letter = self.octet(field)?;
        read(letter).ok_or(FieldError::Unknown { field, letter: letter.into() })
    }

    pub(crate) fn short(&mut self, field: &'static str) -> Result<u16, FieldError> {
        let (number, rest) = self.rest.split_first_chunk().ok_or(FieldError::Missing { field })?;
        self.rest = rest;
        Ok(u16::from_be_bytes(*number))
    }

    pub(crate) fn long(&mut self, field: &'static str) -> Result<u32, FieldError> {
        let (number, rest) = self.rest.split_first_chunk().ok_or(FieldError::Missing { field })?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*number))
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<&'a [u8], FieldError> {
        if self.rest.is_empty() {
            return Err(FieldError::Missing { field });
        }
        let mut halves = self.rest.splitn(2, |octet| *octet == 0);
        let text = halves.next().unwrap_or_default();
        self.rest = halves.next().ok_or(FieldError::Unterminated { field })?;
        Ok(text)
    }

    /// Any number of texts, to the end of the frame.
    pub(crate) fn texts(self, field: &'static str) -> Result<&'a [u8], FieldError> {
        if text_list_is_terminated(self.rest) {
            Ok(self.rest)
        } else {
            Err(FieldError::Unterminated { field })
        }
    }

    /// All that is left, whatever it is.
    pub(crate) fn remainder(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn end(self) -> Result<(), FieldError> {
        match self.rest.len() {
            0 => Ok(()),
            octets => Err(FieldError::Trailing { octets }),
        }
    }
}

/// Whether `list` is texts that each end with a NUL, possibly none.
pub(crate) fn text_list_is_terminated(list: &[u8]) -> bool {
    list.last().is_none_or(|last| *last == 0)
}

/// The texts of a list that [`text_list_is_terminated`].
pub(crate) fn texts(list: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    list.split_inclusive(|octet| *octet == 0).map(|text| text.strip_suffix(b"\0").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_and_say_what_is_missing() {
        let mut fields = Fields::new(b"host\x004\x00\x19addr");
        assert_eq!(fields.text("host name"), Ok(b"host".as_slice()));
        assert_eq!(fields.octet("family"), Ok(b'4'));
        assert_eq!(fields.short("port"), Ok(25));
        let unterminated = FieldError::Unterminated { field: "address" };
        assert_eq!(fields.text("address"), Err(unterminated));
        assert_eq!(fields.remainder(), b"addr");
        let missing = FieldError::Missing { field: "number" };
        assert_eq!(Fields::new(b"\0\0\0").long("number"), Err(missing));
        assert_eq!(Fields::new(b"").text("x"), Err(FieldError::Missing { field: "x" }));
        assert_eq!(Fields::new(b"ab").end(), Err(FieldError::Trailing { octets: 2 }));
    }

    #[test]
    fn empty_texts_are_texts() {
        let list: Vec<&[u8]> = texts(b"\0a\0\0").collect();
        assert_eq!(list, [b"".as_slice(), b"a", b""]);
        assert_eq!(texts(b"").count(), 0);
        assert!(text_list_is_terminated(b""));
        assert!(!text_list_is_terminated(b"a"));
    }
}
