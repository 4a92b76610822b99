//! Differences in what the MTA is asked for.

use crate::conversations::record::{Entry, What};
use crate::conversations::text::Conversation;

/// RCPT is not shown.
const NO_RCPT: u32 = 0x8;
/// The filter may skip the rest of a body.
const SKIP: u32 = 0x400;
/// No reply to header fields, HELO, MAIL, RCPT, DATA, unknown commands, connect and the body.
const NO_REPLY: u32 = 0x80 | 0xb_f000;
/// The filter may ask for macros.
const LISTS: u32 = 0x100;

/// Stages that nothing is decided at are left out or not answered, where the MTA offers that, and
/// SKIP is not asked for.
pub(super) fn terms(conversation: &Conversation, record: &mut Vec<Entry>) {
    let [_, _, offered] = conversation.offer;
    let mut agreed = 0;
    for entry in record.iter_mut() {
        if let What::Terms(_, actions, steps, macros) = &mut entry.what {
            *steps = *steps & !SKIP | offered & (NO_RCPT | NO_REPLY);
            agreed = *steps;
            if macros.is_empty() {
                *actions &= !LISTS;
            } else {
                *macros = lists(macros);
            }
        } else if entry.at == "body" && entry.what == What::Reply("skip") {
            entry.what = What::Reply("continue");
        }
    }
    if agreed & NO_RCPT != 0 {
        record.retain(|entry| !entry.at.starts_with("rcpt "));
    }
    if agreed & NO_REPLY == NO_REPLY {
        let silent = ["connect", "mail", "header", "body", "rcpt"];
        for entry in record.iter_mut().filter(|entry| {
            silent.contains(&entry.at.split(' ').next().unwrap_or_default())
                && entry.what == What::Reply("continue")
        }) {
            entry.what = What::Silence;
        }
    }
}

/// Macros are asked for at the stages where MTAs have them, with the braces that they have.
fn lists(theirs: &str) -> String {
    let names = theirs.split_once("{auth_type} ").map_or("", |(_, names)| names);
    let mut listed: Vec<String> = Vec::new();
    for name in names.trim_end_matches("\\x00").split(' ') {
        let name = if name.len() == 1 || name.starts_with('{') {
            name.to_owned()
        } else {
            format!("{{{name}}}")
        };
        if !listed.contains(&name) {
            listed.push(name);
        }
    }
    let stage = |number: u32, usual: &str| {
        let mut words: Vec<&str> = usual.split(' ').filter(|word| !word.is_empty()).collect();
        for name in &listed {
            if !words.contains(&name.as_str()) {
                words.push(name);
            }
        }
        format!("\\x00\\x00\\x00\\x{number:02x}{}\\x00", words.join(" "))
    };
    [stage(0, "j {daemon_name}"), stage(2, "i {auth_type} {auth_authen}"), stage(6, "i")].concat()
        + "\\x00\\x00\\x00\\x05i\\x00"
}
