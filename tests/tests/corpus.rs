//! Every verdict and every reason at least once: `data/verify/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use twinseal_dkim::{BodyDemand, Demands, Outcome, Trust};
use twinseal_e2e::here;
use twinseal_e2e::judges::require_peers;
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::verifier::{DETAILS, Records, line, verdicts};
use twinseal_message::{Domain, FieldName};

#[test]
fn every_message_gets_the_verdicts_that_it_deserves() {
    let mut wrong = Vec::new();
    for path in expectations() {
        let Expectation { at, keys, demands, lines, .. } = read(&path);
        let octets = fs::read(path.with_extension("eml")).expect("a message beside it");
        let records = Records::read(&here("data/verify").join(keys));
        let found = verdicts(&octets, &records, demands, at);
        let found_lines: Vec<String> = found.iter().map(line).collect();
        if found_lines != lines {
            let reasons: Vec<String> = found.iter().map(|one| one.outcome.to_string()).collect();
            let name = path.display();
            wrong.push(format!("{name}: {found_lines:?}, not {lines:?}; {reasons:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_tool_prints_the_verdicts_that_are_expected() {
    let mut wrong = Vec::new();
    for path in expectations() {
        let Expectation { at, keys, is_demanding, lines, .. } = read(&path);
        // Only a configuration can demand what the standards do not.
        if is_demanding {
            continue;
        }
        let keys = here("data/verify").join(keys).display().to_string();
        let message = path.with_extension("eml").display().to_string();
        let words = ["verify", "--keys", &keys, "--at", &at.to_string(), &message];
        let Output { stdout, stderr, .. } = program::run(&words, b"");
        let [stdout, stderr] =
            [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        let found: Vec<String> =
            stdout.lines().take_while(|line| !line.is_empty()).filter_map(expected).collect();
        let lines: Vec<String> = lines.iter().map(|line| without_detail(line)).collect();
        if found != lines || !stderr.is_empty() {
            wrong.push(format!("{}: {found:?}, not {lines:?}; {stderr}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the tool prints in plain words has no place in its codes.
fn without_detail(line: &str) -> String {
    line.rsplit_once('/').map_or(line, |(line, _)| line).to_owned()
}

/// A line of the tool as the expectations have it.
fn expected(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let (word, domain, selector) = (words.next()?, words.next()?, words.next()?);
    let code = line.rsplit_once(" (reason=").map_or("pass", |(_, code)| code.trim_end_matches(')'));
    Some(format!("{word} {domain} {selector} {code}"))
}

#[test]
fn every_reason_occurs() {
    let lines: Vec<String> = expectations().iter().flat_map(|path| read(path).lines).collect();
    let occurring: BTreeSet<&str> =
        lines.iter().filter_map(|line| line.split(' ').next_back()).collect();
    let detailed =
        |code: &&str| DETAILS.iter().any(|detail| detail.starts_with(&format!("{code}/")));
    let plain = Outcome::CODES.into_iter().filter(|code| !detailed(code));
    assert_eq!(occurring, plain.chain(DETAILS.iter().copied()).collect());
}

#[test]
fn it_is_what_its_script_makes() {
    require_peers();
    let scratch = Scratch::new("corpus");
    let made = scratch.dir("made");
    let status = Command::new(here("data/verify/make.py"))
        .arg(&made)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status()
        .expect("python3");
    assert!(status.success(), "{status}");
    let names = |directory: PathBuf| -> BTreeSet<String> {
        let entries = fs::read_dir(directory).expect("a directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    };
    let mut expected = names(made.clone());
    for name in &expected {
        let read = |directory: PathBuf| fs::read(directory.join(name)).unwrap_or_default();
        assert!(read(made.clone()) == read(here("data/verify")), "{name} is not what is made");
    }
    expected.extend(["README.md", "make.py"].map(str::to_owned));
    assert_eq!(names(here("data/verify")), expected);
}

struct Expectation {
    at: u64,
    keys: String,
    demands: Demands,
    /// Whether anything is demanded.
    is_demanding: bool,
    lines: Vec<String>,
}

fn expectations() -> Vec<PathBuf> {
    let entries = fs::read_dir(here("data/verify")).expect("the corpus");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "expect"))
        .collect();
    paths.sort();
    paths
}

fn read(path: &PathBuf) -> Expectation {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (mut at, mut keys, mut demands, mut lines) = (0, None, Demands::default(), Vec::new());
    let mut is_demanding = false;
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("at", seconds)) => at = seconds.parse().expect("seconds"),
            Some(("keys", file)) => keys = Some(file.to_owned()),
            Some(("demand", demand)) => {
                is_demanding = true;
                demands = demanded(demands, demand);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let keys = keys.unwrap_or_else(|| panic!("{}: which keys?", path.display()));
    Expectation { at, keys, demands, is_demanding, lines }
}

/// One domain is trusted, and no other.
#[derive(Debug)]
struct Only(Domain);

impl Trust for Only {
    fn trusts(&self, domain: &Domain) -> bool {
        self.0 == *domain
    }
}

fn demanded(demands: Demands, demand: &str) -> Demands {
    match demand.split_once(' ') {
        Some(("body-percent", number)) => {
            Demands { body: BodyDemand::Percent(number.parse().expect("a percentage")), ..demands }
        }
        Some(("field", name)) => {
            let fields = vec![FieldName::parse(name).expect("a name")];
            Demands { fields, ..demands }
        }
        Some(("key-bits", number)) => {
            Demands { key_bits: number.parse().expect("a number"), ..demands }
        }
        Some(("trusted", domain)) => {
            let domain = Domain::parse(domain).expect("a domain");
            Demands { trusted: Some(Arc::new(Only(domain))), ..demands }
        }
        _ => panic!("{demand:?} is no demand"),
    }
}
