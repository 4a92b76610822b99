//! The header of a message in an MTA, and what modifications do to it.

use super::reply::Modification;

/// A header as Postfix keeps it: what it shows to filters, below a `Received` field of its own that
/// it does not show (trap P5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    fields: Vec<Field>,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: Vec<u8>,
    /// All that follows the colon; folds are LF and white space.
    pub value: Vec<u8>,
    /// Whether the MTA wrote it itself, and hides it.
    own: bool,
}

impl Header {
    /// Takes the header from a message with lines that end in LF or CRLF, and leaves the body. A
    /// line that is no field ends the header and belongs to the body (trap P17).
    #[must_use]
    pub fn parse(message: &[u8]) -> (Self, &[u8]) {
        let mut header = Self::default();
        let mut rest = message;
        while let Some(line) = rest.split_inclusive(|octet| *octet == b'\n').next() {
            let after = rest.get(line.len()..).unwrap_or_default();
            let text = without_line_end(line);
            if text.is_empty() {
                return (header, after);
            }
            if !header.take_line(text) {
                break;
            }
            rest = after;
        }
        (header, rest)
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        self.fields.push(Field::new(name, value));
    }

    /// Puts the MTA's own `Received` field on top, as it does for every message.
    pub fn put_received(&mut self, value: &[u8]) {
        self.fields.insert(0, Field { own: true, ..Field::new(b"Received", value) });
    }

    /// All fields, from the top.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The fields that filters are shown, from the top.
    pub fn shown(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.own)
    }

    /// The header as it is stored and sent, lines ending in CRLF, without the empty line that ends
    /// it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in &self.fields {
            bytes.extend_from_slice(&field.name);
            bytes.push(b':');
            for octet in &field.value {
                if *octet == b'\n' {
                    bytes.push(b'\r');
                }
                bytes.push(*octet);
            }
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }

    /// Does what a modification says; those of body and envelope do nothing here. An MTA that has
    /// not agreed to preserve the leading space adds one to each value (trap W1).
    pub fn apply(&mut self, modification: &Modification, leading_space: bool) {
        let space: &[u8] = if leading_space { b"" } else { b" " };
        match modification {
            Modification::AddHeader { name, value } => {
                self.push(name, &[space, value.as_slice()].concat());
            }
            Modification::InsertHeader { index, name, value } => {
                self.insert(*index, Field::new(name, &[space, value.as_slice()].concat()));
            }
            Modification::ChangeHeader { instance, name, value } if value.is_empty() => {
                if let Some(at) = self.position(*instance, name) {
                    self.fields.remove(at);
                }
            }
            Modification::ChangeHeader { instance, name, value } => {
                self.change(*instance, name, &[space, value.as_slice()].concat());
            }
            Modification::ReplaceBody(_)
            | Modification::AddRecipient { .. }
            | Modification::DeleteRecipient { .. }
            | Modification::ChangeSender { .. }
            | Modification::Quarantine { .. } => {}
        }
    }

    /// Trap W8: 0 is above everything, n below the n-th of the fields that are there now, the own
    /// one included. Trap W9: with something above the own one, 1 is above the own one too.
    fn insert(&mut self, index: u32, field: Field) {
        let at = usize::try_from(index).unwrap_or(usize::MAX).min(self.fields.len());
        self.fields.insert(at, field);
    }

    /// Trap W13: an instance beyond the last adds the field.
    fn change(&mut self, instance: u32, name: &[u8], value: &[u8]) {
        match self.position(instance, name).and_then(|at| self.fields.get_mut(at)) {
            Some(field) => field.value = value.to_vec(),
            None => self.push(name, value),
        }
    }

    /// Trap W11: instances are counted anew each time, so a deletion renumbers the rest. The MTA's
    /// own field does not count. Instance 0 is the first.
    fn position(&self, instance: u32, name: &[u8]) -> Option<usize> {
        let before = usize::try_from(instance.saturating_sub(1)).ok()?;
        self.fields
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.own && field.name.eq_ignore_ascii_case(name))
            .nth(before)
            .map(|(at, _)| at)
    }

    /// Takes a line of the header, if it is one.
    fn take_line(&mut self, line: &[u8]) -> bool {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            let Some(last) = self.fields.last_mut() else { return false };
            last.value.push(b'\n');
            last.value.extend_from_slice(line);
            return true;
        }
        let mut halves = line.splitn(2, |octet| *octet == b':');
        let (Some(name), Some(value)) = (halves.next(), halves.next()) else { return false };
        let name = name.trim_ascii_end();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return false;
        }
        self.push(name, value);
        true
    }
}

