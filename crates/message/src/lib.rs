//! Header fields, domains and addresses, as the bytes that arrived.
#![forbid(unsafe_code)]
