//! The fields that another filter has inserted: those at the top of the header that we are shown, as
//! long as each is one that filters insert.
//!
//! LIMIT: a signature that the message came with, and above which nothing else stands, is taken for
//! the other filter's. Mail that was relayed before has a Received field there.

use super::Mark;
use twinseal_dkim::FIELD as DKIM_FIELD;
use twinseal_domainkeys::FIELD as DOMAINKEYS_FIELD;
use twinseal_message::text::shown;
use twinseal_message::{Domain, Field, HeaderBlock, TagList};

/// What signing filters insert, and what would not be there without them.
const INSERTED: [&str; 6] =
    [DKIM_FIELD, DOMAINKEYS_FIELD, "dkim-filter", "x-dkim", "x-domainkeys", "vbr-info"];

/// What other filters insert between those.
const BETWEEN: [&str; 2] = ["authentication-results", "received-spf"];

/// What the other filter has made, and the message as it was shown to that one.
#[derive(Debug)]
pub struct Theirs {
    /// Its signatures, from top to bottom.
    pub signatures: Vec<Signature>,
    /// The header without what it has inserted.
    pub rest: HeaderBlock,
}

/// A signature of the other filter.
#[derive(Debug, Clone)]
pub struct Signature {
    /// Which.
    pub mark: Mark,
    /// What stands behind the colon.
    pub value: Vec<u8>,
}

impl Theirs {
    /// Takes a header apart.
    #[must_use]
    pub fn of(header: &HeaderBlock) -> Self {
        let mut theirs = Self { signatures: Vec::new(), rest: HeaderBlock::default() };
        let mut on_top = true;
        for field in header.fields() {
            let is = |names: &[&str]| names.iter().any(|name| field.is_named(name));
            on_top = on_top && (is(&INSERTED) || is(&BETWEEN) || is_extension(field));
            if on_top && is(&INSERTED) {
                theirs.signatures.extend(Signature::of(field));
            } else {
                // It fitted before.
                let _ = theirs.rest.push(field.name(), field.value());
            }
        }
        theirs
    }

    /// The header as the other filter was shown it, with its own signatures in the place of those
    /// that were there.
    #[must_use]
    pub fn signed(&self) -> HeaderBlock {
        let mut header = HeaderBlock::default();
        for Signature { mark, value } in &self.signatures {
            let _ = header.push(mark.field.as_bytes(), value);
        }
        for field in self.rest.fields().filter(|field| !field.is_named(DKIM_FIELD)) {
            let _ = header.push(field.name(), field.value());
        }
        header
    }
}

/// Whether it is one of those that anybody may make up.
fn is_extension(field: Field<'_>) -> bool {
    field.name().get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"x-"))
}

impl Signature {
    /// The field, if it is a signature.
    fn of(field: Field<'_>) -> Option<Self> {
        let name = [DKIM_FIELD, DOMAINKEYS_FIELD].into_iter().find(|name| field.is_named(name))?;
        let tag = |name| {
            let tags = TagList::parse(field.value()).ok()?;
            Some(String::from_utf8_lossy(&tags.get(name)?.compact()).into_owned())
        };
        let domain = tag("d").unwrap_or_default();
        let domain = Domain::parse(&domain).map_or(domain, |domain| domain.to_string());
        let mark = Mark {
            field: name,
            selector: shown(&tag("s").unwrap_or_default()),
            domain: shown(&domain),
        };
        Some(Self { mark, value: field.value().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::Theirs;
    use twinseal_message::HeaderBlock;

    fn header(fields: &[(&str, &str)]) -> HeaderBlock {
        let mut header = HeaderBlock::default();
        for (name, value) in fields {
            header.push(name.as_bytes(), value.as_bytes()).unwrap();
        }
        header
    }

    #[test]
    fn what_stands_on_top_is_the_other_filter_s() {
        let seal = " v=1; d=Example.com;\n s=m ail; b=x";
        let theirs = Theirs::of(&header(&[
            ("DKIM-Filter", " OpenDKIM Filter v2.11.0 mx 4AB"),
            ("Authentication-Results", " mx; none"),
            ("dkim-signature", seal),
            ("X-Virus-Scanned", " yes"),
            ("DomainKey-Signature", " d=example.com; s=dk"),
            ("Received", " from pc"),
            ("DKIM-Signature", " d=author.example; s=old"),
            ("From", " a@example.com"),
        ]));
        let marks: Vec<String> = theirs
            .signatures
            .iter()
            .map(|one| format!("{} {}", one.mark.field, one.mark))
            .collect();
        let want =
            ["DKIM-Signature (s=mail, d=example.com)", "DomainKey-Signature (s=dk, d=example.com)"];
        assert_eq!(marks, want);
        let names = |header: &HeaderBlock| -> Vec<String> {
            header
                .fields()
                .map(|field| String::from_utf8_lossy(field.name()).into_owned())
                .collect()
        };
        let rest =
            ["Authentication-Results", "X-Virus-Scanned", "Received", "DKIM-Signature", "From"];
        assert_eq!(names(&theirs.rest), rest);
        assert_eq!(theirs.signed().len(), rest.len() - 1 + 2);
    }

    #[test]
    fn below_a_field_of_the_message_nothing_is_theirs() {
        let fields = [("Subject", " x"), ("DKIM-Signature", " d=a.example; s=s")];
        let theirs = Theirs::of(&header(&fields));
        assert!(theirs.signatures.is_empty());
        assert_eq!(theirs.rest.len(), 2);
    }
}
