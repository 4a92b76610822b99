//! Postfix or Sendmail, and the socket between us.

use super::finding::{Kind, Sheet};
use std::path::PathBuf;
use twinseal_config::Config;

/// All kinds of findings here.
pub(super) static KINDS: &[&Kind] = &[];

/// What is to be looked at.
#[derive(Debug)]
#[expect(dead_code, reason = "what looks at it comes next")]
pub(super) struct Asked {
    /// The configuration directory of a Postfix; the host's own without it.
    pub(super) postfix: Option<PathBuf>,
    /// A `sendmail.mc` or `sendmail.cf`.
    pub(super) sendmail: Option<PathBuf>,
    /// Whether to look at all.
    pub(super) mta: bool,
}

pub(super) fn look(asked: &Asked, config: &Config, sheet: &mut Sheet) {
    let _ = (asked, config, sheet);
}
