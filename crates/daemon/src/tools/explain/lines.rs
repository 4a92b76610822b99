//! The answer as text: steps first, what becomes of each seal last.

use super::answer::{Answer, Asked, KeyAnswer, KeyWord, SealAnswer, SignatureAnswer, State};
use std::fmt::Write as _;

/// All of it.
pub(super) fn render(answer: &Answer) -> String {
    let mut text = format!("mail from {}, handed in by {}\n\n", answer.address, answer.client);
    match &answer.peer {
        Some(peer) => {
            let _ =
                writeln!(text, "peer: yes, by {} ({}): it is let through", peer.entry, peer.origin);
        }
        None => {
            text.push_str("peer: no\n");
            for step in &answer.steps {
                let word = if step.ours { "yes" } else { "no" };
                let asked = match step.asked {
                    Asked::DaemonName => "daemon name",
                    Asked::Macro => "macros",
                    Asked::InternalHost => "internal host",
                    Asked::Authentication => "authentication",
                };
                let _ = writeln!(text, "ours by {asked}: {word}, {}", step.text);
            }
        }
    }
    let [dkim, domainkeys] = &answer.seals;
    text.push('\n');
    details(dkim, None, &mut text);
    text.push('\n');
    details(domainkeys, Some(dkim), &mut text);
    text.push('\n');
    if answer.verified {
        text.push_str("the message is verified: signatures that it has are checked\n");
    }
    answer.seals.iter().for_each(|seal| verdict(seal, &mut text));
    text
}

/// What is known of a seal; what it has in common with the other one is said once.
fn details(seal: &SealAnswer, other: Option<&SealAnswer>, text: &mut String) {
    let name = seal.seal;
    let mut line = |what: &str| {
        let _ = writeln!(text, "{name}: {what}");
    };
    if seal.state == State::Off {
        return line("this seal is switched off");
    }
    if let (Some(address), Some(field)) = (&seal.address, &seal.field) {
        line(&format!("{address} decides, the address in {field}"));
    }
    match other.filter(|other| other.state != State::Off && seal.is_found_like(other)) {
        Some(other) => line(&format!("rules and keys are those of {}", other.seal)),
        None => found(seal, &mut line),
    }
    let mut before = Vec::new();
    for made in &seal.signatures {
        line(&signature(made));
        let lists = lists(made);
        if lists != before {
            lists.iter().for_each(|list| line(list));
        }
        before = lists;
    }
    if let Some(remedy) = &seal.remedy {
        line(&format!("to have it made, {remedy}"));
    }
}

/// Rules and keys.
fn found(seal: &SealAnswer, line: &mut impl FnMut(&str)) {
    for rule in &seal.rules {
        line(&format!("{} matches: {}, which signs as {}", rule.origin, rule.pattern, rule.domain));
    }
    if seal.rules.is_empty() {
        line("no rule matches");
    }
    if let Some(near) = &seal.nearest {
        let nearest = "comes nearest of those that do not match";
        line(&format!("{} {nearest}: {}; {}", near.origin, near.pattern, near.why));
    }
    seal.keys.iter().for_each(|one| line(&key(one)));
}

fn key(key: &KeyAnswer) -> String {
    let KeyAnswer { file, selector, origin, state, kind, bits, error } = key;
    let what = match state {
        KeyWord::Usable => {
            let bits = bits.map(|bits| format!(", {bits} bits")).unwrap_or_default();
            let kind = if *kind == Some("rsa") { "RSA" } else { "Ed25519" };
            format!("it can be used: {kind}{bits}")
        }
        KeyWord::Denied => "you may not read it; it is taken for an RSA key".to_owned(),
        KeyWord::Unusable => "it cannot be used".to_owned(),
    };
    let error = error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
    format!("key {selector} of {origin}, {file}: {what}{error}")
}

fn signature(made: &SignatureAnswer) -> String {
    let SignatureAnswer { domain, selector, algorithm, canonicalization, .. } = made;
    let identity = made.identity.as_ref().map(|who| format!(", i={who}")).unwrap_or_default();
    let expires = made.expires_after.map(|after| format!(", expires after {after} s"));
    let expires = expires.unwrap_or_default();
    format!("a={algorithm}, c={canonicalization}, d={domain}, s={selector}{identity}{expires}")
}

/// The header fields of a signature.
fn lists(made: &SignatureAnswer) -> Vec<String> {
    let list = |what: &str, always: &str, names: &Option<Vec<String>>| {
        let names = names.as_ref()?.iter().map(String::as_str);
        // Its place is the first, whether it was asked for or not.
        let names = names.filter(|one| !one.eq_ignore_ascii_case(always));
        let names: Vec<&str> =
            [always].into_iter().chain(names).filter(|one| !one.is_empty()).collect();
        Some(format!(
            "{what}: {}",
            if names.is_empty() { "none".to_owned() } else { names.join(" ") }
        ))
    };
    let lists = [
        list("signs, where they are there", "from", &made.signed_headers),
        list("lets none be added of", "from", &made.oversigned_headers),
        list("leaves out, beside those that never are signed", "", &made.omitted_headers),
    ];
    lists.into_iter().flatten().collect()
}

/// The line that says what becomes of it.
fn verdict(seal: &SealAnswer, text: &mut String) {
    let name = seal.seal;
    let _ = match seal.state {
        State::Off => writeln!(text, "{name}: off"),
        State::Signed => {
            let made = seal.signatures.iter();
            let made = made.map(|one| format!("d={} s={}", one.domain, one.selector));
            writeln!(text, "{name}: signed as {}", made.collect::<Vec<_>>().join(", "))
        }
        State::NotSigned => writeln!(
            text,
            "{name}: not signed (reason={}): {}",
            seal.reason.unwrap_or_default(),
            seal.error.as_deref().unwrap_or_default()
        ),
    };
}
