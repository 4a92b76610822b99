//! What the status page shows: everything as it is at one moment.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use twinseal_keys::PublicKey;

/// How the daemon is.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    /// The program and its version.
    pub(crate) product: String,
    /// The name of this host.
    pub(crate) host: String,
    /// When it is, in seconds since 1970.
    pub(crate) now: u64,
    /// When the daemon was started, in seconds since 1970.
    pub(crate) started: u64,
    /// Whether mail is signed, whether it is verified.
    pub(crate) signs: bool,
    /// Whether mail is verified.
    pub(crate) verifies: bool,
    /// What has been counted since then.
    pub(crate) counts: Counts,
    /// The records of the keys that sign.
    pub(crate) dns: Arc<DnsHealth>,
    /// How the configuration was read last.
    pub(crate) loading: Loading,
    /// The last errors and warnings, the latest first.
    pub(crate) troubles: Vec<Trouble>,
}

/// What has been counted since the start. Codes are those of the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Connections that are open.
    pub(crate) connections: u64,
    /// How many of them there may be.
    pub(crate) connections_limit: u64,
    /// What became of messages: the outcome's code, and how often.
    pub(crate) messages: Vec<(&'static str, u64)>,
    /// Seals that were made, most first.
    pub(crate) seals: Vec<SealCount>,
    /// Messages that could have been signed and were not: the reason's code, and how often.
    pub(crate) not_signed: Vec<(&'static str, u64)>,
    /// Seals that were left out of messages that got the other one.
    pub(crate) left_out: Vec<LeftOut>,
    /// Messages that an error of ours kept from what should have been done: the code, and how often.
    pub(crate) obstructed: Vec<(&'static str, u64)>,
    /// What is going to break on the way: the cause's code, and how often.
    pub(crate) forecast: Vec<(&'static str, u64)>,
    /// What signatures came to, in the words of RFC 8601 §2.7.1.
    pub(crate) verified: Vec<(&'static str, u64)>,
}

/// How often a domain made a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealCount {
    /// `dkim` or `domainkeys`.
    pub(crate) seal: &'static str,
    /// The signing domain; `other` for all behind the first [`super::tally::MOST_DOMAINS`].
    pub(crate) domain: String,
    /// `rsa-sha256`, `ed25519-sha256` or `rsa-sha1`.
    pub(crate) algorithm: &'static str,
    /// How often.
    pub(crate) count: u64,
}

/// How often a seal was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// `dkim` or `domainkeys`.
    pub(crate) seal: &'static str,
    /// The reason's code.
    pub(crate) reason: &'static str,
    /// How often.
    pub(crate) count: u64,
}

/// How the configuration was read last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loading {
    /// When the one in force was read, in seconds since 1970.
    pub(crate) in_force_since: u64,
    /// The file that it is in, if it is in one.
    pub(crate) file: Option<String>,
    /// How often it was read again since the start, with success and without.
    pub(crate) reloads: (u64, u64),
    /// What was wrong with the last attempt, a line each; empty if nothing was.
    pub(crate) mistakes: Vec<String>,
    /// When that attempt was made.
    pub(crate) attempted: u64,
}

/// Something that was logged as a warning or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// When, in seconds since 1970.
    pub(crate) at: u64,
    /// Whether it was an error, and not only a warning.
    pub(crate) is_error: bool,
    /// The line of the log, without addresses of correspondents.
    pub(crate) text: String,
    /// The stable code in it, where it has one.
    pub(crate) code: Option<&'static str>,
    /// How often it was said.
    pub(crate) count: u64,
}

/// How the records of the signing keys are.
#[derive(Debug, Clone, Default)]
pub(crate) struct DnsHealth {
    /// When the last round of asking ended, in seconds since 1970; none has ended without it.
    pub(crate) checked: Option<u64>,
    /// How long there is between two rounds; nobody asks without it.
    pub(crate) interval: Option<Duration>,
    /// Each domain that signs, in the order of their names.
    pub(crate) domains: Vec<DomainHealth>,
    /// Rules of which only a message says which domain signs, as the configuration has them.
    pub(crate) open: Vec<String>,
}

/// The records of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DomainHealth {
    /// The domain, as A-labels.
    pub(crate) domain: String,
    /// One for each selector.
    pub(crate) records: Vec<RecordHealth>,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordHealth {
    /// The selector of the key.
    pub(crate) selector: String,
    /// What it is.
    pub(crate) state: RecordState,
    /// What is wrong with it, in words; a sentence each.
    pub(crate) faults: Arc<[Fault]>,
    /// Since when it has been found like that, in seconds since 1970.
    pub(crate) since: Option<u64>,
    /// The record as it should be; only where it is missing or wrong.
    pub(crate) wanted: Option<ZoneLine>,
}

/// A key's record as one line of a zone, written out where it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZoneLine {
    /// The name, without its final dot.
    pub(crate) owner: String,
    /// The key.
    pub(crate) key: Arc<PublicKey>,
}

impl fmt::Display for ZoneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key.record().zone_line(&format!("{}.", self.owner)))
    }
}

/// Something that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The code under which docs/check.md explains it.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) what: String,
    /// Why it matters.
    pub(crate) why: &'static str,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RecordState {
    /// It is that of the key.
    Good,
    /// It is, and says that it is only a test (`t=y`, RFC 6376 §3.6.1).
    Testing,
    /// There is none.
    Missing,
    /// It is that of another key, or verifiers cannot use it.
    Wrong,
    /// It says that the key is not to be trusted any more (RFC 6376 §3.6.1).
    Revoked,
    /// It cannot be read.
    Unusable,
    /// Nobody could say.
    Unreachable,
    /// Nobody has asked yet.
    Unchecked,
}

impl RecordState {
    /// All of them, the worst first.
    pub(crate) const ALL: [Self; 8] = [
        Self::Missing,
        Self::Wrong,
        Self::Revoked,
        Self::Unusable,
        Self::Unreachable,
        Self::Testing,
        Self::Unchecked,
        Self::Good,
    ];

    /// Its stable name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Testing => "testing",
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Revoked => "revoked",
            Self::Unusable => "unusable",
            Self::Unreachable => "unreachable",
            Self::Unchecked => "unchecked",
        }
    }

    /// Whether signatures do not verify because of it.
    pub(crate) const fn is_bad(self) -> bool {
        match self {
            Self::Missing | Self::Wrong | Self::Revoked | Self::Unusable => true,
            Self::Good | Self::Testing | Self::Unreachable | Self::Unchecked => false,
        }
    }
}

/// What came of the signatures of one domain, for `dkim-stats`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignerTraffic {
    /// The signing domain, of somebody else.
    pub(crate) domain: String,
    /// Whether header and body are canonicalized in the relaxed way.
    pub(crate) relaxed: (bool, bool),
    /// How many passed, and how many failed.
    pub(crate) passed: u64,
    /// How many did not match.
    pub(crate) failed: u64,
    /// Whether the last one covered a part of the body only (`l=`).
    pub(crate) partial: bool,
    /// Whether the last one was made with SHA-256, and not with SHA-1.
    pub(crate) sha256: bool,
    /// When the last one came, in seconds since 1970.
    pub(crate) last: u64,
}
