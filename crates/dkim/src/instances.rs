//! Which fields the names of an `h=` tag take.

use std::collections::HashMap;
use twinseal_message::{Field, HeaderBlock};

/// Where the fields of each name stand, from top to bottom. A stranger wrote both the header and
/// the list: neither the one nor the other may make the search long.
#[derive(Debug)]
pub(crate) struct Instances(HashMap<Box<[u8]>, Vec<usize>>);

impl Instances {
    pub(crate) fn of(header: &HeaderBlock) -> Self {
        let mut places: HashMap<Box<[u8]>, Vec<usize>> = HashMap::new();
        for (index, field) in header.fields().enumerate() {
            places.entry(field.name().to_ascii_lowercase().into()).or_default().push(index);
        }
        Self(places)
    }

    /// The numbers of the fields that these names, in lower case, take: repeated names from the
    /// bottom upwards (RFC 6376 §5.4.2, trap H5); a name that finds none left takes nothing (trap
    /// H6). The signature's own field, `own`, is none of them (RFC 6376 §3.7).
    pub(crate) fn numbers(&self, names: &[Box<[u8]>], own: usize) -> Vec<Option<usize>> {
        let mut left: HashMap<&[u8], std::slice::Iter<'_, usize>> = HashMap::new();
        let mut taken = Vec::with_capacity(names.len());
        for name in names {
            let places = || self.0.get(name).map(Vec::as_slice).unwrap_or_default().iter();
            let places = left.entry(name).or_insert_with(places);
            taken.push(places.rfind(|&&place| place != own).copied());
        }
        taken
    }

    /// The fields themselves.
    pub(crate) fn taken_by<'h>(
        &self,
        names: &[Box<[u8]>],
        own: usize,
        header: &'h HeaderBlock,
    ) -> Vec<Field<'h>> {
        let fields: Vec<Field<'h>> = header.fields().collect();
        let numbers = self.numbers(names, own).into_iter().flatten();
        numbers.filter_map(|number| fields.get(number).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Instances;
    use twinseal_message::HeaderBlock;

    #[test]
    fn repeated_names_are_taken_from_the_bottom_and_never_the_signature_itself() {
        // Traps H5, H6
        let mut header = HeaderBlock::default();
        for name in ["DKIM-Signature", "To", "dkim-signature", "TO", "From"] {
            header.push(name.as_bytes(), b" x").unwrap();
        }
        let names = ["to", "from", "to", "to", "dkim-signature", "dkim-signature", "x"];
        let names: Vec<Box<[u8]>> = names.iter().map(|name| name.as_bytes().into()).collect();
        let want = [Some(3), Some(4), Some(1), None, Some(2), None, None];
        assert_eq!(Instances::of(&header).numbers(&names, 0), want);
    }
}
