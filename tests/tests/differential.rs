//! Generated messages, each under every pair of DKIM with every method of DomainKeys, and under
//! every pair with an Ed25519 key: signed by `twinseal sign`, judged by all judges. No judge minds
//! under which canonicalization a seal holds, so that is compared with what was asked for.
//! `TWINSEAL_SEED` repeats a run or makes another, `TWINSEAL_MESSAGES` makes it longer.

use std::fs;
use std::path::{Path, PathBuf};
use twinseal_e2e::defects::{Defect, known_defects};
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::judges::{Judge, Seal, Verdict, ask_all};
use twinseal_e2e::message::{Message, declared, find, with_crlf, with_lf};
use twinseal_e2e::program;
use twinseal_e2e::reasons::field_of;
use twinseal_e2e::scratch::Scratch;

const MESSAGES: usize = 300;
const DKIM: [&str; 4] = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"];
const DOMAINKEYS: [&str; 2] = ["simple", "nofws"];
/// Of each message, unless no judge is fit for it.
const SIGNINGS: usize = DKIM.len() * DOMAINKEYS.len() + DKIM.len();

#[test]
fn every_judge_confirms_what_we_sign() {
    let seed = seed();
    let count = std::env::var("TWINSEAL_MESSAGES").ok().and_then(|n| n.parse().ok());
    let count = count.unwrap_or(MESSAGES);
    eprintln!("TWINSEAL_SEED={seed} TWINSEAL_MESSAGES={count}");
    let scratch = Scratch::new("differential");
    let defects = known_defects();
    let cases = signed_cases(&scratch, seed, count, &defects);
    assert!(cases.len() >= count * SIGNINGS * 9 / 10, "of {count} messages, {} cases", cases.len());
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
    selector: &'static str,
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

    /// The fields that are to be added, in their order: the name, and what it declares.
    fn wanted(&self) -> Vec<(String, String)> {
        let selector = self.selector;
        let field = |&(seal, canonicalization): &(Seal, &str)| {
            let algorithm = match seal {
                Seal::Dkim => format!("{}sha256", self.key),
                Seal::DomainKeys => format!("{}sha1", self.key),
            };
            let declared = format!("a={algorithm} c={canonicalization} d=example.com s={selector}");
            (field_of(seal).to_ascii_lowercase(), declared)
        };
        self.seals().iter().map(field).collect()
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

/// Each message with each of the four DKIM pairs and each of the two DomainKeys methods, the RSA
/// keys taking turns, and with each pair and an Ed25519 key; every eighth as LF. What no judge is
/// fit for is left out.
fn signed_cases(scratch: &Scratch, seed: u64, count: usize, defects: &[Defect]) -> Vec<Case> {
    let mut generator = Generator::new(seed);
    let keys = [("rsa2048", "rsa-"), ("rsa1024", "rsa-"), ("ed25519", "ed25519-")]
        .map(|(name, algorithm)| (name, algorithm, scratch.key(name)));
    let directory = scratch.dir("signed");
    let mut jobs = Vec::new();
    for number in 0..count {
        let octets = generator.message();
        for (turn, dkim) in DKIM.into_iter().enumerate() {
            let rsa = &keys[usize::from((number + turn) % 4 == 0)];
            let with_rsa = DOMAINKEYS.map(|method| (rsa, Some(method)));
            for ((selector, key, file), domainkeys) in
                with_rsa.into_iter().chain([(&keys[2], None)])
            {
                let name =
                    format!("{number}-{turn}-{selector}-{}.eml", domainkeys.unwrap_or("off"));
                let path = directory.join(name);
                let octets = octets.clone();
                let case = Case { octets, path, key, selector, dkim, domainkeys };
                jobs.push((case, file.as_path(), number % 8 == 7));
            }
        }
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

fn sign((case, key, as_lf): &(Case, &Path, bool)) {
    // LF alone and CR alone mean something else in a message that is written with LF.
    let as_lf = *as_lf && with_crlf(&with_lf(&case.octets)) == case.octets;
    let input = if as_lf { with_lf(&case.octets) } else { case.octets.clone() };
    let key = key.to_string_lossy();
    let arguments = [
        "sign",
        "--domain",
        "example.com",
        "--selector",
        case.selector,
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
    let added = Message::parse(&with_crlf(added)).fields;
    let added: Vec<_> = added.iter().map(|field| (field.name(), declared(field))).collect();
    assert_eq!(added, case.wanted(), "{path}: not what was asked for");
    let signed = if as_lf { with_crlf(&output.stdout) } else { output.stdout };
    fs::write(&case.path, signed).unwrap_or_else(|e| panic!("{path}: {e}"));
}
