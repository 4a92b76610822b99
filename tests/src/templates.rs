//! Signature fields as somebody might write them: any order of tags, white space wherever the
//! grammar has it, names in `h=` repeated, missing and listed once more than they occur.

use crate::generator::Generator;
use crate::message::Message;

/// When the messages say that they were signed, and when that ends: far from any clock that judges
/// them (seconds of 1970).
const SIGNED: &str = "1700000000";
const EXPIRES: &str = "4000000000";
const KEYS: [&str; 4] = ["rsa1024", "rsa2048", "rsa2048", "ed25519"];

/// A field without its signature, and the key that is to make that.
#[derive(Debug, Clone)]
pub struct Template {
    /// The name of the key and its selector.
    pub key: &'static str,
    /// Name, colon and value without a last CRLF; nothing stands behind `bh=` and `b=`.
    pub field: Vec<u8>,
}

impl Template {
    /// A right one for this message, for `d=example.com`.
    pub fn random(chance: &mut Generator, octets: &[u8]) -> Self {
        let key = KEYS[chance.below(KEYS.len())];
        let message = Message::parse(octets);
        let mut tags = optional_tags(chance, &message);
        tags.extend([
            ("v", "1".to_owned()),
            ("a", if key == "ed25519" { "ed25519-sha256" } else { "rsa-sha256" }.to_owned()),
            ("d", chance.pick(&["example.com", "example.com", "Example.COM"]).to_owned()),
            ("s", key.to_owned()),
            ("h", names(chance, &message)),
            ("bh", String::new()),
            ("b", String::new()),
        ]);
        if chance.one_in(2) {
            shuffle(chance, &mut tags);
        }
        Self { key, field: written(chance, &tags) }
    }
}

fn optional_tags(chance: &mut Generator, message: &Message) -> Vec<(&'static str, String)> {
    let mut tags = Vec::new();
    let pairs = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"];
    match chance.below(10) {
        0 => {} // simple/simple, RFC 6376 §3.5
        1 => tags.push(("c", chance.pick(&["simple", "relaxed"]).to_owned())),
        _ => tags.push(("c", chance.pick(&pairs).to_owned())),
    }
    let identities = ["@example.com", "ann@example.com", "@mail.example.com", "a=3Db@example.com"];
    let others = [
        (3, "i", chance.pick(&identities).to_owned()),
        (4, "q", "dns/txt".to_owned()),
        (3, "t", SIGNED.to_owned()),
        (4, "x", EXPIRES.to_owned()),
        (8, "z", "From:ann@example.com|Subject:a=20copy".to_owned()),
        (8, "bx", "1".to_owned()),
        (9, "l", length(chance, message).to_string()),
    ];
    for (once_in, name, value) in others {
        if chance.one_in(once_in) {
            tags.push((name, value));
        }
    }
    tags
}

/// Not longer than the body is in any canonical form.
fn length(chance: &mut Generator, message: &Message) -> usize {
    let text = message.body.iter().filter(|octet| octet.is_ascii_graphic()).count();
    chance.below(text + 1)
}

/// `h=`: From, some others, in any order and case.
fn names(chance: &mut Generator, message: &Message) -> String {
    let mut names = vec!["from".to_owned()];
    for field in &message.fields {
        if !field.is("from") && !field.is("dkim-signature") && !chance.one_in(3) {
            names.push(field.name());
        }
    }
    for more in ["from", "subject", "x-missing", "to", "reply-to"] {
        if chance.one_in(5) {
            names.push(more.to_owned());
        }
    }
    shuffle(chance, &mut names);
    for name in &mut names {
        match chance.below(4) {
            0 => name.make_ascii_uppercase(),
            1 => name[..1].make_ascii_uppercase(),
            _ => {}
        }
    }
    let gap = chance.pick(&[":", ":", " : ", ":\r\n\t", " :", ": "]);
    names.join(gap)
}

