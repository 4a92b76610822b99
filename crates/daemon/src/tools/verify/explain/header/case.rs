//! A header with its fields, and whether it fits once something is undone.

use super::ORIGINALS;
use crate::tools::verify::explain::sha256;
use std::cell::Cell;
use twinseal_dkim::Signature;
use twinseal_keys::PublicKey;
use twinseal_message::text::shown;
use twinseal_message::{Field, HeaderBlock};

/// How many headers are hashed in search of a cause.
const MAX_TRIES: usize = 5_000;

/// How much work goes into the search, in octets that are copied and hashed.
const MAX_WORK: usize = 64 * 1024 * 1024;

/// What a field costs beside its octets, counted in the same way.
const FIELD_COST: usize = 256;

/// What a header has to come to.
pub(in crate::tools::verify::explain) enum Target<'k> {
    /// The hash that was signed.
    Digest([u8; 32]),
    /// Something that this key has signed.
    Key(&'k PublicKey),
}

/// A header, and what it should come to.
pub(in crate::tools::verify::explain) struct Case<'a> {
    pub(super) signature: &'a Signature,
    target: Target<'a>,
    /// The fields that could have been signed, from the top; all others do not matter.
    pub(super) parts: Vec<Part>,
    /// What one try costs.
    cost: usize,
    /// How many tries are left.
    tries: Cell<usize>,
    /// How much work is left.
    work: Cell<usize>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) octets: Vec<u8>,
    /// From 1 at the top of the message.
    pub(super) number: usize,
    /// Whether it is the signature's own field.
    pub(super) is_own: bool,
}

impl Part {
    pub(super) fn field(&self) -> Option<Field<'_>> {
        Field::new(&self.octets)
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.field().is_some_and(|field| field.is_named(name))
    }

    pub(super) fn value(&self) -> &[u8] {
        self.field().map(Field::value).unwrap_or_default()
    }

    pub(super) fn name(&self) -> String {
        shown(&String::from_utf8_lossy(self.field().map(Field::name).unwrap_or_default()))
    }

    /// The same field with another value.
    pub(super) fn with(&self, value: &[u8]) -> Self {
        let before = self.octets.len() - self.value().len();
        let before = self.octets.get(..before).unwrap_or_default();
        Self { octets: [before, value].concat(), ..*self }
    }

    /// The same field with another name.
    pub(super) fn renamed(&self, name: &[u8]) -> Self {
        Self { octets: [name, b":", self.value()].concat(), ..*self }
    }

    pub(super) fn shown(&self) -> String {
        format!("{} (field {})", self.name(), self.number)
    }
}

impl<'a> Case<'a> {
    pub(in crate::tools::verify::explain) fn new(
        header: &'a HeaderBlock,
        own: usize,
        signature: &'a Signature,
        target: Target<'a>,
    ) -> Self {
        let parts = header.fields().enumerate().filter_map(|(index, field)| {
            let is_own = index == own;
            let name = field.name();
            let listed = signature.fields.iter().any(|listed| listed.eq_ignore_ascii_case(name));
            // Fields that hold what another one was before are asked about too.
            let matters = is_own || listed || ORIGINALS.iter().any(|name| field.is_named(name));
            matters.then(|| Part { octets: field.octets().to_vec(), number: index + 1, is_own })
        });
        let parts: Vec<Part> = parts.collect();
        let cost = parts.iter().map(|part| part.octets.len() + FIELD_COST).sum();
        let (tries, work) = (Cell::new(MAX_TRIES), Cell::new(MAX_WORK));
        Self { signature, target, parts, cost, tries, work }
    }

    /// Whether the header fits as it is, where the signature says something else; `None` when no
    /// work is left, here and below.
    pub(super) fn fits_as(&self, signature: &Signature) -> Option<bool> {
        self.spend(0)?;
        Some(self.reached(signature, &self.parts))
    }

    /// Whether the header fits once it is changed so.
    pub(super) fn fits_when(&self, change: impl FnOnce(&mut Vec<Part>)) -> Option<bool> {
        self.spend(0)?;
        let mut parts = self.parts.clone();
        change(&mut parts);
        Some(self.reached(self.signature, &parts))
    }

    /// Whether the header fits with that part changed so.
    pub(super) fn fits_with(&self, at: usize, changed: Part) -> Option<bool> {
        self.spend(changed.octets.len())?;
        let mut parts = self.parts.clone();
        if let Some(part) = parts.get_mut(at) {
            *part = changed;
        }
        Some(self.reached(self.signature, &parts))
    }

    /// The first part for which one of the changed ones fits. They are made as they are needed.
    pub(super) fn part_that<'s, I>(&'s self, change: impl Fn(&'s Part) -> I) -> Option<&'s Part>
    where
        I: IntoIterator<Item = Part>,
    {
        for (at, part) in self.parts.iter().enumerate() {
            for changed in change(part) {
                if changed != *part && self.fits_with(at, changed)? {
                    return Some(part);
                }
            }
        }
        None
    }

    /// How often it was tried.
    #[cfg(test)]
    pub(in crate::tools::verify::explain) fn tries(&self) -> usize {
        MAX_TRIES - self.tries.get()
    }

    /// Takes what one try costs from what may be spent, before anything is copied for it.
    fn spend(&self, more: usize) -> Option<()> {
        let tries = self.tries.get().checked_sub(1)?;
        let work = self.work.get().checked_sub(self.cost.saturating_add(more))?;
        self.tries.set(tries);
        self.work.set(work);
        Some(())
    }

    fn reached(&self, signature: &Signature, parts: &[Part]) -> bool {
        let Some(signed) = signed_octets(signature, parts) else { return false };
        match &self.target {
            Target::Digest(digest) => sha256(&signed) == *digest,
            Target::Key(key) => key.verifies(&signed, &signature.signature),
        }
    }
}

/// What the signature would have been made over.
fn signed_octets(signature: &Signature, parts: &[Part]) -> Option<Vec<u8>> {
    let mut header = HeaderBlock::with_limit(usize::MAX);
    for part in parts {
        let name = part.octets.len().checked_sub(part.value().len() + 1)?;
        header.push(part.octets.get(..name)?, part.value()).ok()?;
    }
    let own = parts.iter().position(|part| part.is_own)?;
    // Where b= lies is known again only once the field is read again.
    let mut changed = Signature::parse(header.fields().nth(own)?).1.ok()?;
    changed.canonicalization = signature.canonicalization;
    let fields: Vec<Field<'_>> = header.fields().collect();
    let numbers = changed.taken(&header, own);
    let taken = numbers.into_iter().filter_map(|number| fields.get(number?).copied());
    Some(changed.signed_octets(taken, *fields.get(own)?))
}
