//! One table of parameters, the native file, the historic command lines.
//!
//! What was typed becomes a [`Config`] whose types cannot hold a contradiction, or [`Mistakes`]:
//! all of them, each with its place, what was found there and what is allowed. It refuses to guess:
//! an unknown key, a repeated key and a file that cannot be read stop the start. Historic lists are
//! read tolerantly. This crate opens no file, knows no clock and prints nothing; [`Files`] stands
//! for the file system.
//!
//! Standards: none of its own; RFC 6376 §3.5 decides what an identity may be.
//!
//! | module | what is in it |
//! |---|---|
//! | [`params`] | the table: every parameter under all its names |
//! | [`door`] | [`Door`]: in whose place we stand |
//! | [`settings`] | [`Config`]: what is in force |
//! | [`rules`] | [`Rules`]: who signs for whom, with which keys |
//! | [`render`] | the table as `--help` and as the sample file |
//! | [`mistake`], [`wrong`], [`caution`], [`origin`] | what is wrong, and where |
//! | [`exit`] | [`ExitCode`]: the codes of sysexits |
#![forbid(unsafe_code)]

pub mod caution;
mod command_line;
pub mod door;
pub mod exit;
mod file;
mod files;
mod glob;
mod historic;
mod lists;
pub mod mistake;
pub mod origin;
pub mod params;
mod pattern;
mod query;
mod raw;
pub mod render;
mod resolve;
mod rewriting;
pub mod rules;
pub mod settings;
mod socket;
mod suggest;
mod tested;
mod tree;
mod value;
pub mod wrong;

use command_line::{Command, CommandLine};
use mistake::Report;
use raw::Raw;
use std::ffi::OsString;
use std::path::PathBuf;

pub use caution::Caution;
pub use door::Door;
pub use exit::ExitCode;
pub use files::Files;
pub use lists::domains::DomainList;
pub use lists::hosts::{HostList, HostMatch};
pub use lists::policies::LocalPolicies;
pub use mistake::{Mistake, Mistakes, Warning};
pub use origin::Origin;
pub use pattern::Pattern;
pub use query::{Extracted, query};
pub use rewriting::Rewriting;
pub use rules::{
    Found, InlineKey, KeySource, Miss, NamedKey, NamedKeys, NamedPlace, Near, Rules, SenderKey,
    SigningDomain, SigningRule, Tabled,
};
pub use settings::{
    Action, Actions, Adsp, AuthservPattern, BodyCoverage, Config, Credentials, DefaultSeals, Dns,
    Facility, Forecast, Further, HttpSocket, Leaving, Life, Limits, Log, LogFormat, LogTo,
    MAX_RESTARTS, MAX_SERVERS, MacroTest, Metrics, Mode, RecipientPattern, Reports, Restart,
    RestartRate, Results, Sandbox, Setting, Trial, User, Verify,
};
pub use socket::{Family, SocketSpec};
pub use tested::{TestedKeys, TestedRow};
pub use value::{authserv_id, name_server};
pub use wrong::Wrong;

/// What a command line asks for.
#[derive(Debug)]
pub enum Request {
    /// To serve.
    Serve(Box<Loaded>),
    /// To say what becomes of messages, and exit (`-t`): [`Config::trial`] says of which.
    Test(Box<Loaded>),
    /// To check the configuration and exit (`--check`).
    Check(Box<Loaded>),
    /// To print the version (`--version`, `-V`).
    Version,
    /// To print [`render::help`] (`--help`).
    Help,
    /// To print the value of a parameter (`-e` in the place of opendkim).
    Value(Extracted),
    /// To look something up in a data set ([`query`]) that standard input names (`-Q` there).
    Query,
    /// To be told the options, as a mistake would have it (`-?` in a historic door).
    Usage,
}

/// A configuration, and what there is to say about it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What works and is probably not what was meant.
    pub warnings: Vec<Warning>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

/// Reads the command line of that door, without the words that say which door it is, and the files
/// that it names. [`reload`] is called later with the same words.
///
/// # Errors
/// [`Mistakes`]: every one, unless the command line itself cannot be read; then those of the
/// command line.
pub fn serve(
    door: Door,
    words: impl IntoIterator<Item = OsString>,
    files: &dyn Files,
) -> Result<Request, Mistakes> {
    let mut report = Report::new(door);
    let line = CommandLine::read(door, words, &mut report).with_usual_file(files);
    if !report.mistakes.is_empty() {
        return Err(report.into_mistakes());
    }
    match line.command {
        Some(Command::Version) => Ok(Request::Version),
        Some(Command::Help) => Ok(Request::Help),
        Some(Command::Usage) => Ok(Request::Usage),
        Some(Command::Query) => Ok(Request::Query),
        Some(Command::Value) => {
            let loaded = load(door, &line, files, report)?;
            Ok(Request::Value(query::extract(&line.asked, door, &loaded.config)))
        }
        Some(Command::Check) => Ok(Request::Check(Box::new(load(door, &line, files, report)?))),
        None => {
            let loaded = Box::new(load(door, &line, files, report)?);
            Ok(match loaded.config.trial {
                Some(_) => Request::Test(loaded),
                None => Request::Serve(loaded),
            })
        }
    }
}

/// Reads the files of that command line once more, for a daemon that runs with it.
///
/// The command line keeps its say, but not in the place of dkim-filter: there it says from now on
/// only what no reload can change, and for all else the file counts alone, as it did.
///
/// # Errors
/// [`Mistakes`], as [`serve`] has them.
pub fn reload(
    door: Door,
    words: impl IntoIterator<Item = OsString>,
    files: &dyn Files,
) -> Result<Box<Loaded>, Mistakes> {
    let mut report = Report::new(door);
    let mut line = CommandLine::read(door, words, &mut report).with_usual_file(files);
    if !report.mistakes.is_empty() {
        return Err(report.into_mistakes());
    }
    if matches!(door, Door::DkimFilter | Door::Opendkim) {
        line.keep_what_stays();
    }
    load(door, &line, files, report).map(Box::new)
}

fn load(
    door: Door,
    line: &CommandLine,
    files: &dyn Files,
    mut report: Report,
) -> Result<Loaded, Mistakes> {
    let mut raw = Raw::defaults(door, &mut report);
    let read = line.config.as_ref().map_or(Some(()), |(path, origin)| match door {
        Door::Native => file::load(path, origin, files, &mut raw, &mut report),
        Door::DkFilter | Door::DkimFilter | Door::Opendkim => {
            historic::load(path, origin, (door, files), &mut raw, &mut report)
        }
    });
    line.apply(&mut raw, &mut report);
    resolve::enter(&raw.life, files, &mut report);
    let resolve = |()| resolve::resolve(raw, door, line.config.is_some(), files, &mut report);
    match read.and_then(resolve) {
        Some(config) if report.mistakes.is_empty() => {
            let file = line.config.as_ref().map(|(path, _)| path.clone());
            Ok(Loaded { config, warnings: report.into_warnings(), file })
        }
        _ => {
            report.mistakes.sort();
            Err(report.into_mistakes())
        }
    }
}

#[cfg(test)]
mod tests;
