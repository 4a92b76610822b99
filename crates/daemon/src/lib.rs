//! The daemon and its tools.
#![forbid(unsafe_code)]
