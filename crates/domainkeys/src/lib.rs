//! The DomainKeys signer of RFC 4870.
#![forbid(unsafe_code)]
