//! Signed by others, damaged at random, judged by them and by us: all say the same.
//!
//! `TWINSEAL_SEED` repeats a run or makes another, `TWINSEAL_MESSAGES` makes it longer
//! (tests/README.md).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;
use twinseal_e2e::damage::damage;
use twinseal_e2e::defects::{Defect, Wrongly, known_defects, known_differences};
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::judges::{Judge, Keys, Seal, Verdict, require_peers};
use twinseal_e2e::message::{Field, Message, tag};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::signers::{Order, Script, by_template};
use twinseal_e2e::templates::{Template, fold_signature};
use twinseal_e2e::verifier::verify;

/// Damaged messages, unless `TWINSEAL_MESSAGES` says otherwise.
const MESSAGES: usize = 2000;
/// Made of each signed one.
const DAMAGED: usize = 8;
/// The most signatures on one message.
const SIGNATURES: usize = 3;
const JUDGES: [Judge; 2] = [Judge::MailDkim, Judge::Dkimpy];

#[test]
fn damaged_or_not_all_agree_on_what_others_signed() {
    require_peers();
    let seed = seed();
    let count = std::env::var("TWINSEAL_MESSAGES").ok().and_then(|n| n.parse().ok());
    let count: usize = count.unwrap_or(MESSAGES);
    eprintln!("TWINSEAL_SEED={seed} TWINSEAL_MESSAGES={count}");
    let scratch = Scratch::new("damaged");
    let known = [known_defects(), known_differences()].concat();
    let cases = cases(&mut Generator::new(seed), count, &known, &scratch);
    let paths: Vec<PathBuf> = cases.iter().map(|case| case.path.clone()).collect();
    let records = here("data/keys/records.txt");
    let at = SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    let (ours, theirs) = std::thread::scope(|scope| {
        let judges = JUDGES.map(|judge| {
            let (paths, scratch, records) = (&paths, &scratch, &records);
            (judge, scope.spawn(move || judge.judge(Keys::File(records), paths, scratch)))
        });
        let ours = verify(&records, at, &paths);
        let theirs = judges.map(|(judge, thread)| (judge, thread.join().expect("verdicts")));
        (ours, theirs)
    });
    let mut wrong = Vec::new();
    for (judge, lists) in theirs {
        for ((case, ours), theirs) in cases.iter().zip(&ours).zip(lists) {
            wrong.extend(case.disagreement(judge, ours, &theirs, &known));
        }
    }
    wrong.sort();
    let shown = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "seed {seed}: {} disagreements, such as\n{shown}", wrong.len());
    both_ways(&cases, &ours, seed);
}

/// A test in which nothing passed, or everything, would show nothing.
fn both_ways(cases: &[Case], ours: &[Vec<Verdict>], seed: u64) {
    let damaged = cases.iter().zip(ours).filter(|(case, _)| case.damage.is_some());
    let (passed, failed): (Vec<_>, Vec<_>) =
        damaged.partition(|(_, ours)| ours.iter().any(|verdict| verdict.pass));
    eprintln!("of the damaged {} still pass, {} do not", passed.len(), failed.len());
    let least = cases.len() / 10;
    assert!(passed.len() > least && failed.len() > least, "seed {seed}: is that damage?");
    for (case, ours) in cases.iter().zip(ours).filter(|(case, _)| case.damage.is_none()) {
        let passes = ours.len() == case.signatures && ours.iter().all(|verdict| verdict.pass);
        assert!(passes, "seed {seed}: {} is undamaged, and {ours:?}", case.path.display());
    }
}

/// A message as it arrives.
struct Case {
    path: PathBuf,
    octets: Vec<u8>,
    /// How many were put on it.
    signatures: usize,
    /// What happened to it.
    damage: Option<String>,
}