fn written(chance: &mut Generator, tags: &[(&str, String)]) -> Vec<u8> {
    let name = chance.pick(&["DKIM-Signature", "DKIM-Signature", "dkim-signature"]);
    let separator = chance.pick(&["; ", ";", ";\r\n\t", " ; ", ";\r\n  ", ";\t"]);
    let around = chance.pick(&["", "", "", " ", "\t", "\r\n "]);
    let mut value = String::new();
    for (at, (name, text)) in tags.iter().enumerate() {
        // What stands behind the signature's value leaves with it (RFC 6376 §3.7), but not when
        // dkimpy signs.
        let signed = at > 0 && tags[at - 1].0 == "b";
        let separator = match at {
            0 => " ",
            _ if signed => separator.trim_start(),
            _ => separator,
        };
        // Behind an empty value it would be white space that leaves with it.
        let after = if text.is_empty() { "" } else { around };
        value += &format!("{separator}{name}{around}={after}{text}");
    }
    value += chance.pick(&["", ";"]);
    format!("{name}:{value}").into_bytes()
}

fn shuffle<T>(chance: &mut Generator, items: &mut [T]) {
    for at in (1..items.len()).rev() {
        items.swap(at, chance.below(at + 1));
    }
}

/// The message with the signature in its first field folded, as a hop may do it and a signer too:
/// no canonicalization sees it.
pub fn fold_signature(chance: &mut Generator, signed: &[u8]) -> Vec<u8> {
    let Some((start, end)) = signature(signed) else { return signed.to_vec() };
    let gap = chance.pick(&["\r\n\t", "\r\n ", " ", "\t", "\r\n\t  "]).as_bytes();
    let width = 1 + chance.below(70);
    let pieces: Vec<&[u8]> = signed[start..end].chunks(width).collect();
    [&signed[..start], &pieces.join(gap), &signed[end..]].concat()
}

/// From where to where the value of `b=` goes in the first field, where nothing stands around it.
pub fn signature(signed: &[u8]) -> Option<(usize, usize)> {
    let message = Message::parse(signed);
    let field = &message.fields.first()?.octets;
    let mut at = field.iter().position(|&octet| octet == b':')? + 1;
    for tag in field[at..].split(|&octet| octet == b';') {
        let equals = tag.iter().position(|&octet| octet == b'=').unwrap_or(tag.len());
        if tag[..equals].trim_ascii() == b"b" {
            let value = &tag[(equals + 1).min(tag.len())..];
            let start = at + tag.len() - value.trim_ascii_start().len();
            return Some((start, start + value.trim_ascii().len()));
        }
        at += tag.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_each_tag_once_and_no_signature() {
        let mut chance = Generator::new(3);
        for _ in 0..200 {
            let message = chance.message();
            let template = Template::random(&mut chance, &message);
            let field = String::from_utf8(template.field.clone()).unwrap();
            let tags: Vec<&str> = field
                .split_once(':')
                .unwrap()
                .1
                .split(';')
                .map(|tag| tag.split('=').next().unwrap().trim())
                .filter(|name| !name.is_empty())
                .collect();
            for name in ["v", "a", "d", "s", "h", "bh", "b"] {
                assert_eq!(tags.iter().filter(|tag| **tag == name).count(), 1, "{field:?}");
            }
            let (start, end) = signature(&template.field).unwrap();
            assert_eq!(start, end, "{field:?}");
        }
    }

    #[test]
    fn folding_changes_the_signature_alone() {
        let signed = b"DKIM-Signature: bh=x; b = QUJD ;\r\nFrom: a\r\n\r\nb=QUJD";
        let mut chance = Generator::new(1);
        let without = |octets: &[u8]| {
            octets.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect::<Vec<_>>()
        };
        for _ in 0..50 {
            let folded = fold_signature(&mut chance, signed);
            assert_eq!(without(&folded), without(signed));
            assert!(folded.ends_with(b" ;\r\nFrom: a\r\n\r\nb=QUJD"), "{folded:?}");
        }
    }
}
