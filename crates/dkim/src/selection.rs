//! Which header fields a signature covers.

use twinseal_message::{Field, FieldName, HeaderBlock};

/// Signed wherever they occur. From is not listed: it is always signed.
const SIGNED: &[&str] = &[
    "sender",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "to",
    "cc",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-id",
    "content-description",
    "resent-date",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-message-id",
    "in-reply-to",
    "references",
    "list-id",
    "list-help",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-subscribe",
    "list-post",
    "list-owner",
    "list-archive",
];

/// Listed once more than they occur, if they occur (trap H14).
const OVERSIGNED: &[&str] = &[
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// Never signed: each hop adds, removes or rewrites them (traps O3, P3).
const NEVER_SIGNED: &[&str] = &[
    "dkim-signature",
    "domainkey-signature",
    "return-path",
    "bcc",
    "resent-bcc",
    "content-length",
];

/// Never listed more often than they occur: the next hop adds one (trap O4).
const NEVER_OVERSIGNED: &[&str] = &["received", "authentication-results"];

/// The most entries an `h=` list may have. A message with more fields to sign is none that a person
/// wrote, and verifiers stop reading at some point.
pub const MAX_SIGNED_FIELDS: usize = 500;

/// The names that go into `h=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderSelection {
    signed: Vec<FieldName>,
    oversigned: Vec<FieldName>,
    always: Vec<FieldName>,
    /// The over-signed names as they were written, where they come out like that.
    spelled: Vec<String>,
}

/// A name cannot be selected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSelection {
    /// No signature over that field would survive its way.
    #[error("{name} cannot be signed: every hop may add, remove or rewrite it")]
    NeverSigned {
        /// The field's name.
        name: FieldName,
    },
    /// The field may be signed, but not once more than it occurs.
    #[error("{name} cannot be over-signed: the next hop adds one, and the signature would fail")]
    NeverOversigned {
        /// The field's name.
        name: FieldName,
    },
}

impl BadSelection {
    /// The name that cannot be selected.
    #[must_use]
    pub const fn name(&self) -> &FieldName {
        match self {
            Self::NeverSigned { name } | Self::NeverOversigned { name } => name,
        }
    }
}

impl Default for HeaderSelection {
    fn default() -> Self {
        Self {
            signed: names(SIGNED),
            oversigned: names(OVERSIGNED),
            always: Vec::new(),
            spelled: Vec::new(),
        }
    }
}

fn names(list: &[&str]) -> Vec<FieldName> {
    list.iter().filter_map(|name| FieldName::parse(name).ok()).collect()
}

/// RFC 8617 §4: each hop that seals a chain adds a set of `ARC-` fields.
fn changes_at_each_hop(name: &FieldName) -> bool {
    NEVER_OVERSIGNED.contains(&name.as_str()) || name.as_str().starts_with("arc-")
}

impl HeaderSelection {
    /// Signs the fields in `signed` wherever they occur, and lists those in `oversigned` once more
    /// than they occur, which signs that nobody added another one.
    ///
    /// A name in `oversigned` is signed too. A field that does not occur is not listed at all:
    /// submission agents add what is missing, after us (trap H14). From is always signed and
    /// over-signed, whether it is named or not.
    ///
    /// # Errors
    /// [`BadSelection`] for a name that would break every signature (traps O3, O4).
    pub fn new(signed: Vec<FieldName>, oversigned: Vec<FieldName>) -> Result<Self, BadSelection> {
        let all = || signed.iter().chain(&oversigned);
        if let Some(name) = all().find(|name| NEVER_SIGNED.contains(&name.as_str())) {
            return Err(BadSelection::NeverSigned { name: name.clone() });
        }
        if let Some(name) = oversigned.iter().find(|name| changes_at_each_hop(name)) {
            return Err(BadSelection::NeverOversigned { name: name.clone() });
        }
        Ok(Self { signed, oversigned, always: Vec::new(), spelled: Vec::new() })
    }

