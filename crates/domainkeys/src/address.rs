//! Whose domain signs.

use twinseal_message::{BadAddress, Field, HeaderBlock, Mailbox};

/// No address says whose domain could sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSigningAddress {
    /// Neither Sender nor From is there.
    #[error("the message has no From field")]
    NoField,
    /// Several From fields: receivers disagree about which counts (trap H15).
    #[error("the message has {count} From fields")]
    SeveralFrom {
        /// How many.
        count: usize,
    },
    /// The field that decides cannot be read.
    #[error("its {field} field cannot be read")]
    Unreadable {
        /// `Sender` or `From`.
        field: &'static str,
        /// Why not.
        #[source]
        error: BadAddress,
    },
}

/// The first address of Sender, or of From where there is no Sender (RFC 4870 §3.1, trap K3).
///
/// # Errors
/// [`NoSigningAddress`]; From has to be there once even where Sender decides.
pub fn signing_address(header: &HeaderBlock) -> Result<Mailbox, NoSigningAddress> {
    match header.named("from").count() {
        0 => return Err(NoSigningAddress::NoField),
        1 => {}
        count => return Err(NoSigningAddress::SeveralFrom { count }),
    }
    let (field, name) = signing_field(header).ok_or(NoSigningAddress::NoField)?;
    Mailbox::first(field.value())
        .map_err(|error| NoSigningAddress::Unreadable { field: name, error })
}

/// The field that decides, and its name.
pub(crate) fn signing_field(header: &HeaderBlock) -> Option<(Field<'_>, &'static str)> {
    let sender = header.named("sender").next().map(|field| (field, "Sender"));
    sender.or_else(|| header.named("from").next().map(|field| (field, "From")))
}

#[cfg(test)]
mod tests {
    use super::{NoSigningAddress, signing_address};
    use twinseal_message::HeaderBlock;

    fn address(fields: &[(&str, &str)]) -> Result<String, NoSigningAddress> {
        let mut header = HeaderBlock::default();
        for (name, value) in fields {
            header.push(name.as_bytes(), value.as_bytes()).unwrap();
        }
        signing_address(&header).map(|mailbox| mailbox.to_string())
    }

    #[test]
    fn sender_beats_from() {
        // Trap K3
        let from = ("From", " a@example.com");
        assert_eq!(address(&[from]).unwrap(), "a@example.com");
        assert_eq!(address(&[from, ("Sender", " b@example.net")]).unwrap(), "b@example.net");
    }

    #[test]
    fn a_message_without_one_readable_address_has_none() {
        let from = ("From", " a@example.com");
        assert_eq!(address(&[("Sender", " a@b.c")]), Err(NoSigningAddress::NoField));
        assert_eq!(address(&[from, from]), Err(NoSigningAddress::SeveralFrom { count: 2 }));
        let unreadable = address(&[from, ("Sender", " nobody")]);
        let is_sender = |error: &NoSigningAddress| {
            matches!(error, NoSigningAddress::Unreadable { field: "Sender", .. })
        };
        assert!(unreadable.as_ref().is_err_and(is_sender), "{unreadable:?}");
    }
}
