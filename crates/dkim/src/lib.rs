//! The DKIM signer of RFC 6376.
#![forbid(unsafe_code)]
