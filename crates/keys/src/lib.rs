//! Private and public keys, PEM, DNS key records.
#![forbid(unsafe_code)]
