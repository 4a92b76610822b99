//! Differences in the copies of fields, `z=`.

use super::fields::for_each_value;
use crate::conversations::record::Entry;
use crate::conversations::text::Conversation;

/// How wide a line is, a tab being eight.
const LINE: usize = 75;

/// A bar within a field is encoded, because bars stand between fields (RFC 6376 §3.5).
pub(super) fn bars_encoded(_: &Conversation, record: &mut [Entry]) {
    for_each_value(record, "DKIM-Signature", |value| {
        let (head, rest) = value.split_once("\n\tz=")?;
        let (copies, tail) = rest.split_once(';')?;
        let mut fields: Vec<String> = Vec::new();
        for part in copies.replace("\n\t ", "").split('|') {
            let name = part.split_once(':').map(|(name, _)| name);
            let is_field = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            match fields.last_mut() {
                Some(last) if !name.is_some_and(is_field) => *last += &format!("=7C{part}"),
                _ => fields.push(part.to_owned()),
            }
        }
        let mut folded = String::from("\n\tz=");
        let mut column = "z=".len() + 8;
        for octet in fields.join("|").chars() {
            if column >= LINE {
                folded += "\n\t ";
                column = 9;
            }
            folded.push(octet);
            column += 1;
        }
        Some(format!("{head}{folded};{tail}"))
    });
}
