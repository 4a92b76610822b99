//! What the judges are asked to confirm: that a seal holds, or that it does not.

use crate::defects::known_defects;
use crate::judges::{Judge, Keys, Seal, ask_all};
use crate::scenario::Expected;
use crate::scratch::Scratch;
use std::fs;
use std::path::{Path, PathBuf};

/// A seal of a message, and whether it holds.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The message.
    pub path: PathBuf,
    /// The seal.
    pub seal: Expected,
    /// Whether it holds; where it does not, it is there nevertheless.
    pub holds: bool,
}

impl Claim {
    /// That such a seal of this message holds.
    pub fn that(path: &Path, seal: Seal, selector: &str, domain: &str) -> Self {
        let seal = Expected {
            seal,
            selector: selector.to_owned(),
            domain: domain.to_owned(),
            canonicalization: String::new(),
        };
        Self { path: path.to_owned(), seal, holds: true }
    }

    /// That both seals of this message hold.
    pub fn both(path: &Path, selector: &str, domain: &str) -> [Self; 2] {
        [Seal::Dkim, Seal::DomainKeys].map(|seal| Self::that(path, seal, selector, domain))
    }

    /// How the key's algorithm begins: a test key is named after it.
    pub fn algorithm(seal: &Expected) -> &'static str {
        if seal.selector == "ed25519" { "ed25519-" } else { "rsa-" }
    }
}

/// What the judges object to. Each claim is judged by all that can, and by one at least.
pub fn objections<'a>(
    keys: impl Into<Keys<'a>>,
    claims: &[Claim],
    scratch: &Scratch,
) -> Vec<String> {
    let mut paths: Vec<PathBuf> = claims.iter().map(|claim| claim.path.clone()).collect();
    paths.dedup();
    let defects = known_defects();
    let said = ask_all(keys, &paths, scratch);
    let mut wrong = Vec::new();
    for Claim { path, seal, holds } in claims {
        let octets = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let at = paths.iter().position(|one| one == path).expect("a path of a claim");
        let excused = |judge: Judge| {
            let excuses = |defect: &crate::defects::Defect| {
                defect.excuses(judge, seal.seal, &seal.canonicalization, &octets)
            };
            defects.iter().any(excuses)
        };
        let able = |judge: &Judge| {
            judge.can_judge(seal.seal, Claim::algorithm(seal)) && !(*holds && excused(*judge))
        };
        let judges: Vec<Judge> = Judge::ALL.into_iter().filter(able).collect();
        if judges.is_empty() {
            wrong.push(format!("nobody can judge {}, {seal:?}", path.display()));
        }
        for judge in judges {
            let verdicts: Vec<_> = said[&judge][at]
                .iter()
                .filter(|one| {
                    (one.seal, &one.selector, &one.domain)
                        == (seal.seal, &seal.selector, &seal.domain)
                })
                .collect();
            if verdicts.len() != 1 || verdicts[0].pass != *holds {
                wrong.push(format!("{judge} on {}, {seal:?}: {verdicts:?}", path.display()));
            }
        }
    }
    wrong
}
