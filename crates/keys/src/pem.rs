//! The frame of a key file: what it says it holds, before a library looks at it.

/// The file holds no private key that could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPem {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// No `-----BEGIN …-----` line.
    #[error(
        "no PEM block in it: it begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE \
         KEY-----"
    )]
    NoBlock,
    /// A block of another kind.
    #[error("it holds a {label:?} block, a private key is needed: PRIVATE KEY or RSA PRIVATE KEY")]
    WrongLabel {
        /// What stands between BEGIN and the dashes.
        label: String,
    },
    /// The key is locked with a passphrase, which a daemon cannot type.
    #[error("the key is encrypted with a passphrase")]
    Encrypted,
    /// The block is not closed.
    #[error("the block is cut short: no line \"-----END {label}-----\"")]
    Unterminated {
        /// What stands between BEGIN and the dashes.
        label: &'static str,
    },
}

const BEGIN: &str = "-----BEGIN ";
/// PKCS#8 and PKCS#1 (RFC 7468 §10, RFC 8017 §A.1.2).
const PRIVATE_LABELS: [&str; 2] = ["PRIVATE KEY", "RSA PRIVATE KEY"];
/// Blocks that `openssl` writes in front of a key.
const PARAMETER_LABELS: [&str; 2] = ["EC PARAMETERS", "DSA PARAMETERS"];

/// Finds the private key's block, from its BEGIN line to its END line.
pub(crate) fn private_block(octets: &[u8]) -> Result<&[u8], BadPem> {
    if octets.trim_ascii().is_empty() {
        return Err(BadPem::Empty);
    }
    let mut other = None;
    for (start, found) in labels(octets) {
        if found == "ENCRYPTED PRIVATE KEY" {
            return Err(BadPem::Encrypted);
        }
        let Some(label) = PRIVATE_LABELS.into_iter().find(|&known| known == found) else {
            if !PARAMETER_LABELS.contains(&found) {
                other.get_or_insert_with(|| found.to_owned());
            }
            continue;
        };
        let rest = octets.get(start..).unwrap_or_default();
        let end = format!("-----END {label}-----");
        let at = find(rest, end.as_bytes()).ok_or(BadPem::Unterminated { label })?;
        let block = rest.get(..at + end.len()).unwrap_or_default();
        // The encryption that PEM itself had, before PKCS#8 (RFC 1421 §4.6.1.1).
        if find(block, b"Proc-Type:").is_some() {
            return Err(BadPem::Encrypted);
        }
        return Ok(block);
    }
    Err(other.map_or(BadPem::NoBlock, |label| BadPem::WrongLabel { label }))
}

/// Where each BEGIN line starts, and its label.
fn labels(octets: &[u8]) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    octets.split_inclusive(|&octet| octet == b'\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let text = std::str::from_utf8(line).ok()?.trim_end();
        Some((start, text.strip_prefix(BEGIN)?.strip_suffix("-----")?))
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::{BadPem, private_block};

    #[test]
    fn the_private_block_is_found_among_others() {
        let file = b"comment\r\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n\
            -----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\nmore";
        let block = private_block(file).unwrap();
        assert_eq!(block, b"-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----");
    }

    #[test]
    fn what_is_no_private_key_is_named() {
        let label = |label: &str| BadPem::WrongLabel { label: label.to_owned() };
        for (file, want) in [
            (&b""[..], BadPem::Empty),
            (b" \n\n", BadPem::Empty),
            (b"\x30\x82\x04\xa3", BadPem::NoBlock),
            (b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n", label("PUBLIC KEY")),
            (b"-----BEGIN CERTIFICATE-----\n", label("CERTIFICATE")),
            (b"-----BEGIN EC PARAMETERS-----\n", BadPem::NoBlock),
            (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n", BadPem::Encrypted),
            (
                b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                  -----END RSA PRIVATE KEY-----",
                BadPem::Encrypted,
            ),
            (b"-----BEGIN PRIVATE KEY-----\nAA==\n", BadPem::Unterminated { label: "PRIVATE KEY" }),
        ] {
            assert_eq!(private_block(file), Err(want), "{:?}", String::from_utf8_lossy(file));
        }
    }
}
