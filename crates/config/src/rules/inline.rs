//! A key that stands in a table itself.

use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A private key in base64. It is wiped when it is dropped, and shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineKey(Arc<Zeroizing<String>>);

impl InlineKey {
    pub(crate) fn new(base64: &str) -> Self {
        Self(Arc::new(Zeroizing::new(base64.to_owned())))
    }

    /// The key, in base64.
    #[must_use]
    pub fn base64(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InlineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InlineKey(…)")
    }
}
