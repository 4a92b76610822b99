//! Authentication-Results: what we write reads the same, and nothing behind our name hides it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_message::results::Layout;
use twinseal_message::{
    BadResults, Claim, Claimants, Field, MethodResult, Removal, Results, ResultsWriter,
};

const OURS: &str = "mx.example.org";

fuzz_target!(|input: &[u8]| {
    match Results::parse(input) {
        Ok(results) => {
            known_by_its_name(input, &results);
            let id = results.authserv_id.as_deref().unwrap_or(OURS);
            stable(id, &results.results);
        }
        Err(BadResults::Syntax { at }) => assert!(at <= input.len(), "byte {at} is not in it"),
        Err(_) => {}
    }
    let text = String::from_utf8_lossy(input).into_owned();
    let result = MethodResult::new("dkim", "fail").reason(&*text).comment(&*text);
    stable(&text, &[result.property("header", "i", &*text)]);
    behind_our_name(input);
    assert_ne!(Claimants::default().claim(input), Claim::Ours, "without a name nothing is ours");
});

/// The name that the grammar finds is one under which the field is found.
fn known_by_its_name(input: &[u8], results: &Results) {
    let Some(id) = results.authserv_id.as_deref() else {
        return;
    };
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_');
    if id.len() <= 253 && id.starts_with(is_plain) {
        let claim = Claimants::new([id]).claim(input);
        assert!(claim == Claim::Ours || id.contains('\u{fffd}'), "{id:?} is not found");
    }
}

/// What is written can be read, reading changes nothing, and the field is ours.
fn stable(id: &str, results: &[MethodResult]) {
    for layout in [Layout::Lines, Layout::Flowing] {
        let value = written(id, results, layout);
        for line in value.split("\r\n") {
            assert!(line.len() <= 960, "a line of {} octets", line.len());
            assert!(!line.contains(|ch: char| ch.is_control() && ch != '\t'), "{line:?}");
        }
        let read = Results::parse(value.as_bytes())
            .unwrap_or_else(|error| panic!("{error}: we wrote {value:?}"));
        assert_eq!(read.results.len(), results.len(), "{value:?}");
        let again = written(read.authserv_id.as_deref().unwrap_or_default(), &read.results, layout);
        assert_eq!(again, value, "reading changed something");
    }
    let value = written(OURS, results, Layout::Lines);
    assert_eq!(Claimants::new([OURS]).claim(value.as_bytes()), Claim::Ours, "{value:?}");
}

fn written(id: &str, results: &[MethodResult], layout: Layout) -> String {
    let mut writer = ResultsWriter::new(id, layout);
    results.iter().for_each(|result| writer.result(result));
    writer.finish().value
}

/// Whatever follows our name and a result, in whatever form they are: the field goes.
fn behind_our_name(input: &[u8]) {
    for head in [
        "mx.example.org;dkim=pass;",
        "\r\n (\\)(a)) \"MX.Example\\.org\" 1 ; DKIM (b) = pass",
        "mx (a) . example.org./job; spf=none; dkim/1=pass ",
    ] {
        let octets = [b"Authentication-Results:", head.as_bytes(), input].concat();
        let fields = Field::new(&octets);
        for removal in [Removal::All, Removal::Reporting(&["dkim"])] {
            let indices = Claimants::new([OURS]).indices(fields, removal);
            assert_eq!(indices, [1], "{head:?} with that behind it stays, {removal:?}");
        }
    }
}
