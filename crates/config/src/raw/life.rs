//! What was typed about the process.

use super::Set;
use crate::settings::{RestartRate, Sandbox};
use std::path::PathBuf;

#[derive(Debug, Default)]
pub(crate) struct RawLife {
    pub(crate) auto: Option<Set<bool>>,
    pub(crate) count: Option<Set<Option<u32>>>,
    pub(crate) rate: Option<Set<Option<RestartRate>>>,
    pub(crate) sandbox: Option<Set<Sandbox>>,
    pub(crate) core_dumps: Option<Set<bool>>,
    pub(crate) protocol: Option<Set<u32>>,
    pub(crate) base: Option<Set<PathBuf>>,
}
