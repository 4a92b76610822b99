//! The fields of `tests/data/results`.

use super::{Claim, Claimants, MethodResult, Part, Property, Results};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// What `NAME.expect` says, as we find it.
fn found(value: &[u8]) -> String {
    let claim = match Claimants::new(["mx.example.org"]).claim(value) {
        Claim::Ours => "ours",
        Claim::Foreign => "foreign",
        Claim::Nobody => "nobody",
    };
    let mut out = format!("claim {claim}\n");
    match Results::parse(value) {
        Ok(read) => {
            let id = read.authserv_id.map_or_else(String::new, |id| format!(" {}", visible(&id)));
            writeln!(out, "id{id}").unwrap();
            out.extend(read.results.iter().map(line));
        }
        Err(_) => out.push_str("unreadable\n"),
    }
    out
}

fn line(result: &MethodResult) -> String {
    let mut line = format!("result {} {}", result.method, result.result);
    for part in &result.parts {
        if let Part::Property(Property { kind, name, value }) = part {
            let dot = if kind.is_empty() { "" } else { "." };
            write!(line, " {kind}{dot}{name}={}", visible(value).replace(' ', "\\s")).unwrap();
        }
    }
    line + "\n"
}

fn visible(text: &str) -> String {
    let escape =
        |ch: char| if ch.is_ascii() { ch.to_string() } else { ch.escape_unicode().to_string() };
    text.chars().map(escape).collect()
}

#[test]
fn fields_of_the_world_are_whose_they_are_and_say_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/results");
    let mut count = 0;
    let mut wrong = String::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "value") {
            count += 1;
            let want = fs::read_to_string(path.with_extension("expect")).unwrap();
            let have = found(&fs::read(&path).unwrap());
            if have != want {
                writeln!(wrong, "{}: found\n{have}expected\n{want}", path.display()).unwrap();
            }
        }
    }
    assert_eq!(wrong, "");
    assert!(count >= 50, "only {count} fields in {}", folder.display());
}
