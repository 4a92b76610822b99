//! What may happen to a signed message on its way: from what every hop does to what nobody should.

use crate::generator::Generator;
use crate::message::{Field, Message};
use crate::templates::signature;

/// A kind of damage: its name, and what it does. What finds nothing to damage changes nothing.
type Kind = (&'static str, fn(&mut Generator, &mut Vec<u8>));

/// All kinds, each as likely as the others.
const KINDS: &[Kind] = &[
    ("octet", |chance, octets| octet(chance, octets)),
    ("octet of the header", |chance, octets| octet_of_header(chance, octets)),
    ("octet of the signature", |chance, octets| octet_of_signature(chance, octets)),
    ("case", |chance, octets| case(chance, octets)),
    ("case of the header", |chance, octets| case_of_header(chance, octets)),
    ("field moved", field_moved),
    ("field repeated", field_repeated),
    ("field removed", field_removed),
    ("field added", field_added),
    ("white space added", space_added),
    ("white space added to the header", space_added_to_header),
    ("white space removed", space_removed),
    ("white space at a line's end", space_at_end),
    ("folded", folded),
    ("unfolded", unfolded),
    ("truncated", truncated),
    ("line end", line_end),
    ("tag changed", tag_changed),
    ("tag removed", tag_removed),
    ("tag repeated", tag_repeated),
    ("digit of a tag", digit_of_tag),
    ("signature refolded", signature_refolded),
    ("text appended", text_appended),
    ("empty lines", empty_lines),
];

/// The message after one accident, sometimes two, and what they were.
pub fn damage(chance: &mut Generator, signed: &[u8]) -> (Vec<u8>, String) {
    let times = if chance.one_in(6) { 2 } else { 1 };
    let mut octets = signed.to_vec();
    let mut names = Vec::new();
    for _ in 0..times {
        let (name, change) = KINDS[chance.below(KINDS.len())];
        change(chance, &mut octets);
        names.push(name);
    }
    (octets, names.join(", "))
}

fn octet(chance: &mut Generator, octets: &mut [u8]) {
    let end = octets.len();
    replaced(chance, octets, end);
}

fn octet_of_header(chance: &mut Generator, octets: &mut [u8]) {
    let end = header_length(octets);
    replaced(chance, octets, end);
}

fn replaced(chance: &mut Generator, octets: &mut [u8], end: usize) {
    if end > 0 {
        let at = chance.below(end);
        octets[at] = match chance.below(3) {
            0 => octets[at] ^ (1 << chance.below(8)),
            1 => chance.pick(&[b" ", b"\t", b";", b":", b"=", b"\0", b"\xff", b"a"])[0],
            _ => u8::try_from(chance.below(256)).unwrap_or_default(),
        };
    }
}

/// Of the value of `b=`, which is not itself signed: only decoding it tells.
fn octet_of_signature(chance: &mut Generator, octets: &mut [u8]) {
    if let Some((start, end)) = signature(octets).filter(|(start, end)| start < end) {
        // The last ones are the most interesting: padding, and bits that count for nothing.
        let from = if chance.one_in(2) { end.saturating_sub(4).max(start) } else { start };
        let at = from + chance.below(end - from);
        octets[at] = chance.pick(&[b"A", b"B", b"=", b"-", b"_", b"!", b"/", b"+", b"\0"])[0];
    }
}

fn case(chance: &mut Generator, octets: &mut [u8]) {
    let end = octets.len();
    other_case(chance, octets, end);
}

fn case_of_header(chance: &mut Generator, octets: &mut [u8]) {
    let end = header_length(octets);
    other_case(chance, octets, end);
}

fn other_case(chance: &mut Generator, octets: &mut [u8], end: usize) {
    let letters = places(&octets[..end], u8::is_ascii_alphabetic);
    if !letters.is_empty() {
        octets[letters[chance.below(letters.len())]] ^= 0x20;
    }
}

fn field_moved(chance: &mut Generator, octets: &mut Vec<u8>) {
    with_fields(octets, |fields| {
        let field = fields.remove(chance.below(fields.len()));
        fields.insert(chance.below(fields.len() + 1), field);
    });
}

fn field_repeated(chance: &mut Generator, octets: &mut Vec<u8>) {
    with_fields(octets, |fields| {
        let field = fields[chance.below(fields.len())].clone();
        fields.insert(chance.below(fields.len() + 1), field);
    });
}

fn field_removed(chance: &mut Generator, octets: &mut Vec<u8>) {
    with_fields(octets, |fields| {
        fields.remove(chance.below(fields.len()));
    });
}

fn field_added(chance: &mut Generator, octets: &mut Vec<u8>) {
    let field = chance.pick(&[
        "Received: from a by b; Mon, 2 Mar 2026 09:00:00 +0000\r\n",
        "Subject: another\r\n",
        "From: eve@example.net\r\n",
        "X-Missing: not any more\r\n",
        "Reply-To: eve@example.net\r\n",
        "DKIM-Signature: \r\n",
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa2048; h=from; bh=; b=\r\n",
        "X-Empty:\r\n",
    ]);
    with_fields(octets, |fields| {
        let field = Field { octets: field.as_bytes().to_vec() };
        fields.insert(chance.below(fields.len() + 1), field);
    });
}

fn space_added(chance: &mut Generator, octets: &mut Vec<u8>) {
    let at = chance.below(octets.len() + 1);
    insert_space(chance, octets, at);
}

fn space_added_to_header(chance: &mut Generator, octets: &mut Vec<u8>) {
    let header = &octets[..header_length(octets)];
    let places = match chance.below(3) {
        0 => places(header, |&octet| matches!(octet, b' ' | b'\t')),
        1 => places(header, |&octet| matches!(octet, b';' | b'=' | b':')),
        _ => (0..header.len()).collect(),
    };
    let at = if places.is_empty() { 0 } else { places[chance.below(places.len())] };
    let behind = chance.below(2);
    insert_space(chance, octets, at + behind);
}

fn insert_space(chance: &mut Generator, octets: &mut Vec<u8>, at: usize) {
    let at = at.min(octets.len());
    let space = chance.pick(&[" ", "  ", "\t", " \t", "\r\n ", "\u{b}"]);
    octets.splice(at..at, space.bytes());
}

fn space_removed(chance: &mut Generator, octets: &mut Vec<u8>) {
    let blanks = places(octets, |&octet| matches!(octet, b' ' | b'\t'));
    if !blanks.is_empty() {
        octets.remove(blanks[chance.below(blanks.len())]);
    }
}

fn space_at_end(chance: &mut Generator, octets: &mut Vec<u8>) {
    let ends = places(octets, |&octet| octet == b'\r');
    let at = if ends.is_empty() { octets.len() } else { ends[chance.below(ends.len())] };
    octets.splice(at..at, chance.pick(&[" ", "\t", "  "]).bytes());
}

fn folded(chance: &mut Generator, octets: &mut Vec<u8>) {
    let blanks = places(&octets[..header_length(octets)], |&octet| octet == b' ');
    if !blanks.is_empty() {
        let at = blanks[chance.below(blanks.len())];
        octets.splice(at..at, *b"\r\n");
    }
}

fn unfolded(chance: &mut Generator, octets: &mut Vec<u8>) {
    let header = &octets[..header_length(octets)];
    let folds: Vec<usize> = (0..header.len())
        .filter(|&at| header[at..].starts_with(b"\r\n ") || header[at..].starts_with(b"\r\n\t"))
        .collect();
    if !folds.is_empty() {
        let at = folds[chance.below(folds.len())];
        octets.drain(at..at + 2);
    }
}

fn truncated(chance: &mut Generator, octets: &mut Vec<u8>) {
    // Mostly in the body: what has lost half of its header fails everywhere.
    let keep = if chance.one_in(5) { 0 } else { header_length(octets).min(octets.len()) };
    octets.truncate(keep + chance.below(octets.len() - keep + 1));
}

fn line_end(chance: &mut Generator, octets: &mut Vec<u8>) {
    let ends = places(octets, |&octet| octet == b'\r');
    if !ends.is_empty() {
        let at = ends[chance.below(ends.len())];
        let end = (at + 2).min(octets.len());
        octets
            .splice(at..end, chance.pick(&["\n", "\r", "\r\r\n", "\n\r", "\r\n\r\n", ""]).bytes());
    }
}

fn tag_changed(chance: &mut Generator, octets: &mut Vec<u8>) {
    with_tags(chance, octets, |chance, tags| {
        let which = chance.below(tags.len());
        let tag = &mut tags[which];
        let value = tag.iter().position(|&octet| octet == b'=').map_or(0, |at| at + 1);
        let at = value + chance.below(tag.len() - value + 1);
        tag.splice(at..at, chance.pick(&["x", "0", " ", ":", "=", ",", "\t", "/"]).bytes());
    });
}

fn tag_removed(chance: &mut Generator, octets: &mut Vec<u8>) {
    with_tags(chance, octets, |chance, tags| {
        tags.remove(chance.below(tags.len()));
    });
}

fn tag_repeated(chance: &mut Generator, octets: &mut Vec<u8>) {
    with_tags(chance, octets, |chance, tags| {
        let tag = tags[chance.below(tags.len())].clone();
        tags.push(tag);
    });
}

fn digit_of_tag(chance: &mut Generator, octets: &mut Vec<u8>) {
    with_tags(chance, octets, |chance, tags| {
        let which = chance.below(tags.len());
        let tag = &mut tags[which];
        let digits = places(tag, u8::is_ascii_digit);
        if !digits.is_empty() {
            tag[digits[chance.below(digits.len())]] = chance.pick(&[b"0", b"1", b"5", b"9"])[0];
        }
    });
}

fn signature_refolded(chance: &mut Generator, octets: &mut Vec<u8>) {
    let Some((start, end)) = signature(octets) else { return };
    // Around the value, too: that white space leaves with it (RFC 6376 §3.7).
    let at = start + chance.below(end - start + 1);
    insert_space(chance, octets, at);
}

fn text_appended(chance: &mut Generator, octets: &mut Vec<u8>) {
    octets.extend(chance.pick(&["x", "a footer\r\n", "\r\n-- \r\nlist\r\n", "\0"]).bytes());
}

fn empty_lines(chance: &mut Generator, octets: &mut Vec<u8>) {
    octets.extend(chance.pick(&["\r\n", "\r\n\r\n", " \r\n", "\t\r\n\r\n", "\r"]).bytes());
}

/// Up to the blank line, or all.
fn header_length(octets: &[u8]) -> usize {
    Message::parse(octets).fields.iter().map(|field| field.octets.len()).sum()
}

fn places(octets: &[u8], wanted: impl Fn(&u8) -> bool) -> Vec<usize> {
    octets.iter().enumerate().filter(|(_, octet)| wanted(octet)).map(|(at, _)| at).collect()
}

fn with_fields(octets: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Field>)) {
    let rest = octets[header_length(octets)..].to_vec();
    let mut fields = Message::parse(octets).fields;
    if !fields.is_empty() {
        change(&mut fields);
    }
    let fields: Vec<Vec<u8>> = fields.into_iter().map(|field| field.octets).collect();
    *octets = [fields.concat(), rest].concat();
}

