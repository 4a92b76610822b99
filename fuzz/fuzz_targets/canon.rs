//! The canonicalizers: whatever the chunks, the reference's octets; what is canonical stays as it
//! is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_canon::{dkim, domainkeys, reference};
use twinseal_fuzz::Cut;

fuzz_target!(|input: &[u8]| {
    for form in Form::ALL {
        body(form, input);
        header(form, input);
    }
});

/// The four canonicalizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Dkim(dkim::Kind),
    DomainKeys(domainkeys::Canonicalization),
}

impl Form {
    const ALL: [Self; 4] = [
        Self::Dkim(dkim::Kind::Simple),
        Self::Dkim(dkim::Kind::Relaxed),
        Self::DomainKeys(domainkeys::Canonicalization::Simple),
        Self::DomainKeys(domainkeys::Canonicalization::Nofws),
    ];

    /// The canonical body of the reference, octet by octet, with its separator.
    fn reference(self, input: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Dkim(kind) => reference::dkim_body(kind, input, &mut out),
            Self::DomainKeys(kind) => reference::domainkeys_body(kind, input, &mut out),
        }
        out
    }

    /// The canonical body, with the separator that DomainKeys hashes in front of it.
    fn body<'a>(self, chunks: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Dkim(kind) => {
                let mut body = dkim::Body::new(kind);
                chunks.for_each(|chunk| body.feed(chunk, &mut out));
                body.finish(&mut out);
            }
            Self::DomainKeys(canonicalization) => {
                let mut body = domainkeys::Body::new(canonicalization);
                chunks.for_each(|chunk| body.feed(chunk, &mut out));
                body.finish(&mut out);
            }
        }
        out
    }

    /// A canonical body without its separator.
    fn without_separator(self, body: &[u8]) -> &[u8] {
        match self {
            Self::Dkim(_) => body,
            Self::DomainKeys(_) if body.is_empty() => body,
            Self::DomainKeys(_) => {
                body.strip_prefix(b"\r\n").expect("a separator stands before a body")
            }
        }
    }

    /// The canonical field, without the line end that DomainKeys closes it with.
    fn header(self, field: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Dkim(kind) => dkim::header(kind, field, &mut out),
            Self::DomainKeys(canonicalization) => {
                domainkeys::header(canonicalization, field, &mut out);
                assert!(out.ends_with(b"\r\n"), "{self:?}: a field without its line end");
                out.truncate(out.len() - 2);
            }
        }
        out
    }

    const fn is_simple(self) -> bool {
        match self {
            Self::Dkim(kind) => matches!(kind, dkim::Kind::Simple),
            Self::DomainKeys(kind) => matches!(kind, domainkeys::Canonicalization::Simple),
        }
    }
}

fn body(form: Form, input: &[u8]) {
    let reference = form.reference(input);
    for cut in Cut::ALL {
        assert_eq!(form.body(cut.chunks(input)), reference, "{form:?} in chunks: {cut:?}");
    }
    let canonical = form.without_separator(&reference);
    let again = form.body(Cut::Whole.chunks(canonical));
    assert_eq!(again, reference, "{form:?} changes a canonical body");
    assert!(canonical.is_empty() || canonical.ends_with(b"\r\n"), "{form:?}: no line end");
    assert!(!canonical.ends_with(b"\r\n\r\n"), "{form:?}: an empty line at the end");
    if form.is_simple() {
        let text = canonical.strip_suffix(b"\r\n").unwrap_or_default();
        assert!(input.starts_with(text), "{form:?} changes text");
    } else {
        assert!(!contains(canonical, b" \r\n"), "{form:?}: blanks at the end of a line");
        assert!(!contains(canonical, b"\t"), "{form:?}: a tab");
    }
}

fn header(form: Form, field: &[u8]) {
    let canonical = form.header(field);
    if form.is_simple() {
        assert_eq!(canonical, field, "{form:?} changes a field");
    }
    // Where a fold is removed from between a CR and an LF, these two become one. No header that
    // was read from lines has such a field.
    if !contains(&canonical, b"\r\n") {
        assert_eq!(form.header(&canonical), canonical, "{form:?} changes a canonical field");
    }
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}
