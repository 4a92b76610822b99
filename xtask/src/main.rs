//! `cargo xtask gen` writes the generated files, `cargo xtask check` fails when they are stale;
//! `cargo xtask dependencies` and `cargo xtask sbom` look at what we depend on.
//!
//! | module | what is in it |
//! |---|---|
//! | [`generated`] | the list of generated files; writing and comparing them |
//! | [`coverage`] | `docs/rfc-coverage.md`: which section of which RFC is obeyed where |
//! | [`citation`] | the one form of a citation, and what looks like one and is not |
//! | [`sections`] | the sections that the RFCs really have |
//! | [`sources`] | the files that are searched |
//! | [`graph`] | the crates that this is built with |
//! | [`dependencies`] | their licences, sources and duplicates, by the rules of `deny.toml` |
//! | [`sbom`] | those that are in the program, as a bill of materials |
//! | [`notices`] | `docs/notices.txt`: their licences, as they come with them |
//! | [`manual`] | `docs/man`: the manual |
//! | [`completions`] | `etc/completions`: what shells offer |
//! | [`schema`] | `etc/twinseal.schema.json`: what editors know of the configuration |
//! | [`released`] | when the newest release was |
//! | [`problem`] | what can be wrong |
#![forbid(unsafe_code)]

mod citation;
mod completions;
mod coverage;
mod dependencies;
mod generated;
mod graph;
mod manual;
mod notices;
mod problem;
mod released;
mod sbom;
mod schema;
mod sections;
mod sources;

use problem::Problem;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask gen            write the generated files
       cargo xtask check          fail when one of them is stale, or when a citation is wrong
       cargo xtask dependencies   fail when what we depend on breaks a rule of deny.toml
       cargo xtask sbom           print what is in the program, as CycloneDX";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let root = root();
    let problems = match words.as_slice() {
        ["gen"] => generated::write(&root),
        ["check"] => generated::check(&root),
        ["dependencies"] => dependencies::check(&root),
        ["sbom"] => sbom::text(&root).map_or_else(|problem| vec![problem], |text| printed(&text)),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    for problem in &problems {
        eprintln!("xtask: {problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A reader that goes away early is no mistake of ours.
fn printed(text: &str) -> Vec<Problem> {
    let _ = std::io::stdout().write_all(text.as_bytes());
    Vec::new()
}

/// The checkout: cargo says where this package lies; without cargo, it is where we stand.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(std::path::Path::parent);
    root.map_or_else(|| PathBuf::from("."), Into::into)
}