impl Case {
    /// In what the judge sees it otherwise than we do, unless that is known.
    fn disagreement(
        &self,
        judge: Judge,
        ours: &[Verdict],
        theirs: &[Verdict],
        known: &[Defect],
    ) -> Option<String> {
        let (mine, other) = (passing(judge, ours), passing(judge, theirs));
        let differs = |selector: &&String| {
            let (mine, other) = (mine.get(*selector), other.get(*selector));
            let fits = |defect: &Defect| {
                defect.wrongly.explains(other > mine) && self.is_excused(judge, selector, defect)
            };
            mine != other && !known.iter().any(fits)
        };
        let selector = mine.keys().chain(other.keys()).find(differs)?;
        let words = |verdicts: &[Verdict]| {
            let with = verdicts.iter().filter(|v| v.selector == *selector || v.selector == "-");
            with.map(|verdict| verdict.words.clone()).collect::<Vec<_>>().join(" | ")
        };
        let (theirs, ours) = (words(theirs), words(ours));
        let damage = self.damage.as_deref().unwrap_or("undamaged");
        Some(format!("{damage}: {judge} [{theirs}], we [{ours}], {}", self.path.display()))
    }

    /// Whether the entry fits one of the signatures with this selector.
    fn is_excused(&self, judge: Judge, selector: &str, defect: &Defect) -> bool {
        // Who sees another message sees other signatures.
        let reads = defect.wrongly == Wrongly::Reads;
        if reads && defect.excuses(judge, Seal::Dkim, "", &self.octets) {
            return true;
        }
        let message = Message::parse(&self.octets);
        message.all("DKIM-Signature").any(|field| {
            tag(field, "s").is_some_and(|named| named.eq_ignore_ascii_case(selector))
                && defect.fits(judge, field, &message)
        })
    }
}

/// How many signatures pass, by selector, of those that the judge can judge.
fn passing(judge: Judge, verdicts: &[Verdict]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let able = verdicts.iter().filter(|verdict| {
        verdict.pass
            && verdict.seal == Seal::Dkim
            && judge.can_judge(Seal::Dkim, &verdict.algorithm)
    });
    for verdict in able {
        *found.entry(verdict.selector.to_ascii_lowercase()).or_default() += 1;
    }
    found
}

fn cases(chance: &mut Generator, count: usize, known: &[Defect], scratch: &Scratch) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, (signed, signatures)) in
        signed(chance, count.div_ceil(DAMAGED), known, scratch).into_iter().enumerate()
    {
        let path = |copy: usize| scratch.dir("damaged").join(format!("{number}-{copy}.eml"));
        for copy in 1..=DAMAGED {
            let (octets, what) = damage(chance, &signed);
            cases.push(Case { path: path(copy), octets, signatures, damage: Some(what) });
        }
        cases.push(Case { path: path(0), octets: signed, signatures, damage: None });
    }
    for case in &cases {
        fs::write(&case.path, &case.octets).unwrap_or_else(|e| panic!("{:?}: {e}", case.path));
    }
    cases
}

/// Messages with one signature or several, and how many.
fn signed(
    chance: &mut Generator,
    count: usize,
    known: &[Defect],
    scratch: &Scratch,
) -> Vec<(Vec<u8>, usize)> {
    let directory = scratch.dir("signed");
    let mut messages: Vec<(Vec<u8>, usize)> = (0..count).map(|_| (chance.message(), 0)).collect();
    for round in 0..SIGNATURES {
        let mut orders = Vec::new();
        let mut which = Vec::new();
        for (number, (octets, _)) in messages.iter().enumerate() {
            if chance.below(SIGNATURES) >= round {
                let source = scratch.write(&format!("signed/{number}-{round}.in"), octets);
                let target = directory.join(format!("{number}-{round}.eml"));
                let Template { key, field } = Template::random(chance, octets);
                let Some(script) = fit(chance, key, &field, octets, known) else { continue };
                orders.push(Order { script, paths: (source, target), key, field });
                which.push(number);
            }
        }
        by_template(&orders, scratch);
        for (order, number) in orders.iter().zip(which) {
            let path = &order.paths.1;
            let octets = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            messages[number].1 += 1;
            messages[number].0 =
                if chance.one_in(2) { octets } else { fold_signature(chance, &octets) };
        }
    }
    messages
}

/// A signer that has such a key and is right about such a message.
fn fit(
    chance: &mut Generator,
    key: &str,
    field: &[u8],
    octets: &[u8],
    known: &[Defect],
) -> Option<Script> {
    let (field, message) = (Field { octets: field.to_vec() }, Message::parse(octets));
    let fit = |script: &Script| {
        script.can_sign(key) && !known.iter().any(|d| d.fits(script.judge(), &field, &message))
    };
    let able: Vec<Script> = Script::ALL.into_iter().filter(fit).collect();
    (!able.is_empty()).then(|| able[chance.below(able.len())])
}
