//! What can be set for mail that arrives.

use super::{Set, SetList, Source};
use crate::settings::{Action, AuthservPattern, BodyCoverage};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use twinseal_message::FieldName;

/// The actions, as they were given one by one.
#[derive(Debug, Default)]
pub(crate) struct RawActions {
    /// For all that is not named.
    pub(crate) default: Option<Set<Action>>,
    pub(crate) bad_signature: Option<Set<Action>>,
    pub(crate) no_signature: Option<Set<Action>>,
    pub(crate) key_not_found: Option<Set<Action>>,
    pub(crate) dns_error: Option<Set<Action>>,
    pub(crate) internal_error: Option<Set<Action>>,
    pub(crate) security: Option<Set<Action>>,
    pub(crate) signature_error: Option<Set<Action>>,
}

#[derive(Debug, Default)]
pub(crate) struct RawVerify {
    pub(crate) maximum_signatures: Option<Set<usize>>,
    pub(crate) minimum_key_bits: Option<Set<u16>>,
    pub(crate) clock_drift: Option<Set<Duration>>,
    pub(crate) must_be_signed: Option<SetList<FieldName>>,
    pub(crate) minimum_body: Option<Set<BodyCoverage>>,
    pub(crate) required_headers: Option<Set<bool>>,
    pub(crate) trusted: Option<Set<Source>>,
    pub(crate) maximum_header: Option<Set<u64>>,
}

#[derive(Debug, Default)]
pub(crate) struct RawResults {
    pub(crate) authserv_id: Option<Set<String>>,
    pub(crate) with_job_id: Option<Set<bool>>,
    pub(crate) always: Option<Set<bool>>,
    pub(crate) remove_all: Option<Set<bool>>,
    pub(crate) remove_from: Option<SetList<AuthservPattern>>,
}

#[derive(Debug, Default)]
pub(crate) struct RawDns {
    pub(crate) servers: Option<SetList<SocketAddr>>,
    pub(crate) timeout: Option<Set<Duration>>,
    pub(crate) test_keys: Option<Set<PathBuf>>,
}

#[derive(Debug, Default)]
pub(crate) struct RawAdsp {
    pub(crate) evaluate: Option<Set<bool>>,
    pub(crate) discard: Option<Set<bool>>,
    pub(crate) no_such_domain: Option<Set<bool>>,
    pub(crate) local: Option<Set<String>>,
}
