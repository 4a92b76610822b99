//! What DNS is asked, and what it may answer.
//!
//! Nothing here asks: a verdict names the records that it needs and is handed the answers.

use std::fmt;
use twinseal_message::{Domain, Selector};

/// The longest record that is looked at, in octets, its strings joined.
///
/// The largest key that counts (RSA, 8192 bits) takes some 1,500 octets in base64; ten times that
/// is no key.
pub const MAX_RECORD_OCTETS: usize = 16 * 1024;

/// The most records at one name that are looked at.
pub const MAX_RECORDS: usize = 8;

/// The name at which a key is published: always in A-labels and lower case (trap H21).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyQuery(Box<str>);

impl KeyQuery {
    /// RFC 6376 §3.6.2.1: the selector, `_domainkey`, and the signing domain.
    #[must_use]
    pub fn new(selector: &Selector, domain: &Domain) -> Self {
        let name = format!("{}._domainkey.{domain}", selector.as_str().to_ascii_lowercase());
        Self(name.into())
    }

    /// The name, without a final dot.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of a question for TXT records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TxtAnswer {
    /// There are records.
    Records {
        /// Each one's strings, joined with nothing between them (RFC 6376 §3.6.2.2, trap H19).
        texts: Vec<Vec<u8>>,
        /// Whether the resolver has proved them.
        security: Security,
    },
    /// The name exists, and has no TXT record.
    NoRecord,
    /// The name does not exist (NXDOMAIN).
    NoName,
    /// Nobody can say now (trap H17).
    Failed(LookupFailure),
}

/// Whether an answer is proved by DNSSEC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// The resolver vouches for it (the AD bit, RFC 4035 §3.2.3).
    Secure,
    /// It does not, or nobody knows.
    Unproved,
}

/// Why there is no answer.
///
/// Exhaustive on purpose: each one has its words in a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LookupFailure {
    /// No answer came in time.
    #[error("no answer from DNS in time")]
    Timeout,
    /// The server could not find out (SERVFAIL).
    #[error("the DNS server failed")]
    ServerFailure,
    /// The server does not want to say (REFUSED, and other codes that are no answer).
    #[error("the DNS server refused to answer")]
    Refused,
    /// A chain of aliases does not end.
    #[error("a chain of DNS aliases is too long, or a loop")]
    AliasLoop,
    /// The answer cannot be read, or nobody can be asked.
    #[error("DNS gave no usable answer")]
    Unusable,
}

#[cfg(test)]
mod tests {
    use super::KeyQuery;
    use twinseal_message::{Domain, Selector};

    #[test]
    fn the_question_is_in_a_labels_and_lower_case() {
        // Trap H21
        let (selector, domain) =
            (Selector::parse("Grün.Mail").unwrap(), Domain::parse("Bücher.example").unwrap());
        let query = KeyQuery::new(&selector, &domain);
        assert_eq!(query.name(), "xn--grn-ioa.mail._domainkey.xn--bcher-kva.example");
    }
}
