//! Bytes in, canonical bytes out.
//!
//! The four canonicalizations of mail signatures, for header fields and for bodies: `simple` and
//! `relaxed` of DKIM (RFC 6376 §3.4), `simple` and `nofws` of DomainKeys (RFC 4870 §3.4.2).
//! Bodies stream: chunks may be cut anywhere, also between CR and LF (trap W4), and nothing of a
//! body is held. What is withheld until it is known whether it counts (line ends, a run of white
//! space) is a counter and a state, never a buffer.
//!
//! Only CRLF ends a line. A bare CR or LF is data like any other octet (trap P8), which `nofws`
//! then deletes along with white space.
//!
//! | module | what is in it |
//! |---|---|
//! | [`dkim`] | header fields and bodies as DKIM hashes them |
//! | [`domainkeys`] | header fields and bodies, separator included, as DomainKeys hashes them |
//! | [`mend`] | [`LineEndMender`]: CRLF in place of bare CR and LF, for who asks for it |
//! | [`mod@reference`] | bodies once more, octet by octet: what the others are held against |
//! | [`sink`] | [`Sink`]: where canonical octets go |
#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    reason = "an index out of range must stop a test or a fuzzer, not turn into a wrong hash"
)]

mod blank;
mod compact;
pub mod dkim;
pub mod domainkeys;
mod line;
pub mod mend;
pub mod reference;
mod scan;
pub mod sink;

pub use mend::LineEndMender;
pub use sink::Sink;

#[cfg(test)]
mod vectors;
