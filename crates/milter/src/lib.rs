//! The milter protocol as a function of its input.
#![forbid(unsafe_code)]
