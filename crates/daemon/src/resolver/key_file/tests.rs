use super::*;
use twinseal_dkim::dns::MAX_RECORD_OCTETS;
use twinseal_dkim::{PublishedKey, RecordError};
use twinseal_keys::SigningKey;

const STRINGS: &str = "allowed: \"STRING\", several with white space between, in parentheses \
                       if on several lines";

fn texts(texts: &[&str]) -> TxtAnswer {
    let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    TxtAnswer::Records { texts, security: Security::Unproved }
}

fn mistakes(text: &str) -> Vec<String> {
    let mistakes = KeyFileResolver::parse(text).unwrap_err();
    mistakes.iter().map(|mistake| format!("keys:{mistake}")).collect()
}

#[tokio::test]
async fn records_are_found_by_their_names() {
    let text = "# keys\n\n\
        s._domainkey.a.example v=DKIM1; p=AB CD  \r\n\
        \ts._domainkey.b.example.\t\"v=DKIM1; \" \"p=\\\"\\\\\"\"AB\"\n\
        S._DomainKey.Bücher.example v=DKIM1; n=ü\n\
        twice.example one\nTWICE.example # two\n\
        gone.example NXDOMAIN\nempty.example NODATA\n\
        broken.example SERVFAIL\nslow.example TIMEOUT\n\
        small.example timeout\nquoted.example \"TIMEOUT\"\nnothing.example \"\"\n";
    let resolver = KeyFileResolver::parse(text).unwrap();
    for (name, want) in [
        ("s._domainkey.a.example", texts(&["v=DKIM1; p=AB CD"])),
        ("S._DOMAINKEY.B.EXAMPLE", texts(&["v=DKIM1; p=\"\\AB"])),
        ("s._domainkey.xn--bcher-kva.example", texts(&["v=DKIM1; n=ü"])),
        ("twice.example", texts(&["one", "# two"])),
        ("gone.example", TxtAnswer::NoName),
        ("empty.example", TxtAnswer::NoRecord),
        ("broken.example", TxtAnswer::Failed(LookupFailure::ServerFailure)),
        ("slow.example", TxtAnswer::Failed(LookupFailure::Timeout)),
        ("small.example", texts(&["timeout"])),
        ("quoted.example", texts(&["TIMEOUT"])),
        ("nothing.example", texts(&[""])),
        ("not-there.example", TxtAnswer::NoName),
    ] {
        assert_eq!(resolver.known(name), Some(want.clone()), "{name}");
        assert_eq!(resolver.txt(name).await, want, "{name}");
    }
}

#[test]
fn each_mistake_names_its_line_what_was_found_and_what_is_allowed() {
    let text = "a..b x\nlonely.example\nq.example \"a\" b\nopen.example \"a\n\
                esc.example \"a\\\nm.example x\nm.example SERVFAIL\n";
    assert_eq!(
        mistakes(text),
        [
            "keys:1: \"a..b\" is no name: it has an empty label; allowed: a name and a record, \
             as in mail._domainkey.example.com v=DKIM1; p=MIGf…",
            "keys:2: \"lonely.example\" has no record; allowed: a record, strings in quotation \
             marks, or NXDOMAIN, NODATA, SERVFAIL, TIMEOUT, REFUSED, LOOP, UNUSABLE",
            &format!("keys:3: no record in quotation marks: \"a\" b; {STRINGS}"),
            &format!("keys:4: no record in quotation marks: \"a; {STRINGS}"),
            &format!("keys:5: no record in quotation marks: \"a\\; {STRINGS}"),
            "keys:7: \"m.example\" has another line; allowed: records, or one of NXDOMAIN, \
             NODATA, SERVFAIL, TIMEOUT, REFUSED, LOOP, UNUSABLE",
        ]
    );
}

#[test]
fn lines_of_zone_files_are_read() {
    let text = "; a zone\n\
        a._domainkey.example.com.\tIN\tTXT\t\"v=DKIM1; p=AB\" ; a key; of \"hers\"\n\
        b._domainkey.example.com 1h30m in txt \"a\" \"b\"\n\
        c._domainkey.example.com. IN 3600 TXT(\"a\"\"b\")\n\
        d._domainkey.example.com. TXT ( \"one; \" ; a comment )\r\n\
        \t; another\r\n\t  \"p=A\"\r\n\"B\" ) ; ----- DKIM key d for example.com\r\n\
        e._domainkey.example.com IN TXT \"\\\"\\;\\195\\188\\255x\"\n\
        f._domainkey.example.com 3600 is no time here\n\
        g._domainkey.example.com v=DKIM1; p=( ; n=\"\n";
    let resolver = KeyFileResolver::parse(text).unwrap();
    for (selector, want) in [
        ("a", &b"v=DKIM1; p=AB"[..]),
        ("b", b"ab"),
        ("c", b"ab"),
        ("d", b"one; p=AB"),
        ("e", b"\";\xc3\xbc\xffx"),
        ("f", b"3600 is no time here"),
        ("g", b"v=DKIM1; p=( ; n=\""),
    ] {
        let found = resolver.known(&format!("{selector}._domainkey.example.com"));
        assert_eq!(found, Some(record(want.to_vec())), "{selector}");
    }
}

