use super::{MAX_TAGS, TagList, TagListError};

fn list(text: &[u8]) -> TagList<'_> {
    TagList::parse(text).unwrap_or_else(|error| panic!("{}: {error}", text.escape_ascii()))
}

fn refused(text: &[u8]) -> TagListError {
    TagList::parse(text).expect_err(&text.escape_ascii().to_string())
}

fn value<'a>(text: &'a [u8], name: &str) -> &'a [u8] {
    list(text).get(name).map_or(b"(missing)", super::Tag::value)
}

#[test]
fn names_and_values_are_found_whatever_white_space_stands_around_them() {
    for text in [
        &b"a=x y;b=2"[..],
        b"a=x y;b=2;",
        b"a=x y;b=2; ",
        b"a=x y;b=2;\r\n\t",
        b" a\t=\tx y ; b = 2 ",
        b"\r\n a\r\n =\r\n x y\r\n ;\r\n b\r\n =\r\n 2\r\n ",
        b"\n a\n =\n x y\n ;\n b\n =\n 2\n ",
        b" \r\n \r\n a=x y;b=2",
    ] {
        assert_eq!(value(text, "a"), b"x y", "{}", text.escape_ascii());
        assert_eq!(value(text, "b"), b"2", "{}", text.escape_ascii());
        assert_eq!(list(text).tags().count(), 2);
    }
}

#[test]
fn a_value_may_be_empty_and_may_hold_equals_signs() {
    assert_eq!(value(b"p=", "p"), b"");
    assert_eq!(value(b"p=;", "p"), b"");
    assert_eq!(value(b"p= \r\n ;t=y", "p"), b"");
    assert_eq!(value(b"b=YQ==", "b"), b"YQ==");
    assert_eq!(value(b"z=a=b=c;b=", "z"), b"a=b=c");
}

#[test]
fn folds_inside_a_value_stay_and_compact_removes_them() {
    // Trap H11
    let text = b"h=From :\r\n To :\n\tSubject; b= YW\r\n\tJj ";
    let list = list(text);
    assert_eq!(list.get("h").unwrap().value(), b"From :\r\n To :\n\tSubject");
    assert_eq!(list.get("h").unwrap().compact(), b"From:To:Subject");
    assert_eq!(list.get("b").unwrap().compact(), b"YWJj");
}

#[test]
fn the_place_of_a_value_is_what_leaves_when_it_is_emptied() {
    // Trap H7: `b=` inside `bh=` and inside `z=` is not the signature.
    for (text, want) in [
        (&b" v=1; bh=abc; b= YW\r\n\tJj ; z=b=c"[..], &b" v=1; bh=abc; b=; z=b=c"[..]),
        (b" z=b=c; b=\r\n YWJj", b" z=b=c; b="),
        (b" b=YWJj\r\n ", b" b="),
        (b" b=;", b" b=;"),
        (b" b = x;a=1", b" b =;a=1"),
    ] {
        let place = list(text).get("b").unwrap().place();
        let emptied = [&text[..place.start], &text[place.end..]].concat();
        assert_eq!(emptied, want, "{}", text.escape_ascii());
    }
}

#[test]
fn names_are_case_sensitive_and_unknown_ones_are_kept() {
    // Trap H12
    let text = b"a=1; A=2; a_unknown9=3";
    assert_eq!(value(text, "a"), b"1");
    assert_eq!(value(text, "A"), b"2");
    assert_eq!(value(text, "a_unknown9"), b"3");
    assert_eq!(list(text).get("b"), None);
    assert_eq!(
        list(text).tags().map(super::Tag::name).collect::<Vec<_>>(),
        ["a", "A", "a_unknown9"]
    );
}

#[test]
fn a_tag_that_comes_twice_spoils_the_list() {
    // Trap H12
    for (text, name, at) in [(&b"a=1; b=2; a=1"[..], "a", 12), (b"zz=1;zz=2;", "zz", 8)] {
        let want = TagListError::Duplicate { name: name.to_owned(), at };
        assert_eq!(refused(text), want, "{}", text.escape_ascii());
    }
}