/// Changes the tags of one of the DKIM-Signature fields.
fn with_tags(
    chance: &mut Generator,
    octets: &mut Vec<u8>,
    change: impl FnOnce(&mut Generator, &mut Vec<Vec<u8>>),
) {
    with_fields(octets, |fields| {
        let mut signatures: Vec<&mut Field> =
            fields.iter_mut().filter(|field| field.is("DKIM-Signature")).collect();
        if signatures.is_empty() {
            return;
        }
        let at = chance.below(signatures.len());
        let field = &mut signatures[at].octets;
        let colon = field.iter().position(|&octet| octet == b':').map_or(0, |at| at + 1);
        let end = field.len() - if field.ends_with(b"\r\n") { 2 } else { 0 };
        let value = &field[colon..end.max(colon)];
        let mut tags: Vec<Vec<u8>> =
            value.split(|&octet| octet == b';').map(<[u8]>::to_vec).collect();
        change(chance, &mut tags);
        *field = [&field[..colon], &tags.join(&b';'), b"\r\n"].concat();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"DKIM-Signature: v=1; a=x; b=QUJD; t=1\r\nSubject: a\r\n b\r\n\
        From: a@example.com\r\n\r\nbody text\r\n\r\n";

    #[test]
    fn every_kind_changes_what_it_finds() {
        for (name, change) in KINDS {
            let mut chance = Generator::new(7);
            let mut changes = || {
                let mut octets = MESSAGE.to_vec();
                change(&mut chance, &mut octets);
                octets != MESSAGE
            };
            let changed = (0..40).filter(|_| changes()).count();
            assert!(changed > 10, "{name}: {changed}");
        }
    }

    #[test]
    fn every_kind_stands_any_octets() {
        let mut chance = Generator::new(7);
        for (_, change) in KINDS {
            for end in 0..MESSAGE.len() {
                change(&mut chance, &mut MESSAGE[..end].to_vec());
                change(&mut chance, &mut MESSAGE[end..].to_vec());
            }
        }
    }
}