#[test]
fn what_is_written_for_a_zone_is_taken_as_it_is() {
    let records = [
        SigningKey::generate_rsa(2048).unwrap().record().unwrap(),
        SigningKey::generate_ed25519().unwrap().record().unwrap().testing(true),
    ];
    for written in records {
        let file = written.zone_line("s._domainkey.example.com.");
        let found = KeyFileResolver::parse(file).unwrap().known("s._domainkey.example.com");
        assert_eq!(found, Some(record(written.to_string().into_bytes())));
    }
}

#[test]
fn mistakes_in_lines_of_zone_files_are_named_once_each() {
    let long = "x".repeat(MAX_STRING_OCTETS);
    let text = format!(
        "mail._domainkey\tIN\tTXT\t( \"v=DKIM1; \"\n\t\"p=AB\" )  ; ----- DKIM key\n\
         a.example IN A 192.0.2.1\nb.example IN\n\
         c.example IN TXT v=DKIM1\\; p=AB\nd.example TXT ; nothing\n\
         e.example TXT \"\\256\"\nf.example TXT ( \"a\"\n( \"b\"\n\"c\"\n)\n\
         g.example TXT \"{long}\"\nh.example TXT \"{long}x\"\n\
         i.example \"{long}x\"\nj.example TXT ( \"a\"\n\"b\"\n"
    );
    let quotes = "no record in quotation marks:";
    assert_eq!(
        mistakes(&text),
        [
            "keys:1: \"mail._domainkey\" is part of a name; allowed: the full name, as in \
             mail._domainkey.example.com",
            "keys:3: \"A\" is no type that is looked for; allowed: TXT, as in NAME IN TXT \
             \"STRING\"",
            "keys:4: \"\" is no type that is looked for; allowed: TXT, as in NAME IN TXT \
             \"STRING\"",
            &format!("keys:5: {quotes} v=DKIM1\\; p=AB; {STRINGS}"),
            "keys:6: \"d.example\" has no record; allowed: a record, strings in quotation \
             marks, or NXDOMAIN, NODATA, SERVFAIL, TIMEOUT, REFUSED, LOOP, UNUSABLE",
            &format!("keys:7: {quotes} \"\\256\"; {STRINGS}"),
            &format!("keys:9: {quotes} ( \"b\"; {STRINGS}"),
            "keys:13: a string has 256 octets; allowed: at most 255, and several of them",
            "keys:15: \"(\" is never closed; allowed: ( \"STRING\" … ), on as many lines as \
             there have to be",
        ]
    );
}

#[test]
fn only_records_have_to_be_utf8() {
    assert!(KeyFileResolver::parse(b"# caf\xe9\na.example caf\xc3\xa9\n").is_ok());
    let mistakes = KeyFileResolver::parse(b"a.example x\nb.example caf\xe9\n").unwrap_err();
    assert_eq!(mistakes, [KeyFileMistake { line: 2, wrong: WrongRecord::NotUtf8 }]);
}

#[test]
fn a_name_has_so_many_records_and_no_more() {
    let lines = "a.example x\n".repeat(MAX_RECORDS);
    assert!(KeyFileResolver::parse(&lines).is_ok());
    let told = mistakes(&format!("{lines}a.example x"));
    assert_eq!(told, ["keys:9: \"a.example\" has more records; allowed: at most 8"]);
}

#[test]
fn a_record_that_is_too_long_is_for_its_reader_to_judge() {
    let long = format!("a.example {}", "x".repeat(MAX_RECORD_OCTETS + 1));
    let found = KeyFileResolver::parse(long).unwrap().known("a.example");
    let Some(TxtAnswer::Records { texts, .. }) = found else { panic!("{found:?}") };
    assert!(matches!(PublishedKey::first(&texts), Err(RecordError::TooLong { .. })));
}
