//! One table of parameters, the native file, the historic command lines.
#![forbid(unsafe_code)]
