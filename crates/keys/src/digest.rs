//! The two digests of mail signatures.

/// SHA-256, for DKIM (RFC 6376 §3.3.2).
#[derive(Clone)]
pub struct Sha256(ring::digest::Context);

/// SHA-1, for DomainKeys alone (RFC 4870 §3.4.2). OpenSSL's is four times as fast as ring's.
#[derive(Clone)]
pub struct Sha1(openssl::sha::Sha1);

impl Sha256 {
    /// A digest over nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(ring::digest::Context::new(&ring::digest::SHA256))
    }

    /// Takes the next octets.
    pub fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl Sha1 {
    /// A digest over nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(openssl::sha::Sha1::new())
    }

    /// Takes the next octets.
    pub fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> [u8; 20] {
        self.0.finish()
    }
}

impl Default for Sha1 {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sha256")
    }
}

impl std::fmt::Debug for Sha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sha1")
    }
}

#[cfg(test)]
mod tests {
    use super::{Sha1, Sha256};
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    fn sha256(octets: &[u8]) -> String {
        let mut digest = Sha256::new();
        octets.chunks(1).for_each(|octet| digest.update(octet));
        STANDARD.encode(digest.finish())
    }

    fn sha1(octets: &[u8]) -> String {
        let mut digest = Sha1::new();
        octets.chunks(1).for_each(|octet| digest.update(octet));
        STANDARD.encode(digest.finish())
    }

    #[test]
    fn empty_bodies_have_the_known_digests() {
        // Trap H1
        assert_eq!(sha256(b"\r\n"), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
        assert_eq!(sha256(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(sha1(b"\r\n"), "uoq1oCgLlTqpdDX/iUbLy7J1Wic=");
        assert_eq!(sha1(b""), "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
    }
}
