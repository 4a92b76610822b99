//! The load generator keeps working: every experiment, in its shortest form, with real filters.
//! What it measures that way says nothing, so no figure is looked at.

use std::path::PathBuf;
use std::process::{Command, Output};
use twinseal_bench::experiments;

/// How many figures to reach there are.
const FIGURES: usize = 22;

fn bench(arguments: &[&str]) -> Output {
    let ours = PathBuf::from(env!("CARGO_BIN_EXE_twinseal-bench"));
    let mut command = Command::new(&ours);
    if std::env::var_os("TWINSEAL_BIN").is_none() {
        command.env("TWINSEAL_BIN", ours.with_file_name("twinseal"));
    }
    command.args(arguments).output().expect("the load generator starts")
}

#[test]
fn every_experiment_can_be_made_and_every_seal_holds() {
    let output = bench(&["quick"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}\n{complaints}", output.status);
    for experiment in experiments::ALL {
        assert!(said.contains(experiment.about), "{} is missing:\n{said}", experiment.name);
    }
    assert!(said.contains("all of them hold"), "{said}");
    let figures = said.lines().filter(|line| line.contains("at most ")).count();
    assert_eq!(figures, FIGURES, "{said}");
}

#[test]
fn a_filter_that_does_not_start_is_a_failure_with_its_words() {
    let ours = env!("CARGO_BIN_EXE_twinseal-bench");
    // It refuses the arguments that are meant for the program.
    let output = Command::new(ours)
        .args(["quick", "negotiation"])
        .env("TWINSEAL_BIN", ours)
        .output()
        .expect("the load generator starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("negotiation was not measured: twinseal, both seals does not serve"),
        "{said}"
    );
}

#[test]
fn an_unknown_experiment_is_a_mistake() {
    let output = bench(&["nonsense"]);
    assert_eq!(output.status.code(), Some(64));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("there is no experiment called \"nonsense\""), "{complaint}");
}
