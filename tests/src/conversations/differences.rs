//! The differences from opendkim that are meant: by name in `docs/interop.md`, and here what each
//! makes of the record of opendkim.

use super::record::{Entry, What};
use crate::here;
use std::fs;

/// What a difference does to the record of opendkim, so that it becomes what is wanted of us.
type Change = fn(&mut Vec<Entry>);

/// All that there are, in the order in which they are applied.
const KNOWN: &[(&str, Change)] = &[
    ("declined-replies", declined_replies),
    ("several-from", several_from),
    ("from-once-more", from_once_more),
    ("product-name", product_name),
    ("no-atps", no_atps),
];

/// The heading of the table in `docs/interop.md`.
const HEADING: &str = "## Differences from opendkim\n";

/// The names that the document has, in its order.
pub fn documented() -> Vec<String> {
    let path = here("../docs/interop.md");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (_, section) = text.split_once(HEADING).unwrap_or_else(|| panic!("no {HEADING}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let name = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    section.lines().filter_map(name).collect()
}

/// The names that there is something for here.
pub fn implemented() -> Vec<&'static str> {
    KNOWN.iter().map(|(name, _)| *name).collect()
}

/// Applies these to a record; says which of them changed nothing, or are unknown.
pub fn apply(names: &[String], record: &mut Vec<Entry>) -> Vec<String> {
    let unknown = names.iter().filter(|name| !implemented().contains(&name.as_str()));
    let mut idle: Vec<String> = unknown.cloned().collect();
    for (name, change) in KNOWN {
        if names.iter().any(|listed| listed == name) {
            let before = record.clone();
            change(record);
            if *record == before {
                idle.push((*name).to_owned());
            }
        }
    }
    idle
}

/// Stages that nothing is decided at are not answered where the MTA does not ask for it.
fn declined_replies(record: &mut Vec<Entry>) {
    /// No reply to header fields, connect, HELO, MAIL, RCPT, DATA, unknown commands, end of
    /// headers, body.
    const NO_REPLY: u32 = 0xf_f080;
    let mut asked = false;
    for entry in record.iter_mut() {
        let stage = entry.at.split(' ').next().unwrap_or_default().to_owned();
        match &mut entry.what {
            What::Terms(_, _, steps, _) => {
                asked = true;
                *steps |= NO_REPLY & !0x4_1000;
            }
            What::Reply("continue")
                if asked && matches!(&*stage, "header" | "mail" | "rcpt" | "body") =>
            {
                entry.what = What::Silence;
            }
            _ => {}
        }
    }
}

/// No seal where there are several From fields.
fn several_from(record: &mut Vec<Entry>) {
    record.retain(|entry| !is_insert(entry, "DKIM-Signature"));
}

/// From is covered once more than it occurs: one more name at the end of `h=`, folded where
/// opendkim would fold it.
fn from_once_more(record: &mut Vec<Entry>) {
    for_each_value(record, "DKIM-Signature", |value| {
        let start = value.find("h=From").or_else(|| value.find("\th="))?;
        let end = start + value[start..].find(';')?;
        let line = value[..end].rsplit('\n').next()?;
        let column: usize = line.chars().map(|c| if c == '\t' { 8 } else { 1 }).sum();
        let more = if column + ":From".len() <= 74 { ":From" } else { ":\n\t From" };
        Some(format!("{}{more}{}", &value[..end], &value[end..]))
    });
}

/// Our name and version stand where opendkim's did.
fn product_name(record: &mut Vec<Entry>) {
    let ours = format!("Twinseal v{}", env!("CARGO_PKG_VERSION"));
    for_each_value(record, "DKIM-Filter", |value| {
        Some(value.replace("OpenDKIM Filter v2.11.0", &ours))
    });
}

/// Nothing is said about third parties that an author's domain may have authorized.
fn no_atps(record: &mut Vec<Entry>) {
    for_each_value(record, "Authentication-Results", |value| {
        let shorter = value.replace(";\n\tdkim-atps=neutral", "");
        Some(shorter.replace("; dkim-atps=neutral", ""))
    });
}

fn is_insert(entry: &Entry, field: &str) -> bool {
    matches!(&entry.what, What::Insert(_, name, _) if name == field)
}

fn for_each_value(record: &mut [Entry], field: &str, change: impl Fn(&str) -> Option<String>) {
    for entry in record {
        if let What::Insert(_, name, value) = &mut entry.what {
            if name == field {
                *value = change(value).unwrap_or_else(|| value.clone());
            }
        }
    }
}
