//! The page of `twinseal check`, opened in a browser: it says everything, needs nothing from
//! elsewhere, and can be read on a phone.

use serde_json::Value;
use std::fs;
use std::path::Path;
use twinseal_e2e::browser::{WIDTHS, assert_readable, browse_file as browse, headings};
use twinseal_e2e::checked::{Checked, Finding};
use twinseal_e2e::nameserver::{Nameserver, Site, Zone};
use twinseal_e2e::program;
use twinseal_e2e::resolver::Resolver;
use twinseal_e2e::scratch::Scratch;

/// In one line, however it is wrapped.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everything about each finding can be read, at every width.
fn assert_told(findings: &[Finding], seen: &Value) {
    for width in WIDTHS {
        let text = flat(seen["widths"][width]["text"].as_str().unwrap());
        for Finding { code, grade, place, what, commands, record } in findings {
            let told = [code, grade, place, what].into_iter().chain(commands).chain(record);
            for part in told.map(|part| flat(part)) {
                assert!(text.contains(&part), "{width}: {code} lacks {part:?}");
            }
        }
    }
}

fn check(words: &[&str], page: &Path) -> i32 {
    let page = page.display().to_string();
    let output = program::run(&[&["check", "--no-mta", "--html", &page], words].concat(), b"");
    output.status.code().unwrap()
}

#[test]
fn a_clean_bill_is_a_page_that_says_so() {
    let scratch = Scratch::new("check-page-clean");
    let key = scratch.key("rsa2048");
    let file = scratch.write(
        "t.yaml",
        format!(
            "socket: inet:8891@localhost\nsigning:\n  - {{ senders: [\"*@a.example\"], domain: \
             a.example, keys: [{{ file: {}, selector: mail }}] }}\n",
            key.display()
        ),
    );
    let page = scratch.join("page.html");
    let file = file.display().to_string();
    assert_eq!(check(&["--config", &file, "--no-dns"], &page), 0);
    let seen = browse(&page, &scratch);
    assert_readable(&seen);
    assert_eq!(headings(&seen, "360").first().map(String::as_str), Some("Clean"));
}

#[test]
fn findings_of_every_grade_are_there_and_what_strangers_publish_stays_text() {
    let scratch = Scratch::new("check-page");
    let (key, exposed) = (scratch.key("rsa2048"), scratch.key("ed25519"));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&exposed, mode).unwrap();
    let long = "d".repeat(60);
    let mut text = "socket: inet:8891@localhost\nsigning:\n".to_owned();
    for (domain, key) in [
        ("evil.example".to_owned(), &key),
        (format!("{long}.example"), &key),
        ("exposed.example".to_owned(), &exposed),
    ] {
        text.push_str(&format!(
            "  - {{ senders: [\"*@{domain}\"], domain: {domain}, keys: [{{ file: {}, selector: \
             mail }}] }}\n",
            key.display()
        ));
    }
    let file = scratch.write("t.yaml", text).display().to_string();
    let evil = "\"<script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>\\007\"";
    let zone = Zone {
        name: "example".to_owned(),
        lines: format!(
            "mail._domainkey.evil IN TXT {evil}\n_domainkey.evil IN TXT {evil}\nevil IN TXT \
             \"v=spf1 <script>alert(3)</script>\"\n_domainkey.{long} IN TXT \"t=y; o=~\"\n"
        ),
    };
    let sites = Site::of_servers(1);
    let server = Nameserver::start_at(&sites[0], &[zone], &scratch);
    let resolver = Resolver::start(&server, &scratch);
    let page = scratch.join("page.html");
    let address = resolver.address().to_string();
    let words = ["--config", &file, "--nameserver", &address];
    assert_eq!(check(&words, &page), 1);
    let seen = browse(&page, &scratch);
    assert_readable(&seen);
    let checked = Checked::run(&[&["--no-mta"], &words[..]].concat());
    assert_told(&checked.findings, &seen);
    let headings = headings(&seen, "1280");
    assert_eq!(headings.first().map(String::as_str), Some("Something is wrong"));
    for grade in ["wrong", "risk", "note"] {
        assert!(headings.iter().any(|heading| heading.starts_with(grade)), "{headings:?}");
    }
    let source = fs::read_to_string(&page).unwrap();
    for part in [
        "key-refused",
        "dns-unreadable",
        "dns-spf",
        "chmod o-rwx",
        "&lt;script&gt;",
        ">t=y in the policy asks",
    ] {
        assert!(source.contains(part), "{part}");
    }
    assert!(!source.contains("<script") && !source.contains("<img"));
}
