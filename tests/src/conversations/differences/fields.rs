//! Differences in what fields say, and which go.

use crate::conversations::record::{Entry, What};
use crate::conversations::text::Conversation;
use crate::message::Message;

const RESULTS: &str = "Authentication-Results";

/// The column up to which opendkim fills a line, a tab being eight.
const LINE: usize = 74;

/// From is covered once more than it occurs: one more name at the end of `h=`, folded where
/// opendkim would fold it.
pub(super) fn from_once_more(_: &Conversation, record: &mut [Entry]) {
    for_each_value(record, "DKIM-Signature", |value| {
        let start = value.find("\th=")?;
        let end = start + value[start..].find(';')?;
        let line = value[..end].rsplit('\n').next()?;
        let column: usize = line.chars().map(|c| if c == '\t' { 8 } else { 1 }).sum();
        let more = if column + ":From".len() <= LINE { ":From" } else { ":\n\t From" };
        Some(format!("{}{more}{}", &value[..end], &value[end..]))
    });
}

/// `simple` does not hold where the blank behind the colon is not exact.
pub(super) fn relaxed_without_blank(_: &Conversation, record: &mut [Entry]) {
    for_each_value(record, "DKIM-Signature", |value| {
        Some(value.replace("c=simple/", "c=relaxed/"))
    });
}

/// Our name and version stand where opendkim's did.
pub(super) fn product_name(_: &Conversation, record: &mut [Entry]) {
    let ours = format!("Twinseal Filter v{}", env!("CARGO_PKG_VERSION"));
    for_each_value(record, "DKIM-Filter", |value| {
        Some(value.replace("OpenDKIM Filter v2.11.0", &ours))
    });
}

/// Nothing is said about third parties that an author's domain may have authorized.
pub fn no_atps(record: &mut [Entry]) {
    for_each_value(record, RESULTS, |value| {
        let shorter = value.replace(";\n\tdkim-atps=neutral", "");
        Some(shorter.replace("; dkim-atps=neutral", ""))
    });
}

/// What is no plain token is quoted: a name with a job id, and digits of `b=` with a slash.
pub fn quoted_values(record: &mut [Entry]) {
    let quoted = |text: &str| {
        if text.contains(['/', '=']) { format!("\"{text}\"") } else { text.to_owned() }
    };
    for_each_value(record, RESULTS, |value| {
        let (name, rest) = value.trim_start().split_once(';')?;
        let property = "header.b=";
        let mut parts = rest.split(property);
        let mut changed = format!(" {};{}", quoted(name), parts.next()?);
        for part in parts {
            let end = part.find(|c: char| c == ';' || c.is_whitespace()).unwrap_or(part.len());
            let (digits, rest) = part.split_at(end);
            changed += &format!("{property}{}{rest}", quoted(digits));
        }
        Some(changed)
    });
}

/// The field about a message that cannot be read begins with a blank, like all others.
pub(super) fn blank_of_malformed(_: &Conversation, record: &mut [Entry]) {
    for_each_value(record, RESULTS, |value| (!value.starts_with(' ')).then(|| format!(" {value}")));
}

/// The name of the host is taken when a message begins, with that of the fields that go.
pub(super) fn late_host(_: &Conversation, record: &mut [Entry]) {
    for_each_value(record, RESULTS, |value| {
        let (_, rest) = value.split_once(';')?;
        Some(format!(" unknown-host;{rest}"))
    });
}

/// What the line `tells` says stands there instead of the results.
pub(super) fn results(conversation: &Conversation, record: &mut [Entry]) {
    let Some(tells) = &conversation.tells else { return };
    for_each_value(record, RESULTS, |value| {
        let name = value.split(';').next()?;
        Some(format!("{name};\n\t{tells}"))
    });
}

/// What came with the mail and bears our name goes, whatever it says; highest number first.
pub(super) fn forged_results(conversation: &Conversation, record: &mut Vec<Entry>) {
    let Some(octets) = conversation.messages.first().map(|mail| &mail.octets) else { return };
    let message = Message::parse(octets);
    let mut gone: Vec<u32> = Vec::new();
    for (field, number) in message.all(RESULTS).zip(1..) {
        if is_ours(&String::from_utf8_lossy(field.value())) {
            gone.push(number);
        }
    }
    let theirs = |entry: &Entry| {
        entry.what.deleted().filter(|(_, name)| *name == RESULTS).map(|(number, _)| number)
    };
    gone.extend(record.iter().filter_map(theirs));
    gone.sort_unstable();
    gone.dedup();
    record.retain(|entry| theirs(entry).is_none());
    let at = record.iter().position(|entry| entry.at == "end").unwrap_or(record.len());
    for number in gone {
        let what = What::Change(number, RESULTS.to_owned(), String::new());
        record.insert(at, Entry { at: "end".into(), what });
    }
}

/// Old signatures are deleted by their numbers, the last first.
pub(super) fn numbers_of_deleted(_: &Conversation, record: &mut [Entry]) {
    let deletes = |entry: &&mut Entry| entry.what.deleted().is_some_and(|(number, _)| number == 0);
    for (entry, number) in record.iter_mut().filter(deletes).rev().zip(1..) {
        if let What::Change(index, _, _) = &mut entry.what {
            *index = number;
        }
    }
}

/// Whether a value bears the name that the conversations give the host.
fn is_ours(value: &str) -> bool {
    let value = value.trim();
    let value = match value.strip_prefix('(') {
        Some(comment) => comment.split_once(')').map_or("", |(_, rest)| rest.trim()),
        None => value,
    };
    let value = value.trim_start_matches('"').to_ascii_lowercase();
    value.strip_prefix("mx.example.net").is_some_and(|rest| {
        rest.starts_with(|c: char| c == ';' || c == '/' || c == '"' || c.is_whitespace())
    })
}

pub(super) fn for_each_value(
    record: &mut [Entry],
    field: &str,
    change: impl Fn(&str) -> Option<String>,
) {
    for entry in record {
        if let What::Insert(_, name, value) = &mut entry.what
            && name == field
            && let Some(changed) = change(value)
        {
            *value = changed;
        }
    }
}
