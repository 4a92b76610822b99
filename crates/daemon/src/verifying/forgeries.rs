//! Authentication-Results fields that claim to be ours: whoever wrote them, it was not us
//! (RFC 8601 §5).

use std::sync::Arc;
use twinseal_message::Field;
use twinseal_message::results::{Claimants, FIELD_NAME, Removal};
use twinseal_milter::{MessageReply, ModificationError};

/// Whose fields have to go, and in whose name ours is written: one and the same name, so that no
/// field stays that seems to be ours.
#[derive(Debug)]
pub struct Guard {
    name: String,
    own: (Claimants, Removal<'static>),
    others: (Claimants, Removal<'static>),
}

impl Guard {
    /// Nobody but us may speak in the name `own`, nor in those of `others`: of the fields that do,
    /// these go.
    #[must_use]
    pub fn new<'n>(
        own: (&str, Removal<'static>),
        others: (impl IntoIterator<Item = &'n str>, Removal<'static>),
    ) -> Self {
        Self {
            name: own.0.to_owned(),
            own: (Claimants::new([own.0]), own.1),
            others: (Claimants::new(others.0), others.1),
        }
    }

    /// Whoever speaks in whose name, nothing goes.
    #[must_use]
    pub fn idle(name: &str) -> Self {
        let nobody = || (Claimants::new([]), Removal::All);
        Self { name: name.to_owned(), own: nobody(), others: nobody() }
    }

    /// Our name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn objects(&self, field: Field<'_>) -> bool {
        let mut both = [&self.own, &self.others].into_iter();
        both.any(|(claimants, removal)| {
            !claimants.indices(std::iter::once(field), *removal).is_empty()
        })
    }
}

/// The forged fields of one message. Fields are looked at as they come, so that none is missed
/// where the header is too large to be held.
#[derive(Debug)]
pub struct Forgeries {
    guard: Arc<Guard>,
    /// How many Authentication-Results fields there were.
    seen: u32,
    /// Which of them have to go, counted from 1 (trap W13).
    found: Vec<u32>,
}

impl Forgeries {
    /// None so far.
    #[must_use]
    pub const fn new(guard: Arc<Guard>) -> Self {
        Self { guard, seen: 0, found: Vec::new() }
    }

    /// In whose name a result is written.
    #[must_use]
    pub fn name(&self) -> &str {
        self.guard.name()
    }

    /// Looks at the next field of the header.
    pub fn look(&mut self, name: &[u8], value: &[u8]) {
        if !name.trim_ascii_end().eq_ignore_ascii_case(FIELD_NAME.as_bytes()) {
            return;
        }
        self.seen = self.seen.saturating_add(1);
        let octets = [name, b":", value].concat();
        if Field::new(&octets).is_some_and(|field| self.guard.objects(field)) {
            self.found.push(self.seen);
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.found.len()
    }

    /// Has the MTA remove them, from the highest down: it may count anew after each (trap W11).
    ///
    /// # Errors
    /// When the MTA does not let us.
    pub fn remove(&self, reply: &mut MessageReply) -> Result<(), ModificationError> {
        let mut all = self.found.iter().rev();
        all.try_for_each(|&instance| reply.delete_header(instance, FIELD_NAME))
    }
}

#[cfg(test)]
mod tests {
    use super::{Forgeries, Guard, Removal};
    use std::sync::Arc;

    fn found(own: Removal<'static>, others: Removal<'static>, values: &[&str]) -> Vec<u32> {
        let names = ["old.example.org", ".example.net"];
        let guard = Guard::new(("mx.example.org", own), (names, others));
        let mut forgeries = Forgeries::new(Arc::new(guard));
        forgeries.look(b"Subject", b" mx.example.org; dkim=pass");
        for value in values {
            forgeries.look(b"AUTHENTICATION-results", value.as_bytes());
        }
        forgeries.found
    }

    #[test]
    fn each_name_has_its_own_measure() {
        // Trap A1
        let values = [
            " mx.example.org; dkim=pass",
            " mx.example.com; dkim=pass",
            " (hello) MX.Example.ORG 1; spf=pass",
            " dkim=pass",
            " old.example.org; spf=pass",
            " a.example.net; dkim=fail",
            " \"mx.example.org/4AB12\"; none",
            " mx.example.org; X-DKIM-ADSP = pass",
        ];
        let dkim = Removal::Reporting(&["dkim", "x-dkim-adsp"]);
        assert_eq!(found(Removal::All, dkim, &values), [1, 3, 6, 7, 8]);
        assert_eq!(found(Removal::All, Removal::All, &values), [1, 3, 5, 6, 7, 8]);
        assert_eq!(found(dkim, dkim, &values), [1, 6, 8]);
    }
}
