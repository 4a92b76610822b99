//! The words of the program's log that tests rely on: one table, to be kept equal to the program's.

use crate::judges::Seal;

/// Why a message, or one seal of it, is left out. Scenario files use these codes.
pub const CODES: &[&str] = &[
    "external-host",
    "no-signing-rule",
    "several-from-fields",
    "no-from-field",
    "unparsable-from",
    "already-sealed",
    "key-not-rsa",
    "too-few-headers",
];

/// The line that tells of a seal that was added.
pub fn added(queue_id: &str, seal: Seal, selector: &str, domain: &str) -> String {
    format!("{queue_id}: {} field added (s={selector}, d={domain})", field_of(seal))
}

/// How the line begins, and ends, that tells why a message was not signed at all.
pub fn not_signed(queue_id: &str, code: &str) -> (String, String) {
    (format!("{queue_id}: not signed: "), format!("(reason={code})"))
}

/// How the line begins, and ends, that tells why one seal was left out.
pub fn not_added(queue_id: &str, seal: Seal, code: &str) -> (String, String) {
    (format!("{queue_id}: {} not added: ", field_of(seal)), format!("(reason={code})"))
}

/// The header field that carries a seal.
pub fn field_of(seal: Seal) -> &'static str {
    match seal {
        Seal::Dkim => "DKIM-Signature",
        Seal::DomainKeys => "DomainKey-Signature",
    }
}