    /// The same, and the fields in `always` too, which are listed even where they do not occur:
    /// once then, which signs that there is none. From is listed in any case.
    ///
    /// # Errors
    /// [`BadSelection`] for a name that would break signatures (traps O3, O4).
    pub fn listing_always(self, always: Vec<FieldName>) -> Result<Self, BadSelection> {
        Self::new(always.clone(), always.clone())?;
        Ok(Self { always, ..self })
    }

    /// The same, and what is over-signed is named at the end in these words, whether it occurs or
    /// not, as `opendkim` has it. From is named in any case.
    #[must_use]
    pub fn oversigned_as(self, spelled: Vec<String>) -> Self {
        Self { spelled, ..self }
    }

    /// The names signed by default, for documentation.
    #[must_use]
    pub fn signed(&self) -> &[FieldName] {
        &self.signed
    }

    /// The names over-signed by default, for documentation.
    #[must_use]
    pub fn oversigned(&self) -> &[FieldName] {
        &self.oversigned
    }

    /// The names that are listed even where they do not occur.
    #[must_use]
    pub fn always(&self) -> &[FieldName] {
        &self.always
    }

    /// The entries of `h=` for that header: present fields in the order of the message, then one
    /// more for each name that is over-signed, then those that are always listed.
    pub(crate) fn entries<'h>(&'h self, header: &'h HeaderBlock) -> Vec<Entry<'h>> {
        let covered: Vec<Field<'h>> = header.fields().filter(|field| self.covers(*field)).collect();
        // More of them are never signed; do not spend time on a list that a stranger made long.
        let mut left: Vec<Field<'h>> =
            covered.iter().copied().take(MAX_SIGNED_FIELDS + 1).collect();
        let mut entries: Vec<Entry<'h>> = Vec::with_capacity(left.len());
        let mut once_more: Vec<Entry<'h>> = Vec::new();
        for field in covered.into_iter().take(MAX_SIGNED_FIELDS + 1) {
            let name = field.name();
            entries.push(Entry { name, field: take_from_the_bottom(&mut left, name) });
            let seen = |other: &Entry<'_>| other.name.eq_ignore_ascii_case(name);
            if self.covers_once_more(name) && !once_more.iter().any(seen) {
                once_more.push(Entry { name, field: None });
            }
        }
        if !self.spelled.is_empty() {
            let is_from = |entry: &Entry<'_>| entry.name.eq_ignore_ascii_case(b"from");
            let named = self.spelled.iter().any(|name| name.eq_ignore_ascii_case("from"));
            once_more.retain(|entry| !named && is_from(entry));
            entries.append(&mut once_more);
            let entry = |name: &'h String| Entry { name: name.as_bytes(), field: None };
            entries.extend(self.spelled.iter().map(entry));
            return entries;
        }
        entries.append(&mut once_more);
        for name in &self.always {
            let name = name.as_str().as_bytes();
            if !entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name)) {
                entries.push(Entry { name, field: None });
            }
        }
        entries
    }

    /// Whether the signature of a header without such a field signs that there is none.
    #[must_use]
    pub fn lists_absent(&self, name: &str) -> bool {
        self.always.iter().any(|known| known.as_str().eq_ignore_ascii_case(name))
            || self.spelled.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether a field like that is signed.
    #[must_use]
    pub fn covers(&self, field: Field<'_>) -> bool {
        let mut names = self.signed.iter().chain(&self.oversigned).chain(&self.always);
        field.is_named("from") || names.any(|name| field.is_named(name.as_str()))
    }

    fn covers_once_more(&self, name: &[u8]) -> bool {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        is("from") || self.oversigned.iter().any(|known| is(known.as_str()))
    }
}

/// One entry of `h=`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'h> {
    /// The name, in the message's own capitalization.
    pub(crate) name: &'h [u8],
    /// The instance that it takes; `None` signs that there is no further one, and adds nothing to
    /// the hash (RFC 6376 §5.4, trap H6).
    pub(crate) field: Option<Field<'h>>,
}

/// RFC 6376 §5.4.2: repeated names are taken from the bottom of the header upwards (trap H5).
fn take_from_the_bottom<'h>(left: &mut Vec<Field<'h>>, name: &[u8]) -> Option<Field<'h>> {
    let at = left.iter().rposition(|field| field.name().eq_ignore_ascii_case(name))?;
    Some(left.remove(at))
}

