//! Private and public keys, digests, PEM and DNS key records.
//!
//! The only crate that names a cryptography library. OpenSSL holds our private keys and makes
//! every signature, because it takes the 1024-bit keys of old set-ups and wipes what it frees;
//! ring hashes SHA-256 and judges signatures. An RSA signature is made over a DigestInfo of our
//! own, so that a host policy against SHA-1 *signatures* cannot silence the DomainKeys seal
//! (trap K5). Key sizes are checked here: neither library does it as we need it.
//!
//! Standards: RFC 8017 §9.2 (PKCS#1 v1.5), RFC 8032 (Ed25519), RFC 6376 §3.6.1 and RFC 8463 §4
//! (key records), RFC 7468 (PEM).
//!
//! | module | what is in it |
//! |---|---|
//! | [`signing`] | [`SigningKey`]: one loaded key, for both seals |
//! | [`public`] | [`PublicKey`]: what judges a signature |
//! | [`unparsed`] | [`UnparsedKey`]: a key that nobody has needed yet |
//! | [`digest`] | [`Sha1`] and [`Sha256`] |
//! | [`recovery`] | [`Recovered`]: what a signature says it was made over |
//! | [`record`] | [`KeyRecord`]: what DNS has to say about a key; TXT records as zone files have them |
//! | [`library`] | [`prepare`]: OpenSSL reads its configuration |
//! | [`exposure`] | who else can get at a key's file |
#![forbid(unsafe_code)]

mod der;
pub mod digest;
pub mod exposure;
pub mod library;
mod pem;
pub mod public;
pub mod record;
pub mod recovery;
pub mod signing;
pub mod unparsed;

pub use der::BadDer;
pub use digest::{Sha1, Sha256};
pub use library::prepare;
pub use pem::BadPem;
pub use public::{BadPublicKey, PublicKey};
pub use record::{KeyRecord, txt_line, txt_strings, zone_string};
pub use recovery::Recovered;
pub use signing::{KeyError, KeyKind, SignError, SigningKey};
pub use unparsed::UnparsedKey;
