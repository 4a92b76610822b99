use super::{domains, nowhere, overview, sample};
use crate::monitoring::status::{Fault, RecordState, Status, Trouble};
use std::sync::Arc;
use std::time::Instant;

const EVIL: &str = "<script>alert(\"x\")</script>&\u{202e}\u{1b}[31m";

/// With that text wherever somebody else may have a say.
fn hostile() -> Status {
    let mut status = sample::troubled();
    status.host = EVIL.to_owned();
    status.product = EVIL.to_owned();
    status.loading.mistakes = vec![EVIL.to_owned()];
    status.loading.file = Some(EVIL.to_owned());
    Arc::make_mut(&mut status.dns).open = vec![EVIL.to_owned()];
    status.troubles =
        vec![Trouble { at: 0, is_error: true, text: EVIL.to_owned(), code: None, count: 1 }];
    for seal in &mut status.counts.seals {
        seal.domain = EVIL.to_owned();
    }
    for domain in &mut Arc::make_mut(&mut status.dns).domains {
        domain.domain = EVIL.to_owned();
        for record in &mut domain.records {
            record.selector = EVIL.to_owned();
            record.wanted = Some(sample::line(EVIL));
            let fault = Fault { code: "some-code", what: EVIL.to_owned(), why: "it matters" };
            record.faults = Arc::new([fault]);
            record.state = RecordState::Wrong;
        }
    }
    status
}

#[test]
fn nothing_that_somebody_else_has_written_becomes_part_of_a_page() {
    let status = hostile();
    for page in [overview(&status), domains(&status, 1, ""), domains(&status, 1, EVIL)] {
        assert!(!page.contains("<script") && !page.contains("\"x\""), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
        assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'), "{page}");
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for page in [overview(&hostile()), domains(&sample::troubled(), 1, ""), nowhere()] {
        for part in ["http:", "https:", "//", "<script", " src=", "@import", "url(", "http-equiv"] {
            assert!(!page.contains(part), "{part} is in {page}");
        }
        for part in ["<html lang=\"en\">", "name=\"viewport\"", "<h1>", "<main>", "<title>"] {
            assert_eq!(page.matches(part).count(), 1, "{part}");
        }
        assert_eq!(page.matches("<main>").count(), page.matches("</main>").count());
        assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
    }
}

#[test]
fn where_all_is_well_the_page_says_so() {
    let page = overview(&sample::well());
    assert!(page.contains("<h1>All is well</h1>"), "{page}");
    for part in [
        "Nothing needs your attention",
        "Everything that could have been signed was signed",
        "1,000",
        "up 1 day 1 h",
        "a.example",
        "Asked 10 min ago, and every 1 h",
        "It was not read again since the start",
        "There were none since the start",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("<article"), "{page}");
}

#[test]
fn what_is_wrong_comes_first_and_says_what_to_do() {
    let page = overview(&sample::troubled());
    assert!(page.contains("<h1>Something is wrong</h1>"), "{page}");
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is not in {page}"));
    assert!(at("What needs your attention") < at("What is signed"));
    assert!(
        at("The configuration could not be read again") < at("There were errors in the last hour")
    );
    for part in [
        "twinseal.yaml:3: keys: nothing",
        "mail._domainkey.b.example",
        "There is no record (dns-missing)",
        "Receivers take the signatures for broken",
        "v=DKIM1; k=ed25519; p=WGZmZm",
        "<code>host -t txt mail._domainkey.c.example</code>",
        "<code>twinseal explain ADDRESS</code>",
        "<code>twinseal genkey</code>",
        "Have the program that sends it break its lines",
        "without t=y",
        "4AB13: the key does not do its work",
    ] {
        at(part);
    }
}

#[test]
fn records_alone_decide_what_is_at_risk_and_what_is_wrong() {
    for (state, want) in [
        (RecordState::Good, "All is well"),
        (RecordState::Testing, "All is well"),
        (RecordState::Unchecked, "All is well"),
        (RecordState::Unreachable, "At risk"),
        (RecordState::Missing, "Something is wrong"),
        (RecordState::Wrong, "Something is wrong"),
        (RecordState::Revoked, "Something is wrong"),
        (RecordState::Unusable, "Something is wrong"),
    ] {
        let mut status = sample::well();
        Arc::make_mut(&mut status.dns).domains[0].records[0].state = state;
        assert!(overview(&status).contains(&format!("<h1>{want}</h1>")), "{}", state.name());
        assert_eq!(want == "Something is wrong", state.is_bad());
    }
}

#[test]
fn full_connections_and_old_answers_are_risks() {
    let mut full = sample::well();
    full.counts.connections = 450;
    let mut old = sample::well();
    Arc::make_mut(&mut old.dns).checked = Some(old.now - 3 * 3600);
    let mut never = sample::well();
    Arc::make_mut(&mut never.dns).checked = None;
    for (status, what) in
        [(full, "Connections are running out"), (old, "What DNS says is old"), (never, "is old")]
    {
        let page = overview(&status);
        assert!(page.contains("<h1>At risk</h1>") && page.contains(what), "{page}");
    }
    let mut unasked = sample::well();
    let dns = Arc::make_mut(&mut unasked.dns);
    (dns.checked, dns.interval) = (None, None);
    let page = overview(&unasked);
    assert!(page.contains("<h1>All is well</h1>") && page.contains("DNS is not asked"), "{page}");
}

#[test]
fn ten_thousand_domains_are_a_hundred_pages_the_bad_ones_first() {
    let mut status = sample::crowded(10_000, 0);
    Arc::make_mut(&mut status.dns).domains[9_998].records[0].state = RecordState::Missing;
    let started = Instant::now();
    let first = domains(&status, 1, "");
    assert!(first.contains("1 to 100 of 10,000 domains") && first.contains("Page 1 of 100"));
    assert_eq!(first.matches("<tr><th scope=\"row\"").count(), 100);
    let rows = first.split_once("<tbody>").unwrap().1;
    assert!(rows.find("d9998.example") < rows.find("d0.example"));
    let last = domains(&status, 100, "");
    assert!(last.contains("9,901 to 10,000 of") || last.contains("9901 to 10000 of"), "{last}");
    assert!(!last.contains(">Next<") && last.contains(">Previous<"));
    for beyond in [0, 101, usize::MAX] {
        assert!(domains(&status, beyond, "").contains("<table>"));
    }
    let overview = overview(&status);
    assert!(
        overview.len() < 60_000 && overview.contains("All 10,000 domains"),
        "{}",
        overview.len()
    );
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn domains_are_found_by_name_and_by_state_and_links_keep_the_search() {
    let status = sample::crowded(1_000, 120);
    let page = domains(&status, 1, "D99.");
    assert!(page.contains("1 to 1 of 1 domain;") && page.contains("d99.example"), "{page}");
    let page = domains(&status, 1, " missing ");
    assert!(page.contains("1 to 100 of 120 domains"), "{page}");
    assert!(page.contains("/domains?page=2&amp;find=%20missing%20\""), "{page}");
    let page = domains(&status, 1, "a\"><b>");
    assert!(page.contains("Nothing is found") && page.contains("value=\"a&quot;&gt;&lt;b&gt;\""));
}

#[test]
fn of_very_many_bad_records_the_first_are_shown_and_the_rest_are_counted() {
    let page = overview(&sample::crowded(1_000, 120));
    assert!(page.contains("110 more records are bad"), "{page}");
    assert_eq!(page.matches("<article").count(), 11);
}