#[test]
fn a_list_without_a_tag_is_none() {
    for text in [&b""[..], b" ", b"\r\n "] {
        assert_eq!(refused(text), TagListError::Empty, "{}", text.escape_ascii());
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, want) in [
        (&b";"[..], "byte 0: no tag name begins here"),
        (b"a=1;;b=2", "byte 4: no tag name begins here"),
        (b"a=1; ;", "byte 5: no tag name begins here"),
        (b"a=1; =2", "byte 5: no tag name begins here"),
        (b"1=1", "byte 0: no tag name begins here"),
        (b"_a=1", "byte 0: no tag name begins here"),
        (b"a=1; \xc3\xa4=2", "byte 5: no tag name begins here"),
        (b"\na=1", "byte 0: no tag name begins here"),
        (b"a", "byte 1: tag \"a\" is not followed by an equals sign"),
        (b"a ; b=1", "byte 2: tag \"a\" is not followed by an equals sign"),
        (b"a-b=1", "byte 1: tag \"a\" is not followed by an equals sign"),
        (b"a=1; b\r\n", "byte 6: tag \"b\" is not followed by an equals sign"),
        (b"a=1\x00", "byte 3: octet 0x00 cannot stand in the value of tag \"a\""),
        (b"a=1; b=\x7f", "byte 7: octet 0x7f cannot stand in the value of tag \"b\""),
        (b"a=1\r\n", "byte 3: octet 0x0d cannot stand in the value of tag \"a\""),
        (b"a=1\nb=2", "byte 3: octet 0x0a cannot stand in the value of tag \"a\""),
        (b"a=1\r 2", "byte 3: octet 0x0d cannot stand in the value of tag \"a\""),
        (b"a=1\x0c2", "byte 3: octet 0x0c cannot stand in the value of tag \"a\""),
    ] {
        assert_eq!(refused(text).to_string(), want, "{}", text.escape_ascii());
    }
}

#[test]
fn octets_above_ascii_stand_in_values_and_nowhere_else() {
    // Trap H21
    assert_eq!(value("d=bücher.example; s=a".as_bytes(), "d"), "bücher.example".as_bytes());
    assert_eq!(value(b"d=\xff\x80", "d"), b"\xff\x80");
    let whole = b"a = 1 ; b = 2";
    for at in 0..whole.len() {
        for octet in 0x80..=0xff {
            let mut text = whole.to_vec();
            text.insert(at, octet);
            if let Ok(list) = TagList::parse(&text) {
                assert!(list.tags().any(|tag| tag.place().contains(&at)), "byte {at}");
            }
        }
    }
}

#[test]
fn as_many_tags_as_allowed_are_read_and_no_more() {
    // Trap H20
    let tags = |count: usize| (0..count).fold(String::new(), |all, n| format!("{all}t{n}=;"));
    assert_eq!(list(tags(MAX_TAGS).as_bytes()).tags().count(), MAX_TAGS);
    let error = refused(tags(MAX_TAGS + 1).as_bytes());
    assert!(matches!(error, TagListError::TooMany { .. }), "{error}");
}

#[test]
fn hostile_lists_are_read_in_linear_time() {
    const MIB: usize = 1 << 20;
    let many: String = (0..100_000).map(|n| format!("t{n}=;")).collect();
    let long_name = ["a".repeat(MIB), "=1".to_owned()].concat();
    let (blanks, folds) = (" ".repeat(MIB), "\r\n ".repeat(MIB / 3));
    for text in [
        format!("a={blanks}x"),
        format!("a{blanks}=x"),
        format!("a=x;{blanks}"),
        format!("a{blanks}"),
        format!("a={folds}x;b=y{folds}"),
        format!("a={folds}\r\n"),
        "a=x ".repeat(MIB / 4),
        ";".repeat(MIB),
        format!("{long_name};{long_name}"),
        many,
    ] {
        let begin = std::time::Instant::now();
        let read = TagList::parse(text.as_bytes());
        let said = read.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert!(said.len() < 2_000, "{} octets of a message", said.len());
        let took = begin.elapsed();
        assert!(took.as_secs() < 2, "{took:?} for {:.20}", text.escape_debug());
    }
}
