use crate::results::{BadResults, MAX_PARTS, MethodResult, Results};

fn parse(value: &str) -> Results {
    Results::parse(value.as_bytes()).unwrap_or_else(|error| panic!("{value:?}: {error}"))
}

#[test]
fn what_a_field_says_is_read_whatever_stands_around_it() {
    let results = parse(
        " (a (b)) \"mx.example.org\" 1 (c);\r\n (d) dkim / 1 = pass (2048-bit \\(key\\)\r\n\tfoo)\r\n \
         reason = \"say \\\"hi\\\"\" header . d = example.com header.i=\"joe doe\"@example.com;",
    );
    assert_eq!(results.authserv_id.as_deref(), Some("mx.example.org"));
    assert_eq!(results.version, Some(1));
    let mut want = MethodResult::new("dkim", "pass")
        .comment("2048-bit (key) foo")
        .reason("say \"hi\"")
        .property("header", "d", "example.com")
        .property("header", "i", "joe doe@example.com");
    want.version = Some(1);
    assert_eq!(results.results, [want]);
}

#[test]
fn a_field_without_results_says_none() {
    for value in [" mx.example.org; none", "mx.example.org ; (c) NONE (c)", "mx.example.org"] {
        let results = parse(value);
        assert_eq!(results.authserv_id.as_deref(), Some("mx.example.org"), "{value:?}");
        assert_eq!(results.results, [], "{value:?}");
    }
}

#[test]
fn a_field_without_a_name_is_read_all_the_same() {
    let results = parse(" spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=none;");
    assert_eq!(results.authserv_id, None);
    assert_eq!(
        results.results,
        [
            MethodResult::new("spf", "pass").comment("sender IP is 192.0.2.1").property(
                "smtp",
                "mailfrom",
                "a.example"
            ),
            MethodResult::new("dkim", "none"),
        ]
    );
}

#[test]
fn values_without_quotes_may_be_of_anything() {
    let results = parse(
        "mx/4AbC; dkim=pass header.b=Ab/d+f== action=none smtp.mailfrom=<>; \
         iprev=pass smtp.remote-ip=2001:db8::1 smtp.bits=256/256 header.from=;",
    );
    assert_eq!(results.authserv_id.as_deref(), Some("mx/4AbC"));
    assert_eq!(results.results[0].value("header", "B"), Some("Ab/d+f=="));
    assert_eq!(results.results[0].value("", "action"), Some("none"));
    assert_eq!(results.results[0].value("smtp", "mailfrom"), Some("<>"));
    assert_eq!(results.results[1].value("smtp", "remote-ip"), Some("2001:db8::1"));
    assert_eq!(results.results[1].value("header", "from"), Some(""));
    assert_eq!(results.results[1].value("header", "d"), None);
    assert!(results.results[1].is_of("IPREV"));
}

#[test]
fn octets_that_are_no_utf_8_are_replaced() {
    let results = Results::parse(b"m\xfc.example; dkim=fail (\xff) reason=\"\xfe\"").unwrap();
    assert_eq!(results.authserv_id.as_deref(), Some("m\u{fffd}.example"));
    let want = MethodResult::new("dkim", "fail").comment("\u{fffd}").reason("\u{fffd}");
    assert_eq!(results.results, [want]);
}

#[test]
fn what_is_no_list_of_results_is_refused_with_its_place() {
    for (value, at) in [
        ("", 0),
        (" (only a comment)", 17),
        ("mx.example.org dkim=pass", 15),
        ("mx.example.org; dkim", 20),
        ("mx.example.org; dkim=", 21),
        ("mx.example.org; dkim=pass (unclosed", 26),
        ("mx.example.org; dkim=pass reason=\"unclosed", 33),
        ("mx.example.org; dkim=pass header.d=a header", 43),
        ("mx.example.org; \"dkim\"=pass", 16),
        ("mx.example.org; dkim/99999999999=pass", 20),
        ("mx.example.org; dkim=pass\0", 25),
    ] {
        assert_eq!(Results::parse(value.as_bytes()), Err(BadResults::Syntax { at }), "{value:?}");
    }
}

#[test]
fn the_number_of_results_and_parts_has_a_limit() {
    let results = |count| format!("mx{}", "; a=b".repeat(count));
    assert_eq!(parse(&results(MAX_PARTS)).results.len(), MAX_PARTS);
    let too_many = Results::parse(results(MAX_PARTS + 1).as_bytes());
    assert_eq!(too_many, Err(BadResults::TooMany));

    let parts = |count| format!("mx; a=b{}", " (c)".repeat(count));
    assert_eq!(parse(&parts(MAX_PARTS - 1)).results[0].parts.len(), MAX_PARTS - 1);
    assert_eq!(Results::parse(parts(MAX_PARTS).as_bytes()), Err(BadResults::TooMany));
}

#[test]
fn deep_nesting_costs_no_stack() {
    let nested = "(".repeat(100_000) + &")".repeat(100_000);
    let results = parse(&format!("{nested} mx; {nested} a {nested} = {nested} b {nested}"));
    assert_eq!(results.results.len(), 1);
    assert!(Results::parse("(".repeat(1_000_000).as_bytes()).is_err());
}
