//! What can be put into a modification.

use std::borrow::Cow;

use super::MAX_REPLY_OCTETS;
use crate::wire::Actions;

/// Why a modification cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModificationError {
    /// The negotiation did not allow it.
    #[error("the modification needs {needed}, the MTA allows {granted}")]
    NotNegotiated {
        /// The action that is needed.
        needed: Actions,
        /// The actions that were granted.
        granted: Actions,
    },
    /// A field name is empty or has something else than printable ASCII without colon in it.
    #[error("header field name {name:?} is not printable ASCII without colon")]
    BadName {
        /// The name.
        name: String,
    },
    /// A value has a NUL or a line end in it that is no fold.
    #[error("value of {name:?} has a NUL, or a line end that is no fold, at octet {at}")]
    BadValue {
        /// The field's name, or what else the value belongs to.
        name: String,
        /// Where, in octets from the start of the value.
        at: usize,
    },
    /// A field was to be changed to nothing, which would delete it (trap W13).
    #[error("new value of {name:?} is empty, which would delete the field")]
    EmptyValue {
        /// The field's name.
        name: String,
    },
    /// Instances of a field are counted from 1.
    #[error("instance 0 of {name:?}: instances are counted from 1")]
    InstanceZero {
        /// The field's name.
        name: String,
    },
    /// An address or argument has a control character in it.
    #[error("address or argument {text:?} has a control character in it")]
    BadAddress {
        /// The text.
        text: String,
    },
    /// The modification does not fit into a frame.
    #[error("modification of {octets} octets is longer than the limit of {MAX_REPLY_OCTETS}")]
    TooLong {
        /// How long it is.
        octets: usize,
    },
    /// The body was replaced before; MTAs take the pieces of one replacement in a row only.
    #[error("the body is replaced a second time")]
    BodyTwice,
}

/// RFC 5322 §2.2: a field name is printable ASCII except colon.
pub(super) fn name(name: &str) -> Result<&[u8], ModificationError> {
    let valid = |octet: u8| (b'!'..=b'~').contains(&octet) && octet != b':';
    if name.is_empty() || !name.bytes().all(valid) {
        return Err(ModificationError::BadName { name: name.to_owned() });
    }
    Ok(name.as_bytes())
}

/// Trap W2: folds are sent as LF and white space; a CRLF would be written out as CR CR LF. Trap W1:
/// an MTA that does not preserve leading space adds one itself, so ours goes.
pub(super) fn value<'a>(
    name: &str,
    value: &'a [u8],
    leading_space: bool,
) -> Result<Cow<'a, [u8]>, ModificationError> {
    if let Some(at) = stray(value) {
        return Err(ModificationError::BadValue { name: name.to_owned(), at });
    }
    let value = match value.strip_prefix(b" ") {
        Some(rest) if !leading_space => rest,
        _ => value,
    };
    if value.contains(&b'\r') {
        return Ok(Cow::Owned(value.iter().copied().filter(|octet| *octet != b'\r').collect()));
    }
    Ok(Cow::Borrowed(value))
}

/// Where the first NUL is, or the first CR or LF that does not belong to CRLF WSP or LF WSP.
fn stray(value: &[u8]) -> Option<usize> {
    let next = |at: usize| value.get(at + 1).copied();
    value.iter().enumerate().find_map(|(at, octet)| {
        let fits = match octet {
            0 => false,
            b'\r' => next(at) == Some(b'\n'),
            b'\n' => matches!(next(at), Some(b' ' | b'\t')),
            _ => true,
        };
        (!fits).then_some(at)
    })
}

/// An envelope address, or ESMTP arguments.
pub(super) fn address(text: &str) -> Result<&[u8], ModificationError> {
    if text.bytes().any(|octet| octet.is_ascii_control()) {
        return Err(ModificationError::BadAddress { text: text.to_owned() });
    }
    Ok(text.as_bytes())
}

/// The reason of a quarantine: one line.
pub(super) fn reason(text: &str) -> Result<&[u8], ModificationError> {
    match text.bytes().position(|octet| matches!(octet, 0 | b'\r' | b'\n')) {
        Some(at) => Err(ModificationError::BadValue { name: "quarantine reason".to_owned(), at }),
        None => Ok(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_w2_folds_are_sent_as_lf_and_white_space() {
        let cases: [(&[u8], &[u8]); 5] = [
            (b" a;\r\n\tb", b" a;\n\tb"),
            (b" a;\n b", b" a;\n b"),
            (b"\r\n a", b"\n a"),
            (b"", b""),
            (b" a\r\n \r\n b", b" a\n \n b"),
        ];
        for (given, sent) in cases {
            assert_eq!(value("X", given, true).unwrap(), sent, "{given:?}");
        }
    }

    #[test]
    fn trap_w2_line_ends_that_are_no_folds_are_refused() {
        let cases: [(&[u8], usize); 8] = [
            (b" a\r\nb", 3),
            (b" a\nb", 2),
            (b" a\n", 2),
            (b" a\r\n", 3),
            (b" a\rb", 2),
            (b" a\r\r\n b", 2),
            (b"\0", 0),
            (b" a\n\n b", 2),
        ];
        for (given, at) in cases {
            let error = ModificationError::BadValue { name: "X".to_owned(), at };
            assert_eq!(value("X", given, true), Err(error), "{given:?}");
        }
    }

    #[test]
    fn trap_w1_one_leading_space_is_left_to_the_mta_that_adds_it() {
        let cases: [(&[u8], &[u8], &[u8]); 4] = [
            (b" a", b" a", b"a"),
            (b"  a", b"  a", b" a"),
            (b"a", b"a", b"a"),
            (b"\ta", b"\ta", b"\ta"),
        ];
        for (given, exact, adding) in cases {
            assert_eq!(value("X", given, true).unwrap(), exact, "{given:?}");
            assert_eq!(value("X", given, false).unwrap(), adding, "{given:?}");
        }
    }

    #[test]
    fn names_are_printable_ascii_without_colon() {
        for good in ["X", "DKIM-Signature", "!", "a~"] {
            assert_eq!(name(good), Ok(good.as_bytes()));
        }
        for bad in ["", "a:", "a b", "a\n", "é", "a\0"] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }
}
