//! `twinseal-bench`: makes the experiments that are named, or all of them.
#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use twinseal_bench::experiments;
use twinseal_bench::failure::{Failure, Result};
use twinseal_bench::measure::machine;
use twinseal_bench::report::Report;
use twinseal_bench::workbench::{Scale, Workbench};

const USAGE: &str = "\
usage: twinseal-bench [EXPERIMENT…]         measure; all experiments if none is named
       twinseal-bench quick [EXPERIMENT…]   only see that they work, in seconds
       twinseal-bench --list                name them

The program that is measured stands beside this one, or where TWINSEAL_BIN says.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("--list") => {
            experiments::ALL.iter().for_each(|one| println!("{:12} {}", one.name, one.about));
            ExitCode::SUCCESS
        }
        Some("--help" | "-h") => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Some("quick") => end(measure(&words[1..], Scale::QUICK)),
        Some(_) | None => end(measure(&words, Scale::FULL)),
    }
}

/// Makes experiments; whether all could be made.
fn measure(names: &[String], scale: Scale) -> Result<bool> {
    let watched = twinseal_bench::cleanup::watch_signals().map_err(io::Error::from);
    watched.map_err(Failure::system("signals"))?;
    let mut out = io::stdout();
    let mut report = Report::new(&mut out);
    let mut workbench = Workbench::new(program()?, scale)?;
    report.say(&machine());
    experiments::run(names, &mut workbench, &mut report)?;
    Ok(report.finish())
}

/// The program that is measured.
fn program() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("TWINSEAL_BIN") {
        return Ok(path.into());
    }
    let exe = std::env::current_exe().map_err(Failure::system("our own path"))?;
    Ok(exe.with_file_name("twinseal"))
}

fn end(outcome: Result<bool>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure @ Failure::NoExperiment { .. }) => {
            eprintln!("twinseal-bench: {}\n{USAGE}", failure.story());
            ExitCode::from(64)
        }
        Err(failure) => {
            eprintln!("twinseal-bench: {}", failure.story());
            ExitCode::FAILURE
        }
    }
}
