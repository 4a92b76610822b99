//! The differences from opendkim that are meant: by name in `docs/interop.md`, and here what each
//! makes of the record of opendkim.

mod answers;
mod copies;
mod fields;
mod terms;

pub use self::fields::{no_atps, quoted_values};

use super::record::Entry;
use super::text::Conversation;
use crate::here;
use std::fs;

/// What a difference makes of a record of opendkim, so that it becomes what is wanted of us.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// It changes entries, and their number stays.
    Edit(fn(&Conversation, &mut [Entry])),
    /// It changes the record.
    Change(fn(&Conversation, &mut Vec<Entry>)),
    /// From the end of the header on it is as in the conversation of the same setup that the line
    /// `as` names.
    As,
    /// The program does not start: the whole setup is refused.
    Refusal,
}

/// All that there are, in the order in which they are applied.
const KNOWN: &[(&str, Rule)] = &[
    ("several-from", Rule::As),
    ("unsigned-beside-broken", Rule::As),
    ("no-body-length-db", Rule::As),
    ("short-keys", Rule::Refusal),
    ("unsafe-keys", Rule::Refusal),
    ("terms", Rule::Change(terms::terms)),
    ("relaxed-without-blank", Rule::Edit(fields::relaxed_without_blank)),
    ("from-once-more", Rule::Edit(fields::from_once_more)),
    ("product-name", Rule::Edit(fields::product_name)),
    ("no-atps", Rule::Edit(|_, record| no_atps(record))),
    ("quoted-values", Rule::Edit(|_, record| quoted_values(record))),
    ("blank-of-malformed", Rule::Edit(fields::blank_of_malformed)),
    ("author-first", Rule::Edit(fields::results)),
    ("results", Rule::Edit(fields::results)),
    ("broken-is-told", Rule::Change(answers::broken_is_told)),
    ("forged-results", Rule::Change(fields::forged_results)),
    ("bad-for-any-reason", Rule::Edit(answers::bad_for_any_reason)),
    ("numbers-of-deleted", Rule::Edit(fields::numbers_of_deleted)),
    ("header-limit", Rule::Change(answers::header_limit)),
    ("says-why", Rule::Edit(answers::says_why)),
    ("quarantine", Rule::Change(answers::quarantine)),
    ("refused-without-field", Rule::Change(answers::refused_without_field)),
    ("late-host", Rule::Edit(fields::late_host)),
    ("missing-in-test-data", Rule::Change(answers::missing_in_test_data)),
    ("bars-encoded", Rule::Edit(copies::bars_encoded)),
    ("ed25519", Rule::Change(answers::ed25519)),
    ("early-answer", Rule::Change(answers::early_answer)),
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

/// Whether a name says that the program does not start.
pub fn is_refusal(name: &str) -> bool {
    KNOWN.iter().any(|(known, rule)| *known == name && matches!(rule, Rule::Refusal))
}

/// Applies what a conversation names to a record; says which names change nothing, or are unknown.
/// `other` is the record of the conversation that its line `as` names.
pub fn apply(
    conversation: &Conversation,
    record: &mut Vec<Entry>,
    other: Option<&[Entry]>,
) -> Vec<String> {
    let names = &conversation.differs;
    let unknown = names.iter().filter(|name| !implemented().contains(&name.as_str()));
    let mut idle: Vec<String> = unknown.cloned().collect();
    for (name, rule) in KNOWN.iter().filter(|(name, _)| names.iter().any(|one| one == name)) {
        let before = record.clone();
        match rule {
            Rule::Edit(edit) => edit(conversation, record),
            Rule::Change(change) => change(conversation, record),
            Rule::As => {
                let is_before = |entry: &Entry| entry.at != "eoh";
                let other = other.unwrap_or(&before).iter().skip_while(|entry| is_before(entry));
                *record = before.iter().take_while(|entry| is_before(entry)).cloned().collect();
                record.extend(other.cloned());
            }
            Rule::Refusal => {}
        }
        if *record == before {
            idle.push((*name).to_owned());
        }
    }
    idle
}

/// Which names would make one record of the other, each of those that change anything tried.
pub fn suggestion(conversation: &Conversation, theirs: &[Entry], ours: &[Entry]) -> Vec<String> {
    let apply = |rule: &Rule, record: &mut Vec<Entry>| match rule {
        Rule::Edit(edit) => edit(conversation, record),
        Rule::Change(change) => change(conversation, record),
        Rule::As | Rule::Refusal => {}
    };
    let changes = |(_, rule): &&(&str, Rule)| {
        let mut record = theirs.to_vec();
        apply(rule, &mut record);
        record != theirs
    };
    let useful: Vec<_> = KNOWN.iter().filter(changes).collect();
    let sets = 0_u32..1 << useful.len().min(12);
    let makes = |set: u32| {
        let chosen = || useful.iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1);
        let mut record = theirs.to_vec();
        chosen().for_each(|(_, (_, rule))| apply(rule, &mut record));
        (record == ours).then(|| chosen().map(|(_, (name, _))| (*name).to_owned()).collect())
    };
    sets.filter_map(makes).min_by_key(Vec::len).unwrap_or_default()
}
