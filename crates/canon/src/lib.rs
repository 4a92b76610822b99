//! Bytes in, canonical bytes out: DKIM and DomainKeys canonicalization, streaming.
#![forbid(unsafe_code)]
