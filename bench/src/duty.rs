//! What a filter has to do to a message, and whether its answer says that it has done it.

use crate::mail::{Mail, Results};
use std::fmt;
use twinseal_milter::CommandKind;
use twinseal_milter::client::{Modification, Outcome, Verdict};

/// How long a signature of an RSA key of 2048 bits is in base64; a shorter field holds none.
const SIGNATURE_OCTETS: usize = 344;

/// What a filter has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// It seals.
    Seal(Seals),
    /// It verifies, and says what it has found.
    Verify,
}

/// Which fields a signer has to add to a message, each once and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seals {
    /// A `DKIM-Signature`.
    pub dkim: bool,
    /// A `DomainKey-Signature`.
    pub domainkeys: bool,
}

impl fmt::Display for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.dkim, self.domainkeys) {
            (true, true) => "both seals",
            (true, false) => "a DKIM seal alone",
            (false, true) => "a DomainKeys seal alone",
            (false, false) => "no seal",
        })
    }
}

impl Duty {
    /// Which seals a message has when it is done.
    pub const fn seals(self) -> Option<Seals> {
        match self {
            Self::Seal(seals) => Some(seals),
            Self::Verify => None,
        }
    }

    /// What the answer about a message has to be.
    pub fn expects(self, mail: &Mail) -> String {
        match self {
            Self::Seal(seals) => format!("put {seals} on {}", mail.name),
            Self::Verify => format!("say {} about {}", mail.results, mail.name),
        }
    }

    /// Whether a message was taken, and has got exactly the fields that it should have got.
    pub fn is_done(self, outcome: &Outcome, mail: &Mail) -> bool {
        outcome.decided_at == CommandKind::EndOfBody
            && matches!(outcome.verdict, Verdict::Accept | Verdict::Continue)
            && match (added(&outcome.modifications), self) {
                (None, _) => false,
                (Some(fields), Self::Seal(seals)) => seals.are_all_of(&fields),
                (Some(fields), Self::Verify) => mail.results.are_all_of(&fields),
            }
    }
}

/// Name and value of a field.
type Field<'m> = (&'m [u8], &'m [u8]);

/// Each added field, if nothing else was changed.
fn added(modifications: &[Modification]) -> Option<Vec<Field<'_>>> {
    modifications.iter().map(added_field).collect()
}

fn added_field(modification: &Modification) -> Option<Field<'_>> {
    if let Modification::InsertHeader { name, value, .. }
    | Modification::AddHeader { name, value } = modification
    {
        Some((name, value))
    } else {
        None
    }
}

impl Seals {
    fn are_all_of(self, fields: &[Field<'_>]) -> bool {
        let has = |wanted: &[u8]| fields.iter().filter(|(name, _)| *name == wanted).count();
        fields.iter().all(|(_, value)| value.len() >= SIGNATURE_OCTETS)
            && has(b"DKIM-Signature") == usize::from(self.dkim)
            && has(b"DomainKey-Signature") == usize::from(self.domainkeys)
            && fields.len() == usize::from(self.dkim) + usize::from(self.domainkeys)
    }
}

impl Results {
    /// Whether there is one `Authentication-Results`, which says this about DKIM and nothing else.
    fn are_all_of(self, fields: &[Field<'_>]) -> bool {
        let [(b"Authentication-Results", value)] = fields else { return false };
        let value = String::from_utf8_lossy(value);
        let words = value.split("dkim=").skip(1);
        let words: Vec<&str> = words
            .map(|rest| rest.split(|next: char| !next.is_ascii_alphabetic()).next().unwrap_or(rest))
            .collect();
        words.len() == self.count && words.iter().all(|word| *word == self.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(results: Results, value: &str) -> bool {
        results.are_all_of(&[(b"Authentication-Results", value.as_bytes())])
    }

    #[test]
    fn a_result_that_is_missing_too_many_or_another_is_noticed() {
        let one = Results { word: "pass", count: 1 };
        assert!(says(one, " mx; dkim=pass (2048-bit key) header.d=example.com"));
        for wrong in ["mx; none", "mx; dkim=fail", "mx; dkim=passing", "mx; dkim=pass; dkim=pass"] {
            assert!(!says(one, wrong), "{wrong}");
        }
        let two = Results { word: "pass", count: 2 };
        assert!(says(two, "mx; dkim=pass;\n\tdkim=pass"));
        assert!(!says(two, "mx; dkim=pass; dkim=fail"));
        let field: Field<'_> = (b"Authentication-Results", b"mx; dkim=pass");
        assert!(!one.are_all_of(&[field, field]), "one field too many");
        assert!(!one.are_all_of(&[(b"X-Results", b"mx; dkim=pass")]));
    }
}