impl Field {
    fn new(name: &[u8], value: &[u8]) -> Self {
        Self { name: name.to_vec(), value: value.to_vec(), own: false }
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let (mut header, body) = Header::parse(b"A: 1\r\nB: 2\r\n\tfolded\r\nA: 3\r\n\r\nbody");
        assert_eq!(body, b"body");
        header.put_received(b" here");
        header
    }

    fn names(header: &Header) -> String {
        let names: Vec<String> = header
            .fields()
            .iter()
            .map(|field| String::from_utf8_lossy(&field.name).into_owned())
            .collect();
        names.join(" ")
    }

    fn insert(index: u32, name: &str) -> Modification {
        Modification::InsertHeader { index, name: name.into(), value: b" v".to_vec() }
    }

    fn delete(instance: u32, name: &str) -> Modification {
        Modification::ChangeHeader { instance, name: name.into(), value: Vec::new() }
    }

    fn after(modifications: &[Modification]) -> String {
        let mut header = header();
        for modification in modifications {
            header.apply(modification, true);
        }
        names(&header)
    }

    #[test]
    fn trap_w8_index_one_is_directly_below_the_own_received() {
        assert_eq!(after(&[insert(0, "X")]), "X Received A B A");
        assert_eq!(after(&[insert(1, "X"), insert(1, "Y")]), "Received Y X A B A");
        assert_eq!(after(&[insert(3, "X")]), "Received A B X A");
        assert_eq!(after(&[insert(99, "X")]), "Received A B A X");
    }

    #[test]
    fn trap_w9_index_one_after_index_zero_lands_above_the_own_received() {
        assert_eq!(after(&[insert(0, "X"), insert(1, "Y")]), "X Y Received A B A");
        assert_eq!(after(&[insert(1, "Y"), insert(0, "X")]), "X Received Y A B A");
    }

    #[test]
    fn trap_w11_deletions_renumber() {
        assert_eq!(after(&[delete(2, "a"), delete(1, "a")]), "Received B");
        assert_eq!(after(&[delete(1, "a"), delete(2, "a")]), "Received B A");
        assert_eq!(after(&[delete(1, "Received")]), "Received A B A", "the own one is not counted");
    }

    #[test]
    fn trap_w13_changes_beyond_the_last_instance_add() {
        let change = |instance| Modification::ChangeHeader {
            instance,
            name: b"A".to_vec(),
            value: b" new".to_vec(),
        };
        assert_eq!(after(&[change(3)]), "Received A B A A");
        let mut header = header();
        header.apply(&change(2), true);
        assert_eq!(header.to_bytes(), b"Received: here\r\nA: 1\r\nB: 2\r\n\tfolded\r\nA: new\r\n");
    }

    #[test]
    fn trap_w1_a_space_is_added_unless_it_is_preserved() {
        for (leading_space, value) in [(true, b"v".to_vec()), (false, b" v".to_vec())] {
            let mut header = Header::default();
            let add = Modification::AddHeader { name: b"X".to_vec(), value: b"v".to_vec() };
            header.apply(&add, leading_space);
            assert_eq!(header.fields(), [Field { name: b"X".to_vec(), value, own: false }]);
        }
    }

    #[test]
    fn trap_p17_what_is_no_field_ends_the_header() {
        let cases: [(&[u8], usize, &[u8]); 6] = [
            (b"A: 1\n\nx", 1, b"x"),
            (b"A : 1\nno field\nx", 1, b"no field\nx"),
            (b" x\n", 0, b" x\n"),
            (b"A: 1", 1, b""),
            (b": x\n", 0, b": x\n"),
            (b"", 0, b""),
        ];
        for (message, count, body) in cases {
            let (header, rest) = Header::parse(message);
            assert_eq!((header.fields().len(), rest), (count, body), "{message:?}");
        }
    }
}
