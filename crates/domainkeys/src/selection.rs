//! Which fields a DomainKeys signature covers.

use twinseal_message::{Field, FieldName, HeaderBlock};

/// Left out: fields that a hop adds, removes or rewrites after us (traps O2, O3, P3, W10).
const LEFT_OUT: &[&str] = &[
    "received",
    "return-path",
    "dkim-signature",
    "domainkey-signature",
    "authentication-results",
    "received-spf",
    "bcc",
    "resent-bcc",
    "content-length",
];

/// Left out by how their names begin: chains of seals (RFC 8617), and private fields.
const LEFT_OUT_PREFIXES: &[&str] = &["arc-", "x-"];

/// The most entries an `h=` list may have; see the reason at the DKIM signer's limit.
pub const MAX_SIGNED_FIELDS: usize = 500;

/// Every field that is signed, in the order of the message, which is the order of `h=` and of the
/// hash, once per occurrence (trap K1). At most one more than [`MAX_SIGNED_FIELDS`].
///
/// Where `omitted` names the field that supplied the address, `signing_field`, it is signed
/// nevertheless: a signature that does not cover it means nothing (RFC 4870 §3.3, trap K3).
pub(crate) fn signed_fields<'h>(
    header: &'h HeaderBlock,
    omitted: &[FieldName],
    signing_field: &str,
) -> Vec<Field<'h>> {
    let signed = |field: &Field<'_>| field.is_named(signing_field) || covers(*field, omitted);
    header.fields().filter(signed).take(MAX_SIGNED_FIELDS + 1).collect()
}

pub(crate) fn covers(field: Field<'_>, omitted: &[FieldName]) -> bool {
    let name = field.name();
    let begins = |prefix: &&str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    // A name that `h=` cannot carry.
    let legal = std::str::from_utf8(name).is_ok_and(|name| FieldName::parse(name).is_ok());
    legal
        && !LEFT_OUT.iter().any(|left_out| field.is_named(left_out))
        && !LEFT_OUT_PREFIXES.iter().any(begins)
        && !omitted.iter().any(|name| field.is_named(name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::signed_fields;
    use twinseal_message::{FieldName, HeaderBlock};

    fn signed(names: &[&str], omitted: &[&str]) -> Vec<String> {
        let mut header = HeaderBlock::default();
        for name in names {
            header.push(name.as_bytes(), b" x").unwrap();
        }
        let omitted: Vec<_> = omitted.iter().map(|name| FieldName::parse(name).unwrap()).collect();
        let fields = signed_fields(&header, &omitted, "From");
        fields.iter().map(|field| String::from_utf8_lossy(field.name()).into_owned()).collect()
    }

    #[test]
    fn fields_that_change_on_the_way_are_left_out() {
        let names = [
            "Received",
            "DKIM-Signature",
            "X-Mailer",
            "ARC-Seal",
            "Return-Path",
            "Received-SPF",
            "Authentication-Results",
            "DomainKey-Signature",
            "BCC",
            "Resent-Bcc",
            "Content-Length",
            "From",
            "To",
            "X",
        ];
        assert_eq!(signed(&names, &[]), ["From", "To", "X"]);
    }

    #[test]
    fn each_occurrence_is_listed_in_the_order_of_the_message() {
        // Trap K1
        let names = ["To", "From", "Cc", "to", "CC"];
        assert_eq!(signed(&names, &[]), names);
        assert_eq!(signed(&names, &["cc"]), ["To", "From", "to"]);
    }

    #[test]
    fn the_field_that_supplied_the_address_is_never_left_out() {
        assert_eq!(signed(&["From", "To", "Date"], &["from", "date"]), ["From", "To"]);
    }

    #[test]
    fn a_name_that_the_list_cannot_carry_is_left_out() {
        let (fits, too_long) = ("x-".replace('x', "n").repeat(35), "n".repeat(71));
        let names = ["From", "A;b=", &fits, "To", &too_long, "B\u{e4}"];
        assert_eq!(signed(&names, &[]), ["From", &fits, "To"]);
    }
}
