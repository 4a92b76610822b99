use super::{Body, Canonicalization, header};

fn field(canonicalization: Canonicalization, field: &[u8]) -> String {
    let mut out = Vec::new();
    header(canonicalization, field, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn body(canonicalization: Canonicalization, chunks: &[&[u8]]) -> String {
    let (mut body, mut out) = (Body::new(canonicalization), Vec::new());
    for chunk in chunks {
        body.feed(chunk, &mut out);
    }
    body.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// (body, separator and body in simple, the same in nofws)
const BODIES: &[(&str, &str, &str)] = &[
    // Trap K7: without text the separator goes too.
    ("", "", ""),
    ("\r\n\r\n", "", ""),
    (" \r\n", "\r\n \r\n", ""),
    ("a", "\r\na\r\n", "\r\na\r\n"),
    ("a\r\n\r\n\r\n", "\r\na\r\n", "\r\na\r\n"),
    ("\r\na\r\n", "\r\n\r\na\r\n", "\r\n\r\na\r\n"),
    ("a\r\n \t\r\n", "\r\na\r\n \t\r\n", "\r\na\r\n"),
    (" a \tb\r\n\r\n c", "\r\n a \tb\r\n\r\n c\r\n", "\r\nab\r\n\r\nc\r\n"),
    ("a\rb\nc\r\n", "\r\na\rb\nc\r\n", "\r\nabc\r\n"),
    ("a\r\r\nb", "\r\na\r\r\nb\r\n", "\r\na\r\nb\r\n"),
    ("a\r", "\r\na\r\r\n", "\r\na\r\n"),
    ("\r", "\r\n\r\r\n", ""),
    ("\n", "\r\n\n\r\n", ""),
    ("a\0\x7f", "\r\na\0\x7f\r\n", "\r\na\0\x7f\r\n"),
];

#[test]
fn bodies_canonicalize_as_the_table_says() {
    for (input, simple, nofws) in BODIES {
        assert_eq!(body(Canonicalization::Simple, &[input.as_bytes()]), *simple, "{input:?}");
        assert_eq!(body(Canonicalization::Nofws, &[input.as_bytes()]), *nofws, "{input:?}");
    }
}

#[test]
fn bodies_do_not_depend_on_chunking() {
    for (input, simple, nofws) in BODIES {
        for cut in 0..=input.len() {
            let (a, b) = input.as_bytes().split_at(cut);
            let what = format!("{input:?} cut at byte {cut}");
            assert_eq!(body(Canonicalization::Simple, &[a, b]), *simple, "{what}");
            assert_eq!(body(Canonicalization::Nofws, &[a, b]), *nofws, "{what}");
        }
    }
}

#[test]
fn fields_keep_the_case_of_their_name_and_end_in_crlf() {
    let input = b"FROM :  Joe \r\n\t<joe@example.com>";
    assert_eq!(field(Canonicalization::Nofws, input), "FROM:Joe<joe@example.com>\r\n");
    let simple = "FROM :  Joe \r\n\t<joe@example.com>\r\n";
    assert_eq!(field(Canonicalization::Simple, input), simple);
}

#[test]
fn each_word_parses_and_no_other() {
    for known in Canonicalization::ALL {
        assert_eq!(Canonicalization::parse(known.name()), Ok(known));
    }
    for text in ["", "relaxed", "simple/simple"] {
        assert!(Canonicalization::parse(text).is_err(), "{text:?}");
    }
}
