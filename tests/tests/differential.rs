//! Generated messages under every canonicalization, signed by `twinseal sign`, judged by all
//! judges. `TWINSEAL_SEED` repeats a run or makes another, `TWINSEAL_MESSAGES` makes it longer.

use std::fs;
use std::path::{Path, PathBuf};
use twinseal_e2e::defects::{Defect, known_defects};
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::judges::{Judge, Seal, Verdict, ask_all};
use twinseal_e2e::message::{find, with_crlf, with_lf};
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;

const MESSAGES: usize = 300;
const DKIM: [&str; 4] = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"];
const DOMAINKEYS: [&str; 2] = ["simple", "nofws"];

#[test]
fn every_judge_confirms_what_we_sign() {
    let seed = seed();
    let count = std::env::var("TWINSEAL_MESSAGES").ok().and_then(|n| n.parse().ok());
    let count = count.unwrap_or(MESSAGES);
    eprintln!("TWINSEAL_SEED={seed} TWINSEAL_MESSAGES={count}");
    let scratch = Scratch::new("differential");
    let defects = known_defects();
    let cases = signed_cases(&scratch, seed, count, &defects);
    assert!(cases.len() >= count * 5 * 9 / 10, "of {count} messages, {} cases", cases.len());
    let paths: Vec<PathBuf> = cases.iter().map(|case| case.path.clone()).collect();
    let mut confirmed = vec![[0_usize; 2]; cases.len()];
    let mut wrong = Vec::new();
    for (judge, lists) in ask_all(&here("data/keys/records.txt"), &paths, &scratch) {
        for (at, verdicts) in lists.iter().enumerate() {
            for (which, &(seal, canonicalization)) in cases[at].seals().iter().enumerate() {
                if !judge.can_judge(seal, cases[at].key) {
                    continue;
                }
                match cases[at].opinion(judge, seal, canonicalization, verdicts, &defects) {
                    Opinion::Yes => confirmed[at][which] += 1,
                    Opinion::Excused => {}
                    Opinion::No(words) => {
                        wrong.push(format!("{judge} on {}: {words}", cases[at].path.display()));
                    }
                }
            }
        }
    }
    for (case, confirmed) in cases.iter().zip(&confirmed) {
        for (&(seal, canonicalization), &by) in case.seals().iter().zip(confirmed) {
            if by == 0 {
                let path = case.path.display();
                wrong.push(format!("nobody confirms {seal:?} {canonicalization} of {path}"));
            }
        }
    }
    wrong.sort();
    let shown = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "seed {seed}: {} objections, such as\n{shown}", wrong.len());
}

/// One run of `twinseal sign`.
struct Case {
    /// What was signed.
    octets: Vec<u8>,
    /// The signed message, with CRLF.
    path: PathBuf,
    /// `rsa-…` or `ed25519-…`, as in `a=`.
    key: &'static str,
    dkim: &'static str,
    domainkeys: Option<&'static str>,
}

enum Opinion {
    Yes,
    Excused,
    No(String),
}

impl Case {
    /// Whether for each of its seals there is a judge that no known defect disqualifies.
    fn can_be_judged(&self, defects: &[Defect]) -> bool {
        self.seals().iter().all(|&(seal, canonicalization)| {
            Judge::ALL.into_iter().any(|judge| {
                judge.can_judge(seal, self.key)
                    && !defects
                        .iter()
                        .any(|defect| defect.excuses(judge, seal, canonicalization, &self.octets))
            })
        })
    }

    fn seals(&self) -> Vec<(Seal, &'static str)> {
        let domainkeys = self.domainkeys.map(|method| (Seal::DomainKeys, method));
        [(Seal::Dkim, self.dkim)].into_iter().chain(domainkeys).collect()
    }

    fn opinion(
        &self,
        judge: Judge,
        seal: Seal,
        canonicalization: &str,
        verdicts: &[Verdict],
        defects: &[Defect],
    ) -> Opinion {
        let said: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.seal == seal).collect();
        if said.len() == 1 && said[0].pass {
            return Opinion::Yes;
        }
        let excuses = |defect: &Defect| defect.excuses(judge, seal, canonicalization, &self.octets);
        if said.len() == 1 && defects.iter().any(excuses) {
            return Opinion::Excused;
        }
        Opinion::No(format!("{seal:?} {canonicalization}: {said:?}"))
    }
}

/// Each message with each of the four DKIM pairs, the DomainKeys methods taking turns, and once
/// with an Ed25519 key; every eighth as LF. What no judge is fit for is left out.
fn signed_cases(scratch: &Scratch, seed: u64, count: usize, defects: &[Defect]) -> Vec<Case> {
    let mut generator = Generator::new(seed);
    let keys = [("rsa2048", "rsa-"), ("rsa1024", "rsa-"), ("ed25519", "ed25519-")]
        .map(|(name, algorithm)| (name, algorithm, scratch.key(name)));
    let directory = scratch.dir("signed");
    let mut jobs = Vec::new();
    for number in 0..count {
        let octets = generator.message();
        for (turn, dkim) in DKIM.into_iter().enumerate() {
            let (name, key, file) = &keys[usize::from((number + turn) % 4 == 0)];
            let domainkeys = Some(DOMAINKEYS[(number + turn / 2 + turn) % 2]);
            let path = directory.join(format!("{number}-{turn}-{name}.eml"));
            let case = Case { octets: octets.clone(), path, key, dkim, domainkeys };
            jobs.push((case, *name, file.as_path(), number % 8 == 7));
        }
        let (name, key, file) = &keys[2];
        let path = directory.join(format!("{number}-{name}.eml"));
        let dkim = DKIM[number % 4];
        let case = Case { octets, path, key, dkim, domainkeys: None };
        jobs.push((case, *name, file.as_path(), false));
    }
    jobs.retain(|(case, ..)| case.can_be_judged(defects));
    let half = jobs.len() / 2;
    std::thread::scope(|scope| {
        let second = scope.spawn(|| jobs[half..].iter().for_each(sign));
        jobs[..half].iter().for_each(sign);
        second.join().expect("all are signed");
    });
    jobs.into_iter().map(|(case, ..)| case).collect()
}

fn sign((case, selector, key, as_lf): &(Case, &str, &Path, bool)) {
    // LF alone and CR alone mean something else in a message that is written with LF.
    let as_lf = *as_lf && with_crlf(&with_lf(&case.octets)) == case.octets;
    let input = if as_lf { with_lf(&case.octets) } else { case.octets.clone() };
    let key = key.to_string_lossy();
    let arguments = [
        "sign",
        "--domain",
        "example.com",
        "--selector",
        selector,
        "--key",
        &key,
        "--dkim",
        case.dkim,
        "--domainkeys",
        case.domainkeys.unwrap_or("off"),
    ];
    let output = program::run(&arguments, &input);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let path = case.path.display();
    assert!(output.status.success(), "{path}: {}\n{complaints}\n{arguments:?}", output.status);
    assert!(output.stdout.ends_with(&input), "{path}: the message itself was changed");
    let added = &output.stdout[..output.stdout.len() - input.len()];
    let wrong_ends = if as_lf { find(added, b"\r") } else { find(&with_crlf(added), b"\r\r") };
    assert!(wrong_ends.is_none(), "{path}: the new fields have other line ends than the message");
    let signed = if as_lf { with_crlf(&output.stdout) } else { output.stdout };
    fs::write(&case.path, signed).unwrap_or_else(|e| panic!("{path}: {e}"));
}
