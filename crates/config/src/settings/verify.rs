//! What is in force for mail that arrives.

use crate::lists::domains::DomainList;
use crate::lists::policies::LocalPolicies;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use twinseal_message::FieldName;

/// The longest that a message waits for DNS: Postfix's own patience with a milter at the end of a
/// message (`milter_content_timeout`).
pub const MAX_LOOKUP: Duration = Duration::from_secs(300);

/// The furthest that a signer's clock may be from ours.
pub const MAX_CLOCK_DRIFT: Duration = Duration::from_secs(24 * 60 * 60);

/// How many servers are asked at most: who has not answered a third of a message's time has no time
/// left for a fourth.
pub const MAX_SERVERS: usize = 3;

/// RFC 8301 §3.2: a shorter RSA key is no key.
pub const MIN_KEY_BITS: u16 = 1024;

/// How many signatures are looked at where nobody says how many.
pub const USUAL_SIGNATURES: usize = 10;

/// What happens to mail, for each thing that can be the matter with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actions {
    /// There are signatures, and none of them passes.
    pub bad_signature: Action,
    /// There is no signature.
    pub no_signature: Action,
    /// DNS says that there is no such key.
    pub key_not_found: Action,
    /// DNS did not answer, or with an error.
    pub dns_error: Action,
    /// Something failed here.
    pub internal_error: Action,
    /// A limit that guards the daemon was passed.
    pub security: Action,
    /// A message that is to be signed cannot be.
    pub signature_error: Action,
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It passes.
    Accept,
    /// It is refused for good.
    Reject,
    /// It is refused with a temporary error; the sender tries again.
    TempFail,
    /// It is accepted and thrown away.
    Discard,
    /// The MTA keeps it for somebody to look at.
    Quarantine,
}

/// What a signature has to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// How many signatures of a message are looked at, of those that may pass; at least one.
    pub maximum_signatures: usize,
    /// RSA keys of fewer bits are not good enough; at least [`MIN_KEY_BITS`].
    pub minimum_key_bits: u16,
    /// How far the signer's clock may be from ours.
    pub clock_drift: Duration,
    /// Header fields that have to be signed if they are there.
    pub must_be_signed: Vec<FieldName>,
    /// How much of the body has to be signed.
    pub minimum_body: BodyCoverage,
    /// Whether the header has to have the fields, and the number of each, that RFC 5322 §3.6 asks
    /// for.
    pub required_headers: bool,
    /// Domains whose signatures count for mail of other domains; `None` for all of them. That of
    /// the author's own domain always counts.
    pub trusted: Option<Arc<DomainList>>,
    /// How many octets the header of a message may have.
    pub maximum_header: usize,
}

/// How much of a body has to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyCoverage {
    /// So many octets, or the whole body if it is shorter.
    Octets(u64),
    /// So much of it, in per cent; at most 100.
    Percent(u8),
    /// All but so many octets at its end.
    Unsigned(u64),
}

/// The Authentication-Results field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// In whose name it speaks. Without it, that is the MTA's own name (macro `j`), and without
    /// that what the door says.
    pub authserv_id: Option<String>,
    /// Whether the queue id follows that name, behind a slash.
    pub with_job_id: bool,
    /// Whether a message without a signature gets a field too.
    pub always: bool,
    /// Whether fields of [`Results::remove_from`] go that have no DKIM result in them.
    pub remove_all: bool,
    /// Whose fields go, besides those that claim to be ours: those always do.
    pub remove_from: Vec<AuthservPattern>,
}

/// A name that fields speak in; with a dot in front, every name below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthservPattern(pub(crate) String);

/// Where keys are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// Whom to ask; empty for those of the system.
    pub servers: Vec<SocketAddr>,
    /// How long a message waits for all of its answers; at most [`MAX_LOOKUP`].
    pub timeout: Duration,
    /// A file of keys, which takes the place of DNS.
    pub test_keys: Option<PathBuf>,
}

/// What the domain of an author says about mail without its signature (RFC 5617).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Adsp {
    /// Whether mail is rejected that its author's domain calls discardable.
    pub discard: bool,
    /// Whether mail is rejected whose author's domain does not exist.
    pub no_such_domain: bool,
    /// What is known here, and not asked for.
    pub local: LocalPolicies,
}

impl Action {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Accept, Self::Reject, Self::TempFail, Self::Discard, Self::Quarantine];

    /// The word that asks for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::TempFail => "tempfail",
            Self::Discard => "discard",
            Self::Quarantine => "quarantine",
        }
    }
}

impl AuthservPattern {
    /// It, as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