#[cfg(test)]
mod tests {
    use super::{BadSelection, HeaderSelection};
    use twinseal_message::{FieldName, HeaderBlock};

    fn header(fields: &[(&str, &str)]) -> HeaderBlock {
        let mut header = HeaderBlock::default();
        for (name, value) in fields {
            header.push(name.as_bytes(), value.as_bytes()).unwrap();
        }
        header
    }

    fn entries(selection: &HeaderSelection, fields: &[(&str, &str)]) -> Vec<String> {
        let header = header(fields);
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let show = |entry: super::Entry<'_>| match entry.field {
            Some(field) => format!("{}:{}", text(entry.name), text(field.value())),
            None => text(entry.name),
        };
        selection.entries(&header).into_iter().map(show).collect()
    }

    fn list(names: &[&str]) -> Vec<FieldName> {
        names.iter().map(|name| FieldName::parse(name).unwrap()).collect()
    }

    #[test]
    fn present_fields_are_listed_and_only_they_are_oversigned() {
        // Trap H14: no Date here, so none is asserted to be absent.
        let fields =
            [("Received", " r"), ("from", " a"), ("To", " b"), ("List-Id", " l"), ("X-Mine", " x")];
        let want = ["from: a", "To: b", "List-Id: l", "from", "To"];
        assert_eq!(entries(&HeaderSelection::default(), &fields), want);
    }

    #[test]
    fn repeated_fields_are_taken_from_the_bottom() {
        // Trap H5: names compare without case, also when counting.
        let fields = [("To", " 1"), ("TO", " 2"), ("From", " f"), ("to", " 3")];
        let want = ["To: 3", "TO: 2", "From: f", "to: 1", "To", "From"];
        assert_eq!(entries(&HeaderSelection::default(), &fields), want);
    }

    #[test]
    fn received_may_be_signed_as_often_as_it_occurs() {
        // Trap O5
        let selection = HeaderSelection::new(list(&["Received"]), list(&[])).unwrap();
        let fields = [("Received", " 1"), ("Received", " 2"), ("From", " f")];
        assert_eq!(entries(&selection, &fields), ["Received: 2", "Received: 1", "From: f", "From"]);
    }

    #[test]
    fn what_is_always_listed_is_signed_as_often_as_it_occurs_or_once() {
        let always = list(&["X-Mine", "to", "X-None", "From", "x-none"]);
        let selection = HeaderSelection::default().listing_always(always).unwrap();
        let fields = [("X-Mine", " 1"), ("From", " f"), ("x-mine", " 2"), ("To", " t")];
        let want = ["X-Mine: 2", "From: f", "x-mine: 1", "To: t", "From", "To", "x-none"];
        assert_eq!(entries(&selection, &fields), want);
        for name in ["Received", "DKIM-Signature", "arc-seal"] {
            let selection = HeaderSelection::default();
            assert!(selection.listing_always(list(&[name])).is_err(), "{name}");
        }
    }

    #[test]
    fn names_that_break_signatures_are_refused() {
        for name in ["DKIM-Signature", "DomainKey-Signature", "Return-Path", "Bcc"] {
            let error = HeaderSelection::new(list(&[name]), list(&[])).unwrap_err();
            assert!(matches!(error, BadSelection::NeverSigned { .. }), "{name}");
        }
        for name in ["Received", "Authentication-Results", "ARC-Seal"] {
            assert!(HeaderSelection::new(list(&[name]), list(&[])).is_ok(), "{name}");
            let error = HeaderSelection::new(list(&[]), list(&[name])).unwrap_err();
            assert!(matches!(error, BadSelection::NeverOversigned { .. }), "{name}");
        }
    }

    #[test]
    fn the_default_selection_obeys_its_own_rules() {
        let HeaderSelection { signed, oversigned, .. } = HeaderSelection::default();
        assert_eq!(
            (signed.len(), oversigned.len()),
            (super::SIGNED.len(), super::OVERSIGNED.len())
        );
        assert!(HeaderSelection::new(signed, oversigned).is_ok());
    }
}
