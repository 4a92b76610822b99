//! Lists of tags: every octet of the text has its place, and emptying one value changes no other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_message::{MAX_TAGS, Tag, TagList, TagListError};

fuzz_target!(|input: &[u8]| {
    match TagList::parse(input) {
        Ok(list) => accepted(&list, input),
        Err(error) => refused(&error, input),
    }
});

fn accepted(list: &TagList<'_>, input: &[u8]) {
    let tags: Vec<Tag<'_>> = list.tags().collect();
    assert!((1..=MAX_TAGS).contains(&tags.len()), "{} tags", tags.len());

    let mut end = 0;
    for (at, &tag) in tags.iter().enumerate() {
        assert_eq!(list.get(tag.name()), Some(tag), "a name that comes twice");
        let place = tag.place();
        let between = input.get(end..place.start).expect("places stand in the text, in order");
        let semicolon = if at == 0 { "" } else { ";" };
        assert_eq!(bare(between), format!("{semicolon}{}=", tag.name()).as_bytes());
        value(tag, input);
        end = place.end;
    }
    let tail = input.get(end..).expect("the last place ends in the text");
    assert!(matches!(bare(tail).as_slice(), b"" | b";"), "{}", tail.escape_ascii());

    let compact: Vec<Vec<u8>> =
        tags.iter().map(|tag| [tag.name().as_bytes(), b"=", &tag.compact()].concat()).collect();
    same(&tags, &compact.join(&b";"[..]), None);
    for tag in &tags {
        let (before, after) = (&input[..tag.place().start], &input[tag.place().end..]);
        same(&tags, &[before, after].concat(), Some(tag.name()));
    }
}

fn value(tag: Tag<'_>, input: &[u8]) {
    let raw = &input[tag.place()];
    assert!(!raw.contains(&b';') && !raw.contains(&0), "{}", raw.escape_ascii());
    assert_eq!(bare(raw), tag.compact());
    assert_eq!(bare(tag.value()), tag.compact());
    let value = tag.value();
    for edge in [value.first(), value.last()].into_iter().flatten() {
        assert!(!edge.is_ascii_whitespace(), "{} has white space around it", value.escape_ascii());
    }
}

/// The other text has the same tags, apart from white space, but that one is empty.
fn same(tags: &[Tag<'_>], other: &[u8], empty: Option<&str>) {
    let list = TagList::parse(other)
        .unwrap_or_else(|error| panic!("{} is no list: {error}", other.escape_ascii()));
    assert_eq!(list.tags().count(), tags.len());
    for (tag, again) in tags.iter().zip(list.tags()) {
        assert_eq!(again.name(), tag.name());
        let want = if empty == Some(tag.name()) { Vec::new() } else { tag.compact() };
        assert_eq!(again.compact(), want, "the value of {} has changed", tag.name());
    }
}

fn refused(error: &TagListError, input: &[u8]) {
    let said = error.to_string();
    assert!(said.len() < 2_000 && !said.chars().any(char::is_control), "{said:?}");
    match error {
        TagListError::BadOctet { octet, at, .. } => assert_eq!(input.get(*at), Some(octet)),
        TagListError::NoName { at }
        | TagListError::NoValue { at, .. }
        | TagListError::Duplicate { at, .. }
        | TagListError::TooMany { at } => assert!(*at <= input.len(), "{said}"),
        _ => {}
    }
}

fn bare(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().filter(|octet| !b" \t\r\n".contains(octet)).collect()
}
