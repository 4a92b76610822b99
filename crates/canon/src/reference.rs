//! The same bodies, octet by octet.
//!
//! This is how the standards describe the forms, and too slow to use: several times slower than
//! hashing. It is here so that tests, fuzzing and the benchmark can hold [`dkim::Body`] and
//! [`domainkeys::Body`] against it, which have to come to the same octets, however a body is cut.

use crate::{Sink, dkim, domainkeys};

/// The canonical form of a body, as [`dkim::Body`] makes it.
pub fn dkim_body(kind: dkim::Kind, octets: &[u8], sink: &mut impl Sink) {
    let mut body = dkim::Body::new(kind);
    body.step_through(octets, sink);
    body.finish(sink);
}

/// The canonical form of separator and body, as [`domainkeys::Body`] makes it.
pub fn domainkeys_body(
    canonicalization: domainkeys::Canonicalization,
    octets: &[u8],
    sink: &mut impl Sink,
) {
    let mut body = domainkeys::Body::new(canonicalization);
    body.step_through(octets, sink);
    body.finish(sink);
}
