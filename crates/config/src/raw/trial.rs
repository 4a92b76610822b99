//! What can be said about messages that are tried out.

use super::{Given, Set};

#[derive(Debug, Default)]
pub(crate) struct RawTrial {
    pub(crate) messages: Option<Set<String>>,
    pub(crate) time: Option<Set<u64>>,
    pub(crate) verbosity: Option<Set<u8>>,
    pub(crate) strict: Option<Set<bool>>,
}

impl RawTrial {
    /// Takes one more request to tell more.
    pub(crate) fn louder(&mut self, given: &Given) {
        let so_far = self.verbosity.as_ref().map_or(0, |verbosity| verbosity.value);
        let (value, origin) = (so_far.saturating_add(1), given.origin.clone());
        self.verbosity = Some(Set { value, origin });
    }
}
