//! A judge's known defect is a fact to be checked like any other: when the judge is mended, its
//! entry has to go.

use std::fs;
use std::path::PathBuf;
use std::slice;
use twinseal_e2e::defects::{MOST, known_defects, known_differences};
use twinseal_e2e::here;
use twinseal_e2e::judges::{Keys, Seal, ask_all};
use twinseal_e2e::message::Message;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::verifier::verify;

#[test]
fn every_known_defect_is_still_there_and_another_judge_sees_it() {
    let scratch = Scratch::new("defects");
    let defects = known_defects();
    assert!(defects.len() <= MOST, "{} defects are too many to trust anybody", defects.len());
    let paths: Vec<PathBuf> = defects.iter().map(|defect| defect.message.clone()).collect();
    let mut records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    records += &records.replace(".example.com ", ".xn--bcher-kva.example ");
    let records = scratch.write("records.txt", records);
    let verdicts = ask_all(&records, &paths, &scratch);
    for (at, defect) in defects.iter().enumerate() {
        let passes = |lists: &Vec<Vec<_>>| {
            lists[at]
                .iter()
                .any(|v: &twinseal_e2e::judges::Verdict| v.seal == defect.seal && v.pass)
        };
        let name = defect.message.display();
        assert!(!passes(&verdicts[&defect.judge]), "{name}: {} is mended", defect.judge);
        assert!(verdicts.values().any(passes), "{name}: no judge confirms it");
        assert!(defect.convicted_by.starts_with("RFC "), "{name}: {}", defect.convicted_by);
        let canonicalization = canonicalization(&fs::read(&defect.message).unwrap());
        let octets = fs::read(&defect.message).unwrap();
        assert!(
            defect.excuses(defect.judge, defect.seal, &canonicalization, &octets),
            "{name}: `when` does not fit its own message"
        );
    }
}

#[test]
fn every_known_difference_is_still_there() {
    /// When the messages are judged; none of them says when it was signed.
    const NOW: u64 = 1_700_000_000;
    let scratch = Scratch::new("differences");
    let differences = known_differences();
    assert!(differences.len() <= MOST, "{} differences", differences.len());
    let records = here("data/keys/records.txt");
    for difference in &differences {
        let name = difference.message.display();
        let path = slice::from_ref(&difference.message);
        let passes = |lists: Vec<Vec<twinseal_e2e::judges::Verdict>>| {
            lists[0].iter().any(|verdict| verdict.seal == Seal::Dkim && verdict.pass)
        };
        let theirs = passes(difference.judge.judge(Keys::File(&records), path, &scratch));
        let ours = passes(verify(&records, NOW, path));
        assert_ne!(theirs, ours, "{name}: {} sees it as we do", difference.judge);
        assert!(difference.wrongly.explains(theirs), "{name}: it errs to the other side");
        assert!(difference.convicted_by.starts_with("RFC "), "{name}: {}", difference.convicted_by);
        let message = Message::parse(&fs::read(&difference.message).unwrap());
        let fits = message
            .all("DKIM-Signature")
            .any(|field| difference.fits(difference.judge, field, &message));
        assert!(fits, "{name}: `when` does not fit its own message");
    }
}

fn canonicalization(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let tag = text.split([';', ' ', '\t', '\n']).find_map(|word| word.strip_prefix("c="));
    tag.expect("a c= tag").to_owned()
}
