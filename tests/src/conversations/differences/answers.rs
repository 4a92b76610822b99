//! Differences in what the MTA is told, and when.

use crate::conversations::record::{Entry, What};
use crate::conversations::text::Conversation;

/// What needs no look at the body is answered at the end of the header.
pub(super) fn early_answer(_: &Conversation, record: &mut Vec<Entry>) {
    let mut at = 0;
    while let Some(offset) = record[at..].iter().position(|entry| entry.at == "eoh") {
        let eoh = at + offset;
        let bodies = record[eoh + 1..].iter().take_while(|entry| entry.at == "body").count();
        let end = eoh + 1 + bodies;
        // Only where nothing comes before the answer.
        if record[eoh].what == What::Reply("continue")
            && record.get(end).is_some_and(|entry| entry.at == "end" && is_final(&entry.what))
        {
            record[eoh].what = record[end].what.clone();
            record.drain(eoh + 1..=end);
        }
        at = eoh + 1;
    }
}

/// A signature that cannot be read is no reason to look away: the line `tells` has its result.
pub(super) fn broken_is_told(conversation: &Conversation, record: &mut Vec<Entry>) {
    let Some(eoh) = record.iter().position(|entry| entry.at == "eoh") else { return };
    let answer = record[eoh].what.clone();
    if answer == What::Reply("continue") || record.len() > eoh + 1 {
        return;
    }
    record[eoh].what = What::Reply("continue");
    let told = conversation.tells.as_ref().filter(|_| answer == What::Reply("accept"));
    let told = told.map(|tells| {
        What::Insert(0, "Authentication-Results".into(), format!(" mx.example.net;\n\t{tells}"))
    });
    let entry = |at: &str, what| Entry { at: at.into(), what };
    record.push(entry("body", What::Reply("continue")));
    record.extend(told.map(|what| entry("end", what)));
    record.push(entry("end", answer));
}

/// The line `answers` has what becomes of mail whose signature cannot pass, whatever the reason.
pub(super) fn bad_for_any_reason(conversation: &Conversation, record: &mut [Entry]) {
    let Some(answer) = &conversation.answers else { return };
    let last = record.iter().rposition(|entry| entry.what == What::Reply("accept"));
    let Some(last) = last else { return };
    record[last].what = match answer.as_str() {
        "discard" => What::Reply("discard"),
        smtp => What::Smtp(smtp.to_owned()),
    };
}

/// Too much header is answered at its end.
pub(super) fn header_limit(_: &Conversation, record: &mut Vec<Entry>) {
    let beyond = |entry: &Entry| entry.at.starts_with("header ") && is_final(&entry.what);
    if let Some(last) =
        record.iter_mut().find(|entry| beyond(entry) && entry.what != What::Reply("continue"))
    {
        let what = if last.what == What::Reply("tempfail") {
            What::Smtp("451 4.7.0 too much header data".into())
        } else if last.what == What::Reply("reject") {
            What::Smtp("550 5.7.0 too much header data".into())
        } else {
            last.what.clone()
        };
        last.what = What::Reply("continue");
        record.push(Entry { at: "eoh".into(), what });
    }
}

/// Whoever is refused hears why.
pub(super) fn says_why(_: &Conversation, record: &mut [Entry]) {
    let revoked = about(record).contains("key revoked");
    for entry in record.iter_mut() {
        let status = if entry.what == What::Reply("reject") {
            "550 5.7.0"
        } else if entry.what == What::Reply("tempfail") {
            if revoked { "451 4.7.5" } else { "451 4.7.0" }
        } else {
            continue;
        };
        let why = if revoked { "DKIM key revoked" } else { "DKIM signing error" };
        entry.what = What::Smtp(format!("{status} {why}"));
    }
}

/// Mail that is to be put aside is: opendkim never asks for the permission to.
pub(super) fn quarantine(_: &Conversation, record: &mut Vec<Entry>) {
    const QUARANTINE: u32 = 0x20;
    let told = about(record);
    let why = if told.contains("no tag list") {
        "DKIM signature syntax error"
    } else if told.contains("key revoked") {
        "DKIM key revoked"
    } else if told.contains("not found") || told.contains("not exist") {
        "DKIM key retrieval failed"
    } else if told.contains("cannot be used") || told.contains("too small") {
        "DKIM signature verification failed"
    } else if told.is_empty() {
        "no DKIM signature data"
    } else {
        "bad DKIM signature data"
    };
    if let Some(What::Terms(_, actions, _, _)) = record.first_mut().map(|entry| &mut entry.what) {
        *actions |= QUARANTINE;
    }
    let harmless = ["dkim=pass", "(bad message"].iter().any(|word| told.contains(word))
        || told.contains("header.s=testing");
    let last = record.iter().rposition(|entry| entry.at == "end" && is_final(&entry.what));
    if let Some(last) = last
        && !harmless
    {
        let what = What::Quarantine(format!("opendkim: {why}"));
        record.insert(last, Entry { at: "end".into(), what });
    }
}

/// Nothing is written into mail that is refused.
pub(super) fn refused_without_field(_: &Conversation, record: &mut Vec<Entry>) {
    let refused = record.last().is_some_and(|entry| {
        is_final(&entry.what)
            && !matches!(entry.what, What::Reply("accept") | What::Reply("continue"))
    });
    if refused {
        record.retain(|entry| !matches!(entry.what, What::Insert(..)));
    }
}

/// What test data do not have does not exist: the line `tells` has the result.
pub(super) fn missing_in_test_data(conversation: &Conversation, record: &mut Vec<Entry>) {
    let Some(tells) = &conversation.tells else { return };
    let Some(end) = record.iter().position(|entry| entry.at == "end") else { return };
    let value = format!(" mx.example.net;\n\t{tells}");
    let what = What::Insert(0, "Authentication-Results".into(), value);
    record.insert(end, Entry { at: "end".into(), what });
}

/// An Ed25519 key signs: what the line `tells` says is inserted before anything else.
pub(super) fn ed25519(conversation: &Conversation, record: &mut Vec<Entry>) {
    let Some(tells) = &conversation.tells else { return };
    let Some(end) = record.iter().position(|entry| entry.at == "end") else { return };
    let what = What::Insert(0, "DKIM-Signature".into(), format!(" {tells}"));
    // Behind that of the rule before it.
    let others = record[end..].iter().take_while(|entry| entry.what.inserted().is_some()).count();
    let at = end + others.min(1);
    record.insert(at, Entry { at: "end".into(), what });
    if let Some(last) = record.last_mut().filter(|last| is_final(&last.what)) {
        last.what = What::Reply("accept");
    }
}

/// What the results say.
fn about(record: &[Entry]) -> String {
    record.iter().filter_map(|entry| Some(entry.what.inserted()?.1)).collect()
}

fn is_final(what: &What) -> bool {
    matches!(what, What::Reply(_) | What::Smtp(_))
}
